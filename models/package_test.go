package models_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

func TestDigestText(t *testing.T) {
	// FIPS 180-2, appendix B.1.
	d := models.DigestOf([]byte("abc"))
	const want = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if d.String() != want || d.Short() != "ba7816bf" || d.IsZero() || !(models.Digest{}).IsZero() {
		t.Errorf("%v, short %s", d, d.Short())
	}
	for _, text := range []string{"", "sha256:", want + "00", want[:len(want)-1], "md5:" + want[7:], "sha256:" + strings.Repeat("g", 64)} {
		if _, err := models.ParseDigest(text); err == nil {
			t.Errorf("%q: accepted", text)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		d := models.Digest(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(rt, "digest"))
		text, err := json.Marshal(map[string]models.Digest{"d": d})
		if err != nil {
			rt.Fatal(err)
		}
		var back map[string]models.Digest
		if err := json.Unmarshal(text, &back); err != nil || back["d"] != d {
			rt.Fatalf("%s: %v, %v", text, back, err)
		}
		if bare, err := models.ParseDigest(d.String()[7:]); err != nil || bare != d {
			rt.Fatalf("without prefix: %v, %v", bare, err)
		}
	})
}

func TestNewPackage(t *testing.T) {
	weights := []byte("weights")
	m := good()
	at("weights.sha256", models.DigestOf(weights).String())(m)
	text := encode(t, m)
	p, err := models.NewPackage(text, weights, "card")
	if err != nil {
		t.Fatal(err)
	}
	if p.Name() != "lung-mask@1.2.3" || p.Digest().IsZero() || p.Digest() != models.DigestOfPackage(text, models.DigestOf(weights)) {
		t.Errorf("%s %v", p.Name(), p.Digest())
	}
	spaced := append(slices.Clone(text), ' ')
	if q, err := models.NewPackage(spaced, weights, "card"); err != nil || q.Digest() == p.Digest() {
		t.Errorf("another manifest file must be another package: %v", err)
	}
	for name, other := range map[string][]byte{"none": nil, "bent": []byte("Weights"), "longer": []byte("weights ")} {
		if _, err := models.NewPackage(text, other, "card"); err == nil || !strings.Contains(err.Error(), "fetch the package again") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := models.NewPackage(bytes.TrimSuffix(text, []byte("}")), weights, ""); err == nil {
		t.Error("a broken manifest: accepted")
	}
}
