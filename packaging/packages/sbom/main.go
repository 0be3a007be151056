// Command medhive-sbom states what a built medhive consists of: it reads the module list
// that the linker wrote into the program, adds ONNX Runtime, which lies beside it, and
// writes a CycloneDX parts list and the licences of all of it. It reads files alone, and
// the same files give the same bytes.
package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
	"golang.org/x/mod/module"
)

// parts is what the list is made from.
type parts struct {
	program, runtime, runtimeVersion string // files; ONNX Runtime's version
	version, arch                    string // of the package
	cache                            string // Go's module cache
	made                             time.Time
}

func main() {
	var p parts
	epoch := flag.Int64("epoch", 0, "seconds since 1970 that the list is dated with")
	list, licences := flag.String("list", "", "where the CycloneDX list goes"), flag.String("licences", "", "where the licences go")
	flag.StringVar(&p.program, "program", "", "the built medhive")
	flag.StringVar(&p.runtime, "library", "", "libonnxruntime.so.1 of the package")
	flag.StringVar(&p.runtimeVersion, "library-version", "", "its version")
	flag.StringVar(&p.version, "version", "", "version of the package")
	flag.StringVar(&p.arch, "arch", "", "processor, in Go's words")
	flag.StringVar(&p.cache, "modcache", "", "go env GOMODCACHE")
	flag.Parse()
	p.made = time.Unix(*epoch, 0).UTC()
	if err := p.write(*list, *licences); err != nil {
		fmt.Fprintf(os.Stderr, "medhive-sbom: %v\n", err)
		os.Exit(1)
	}
}

func (p parts) write(list, licences string) error {
	info, err := buildinfo.ReadFile(p.program)
	if err != nil {
		return fmt.Errorf("read the modules of %s: %w; build it with go build", p.program, err)
	}
	modules := linked(info)
	bom, err := p.bom(info, modules)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return fmt.Errorf("write the parts list: %w", err)
	}
	terms, err := p.licences(modules)
	return errors.Join(err, os.WriteFile(list, text.Bytes(), 0o644), os.WriteFile(licences, terms, 0o644))
}

// linked are the modules in the program, those that replace others in their place.
func linked(info *buildinfo.BuildInfo) []*debug.Module {
	var modules []*debug.Module
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b *debug.Module) int { return strings.Compare(a.Path, b.Path) })
	return modules
}

func (p parts) bom(info *buildinfo.BuildInfo, modules []*debug.Module) (*cdx.BOM, error) {
	program, err := sum(p.program)
	if err != nil {
		return nil, err
	}
	library, err := sum(p.runtime)
	if err != nil {
		return nil, err
	}
	whole := cdx.Component{
		BOMRef: "medhive", Type: cdx.ComponentTypeApplication, Name: "medhive", Version: p.version,
		Description: "Task market for medical-imaging models, for linux/" + p.arch,
		Licenses:    &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
		Hashes:      &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: program}},
	}
	runtime := cdx.Component{
		BOMRef: "onnxruntime", Type: cdx.ComponentTypeLibrary, Name: "onnxruntime", Version: p.runtimeVersion,
		PackageURL: "pkg:npm/onnxruntime-node@" + p.runtimeVersion,
		Licenses:   &cdx.Licenses{{License: &cdx.License{ID: "MIT"}}},
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: library}},
	}
	toolchain := cdx.Component{
		BOMRef: "go", Type: cdx.ComponentTypeLibrary, Name: "std", Version: strings.TrimPrefix(info.GoVersion, "go"),
		PackageURL: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"), Description: "Go's standard library",
		Licenses: &cdx.Licenses{{License: &cdx.License{ID: "BSD-3-Clause"}}},
	}
	components, needs := []cdx.Component{runtime, toolchain}, []string{runtime.BOMRef, toolchain.BOMRef}
	for _, m := range modules {
		c := cdx.Component{BOMRef: m.Path, Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: "pkg:golang/" + m.Path + "@" + m.Version}
		if h1, ok := strings.CutPrefix(m.Sum, "h1:"); ok {
			raw, err := base64.StdEncoding.DecodeString(h1)
			if err != nil {
				return nil, fmt.Errorf("sum of %s: %w", m.Path, err)
			}
			// Go's own sum: SHA-256 over the list of the module's files and their sums.
			c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(raw)}}
		}
		components, needs = append(components, c), append(needs, c.BOMRef)
	}
	bom := cdx.NewBOM()
	// The serial follows from what is described, so that two builds give one file.
	bom.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, []byte(program+library+p.version)).URN()
	bom.Metadata = &cdx.Metadata{Timestamp: p.made.Format(time.RFC3339), Component: &whole}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: whole.BOMRef, Dependencies: &needs}}
	return bom, nil
}

// termsOf are the files of a module that hold its terms.
func termsOf(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		upper := strings.ToUpper(e.Name())
		for _, word := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"} {
			if !e.IsDir() && strings.HasPrefix(upper, word) && filepath.Ext(upper) != ".GO" {
				names = append(names, e.Name())
				break
			}
		}
	}
	return names, nil
}

// statedIn names, for modules that lie below their repository's licence, a file whose head
// states it.
func statedIn() map[string]string {
	return map[string]string{"github.com/holiman/bloomfilter/v2": "bloomfilter.go"} // MIT
}

// licences puts the terms of every linked module into one text; each text is there once.
func (p parts) licences(modules []*debug.Module) ([]byte, error) {
	var order []string
	users := map[string][]string{}
	for _, m := range modules {
		path, err := module.EscapePath(m.Path)
		if err != nil {
			return nil, err
		}
		version, err := module.EscapeVersion(m.Version)
		if err != nil {
			return nil, err
		}
		dir := filepath.Join(p.cache, path+"@"+version)
		names, err := termsOf(dir)
		if err != nil {
			return nil, fmt.Errorf("licence of %s: %w; run go mod download", m.Path, err)
		}
		if stated, ok := statedIn()[m.Path]; ok && len(names) == 0 {
			names = []string{stated}
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("module %s has no licence file: see under which terms it may be shipped, and add it to statedIn", m.Path)
		}
		for _, name := range names {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			if _, known := users[string(text)]; !known {
				order = append(order, string(text))
			}
			users[string(text)] = append(users[string(text)], m.Path+" "+m.Version+" ("+name+")")
		}
	}
	var out bytes.Buffer
	out.WriteString("What /usr/bin/medhive is linked from, and under which terms.\n")
	for _, text := range order {
		fmt.Fprintf(&out, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 72), strings.Join(users[text], "\n"), strings.TrimSpace(text))
	}
	return out.Bytes(), nil
}

func sum(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("sum a part: %w", err)
	}
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:]), nil
}
