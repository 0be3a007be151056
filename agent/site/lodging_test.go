package site

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	dcmlib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// patience bounds a wait on a busy machine.
const patience = 60 * time.Second

// instance is a Part 10 file of an MR image.
func instance(t *testing.T, study, series, uid string, more ...*dcmlib.Element) []byte {
	t.Helper()
	element := func(at tag.Tag, values any) *dcmlib.Element {
		e, err := dcmlib.NewElement(at, values)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	const mrImage, explicit = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.2.1"
	set := dcmlib.Dataset{Elements: append([]*dcmlib.Element{
		element(tag.MediaStorageSOPClassUID, []string{mrImage}), element(tag.MediaStorageSOPInstanceUID, []string{uid}), element(tag.TransferSyntaxUID, []string{explicit}),
		element(tag.SOPClassUID, []string{mrImage}), element(tag.SOPInstanceUID, []string{uid}), element(tag.StudyDate, []string{"20260102"}), element(tag.AccessionNumber, []string{"ACC-7"}),
		element(tag.Modality, []string{"MR"}), element(tag.PatientName, []string{"Planted^Name"}), element(tag.PatientID, []string{"PAT-4711"}),
		element(tag.StudyInstanceUID, []string{study}), element(tag.SeriesInstanceUID, []string{series}), element(tag.Rows, []int{2}), element(tag.Columns, []int{2}),
	}, more...)}
	var out bytes.Buffer
	if err := dcmlib.Write(&out, set, dcmlib.SkipVRVerification()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// oracle is an analyst that answers as a test says.
type oracle struct {
	t      *testing.T
	answer func(ctx context.Context, n int, s agent.Submission) (agent.Report, error)

	mu    sync.Mutex // guards what follows
	asked []agent.Submission
	read  []agent.ReaderFeedback
	mute  bool // no notice can be made

	declined []agent.Declined
}

func (o *oracle) Submit(ctx context.Context, s agent.Submission) (agent.Report, error) {
	o.mu.Lock()
	o.asked = append(o.asked, s)
	n := len(o.asked)
	o.mu.Unlock()
	return o.answer(ctx, n, s)
}

func (o *oracle) Read(_ context.Context, _ models.Digest, f agent.ReaderFeedback) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.read = append(o.read, f)
	return true, nil
}

func (o *oracle) Cancel(context.Context, string) (broker.TaskStatus, error) {
	return broker.TaskStatus{}, nil
}

// Decline writes a report as the clinic does, whose UID is named by what it is about.
func (o *oracle) Decline(_ context.Context, d agent.Declined) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.declined = append(o.declined, d)
	if o.mute {
		return "", fmt.Errorf("%w: no image can be read", agent.ErrNoNotice)
	}
	folder := filepath.Join(d.Out, hex.EncodeToString(d.Task[:])+"-no-result")
	uid := fmt.Sprintf("2.25.%d%d", d.Task[0], d.Task[1])
	return folder, errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, "sr.dcm"), instance(o.t, d.StudyUID, uid+".1", uid), 0o600))
}

// View says which bytes it was given.
func (o *oracle) View(_ context.Context, file []byte, frame int) ([]byte, error) {
	return fmt.Appendf(nil, "frame %d of %x", frame, models.DigestOf(file)), nil
}

func (o *oracle) submissions() []agent.Submission {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

// taskOf names the task of a submission, as the clinic does: by what is sent and how.
func taskOf(s agent.Submission) models.Digest {
	return models.DigestOf([]byte(filepath.Base(filepath.Dir(s.Path)) + filepath.Base(s.Path) + s.Model))
}

// done is an answer with a result, written where the clinic writes it.
func done(t *testing.T, s agent.Submission) (agent.Report, error) {
	task := taskOf(s)
	if err := s.Prepared(task); err != nil {
		return agent.Report{}, err
	}
	folder := filepath.Join(s.Out, hex.EncodeToString(task[:]))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return agent.Report{}, err
	}
	for name, data := range map[string][]byte{"seg.dcm": instance(t, "1.2.3", "1.2.3.9", "1.2.3.9.1"), "findings.json": []byte("{}")} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			return agent.Report{}, err
		}
	}
	report := agent.Report{Task: task, State: scheduler.Delivered, Outcome: "completed", Winner: "0x01", Folder: folder}
	report.Receipt.Receipt.PriceGwei = 7
	return report, nil
}

