package canary_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

// shelf is a store of references, and a way to open it anew.
func shelf(t testing.TB, path string) (*canary.References, *bbolt.DB) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := canary.NewReferences(db)
	if err != nil {
		t.Fatal(err)
	}
	return r, db
}

// shaded is a result with some voxels of the first frames given to nobody.
func shaded(t testing.TB, r inference.Result, bytes int) inference.Result {
	t.Helper()
	at := slices.IndexFunc(r.Files, func(f dicom.File) bool { return f.Name == inference.SegmentationFile })
	o, err := dicom.Parse(r.Files[at], dicom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	pixels := slices.Clone(o.Pixels)
	for n := range pixels {
		if bytes > 0 && pixels[n] != 0 {
			pixels[n] = 0
			bytes--
		}
	}
	data, err := dicom.Encode(o.Dataset, pixels)
	if err != nil {
		t.Fatal(err)
	}
	r.Files = slices.Clone(r.Files)
	r.Files[at].Data = data
	return r
}

// bytesApart shades the result so that the worst structure's Dice is about that.
func bytesApart(t testing.TB, m models.Manifest, r inference.Result, dice uint32) inference.Result {
	t.Helper()
	for bytes := 8; ; bytes += bytes / 4 {
		other := shaded(t, r, bytes)
		if f, _, _ := canary.Compare(m, r, other); f.DicePPM < dice {
			return other
		}
	}
}

func TestReferences(t *testing.T) {
	a := newAsked(t, 0)
	m := a.pkg.Manifest
	truth := a.result(t, example(t), false)
	near := bytesApart(t, m, truth, 985_000) // outside of 0.99, within what a class of its own may be
	far := bytesApart(t, m, truth, 600_000)
	path := filepath.Join(t.TempDir(), "references.db")
	r, db := shelf(t, path)
	id := canary.ReferenceID{Study: models.DigestOf(example(t)), Model: a.pkg.Digest(), Provider: "cpu"}
	webgpu := id
	webgpu.Provider = "webgpu"
	judge := func(id canary.ReferenceID, operator string, result inference.Result) canary.Opinion {
		t.Helper()
		o, err := r.Judge(m, canary.Sample{ReferenceID: id, Operator: operator}, encoded(t, result))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	expect := func(step string, o canary.Opinion, j attest.Judgement, reason string, against []byte) {
		t.Helper()
		want := models.Digest{}
		if against != nil {
			want = models.DigestOf(against)
		}
		if o.Judgement != j || o.Reason != reason || models.Digest(o.Against) != want {
			t.Fatalf("%s: %s (%s) against %x; want %s (%s) against %x", step, o.Judgement, o.Reason, o.Against[:4], j, reason, want[:4])
		}
	}
	expect("before there is a reference", judge(id, "a", truth), attest.JudgedUnchecked, canary.ReasonNoReference, nil)
	own := encoded(t, truth)
	for range 2 { // a coordinator that stops between keeping and sending keeps it again
		if err := r.Own(id, own); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Own(id, encoded(t, near)); err == nil {
		t.Fatal("a reference was replaced")
	}
	expect("an honest node", judge(id, "a", truth), attest.JudgedValid, "", own)
	expect("a CPU that differs", judge(id, "a", near), attest.JudgedInvalid, canary.ReasonStructure, own)
	expect("another class that agrees", judge(webgpu, "a", truth), attest.JudgedValid, "", own)
	expect("another class, far off", judge(webgpu, "a", far), attest.JudgedInvalid, canary.ReasonStructure, own)
	expect("the first of a class", judge(webgpu, "a", near), attest.JudgedUnchecked, canary.ReasonOneWitness, nil)
	expect("the same operator again", judge(webgpu, "a", near), attest.JudgedUnchecked, canary.ReasonOneWitness, nil)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r, db = shelf(t, path) // what was heard outlives a restart
	expect("a second operator", judge(webgpu, "b", near), attest.JudgedValid, "", encoded(t, near))
	expect("the class's own reference", judge(webgpu, "a", near), attest.JudgedValid, "", encoded(t, near))
	expect("who agrees with the CPU is never wrong", judge(webgpu, "c", truth), attest.JudgedValid, "", own)
	expect("who agrees with neither is", judge(webgpu, "c", far), attest.JudgedInvalid, canary.ReasonStructure, encoded(t, near))
	if err := r.Forget(id.Study); err != nil {
		t.Fatal(err)
	}
	expect("once it is over", judge(webgpu, "a", near), attest.JudgedUnchecked, canary.ReasonNoReference, nil)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReferencesRefuse(t *testing.T) {
	r, db := shelf(t, filepath.Join(t.TempDir(), "references.db"))
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	whole := canary.ReferenceID{Study: [32]byte{1}, Model: models.Digest{1}, Provider: "cpu"}
	for name, id := range map[string]canary.ReferenceID{
		"no study": {Model: whole.Model, Provider: "cpu"}, "no model": {Study: whole.Study, Provider: "cpu"}, "no provider": {Study: whole.Study, Model: whole.Model},
		"a long one": {Study: whole.Study, Model: whole.Model, Provider: strings.Repeat("x", canary.MaxProviderBytes+1)},
	} {
		if err := r.Own(id, nil); err == nil {
			t.Errorf("%s: kept", name)
		}
	}
	if err := r.Own(whole, []byte("a letter")); err == nil {
		t.Error("a letter became a reference")
	}
	for _, operator := range []string{"", strings.Repeat("x", canary.MaxOperatorBytes+1)} {
		if _, err := r.Judge(models.Manifest{}, canary.Sample{ReferenceID: whole, Operator: operator}, nil); err == nil {
			t.Errorf("an operator of %d bytes was heard", len(operator))
		}
	}
	o, err := r.Judge(models.Manifest{}, canary.Sample{ReferenceID: whole, Operator: "a"}, []byte("a letter"))
	if err != nil || o.Judgement != attest.JudgedUnchecked {
		t.Errorf("%+v, %v: nothing was there to judge by", o, err)
	}
}
