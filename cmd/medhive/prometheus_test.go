package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/health"
)

// observability is where the alerts, the dashboard and the sample configuration lie.
const observability = "../../packaging/observability"

// prometheus is a real one that scrapes this test's roles.
type prometheus struct {
	t       *testing.T
	address string
}

// startPrometheus starts Debian's prometheus on the sample configuration, with the roles'
// addresses instead of the sample's.
func startPrometheus(t *testing.T, targets map[string]string) *prometheus {
	t.Helper()
	sample, err := os.ReadFile(filepath.Join(observability, "prometheus.yml"))
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := os.ReadFile(filepath.Join(observability, "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(sample), "15s", "3s")
	for written, real := range targets {
		if !strings.Contains(text, written) {
			t.Fatalf("the sample names no %s", written)
		}
		text = strings.ReplaceAll(text, written, real)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"prometheus.yml": []byte(text), "alerts.yml": alerts} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &prometheus{t: t, address: freeAddress(t)}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+p.address)
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatalf("start prometheus: %v; run `make test-tools`, and put .tools/bin into PATH", err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		_ = log.Close()
		if said, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("--- prometheus\n%s", said)
		}
	})
	return p
}

// freeAddress is one that nobody listens at now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// ask asks Prometheus' API; ok is false where it does not answer, or answers an error, which
// why tells.
func (p *prometheus) ask(path string, out any) (ok bool, why string) {
	answer, err := http.Get("http://" + p.address + path)
	if err != nil {
		return false, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return false, err.Error()
	}
	var whole struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.Unmarshal(body, &whole); err != nil || whole.Status != "success" {
		return false, fmt.Sprintf("%s %s", answer.Status, body)
	}
	if err := json.Unmarshal(whole.Data, out); err != nil {
		p.t.Fatalf("%s: %v", path, err)
	}
	return true, ""
}

// await asks again and again until look is content.
func (p *prometheus) await(what string, look func() (bool, string)) {
	p.t.Helper()
	limit := time.After(patience)
	for {
		ok, why := look()
		if ok {
			return
		}
		select {
		case <-limit:
			p.t.Fatalf("%s: %s", what, why)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// value is what a query comes to, one series only.
func (p *prometheus) value(query string) (string, string) {
	var answer struct {
		Result []struct{ Value [2]any }
	}
	if ok, why := p.ask("/api/v1/query?query="+url.QueryEscape(query), &answer); !ok {
		return "", why
	}
	if len(answer.Result) != 1 {
		return "", fmt.Sprintf("%d series", len(answer.Result))
	}
	return fmt.Sprint(answer.Result[0].Value[1]), ""
}

// A real Prometheus takes the sample configuration with the alerts, scrapes real processes of
// the three roles, and every query of the dashboard is answered. A node that ends is an alert.
func TestPrometheusReadsARealNetwork(t *testing.T) {
	w := newTown(t)
	node, clinic, coordinator, checkup := freeAddress(t), freeAddress(t), freeAddress(t), freeAddress(t)
	if code := w.coordinator.stop(shutdown); code != exitOK {
		t.Fatalf("the coordinator ended with %d", code)
	}
	w.coordinator = w.start("coordinator", "coordinator", "run", "--epoch", "5s", "--challenge-every", "1s", "--metrics", coordinator)
	w.coordinator.await("medhive node run")
	anna := w.start("anna", append(nodeArgs("anna"), "--metrics", node, "--health", checkup)...)
	anna.await("medhive node status")
	w.start("clinic", "clinic", "run", "--metrics", clinic).await("clinic submit")
	p := startPrometheus(t, map[string]string{"127.0.0.1:9501": node, "127.0.0.1:9502": clinic, "127.0.0.1:9503": coordinator})
	p.await("three targets are scraped", func() (bool, string) {
		got, why := p.value(`count(up{job=~"medhive-.+"} == 1)`)
		return got == "3", got + why
	})
	p.await("each says what it is", func() (bool, string) {
		got, why := p.value(`count(medhive_build_info * on (instance) group_left () (medhive_healthy == 1))`)
		return got == "3", got + why
	})
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	p.await("every alert is evaluated", func() (bool, string) {
		if ok, why := p.ask("/api/v1/rules?type=alert", &rules); !ok {
			return false, why
		}
		seen := 0
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				if seen++; r.Health != "ok" {
					return false, r.Name + " is " + r.Health + " " + r.LastError
				}
			}
		}
		return seen > 20, fmt.Sprint(seen, " alerts")
	})
	p.answersTheDashboard()
	healthy(t, checkup)
	if code := anna.stop(shutdown); code != exitOK {
		t.Errorf("the node ended with %d", code)
	}
	p.await("a node that ended is an alert", func() (bool, string) {
		got, why := p.value(`count(ALERTS{alertname="MedhiveDown", job="medhive-node", alertstate="pending"})`)
		return got == "1", got + why
	})
}

// answersTheDashboard asks every query of it, with the reader's choices made.
func (p *prometheus) answersTheDashboard() {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(observability, "grafana.json"))
	if err != nil {
		p.t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		p.t.Fatal(err)
	}
	var queries []string
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			queries = append(queries, strings.NewReplacer("$__rate_interval", "1m", "$job", ".*", "$instance", ".*").Replace(target.Expr))
		}
	}
	if len(queries) < 60 {
		p.t.Errorf("the dashboard has %d queries", len(queries))
	}
	// Pay, power, a site and durations are not there in a network without work.
	p.await("a third of the dashboard is filled", func() (bool, string) {
		filled := 0
		for _, query := range queries {
			var answer struct{ Result []json.RawMessage }
			if ok, why := p.ask("/api/v1/query?query="+url.QueryEscape(query), &answer); !ok {
				p.t.Fatalf("%s: %s", query, why)
			}
			if len(answer.Result) > 0 {
				filled++
			}
		}
		return filled >= len(queries)/3, fmt.Sprintf("%d of %d queries have a series", filled, len(queries))
	})
}

