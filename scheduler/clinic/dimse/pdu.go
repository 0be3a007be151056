package dimse

import (
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
)

// Kinds of protocol data units (PS3.8 section 9.3).
const (
	pduAssociateRQ = 0x01
	pduAssociateAC = 0x02
	pduAssociateRJ = 0x03
	pduData        = 0x04
	pduReleaseRQ   = 0x05
	pduReleaseRP   = 0x06
	pduAbort       = 0x07
)

// Bounds on what a peer makes us hold.
const (
	// maxAssociatePDU is for 128 contexts with some 20 transfer syntaxes each.
	maxAssociatePDU = 256 << 10
	maxContexts     = 128 // odd numbers of one byte, PS3.8 section 9.3.2.2
	maxSyntaxes     = 128 // of one context; PS3.6 knows some 60
	maxRoles        = maxContexts
)

// Lengths of PS3.8 sections 9.3.1 to 9.3.8, in bytes.
const (
	pduHead      = 6  // kind, reserved, length
	fragmentHead = 6  // length, context, control
	shortPDU     = 4  // the rest of RJ, RELEASE and ABORT
	associateTop = 68 // before the items
)

// Reasons of an A-ABORT by the service provider (PS3.8 section 9.3.8).
const (
	abortNotSpecified      = 0
	abortUnrecognized      = 1
	abortUnexpected        = 2
	abortInvalidParameter  = 6
	abortSourceUser        = 0
	abortSourceProvider    = 2
	contextAccepted        = 0
	contextUserRejection   = 1
	contextNoSuchClass     = 3
	contextNoSuchSyntax    = 4
	itemApplicationContext = 0x10
	itemContextRQ          = 0x20
	itemContextAC          = 0x21
	itemAbstractSyntax     = 0x30
	itemTransferSyntax     = 0x40
	itemUser               = 0x50
	itemMaxLength          = 0x51
	itemImplementation     = 0x52
	itemRole               = 0x54
	itemVersion            = 0x55
)

// protocolError is a peer's breach of PS3.8 or PS3.7; reason is what our A-ABORT says.
type protocolError struct {
	reason byte
	what   string
}

func (e *protocolError) Error() string { return "peer breaks the protocol: " + e.what }

// breach makes a protocolError.
func breach(reason byte, format string, args ...any) error {
	return &protocolError{reason: reason, what: fmt.Sprintf(format, args...)}
}

// errReleased says that the peer wants to end the association in good order.
var errReleased = errors.New("association released")

// offer is a presentation context: in a request, a class with the syntaxes proposed; in an
// answer, a result with the one syntax chosen.
type offer struct {
	id       byte
	class    string   // in a request only
	syntaxes []string // in an answer: one
	result   byte     // in an answer
}

// role is what the requester of an association may be for a class (PS3.7 section D.3.3.4).
type role struct {
	class    string
	scu, scp bool
}

// associate is an A-ASSOCIATE request or its acceptance (PS3.8 sections 9.3.2 and 9.3.3).
type associate struct {
	accept          bool
	version         uint16
	called, calling string
	context         string // application context
	offers          []offer
	roles           []role
	maxLength       uint32 // of P-DATA PDUs that the sender takes; 0: any

	certificate *x509.Certificate // of who asks; no part of the PDU
}

// encode gives the whole PDU.
func (a associate) encode() []byte {
	kind, contextItem := byte(pduAssociateRQ), byte(itemContextRQ)
	if a.accept {
		kind, contextItem = pduAssociateAC, itemContextAC
	}
	out := make([]byte, pduHead, 1024)
	out[0] = kind
	out = binary.BigEndian.AppendUint16(out, a.version)
	out = append(out, 0, 0)
	out = append(out, fmt.Sprintf("%-16.16s%-16.16s", a.called, a.calling)...)
	out = append(out, make([]byte, 32)...)
	out = appendItem(out, itemApplicationContext, []byte(a.context))
	for _, o := range a.offers {
		body := []byte{o.id, 0, o.result, 0}
		if !a.accept {
			body = appendItem(body, itemAbstractSyntax, []byte(o.class))
		}
		for _, s := range o.syntaxes {
			body = appendItem(body, itemTransferSyntax, []byte(s))
		}
		out = appendItem(out, contextItem, body)
	}
	user := appendItem(nil, itemMaxLength, binary.BigEndian.AppendUint32(nil, a.maxLength))
	user = appendItem(user, itemImplementation, []byte(implementation))
	for _, r := range a.roles {
		body := binary.BigEndian.AppendUint16(nil, uint16(len(r.class)))
		body = append(append(body, r.class...), flag(r.scu), flag(r.scp))
		user = appendItem(user, itemRole, body)
	}
	user = appendItem(user, itemVersion, []byte(implementationVersion))
	out = appendItem(out, itemUser, user)
	binary.BigEndian.PutUint32(out[2:], uint32(len(out)-pduHead))
	return out
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}

