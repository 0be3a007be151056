package agent

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/testdata"
)

// practice is a clinic in a network without nodes: what it gets done, it does itself.
func practice(t *testing.T, home string, conf ClinicConfig) *Clinic {
	t.Helper()
	network := NetworkPath(home)
	if _, err := os.Stat(network); err != nil {
		chain, err := StartChain(t.Context(), ChainConfig{Home: home, NetworkPath: network, Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closing(t, chain.Close) })
	}
	n, err := ReadNetwork(network)
	if err != nil {
		t.Fatal(err)
	}
	conf.Name, conf.State, conf.Network, conf.Listen = "clinic", ClinicState(home, "clinic"), n, []string{"/ip4/127.0.0.1/tcp/0"}
	c, err := StartClinic(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// head is a small study with a deadline far away, for the clinic's own runner.
func head(t *testing.T, home string) Submission {
	t.Helper()
	if _, err := ort.Locate(""); err != nil {
		t.Fatalf("these tests need ONNX Runtime: %v", err)
	}
	study := filepath.Join(home, "study.zip")
	if err := os.WriteFile(study, testdata.SmallStudy(), 0o600); err != nil {
		t.Fatal(err)
	}
	return Submission{Path: study, Model: "t1-tissue", Out: filepath.Join(home, "results"), Residency: []string{"DE"},
		PriceCeilingGwei: 10, Within: 10 * time.Minute, LocalAfter: 500 * time.Millisecond}
}

func TestRunningClinicTakesAStudyAndDoesItItselfWhenNobodyElseDoes(t *testing.T) {
	home := t.TempDir()
	c := practice(t, home, ClinicConfig{Serve: true, Regions: []string{"DE"}})
	t.Cleanup(func() { closing(t, c.Close) })
	state := ClinicState(home, "clinic")
	if !Serves(t.Context(), state) {
		t.Fatal("a clinic that serves does not say so")
	}
	s := head(t, home)
	var kinds []broker.Kind
	s.Tell = func(e FeedEvent) { kinds = append(kinds, e.Kind) }
	report, err := HandOver(t.Context(), state, s)
	if err != nil {
		t.Fatal(err)
	}
	if report.State != scheduler.Local || report.Outcome != "completed" || len(report.Segments) == 0 || report.Receipt.Receipt.FinishedAt.Unix() > 0 {
		t.Errorf("state %s, outcome %q, %d segments, a receipt of %v; want a local result that nobody is paid for", report.State, report.Outcome, len(report.Segments), report.Receipt.Receipt.FinishedAt)
	}
	for _, want := range []broker.Kind{"intake", "deidentify", broker.Sealed, broker.LocalRun, broker.Finished} {
		if !slices.Contains(kinds, want) {
			t.Errorf("the steps %v lack %q", kinds, want)
		}
	}
	seg, err := os.ReadFile(filepath.Join(report.Folder, "seg.dcm"))
	if err != nil || len(identifiersIn(t, seg)) == 0 {
		t.Errorf("the local result is not the patient's: %v", err)
	}
	again, err := HandOver(t.Context(), state, s)
	if err != nil || again.Folder != report.Folder || again.Task != report.Task {
		t.Errorf("the same study again: task %s in %s, %v", again.Task, again.Folder, err)
	}
	var tasks []broker.TaskStatus
	if err := api.Call(t.Context(), state, "GET", "/tasks", &tasks); err != nil || len(tasks) != 1 || tasks[0].State != scheduler.Local {
		t.Errorf("tasks %+v, %v", tasks, err)
	}
	page, err := api.Read(t.Context(), state, "GET", "/metrics")
	for _, want := range []string{"medhive_clinic_submitted_total 1\n", `medhive_clinic_tasks_ended_total{state="local"} 1`, "medhive_clinic_nodes_listed 0\n", "medhive_market_published_total"} {
		if err != nil || !strings.Contains(string(page), want) {
			t.Errorf("metrics lack %q (%v):\n%s", want, err, page)
		}
	}
	if owed, err := c.errands.all(); err != nil || len(owed) != 0 {
		t.Errorf("after the delivery %v is owed, %v", owed, err)
	}
	s.Path = "study.zip"
	if err := api.Follow(t.Context(), state, "POST", "/submit", s, func([]byte) error { return nil }); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Errorf("a relative path: %v", err)
	}
}

// Whoever submitted a study is gone, and so is the clinic's process. Its next life brings
// the result to the folder that was named.
func TestClinicDeliversWhatAnEarlierLifeOwes(t *testing.T) {
	home := t.TempDir()
	sealed := make(chan models.Digest, 1)
	c := practice(t, home, ClinicConfig{Events: func(e broker.Event) {
		if e.Kind == broker.Sealed {
			sealed <- e.Task
		}
	}})
	s := head(t, home)
	s.LocalAfter = 2 * time.Second
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.Submit(ctx, s)
		ended <- err
	}()
	task := <-sealed
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("an interrupted submission: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := os.ReadFile(filepath.Join(home, "clinic", "tasks.db"))
	if err != nil || strings.Contains(string(db), s.Out) {
		t.Errorf("the folder of the results stands readable in the database (%v)", err)
	}
	tasks, err := ReadTasks(ClinicState(home, "clinic"), 0)
	if err != nil || len(tasks) != 1 || tasks[0].Task != task || tasks[0].State.Final() {
		t.Fatalf("tasks of the clinic that does not run: %+v, %v", tasks, err)
	}
	next := practice(t, home, ClinicConfig{Serve: true})
	t.Cleanup(func() { closing(t, next.Close) })
	folder := filepath.Join(s.Out, strings.TrimPrefix(task.String(), "sha256:"))
	soon := time.NewTicker(50 * time.Millisecond)
	defer soon.Stop()
	late := time.After(3 * time.Minute)
	for {
		owed, err := next.errands.all()
		if err != nil {
			t.Fatal(err)
		}
		if len(owed) == 0 {
			break
		}
		select {
		case <-soon.C:
		case <-late:
			t.Fatalf("%v is still owed", owed)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "seg.dcm")); err != nil {
		t.Errorf("nothing was delivered: %v", err)
	}
}

func TestClinicWithoutARunnerRefusesAFallback(t *testing.T) {
	c := &Clinic{}
	if _, err := c.Submit(t.Context(), Submission{LocalAfter: time.Second}); !errors.Is(err, errNoRunner) {
		t.Errorf("got %v, want %v", err, errNoRunner)
	}
}

func TestFindTaskWantsOneTask(t *testing.T) {
	tasks := []broker.TaskStatus{{Task: models.Digest{0xab, 0x11}}, {Task: models.Digest{0xab, 0x22}}}
	for ref, want := range map[string]models.Digest{"ab11": tasks[0].Task, "AB22": tasks[1].Task, tasks[0].Task.String(): tasks[0].Task, "ab": {}, "cd": {}, "": {}, "zz": {}} {
		got, err := FindTask(tasks, ref)
		if got.Task != want || (err == nil) == want.IsZero() {
			t.Errorf("%q: %v, %v", ref, got.Task, err)
		}
	}
}

func TestSecretIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tasks.key")
	first, err := loadSecret(path)
	if err != nil || first == [secretBytes]byte{} {
		t.Fatalf("%x, %v", first, err)
	}
	if again, err := loadSecret(path); err != nil || again != first {
		t.Errorf("the second start has %x (%v), the first had %x", again, err, first)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadSecret(path); err == nil || !strings.Contains(err.Error(), "backup") {
		t.Errorf("a damaged key: %v", err)
	}
}

func TestSubmissionKeepsItsMeaningOverTheDoor(t *testing.T) {
	s := Submission{Path: "/a", Model: "m", Out: "/b", Residency: []string{"DE"}, Priority: scheduler.STAT, PriceCeilingGwei: 3, Within: time.Hour,
		Copying: scheduler.Replicated, Copies: 3, Providers: []string{"cpu"}, LocalAfter: time.Minute}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var got Submission
	if err := json.Unmarshal(data, &got); err != nil || got.Priority != s.Priority || got.Copying != s.Copying || got.Copies != s.Copies || got.LocalAfter != s.LocalAfter || got.Within != s.Within || !slices.Equal(got.Providers, s.Providers) {
		t.Errorf("%+v became %+v (%v)", s, got, err)
	}
}
