package dimse

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func request(offers ...offer) associate {
	return associate{version: 1, called: "MEDHIVE", calling: "CT1", context: applicationContext, offers: offers, maxLength: 16 << 10}
}

func TestNegotiate(t *testing.T) {
	here := terms{title: "MEDHIVE", maxLength: defaultPDU}
	private := netip.MustParsePrefix("10.1.0.0/16")
	for _, c := range []struct {
		name    string
		change  func(*associate, *terms, *netip.Addr)
		rejects *RejectedError
	}{
		{"loopback without a list", func(*associate, *terms, *netip.Addr) {}, nil},
		{"elsewhere without a list", func(_ *associate, _ *terms, from *netip.Addr) { *from = netip.MustParseAddr("10.1.2.3") }, &rejectCalling},
		{"on the list", func(_ *associate, t *terms, from *netip.Addr) {
			t.peers, *from = []Peer{{AETitle: "MR1"}, {AETitle: "CT1", Prefix: private}}, netip.MustParseAddr("10.1.2.3")
		}, nil},
		{"title of another address", func(_ *associate, t *terms, from *netip.Addr) {
			t.peers, *from = []Peer{{AETitle: "CT1", Prefix: private}}, netip.MustParseAddr("10.2.2.3")
		}, &rejectCalling},
		{"not on the list", func(_ *associate, t *terms, _ *netip.Addr) { t.peers = []Peer{{AETitle: "MR1"}} }, &rejectCalling},
		{"another title called", func(a *associate, _ *terms, _ *netip.Addr) { a.called = "OTHER" }, &rejectCalled},
		{"another title called, where any may be", func(a *associate, t *terms, _ *netip.Addr) { a.called, t.anyTitle = "OTHER", true }, nil},
		{"no title", func(a *associate, _ *terms, _ *netip.Addr) { a.calling = "" }, &rejectCalling},
		{"a title with a line break", func(a *associate, t *terms, _ *netip.Addr) {
			a.calling, t.peers = "CT\n1", []Peer{{AETitle: "CT\n1"}}
		}, &rejectCalling},
		{"another version", func(a *associate, _ *terms, _ *netip.Addr) { a.version = 2 }, &rejectVersion},
		{"another application", func(a *associate, _ *terms, _ *netip.Addr) { a.context = "1.2.3" }, &rejectApplication},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked, agreedTo, from := request(offer{id: 1, class: verification, syntaxes: []string{implicitLittleEndian}}), here, loopback
			c.change(&asked, &agreedTo, &from)
			_, contexts, _, err := negotiate(asked, from, agreedTo)
			var rejected *RejectedError
			if errors.As(err, &rejected) != (c.rejects != nil) || rejected != nil && *rejected != *c.rejects {
				t.Fatalf("got %v, want %v", err, c.rejects)
			}
			if err == nil && contexts[1].class != verification {
				t.Errorf("contexts %v", contexts)
			}
		})
	}
}

func TestContexts(t *testing.T) {
	const jpegLossless, jpip = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.94"
	for _, c := range []struct {
		name     string
		class    string
		syntaxes []string
		result   byte
		chosen   string
	}{
		{"the sender's first", ctClass, []string{jpegLossless, explicitLittleEndian}, contextAccepted, jpegLossless},
		{"Big Endian last", ctClass, []string{explicitBigEndian, implicitLittleEndian}, contextAccepted, implicitLittleEndian},
		{"Big Endian alone", ctClass, []string{explicitBigEndian}, contextAccepted, explicitBigEndian},
		{"pixels kept elsewhere", ctClass, []string{jpip}, contextNoSuchSyntax, ""},
		{"unknown syntax", ctClass, []string{"1.2.3"}, contextNoSuchSyntax, ""},
		{"what is no UID", ctClass, []string{encapsulatedPrefix + "x"}, contextNoSuchSyntax, ""},
		{"no syntax", ctClass, nil, contextNoSuchSyntax, ""},
		{"plain for messages", verification, []string{jpegLossless, implicitLittleEndian, explicitLittleEndian}, contextAccepted, explicitLittleEndian},
		{"questions", studyRootFind, []string{implicitLittleEndian}, contextNoSuchClass, ""},
		{"commitment that nobody answers", commitmentPush, []string{implicitLittleEndian}, contextNoSuchClass, ""},
		{"a class that is none", storagePrefix + "2/..", []string{implicitLittleEndian}, contextNoSuchClass, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, contexts, _, err := negotiate(request(offer{id: 7, class: c.class, syntaxes: c.syntaxes}), loopback, terms{title: "MEDHIVE"})
			if err != nil {
				t.Fatal(err)
			}
			got := answer.offers[0]
			if got.id != 7 || got.result != c.result || c.result == contextAccepted && got.syntaxes[0] != c.chosen {
				t.Errorf("answer %+v, want result %d with %s", got, c.result, c.chosen)
			}
			if terms, ok := contexts[7]; ok != (c.result == contextAccepted) || ok && (terms != agreed{c.class, c.chosen}) {
				t.Errorf("in force: %v %v", terms, ok)
			}
		})
	}
}