func appendItem(out []byte, kind byte, body []byte) []byte {
	out = append(out, kind, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)))
	return append(out, body...)
}

// nextItem cuts one item off.
func nextItem(in []byte) (kind byte, body, rest []byte, err error) {
	const head = 4
	if len(in) < head {
		return 0, nil, nil, breach(abortInvalidParameter, "item of %d bytes", len(in))
	}
	length := int(binary.BigEndian.Uint16(in[2:]))
	if length > len(in)-head {
		return 0, nil, nil, breach(abortInvalidParameter, "item of %d bytes where %d are left", length, len(in)-head)
	}
	return in[0], in[head : head+length], in[head+length:], nil
}

// parseAssociate reads what follows the head of an A-ASSOCIATE-RQ or -AC. What it does not
// know is passed over, as PS3.8 section 9.3.1 asks.
func parseAssociate(body []byte, accept bool) (associate, error) {
	a := associate{accept: accept}
	if len(body) < associateTop || len(body) > maxAssociatePDU {
		return a, breach(abortInvalidParameter, "association of %d bytes", len(body))
	}
	a.version = binary.BigEndian.Uint16(body)
	a.called, a.calling = trimAE(body[4:20]), trimAE(body[20:36])
	contextItem := byte(itemContextRQ)
	if accept {
		contextItem = itemContextAC
	}
	var seen [256]bool
	for rest := body[associateTop:]; len(rest) > 0; {
		kind, item, after, err := nextItem(rest)
		if err != nil {
			return a, err
		}
		rest = after
		switch kind {
		case itemApplicationContext:
			a.context = trimUID(item)
		case contextItem:
			o, err := parseOffer(item, accept)
			if err != nil {
				return a, err
			}
			if o.id%2 == 0 || seen[o.id] {
				return a, breach(abortInvalidParameter, "presentation context %d is even or twice there", o.id)
			}
			seen[o.id] = true
			a.offers = append(a.offers, o)
		case itemUser:
			if err := a.parseUser(item); err != nil {
				return a, err
			}
		}
	}
	return a, nil
}

// trimAE cuts the padding of an AE title.
func trimAE(field []byte) string {
	start, end := 0, len(field)
	for start < end && field[start] == ' ' {
		start++
	}
	for end > start && (field[end-1] == ' ' || field[end-1] == 0) {
		end--
	}
	return string(field[start:end])
}

func parseOffer(body []byte, accept bool) (offer, error) {
	if len(body) < 4 {
		return offer{}, breach(abortInvalidParameter, "presentation context of %d bytes", len(body))
	}
	o := offer{id: body[0]}
	if accept {
		o.result = body[2]
	}
	for rest := body[4:]; len(rest) > 0; {
		kind, item, after, err := nextItem(rest)
		if err != nil {
			return o, err
		}
		rest = after
		switch kind {
		case itemAbstractSyntax:
			o.class = trimUID(item)
		case itemTransferSyntax:
			if len(o.syntaxes) == maxSyntaxes {
				return o, breach(abortInvalidParameter, "more than %d transfer syntaxes of one context", maxSyntaxes)
			}
			// An answer's is without meaning unless accepted, and may be empty then.
			o.syntaxes = append(o.syntaxes, trimUID(item))
		}
	}
	return o, nil
}

// parseUser reads the user information item (PS3.8 annex D, PS3.7 annex D.3.3).
func (a *associate) parseUser(body []byte) error {
	for rest := body; len(rest) > 0; {
		kind, item, after, err := nextItem(rest)
		if err != nil {
			return err
		}
		rest = after
		switch kind {
		case itemMaxLength:
			if len(item) != 4 {
				return breach(abortInvalidParameter, "maximum length of %d bytes", len(item))
			}
			a.maxLength = binary.BigEndian.Uint32(item)
		case itemRole:
			if len(item) < 4 || int(binary.BigEndian.Uint16(item)) != len(item)-4 {
				return breach(abortInvalidParameter, "role selection of %d bytes", len(item))
			}
			if len(a.roles) == maxRoles {
				return breach(abortInvalidParameter, "more than %d role selections", maxRoles)
			}
			end := len(item) - 2
			a.roles = append(a.roles, role{class: trimUID(item[2:end]), scu: item[end] == 1, scp: item[end+1] == 1})
		}
	}
	return nil
}
