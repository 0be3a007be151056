package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/clinic/dimse"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/testdata"
	"github.com/medhive/medhive/testdata/peers"
)

// scu sends by our own DIMSE client.
type scu struct {
	remote dimse.Remote

	mu    sync.Mutex // guards what follows
	calls int
	sent  map[string]int
}

func (s *scu) Send(ctx context.Context, list []outbox.Object, taken func(int) error) error {
	s.mu.Lock()
	s.calls++
	s.mu.Unlock()
	var objects []dimse.Object
	for _, o := range list {
		object, err := dimse.FileObject(o.Path)
		if err != nil {
			return err
		}
		objects = append(objects, object)
	}
	sent, err := dimse.Send(ctx, s.remote, objects, nil)
	for n, one := range sent {
		if one.Err != nil {
			err = errors.Join(err, &outbox.Failure{Fault: outbox.NotTaken, Err: one.Err})
			continue
		}
		s.mu.Lock()
		s.sent[one.SOPInstanceUID]++
		s.mu.Unlock()
		if err := taken(n); err != nil {
			return err
		}
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return &outbox.Failure{Fault: outbox.Unreachable, Err: network.Err}
	}
	return err
}

// written is the folder of a result with our real objects, told apart by n.
func written(t *testing.T, root string, n int) outbox.Parcel {
	t.Helper()
	files, err := dicom.LoadZip(testdata.SmallStudy(), dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	series, err := dicom.ReadSeries(files, dicom.Selection{Modality: "MR"}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	task := models.DigestOf(fmt.Appendf(nil, "task %d", n))
	m := models.Manifest{ID: "t1-tissue", Version: "1.0.0", Title: "Tissue"}
	src, opts := report.SeriesSource(series), report.Options{Seed: task, Now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), SoftwareVersion: "test"}
	folder := filepath.Join(root, strings.TrimPrefix(task.String(), "sha256:"))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func() ([]byte, error){
		"sr.dcm": func() ([]byte, error) {
			return report.StructuredReport(src, report.Reference{}, report.Contents{}, m, opts)
		},
		"sc.dcm": func() ([]byte, error) {
			return report.SecondaryCapture(src, image.NewRGBA(image.Rect(0, 0, 128, 128)), m, opts)
		},
		"doc.dcm": func() ([]byte, error) {
			return report.Document(src, report.Letterhead{}, report.Contents{}, nil, m, opts)
		},
	} {
		data, err := make()
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return outbox.Parcel{Case: fmt.Sprintf("case%d", n), Task: task, Folder: folder, Destinations: []outbox.Destination{{Name: "pacs"}}}
}

// A real archive, dcmtk's storescp, is down for an hour, and killed once more while results
// arrive. Everything is there in the end, bit for bit, and nothing was sent twice that it had
// acknowledged. The hour is virtual, the connections are not.
func TestRealArchiveDownForAnHour(t *testing.T) {
	const parcels = 6
	pacs := peers.StoreSCP(t)
	pacs.Stop()
	sender := &scu{remote: dimse.Remote{Address: pacs.Address, CalledAE: pacs.AETitle, CallingAE: "MEDHIVE"}, sent: map[string]int{}}
	dir := t.TempDir()
	// Programs are started outside: time stands still in a bubble in which one runs.
	begin, begun := make(chan struct{}), make(chan struct{})
	var outside sync.WaitGroup
	outside.Go(func() {
		for range begin {
			pacs.Start(t)
			begun <- struct{}{}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		o, err := outbox.Open(filepath.Join(dir, "outbox.db"), [32]byte{1}, outbox.Config{Carriers: map[string]outbox.Carrier{"pacs": outbox.Objects(sender, nil)}})
		if err != nil {
			t.Fatal(err)
		}
		run, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); o.Run(run) }()
		for n := range parcels {
			if _, err := o.Put(written(t, dir, n)); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(time.Hour)
		if h := o.Health(); len(h) != 1 || h[0].Waiting != parcels || sender.calls > 20 {
			t.Errorf("after an hour: %+v, %d attempts", h, sender.calls)
		}
		begin <- struct{}{}
		<-begun
		for waited := time.Duration(0); len(o.Health()) > 0; waited += time.Minute {
			if waited > time.Hour+time.Minute {
				t.Fatalf("an hour after it is back: %+v", o.Health())
			}
			<-time.After(time.Minute)
		}
		stop()
		<-ended
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	})
	close(begin)
	outside.Wait()
	there := map[string][]byte{}
	for _, path := range pacs.Files(t) {
		object, data := parse(t, path)
		if there[object] != nil {
			t.Errorf("%s is there twice", object)
		}
		there[object] = data
	}
	for n := range parcels {
		for _, name := range []string{"sr.dcm", "sc.dcm", "doc.dcm"} {
			uid, own := parse(t, filepath.Join(written(t, dir, n).Folder, name))
			if got := there[uid]; !bytes.Equal(got, own) {
				t.Errorf("result %d: the archive's %s has %d bytes of %d", n, name, len(got), len(own))
			}
			if sender.sent[uid] != 1 {
				t.Errorf("result %d: %s was taken %d times", n, name, sender.sent[uid])
			}
		}
	}
	if len(there) != parcels*3 {
		t.Errorf("%d objects in the archive, want %d", len(there), parcels*3)
	}
}

// parse is an object's UID, and its data set behind the meta information, which each program
// writes in its own way.
func parse(t *testing.T, path string) (uid string, data []byte) {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	object, err := dicom.Parse(dicom.File{Name: "x", Data: whole}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	const preamble, groupLength = 132, 12
	length := int(whole[preamble+8]) | int(whole[preamble+9])<<8
	return object.String(tag.SOPInstanceUID), whole[preamble+groupLength+length:]
}
