//go:build ignore

// Command generate_names makes pci_names.txt, the names of accelerators, from the PCI ID
// Project's list (Debian package pci.ids, under the 3-clause BSD licence): of NVIDIA what
// CUDA 12 can drive, of AMD what amdgpu's compute can, of Intel graphics from 2015 on.
// Names that are newer than the list are added here by hand.
//
//	go run generate_names.go /usr/share/misc/pci.ids pci_names.txt
package main

import (
	"log"
	"os"
	"regexp"
	"slices"
	"strings"
)

// wanted is what is kept of a vendor's devices.
var wanted = map[string]*regexp.Regexp{
	"10de": regexp.MustCompile(`^(GM|GP|GV|TU|GA|AD|GH|GB)[0-9]{2,3}[A-Z]*\b`),
	"1002": regexp.MustCompile(`Polaris|Ellesmere|Baffin|Lexa|Vega|Navi|Arcturus|Aldebaran|Aqua|Renoir|Cezanne|Lucienne|Rembrandt|Raphael|Phoenix|Mendocino|VanGogh|Picasso|Raven|Barcelo`),
	"8086": regexp.MustCompile(`Graphics|\bArc\b|Iris|Ponte Vecchio|DG[12]|GT[0-9]`),
	"1e60": regexp.MustCompile(`Hailo`),
	"1ac1": regexp.MustCompile(`Edge TPU`),
	"1da3": regexp.MustCompile(`HL-`),
}

// unwanted are functions beside a GPU, and chips without compute.
var unwanted = regexp.MustCompile(`Audio|USB|UCSI|Bridge|PCIe? (x|Root|Bus|Switch)|Host|Memory Controller|Hub|810|815|830|845|855|865|9[14]5|G[0-9]{2}\b|Atom Processor [DENZ]|SATA|SMBus|PSP|GMCH|SCH|Q3[35]|Mobile [4-9]|GM45|i740|Sensor|Switch|[2-4](nd|rd|th) G|Core Processor|Haswell|Crystal Well|4 Series|8[0-9]{4}|Mobile GM|Moorestown|E7221|Graphics Media|Xeon E3`)

// newer are devices that the list does not have yet.
const newer = `
1002:1114 Krackan [Radeon 840M / 860M]
1002:13c0 Granite Ridge [Radeon Graphics]
1002:150e Strix [Radeon 880M / 890M]
1002:1586 Strix Halo [Radeon 8050S / 8060S]
1002:15bf Phoenix [Radeon 780M / 760M]
1002:1900 Hawk Point [Radeon 780M / 760M]
1002:1901 Hawk Point [Radeon 740M]
1002:747e Navi 32 [Radeon RX 7700 XT / 7800 XT]
1002:74a0 Aqua Vanjaram [Instinct MI300A]
1002:74a1 Aqua Vanjaram [Instinct MI300X]
1002:7550 Navi 48 [Radeon RX 9070 / 9070 XT]
1002:7590 Navi 44 [Radeon RX 9060 XT]
1022:1502 Phoenix NPU [Ryzen AI]
1022:17f0 Strix NPU [Ryzen AI 300]
10de:27b8 AD104GL [L4]
10de:2b85 GB202 [GeForce RTX 5090]
10de:2c02 GB203 [GeForce RTX 5080]
8086:643e Lunar Lake NPU
8086:64a0 Lunar Lake [Arc Graphics 130V / 140V]
8086:7d1d Meteor Lake NPU
8086:7d55 Meteor Lake-P [Arc Graphics]
8086:ad1d Arrow Lake NPU
8086:b03e Panther Lake NPU
8086:e20b Battlemage G21 [Arc B580]
8086:e20c Battlemage G21 [Arc B570]
`

// licence is that of pci.ids, which its copies carry.
const licence = `#
# Copyright 1997-2023 Martin Mareš, 2015-2023 Albert Pool
#
# Redistribution and use in source and binary forms, with or without modification, are
# permitted provided that the following conditions are met:
# 1. Redistributions of source code must retain the above copyright notice, this list of
#    conditions and the following disclaimer.
# 2. Redistributions in binary form must reproduce the above copyright notice, this list of
#    conditions and the following disclaimer in the documentation and/or other materials
#    provided with the distribution.
# 3. Neither the name of the copyright holder nor the names of its contributors may be used
#    to endorse or promote products derived from this software without specific prior
#    written permission.
# THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS
# OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE
# COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL,
# EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE
# GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED
# AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING
# NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED
# OF THE POSSIBILITY OF SUCH DAMAGE.
#
`

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: generate_names PCI.IDS OUTPUT")
	}
	list, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	names := map[string]string{}
	vendor, version := "", ""
	for line := range strings.Lines(string(list)) {
		line = strings.TrimRight(line, "\n")
		if v, ok := strings.CutPrefix(line, "#\tVersion:"); ok {
			version = strings.TrimSpace(v)
		}
		switch {
		case line == "" || line[0] == '#' || strings.HasPrefix(line, "\t\t"):
		case line[0] != '\t':
			vendor, _, _ = strings.Cut(line, " ")
		case wanted[vendor] != nil:
			device, name, _ := strings.Cut(line[1:], "  ")
			if wanted[vendor].MatchString(name) && !unwanted.MatchString(name) {
				names[vendor+":"+device] = name
			}
		}
	}
	for line := range strings.Lines(strings.TrimSpace(newer)) {
		id, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		names[id] = name
	}
	lines := make([]string, 0, len(names))
	for id, name := range names {
		lines = append(lines, id+" "+name)
	}
	slices.Sort(lines)
	head := "# Names of accelerators from pci.ids " + version + ", the list of the PCI ID Project (https://pci-ids.ucw.cz),\n" +
		"# and newer ones by hand. Made by generate_names.go.\n" + licence
	if err := os.WriteFile(os.Args[2], []byte(head+strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		log.Fatal(err)
	}
}
