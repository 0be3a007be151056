package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/scheduler/clinic/dimse"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/testdata/peers"
)

// RequestCommitment asks by our own DIMSE client; the answer comes to our server.
func (s *scu) RequestCommitment(ctx context.Context, transaction string, list []outbox.Object) (*outbox.Commitment, error) {
	var refs []dimse.Reference
	for _, o := range list {
		refs = append(refs, dimse.Reference{SOPClassUID: o.SOPClassUID, SOPInstanceUID: o.SOPInstanceUID})
	}
	report, err := dimse.RequestCommitment(ctx, s.remote, transaction, refs, 100*time.Millisecond)
	if report == nil || err != nil {
		return nil, err
	}
	return committed(*report), nil
}

func committed(report dimse.Commitment) *outbox.Commitment {
	c := &outbox.Commitment{Transaction: report.TransactionUID}
	for _, r := range report.Committed {
		c.Kept = append(c.Kept, r.SOPInstanceUID)
	}
	for _, r := range report.Failed {
		c.Lost = append(c.Lost, r.SOPInstanceUID)
	}
	return c
}

// stow sends by our own DICOMweb client.
type stow struct{ client dicomweb.Client }

func (s stow) Send(ctx context.Context, list []outbox.Object, taken func(int) error) error {
	var objects []dicomweb.Object
	for _, o := range list {
		object, err := dicomweb.FileObject(o.Path)
		if err != nil {
			return err
		}
		objects = append(objects, object)
	}
	stored, err := s.client.Store(ctx, "", objects)
	for n, one := range stored {
		if one.Err != nil {
			err = errors.Join(err, one.Err)
		} else if err := taken(n); err != nil {
			return err
		}
	}
	return err
}

// refusing takes no objects: this side is for reports of commitment.
type refusing struct{}

func (refusing) Receive(_ context.Context, _ dimse.Incoming, data io.Reader) error {
	_, err := io.Copy(io.Discard, data)
	return errors.Join(err, dimse.ErrOutOfResources)
}

// A real Orthanc gets a result by C-STORE, promises to keep it in an association of its own,
// and gets the same result by STOW-RS: it is there once. The delivery by C-STORE ends with the
// promise, not before.
func TestOrthancCommitsItself(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	archive := peers.Orthanc(t, peers.Destination{AETitle: "MEDHIVE", Port: listener.Addr().(*net.TCPAddr).Port})
	sender := &scu{remote: dimse.Remote{Address: archive.Address, CalledAE: archive.AETitle, CallingAE: "MEDHIVE"}, sent: map[string]int{}}
	dir, all := t.TempDir(), make(chan outbox.Delivery, 64)
	o, err := outbox.Open(filepath.Join(dir, "outbox.db"), [32]byte{1}, outbox.Config{
		First: 10 * time.Millisecond, Last: 100 * time.Millisecond,
		Carriers: map[string]outbox.Carrier{"pacs": outbox.Objects(sender, sender), "web": outbox.Objects(stow{dicomweb.Client{Base: archive.Web}}, nil)},
		Changed:  func(d outbox.Delivery) { all <- d },
	})
	if err != nil {
		t.Fatal(err)
	}
	run, stop := context.WithCancel(t.Context())
	var loops sync.WaitGroup
	loops.Go(func() { o.Run(run) })
	loops.Go(func() {
		_ = dimse.Serve(run, listener, dimse.Config{AETitle: "MEDHIVE", Receiver: refusing{}, Committed: func(ctx context.Context, report dimse.Commitment) error {
			return o.Committed(ctx, *committed(report))
		}})
	})
	defer func() {
		stop()
		loops.Wait()
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}()
	p := written(t, dir, 1)
	p.Destinations = append(p.Destinations, outbox.Destination{Name: "web"})
	if _, err := o.Put(p); err != nil {
		t.Fatal(err)
	}
	var states []outbox.State
	for ended := 0; ended < 2; {
		select {
		case d := <-all:
			if d.Destination == "pacs" && !slices.Contains(states, d.State) {
				states = append(states, d.State)
			}
			if d.Fault != "" {
				t.Fatalf("%s: %s", d.Destination, d.Fault)
			}
			if d.State == outbox.Delivered {
				ended++
			}
		case <-time.After(2 * time.Minute):
			t.Fatalf("after two minutes: %+v", o.Unsettled())
		}
	}
	if want := []outbox.State{outbox.Waiting, outbox.Committing, outbox.Delivered}; !slices.Equal(states, want) {
		t.Errorf("the delivery went through %v, want %v", states, want)
	}
	var instances []string
	if err := json.Unmarshal(archive.Ask(t, "GET", "instances", ""), &instances); err != nil || len(instances) != 3 {
		t.Errorf("Orthanc has %d instances, want 3: %v", len(instances), err)
	}
	list, err := o.Of(p.Task)
	if err != nil || len(list) != 2 || !list[0].Items[0].Committed || list[1].Items[0].Committed {
		t.Errorf("%+v, %v", list, err)
	}
}