// healthy wants a node's health port to say so, and to answer nothing else.
func healthy(t *testing.T, address string) {
	t.Helper()
	answer, err := http.Get("http://" + address + "/health")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var r health.Report
	if err := json.NewDecoder(answer.Body).Decode(&r); err != nil || answer.StatusCode != http.StatusOK || r.Role != "node" || !r.Healthy {
		t.Errorf("%s: %+v, %v", answer.Status, r, err)
	}
	other, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Body.Close()
	if other.StatusCode != http.StatusNotFound {
		t.Errorf("the health port answers /metrics with %s", other.Status)
	}
}

// A profile of a running node is one that Go's own tool reads.
func TestPprofOfARunningNode(t *testing.T) {
	w := newTown(t, "anna")
	out := filepath.Join(w.home, "heap.pprof")
	said, stderr, code := w.run("node", "pprof", "heap", "--name", "anna", "--out", out)
	if code != exitOK || !strings.Contains(said, "next: go tool pprof") {
		t.Fatalf("exit %d: %s%s", code, said, stderr)
	}
	read := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-top", out)
	if top, err := read.CombinedOutput(); err != nil || !strings.Contains(string(top), "inuse_space") {
		t.Errorf("%v: %s", err, top)
	}
	for name, args := range map[string][]string{
		"a file that is there": {"node", "pprof", "heap", "--name", "anna", "--out", out}, "a node that is not": {"node", "pprof", "heap", "--name", "nobody", "--out", out + "2"},
		"too long": {"node", "pprof", "cpu", "--name", "anna", "--for", "1h", "--out", out + "2"},
	} {
		if _, stderr, code := w.run(args...); code != exitFailure || !strings.Contains(stderr, "--out") && !strings.Contains(stderr, "--name") && !strings.Contains(stderr, "ask for") {
			t.Errorf("%s: exit %d, %s", name, code, stderr)
		}
	}
	if _, stderr, code := w.run("node", "pprof", "everything"); code != exitUsage || !strings.Contains(stderr, "heap") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if left, err := filepath.Glob(filepath.Join(w.home, ".profile-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What an alert or a warning tells somebody to type exists.
func TestAlertsNameCommandsThatExist(t *testing.T) {
	said := regexp.MustCompile("`medhive ([^`]+)`")
	seen := 0
	for _, path := range []string{filepath.Join(observability, "alerts.yml"), filepath.Join(observability, "README.md"), "../../packaging/docs/metrics.md", "../../packaging/docs/warnings.md"} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range said.FindAllStringSubmatch(string(data), -1) {
			seen++
			words := strings.Fields(found[1])
			c, rest, err := newRoot(strings.NewReader(""), io.Discard).Find(words)
			if err != nil || c.Name() == "medhive" {
				t.Errorf("%s: `medhive %s` is no command: %v", path, found[1], err)
				continue
			}
			for _, word := range rest {
				name, flag := strings.CutPrefix(word, "--")
				if flag && c.Flags().Lookup(name) == nil && c.InheritedFlags().Lookup(name) == nil {
					t.Errorf("%s: `medhive %s`: there is no flag --%s", path, found[1], name)
				}
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d commands were found", seen)
	}
}
