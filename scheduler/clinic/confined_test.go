package clinic

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// playReader is a confined child: an honest one, or one that a file has taken over.
func playReader(kind string) error {
	acts := map[string]func(in io.Reader, out io.Writer) error{
		"reader": serve,
		"reader-panics": func(in io.Reader, _ io.Writer) error {
			if _, _, err := hear(in, dcm.DefaultLimits(), wordIntake, wordRestore); err != nil {
				return err
			}
			var none []int
			none[0]++
			return nil
		},
		"reader-hangs": func(io.Reader, io.Writer) error { select {} },
		"reader-babbles": func(in io.Reader, out io.Writer) error {
			_, err := out.Write([]byte("hello, I am a shell\n"))
			return errors.Join(err, untilEnd(in))
		},
		"reader-lies": func(in io.Reader, out io.Writer) error {
			return errors.Join(sendJSON(out, wordFacts, facts{StudyUID: "1.2", SeriesUID: "1.3", Modality: "MR", Rows: 1 << 30}), untilEnd(in))
		},
		"reader-shouts": func(in io.Reader, out io.Writer) error {
			m := refusalMessage{Text: "\x1b]0;owned\a" + strings.Repeat("x", 9000), What: "\x1b[2Jclean", Do: "send money"}
			return errors.Join(sendJSON(out, wordRefusal, m), untilEnd(in))
		},
	}
	if deed, smuggles := strings.CutPrefix(kind, "reader-smuggles "); smuggles {
		return runner.ServeCell(os.Stdin, os.Stdout, func(in io.Reader, out io.Writer) error { return playSmuggler(in, out, deeds()[deed]) })
	}
	return runner.ServeCell(os.Stdin, os.Stdout, acts[kind])
}

// confined is d with a child of the kind.
func confined(t testing.TB, d *Door, kind string) *Door {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return d.Confined(Confine{Command: []string{program, kind}, Timeout: time.Minute})
}

func takeInApart(t testing.TB, d *Door, path string, pkg models.Package) *Study {
	t.Helper()
	study, err := d.Intake(t.Context(), path, pkg.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := study.Close(); err != nil {
			t.Error(err)
		}
	})
	return study
}

// What a confined child reads is what this process would have read, to the last byte, and
// so is what it restores.
func TestConfinedReadsAndRestoresTheSame(t *testing.T) {
	folder := t.TempDir()
	for n, data := range sourceBytes(t, smallStudy) {
		if err := os.WriteFile(filepath.Join(folder, string(rune('a'+n))), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		path   string
		pkg    models.Package
		policy Policy
	}{
		"a zip":             {smallStudy, measuring(t, nil), Policy{}},
		"a folder":          {folder, measuring(t, nil), Policy{}},
		"a picture":         {radiograph(t), pictureModel(t), Policy{}},
		"frames of a study": {enhancedFolder(t, "MR"), measuring(t, nil), Policy{}},
		"under a policy": {folder, measuring(t, func(m *models.Manifest) {
			m.AllowedAttrs = append(m.AllowedAttrs, "StudyDate", "PatientAge", "DeviceSerialNumber")
		}),
			Policy{RetainDates: true, RetainDevice: true, RetainCharacteristics: true, Private: []PrivateAttribute{{0x0029, "WUNIBALD MEDCOM", 0x11}},
				Redactions: []Redaction{{X: 3, Y: 3, Width: 4, Height: 4}}}},
	} {
		t.Run(name, func(t *testing.T) {
			near := newDoor(t).WithNamespaces(Namespaces{Patient: "urn:oid:1.2.3.99"}).Under(c.policy)
			apart := confined(t, near, "reader")
			here, there := takeInApart(t, near, c.path, c.pkg), takeInApart(t, apart, c.path, c.pkg)
			if !reflect.DeepEqual(here.facts, there.facts) {
				t.Errorf("the child read\n%+v\nthis process\n%+v", there.facts, here.facts)
			}
			one := prepare(t, near, here, c.pkg)
			vaulted, err := near.vault.Get(one.Task)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // an order can be given again
				two := prepare(t, apart, there, c.pkg)
				if two.Task != one.Task || !bytes.Equal(two.Payload, one.Payload) || two.Instances != one.Instances {
					t.Error("the child's payload is another one")
				}
			}
			if id, err := near.vault.Get(one.Task); err != nil || !reflect.DeepEqual(id, vaulted) {
				t.Errorf("the vault holds another identity (%v)", err)
			}
			if c.pkg.Manifest.Axes() == 2 {
				return
			}
			result := reported(t, one.Payload, c.pkg)
			want := restored(t, near, one.Task, result)
			got := restored(t, apart, one.Task, result)
			for name, data := range want {
				if !bytes.Equal(got[name], data) {
					t.Errorf("%s is restored otherwise", name)
				}
			}
			if len(got) != len(want) || len(want) != 7 {
				t.Errorf("%d files, in this process %d", len(got), len(want))
			}
		})
	}
}

