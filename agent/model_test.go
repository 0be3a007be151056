package agent

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
	"github.com/medhive/medhive/models/reference"
	"github.com/medhive/medhive/testdata"
)

// twin writes a package folder like the reference model under another name; bend may
// change the manifest and the expected findings.
func twin(t *testing.T, dir, id, version string, bend func(*models.Manifest, *inference.Findings)) string {
	t.Helper()
	p, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	m := p.Manifest
	m.ID, m.Version = id, version
	study, err := reference.File(m.Example.Input.File)
	if err != nil {
		t.Fatal(err)
	}
	text, err := reference.File(m.Example.Expected.File)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := reference.File(m.Example.Labels.File)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := decodeFindings(text)
	if err != nil {
		t.Fatal(err)
	}
	example := *m.Example
	m.Example = &example
	if bend != nil {
		bend(&m, &findings)
	}
	if text, err = json.Marshal(findings); err != nil {
		t.Fatal(err)
	}
	if m.Example != nil {
		m.Example.Expected.SHA256, m.Example.Expected.Bytes = models.DigestOf(text), int64(len(text))
	}
	manifest, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, id+"-"+version)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{models.ManifestFile: manifest, m.Weights.File: p.Weights, "example.tar": study, "example.json": text, "example.labels": labels} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// The models in the binary must pass where the project is built: a node offers nothing
// else at first. New weights need `go generate ./models/reference`.
func TestBuiltInModelsPass(t *testing.T) {
	home := t.TempDir()
	for _, id := range []string{"t1-tissue", "ct-lung-bone", "radiograph-quality"} {
		verdicts, err := ValidateModel(t.Context(), home, id, []string{"cpu"}, ModelBench{}, func(string) {})
		if err != nil || len(verdicts) != 1 || !verdicts[0].Passed || verdicts[0].Runtime == "" {
			t.Errorf("%v %+v; after new weights run go generate ./models/reference ./inference", err, verdicts)
		}
	}
	list, faults, err := ListModels(home)
	if err != nil || len(faults) > 0 || len(list) != 3 {
		t.Fatalf("%v %v %+v", err, faults, list)
	}
	for _, m := range list {
		if len(m.Validations) != 1 || !m.Validations[0].Passed {
			t.Errorf("%s: %+v", m.Name(), m.Validations)
		}
	}
}

