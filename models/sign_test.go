package models_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

// testdata/minisign was made by minisign 0.11 (Debian); its key signs nothing but this:
//
//	minisign -G -W -p minisign.pub -s minisign.key
//	minisign -S -s minisign.key -m SHA256SUMS -t lungs@1.0.0
func readGolden(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "minisign", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func newKey(t *testing.T) models.PublisherKey {
	t.Helper()
	key, err := models.NewPublisherKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestMinisignsOwnSignature(t *testing.T) {
	key, err := models.ParsePublisherKey(readGolden(t, "minisign.key"))
	if err != nil {
		t.Fatal(err)
	}
	sums, signature := readGolden(t, "SHA256SUMS"), readGolden(t, "SHA256SUMS.minisig")
	if err := models.VerifySums(key.Publisher(), sums, signature); err != nil {
		t.Errorf("minisign's signature: %v", err)
	}
	public := strings.Fields(string(readGolden(t, "minisign.pub")))
	if got := public[len(public)-1]; got != key.Minisign() {
		t.Errorf("minisign calls the key %s, we %s", got, key.Minisign())
	}
	publisher, err := models.ParsePublisher(key.Minisign())
	if err != nil || publisher != key.Publisher() {
		t.Errorf("%v: %s, want %s", err, publisher, key.Publisher())
	}
	own, err := key.Sign(sums, "lungs@1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	// Ed25519 is deterministic: below the untrusted comment both must be the same.
	_, want, _ := bytes.Cut(signature, []byte("\n"))
	if _, got, _ := bytes.Cut(own, []byte("\n")); !bytes.Equal(got, want) {
		t.Errorf("we sign\n%s\nminisign\n%s", got, want)
	}
}

func TestVerifySums(t *testing.T) {
	key, other := newKey(t), newKey(t)
	sums := models.Sums{"manifest.json": models.DigestOf([]byte("m"))}.Text()
	signature, err := key.Sign(sums, "x@1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	if err := models.VerifySums(key.Publisher(), sums, signature); err != nil {
		t.Fatal(err)
	}
	flipped := func(data []byte, at int) []byte {
		data = bytes.Clone(data)
		data[at] ^= 1
		return data
	}
	for name, c := range map[string]struct {
		publisher       string
		sums, signature []byte
		want            string
	}{
		"nobody":             {"", sums, signature, "names no publisher"},
		"somebody else":      {other.Publisher(), sums, signature, "not by the manifest's publisher"},
		"other sums":         {key.Publisher(), flipped(sums, 3), signature, "was changed"},
		"no signature":       {key.Publisher(), sums, nil, "not by"},
		"half of it":         {key.Publisher(), sums, signature[:len(signature)/2], "not by"},
		"noise":              {key.Publisher(), sums, bytes.Repeat([]byte("x"), 1<<20), "not by"},
		"bent":               {key.Publisher(), sums, flipped(signature, bytes.IndexByte(signature, '\n')+40), "not by"},
		"bent comment":       {key.Publisher(), sums, bytes.Replace(signature, []byte("x@1.0.0"), []byte("y@1.0.0"), 1), "not by"},
		"a key that is none": {"ed25519:AAAA", sums, signature, "base64 of 32 bytes"},
	} {
		if err := models.VerifySums(c.publisher, c.sums, c.signature); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

func TestPublisherKeyText(t *testing.T) {
	key := newKey(t)
	text, err := key.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	back, err := models.ParsePublisherKey(append(text, '\n'))
	if err != nil || back.Publisher() != key.Publisher() {
		t.Errorf("%v: %s, want %s", err, back.Publisher(), key.Publisher())
	}
	for _, bad := range []string{"", "hello", string(text[:len(text)-9])} {
		if _, err := models.ParsePublisherKey([]byte(bad)); err == nil {
			t.Errorf("%q: accepted", bad)
		}
	}
	for _, bad := range []string{"", "RWQ", "ed25519:", "ed25519:AAAA", "x" + key.Publisher()} {
		if _, err := models.ParsePublisher(bad); err == nil {
			t.Errorf("%q: accepted as a publisher", bad)
		}
	}
}

func TestSumsText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sums := models.Sums{}
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,40}`), 1, 16, rapid.ID).Draw(rt, "names") {
			sums[name] = models.Digest(rapid.SliceOfN(rapid.Byte(), 32, 32).Filter(func(b []byte) bool { return models.Digest(b) != models.Digest{} }).Draw(rt, "digest"))
		}
		back, err := models.ParseSums(sums.Text())
		if err != nil || !maps.Equal(back, sums) || back.Match(sums) != nil {
			rt.Fatalf("%v: %v, want %v", err, back, sums)
		}
	})
	line := strings.Repeat("ab", 32) + "  "
	for name, text := range map[string]string{
		"empty": "", "no name": line, "a folder": line + "../x", "hidden": line + ".x", "upper case": strings.ToUpper(line) + "x", "short": line[2:] + "x",
		"one space": strings.Repeat("ab", 32) + " x", "binary mark": strings.Repeat("ab", 32) + " *x", "twice": line + "x\n" + line + "x\n", "itself": line + models.SumsFile,
		"its signature": line + models.SignatureFile, "an empty line": line + "x\n\n", "carriage return": line + "x\r\n",
		"many": strings.Repeat(line+"x\n", 100),
	} {
		if got, err := models.ParseSums([]byte(text)); err == nil {
			t.Errorf("%s: accepted as %v", name, got)
		}
	}
}

func FuzzParseSums(f *testing.F) {
	f.Add([]byte(strings.Repeat("ab", 32) + "  x\n"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sums, err := models.ParseSums(text)
		if err != nil {
			return
		}
		if again, err := models.ParseSums(sums.Text()); err != nil || !maps.Equal(again, sums) {
			t.Errorf("%q: %v, then %v (%v)", text, sums, again, err)
		}
	})
}

func FuzzVerifySums(f *testing.F) {
	key, err := models.NewPublisherKey(bytes.NewReader(bytes.Repeat([]byte{7}, 256)))
	if err != nil {
		f.Fatal(err)
	}
	sums := models.Sums{"x": models.DigestOf(nil)}.Text()
	good, err := key.Sign(sums, "x")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("untrusted comment: \n\ntrusted comment: \n\n"))
	_, trusted, _ := bytes.Cut(good, []byte("\n"))
	f.Fuzz(func(t *testing.T, signature []byte) {
		if models.VerifySums(key.Publisher(), sums, signature) != nil {
			return
		}
		// Base64 can be written in more than one way, but no other words may be trusted.
		if _, rest, _ := bytes.Cut(signature, []byte("\n")); !bytes.Contains(rest, []byte("trusted comment: x")) || bytes.Contains(rest, []byte("trusted comment: xx")) {
			t.Errorf("%q was taken; the good one is %q", rest, trusted)
		}
	})
}

// folder writes a package folder made from the manifest of this package's tests.
func folder(t *testing.T, bend ...func(map[string]any)) (dir string, files map[string][]byte) {
	t.Helper()
	dir = t.TempDir()
	files = map[string][]byte{"lung.onnx": []byte("weights"), "CARD.md": []byte("# Lungs"), "study.tar": []byte("study"), "findings.json": []byte("{}")}
	m := good()
	m["weights"] = file("lung.onnx", files)
	m["example"] = map[string]any{"input": file("study.tar", files), "expected": file("findings.json", files)}
	for _, b := range bend {
		b(m)
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	files[models.ManifestFile] = text
	for name, data := range files {
		put(t, dir, name, data)
	}
	return dir, files
}

func file(name string, files map[string][]byte) map[string]any {
	return map[string]any{"file": name, "sha256": models.DigestOf(files[name]).String(), "bytes": len(files[name])}
}

func put(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFolder(t *testing.T) {
	key := newKey(t)
	signed := func(t *testing.T) string {
		dir, _ := folder(t, at("publisher", key.Publisher()))
		sums, err := models.SumFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := key.Sign(sums.Text(), "x")
		if err != nil {
			t.Fatal(err)
		}
		put(t, dir, models.SumsFile, sums.Text())
		put(t, dir, models.SignatureFile, signature)
		return dir
	}
	dir, files := folder(t)
	c, err := models.VerifyFolder(dir)
	if err != nil || c.Sums || c.Signed || c.Digest != models.DigestOfPackage(files[models.ManifestFile], models.DigestOf(files["lung.onnx"])) {
		t.Fatalf("%v %+v", err, c)
	}
	total := 0
	for _, data := range files {
		total += len(data)
	}
	if c.Bytes != int64(total) || c.Bytes > c.Manifest.Bytes() {
		t.Errorf("%d bytes; want %d, at most %d", c.Bytes, total, c.Manifest.Bytes())
	}
	if c, err = models.VerifyFolder(signed(t)); err != nil || !c.Sums || !c.Signed {
		t.Fatalf("signed: %v %+v", err, c)
	}
	for name, k := range map[string]struct {
		spoil func(dir string)
		want  string
	}{
		"bent weights":     {func(dir string) { put(t, dir, "lung.onnx", []byte("wEights")) }, "fetch the package again"},
		"longer weights":   {func(dir string) { put(t, dir, "lung.onnx", []byte("weights!")) }, "more than 7 bytes"},
		"bent example":     {func(dir string) { put(t, dir, "study.tar", []byte("stuDy")) }, "study.tar"},
		"bent card":        {func(dir string) { put(t, dir, "CARD.md", []byte("# Livers")) }, "CARD.md"},
		"no card":          {func(dir string) { remove(t, dir, "CARD.md") }, "which the package does not have"},
		"no weights":       {func(dir string) { remove(t, dir, "lung.onnx") }, "lung.onnx"},
		"no manifest":      {func(dir string) { remove(t, dir, models.ManifestFile) }, "manifest"},
		"a forged card":    {func(dir string) { put(t, dir, "CARD.md", []byte("# X")); resum(t, dir) }, "signature"},
		"bent signature":   {func(dir string) { put(t, dir, models.SignatureFile, []byte("x")) }, "signature"},
		"a pipe as a card": {func(dir string) { remove(t, dir, "CARD.md"); mkfifo(t, filepath.Join(dir, "CARD.md")) }, "no plain file"},
	} {
		dir := signed(t)
		k.spoil(dir)
		if _, err := models.VerifyFolder(dir); err == nil || !strings.Contains(err.Error(), k.want) || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v; want %q and no path", name, err, k.want)
		}
	}
	for name, bend := range map[string]func(map[string]any){
		"weights are the card":     func(m map[string]any) { m["weights"].(map[string]any)["file"] = models.CardFile },
		"weights are the manifest": func(m map[string]any) { m["weights"].(map[string]any)["file"] = models.ManifestFile },
		"example is the weights": func(m map[string]any) {
			m["example"].(map[string]any)["input"].(map[string]any)["file"] = "lung.onnx"
		},
	} {
		dir, _ := folder(t, bend)
		if _, err := models.VerifyFolder(dir); err == nil || !strings.Contains(err.Error(), "own name") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func resum(t *testing.T, dir string) {
	t.Helper()
	sums, err := models.SumFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, models.SumsFile, sums.Text())
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func TestPartsAreOrderedBySize(t *testing.T) {
	dir, _ := folder(t)
	c, err := models.VerifyFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range c.Manifest.Parts() {
		names = append(names, p.Name)
	}
	if want := []string{"CARD.md", "findings.json", "study.tar", "lung.onnx"}; !slices.Equal(names, want) {
		t.Errorf("%v; want %v", names, want)
	}
}
