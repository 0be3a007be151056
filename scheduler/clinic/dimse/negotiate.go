package dimse

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"slices"
)

// Peer is who may call: an AE title, from addresses of Prefix (the zero Prefix: from any).
type Peer struct {
	AETitle string
	Prefix  netip.Prefix
	// Address is where the peer listens itself (host:port), for reports on storage
	// commitment that it asks for. Empty: it is told on the association it asked on.
	Address string
	TLS     *tls.Config // for Address; nil: plain TCP
	// Certificate is the name that the certificate it calls with must have: its common name or
	// one of its DNS names. Empty: any that the authority signed, if certificates are wanted.
	Certificate string
}

// shows says that a caller's certificate is the one that p must have.
func (p Peer) shows(certificate *x509.Certificate) bool {
	if p.Certificate == "" {
		return true
	}
	return certificate != nil && (certificate.Subject.CommonName == p.Certificate || slices.Contains(certificate.DNSNames, p.Certificate))
}

// RejectedError says that a peer took no association (PS3.8 section 9.3.4).
type RejectedError struct{ Result, Source, Reason byte }

// Rejections that we give; the last may be tried again.
var (
	rejectVersion     = RejectedError{Result: 1, Source: 2, Reason: 2}
	rejectApplication = RejectedError{Result: 1, Source: 1, Reason: 2}
	rejectCalling     = RejectedError{Result: 1, Source: 1, Reason: 3}
	rejectCalled      = RejectedError{Result: 1, Source: 1, Reason: 7}
	rejectBusy        = RejectedError{Result: 2, Source: 3, Reason: 2}
)

// Error implements error.
func (e *RejectedError) Error() string {
	switch *e {
	case rejectCalling:
		return "peer rejects the association: it does not know our AE title; add it there, and try again"
	case rejectCalled:
		return "peer rejects the association: it does not go by the AE title called; correct that, and try again"
	case rejectVersion, rejectApplication:
		return "peer rejects the association: it speaks another protocol; check its address and port"
	}
	if e.Result == 2 {
		return "peer rejects the association for now: it is busy; try again later"
	}
	return "peer rejects the association without naming the cause: see its log for what it wants"
}

// agreed is one presentation context in force.
type agreed struct {
	class, syntax string
}

// terms is what a server agrees to.
type terms struct {
	title       string
	anyTitle    bool
	peers       []Peer
	maxLength   uint32
	takeReports bool // of commitment that we asked for
	answerAsked bool // commitment that we are asked for
}

// known finds the peer that may call from an address under the request's title. Without a list anybody
// on this machine may.
func known(peers []Peer, request associate, from netip.Addr) (Peer, bool) {
	if len(peers) == 0 {
		return Peer{AETitle: request.calling}, from.IsLoopback()
	}
	for _, p := range peers {
		if p.AETitle == request.calling && covers(p, from) && p.shows(request.certificate) {
			return p, true
		}
	}
	return Peer{}, false
}

func covers(p Peer, from netip.Addr) bool {
	return p.Prefix == netip.Prefix{} || p.Prefix.Contains(from)
}

// welcome says whether any peer may call from an address.
func welcome(peers []Peer, from netip.Addr) bool {
	if len(peers) == 0 {
		return from.IsLoopback()
	}
	for _, p := range peers {
		if covers(p, from) {
			return true
		}
	}
	return false
}

// negotiate answers a request: with the acceptance, its contexts by number and the peer, or
// with a *RejectedError.
func negotiate(request associate, from netip.Addr, t terms) (associate, map[byte]agreed, Peer, error) {
	reject := func(why RejectedError) (associate, map[byte]agreed, Peer, error) {
		return associate{}, nil, Peer{}, &why
	}
	if request.version&1 == 0 {
		return reject(rejectVersion)
	}
	if request.context != applicationContext {
		return reject(rejectApplication)
	}
	if !validAE(request.calling) {
		return reject(rejectCalling)
	}
	if !validAE(request.called) || !t.anyTitle && request.called != t.title {
		return reject(rejectCalled)
	}
	peer, ok := known(t.peers, request, from)
	if !ok {
		return reject(rejectCalling)
	}
	answer := associate{accept: true, version: 1, called: request.called, calling: request.calling, context: applicationContext, maxLength: t.maxLength}
	contexts := make(map[byte]agreed, len(request.offers))
	for _, o := range request.offers {
		class, syntax, result := o.class, implicitLittleEndian, byte(contextAccepted)
		chosen, found := "", false
		switch {
		case storage(class):
			chosen, found = choose(o.syntaxes)
		case class == verification, class == commitmentPush && (t.takeReports || t.answerAsked):
			chosen, found = choosePlain(o.syntaxes)
		default:
			result = contextNoSuchClass
		}
		switch {
		case found:
			syntax = chosen
			contexts[o.id] = agreed{class: class, syntax: syntax}
		case result == contextAccepted:
			result = contextNoSuchSyntax
		}
		answer.offers = append(answer.offers, offer{id: o.id, syntaxes: []string{syntax}, result: result})
	}
	for _, r := range request.roles {
		switch {
		case storage(r.class), r.class == verification:
			answer.roles = append(answer.roles, role{class: r.class, scu: r.scu})
		case r.class == commitmentPush:
			answer.roles = append(answer.roles, role{class: r.class, scu: r.scu && t.answerAsked, scp: r.scp && t.takeReports})
		}
	}
	return answer, contexts, peer, nil
}
