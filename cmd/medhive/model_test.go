package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/draft"
	"github.com/medhive/medhive/models/reference"
	"github.com/medhive/medhive/testdata"
)

// must runs a command that has to succeed and returns what it printed.
func (p *person) must(args ...string) string {
	p.t.Helper()
	stdout, stderr, code := p.run(args...)
	if code != exitOK {
		p.t.Fatalf("medhive %s: exit %d\n%s", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// complete does what a person does with a draft: here it is the reference model's own
// manifest, under another name and version.
func (p *person) complete(folder, id, version string) {
	p.t.Helper()
	pkg, err := reference.Package()
	if err != nil {
		p.t.Fatal(err)
	}
	m := pkg.Manifest
	m.ID, m.Version, m.Example, m.Weights.File = id, version, nil, "model.onnx"
	text, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, models.CardFile), []byte("# Heads\n\nNOT FOR CLINICAL USE.\n"), 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, models.ManifestFile), text, 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// copyWithCard copies a package folder and gives it another card.
func (p *person) copyWithCard(folder string, card []byte) string {
	p.t.Helper()
	dir := filepath.Join(p.home, "copy")
	err := os.CopyFS(dir, os.DirFS(folder))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, models.CardFile), card, 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return dir
}

// A model's whole way: from a bare ONNX file to one that a node offers, and back.
func TestModelFromBareFileToRollback(t *testing.T) {
	p := newPerson(t)
	pkg, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	bare := p.file("Head Tissue.onnx", pkg.Weights)
	folder := filepath.Join(p.home, "head")
	out := p.must("model", "import", bare, "--out", folder, "--license", "Apache-2.0")
	if !strings.Contains(out, "NOT a package yet") || !strings.Contains(out, "TODO  intended_use") || strings.Contains(out, "TODO  license") || !strings.Contains(out, "medhive model example") {
		t.Errorf("import says:\n%s", out)
	}
	if _, stderr, code := p.run("model", "sign", folder); code != exitFailure || !strings.Contains(stderr, "complete the draft") {
		t.Errorf("a draft was signed: exit %d, %s", code, stderr)
	}
	card, err := os.ReadFile(filepath.Join(folder, models.CardFile))
	if err != nil {
		t.Fatal(err)
	}
	p.complete(folder, "head-tissue", "1.0.0")
	unfinished := p.copyWithCard(folder, card)
	if _, stderr, code := p.run("model", "sign", unfinished); code != exitFailure || !strings.Contains(stderr, "begin with TODO") {
		t.Errorf("a card full of TODO was signed: exit %d, %s", code, stderr)
	}
	var example agent.ModelExample
	p.ask(&example, "model", "example", folder, p.file("small.zip", testdata.SmallStudy()))
	if len(example.Findings.Segments) != 2 || example.Findings.Segments[0].VoxelCount == 0 {
		t.Errorf("example %+v", example)
	}
	var signed agent.SignedModel
	p.ask(&signed, "model", "sign", folder)
	var verified struct{ Signed bool }
	p.ask(&verified, "model", "verify", folder)
	if !verified.Signed || !signed.NewKey {
		t.Errorf("signed %+v, verified %+v", signed, verified)
	}
	if out := p.must("model", "fetch", folder); !strings.Contains(out, "next: medhive model validate head-tissue@1.0.0") {
		t.Errorf("fetch says %s", out)
	}
	var verdicts []agent.ModelVerdict
	p.ask(&verdicts, "model", "validate", "head-tissue", "--provider", "cpu")
	if len(verdicts) != 1 || !verdicts[0].Passed {
		t.Errorf("verdicts %+v", verdicts)
	}

	p.complete(folder, "head-tissue", "2.0.0") // a new version that nobody tried here
	if _, stderr, code := p.run("model", "fetch", folder); code != exitFailure || !strings.Contains(stderr, "SHA256SUMS") {
		t.Errorf("changed after signing: exit %d, %s", code, stderr)
	}
	p.ask(&signed, "model", "sign", folder)
	p.must("model", "fetch", folder)
	if _, stderr, code := p.run("model", "validate", "head-tissue", "--provider", "cpu"); code != exitFailure || !strings.Contains(stderr, "model example") {
		t.Errorf("validated without an example: exit %d, %s", code, stderr)
	}
	if out := p.must("model", "rollback", "head-tissue"); !strings.Contains(out, "head-tissue@1.0.0 is pinned") {
		t.Errorf("rollback says %s", out)
	}
	var list []agent.ModelState
	p.ask(&list, "model", "list")
	if n := slices.IndexFunc(list, func(m agent.ModelState) bool { return m.ID == "head-tissue" }); n < 0 || list[n].Version != "1.0.0" || !list[n].Pinned || !list[n].Signed || len(list[n].Validations) != 1 {
		t.Errorf("list %+v", list)
	}
	if _, stderr, code := p.run("model", "remove", "head-tissue@1.0.0"); code != exitFailure || !strings.Contains(stderr, "medhive model unpin head-tissue") {
		t.Errorf("removed while pinned: exit %d, %s", code, stderr)
	}
	p.must("model", "unpin", "head-tissue")
	p.must("model", "pin", "head-tissue@2.0.0")
	p.must("model", "remove", "head-tissue@1.0.0")
	var room struct {
		Used  int64 `json:"used_bytes"`
		Quota int64 `json:"quota_bytes"`
	}
	p.ask(&room, "model", "quota", "1.5")
	if room.Quota != 1_500_000_000 || room.Used == 0 {
		t.Errorf("quota %+v", room)
	}
}

func TestModelCommandsSayWhatToDo(t *testing.T) {
	p := newPerson(t)
	text := p.file("notes.onnx", []byte("this is no model"))
	stranger := newPerson(t)
	folder := filepath.Join(stranger.home, "head")
	pkg, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	stranger.must("model", "import", stranger.file("head.onnx", pkg.Weights), "--out", folder)
	if _, err := os.Stat(filepath.Join(folder, draft.TodoFile)); err != nil {
		t.Error(err)
	}
	stranger.complete(folder, "head", "1.0.0")
	var signed agent.SignedModel
	stranger.ask(&signed, "model", "sign", folder)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"import of nothing":       {[]string{"model", "import"}, exitUsage, "model import --help"},
		"import of text":          {[]string{"model", "import", text, "--out", filepath.Join(p.home, "x")}, exitFailure, "export or download it again"},
		"import of no bundle":     {[]string{"model", "import", p.home, "--out", filepath.Join(p.home, "x")}, exitFailure, "name an ONNX file"},
		"fetch of nothing":        {[]string{"model", "fetch", "nowhere"}, exitFailure, "oci://host/name:tag"},
		"fetch from a stranger":   {[]string{"model", "fetch", folder}, exitFailure, "medhive model trust " + signed.Publisher},
		"fetch over plain http":   {[]string{"model", "fetch", "http://models.example/x"}, exitFailure, "use https"},
		"a digest that is none":   {[]string{"model", "fetch", folder, "--digest", "sha256:1"}, exitUsage, "64 hex digits"},
		"validate without one":    {[]string{"model", "validate"}, exitUsage, "medhive model list"},
		"pin of what is not here": {[]string{"model", "pin", "heart@1.0.0"}, exitFailure, "choose one of"},
		"unpin what is not":       {[]string{"model", "unpin", "t1-tissue"}, exitFailure, "is not pinned"},
		"nothing to go back to":   {[]string{"model", "rollback", "t1-tissue"}, exitFailure, "validate it first"},
		"remove the built-in":     {[]string{"model", "remove", "t1-tissue"}, exitFailure, "part of this program"},
		"a quota in words":        {[]string{"model", "quota", "much"}, exitUsage, "medhive model quota 50"},
		"a key that is none":      {[]string{"model", "trust", "abc"}, exitUsage, "minisign public key"},
		"distrust of nobody":      {[]string{"model", "trust", "--remove"}, exitUsage, "name one key"},
		"less than no memory":     {[]string{"model", "validate", "t1-tissue", "--memory", "-5"}, exitUsage, "--memory"},
		"an unknown provider":     {[]string{"model", "validate", "t1-tissue", "--provider", "abacus"}, exitFailure, "choose one of"},
		"push to nowhere":         {[]string{"model", "push", folder, "registry.example/head:1.0.0"}, exitFailure, "oci://host/name:tag"},
		"verify of nothing":       {[]string{"model", "verify", "heart"}, exitFailure, "choose one of"},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, code := p.run(c.args...)
			if code != c.code || !strings.Contains(stderr, c.says) {
				t.Errorf("exit %d, want %d; stderr %q, want %q in it", code, c.code, stderr, c.says)
			}
		})
	}
	p.must("model", "trust", signed.Minisign, "--name", "a stranger no more")
	var trusted map[string]string
	p.ask(&trusted, "model", "trust")
	if trusted[signed.Publisher] != "a stranger no more" {
		t.Errorf("trusted %v", trusted)
	}
	p.must("model", "fetch", folder)
}

// A card is a stranger's text: it is shown, and commands nothing.
func TestCardsCommandNoScreen(t *testing.T) {
	p := newPerson(t)
	folder := filepath.Join(p.home, "models", "head")
	pkg, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	p.must("model", "import", p.file("head.onnx", pkg.Weights), "--out", folder)
	p.complete(folder, "head", "1.0.0")
	if err := os.WriteFile(filepath.Join(folder, models.CardFile), []byte("# Heads\n\x1b]0;owned\x07\tÄ\u202e\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := p.must("model", "show", "head"); !strings.HasPrefix(out, "# Heads\n]0;owned\tÄ\n") {
		t.Errorf("shows %q", out)
	}
}
