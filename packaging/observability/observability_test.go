package observability_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/medhive/medhive/agent/metric"
	"github.com/medhive/medhive/packaging/observability"
)

var update = flag.Bool("update", false, "write grafana.json anew")

const (
	dashboardPath = "grafana.json"
	alertsPath    = "alerts.yml"
)

// promtool runs Debian's promtool, which `make test-tools` brings.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if said, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v; run `make test-tools`, and put .tools/bin into PATH\n%s", strings.Join(args, " "), err, said)
	}
}

func TestDashboardIsFresh(t *testing.T) {
	made, err := observability.Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(dashboardPath, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(dashboardPath); err != nil || !bytes.Equal(kept, made) {
		t.Errorf("%s is not what the panels say (%v); run go test ./packaging/observability -update", dashboardPath, err)
	}
}

// What Grafana wants of a dashboard that it imports.
func TestDashboardIsWhole(t *testing.T) {
	data, err := os.ReadFile(dashboardPath)
	if err != nil {
		t.Fatal(err)
	}
	type place struct{ X, Y, W, H int }
	var d struct {
		Title, UID    string
		ID            *int
		SchemaVersion int
		Templating    struct {
			List []struct{ Name, Type string }
		}
		Panels []struct {
			ID                 int
			Title, Type        string
			GridPos            place
			Targets            []struct{ RefID, Expr string }
			Datasource         struct{ Type, UID string }
			FieldConfig, Other json.RawMessage
		}
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	if d.Title == "" || d.UID == "" || d.ID != nil || d.SchemaVersion < 36 || len(d.Panels) < 40 {
		t.Errorf("title %q, uid %q, id %v, schema %d, %d panels", d.Title, d.UID, d.ID, d.SchemaVersion, len(d.Panels))
	}
	variables := map[string]bool{"__rate_interval": true, "datasource": false}
	for _, v := range d.Templating.List {
		variables[v.Name] = true
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 || p.Title == "" {
			t.Errorf("panel %d %q has no id of its own, or no title", p.ID, p.Title)
		}
		ids[p.ID] = true
		if p.GridPos.X+p.GridPos.W > 24 || p.GridPos.W < 1 || p.GridPos.H < 1 {
			t.Errorf("panel %q stands beside the grid: %+v", p.Title, p.GridPos)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("panels %q and %q lie on each other", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if !slices.Contains([]string{"timeseries", "stat", "table"}, p.Type) || p.Datasource.Type != "prometheus" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 || len(p.FieldConfig) == 0 {
			t.Errorf("panel %q is not whole: %+v", p.Title, p)
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if refs[target.RefID] || target.Expr == "" {
				t.Errorf("panel %q: query %q stands there twice or is empty", p.Title, target.RefID)
			}
			refs[target.RefID] = true
			for _, v := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(target.Expr, -1) {
				if !variables[v[1]] {
					t.Errorf("panel %q asks for $%s, which nobody sets", p.Title, v[1])
				}
			}
		}
	}
}

// concrete is a dashboard's query with the reader's choices made.
func concrete(expr string) string {
	return strings.NewReplacer("$__rate_interval", "1m", "$job", ".*", "$instance", ".*").Replace(expr)
}

// queries are all PromQL of the dashboard and of the alerts, by what they are for.
func queries(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, row := range observability.Rows() {
		for _, p := range row.Panels {
			for i, l := range p.Lines {
				all[fmt.Sprintf("panel %s / %s, query %d", row.Title, p.Title, i+1)] = concrete(l.Expr)
			}
		}
	}
	data, err := os.ReadFile(alertsPath)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			all["alert "+r.Alert] = r.Expr
		}
	}
	if len(all) < 80 {
		t.Fatalf("only %d queries were found", len(all))
	}
	return all
}

// Every query is PromQL for a real promtool: each becomes a recording rule.
func TestEveryQueryIsPromQL(t *testing.T) {
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	all, rules := queries(t), []rule{}
	for i, name := range slices.Sorted(maps.Keys(all)) {
		rules = append(rules, rule{fmt.Sprintf("query:%d", i), all[name]})
	}
	data, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "queries", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "queries.yml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", path)
}

// of every Go program, by its client library.
var everyProgram = []string{
	"up", "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "go_goroutines", "promhttp_metric_handler_errors_total",
}

// Each metric that is asked for is in the list, with the labels and values that are asked for.
func TestQueriesAskForWhatIsThere(t *testing.T) {
	known := map[string]metric.Metric{}
	for _, m := range metric.All() {
		name := metric.Prefix + m.Name
		if m.Kind != metric.Histogram {
			known[name] = m
			continue
		}
		bucket := m
		bucket.Labels = append(slices.Clone(m.Labels), metric.Label{Name: "le", Meaning: "upper bound"})
		known[name+"_bucket"], known[name+"_sum"], known[name+"_count"] = bucket, m, m
	}
	selector := regexp.MustCompile(`\b((?:medhive|process|go|promhttp)_[a-z0-9_]+|up)\b(\{[^}]*\})?`)
	matcher := regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	used := map[string]bool{}
	for what, expr := range queries(t) {
		found := selector.FindAllStringSubmatch(expr, -1)
		if len(found) == 0 {
			t.Errorf("%s asks for no metric: %s", what, expr)
		}
		for _, s := range found {
			used[s[1]] = true
			m, ours := known[s[1]]
			if !ours {
				if !slices.Contains(everyProgram, s[1]) {
					t.Errorf("%s asks for %s, which nobody shows", what, s[1])
				}
				continue
			}
			for _, want := range matcher.FindAllStringSubmatch(s[2], -1) {
				i := slices.IndexFunc(m.Labels, func(l metric.Label) bool { return l.Name == want[1] })
				if i < 0 {
					if want[1] != "job" && want[1] != "instance" {
						t.Errorf("%s: %s has no label %s", what, s[1], want[1])
					}
					continue
				}
				for _, value := range strings.Split(want[3], "|") {
					if values := m.Labels[i].Values; values != nil && !slices.Contains(values, value) {
						t.Errorf("%s: label %s of %s is never %q", what, want[1], s[1], value)
					}
				}
			}
		}
	}
	if len(used) < 50 {
		t.Errorf("only %d metrics are looked at", len(used))
	}
}

func TestRulesAndConfigurationLoad(t *testing.T) {
	promtool(t, "check", "rules", "--lint=all", "--lint-fatal", alertsPath)
	promtool(t, "check", "config", "--lint=all", "--lint-fatal", "prometheus.yml")
	promtool(t, "test", "rules", "alerts.test.yml")
}

// Every alert ends in what to do.
func TestAlertsTellWhatToDo(t *testing.T) {
	data, err := os.ReadFile(alertsPath)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert               string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if named[r.Alert] || r.Annotations["summary"] == "" || len(r.Annotations["description"]) < 40 || !slices.Contains([]string{"warning", "critical"}, r.Labels["severity"]) {
				t.Errorf("alert %s: %+v %v", r.Alert, r.Annotations, r.Labels)
			}
			named[r.Alert] = true
		}
	}
}
