package runner_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/reference"
	"github.com/medhive/medhive/testdata"
)

// TestMain lets this binary be the child: a real runner, or one that misbehaves.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "runner":
		if err := runner.Main(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "parent":
		parent(os.Args[2], os.Args[3] == "freezes")
	case "stranger":
		stranger(os.Args[2], 2)
	case "cell":
		if err := runner.ServeCell(os.Stdin, os.Stdout, cellWork); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "cell-parent":
		cellParent(os.Args[2])
	case "trial-stranger":
		stranger(os.Args[2], 1)
	default:
		os.Exit(m.Run())
	}
}

// parent starts a runner, stops it if it freezes what it starts, says its process id, and
// waits to be killed.
func parent(program string, freezes bool) {
	lib, err := ort.Locate("")
	if err == nil {
		var p *runner.Process
		if p, err = runner.Start(context.Background(), runner.Options{Command: []string{program, "runner"}, Library: lib, Package: phantom.Thresholds()}); err == nil {
			if freezes {
				_ = unix.Kill(p.PID(), unix.SIGSTOP)
				for look := time.NewTicker(time.Millisecond); !halted(p.PID()); {
					<-look.C
				}
			}
			fmt.Println(p.PID())
			_, _ = io.Copy(io.Discard, os.Stdin)
		}
	}
	fmt.Println(err)
}

