package outbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/models"
)

// The folder and the archive of a process of this test binary that delivers until it is
// killed.
const (
	childFolder  = "OUTBOX_TEST_CHILD"
	childArchive = "OUTBOX_TEST_ARCHIVE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		if err := playOutbox(dir, os.Getenv(childArchive)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// distant is an archive in the parent process.
type distant struct{ address string }

func (d distant) tell(kind, value string) error {
	response, err := http.Get(d.address + "/" + kind + "?" + url.Values{"v": {value}}.Encode())
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func (d distant) Send(_ context.Context, list []Object, taken func(int) error) error {
	for n, o := range list {
		if err := d.tell("store", o.SOPInstanceUID); err != nil {
			return err
		}
		if err := taken(n); err != nil {
			return err
		}
	}
	return nil
}

func (d distant) RequestCommitment(_ context.Context, transaction string, list []Object) (*Commitment, error) {
	c := &Commitment{Transaction: transaction}
	for _, o := range list {
		c.Kept = append(c.Kept, o.SOPInstanceUID)
	}
	return c, d.tell("commit", transaction)
}

// playOutbox puts one parcel and delivers it to an archive that commits itself and to a
// folder.
func playOutbox(dir, archive string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	done := make(chan struct{}, 1)
	ended := map[string]bool{}
	conf := Config{
		First: time.Millisecond, Carriers: map[string]Carrier{"pacs": Objects(distant{archive}, distant{archive}), "shelf": Folder(filepath.Join(dir, "shelf"))},
		Changed: func(d Delivery) {
			if ended[d.Destination] = d.State == Delivered; ended["pacs"] && ended["shelf"] {
				done <- struct{}{}
			}
		},
	}
	o, err := Open(filepath.Join(dir, "outbox.db"), testSecret, conf)
	if err != nil {
		return err
	}
	task := models.DigestOf([]byte("task 1"))
	p := Parcel{Case: "case", Task: task, Folder: filepath.Join(dir, "spool", fmt.Sprintf("%x", task[:])), Destinations: []Destination{{Name: "pacs"}, {Name: "shelf"}}}
	before, err := o.Of(p.Task) // what a life that was killed has delivered is told by nobody
	for _, d := range before {
		ended[d.Destination] = d.State == Delivered
	}
	if err == nil {
		_, err = o.Put(p)
	}
	if err == nil {
		err = distant{archive}.tell("put", "")
	}
	if err != nil {
		return err
	}
	finished := ended["pacs"] && ended["shelf"]
	run, stop := context.WithCancel(ctx)
	var loops sync.WaitGroup
	loops.Go(func() { o.Run(run) })
	if !finished {
		select {
		case <-done:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	stop()
	loops.Wait()
	return err
}

// killer is an archive that kills who delivers to it at one step.
type killer struct {
	mu     sync.Mutex // guards all
	at     int        // the step, from 1; each request is two: before it is done and after
	seen   int
	kill   func()
	stored map[string]int
	fatal  string // the instance that was stored when the kill came: it may come again
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	uid := r.URL.Query().Get("v")
	if k.seen++; k.seen == k.at {
		k.kill()
		panic(http.ErrAbortHandler)
	}
	if r.URL.Path == "/store" {
		k.stored[uid]++
	}
	if k.seen++; k.seen == k.at {
		if r.URL.Path == "/store" {
			k.fatal = uid
		}
		k.kill()
		panic(http.ErrAbortHandler)
	}
}

// Killed at any step, an outbox brings everything in its next life, and nothing twice but what
// the archive had taken without having said so.
func TestKilledAtEachStep(t *testing.T) {
	for step := 1; ; step++ {
		dir := t.TempDir()
		p := result(t, filepath.Join(dir, "spool"), 1)
		if err := os.Mkdir(filepath.Join(dir, "shelf"), 0o700); err != nil {
			t.Fatal(err)
		}
		k := &killer{at: step, stored: map[string]int{}}
		server := httptest.NewServer(k)
		killed := false
		for life := 1; life <= 2; life++ {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), childFolder+"="+dir, childArchive+"="+server.URL)
			child.Stderr = os.Stderr
			k.mu.Lock()
			k.kill = func() { killed = true; _ = child.Process.Kill() }
			err := child.Start()
			k.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			err = child.Wait()
			k.mu.Lock()
			expected := killed && life == 1
			k.at = 0 // the next life is not killed
			k.mu.Unlock()
			if err != nil && !expected {
				t.Fatalf("step %d, life %d: %v", step, life, err)
			}
		}
		server.Close()
		for _, f := range []Form{Segmentation, Report, Capture, Document} {
			uid := instance(1, f)
			if n := k.stored[uid]; n != 1 && !(n == 2 && uid == k.fatal) {
				t.Errorf("killed at step %d: %s came %d times", step, f, n)
			}
		}
		for _, f := range forms {
			if _, err := os.Stat(filepath.Join(dir, "shelf", filepath.Base(p.Folder), f.file)); err != nil {
				t.Errorf("killed at step %d: %s is not on the shelf", step, f.file)
			}
		}
		if !killed {
			t.Logf("killed at each of %d steps", step-1)
			return
		}
	}
}
