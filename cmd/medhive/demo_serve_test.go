package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/client"
	"github.com/medhive/medhive/agent/demo"
)

// serveArgs keep a network in a home of the person's.
func serveArgs(home string) []string {
	return []string{"demo", "--serve", "--home", home, "--epoch", "5s", "--json"}
}

// servedAt is where the network of a started process is.
func servedAt(t *testing.T, d *daemon) (where demo.Addresses) {
	t.Helper()
	if err := json.Unmarshal([]byte(d.await(`{"home":`)), &where); err != nil {
		t.Fatal(err)
	}
	return where
}

// A developer has a network in one command: every door answers, a study that a program sends
// comes back, SIGTERM ends all of it, and a second start goes on with what was there.
func TestANetworkIsServedUntilItIsStopped(t *testing.T) {
	p := newPerson(t)
	home := filepath.Join(p.home, "network")
	d := p.start("network", serveArgs(home)...)
	where := servedAt(t, d)
	if where.Home != home || where.Temporary || len(where.Nodes) != 2 || where.Nodes[0].PriceGwei <= where.Nodes[1].PriceGwei {
		t.Errorf("%+v", where)
	}
	doorsAnswer(t, where)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	clinic, err := client.NewClinic(where.Clinic.URL)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := clinic.Send(ctx, os.DirFS(where.Study))
	if err != nil {
		t.Fatal(err)
	}
	cases, err := clinic.Await(ctx, sent.Study)
	if err != nil || len(cases) != 1 || cases[0].State != client.Delivered || cases[0].Outcome != "completed" {
		t.Fatalf("%v: %+v", err, cases)
	}
	if delivered, err := filepath.Glob(filepath.Join(where.Results, "*", "seg.dcm")); err != nil || len(delivered) != 1 {
		t.Errorf("%v: the clinic's folder has %v", err, delivered)
	}
	children := below(t, d.cmd.Process.Pid)
	if len(children) == 0 {
		t.Error("no process is below the network's: the runners are elsewhere, and whether they end was not seen")
	}
	if code := d.stop(2 * shutdown); code != exitOK {
		t.Errorf("SIGTERM: exit %d", code)
	}
	for _, pid := range children {
		if alive(pid) {
			t.Errorf("process %d outlives the network", pid)
		}
	}

	again := p.start("network again", serveArgs(home)...)
	back := servedAt(t, again)
	if back.ChainID != where.ChainID || back.Nodes[0].Address != where.Nodes[0].Address || back.Nodes[1].Address != where.Nodes[1].Address {
		t.Errorf("another network: %+v", back)
	}
	if clinic, err = client.NewClinic(back.Clinic.URL); err != nil {
		t.Fatal(err)
	}
	if kept, err := clinic.Case(ctx, cases[0].ID); err != nil || kept.State != client.Delivered {
		t.Errorf("%v: the case is %+v", err, kept)
	}
	published, err := client.NewNetwork(back.Coordinator.URL)
	if err != nil {
		t.Fatal(err)
	}
	before, err := published.Epochs(ctx)
	if err != nil || len(before) == 0 {
		t.Fatalf("%v: epochs %v", err, before)
	}
	if _, err := published.AwaitEpoch(ctx, before[0]+1); err != nil {
		t.Errorf("no epoch after %d: %v", before[0], err)
	}
	if code := again.stop(2 * shutdown); code != exitOK {
		t.Errorf("SIGTERM: exit %d", code)
	}
}

// doorsAnswer looks at each door that the network names.
func doorsAnswer(t *testing.T, where demo.Addresses) {
	t.Helper()
	for _, page := range []string{where.Coordinator.URL + "/health", where.Coordinator.OpenAPI, where.Nodes[0].OpenAPI, where.Nodes[1].OpenAPI,
		where.Nodes[0].Link, where.Nodes[1].Link, where.Clinic.OpenAPI, where.Clinic.URL + "/", where.Clinic.DICOMweb + "/workitems"} {
		answer, err := http.Get(page)
		if err != nil {
			t.Error(err)
			continue
		}
		if answer.Body.Close(); answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNoContent {
			t.Errorf("%s answers %s", page, answer.Status)
		}
	}
	answer, err := http.Post(where.Chain, "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}`))
	if err != nil {
		t.Fatal(err)
	}
	var reply struct {
		Result string `json:"result"`
	}
	err = errors.Join(json.NewDecoder(answer.Body).Decode(&reply), answer.Body.Close())
	if id, wrong := strconv.ParseUint(strings.TrimPrefix(reply.Result, "0x"), 16, 64); err != nil || wrong != nil || id != where.ChainID {
		t.Errorf("%v: the chain's id is %s, want %d", err, reply.Result, where.ChainID)
	}
	door, err := net.DialTimeout("tcp", where.Clinic.DICOM, patience)
	if err != nil {
		t.Fatal(err)
	}
	if err := door.Close(); err != nil {
		t.Error(err)
	}
	for _, address := range []string{where.Coordinator.URL, where.Nodes[0].URL, where.Nodes[1].URL, where.Clinic.URL, where.Chain} {
		if !strings.HasPrefix(address, "http://127.0.0.1:") && !strings.HasPrefix(address, "http://localhost:") {
			t.Errorf("%s is no address of this machine alone", address)
		}
	}
}

// below are the processes that a process started, and those that these started.
func below(t *testing.T, pid int) (list []int) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range tasks {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range bytes.Fields(data) {
			child, err := strconv.Atoi(string(field))
			if err != nil {
				t.Fatal(err)
			}
			list = append(append(list, child), below(t, child)...)
		}
	}
	return list
}

// alive says whether a process is there, and is no corpse that waits to be reaped.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(data), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z")
}

// A served network takes no flags of the demo that ends, and says so.
func TestServingTakesNoFlagsOfTheDemo(t *testing.T) {
	p := newPerson(t)
	for _, args := range [][]string{{"--out", "x"}, {"--study", "x"}, {"--epoch", "-1s"}} {
		_, stderr, code := p.run(append([]string{"demo", "--serve"}, args...)...)
		if code != exitUsage || !strings.Contains(stderr, args[0]) {
			t.Errorf("%v: exit %d\n%s", args, code, stderr)
		}
	}
}

// serveEnds is how long a start that is stopped in its middle may take to end.
const serveEnds = 30 * time.Second

// A network that is stopped while it starts leaves nothing running, and its temporary folder
// is gone.
func TestAStartOfANetworkThatIsStopped(t *testing.T) {
	p := newPerson(t)
	folder := t.TempDir()
	c := p.command(context.Background(), "demo", "--serve")
	c.Env = append(c.Env, "TMPDIR="+folder)
	errs, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(serveEnds, func() { _ = c.Process.Kill() })
	defer killer.Stop()
	begun := make([]byte, len("starting"))
	if _, err := errs.Read(begun); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // how it ended is read from ProcessState
	if code := c.ProcessState.ExitCode(); code < 0 {
		t.Errorf("it had to be killed: %v", c.ProcessState)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("%v: left %v", err, left)
	}
}
