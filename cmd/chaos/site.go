package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/scheduler/clinic/dimse"
)

// hospital is what stands around a clinic's site: a modality that sends one study by
// C-STORE, and an archive that takes results. Each run has a clinic of its own, and its name
// is the title that the archive is called by.
type hospital struct {
	*town
	objects []dimse.Object
	archive net.Listener
	stop    context.CancelFunc
	ended   chan struct{}

	mu   sync.Mutex                              // guards got and more
	got  map[string]map[string][sha256.Size]byte // run -> SOP Instance UID -> hash of the data set
	odd  map[string]string                       // run -> what is wrong with what came
	more chan struct{}                           // closed and replaced with every object
}

// resultObjects is what the embedded model's result has for an archive: segmentation, report
// and capture.
const resultObjects = 3

func newHospital(ctx context.Context, t *town, study []byte) (*hospital, error) {
	h := &hospital{town: t, got: map[string]map[string][sha256.Size]byte{}, odd: map[string]string{}, more: make(chan struct{}), ended: make(chan struct{})}
	folder := filepath.Join(t.home, "modality")
	path, err := t.study("modality.zip", study)
	if err != nil {
		return nil, err
	}
	files, err := dicom.OpenFiles(path, dicom.DefaultLimits())
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the modality's folder: %w", err)
	}
	for n, f := range files {
		name := filepath.Join(folder, fmt.Sprintf("%04d.dcm", n))
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			return nil, fmt.Errorf("fill the modality's folder: %w", err)
		}
		object, err := dimse.FileObject(name)
		if err != nil {
			return nil, err
		}
		h.objects = append(h.objects, object)
	}
	if h.archive, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("open the archive: %w", err)
	}
	ctx, h.stop = context.WithCancel(ctx)
	go func() {
		defer close(h.ended)
		// Its end is the hospital's: a run that finds no archive says so itself.
		_ = dimse.Serve(ctx, h.archive, dimse.Config{AETitle: "ARCHIVE", AnyCalledAE: true, Receiver: h})
	}()
	return h, nil
}

func (h *hospital) close() {
	h.stop()
	<-h.ended
}

// Receive is the archive's: it implements dimse.Receiver.
func (h *hospital) Receive(_ context.Context, in dimse.Incoming, data io.Reader) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, data); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	run := strings.ToLower(in.CalledAE)
	if h.got[run] == nil {
		h.got[run] = map[string][sha256.Size]byte{}
	}
	hash := [sha256.Size]byte(sum.Sum(nil))
	if first, again := h.got[run][in.SOPInstanceUID]; again && first != hash {
		h.odd[run] = "an object came twice, with other content"
	}
	h.got[run][in.SOPInstanceUID] = hash
	if n := len(h.got[run]); n > resultObjects {
		h.odd[run] = fmt.Sprintf("%d objects came of a result that has %d", n, resultObjects)
	}
	close(h.more)
	h.more = make(chan struct{})
	return nil
}

// awaitStored waits until the archive has so many objects of a run.
func (h *hospital) awaitStored(ctx context.Context, run string, objects int) error {
	for {
		h.mu.Lock()
		n, more := len(h.got[run]), h.more
		h.mu.Unlock()
		if n >= objects {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("the archive has %d of %d objects: %w", n, objects, context.Cause(ctx))
		}
	}
}

// lodge writes the site file of one run's clinic and returns the address of its door.
func (h *hospital) lodge(run string) (path, door string, err error) {
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", fmt.Errorf("find a port: %w", err)
	}
	door = reserved.Addr().String()
	if err := reserved.Close(); err != nil {
		return "", "", fmt.Errorf("find a port: %w", err)
	}
	path = filepath.Join(h.home, "site-"+run+".toml") // HOME/NAME.toml would be the clinic's settings
	text := fmt.Sprintf("rules = %q\n[intake]\nquiet = \"500ms\"\n[dicom]\nlisten = %q\n[[destination]]\nname = \"archive\"\nkind = \"dicom\"\naddress = %q\ncalled-ae = %q\n",
		run+"-rules.toml", door, h.archive.Addr(), strings.ToUpper(run))
	rules := "[[rule]]\nname = \"all\"\nmodel = \"t1-tissue\"\nwithin = \"5m\"\ndestinations = [\"archive\"]\n"
	return path, door, errors.Join(os.WriteFile(path, []byte(text), 0o600), os.WriteFile(filepath.Join(h.home, run+"-rules.toml"), []byte(rules), 0o600))
}

// admitted starts a run's clinic, or starts it again.
func (h *hospital) admitted(ctx context.Context, run, path string) (*process, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	role := run + standingSuffix
	where, err := h.placeOf(role)
	if err != nil {
		return nil, err
	}
	p, err := launch(where, role, h.home, h.medhive("clinic", "run", "--site", path, "--compare=false", "--name", run, "--verbose",
		"--lease", lease.String(), "--listen", "/ip4/"+where.address()+"/tcp/0"))
	if err != nil {
		return nil, err
	}
	_, again := h.roles[role]
	h.roles[role] = p
	ready, err := p.await(ctx, "work", func(s string) bool { return strings.Contains(s, "clinic takes studies by ") })
	if err == nil && again {
		h.starts = append(h.starts, ready.at.Sub(p.began))
	}
	return p, err
}

// wordOf is what a clinic prints at a step.
func wordOf(s step) string {
	switch s {
	case received:
		return "a study is on the worklist"
	case prepared, analysed, delivering:
		return "state=" + string(s)
	}
	return " kind=" + string(s) + " "
}

