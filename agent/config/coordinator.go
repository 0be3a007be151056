package config

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Coordinator are the settings of a coordinator.
type Coordinator struct {
	Network  string // path; empty: HOME/network.json
	Listen   []string
	LAN      bool
	SwarmKey string // path
	Regions  []string
	HTTP     string // host:port

	PosterKey      string // path
	Epoch          time.Duration
	ChallengeEvery time.Duration
	ExamineEvery   time.Duration

	Canaries     string // path of a folder
	CanaryEvery  time.Duration
	CanaryListen []string
	CanaryLife   uint64 // epochs
	Rechecks     bool

	Library string // path
	Metrics string // host:port
	Health  string // host:port
	Traces  string // address of a collector

	Notices Notices
}

// Defaults of a coordinator that others reckon with.
const (
	// CanaryEvery is the mean pause between the draw of a canary and its submission.
	CanaryEvery = 5 * time.Minute
	// CanaryLife is for how many epochs a canary clinic works on the average.
	CanaryLife = 8
)

// Regions are the countries whose offers a coordinator relays unless told otherwise: the
// European Economic Area, Switzerland, the United Kingdom and the United States (ISO 3166-1
// alpha-2).
func Regions() []string {
	return strings.Fields("AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK US")
}

// NewCoordinator are a coordinator's defaults, and the table that changes them.
func NewCoordinator() (*Coordinator, *Table) {
	c, t := &Coordinator{}, newTable(RoleCoordinator)
	t.group("Where", "")
	t.path(&c.Network, "network", "", "network file", everyone, absent("network.json in the home folder; the coordinator adds itself there"))
	t.texts(&c.Listen, "listen", []string{"/ip4/127.0.0.1/tcp/0"}, "multiaddress to listen on, repeatable", checked(func() error { return listens(c.Listen) }))
	reach(t, &c.LAN, &c.SwarmKey)
	t.texts(&c.Regions, "regions", Regions(), "countries (ISO 3166) whose offers this host relays", checked(func() error { return countries(c.Regions) }))
	t.text(&c.HTTP, "http", "", "host:port where anybody may read what is published: /health, /v1/scores/NODE, /v1/epochs, /v1/epochs/N/bundle (default: nowhere)", checked(func() error { return hostPort(c.HTTP) }))
	t.group("Epochs and challenges", "")
	t.secret(&c.PosterKey, "poster-key", "file of the key that may post roots (default on a development chain: its own)")
	t.duration(&c.Epoch, "epoch", 24*time.Hour, "length of an epoch")
	t.duration(&c.ChallengeEvery, "challenge-every", 10*time.Minute, "mean time between two uptime challenges of one node")
	t.duration(&c.ExamineEvery, "examine-every", 24*time.Hour, "mean time between two compute challenges of one node, 10 s each (0: none)")
	t.group("Canaries and rechecks", "")
	t.path(&c.Canaries, "canaries", "", "folder of studies that may be shown to any node: nodes are checked with tasks made of them (default: none are)")
	t.duration(&c.CanaryEvery, "canary-every", CanaryEvery, "mean time between the draw of a canary and its submission")
	t.texts(&c.CanaryListen, "canary-listen", []string{"/ip4/127.0.0.1/tcp/0"}, "multiaddress where a clinic of canaries listens, repeatable, one for each; nodes must be able to reach it", checked(func() error { return addresses(c.CanaryListen) }))
	t.amount(&c.CanaryLife, "canary-life", CanaryLife, "epochs that a clinic of canaries works under one name, on the average; its verdicts are published after", unit("epochs"))
	t.boolean(&c.Rechecks, "rechecks", false, "run 1 % of all tasks again, and those whose results differ, where their clinics allow it")
	t.group("The machine", "")
	t.path(&c.Library, "ort-lib", "", "libonnxruntime that computes the right answers"+ortOwn)
	t.text(&c.Metrics, "metrics", "", "host:port where Prometheus may scrape /metrics (default: nowhere)", checked(func() error { return hostPort(c.Metrics) }))
	t.text(&c.Health, "health", "", "host:port where anybody may ask whether it works: /health answers 200, or 503 with reasons (default: nowhere)", checked(func() error { return hostPort(c.Health) }))
	t.text(&c.Traces, "traces", "", "address of a collector of OpenTelemetry traces by OTLP over HTTP, such as http://127.0.0.1:4318 (default $OTEL_EXPORTER_OTLP_ENDPOINT, or nowhere)", private, checked(func() error { return webAddress(c.Traces) }))
	c.Notices.keys(t)
	return c, t
}

// listens are addresses, at least one.
func listens(list []string) error {
	if !slices.ContainsFunc(list, func(a string) bool { return a != "" }) {
		return errors.New("it names no address, such as /ip4/127.0.0.1/tcp/9400")
	}
	return addresses(list)
}
