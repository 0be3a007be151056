package inference_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

func sample() inference.Result {
	return inference.Result{
		Findings: inference.Findings{Model: "m", Version: "1.0.0", Provider: "cpu", Runtime: "1.30.0", SeriesUID: "1.2.3", Weights: models.DigestOf(nil),
			Segments: []inference.Segment{{Label: 1, Name: "White matter", Code: models.Code{Value: "1", Scheme: "SCT", Meaning: "x"}, VoxelCount: 7, VolumeML: 0.007}},
			Measurements: []inference.Measurement{{Kind: models.MeasureVolume, Label: 1, Value: 0.007,
				Code: models.Code{Value: "118565006", Scheme: "SCT", Meaning: "Volume"}, Unit: models.Code{Value: "ml", Scheme: "UCUM", Meaning: "ml"}}},
			Probabilities: []inference.Probability{{Name: "Bleeding", Code: &models.Code{Value: "2", Scheme: "SCT", Meaning: "y"}, Value: 0.25}},
			Boxes:         []inference.Box{{Name: "Nodule", Score: 0.5, Min: [3]float64{-1, 2, 3}, Max: [3]float64{4, 5, 6}}},
			Outcome:       inference.Completed,
			Phases:        map[string]time.Duration{"reading": time.Second}},
		Files: []dicom.File{{Name: "seg.dcm", Data: []byte("seg")}, {Name: "overlay.png", Data: []byte{}}},
	}
}

func TestResultRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := sample()
		r.Files = nil
		for i := range rapid.IntRange(0, 5).Draw(rt, "files") {
			r.Files = append(r.Files, dicom.File{Name: fmt.Sprintf("f%d.bin", i), Data: rapid.SliceOfN(rapid.Byte(), 1, 2000).Draw(rt, "data")})
		}
		text, err := r.Encode()
		if err != nil {
			rt.Fatal(err)
		}
		again, _ := r.Encode()
		if !bytes.Equal(text, again) {
			rt.Fatal("two encodings differ")
		}
		back, err := inference.DecodeResult(text)
		if err != nil || !reflect.DeepEqual(back.Findings, r.Findings) || len(back.Files) != len(r.Files) {
			rt.Fatalf("%v: %+v", err, back)
		}
		for i, f := range back.Files {
			if f.Name != r.Files[i].Name || !bytes.Equal(f.Data, r.Files[i].Data) {
				rt.Fatalf("file %d differs", i)
			}
		}
	})
}