// stranger speaks the runner's language badly, after it has heard so many frames.
func stranger(kind string, greetings int) {
	say := func(kind byte, payload string) {
		os.Stdout.Write(append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload))), payload...))
	}
	ready := func() { say('R', `{"runtime": "1.30.0", "provider": "cpu"}`) }
	hear := func() { // a frame
		header := make([]byte, 5)
		if _, err := io.ReadFull(os.Stdin, header); err == nil {
			_, _ = io.CopyN(io.Discard, os.Stdin, int64(binary.BigEndian.Uint32(header[1:])))
		}
	}
	for range greetings {
		hear()
	}
	switch kind {
	case "mute":
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "silent":
		os.Exit(3)
	case "noise":
		os.Stdout.WriteString("hello, I am a shell\n")
	case "greets-badly":
		say('R', `{"runtime": 7}`)
	case "early-result":
		say('O', "x")
	}
	ready()
	hear() // the job
	switch kind {
	case "huge":
		os.Stdout.Write([]byte{'O', 0xff, 0xff, 0xff, 0xff})
	case "junk-result":
		say('O', strings.Repeat("x", 5000))
	case "junk-progress":
		say('P', `{"stage": `)
	case "unknown-kind":
		say('Z', "")
	case "cut":
		os.Stdout.Write([]byte{'O', 0, 0, 1, 0, 'x'})
		os.Exit(0)
	case "unknown-reason":
		say('F', `{"reason": "bored"}`)
	case "panics":
		panic("patient's name")
	case "another-model":
		r := inference.Result{Findings: inference.Findings{Model: "other", Version: "1.0.0", Provider: "cpu", Runtime: "1.30.0"}}
		text, _ := r.Encode()
		say('O', string(text))
	case "chatty":
		for { // progress without end
			say('P', `{"stage": "reading", "done": 7}`)
		}
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func options(t testing.TB, pkg models.Package, args ...string) runner.Options {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	lib, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	if args == nil {
		args = []string{"runner"}
	}
	return runner.Options{Command: append([]string{program}, args...), Library: lib, Package: pkg}
}

func start(t testing.TB, o runner.Options) *runner.Process {
	t.Helper()
	p, err := runner.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func study(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	tar, err := phantom.Study(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return tar
}

func small(t testing.TB) []byte { return study(t, "small", testdata.SmallStudy()) }

// reasonOf is the reason of a *Failure, or "".
func reasonOf(err error) runner.Reason {
	var f *runner.Failure
	if errors.As(err, &f) {
		return f.Reason
	}
	return ""
}

func alive(p *runner.Process) bool {
	select {
	case <-p.Dead():
		return false
	default:
		return true
	}
}

func TestAnalyze(t *testing.T) {
	t.Setenv("MEDHIVE_SECRET", "token")
	p := start(t, options(t, phantom.Thresholds()))
	for range 2 { // one process, several jobs
		var stages []string
		r, err := p.Analyze(t.Context(), small(t), func(stage string, done float64) {
			if done == 1 {
				stages = append(stages, stage)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{inference.StageReading, inference.StagePreprocess, inference.StageInference, inference.StageReport}; !slices.Equal(stages, want) {
			t.Errorf("stages %v; want %v", stages, want)
		}
		if len(r.Files) < 2 || r.Findings.Segments[0].VoxelCount == 0 || r.Findings.Runtime != p.RuntimeVersion() {
			t.Errorf("%+v", r.Findings)
		}
	}
	t.Log(p.Isolation())
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.PID()))
	if err == nil && len(environ) > 0 {
		t.Errorf("the child was given an environment of %d bytes", len(environ))
	}
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", p.PID()))
	if cut := theirs != ours; err == nil && cut != strings.Contains(p.Isolation(), "namespace without interfaces") {
		t.Errorf("network %s, ours %s, yet the isolation is %q", theirs, ours, p.Isolation())
	}
}

func TestReferenceModel(t *testing.T) {
	pkg, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, options(t, pkg))
	r, err := p.Analyze(t.Context(), study(t, "t1", testdata.T1Study()), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Findings.Segments {
		if s.VolumeML < 300 {
			t.Errorf("%s: %.0f ml", s.Name, s.VolumeML)
		}
	}
	const idleLimit = 120 << 20
	begun, look := time.Now(), time.NewTicker(50*time.Millisecond)
	defer look.Stop()
	for residentBytes(t, p.PID()) > idleLimit {
		if time.Since(begun) > patience {
			t.Fatalf("idle, it holds %d MiB; want at most %d", residentBytes(t, p.PID())>>20, idleLimit>>20)
		}
		<-look.C
	}
	t.Logf("idle %v after a job: %d MiB", time.Since(begun).Round(time.Millisecond), residentBytes(t, p.PID())>>20)
}

// residentBytes is the process's resident memory.
func residentBytes(t testing.TB, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

func TestBadStudiesAreRefusals(t *testing.T) {
	p := start(t, options(t, phantom.Thresholds()))
	bad, err := testdata.Bad()
	if err != nil {
		t.Fatal(err)
	}
	studies := map[string][]byte{"nothing": nil, "no tar": bytes.Repeat([]byte("x"), 4096)}
	for _, b := range bad {
		studies[b.Name] = study(t, b.Name, b.Data)
	}
	for name, tar := range studies {
		_, err := p.Analyze(t.Context(), tar, nil)
		var refusal *dicom.Refusal
		if reasonOf(err) != runner.Refused || !errors.As(err, &refusal) || refusal.What == "" || refusal.Do == "" {
			t.Errorf("%s: %v; want a refusal that says what and what to do", name, err)
		}
		for _, planted := range []string{"MUSTERMANN", "Doe"} {
			if strings.Contains(strings.ToUpper(fmt.Sprint(err)), strings.ToUpper(planted)) {
				t.Errorf("%s: the refusal holds identity", name)
			}
		}
	}
	if _, err := p.Analyze(t.Context(), small(t), nil); err != nil {
		t.Errorf("the good study after all those: %v", err)
	}
}

// during starts a job that takes long and calls act when inference has begun.
func during(t *testing.T, ctx context.Context, p *runner.Process, act func()) error {
	t.Helper()
	_, err := p.Analyze(ctx, small(t), func(stage string, done float64) {
		if stage == inference.StageInference && done == 0 {
			act()
		}
	})
	return err
}

func TestKilledInTheMiddle(t *testing.T) {
	p := start(t, options(t, phantom.Endless()))
	err := during(t, t.Context(), p, func() {
		if err := unix.Kill(p.PID(), unix.SIGKILL); err != nil {
			t.Error(err)
		}
	})
	if reasonOf(err) != runner.Crashed || !strings.Contains(err.Error(), "killed") {
		t.Errorf("%v; want a crash", err)
	}
	if _, err := p.Analyze(t.Context(), small(t), nil); reasonOf(err) != runner.Crashed {
		t.Errorf("afterwards: %v", err)
	}
}

func TestTimeout(t *testing.T) {
	o := options(t, phantom.Endless())
	o.Timeout = 300 * time.Millisecond
	p := start(t, o)
	if _, err := p.Analyze(t.Context(), small(t), nil); reasonOf(err) != runner.Timeout {
		t.Errorf("%v; want a timeout", err)
	}
	<-p.Dead()
}

func TestCancelled(t *testing.T) {
	p := start(t, options(t, phantom.Endless()))
	ctx, cancel := context.WithCancel(t.Context())
	if err := during(t, ctx, p, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want the context's error", err)
	}
	<-p.Dead()
}

func TestClosedInTheMiddle(t *testing.T) {
	p := start(t, options(t, phantom.Endless()))
	closed := make(chan error, 1)
	err := during(t, t.Context(), p, func() { go func() { closed <- p.Close() }() })
	if reasonOf(err) != runner.Crashed {
		t.Errorf("%v; want a crash", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestMemoryCap(t *testing.T) {
	t.Run("a greedy model", func(t *testing.T) {
		p := start(t, options(t, phantom.Greedy()))
		if _, err := p.Analyze(t.Context(), small(t), nil); reasonOf(err) != runner.Memory {
			t.Errorf("%v; want the memory cap", err)
		}
	})
	t.Run("a large study", func(t *testing.T) {
		o := options(t, phantom.Thresholds())
		o.MemoryBytes = 64 << 20
		p := start(t, o)
		if _, err := p.Analyze(t.Context(), bytes.Repeat([]byte("x"), 200<<20), nil); reasonOf(err) != runner.Memory {
			t.Errorf("%v; want the memory cap", err)
		}
	})
}

func TestStartRefuses(t *testing.T) {
	bent := phantom.Thresholds()
	bent.Weights = append(slices.Clone(bent.Weights), 0)
	other := phantom.Thresholds()
	other.Manifest.Input.Name = "t2"
	for name, c := range map[string]struct {
		bend func(*runner.Options)
		want string
	}{
		"no command":      {func(o *runner.Options) { o.Command = nil }, "command"},
		"no such program": {func(o *runner.Options) { o.Command = []string{"/nonexistent/medhive"} }, "no such file"},
		"no library":      {func(o *runner.Options) { o.Library = "/nonexistent/lib.so" }, "make deps"},
		"wrong weights":   {func(o *runner.Options) { o.Package = bent }, "not the manifest's"},
		"wrong input":     {func(o *runner.Options) { o.Package = other }, "t2"},
		"wrong provider":  {func(o *runner.Options) { o.Provider = "cuda" }, "permits"},
	} {
		o := options(t, phantom.Thresholds())
		c.bend(&o)
		p, err := runner.Start(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want an error with %q", name, err, c.want)
		}
		if p != nil {
			p.Close()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := runner.Start(ctx, options(t, phantom.Thresholds())); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

func TestStrangers(t *testing.T) {
	for _, kind := range []string{"silent", "noise", "greets-badly", "early-result"} {
		p, err := runner.Start(t.Context(), options(t, phantom.Thresholds(), "stranger", kind))
		if err == nil || reasonOf(err) == "" {
			t.Errorf("%s: %v; want a failed start", kind, err)
			p.Close()
		}
	}
	for kind, want := range map[string]runner.Reason{
		"huge": runner.Protocol, "junk-result": runner.Protocol, "junk-progress": runner.Protocol, "unknown-kind": runner.Protocol,
		"another-model": runner.Protocol, "unknown-reason": runner.Protocol, "cut": runner.Crashed, "panics": runner.Crashed, "chatty": runner.Timeout,
	} {
		o := options(t, phantom.Thresholds(), "stranger", kind)
		if want == runner.Timeout {
			o.Timeout = 2 * time.Second
		}
		p := start(t, o)
		_, err := p.Analyze(t.Context(), small(t), func(_ string, done float64) {
			if done < 0 || done > 1 {
				t.Errorf("%s: progress %v", kind, done)
			}
		})
		if reasonOf(err) != want || strings.Contains(err.Error(), "patient") {
			t.Errorf("%s: %v; want %s, without what it said", kind, err, want)
		}
		<-p.Dead()
	}
}

func TestMainEndsOnGarbage(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		"nothing": "", "text": "GET / HTTP/1.1\r\n\r\n", "a job first": "J\x00\x00\x00\x01x", "huge": "I\xff\xff\xff\xff", "no JSON": "I\x00\x00\x00\x02xx",
		"no weights": "I\x00\x00\x00\x02{}", "a second init": "I\x00\x00\x00\x02{}I\x00\x00\x00\x02{}",
	} {
		cmd := exec.CommandContext(t.Context(), program, "runner")
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.Output()
		if wantErr := name != "nothing" && name != "no weights"; (err != nil) != wantErr || bytes.HasPrefix(out, []byte{'R'}) {
			t.Errorf("%s: %v, said %q", name, err, out)
		}
	}
}

// A runner whose parent was killed goes, too: end of stdin is its sign, and where it is
// stopped for a Stat job, the kernel wakes it for that.
func TestParentKilled(t *testing.T) {
	for _, freezes := range []string{"computes", "freezes"} {
		t.Run(freezes, func(t *testing.T) { parentKilled(t, freezes) })
	}
}

func parentKilled(t *testing.T, freezes string) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "parent", program, freezes)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(stdout, &pid); err != nil {
		t.Fatalf("the parent did not start a runner: %v", err)
	}
	watch, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(watch)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	poll := []unix.PollFd{{Fd: int32(watch), Events: unix.POLLIN}}
	if n, err := unix.Poll(poll, int(patience.Milliseconds())); n != 1 {
		t.Errorf("the runner lives on: %v", err)
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

func TestPool(t *testing.T) {
	o := options(t, models.Package{})
	pool := runner.NewPool(o)
	defer pool.Close()
	pkg := phantom.Thresholds()
	first, err := pool.Warm(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Analyze(t.Context(), pkg, small(t), nil); err != nil || !alive(first) {
		t.Fatalf("%v; the warm one must have done it", err)
	}
	for range 3 { // dies while idle; the next job does not notice
		p, err := pool.Warm(t.Context(), pkg)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Kill(p.PID(), unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-p.Dead()
		if _, err := pool.Analyze(t.Context(), pkg, small(t), nil); err != nil {
			t.Fatalf("after a death: %v", err)
		}
	}
	greedy := phantom.Greedy()
	if _, err := pool.Analyze(t.Context(), greedy, small(t), nil); reasonOf(err) != runner.Memory {
		t.Errorf("the greedy model: %v", err)
	}
	if _, err := pool.Analyze(t.Context(), pkg, small(t), nil); err != nil {
		t.Errorf("its neighbour: %v", err)
	}
	broken := phantom.Thresholds()
	broken.Manifest.Input.Name = "t2"
	other := runner.NewPool(o)
	if _, err := other.Analyze(t.Context(), broken, small(t), nil); err == nil || !strings.Contains(err.Error(), "t2") {
		t.Errorf("a model that can't be loaded: %v", err)
	}
	if err := errors.Join(other.Close(), pool.Close(), pool.Close()); err != nil {
		t.Error(err)
	}
	if _, err := pool.Analyze(t.Context(), pkg, small(t), nil); err == nil {
		t.Error("a closed pool took a job")
	}
}
