package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/audit"
)

func TestRefusedCallersAreCounted(t *testing.T) {
	var lines []string
	r := newRefusals(func(e audit.Entry) error {
		if e.Kind != audit.Login || e.Outcome != audit.Serious || e.Way != "web" {
			t.Errorf("%+v", e)
		}
		lines = append(lines, fmt.Sprintf("%s %d", e.Peer, e.Count))
		return nil
	}, func(err error) { t.Error(err) })
	want := func(when string, all ...string) {
		t.Helper()
		if strings.Join(lines, ", ") != strings.Join(all, ", ") {
			t.Errorf("%s: recorded %q, want %q", when, lines, all)
		}
		lines = nil
	}
	for port := range 1000 {
		r.note(fmt.Sprintf("10.1.0.7:%d", port+1))
	}
	want("one address", "10.1.0.7 1")
	r.end()
	want("one address, the period's end", "10.1.0.7 999")
	r.end()
	want("a silent period")
	r.note("10.1.0.7:1")
	r.end()
	want("once in a period", "10.1.0.7 1")
	for host := range 10_000 { // of one network: IPv6 has no end of them
		r.note(fmt.Sprintf("[2001:db8::%x]:443", host+1))
	}
	r.end()
	want("one network", "2001:db8::/64 1", "2001:db8::/64 9999")
	for host := range 60_000 {
		r.note(fmt.Sprintf("10.2.%d.%d:443", host>>8, host&0xFF))
		if len(r.more) > refusalAddresses {
			t.Fatalf("%d addresses are remembered", len(r.more))
		}
	}
	if len(lines) != refusalAddresses {
		t.Errorf("%d lines at once: %q", len(lines), lines)
	}
	lines = nil
	r.end()
	want("many addresses", fmt.Sprintf(" %d", 60_000-refusalAddresses))
	if r.sum() != 1000+1+10_000+60_000 {
		t.Errorf("%d in all", r.sum())
	}
	r.note("unreadable")
	want("an address that can't be read", " 1")
}

func TestAPeriodEndsWithItsTick(t *testing.T) {
	recorded := make(chan int, 2)
	r := newRefusals(func(e audit.Entry) error { recorded <- e.Count; return errors.New("disk full") }, func(error) {})
	ctx, cancel := context.WithCancel(t.Context())
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() { r.run(ctx, ticks); close(ended) }()
	r.note("10.1.0.7:1")
	r.note("10.1.0.7:2")
	ticks <- time.Time{}
	if first, rest := <-recorded, <-recorded; first != 1 || rest != 1 {
		t.Errorf("%d, then %d", first, rest)
	}
	cancel()
	<-ended
}

// Who calls the web door without a token again and again gets two lines, not one a call; all
// are counted.
func TestRefusedCallersDoNotFillTheAuditLog(t *testing.T) {
	const calls = 50
	l := lodgeWith(t, shareRules, func(c *Config) { c.Web.Listen = "127.0.0.1:0" }, answered(t))
	for range calls {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.web.Addr().String()+"/dicom-web/workitems", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "pacs.example" // as a page of the web would that had its name lead here
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusUnauthorized {
			t.Fatal(answer.Status, err)
		}
	}
	lines := l.entries()[audit.Login]
	if len(lines) != 1 || lines[0].Count != 1 || lines[0].Peer != "127.0.0.1" {
		t.Errorf("at once: %+v", lines)
	}
	if got := l.figures(); !strings.Contains(got, fmt.Sprintf("medhive_site_web_refused_total %d", calls)) {
		t.Errorf("the figures: %s", got)
	}
	l.shut() // ends the period too
	l.open()
	lines = l.entries()[audit.Login]
	if len(lines) != 2 || lines[1].Count != calls-1 {
		t.Errorf("after its end: %+v", lines)
	}
}