// archive writes entries without any check.
func archive(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range entries {
		content := h.Uname // carries the content here
		h.Uname, h.Size = "", int64(len(content))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func findings(bend func(*inference.Findings)) string {
	f := sample().Findings
	bend(&f)
	text, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestDecodeResultTrustsNothing(t *testing.T) {
	entry := func(name, content string) tar.Header {
		return tar.Header{Typeflag: tar.TypeReg, Name: name, Uname: content, Mode: 0o600}
	}
	whole := findings(func(*inference.Findings) {})
	good := archive(t, entry("findings.json", whole), entry("seg.dcm", "x"))
	if _, err := inference.DecodeResult(good); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	many := []tar.Header{entry("findings.json", whole)}
	for i := range 20 {
		many = append(many, entry(fmt.Sprintf("f%d", i), "x"))
	}
	for name, data := range map[string][]byte{
		"empty":              nil,
		"noise":              bytes.Repeat([]byte{7}, 4096),
		"cut short":          good[:700],
		"findings not first": archive(t, entry("seg.dcm", "x"), entry("findings.json", whole)),
		"twice":              archive(t, entry("findings.json", whole), entry("findings.json", whole)),
		"upwards":            archive(t, entry("findings.json", whole), entry("../seg.dcm", "x")),
		"absolute":           archive(t, entry("findings.json", whole), entry("/seg.dcm", "x")),
		"hidden":             archive(t, entry("findings.json", whole), entry(".profile", "x")),
		"link":               archive(t, entry("findings.json", whole), tar.Header{Typeflag: tar.TypeSymlink, Name: "seg.dcm", Linkname: "/etc/passwd"}),
		"many files":         archive(t, many...),
		"no JSON":            archive(t, entry("findings.json", "hello")),
		"unknown key":        archive(t, entry("findings.json", `{"patient": "x"}`)),
		"long findings":      archive(t, entry("findings.json", whole+strings.Repeat(" ", 2<<20))),
		"long provider":      archive(t, entry("findings.json", findings(func(f *inference.Findings) { f.Provider = strings.Repeat("x", 41) }))),
		"negative voxels":    archive(t, entry("findings.json", findings(func(f *inference.Findings) { f.Segments[0].VoxelCount = -1 }))),
		"negative volume":    archive(t, entry("findings.json", findings(func(f *inference.Findings) { f.Segments[0].VolumeML = -1 }))),
		"absurd volume":      archive(t, entry("findings.json", findings(func(f *inference.Findings) { f.Segments[0].VolumeML = 1e12 }))),
		"many phases":        archive(t, entry("findings.json", findings(func(f *inference.Findings) { f.Phases = manyPhases() }))),
		"many segments":      archive(t, entry("findings.json", findings(func(f *inference.Findings) { f.Segments = make([]inference.Segment, 257) }))),
	} {
		if _, err := inference.DecodeResult(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, bend := range map[string]func(*inference.Findings){
		"unknown outcome":       func(f *inference.Findings) { f.Outcome = "perhaps" },
		"completed with reason": func(f *inference.Findings) { f.Reason = "why not" },
		"failed with figures":   func(f *inference.Findings) { f.Outcome, f.Reason = inference.Failed, "x" },
		"failed for no reason": func(f *inference.Findings) {
			*f = inference.Findings{Model: "m", Version: "1.0.0", Outcome: inference.Failed}
		},
		"unknown measurement":     func(f *inference.Findings) { f.Measurements[0].Kind = "mood" },
		"absurd measurement":      func(f *inference.Findings) { f.Measurements[0].Value = -1e12 },
		"many measurements":       func(f *inference.Findings) { f.Measurements = make([]inference.Measurement, 257) },
		"probability above one":   func(f *inference.Findings) { f.Probabilities[0].Value = 1.01 },
		"negative probability":    func(f *inference.Findings) { f.Probabilities[0].Value = -0.01 },
		"many probabilities":      func(f *inference.Findings) { f.Probabilities = make([]inference.Probability, 257) },
		"score above one":         func(f *inference.Findings) { f.Boxes[0].Score = 2 },
		"box inside out":          func(f *inference.Findings) { f.Boxes[0].Min[1] = 9 },
		"box beyond any scanner":  func(f *inference.Findings) { f.Boxes[0].Max[0] = 1e9 },
		"box before any scanner":  func(f *inference.Findings) { f.Boxes[0].Min[0] = -1e9 },
		"more boxes than allowed": func(f *inference.Findings) { f.Boxes = make([]inference.Box, 1001) },
	} {
		if _, err := inference.DecodeResult(archive(t, entry("findings.json", findings(bend)))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	// JSON has no NaN, but numbers that Go can't hold.
	if _, err := inference.DecodeResult(archive(t, entry("findings.json", strings.Replace(whole, "0.007", "1e999", 1)))); err == nil {
		t.Error("an infinite figure: accepted")
	}
	failed := findings(func(f *inference.Findings) {
		*f = inference.Findings{Model: "m", Version: "1.0.0", Outcome: inference.NotApplicable, Reason: "the image is empty"}
	})
	if _, err := inference.DecodeResult(archive(t, entry("findings.json", failed))); err != nil {
		t.Errorf("an analysis that did not complete: %v", err)
	}
}

func manyPhases() map[string]time.Duration {
	phases := map[string]time.Duration{}
	for n := range 17 {
		phases[fmt.Sprint(n)] = 0
	}
	return phases
}

// Whatever a stranger wrote into the findings will stand on somebody's terminal.
func TestDecodeResultTakesNoTextThatCantBePrinted(t *testing.T) {
	for where, put := range map[string]func(f *inference.Findings, text string){
		"model":        func(f *inference.Findings, text string) { f.Model = text },
		"version":      func(f *inference.Findings, text string) { f.Version = text },
		"provider":     func(f *inference.Findings, text string) { f.Provider = text },
		"runtime":      func(f *inference.Findings, text string) { f.Runtime = text },
		"series UID":   func(f *inference.Findings, text string) { f.SeriesUID = text },
		"phase":        func(f *inference.Findings, text string) { f.Phases[text] = time.Second },
		"segment":      func(f *inference.Findings, text string) { f.Segments[0].Name = text },
		"code":         func(f *inference.Findings, text string) { f.Segments[0].Code.Value = text },
		"code scheme":  func(f *inference.Findings, text string) { f.Segments[0].Code.Scheme = text },
		"code meaning": func(f *inference.Findings, text string) { f.Segments[0].Code.Meaning = text },
		"concept":      func(f *inference.Findings, text string) { f.Measurements[0].Code.Meaning = text },
		"unit":         func(f *inference.Findings, text string) { f.Measurements[0].Unit.Value = text },
		"class":        func(f *inference.Findings, text string) { f.Probabilities[0].Name = text },
		"class code":   func(f *inference.Findings, text string) { f.Probabilities[0].Code.Scheme = text },
		"box":          func(f *inference.Findings, text string) { f.Boxes[0].Name = text },
		"reason": func(f *inference.Findings, text string) {
			*f = inference.Findings{Model: "m", Outcome: inference.Failed, Reason: strings.Repeat(text, 3)}
		},
	} {
		for what, text := range map[string]string{
			"escape sequence": "\x1b[2Jx", "eight-bit escape": "\u009b2Jx", "new line": "a\nb", "bell": "a\ab", "NUL": "a\x00b", "delete": "a\x7fb",
			"right to left": "a\u202eb", "line separator": "a\u2028b", "endless": strings.Repeat("x", 201),
		} {
			r := sample()
			put(&r.Findings, text)
			data, err := r.Encode()
			if err != nil {
				t.Fatal(err)
			}
			_, err = inference.DecodeResult(data)
			if err == nil {
				t.Errorf("%s as %s: accepted", what, where)
			} else if strings.Contains(err.Error(), text) {
				t.Errorf("%s as %s: the error repeats it", what, where)
			}
		}
		r := sample()
		put(&r.Findings, "Großhirn – 大脑, a²")
		data, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := inference.DecodeResult(data); err != nil {
			t.Errorf("a text in any script as %s: %v", where, err)
		}
	}
}

func FuzzDecodeResult(f *testing.F) {
	text, err := sample().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := inference.DecodeResult(data)
		if err != nil {
			return
		}
		if _, err := r.Encode(); err != nil {
			t.Fatalf("an accepted result can't be written: %v", err)
		}
	})
}

// FuzzFindings reaches the figures behind the archive: what is accepted is within bounds
// and comes back as it was.
func FuzzFindings(f *testing.F) {
	f.Add([]byte(findings(func(*inference.Findings) {})))
	f.Add([]byte(`{"outcome":"failed","reason":"x"}`))
	f.Add([]byte(`{"boxes":[{"score":1e-400,"min":[1,2,3],"max":[1,2,3,4]}],"measurements":[{"kind":"value","value":-0}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := inference.DecodeResult(archive(t, tar.Header{Typeflag: tar.TypeReg, Name: "findings.json", Uname: string(text), Mode: 0o600}))
		if err != nil {
			return
		}
		for _, p := range r.Findings.Probabilities {
			if !(p.Value >= 0 && p.Value <= 1) {
				t.Fatalf("probability %v", p.Value)
			}
		}
		again, err := r.Encode()
		if err != nil {
			t.Fatalf("an accepted result can't be written: %v", err)
		}
		back, err := inference.DecodeResult(again)
		if err != nil {
			t.Fatalf("an accepted result is refused once written: %v", err)
		}
		if twice, err := back.Encode(); err != nil || !bytes.Equal(again, twice) {
			t.Fatalf("written twice, it differs: %v", err)
		}
	})
}
