package metric

import (
	"fmt"
	"slices"
	"strings"
)

// Reference writes the list for operators, in Markdown.
func Reference() []byte {
	var b strings.Builder
	b.WriteString(`# Metrics

A node, a clinic and a coordinator show their figures where Prometheus may scrape them
(` + "`--metrics host:port`" + `, path ` + "`/metrics`" + `), and at the command line (` + "`medhive node metrics`" + `,
` + "`medhive clinic metrics`" + `). Names follow Prometheus' conventions: base units (seconds, bytes,
watts, joules, celsius, ratios from 0 to 1), and counters end in ` + "`_total`" + `. Amounts of money are
in HIVE. What is unknown is absent, never 0; the figures marked * may be absent.

Beside these there are ` + "`go_*`, `process_*` and `promhttp_*`" + ` of every Go program. Nothing here is of a
patient, and no label holds what a stranger may choose.

Alerts and a Grafana dashboard that use them lie in ` + "`packaging/observability`" + `.

This page is made from the list in ` + "`agent/metric`" + `; a test holds the two together.
`)
	for _, section := range []struct {
		title string
		of    []Metric
	}{
		{"Every role", shared()}, {"Node: the machine, its score and its pay", profiles()}, {"Node: jobs", jobs()},
		{"Clinic: the market", clinics()}, {"Clinic: doors and worklist", sites()}, {"Coordinator", coordinators()},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n", section.title)
		for _, m := range section.of {
			mark := ""
			if m.Sparse {
				mark = " *"
			}
			fmt.Fprintf(&b, "| `%s%s`%s | %s | %s | %s |\n", Prefix, m.Name, mark, m.Kind, labels(m), m.Help)
		}
	}
	return []byte(b.String())
}

// labels are a metric's labels in the words of a table's cell.
func labels(m Metric) string {
	var cells []string
	for _, l := range m.Labels {
		switch {
		case l.Values != nil:
			cells = append(cells, fmt.Sprintf("`%s`: %s", l.Name, strings.Join(slices.Clone(l.Values), ", ")))
		default:
			cells = append(cells, fmt.Sprintf("`%s`: %s", l.Name, l.Meaning))
		}
	}
	return strings.Join(cells, "; ")
}
