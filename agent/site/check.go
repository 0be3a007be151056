package site

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler"
)

// check says what can't be meant.
func (c Config) check() error {
	for _, complaint := range []error{c.Intake.check(), c.DICOM.check(), c.Web.check(), c.HL7.check(), c.Costs.check(), c.checkPlaces()} {
		if complaint != nil {
			return complaint
		}
	}
	for key, d := range c.times() {
		if d != 0 && d < shortest {
			return fmt.Errorf("%s = %v: want a time with its unit, such as \"5s\"", key, d)
		}
	}
	switch {
	case c.Rules == "":
		return errors.New("rules: name the file of the routing rules")
	case c.Workers < 1 || c.Workers > maxWorkers:
		return fmt.Errorf("workers = %d: want 1 to %d", c.Workers, maxWorkers)
	case c.Market.Within <= 0 || slices.ContainsFunc(c.Market.Residency, func(r string) bool { return !scheduler.ValidRegion(r) }):
		return fmt.Errorf("market: within = %v, residency = %q: want a time, and countries of two capital letters (ISO 3166-1)", c.Market.Within, c.Market.Residency)
	case c.Delivery.For <= 0 || c.Delivery.Timeout <= 0:
		return errors.New("delivery: for and timeout want a time, such as \"168h\"")
	case c.Audit.FileMiB < 1:
		return fmt.Errorf("audit.file-mib = %d: want 1 or more", c.Audit.FileMiB)
	case c.Audit.Syslog != "" && c.Audit.TLS.Authority == "":
		return errors.New("audit.syslog: name audit.tls.authority, whose certificate the collector shows; audit messages name patients and travel under TLS only")
	}
	return nil
}

// shortest is what any time of a site file must be: a number without a unit counts
// nanoseconds, which nobody means.
const shortest = time.Millisecond

func (c Config) times() map[string]time.Duration {
	all := map[string]time.Duration{
		"market.within": c.Market.Within,
		"intake.quiet":  c.Intake.Quiet, "intake.longest-wait": c.Intake.LongestWait, "intake.keep": c.Intake.Keep,
		"dicom.idle": c.DICOM.Idle, "delivery.for": c.Delivery.For, "delivery.timeout": c.Delivery.Timeout,
	}
	for _, w := range c.Watch {
		all["watch.every"] = w.Every
	}
	for _, d := range c.Destinations {
		if d.Feedback != nil {
			all["destination "+d.Name+": feedback"] = *d.Feedback
		}
	}
	return all
}

func (i Intake) check() error {
	switch {
	case i.Quiet <= 0 || i.LongestWait < i.Quiet:
		return fmt.Errorf("intake: quiet = %v and longest-wait = %v: want quiet above 0 and below longest-wait", i.Quiet, i.LongestWait)
	case i.Keep < 0 || i.Keep > remembered:
		return fmt.Errorf("intake.keep = %v: want 0 or more, and %v at most", i.Keep, remembered)
	case i.MaxGiB < 1 || i.KeepFreeGiB < 0:
		return fmt.Errorf("intake: max-gib = %d, keep-free-gib = %d: want 1 or more, and 0 or more", i.MaxGiB, i.KeepFreeGiB)
	case i.Conflict != "first" && i.Conflict != "hold":
		return fmt.Errorf("intake.conflict = %q: want \"first\" or \"hold\"", i.Conflict)
	case i.Late != "anew" && i.Late != "note":
		return fmt.Errorf("intake.late = %q: want \"anew\" or \"note\"", i.Late)
	}
	return nil
}

func (d DICOM) check() error {
	switch {
	case !validAE(d.AETitle):
		return fmt.Errorf("dicom.ae-title = %q: want 1 to %d characters, no backslash", d.AETitle, maxAETitle)
	case d.MaxAssociations < 1 || d.MaxAssociations > maxAssociations:
		return fmt.Errorf("dicom.max-associations = %d: want 1 to %d", d.MaxAssociations, maxAssociations)
	case d.MaxOfOne < 0 || d.MaxOfOne > d.MaxAssociations:
		return fmt.Errorf("dicom.max-associations-of-one = %d: want 1 to max-associations (%d)", d.MaxOfOne, d.MaxAssociations)
	case d.Idle <= 0:
		return fmt.Errorf("dicom.idle = %v: want a time, such as \"1m\"", d.Idle)
	}
	for n, p := range d.Peers {
		if !validAE(p.AETitle) {
			return fmt.Errorf("dicom.peer %d: ae-title = %q: want 1 to %d characters", n+1, p.AETitle, maxAETitle)
		}
		if _, err := p.prefix(); err != nil {
			return fmt.Errorf("dicom.peer %s: address = %q: want an address or a prefix such as 10.1.0.0/16", p.AETitle, p.Address)
		}
		if p.Certificate != "" && d.TLS.Authority == "" {
			return fmt.Errorf("dicom.peer %s: certificate = %q: name dicom.tls.authority, which signs senders' certificates", p.AETitle, p.Certificate)
		}
		if p.ReportTo == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(p.ReportTo); err != nil {
			return fmt.Errorf("dicom.peer %s: report-to = %q: want host:port, where it listens itself", p.AETitle, p.ReportTo)
		}
	}
	return d.TLS.check("dicom.tls")
}

