package update

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// good is a manifest that nothing is wrong with.
func good() Manifest {
	return Manifest{
		Kind: Kind, Format: Format, Channel: "stable", Sequence: 7, Version: "1.2.0", Minimum: "1.0.0",
		Issued: noon, Expires: noon.Add(30 * 24 * time.Hour), Rollout: 100,
		Files: []File{{OS: "linux", Arch: "amd64", Name: "medhive-1.2.0-linux-amd64", Bytes: 5, SHA256: Digest{1}}},
	}
}

func text(t testing.TB, m Manifest) []byte {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestManifestsThatMakeNoSense(t *testing.T) {
	if _, err := Parse(text(t, good())); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(m *Manifest){
		"another kind":         func(m *Manifest) { m.Kind = "medhive image" },
		"a newer format":       func(m *Manifest) { m.Format++ },
		"a channel as a path":  func(m *Manifest) { m.Channel = "../stable" },
		"no sequence":          func(m *Manifest) { m.Sequence = 0 },
		"no version":           func(m *Manifest) { m.Version = "" },
		"a version as a path":  func(m *Manifest) { m.Version = "../1.2.0" },
		"two numbers":          func(m *Manifest) { m.Version = "1.2" },
		"a build of a version": func(m *Manifest) { m.Version = "1.2.0+a" },
		"no minimum":           func(m *Manifest) { m.Minimum = "old" },
		"no beginning":         func(m *Manifest) { m.Issued = time.Time{} },
		"an end before":        func(m *Manifest) { m.Expires = m.Issued },
		"an end far off":       func(m *Manifest) { m.Expires = m.Issued.Add(maxLife + time.Hour) },
		"more than all":        func(m *Manifest) { m.Rollout = 101 },
		"less than none":       func(m *Manifest) { m.Rollout = -1 },
		"commands to a screen": func(m *Manifest) { m.Notes = "\x1b[2J" },
		"long notes":           func(m *Manifest) { m.Notes = strings.Repeat("a", maxNotes+1) },
		"a file elsewhere":     func(m *Manifest) { m.Files[0].Name = "../medhive" },
		"a hidden file":        func(m *Manifest) { m.Files[0].Name = ".medhive" },
		"an empty file":        func(m *Manifest) { m.Files[0].Bytes = 0 },
		"a huge file":          func(m *Manifest) { m.Files[0].Bytes = MaxProgram + 1 },
		"no digest":            func(m *Manifest) { m.Files[0].SHA256 = Digest{} },
		"a platform as a path": func(m *Manifest) { m.Files[0].OS = "li/nux" },
		"two of a platform":    func(m *Manifest) { m.Files = append(m.Files, m.Files[0]) },
		"many files": func(m *Manifest) {
			for i := range maxFiles {
				f := m.Files[0]
				f.Arch = fmt.Sprintf("arch%d", i)
				m.Files = append(m.Files, f)
			}
		},
	} {
		m := good()
		spoil(&m)
		if _, err := Parse(text(t, m)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := Parse(append(text(t, good()), strings.Repeat(" ", maxManifest)...)); err == nil {
		t.Error("a manifest above the bound is taken")
	}
}

func TestOnlyTheVendorsManifestIsRead(t *testing.T) {
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	body := text(t, good())
	if _, err := Verify(public, body, minisign.Sign(private, body)); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(public, body, minisign.Sign(stranger, body)); !errors.Is(err, ErrForged) {
		t.Errorf("another's signature: %v", err)
	}
	signature := minisign.Sign(private, body)
	rapid.Check(t, func(t *rapid.T) {
		bad := append([]byte(nil), body...)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		if _, err := Verify(public, bad, signature); !errors.Is(err, ErrForged) {
			t.Fatalf("a changed manifest: %v", err)
		}
	})
	if _, err := Verify(public, body, make([]byte, maxSignature+1)); err == nil {
		t.Error("a signature above the bound is read")
	}
}

func TestWhatIsFresh(t *testing.T) {
	m, digest := good(), Digest{9}
	seen := Seen{Sequence: 7, Digest: digest, Issued: noon}
	for _, c := range []struct {
		name   string
		seen   Seen
		digest Digest
		now    time.Time
		want   error
	}{
		{"the first one", Seen{}, digest, noon, nil},
		{"the same again", seen, digest, noon.Add(time.Hour), nil},
		{"a newer one", Seen{Sequence: 6, Issued: noon}, digest, noon, nil},
		{"an older one", Seen{Sequence: 8, Issued: noon}, digest, noon, ErrOlder},
		{"another of the same sequence", Seen{Sequence: 7, Digest: Digest{8}, Issued: noon}, digest, noon, ErrTwice},
		{"an expired one", seen, digest, m.Expires, ErrExpired},
		{"an expired one, with the clock set back", Seen{Sequence: 7, Digest: digest, Issued: m.Expires.Add(time.Hour)}, digest, noon, ErrExpired},
	} {
		if err := fresh(m, c.digest, c.seen, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", c.name, err, c.want)
		}
	}
	if err := fresh(m, digest, Seen{}, noon.Add(-time.Hour)); err == nil {
		t.Error("a manifest of the future is taken")
	}
}

func TestVersionsAreOrdered(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		newer bool
	}{
		{"1.2.0", "1.1.9", true}, {"1.10.0", "1.9.0", true}, {"1.2.0", "1.2.0", false}, {"1.2.0-rc.1", "1.2.0", false},
		{"1.2.0", "1.2.0-rc.1", true}, {"0.1.0", "0.1.0-dev", true}, {"1.2.0", "unknown", true},
	} {
		if Newer(c.a, c.b) != c.newer {
			t.Errorf("%s newer than %s: %v", c.a, c.b, !c.newer)
		}
	}
}

func TestARolloutGrowsAndIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		address := rapid.StringMatching(`0x[0-9a-fA-F]{40}`).Draw(t, "address")
		version := rapid.StringMatching(`[0-9]\.[0-9]\.[0-9]`).Draw(t, "version")
		a, b := rapid.IntRange(0, 100).Draw(t, "a"), rapid.IntRange(0, 100).Draw(t, "b")
		if Within(min(a, b), address, version) && !Within(max(a, b), address, version) {
			t.Fatal("who was within is not any more")
		}
		if Within(0, address, version) || !Within(100, address, version) {
			t.Fatal("none and all are not none and all")
		}
		if Share(address, version) != Share("0x"+strings.ToUpper(address[2:]), version) {
			t.Fatal("an address's letters change its share")
		}
	})
	const machines = 20_000
	within, both := 0, 0
	for i := range machines {
		address := fmt.Sprintf("0x%040x", i)
		first := Within(20, address, "1.2.0")
		if first {
			within++
		}
		if first && Within(20, address, "1.3.0") {
			both++
		}
	}
	// 20 % of 20 000 is 4000 ± 57 (one standard deviation); 4 % of them are 800 ± 28.
	if within < 3700 || within > 4300 || both < 650 || both > 950 {
		t.Errorf("of %d machines %d are within 20 %%, and %d in two versions", machines, within, both)
	}
}

// FuzzParse holds what is taken to the bounds, whatever stands in a manifest.
func FuzzParse(f *testing.F) {
	f.Add(text(f, good()))
	f.Add([]byte(`{"kind":"medhive update","format":1,"files":[{}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(text(t, m))
		if err != nil || again.Version != m.Version || len(again.Files) != len(m.Files) {
			t.Fatalf("what was taken is not taken again: %v", err)
		}
		for _, file := range m.Files {
			if strings.ContainsAny(file.Name+m.Version+m.Channel, "/\\\x00") || file.Bytes > MaxProgram {
				t.Fatalf("%+v", file)
			}
		}
	})
}
