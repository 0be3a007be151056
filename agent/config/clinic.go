package config

import (
	"errors"
	"time"

	"github.com/medhive/medhive/scheduler/broker"
)

// Clinic are the settings of a clinic that runs. Its doors, archives and destinations stand
// in its site file, which Site names.
type Clinic struct {
	Name      string
	Network   string // path; empty: HOME/network.json, or /etc/medhive's
	Listen    []string
	LAN       bool
	SwarmKey  string // path
	BehindNAT bool
	Site      string // path
	Regions   []string

	KeepFree           bool
	Rechecks           bool
	Compare            bool
	Lease              time.Duration
	PatientNamespace   string // URI
	AccessionNamespace string // URI

	SealedMax int64  // bytes
	Library   string // path
	Metrics   string // host:port
	Health    string // host:port
	Traces    string // address of a collector

	Notices Notices
}

// NewClinic are the defaults of a clinic that runs, and the table that changes them.
func NewClinic() (*Clinic, *Table) {
	c, t := &Clinic{}, newTable(RoleClinic)
	c.place(t)
	c.tasks(t)
	c.machine(t)
	c.Notices.keys(t)
	return c, t
}

// SubmitterKeys are those settings of a clinic that are flags of a command too which is a clinic
// for as long as one study takes.
func SubmitterKeys() []string {
	return []string{"name", "listen", "lan", "swarm-key", "behind-nat", "lease", "patient-namespace", "accession-namespace", "sealed-max", "ort-lib"}
}

func (c *Clinic) place(t *Table) {
	t.group("Who and where", "")
	t.text(&c.Name, "name", "clinic", "name of the clinic's state folder below --home", checked(func() error { return folderName(c.Name) }))
	t.path(&c.Network, "network", "", "network file", everyone, absent("network.json in the home folder, else /etc/medhive/network.json"))
	t.texts(&c.Listen, "listen", []string{"/ip4/127.0.0.1/tcp/0"}, "multiaddress to listen on, repeatable", checked(func() error { return listens(c.Listen) }))
	reach(t, &c.LAN, &c.SwarmKey)
	t.boolean(&c.BehindNAT, "behind-nat", false, behindNAT)
	t.path(&c.Site, "site", "", "site file: takes studies by DICOM, DICOMweb and folders, and delivers to archives; medhive clinic init writes one", absent("none: studies come from medhive clinic submit alone"))
	t.texts(&c.Regions, "regions", []string{"DE"}, "countries (ISO 3166) whose nodes it gets to know from the start; those of a study come to them", checked(func() error { return countries(c.Regions) }))
}

func (c *Clinic) tasks(t *Table) {
	t.group("Tasks", "")
	t.duration(&c.Lease, "lease", broker.DefaultLease, "how long a silent node keeps a job")
	t.text(&c.PatientNamespace, "patient-namespace", "", "URI under which your record system knows patient identifiers, for fhir.json")
	t.text(&c.AccessionNamespace, "accession-namespace", "", "URI under which your record system knows accession numbers, for fhir.json")
	t.boolean(&c.KeepFree, "keep-free", false, "reserve nothing of the deposit for the nodes that work for this clinic; they do about forty studies and wait to be paid")
	t.boolean(&c.Rechecks, "rechecks", false, "let the coordinator run 3 % of the tasks again within an hour, and those whose results differ: it gets the de-identified study and the result")
	t.boolean(&c.Compare, "compare", true, "have a second node do a task too, and pay it: every one of a node's first, falling to 2 %; emergencies never wait for it")
}

func (c *Clinic) machine(t *Table) {
	t.group("The machine", "")
	t.bytes(&c.SealedMax, "sealed-max", 0, sealedMax)
	t.path(&c.Library, "ort-lib", "", "libonnxruntime of the clinic's own runner, for --local-by"+ortOwn)
	t.text(&c.Metrics, "metrics", "", "host:port where Prometheus may scrape /metrics (default: only the command clinic metrics)", checked(func() error { return hostPort(c.Metrics) }))
	t.text(&c.Health, "health", "", "host:port where anybody may ask whether it works: /health answers 200, or 503 with reasons (default: nowhere)", checked(func() error { return hostPort(c.Health) }))
	t.text(&c.Traces, "traces", "", "address of a collector of OpenTelemetry traces by OTLP over HTTP, such as http://127.0.0.1:4318 (default $OTEL_EXPORTER_OTLP_ENDPOINT, or nowhere)", private, checked(func() error { return webAddress(c.Traces) }))
}

// countries are ISO 3166-1 codes, at least one.
func countries(list []string) error {
	if len(list) == 0 {
		return errors.New("no country: want at least one ISO 3166-1 code, such as DE")
	}
	for _, c := range list {
		if err := country(c); err != nil {
			return err
		}
	}
	return nil
}