// relabelled puts other labels into a package folder that twin made.
func relabelled(t *testing.T, folder string, bend func(*labelmap.Set)) string {
	t.Helper()
	path := filepath.Join(folder, models.ManifestFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.ParseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(folder, m.Example.Labels.File))
	if err != nil {
		t.Fatal(err)
	}
	set, err := labelmap.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	bend(&set)
	data = set.Encode()
	m.Example.Labels.SHA256, m.Example.Labels.Bytes = models.DigestOf(data), int64(len(data))
	if err := os.WriteFile(filepath.Join(folder, m.Example.Labels.File), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeManifest(path, m); err != nil {
		t.Fatal(err)
	}
	return folder
}

// Voxels decide, not their number: the same labels elsewhere don't pass. A package from
// before there were labels is still compared by its extents, and says so.
func TestValidateComparesVoxels(t *testing.T) {
	home := t.TempDir()
	said := func(folder string) (string, error) {
		verdicts, err := ValidateModel(t.Context(), home, folder, []string{"cpu"}, ModelBench{}, func(string) {})
		if len(verdicts) != 1 || verdicts[0].Passed != (err == nil) {
			t.Fatalf("%v %+v", err, verdicts)
		}
		return verdicts[0].Detail, err
	}
	if text, err := said(twin(t, t.TempDir(), "same", "1.0.0", nil)); err != nil || !strings.Contains(text, "voxel by voxel: Dice at least") {
		t.Errorf("the same: %v, %s", err, text)
	}
	elsewhere := relabelled(t, twin(t, t.TempDir(), "elsewhere", "1.0.0", nil), func(s *labelmap.Set) {
		size := s.Delivered.Size
		s.Delivered = mirrored(t, s.Delivered)
		if s.Delivered.Size != size {
			t.Fatal("another size")
		}
	})
	if text, err := said(elsewhere); !errors.Is(err, ErrNotValidated) || !strings.Contains(text, "matter has a Dice of 0.") {
		t.Errorf("mirrored: %v, %s", err, text)
	}
	old := twin(t, t.TempDir(), "old", "1.0.0", func(m *models.Manifest, _ *inference.Findings) { m.Example.Labels = models.ExampleFile{} })
	if text, err := said(old); err != nil || !strings.Contains(text, "by extents alone") {
		t.Errorf("without labels: %v, %s", err, text)
	}
	junk := twin(t, t.TempDir(), "junk", "1.0.0", func(m *models.Manifest, _ *inference.Findings) { m.Example.Labels = m.Example.Input })
	if _, err := ValidateModel(t.Context(), home, junk, []string{"cpu"}, ModelBench{}, func(string) {}); err == nil || !strings.Contains(err.Error(), "its example's labels") {
		t.Errorf("labels that are none: %v", err)
	}
}

// mirrored is the volume read backwards: every count stays.
func mirrored(t *testing.T, v labelmap.Volume) labelmap.Volume {
	t.Helper()
	labels := v.Labels()
	slices.Reverse(labels)
	out, err := labelmap.Pack(v.Size, labels, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestValidateTellsWhatDiffers(t *testing.T) {
	home := t.TempDir()
	wrong := twin(t, t.TempDir(), "wrong", "1.0.0", func(_ *models.Manifest, f *inference.Findings) { f.Segments[0].VoxelCount *= 2 })
	verdicts, err := ValidateModel(t.Context(), home, wrong, []string{"cpu"}, ModelBench{}, func(string) {})
	if !errors.Is(err, ErrNotValidated) || len(verdicts) != 1 || verdicts[0].Passed || !strings.Contains(verdicts[0].Detail, "White matter has") {
		t.Errorf("%v %+v", err, verdicts)
	}
	absent := twin(t, t.TempDir(), "absent", "1.0.0", nil)
	verdicts, err = ValidateModel(t.Context(), home, absent, []string{"tensorrt"}, ModelBench{}, func(string) {})
	if !errors.Is(err, ErrNotValidated) || verdicts[0].Passed || verdicts[0].Detail == "" {
		t.Errorf("a provider that is not here: %v %+v", err, verdicts)
	}
	bare := twin(t, t.TempDir(), "bare", "1.0.0", func(m *models.Manifest, _ *inference.Findings) { m.Example = nil })
	if _, err := ValidateModel(t.Context(), home, bare, []string{"cpu"}, ModelBench{}, func(string) {}); err == nil || !strings.Contains(err.Error(), "model example") {
		t.Errorf("without an example: %v", err)
	}
}

// warmed is a node that has got as far as its runners, without chain and market.
func warmed(t *testing.T, home string) (*Node, error) {
	t.Helper()
	library, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{conf: NodeConfig{Name: "anna", State: NodeState(home, "anna"), Library: library, Provider: "cpu", Threads: runtime.NumCPU(), MemoryBytes: 2 << 30, Log: quiet(nil)},
		stop: func() {}}
	n.profile.TOPS.Provider, n.profile.TOPS.Runtime = "cpu", "1.30.0"
	if err := n.openState(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n, n.warmRunners(t.Context())
}

// offering are the names of the models that a node bids for.
func offering(n *Node) string {
	n.models.mu.RLock()
	var names []string
	var digests []models.Digest
	for d, m := range n.models.ready {
		names, digests = append(names, m.entry.Name()), append(digests, d)
	}
	n.models.mu.RUnlock()
	for i := len(names) - 1; i >= 0; i-- {
		if _, ok := n.models.model(digests[i]); !ok {
			names = slices.Delete(names, i, i+1)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestNodeOffersOnlyWhatPassed(t *testing.T) {
	home := t.TempDir()
	folders := filepath.Join(home, "models")
	twin(t, folders, "wrong", "1.0.0", func(_ *models.Manifest, f *inference.Findings) { f.Segments[0].VoxelCount *= 2 })
	twin(t, folders, "bare", "1.0.0", func(m *models.Manifest, _ *inference.Findings) { m.Example = nil })
	twin(t, folders, "broken", "1.0.0", func(m *models.Manifest, _ *inference.Findings) { m.Input.Name = "t2" })
	fetched, err := FetchModel(t.Context(), ModelFetch{Home: home, Ref: twin(t, t.TempDir(), "fetched", "1.0.0", nil), Unsigned: true})
	if err != nil {
		t.Fatal(err)
	}
	n, err := warmed(t, home)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := offering(n), "ct-lung-bone@1.0.0 fetched@1.0.0 radiograph-quality@1.0.0 t1-tissue@1.0.0"; got != want {
		t.Errorf("offers %v; want %v", got, want)
	}
	leftOut := n.models.omissions()
	if said := texts(leftOut); len(leftOut) != 3 || !strings.Contains(said, "wrong@1.0.0 is not offered: it did not pass") || !strings.Contains(said, "bare@1.0.0 is not offered") {
		t.Errorf("left out: %s", said)
	}
	closing(t, n.Close)
	verdicts, err := n.packages.Validations(fetched.Digest)
	if err != nil || len(verdicts) != 1 || !verdicts[0].Passed {
		t.Errorf("%v %+v", err, verdicts)
	}
	n, err = warmed(t, home) // the verdicts are there: nothing is tried again
	if err != nil || len(n.models.ready) != 4 {
		t.Errorf("%v, offers %s", err, offering(n))
	}
	again, err := n.packages.Validations(fetched.Digest)
	if err != nil || !again[0].Time.Equal(verdicts[0].Time) {
		t.Errorf("%v: tried again at %v", err, again)
	}
	closing(t, n.Close)
	if r, err := RemoveModel(home, "fetched", false); err != nil || r.Model != "fetched@1.0.0" || len(r.WaitsFor) > 0 {
		t.Errorf("removed after the node ended: %v %+v", err, r)
	}
	if _, err := RemoveModel(home, "t1-tissue", true); err == nil || !strings.Contains(err.Error(), "part of this program") {
		t.Errorf("the built-in one: %v", err)
	}
	if _, err := RemoveModel(home, "bare", true); err == nil || !strings.Contains(err.Error(), "remove that folder") {
		t.Errorf("a folder of the operator: %v", err)
	}
}

func TestPinAndRollBack(t *testing.T) {
	home := t.TempDir()
	source := t.TempDir()
	for _, version := range []string{"1.0.0", "1.1.0", "2.0.0"} {
		folder := twin(t, source, "twin", version, nil)
		r, err := FetchModel(t.Context(), ModelFetch{Home: home, Ref: folder, Unsigned: true})
		if err != nil {
			t.Fatal(err)
		}
		if version == "1.0.0" { // only this one was tried here
			if _, err := ValidateModel(t.Context(), home, r.Digest.String(), []string{"cpu"}, ModelBench{}, func(string) {}); err != nil {
				t.Fatal(err)
			}
		}
	}
	counts := func() string {
		t.Helper()
		all, err := OpenCatalog(home)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range all.Offered() {
			if e.Manifest.ID == "twin" {
				names = append(names, e.Name())
			}
		}
		e, err := all.Entry("twin")
		if err != nil {
			t.Fatal(err)
		}
		return e.Name() + " of " + strings.Join(names, " ")
	}
	if got := counts(); got != "twin@2.0.0 of twin@2.0.0 twin@1.1.0 twin@1.0.0" {
		t.Errorf("unpinned: %s", got)
	}
	from, to, err := RollBackModel(home, "twin")
	if err != nil || from != "twin@2.0.0" || to != "twin@1.0.0" {
		t.Errorf("%v: from %s to %s", err, from, to)
	}
	if got := counts(); got != "twin@1.0.0 of twin@1.0.0" {
		t.Errorf("rolled back: %s", got)
	}
	if _, _, err := RollBackModel(home, "twin"); err == nil || !strings.Contains(err.Error(), "validate it first") {
		t.Errorf("there is nothing before it: %v", err)
	}
	if name, err := PinModel(home, "twin@1.1.0"); err != nil || name != "twin@1.1.0" || counts() != "twin@1.1.0 of twin@1.1.0" {
		t.Errorf("pinned: %v, %s", err, counts())
	}
}

// A peer gives signed packages to whoever knows their digest, and nothing else.
func TestFetchFromPeer(t *testing.T) {
	home, other := t.TempDir(), t.TempDir()
	source := t.TempDir()
	folder := twin(t, source, "twin", "1.0.0", nil)
	signed, err := SignModel(home, folder, "")
	if err != nil || !signed.NewKey {
		t.Fatalf("%v %+v", err, signed)
	}
	if _, err := FetchModel(t.Context(), ModelFetch{Home: home, Ref: folder}); err != nil {
		t.Fatal(err)
	}
	unsigned, err := FetchModel(t.Context(), ModelFetch{Home: home, Ref: twin(t, source, "bare", "1.0.0", nil), Unsigned: true})
	if err != nil {
		t.Fatal(err)
	}
	packages, err := OpenStore(home)
	if err != nil {
		t.Fatal(err)
	}
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	h, err := p2p.NewHost(key, []string{"/ip4/127.0.0.1/tcp/0"}, p2p.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, h.Close) })
	serveModels(h, packages)
	at := func(d models.Digest) string {
		return "peer:" + h.Addrs()[0].String() + "/p2p/" + h.ID().String() + "/" + d.String()
	}
	got, err := FetchModel(t.Context(), ModelFetch{Home: other, Ref: at(signed.Package)})
	if err != nil || got.Digest != signed.Package || got.Publisher != signed.Publisher {
		t.Fatalf("%v %+v", err, got)
	}
	if c, err := VerifyModel(other, "twin"); err != nil || !c.Signed {
		t.Errorf("%v %+v", err, c)
	}
	from, err := dialModels(t.Context(), strings.TrimPrefix(at(signed.Package), peerPrefix))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for _, name := range []string{".fact.json", "../../state.json", "/etc/passwd", ""} {
		if body, _, err := from.Open(t.Context(), name, 0); err == nil {
			_ = body.Close()
			t.Errorf("%q was given away", name)
		}
	}
	from.digest = unsigned.Digest
	if _, _, err := from.Open(t.Context(), models.ManifestFile, 0); err == nil || !strings.Contains(err.Error(), "no signed package") {
		t.Errorf("an unsigned package: %v", err)
	}
	for _, ref := range []string{"peer:", "peer:/ip4/127.0.0.1/tcp/1", "peer:/ip4/127.0.0.1/tcp/1/" + signed.Package.String(), "peer:x/y"} {
		if _, err := FetchModel(t.Context(), ModelFetch{Home: other, Ref: ref}); err == nil || !strings.Contains(err.Error(), "write peer:") {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

func TestFetchFromWebServer(t *testing.T) {
	home := t.TempDir()
	folder := twin(t, t.TempDir(), "twin", "1.0.0", nil)
	web := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(folder))))
	defer web.Close()
	signed, err := SignModel(home, folder, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		request ModelFetch
		want    string
	}{
		{ModelFetch{Home: t.TempDir(), Ref: web.URL + "/twin-1.0.0"}, "is not trusted here"},
		{ModelFetch{Home: t.TempDir(), Ref: web.URL + "/twin-1.0.0", Digest: models.DigestOf(nil)}, "right reference"},
		{ModelFetch{Home: t.TempDir(), Ref: web.URL + "/twin-1.0.0", Digest: signed.Package}, ""},
		{ModelFetch{Home: home, Ref: web.URL + "/twin-1.0.0"}, ""}, // the home's own key
		{ModelFetch{Home: t.TempDir(), Ref: web.URL + "/absent"}, "check the reference"},
		{ModelFetch{Home: t.TempDir(), Ref: web.URL + "/absent.tar"}, "check the address"},
	} {
		r, err := FetchModel(t.Context(), c.request)
		if c.want == "" && (err != nil || r.Digest != signed.Package) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v; want %q", c.request.Ref, err, c.want)
		}
	}
}

func TestSigning(t *testing.T) {
	home := t.TempDir()
	folder := twin(t, t.TempDir(), "twin", "1.0.0", nil)
	first, err := SignModel(home, folder, "")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(PublisherKeyPath(home))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key can be read by others: %v %v", err, info.Mode())
	}
	again, err := SignModel(home, folder, "")
	if err != nil || again.NewKey || again.Package != first.Package {
		t.Errorf("%v %+v, first %+v", err, again, first)
	}
	if _, err := SignModel(t.TempDir(), folder, ""); err == nil || !strings.Contains(err.Error(), "another publisher") {
		t.Errorf("somebody else signed it: %v", err)
	}
	if _, err := SignModel(home, folder, filepath.Join(home, "nowhere")); err == nil || !strings.Contains(err.Error(), "--key") {
		t.Errorf("a key that is not there: %v", err)
	}
	if _, err := SignModel(home, t.TempDir(), ""); err == nil || !strings.Contains(err.Error(), models.ManifestFile) {
		t.Errorf("no package: %v", err)
	}
}

// An example holds nothing that names the patient whose scan it was.
func TestExampleIsDeidentified(t *testing.T) {
	dir := t.TempDir()
	folder := twin(t, dir, "twin", "1.0.0", func(m *models.Manifest, _ *inference.Findings) { m.Example = nil })
	study := filepath.Join(dir, "study.zip")
	if err := os.WriteFile(study, testdata.SmallStudy(), 0o600); err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(dir, "picture.png")
	e, err := MakeExample(t.Context(), folder, study, picture, ModelBench{})
	if err != nil || len(e.Findings.Segments) != 2 || e.Picture != picture {
		t.Fatalf("%v %+v", err, e)
	}
	for _, name := range []string{exampleStudy, exampleFindings} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if found := identifiersIn(t, data); len(found) > 0 {
			t.Errorf("%s holds %v", name, found)
		}
	}
	verdicts, err := ValidateModel(t.Context(), t.TempDir(), folder, []string{"cpu"}, ModelBench{}, func(string) {})
	if err != nil || !verdicts[0].Passed {
		t.Errorf("its own example: %v %+v", err, verdicts)
	}
	before, err := os.ReadFile(filepath.Join(folder, models.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	// The same tar again changes nothing: what go generate does to the reference model.
	if _, err := MakeExample(t.Context(), folder, filepath.Join(folder, exampleStudy), "", ModelBench{}); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(filepath.Join(folder, models.ManifestFile)); err != nil || string(after) != string(before) {
		t.Errorf("%v: the manifest changed to %s", err, after)
	}
}