func TestConfinedRefusesInTheSameWords(t *testing.T) {
	near := newDoor(t)
	apart := confined(t, near, "reader")
	pkg := packageFor(t, 2)
	for _, name := range []string{"not-dicom.zip", "truncated-slice.zip", "missing-slice.zip", "wrong-modality.zip", "absurd-length.dcm"} {
		path := filepath.Join("../../testdata/bad", name)
		_, want := near.Intake(t.Context(), path, pkg.Manifest)
		_, got := apart.Intake(t.Context(), path, pkg.Manifest)
		if !refused(got) || got.Error() != want.Error() {
			t.Errorf("%s: %v; in this process %v", name, got, want)
		}
	}
	if _, err := apart.Intake(t.Context(), filepath.Join(t.TempDir(), "none"), pkg.Manifest); !refused(err) {
		t.Errorf("a path that is not there: %v", err)
	}
	ready := prepare(t, near, takeIn(t, smallStudy, pkg), pkg)
	result := answer(t, ready.Payload, pkg)
	result.Files[0].Data = result.Files[0].Data[:1000]
	_, want := near.Restore(t.Context(), ready.Task, result, stamp())
	if _, got := apart.Restore(t.Context(), ready.Task, result, stamp()); !refused(got) || got.Error() != want.Error() {
		t.Errorf("a cut segmentation: %v; in this process %v", got, want)
	}
}

// Whatever becomes of the child, the daemon gets words.
func TestChildrenThatMisbehaveAreRefusals(t *testing.T) {
	near, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, near, takeIn(t, smallStudy, pkg), pkg)
	result := answer(t, ready.Payload, pkg)
	for kind, want := range map[string]string{
		"reader-panics": "broke the process", "reader-babbles": "broke the process", "reader-lies": "broke the process",
		"reader-shouts": "owned", "reader-hangs": "took too long",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := confined(t, near, kind)
			if kind == "reader-hangs" {
				d.child.Timeout = 2 * time.Second
			}
			for what, do := range map[string]func() error{
				"intake":  func() error { _, err := d.Intake(t.Context(), smallStudy, pkg.Manifest); return err },
				"restore": func() error { _, err := d.Restore(t.Context(), ready.Task, result, stamp()); return err },
			} {
				if kind == "reader-hangs" && what == "restore" {
					continue // no verdict yet: TestAReaderThatIsKilledIsNoVerdict
				}
				err := do()
				var refusal *dcm.Refusal
				if !errors.As(err, &refusal) || !strings.Contains(err.Error(), want) || refusal.Do == "" {
					t.Errorf("%s: %v; want a refusal that says %q", what, err, want)
				} else if len(err.Error()) > 3*maxTold || !readable(err.Error(), "LO") {
					t.Errorf("%s: %q is not fit to be shown", what, err)
				}
			}
		})
	}
}

// A clinic that can't start its reader blames no node.
func TestNoReaderIsNoVerdict(t *testing.T) {
	near, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, near, takeIn(t, smallStudy, pkg), pkg)
	result := answer(t, ready.Payload, pkg)
	d := near.Confined(Confine{Command: []string{"/does/not/exist"}})
	if _, err := d.Restore(t.Context(), ready.Task, result, stamp()); !errors.Is(err, ErrNotJudged) || refused(err) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := confined(t, near, "reader").Restore(ctx, ready.Task, result, stamp()); !errors.Is(err, ErrNotJudged) {
		t.Errorf("with the clinic going: %v", err)
	}
}

// aside is a child in this process, whose conversation is kept.
type aside struct {
	io.Reader
	io.Writer
	heard bytes.Buffer
	close func() error
}

func (a *aside) Close() error { return a.close() }

func (a *aside) Broken() error { return &runner.Failure{Reason: runner.Protocol, Detail: "it babbled"} }

func newAside(t testing.TB) *aside {
	t.Helper()
	in, toChild := io.Pipe()
	fromChild, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := serve(in, out)
		done <- errors.Join(err, out.Close())
	}()
	a := &aside{Reader: fromChild}
	a.Writer = io.MultiWriter(toChild, &a.heard)
	a.close = func() error { return errors.Join(toChild.Close(), <-done) }
	return a
}

