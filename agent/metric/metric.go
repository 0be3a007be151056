// Package metric names every figure that the roles give Prometheus, once: kind, meaning,
// labels, roles. In: values under those names, when somebody scrapes. Out: the page that
// Prometheus reads, and the reference that operators read. A figure that the list doesn't
// have is refused, and so is a value that a label's closed list doesn't have. No figure
// holds anything of a patient, and no label holds what a peer may choose.
package metric

import "slices"

// Prefix begins the name of every metric of this program, beside go_ and process_, which
// every Go program has.
const Prefix = "medhive_"

// Kind is how Prometheus treats a metric.
type Kind string

// The kinds that the roles use. A counter never falls while the process runs.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Role is who shows a metric.
type Role string

// The roles. A site is a clinic's, and shares its page.
const (
	Node        Role = "node"
	Clinic      Role = "clinic"
	Coordinator Role = "coordinator"
)

// Label parts a metric into series.
type Label struct {
	Name string
	// Values are all that it has; each of them is there from the start, unless the metric is
	// Sparse. nil: Meaning says what they are.
	Values  []string
	Meaning string
}

// Metric describes one figure.
type Metric struct {
	Name   string // after Prefix, with its unit and, if it counts, _total at the end
	Kind   Kind
	Help   string // one sentence
	Labels []Label
	Roles  []Role
	// Sparse metrics leave out what is unknown: an absent figure is never 0.
	Sparse bool
}

// All are the metrics of all roles in the order of the reference.
func All() []Metric {
	return slices.Concat(shared(), nodes(), clinics(), sites(), coordinators())
}

// byName are the metrics by their names after Prefix.
func byName() map[string]Metric {
	known := map[string]Metric{}
	for _, m := range All() {
		known[m.Name] = m
	}
	return known
}

func (m Metric) label(name string) (Label, bool) {
	i := slices.IndexFunc(m.Labels, func(l Label) bool { return l.Name == name })
	if i < 0 {
		return Label{}, false
	}
	return m.Labels[i], true
}

// for constructors of the lists below: what one line of them says.

func counter(name, help string, roles []Role, labels ...Label) Metric {
	return Metric{Name: name, Kind: Counter, Help: help, Roles: roles, Labels: labels}
}

func gauge(name, help string, roles []Role, labels ...Label) Metric {
	return Metric{Name: name, Kind: Gauge, Help: help, Roles: roles, Labels: labels}
}

func histogram(name, help string, roles []Role, labels ...Label) Metric {
	return Metric{Name: name, Kind: Histogram, Help: help, Roles: roles, Labels: labels}
}

// sparse marks what may be absent.
func (m Metric) sparse() Metric {
	m.Sparse = true
	return m
}

// one is a label with a closed list of values.
func one(name string, values ...string) Label { return Label{Name: name, Values: values} }

// some is a label whose values are of this program, too many to list.
func some(name, meaning string) Label { return Label{Name: name, Meaning: meaning} }