func TestRoles(t *testing.T) {
	commitment := offer{id: 1, class: commitmentPush, syntaxes: []string{implicitLittleEndian}}
	for _, c := range []struct {
		reports, asked bool
		proposed, want role
	}{
		{true, false, role{commitmentPush, true, true}, role{commitmentPush, false, true}},
		{false, true, role{commitmentPush, true, true}, role{commitmentPush, true, false}},
		{true, true, role{commitmentPush, false, true}, role{commitmentPush, false, true}},
		{true, true, role{ctClass, true, true}, role{ctClass, true, false}},
	} {
		asked := request(commitment)
		asked.roles = []role{c.proposed}
		answer, _, _, err := negotiate(asked, loopback, terms{title: "MEDHIVE", takeReports: c.reports, answerAsked: c.asked})
		if err != nil || len(answer.roles) != 1 || answer.roles[0] != c.want {
			t.Errorf("%+v: %v, %+v", c, err, answer.roles)
		}
	}
}

func TestAssociateSurvivesItsEncoding(t *testing.T) {
	title := rapid.StringMatching(`[A-Z][A-Z0-9_ ]{0,14}[A-Z0-9]`)
	rapid.Check(t, func(t *rapid.T) {
		a := associate{
			accept: rapid.Bool().Draw(t, "accept"), version: 1, called: title.Draw(t, "called"), calling: title.Draw(t, "calling"),
			context: applicationContext, maxLength: rapid.Uint32().Draw(t, "length"),
		}
		for n := range rapid.IntRange(1, maxContexts).Draw(t, "contexts") {
			o := offer{id: byte(2*n + 1)}
			if a.accept {
				o.result = rapid.SampledFrom([]byte{contextAccepted, contextUserRejection, contextNoSuchClass, contextNoSuchSyntax}).Draw(t, "result")
				o.syntaxes = []string{genUID().Draw(t, "syntax")}
			} else {
				o.class = genUID().Draw(t, "class")
				o.syntaxes = rapid.SliceOfN(genUID(), 1, 4).Draw(t, "syntaxes")
			}
			a.offers = append(a.offers, o)
		}
		if rapid.Bool().Draw(t, "roles") {
			a.roles = []role{{genUID().Draw(t, "class"), rapid.Bool().Draw(t, "scu"), rapid.Bool().Draw(t, "scp")}}
		}
		got, err := parseAssociate(a.encode()[pduHead:], a.accept)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, a) {
			t.Fatalf("got %+v, want %+v", got, a)
		}
	})
}

func TestCommandSurvivesItsEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := command{
			field: rapid.SampledFrom([]uint16{storeRQ, findRQ, moveRQ, echoRQ, eventRQ, actionRQ}).Draw(t, "field"),
			class: genUID().Draw(t, "class"), instance: genUID().Draw(t, "instance"), messageID: rapid.Uint16().Draw(t, "message"), dataSet: rapid.Bool().Draw(t, "data"),
		}
		switch c.field {
		case storeRQ, findRQ, moveRQ:
			c.priority = rapid.SampledFrom([]Priority{Medium, High, Low}).Draw(t, "priority")
			c.destination = rapid.SampledFrom([]string{"", "AGENT", "PACS 1"}).Draw(t, "destination")
		case eventRQ, actionRQ:
			c.eventOrAction = rapid.Uint16().Draw(t, "event")
		}
		if rapid.Bool().Draw(t, "answer") {
			c = c.respond(rapid.Uint16().Draw(t, "status"))
		}
		if got, err := parseCommand(c.encode()); err != nil || got != c {
			t.Fatalf("got %+v, %v, want %+v", got, err, c)
		}
	})
}