// lodging is a site with real rooms and an oracle in place of the market.
type lodging struct {
	*Site
	t      *testing.T
	home   string
	out    string // the destination "share"
	oracle *oracle
	change func(*Config)
	said   *bytes.Buffer
	lock   *sync.Mutex
}

type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

const shareRules = `[[rule]]
name = "brain"
match = { modality = ["MR"] }
model = "t1-tissue"
destinations = ["share"]
forms = ["seg"]
`

func lodge(t *testing.T, rules string, answer func(context.Context, int, agent.Submission) (agent.Report, error)) *lodging {
	t.Helper()
	return lodgeWith(t, rules, func(*Config) {}, answer)
}

// lodgeWith is lodge with another configuration.
func lodgeWith(t *testing.T, rules string, change func(*Config), answer func(context.Context, int, agent.Submission) (agent.Report, error)) *lodging {
	t.Helper()
	l := &lodging{t: t, home: t.TempDir(), oracle: &oracle{t: t, answer: answer}, change: change, said: &bytes.Buffer{}, lock: &sync.Mutex{}}
	l.out = filepath.Join(l.home, "share")
	if err := os.Mkdir(l.out, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.home, "rules.toml"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	l.open()
	t.Cleanup(func() {
		if l.Site != nil {
			l.shut()
		}
		if t.Failed() {
			t.Log(l.log())
		}
	})
	return l
}

func (l *lodging) log() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.said.String()
}

// open opens the site, or opens it again.
func (l *lodging) open() {
	l.t.Helper()
	conf, err := Parse("[intake]\nquiet = \"50ms\"\nkeep-free-gib = 0\n[[destination]]\nname = \"share\"\nkind = \"folder\"\nfolder = \"share\"\n")
	if err != nil {
		l.t.Fatal(err)
	}
	conf.DICOM.Listen = ""
	conf.resolve(l.home)
	l.change(&conf)
	l.Site = newSite(l.t.Context(), filepath.Join(l.home, "c"), conf, slog.New(slog.NewTextHandler(locked{l.lock, l.said}, &slog.HandlerOptions{Level: slog.LevelDebug})))
	l.analyst = l.oracle
	if err := inOrder(l.openRooms, l.openDoors, l.begin); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lodging) shut() {
	l.t.Helper()
	if err := l.Close(); err != nil {
		l.t.Error(err)
	}
	l.Site = nil
}

// bring puts a study of two images into the inbox.
func (l *lodging) bring(study string, more ...*dcmlib.Element) {
	l.t.Helper()
	for n := range 2 {
		uid := fmt.Sprintf("%s.1.%d", study, n+1)
		if _, err := l.inbox.Receive(l.t.Context(), inbox.Origin{Way: inbox.WayDIMSE, CallingAE: "MR1"}, inbox.Instance{}, bytes.NewReader(instance(l.t, study, study+".1", uid, more...))); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := l.inbox.Finish(study); err != nil && !errors.Is(err, inbox.ErrUnknownStudy) { // that is, nothing was new
		l.t.Fatal(err)
	}
}

// await waits until a study's newest case is in a state.
func (l *lodging) await(study string, state worklist.State) worklist.Case {
	l.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		changed := l.book.Changed()
		list, err := l.book.List(worklist.Filter{StudyUID: study})
		if err != nil {
			l.t.Fatal(err)
		}
		if len(list) > 0 && list[0].State == state {
			return list[0]
		}
		select {
		case <-changed:
		case <-limit.C:
			l.t.Fatalf("study %s did not become %s: %+v", study, state, list)
		}
	}
}

// entries are what the audit log holds, by kind.
func (l *lodging) entries() map[audit.Kind][]audit.Line {
	l.t.Helper()
	all := map[audit.Kind][]audit.Line{}
	err := l.audit.Read(l.t.Context(), audit.Span{}, func(line audit.Line) error {
		all[line.Kind] = append(all[line.Kind], line)
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

func (l *lodging) shared() (files []string) {
	l.t.Helper()
	for _, pattern := range []string{"*/seg.dcm", "*/*/seg.dcm"} {
		found, err := filepath.Glob(filepath.Join(l.out, pattern))
		if err != nil {
			l.t.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}