// prefix is from where the peer may come; the zero prefix: from anywhere.
func (p Peer) prefix() (netip.Prefix, error) {
	if p.Address == "" {
		return netip.Prefix{}, nil
	}
	return prefix(p.Address)
}

// prefix reads an address or a prefix.
func prefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

func prefixes(texts []string) (list []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := prefix(text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func (w Web) check() error {
	if w.Listen == "" {
		return nil
	}
	if err := w.TLS.check("web.tls"); err != nil {
		return err
	}
	if !web.OnLoopback(w.Listen) && (w.TLS.Certificate == "" || w.Tokens == "" && w.Users == "") {
		return fmt.Errorf("web.listen = %q is open to other machines: name web.tls.certificate, web.tls.key and web.tokens or web.users, or listen on 127.0.0.1", w.Listen)
	}
	return nil
}

func (c Costs) check() error {
	if c.Currency == "" && (c.PerHIVE != 0 || c.Manual != 0 || len(c.Models) > 0) {
		return errors.New("costs: name their currency, such as \"EUR\"")
	}
	for _, cost := range append(slices.Collect(maps.Values(c.Models)), c.PerHIVE, c.Manual) {
		if !(cost >= 0 && cost < maxCost) {
			return fmt.Errorf("costs: %v: want 0 or more", cost)
		}
	}
	return nil
}

func (h HL7) check() error {
	if err := h.TLS.check("hl7.tls"); err != nil {
		return err
	}
	if _, err := prefixes(h.Peers); err != nil {
		return fmt.Errorf("hl7.peers: %w: want addresses or prefixes such as 10.1.0.0/16", err)
	}
	for n, field := range h.Accession {
		if !field.Valid() || slices.Contains(h.Accession[:n], field) {
			return fmt.Errorf("hl7.accession = %q: want each of IPC-1, OBR-18, OBR-2, OBR-3, ORC-2 and ORC-3 once at most", h.Accession)
		}
	}
	if h.Listen != "" && !web.OnLoopback(h.Listen) && h.TLS.Certificate == "" {
		return fmt.Errorf("hl7.listen = %q is open to other machines: name hl7.tls.certificate and hl7.tls.key, or listen on 127.0.0.1", h.Listen)
	}
	return nil
}

func (t TLS) check(where string) error {
	if (t.Certificate == "") != (t.Key == "") {
		return fmt.Errorf("%s: certificate and key belong together: name both or none", where)
	}
	return nil
}

// checkPlaces looks at names and addresses of everything that is called by name.
func (c Config) checkPlaces() error {
	var names []string
	for _, d := range c.Destinations {
		if err := d.check(); err != nil {
			return err
		}
		names = append(names, d.Name)
	}
	for _, a := range c.Archives {
		if err := a.check(); err != nil {
			return err
		}
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("destination %q stands there twice; give each a name of its own", name)
		}
	}
	for _, w := range c.Watch {
		if w.Folder == "" || w.Every < 0 {
			return errors.New("watch: name its folder; every is a time, such as \"2s\"")
		}
	}
	return nil
}

func (d Destination) check() error {
	at := fmt.Sprintf("destination %q", d.Name)
	if !plainName(d.Name) {
		return fmt.Errorf("%s: want a name of 1 to 32 letters, digits, - and _", at)
	}
	if err := d.TLS.check(at + ": tls"); err != nil {
		return err
	}
	switch d.Kind {
	case KindDICOM:
		if _, _, err := net.SplitHostPort(d.Address); err != nil || !validAE(d.CalledAE) {
			return fmt.Errorf("%s: want address = \"host:port\" and called-ae, the AE title of that archive", at)
		}
	case KindSTOW, KindFHIR:
		if !webAddress(d.URL) {
			return fmt.Errorf("%s: url = %q: want http:// or https:// and a path", at, d.URL)
		}
	case KindFolder:
		if d.Folder == "" {
			return fmt.Errorf("%s: name its folder", at)
		}
	default:
		return fmt.Errorf("%s: kind = %q: want dicom, stow, folder or fhir", at, d.Kind)
	}
	if d.Token != "" && d.Login != "" {
		return fmt.Errorf("%s: token and login are two ways to the same end: name one", at)
	}
	if d.Feedback != nil && (d.Kind != KindFHIR || *d.Feedback > remembered) {
		return fmt.Errorf("%s: feedback = %v: it is for kind = \"fhir\", and %v at most", at, *d.Feedback, remembered)
	}
	return nil
}

func (a Archive) check() error {
	at := fmt.Sprintf("archive %q", a.Name)
	switch {
	case !plainName(a.Name):
		return fmt.Errorf("%s: want a name of 1 to 32 letters, digits, - and _", at)
	case a.URL != "" && !webAddress(a.URL):
		return fmt.Errorf("%s: url = %q: want http:// or https:// and a path", at, a.URL)
	case a.URL == "":
		if _, _, err := net.SplitHostPort(a.Address); err != nil || !validAE(a.CalledAE) {
			return fmt.Errorf("%s: want url, or address = \"host:port\" and called-ae", at)
		}
	}
	return a.TLS.check(at + ": tls")
}

func validAE(title string) bool {
	if title == "" || len(title) > maxAETitle || strings.TrimSpace(title) != title {
		return false
	}
	return !strings.ContainsFunc(title, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' })
}

// maxName bounds the name of a destination or an archive.
const maxName = 32

func plainName(name string) bool {
	return name != "" && len(name) <= maxName && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
}

func webAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}
