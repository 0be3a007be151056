package clinic

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

func someFiles() []dcm.File {
	return []dcm.File{{Name: segmentationFile, Data: []byte("seg")}, {Name: overlayFile, Data: []byte("png")}, {Name: findingsFile, Data: []byte("{}")}}
}

func newDelivery(t *testing.T) *Delivery {
	t.Helper()
	d, err := NewDelivery(newVault(t), filepath.Join(t.TempDir(), "results"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func deliver(t *testing.T, d *Delivery, task models.Digest) Delivered {
	t.Helper()
	done, err := d.Deliver(task, someFiles())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// whole checks that exactly the task's folder is there, with all its files.
func whole(t *testing.T, d *Delivery, done Delivered) {
	t.Helper()
	entries, err := os.ReadDir(d.root)
	if err != nil || len(entries) != 1 || filepath.Join(d.root, entries[0].Name()) != done.Folder {
		t.Fatalf("the delivery folder holds %v (%v), want %s alone", entries, err, done.Folder)
	}
	for _, f := range someFiles() {
		if data, err := os.ReadFile(filepath.Join(done.Folder, f.Name)); err != nil || string(data) != string(f.Data) {
			t.Errorf("%s: %q, %v", f.Name, data, err)
		}
	}
}

func TestDeliveryHappensOnce(t *testing.T) {
	d, task := newDelivery(t), models.DigestOf([]byte("task"))
	if _, ok, err := d.Find(task); ok || err != nil {
		t.Errorf("before the delivery: found %v, %v", ok, err)
	}
	one := deliver(t, d, task)
	if found, ok, err := d.Find(task); !ok || err != nil || found.Folder != one.Folder {
		t.Errorf("after the delivery: found %v, %v, %v", found, ok, err)
	}
	if one.Again {
		t.Error("the first delivery says that it is not the first")
	}
	whole(t, d, one)
	if two := deliver(t, d, task); !two.Again || two.Folder != one.Folder {
		t.Errorf("the second delivery says %v", two)
	}
	if err := os.RemoveAll(one.Folder); err != nil { // the PACS took it
		t.Fatal(err)
	}
	if three := deliver(t, d, task); !three.Again {
		t.Error("a folder that was taken away is delivered again")
	}
	if _, err := os.Stat(one.Folder); !errors.Is(err, os.ErrNotExist) {
		t.Error("a folder that was taken away came back")
	}
	if _, err := d.Deliver(task, someFiles()[:1]); !errors.Is(err, ErrOtherResult) {
		t.Errorf("another result: got %v", err)
	}
}

// A process that was killed between any two steps goes on where it stood.
func TestDeliveryGoesOnAfterAKill(t *testing.T) {
	task := models.DigestOf([]byte("task"))
	content, err := contentOf(someFiles())
	if err != nil {
		t.Fatal(err)
	}
	staged := func(t *testing.T, d *Delivery) {
		if err := d.stage(task, someFiles(), content); err != nil {
			t.Fatal(err)
		}
	}
	for name, until := range map[string]func(t *testing.T, d *Delivery){
		"half staged": func(t *testing.T, d *Delivery) {
			if err := errors.Join(os.Mkdir(d.staging(task), 0o700), os.WriteFile(filepath.Join(d.staging(task), segmentationFile), []byte("s"), 0o600)); err != nil {
				t.Fatal(err)
			}
		},
		"staged": staged,
		"renamed": func(t *testing.T, d *Delivery) {
			staged(t, d)
			if err := os.Rename(d.staging(task), d.folder(task)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDelivery(t)
			until(t, d)
			whole(t, d, deliver(t, d, task))
			if !deliver(t, d, task).Again {
				t.Error("it is delivered twice")
			}
		})
	}
	t.Run("renamed and taken", func(t *testing.T) {
		d := newDelivery(t)
		staged(t, d)
		if err := os.RemoveAll(d.staging(task)); err != nil {
			t.Fatal(err)
		}
		done := deliver(t, d, task)
		if _, err := os.Stat(done.Folder); !errors.Is(err, os.ErrNotExist) {
			t.Error("what somebody took away is delivered again")
		}
	})
}

// A kill between the record of a delivery and the end of its notice leaves both; whoever
// asks next takes the notice away.
func TestNoticeBesideAResultGoes(t *testing.T) {
	for name, ask := range map[string]func(*Delivery, models.Digest) (bool, error){
		"found": func(d *Delivery, task models.Digest) (bool, error) { _, ok, err := d.Find(task); return ok, err },
		"delivered again": func(d *Delivery, task models.Digest) (bool, error) {
			done, err := d.Deliver(task, someFiles())
			return done.Again, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, task := newDelivery(t), models.DigestOf([]byte("task"))
			notice, err := d.Notify(task, someFiles())
			if err != nil {
				t.Fatal(err)
			}
			content, err := contentOf(someFiles())
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(d.stage(task, someFiles(), content), os.Rename(d.staging(task), d.folder(task)), d.setRecord(task, deliveryRecord{statePlaced, content})); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(notice); err != nil {
				t.Fatal(err)
			}
			if there, err := ask(d, task); err != nil || !there {
				t.Fatalf("the result is there: %v, %v", there, err)
			}
			whole(t, d, Delivered{Folder: d.folder(task)})
		})
	}
}

func TestDeliveryTakesPlainNamesOnly(t *testing.T) {
	d := newDelivery(t)
	for name, files := range map[string][]dcm.File{
		"none":     nil,
		"a path":   {{Name: "../seg.dcm"}},
		"absolute": {{Name: "/seg.dcm"}},
		"a folder": {{Name: ".."}},
		"twice":    {{Name: "seg.dcm"}, {Name: "seg.dcm"}},
		"no name":  {{Name: ""}},
	} {
		if _, err := d.Deliver(models.DigestOf([]byte(name)), files); err == nil {
			t.Errorf("%s: it is delivered", name)
		}
	}
}

// The folder of the results may name a patient, and errors end in logs.
func TestDeliveryErrorsNameNoFolder(t *testing.T) {
	const patient = "DOE^JANE"
	task := models.DigestOf([]byte("task"))
	vault := newVault(t)
	occupied := filepath.Join(t.TempDir(), patient)
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, unopened := NewDelivery(vault, filepath.Join(occupied, "results"))
	d := &Delivery{vault: vault, root: occupied} // a file now stands where the folder was
	_, unplaced := d.Deliver(task, someFiles())
	_, unsaid := d.Notify(task, someFiles())
	d.root = filepath.Join(t.TempDir(), patient)
	if err := os.MkdirAll(filepath.Join(d.folder(task), "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, unmoved := d.Deliver(task, someFiles())
	for step, err := range map[string]error{"open": unopened, "deliver": unplaced, "notify": unsaid, "rename": unmoved} {
		if err == nil || strings.Contains(err.Error(), "DOE") || !strings.Contains(err.Error(), "check") {
			t.Errorf("%s: %v; want an error without the folder that says what to do", step, err)
		}
	}
}