// awaitSite waits for a step of a run.
func (h *hospital) awaitSite(ctx context.Context, p *process, run string, s step) error {
	switch s {
	case arriving:
		return nil
	case stored:
		return h.awaitStored(ctx, run, 1)
	}
	_, err := p.await(ctx, string(s), func(text string) bool { return strings.Contains(text, wordOf(s)) })
	return err
}

// bring sends the study until the clinic has taken every object, as a modality does.
func (h *hospital) bring(ctx context.Context, door string) error {
	remote := dimse.Remote{Address: door, CalledAE: "MEDHIVE", CallingAE: "MODALITY", Timeout: grace}
	for {
		sent, err := dimse.Send(ctx, remote, h.objects, nil)
		taken := 0
		for _, one := range sent {
			if one.Err == nil {
				taken++
			} else {
				err = one.Err
			}
		}
		if taken == len(h.objects) {
			return nil
		}
		if pause(ctx, resendPause) != nil {
			return fmt.Errorf("the modality could not send: %w", err)
		}
	}
}

// resendPause is how long the modality waits before it sends again.
const resendPause = 300 * time.Millisecond

// once brings a study to a clinic of its own, kills that at a step and starts it again: the
// archive has the whole result then, once.
func (h *hospital) once(ctx context.Context, c cell, _ string, number, of int) attempt {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	run := fmt.Sprintf("c%03d", number)
	a := attempt{name: run, awards: map[award][]string{}, landed: c.Step}
	path, door, err := h.lodge(run)
	if err != nil {
		return a.lost(err)
	}
	p, err := h.admitted(ctx, run, path)
	if err != nil {
		return a.lost(err)
	}
	began := time.Now()
	brought := make(chan error, 1)
	go func() { brought <- h.bring(ctx, door) }()
	defer func() { h.roles[run+standingSuffix].stop() }()
	if err = h.awaitSite(ctx, p, run, c.Step); err == nil {
		err = pause(ctx, spread(c.Step)*time.Duration(number)/time.Duration(of))
	}
	if err != nil {
		return a.lost(errors.Join(err, cancelled(cancel, brought)))
	}
	p.kill()
	if number%2 == 1 {
		err = pause(ctx, lease+time.Second)
	}
	if err == nil {
		_, err = h.admitted(ctx, run, path)
	}
	if err != nil {
		return a.lost(errors.Join(err, cancelled(cancel, brought)))
	}
	if err := <-brought; err != nil {
		return a.lost(err)
	}
	return h.judge(ctx, a, began, door)
}

// cancelled ends the modality and waits for it.
func cancelled(cancel context.CancelFunc, brought <-chan error) error {
	cancel()
	return <-brought
}

// judge waits for the result, then sends the study once more: nothing may come of that.
func (h *hospital) judge(ctx context.Context, a attempt, began time.Time, door string) attempt {
	if err := h.awaitStored(ctx, a.name, resultObjects); err != nil {
		return a.lost(err)
	}
	var err error
	if a.report, err = h.awaitDelivered(ctx, a.name); err != nil {
		return a.lost(err)
	}
	a.delivered, a.took = true, time.Since(began)
	if err := h.bring(ctx, door); err != nil {
		return a.lost(err)
	}
	if err := pause(ctx, 2*time.Second); err != nil { // the quiet period, and what an error would make of it
		return a.lost(err)
	}
	if again, err := h.cases(ctx, a.name); err != nil || len(again) != 1 {
		a.twice = fmt.Sprintf("the same study again made %d cases: %v", len(again), err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.odd[a.name] != "" {
		a.twice = h.odd[a.name]
	}
	return a
}

// sitecase is what is read of a case.
type sitecase struct {
	State string `json:"state"`
	Task  string `json:"task"`
}

func (h *hospital) cases(ctx context.Context, run string) (list []sitecase, err error) {
	err = h.askJSON(ctx, &list, "clinic", "worklist", "--name", run)
	return list, err
}

// askJSON runs a command and reads what it prints.
func (h *hospital) askJSON(ctx context.Context, out any, args ...string) error {
	cmd := h.medhive(append(args, "--json")...)
	var printed, complained bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &complained
	wait, err := here{}.start(cmd)
	if err != nil {
		return err
	}
	wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !cmd.ProcessState.Success() {
		return fmt.Errorf("medhive %s: %s", strings.Join(args, " "), strings.TrimSpace(complained.String()))
	}
	return json.Unmarshal(printed.Bytes(), out)
}

// awaitDelivered waits until the clinic knows what the archive has, and reports the task.
func (h *hospital) awaitDelivered(ctx context.Context, run string) (r report, err error) {
	for {
		list, err := h.cases(ctx, run)
		if err == nil && len(list) == 1 && list[0].State == "delivered" {
			break
		}
		if pause(ctx, 200*time.Millisecond) != nil {
			return r, fmt.Errorf("the clinic does not say that it has delivered: %+v, %w", list, err)
		}
	}
	var tasks []struct {
		Task  string `json:"task"`
		Node  string `json:"node"`
		Fence uint64 `json:"fence"`
	}
	var status struct {
		Address string `json:"address"`
	}
	err = errors.Join(h.askJSON(ctx, &tasks, "clinic", "tasks", "--name", run), h.askJSON(ctx, &status, "clinic", "status", "--name", run))
	if err != nil {
		return r, err
	}
	if len(tasks) != 1 {
		return r, fmt.Errorf("the clinic has %d tasks", len(tasks))
	}
	r.Task, r.State, r.Winner, r.Fence = tasks[0].Task, "delivered", tasks[0].Node, tasks[0].Fence
	r.Receipt.Receipt.Task, r.Receipt.Receipt.Clinic = tasks[0].Task, status.Address
	return r, nil
}