// The child hears of one study, and of no key: with the clinic's secret it could connect
// every patient that was ever sent.
func TestTheChildGetsNoKey(t *testing.T) {
	dir, pkg := t.TempDir(), measuring(t, nil)
	v, err := OpenVault(filepath.Join(dir, "vault.db"), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, v)
	d := NewDoor(v, dcm.DefaultLimits(), stamp)
	whole, err := os.ReadFile(smallStudy)
	if err != nil {
		t.Fatal(err)
	}
	a := newAside(t)
	far := &remote{cell: a, limits: d.limits}
	f, err := far.intake(t.Context(), intakeMessage{Selection: pkg.Manifest.Selection, Limits: d.limits}, nil, whole)
	if err != nil {
		t.Fatal(err)
	}
	far.objects = f.Objects
	study := newStudy(f, pkg.Manifest.Selection, Policy{}, d.limits, far, newKnown())
	ready := prepare(t, d, study, pkg)
	if err := study.Close(); err != nil {
		t.Fatal(err)
	}
	id, err := v.Get(ready.Task)
	if err != nil {
		t.Fatal(err)
	}
	b := newAside(t)
	encoded, err := reported(t, ready.Payload, pkg).Encode()
	if err != nil {
		t.Fatal(err)
	}
	files, err := (&remote{cell: b, limits: d.limits}).restored(restoration{Identity: id, Task: ready.Task, Seed: models.DigestOf([]byte("seed")), Finished: stamp(), Limits: d.limits}, encoded)
	if err != nil || len(files) != 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	said := append(a.heard.Bytes(), b.heard.Bytes()...)
	if !bytes.Contains(said, []byte(id.Attributes[0].Values[0])) || !bytes.Contains(said, []byte(f.UIDs[0])) {
		t.Fatal("the conversation was not kept: the search proves nothing")
	}
	for _, name := range []string{vaultKeyFile, pseudonymKeyFile} {
		key, err := os.ReadFile(filepath.Join(dir, "keys", name))
		if err != nil {
			t.Fatal(err)
		}
		list, err := json.Marshal([SecretBytes]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{
			"as it is": string(key), "in hex": hex.EncodeToString(key), "in base 64": base64.StdEncoding.EncodeToString(key), "as numbers": string(list),
		} {
			if bytes.Contains(said, []byte(text)) {
				t.Errorf("the child was told %s, %s", name, form)
			}
		}
	}
}

// said is a child that has said everything it will.
type said struct{ *bytes.Reader }

func (said) Write(b []byte) (int, error) { return len(b), nil }
func (said) Close() error                { return nil }
func (said) Broken() error {
	return &runner.Failure{Reason: runner.Protocol, Detail: "it babbled"}
}

// Whatever a child says, the daemon neither panics nor believes what can't be.
func FuzzWhatAChildSays(f *testing.F) {
	var b bytes.Buffer
	one := facts{StudyUID: "1.2", SeriesUID: "1.3", Modality: "MR", Objects: 1, Rows: 2, Columns: 2, Instances: []Instance{{Class: mrImageStorage, UID: "1.4"}}}
	for _, err := range []error{sendJSON(&b, wordFacts, one), send(&b, wordInstance, []byte("object")), send(&b, wordDone, nil)} {
		if err != nil {
			f.Fatal(err)
		}
	}
	f.Add(b.Bytes(), false)
	b.Reset()
	for _, err := range []error{send(&b, wordName, []byte(segmentationFile)), send(&b, wordInstance, []byte("object")), send(&b, wordDone, nil)} {
		if err != nil {
			f.Fatal(err)
		}
	}
	f.Add(b.Bytes(), true)
	b.Reset()
	if err := sendJSON(&b, wordRefusal, refusalMessage{Text: "no", What: "no", Do: "nothing"}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), false)
	f.Fuzz(func(t *testing.T, answer []byte, restoring bool) {
		far := &remote{cell: said{bytes.NewReader(answer)}, limits: dcm.DefaultLimits(), log: slog.New(slog.DiscardHandler)}
		if restoring {
			if files, err := far.restored(restoration{}, nil); err == nil {
				for n, file := range files {
					if filepath.Base(file.Name) != file.Name || n >= len(deliverable()) {
						t.Errorf("file %d is %q", n, file.Name)
					}
				}
			}
			return
		}
		told, err := far.intake(context.Background(), intakeMessage{}, nil, []byte{})
		if err != nil {
			if err = far.understood(err, brokeStudy, exportAnew); !readable(err.Error(), "LO") {
				t.Errorf("%q is not fit to be shown", err)
			}
			return
		}
		if !told.valid() {
			t.Errorf("%+v was believed", told)
		}
		far.objects = told.Objects
		count := 0
		if err := far.strip(context.Background(), order{}, func([]byte) error { count++; return nil }); err == nil && count != told.Objects {
			t.Errorf("%d objects, %d were told of", count, told.Objects)
		}
	})
}

// What the child of its own costs: a T1 study from its zip to its payload, here and apart.
func BenchmarkTakeInT1(b *testing.B) {
	near, pkg := newDoor(b), packageFor(b, 60)
	for name, d := range map[string]*Door{"here": near, "apart": confined(b, near, "reader")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				study, err := d.Intake(b.Context(), t1Study, pkg.Manifest)
				if err != nil {
					b.Fatal(err)
				}
				prepare(b, d, study, pkg)
				if err := study.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