// TestErrorsSayWhatToDo: those a person sees end in that, and repeat nothing of a patient's.
func TestErrorsSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		err  error
		says string
	}{
		{&rejectCalling, "peer rejects the association: it does not know our AE title; add it there, and try again"},
		{&RejectedError{Result: 2, Source: 3, Reason: 1}, "peer rejects the association for now: it is busy; try again later"},
		{&RefusedSyntaxError{SOPClassUID: ctClass}, "peer does not support class 1.2.840.10008.5.1.4.1.1.2: enable it there"},
		{&StatusError{Status: 0xA702}, "peer answers with status A702: it is out of resources; try again later"},
		{&AbortedError{Source: 2, Reason: 6}, "peer aborted the association (source 2, reason 6): see its log for why"},
	} {
		if got := c.err.Error(); got != c.says {
			t.Errorf("%q, want %q", got, c.says)
		}
	}
	for status, good := range map[uint16]bool{0: true, 0xB000: true, 0xB007: true, 0x0107: true, 0xA700: false, 0xC000: false, 0x0122: false, 0xFE00: false, 0xFF00: false} {
		if (outcome(status) == nil) != good {
			t.Errorf("status %04X: %v", status, outcome(status))
		}
	}
}

// A peer that must show a certificate is let in with that one alone; another peer of the same
// title may have another.
func TestATitleIsTiedToItsCertificate(t *testing.T) {
	peers := []Peer{{AETitle: "CT1", Certificate: "ct1.hospital"}, {AETitle: "CT1", Certificate: "ct1.spare"}, {AETitle: "MR1"}}
	shown := func(common string, names ...string) *x509.Certificate {
		return &x509.Certificate{Subject: pkix.Name{CommonName: common}, DNSNames: names}
	}
	for name, c := range map[string]struct {
		title       string
		certificate *x509.Certificate
		taken       bool
	}{
		"its own":               {"CT1", shown("ct1.hospital"), true},
		"by a DNS name":         {"CT1", shown("x", "y", "ct1.hospital"), true},
		"its spare's":           {"CT1", shown("ct1.spare"), true},
		"another's":             {"CT1", shown("mr1.hospital"), false},
		"a longer name":         {"CT1", shown("ct1.hospital.evil"), false},
		"none":                  {"CT1", nil, false},
		"any, as none is named": {"MR1", shown("whatever"), true},
		"none needed":           {"MR1", nil, true},
	} {
		asked := request(offer{id: 1, class: verification, syntaxes: []string{implicitLittleEndian}})
		asked.calling, asked.certificate = c.title, c.certificate
		_, _, _, err := negotiate(asked, loopback, terms{title: "MEDHIVE", peers: peers})
		if (err == nil) != c.taken {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := newServer(Config{AETitle: "MEDHIVE", Receiver: &shelf{}, Peers: peers})
	if err == nil || !strings.Contains(err.Error(), "name an authority") {
		t.Errorf("a door that asks for no certificates: %v", err)
	}
}

// One address fills no more than its share of the places.
func TestOneAddressLeavesPlaces(t *testing.T) {
	s, err := newServer(Config{AETitle: "MEDHIVE", Receiver: &shelf{}, MaxAssociations: 4})
	if err != nil {
		t.Fatal(err)
	}
	a, b := netip.MustParseAddr("10.1.0.1"), netip.MustParseAddr("10.1.0.2")
	for n, c := range []struct {
		from netip.Addr
		ok   bool
	}{{a, true}, {a, true}, {a, true}, {a, false}, {b, true}, {b, false}} {
		if _, ok := s.seat(c.from); ok != c.ok {
			t.Errorf("seat %d for %s: %v", n, c.from, ok)
		}
	}
	s.leave(b)
	if _, ok := s.seat(a); ok {
		t.Error("the place that another left went to who has his share")
	}
	s.leave(a)
	if _, ok := s.seat(a); !ok || len(s.ofOne) != 1 {
		t.Errorf("a place that was left is taken: %v", s.ofOne)
	}
}
