package clinic

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// needles are the ways in which an identifier may stand in bytes.
func needles(t testing.TB) map[string][]byte {
	t.Helper()
	data, err := os.ReadFile("../../testdata/identifiers.json")
	if err != nil {
		t.Fatal(err)
	}
	var planted []struct {
		Attribute, Text string
		Hex             []string
	}
	if err := json.Unmarshal(data, &planted); err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, p := range planted {
		for _, h := range p.Hex {
			raw, err := hex.DecodeString(h)
			if err != nil {
				t.Fatal(err)
			}
			found[p.Attribute+" as planted "+h] = raw
		}
		words := []string{p.Text}
		for _, word := range strings.FieldsFunc(p.Text, func(r rune) bool { return strings.ContainsRune("^ ,;()*", r) }) {
			if len([]rune(word)) >= 6 { // shorter ones stand in innocent words too
				words = append(words, word)
			}
		}
		for _, word := range words {
			for _, form := range []string{word, strings.ToUpper(word), strings.ToLower(word)} {
				found[p.Attribute+" "+form] = []byte(form)
				if latin, err := charmap.ISO8859_1.NewEncoder().String(form); err == nil {
					found[p.Attribute+" in Latin 1 "+form] = []byte(latin)
				}
				var little, big []byte
				for _, unit := range utf16.Encode([]rune(form)) {
					little, big = append(little, byte(unit), byte(unit>>8)), append(big, byte(unit>>8), byte(unit))
				}
				found[p.Attribute+" in UTF-16LE "+form], found[p.Attribute+" in UTF-16BE "+form] = little, big
			}
		}
	}
	if len(found) < 200 {
		t.Fatalf("only %d forms of identifiers are searched for", len(found))
	}
	return found
}

// among names the needles that are somewhere in data, in one pass over it.
func among(data []byte, needles map[string][]byte) []string {
	type needle struct {
		name string
		text []byte
	}
	byStart := map[[4]byte][]needle{}
	var starts [1 << 16]bool
	for name, text := range needles {
		start := [4]byte(text)
		byStart[start] = append(byStart[start], needle{name, text})
		starts[uint16(text[0])<<8|uint16(text[1])] = true
	}
	found := map[string]bool{}
	for at := 0; at+4 <= len(data); at++ {
		if !starts[uint16(data[at])<<8|uint16(data[at+1])] {
			continue
		}
		for _, n := range byStart[[4]byte(data[at:])] {
			if bytes.HasPrefix(data[at:], n.text) {
				found[n.name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
