// Package binding is how an owner says that a machine is theirs: the machine shows a code, as
// a link and as a QR picture, and the owner's wallet signs it on the page behind the link. In:
// a node's address, its network and a chance to keep what was signed. Out: one owner's signed
// word. The page holds no secret but the code, moves no money, and is gone once it was used.
package binding

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed" // the page
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"

	"github.com/medhive/medhive/attest"
)

// CodeLife is how long a code holds: long enough to find the phone with the wallet on it.
const CodeLife = time.Hour

// Offer is what the machine shows: sign this, and it is yours.
type Offer struct {
	Node     common.Address
	Code     [32]byte
	Deadline time.Time
	Domain   attest.Domain
}

// NewOffer makes a code.
func NewOffer(node common.Address, domain attest.Domain, now time.Time) (o Offer, err error) {
	o = Offer{Node: node, Deadline: now.UTC().Add(CodeLife).Truncate(time.Millisecond), Domain: domain}
	if _, err := rand.Read(o.Code[:]); err != nil {
		return o, fmt.Errorf("make a code: %w", err)
	}
	return o, nil
}

// Path is where the page lies; who knows it has seen the machine's screen.
func (o Offer) Path() string { return "/bind/" + hex.EncodeToString(o.Code[:16]) }

// TypedData is what a wallet shows and signs for owner (EIP-712, as eth_signTypedData_v4
// takes it).
func (o Offer) TypedData(owner common.Address) apitypes.TypedData {
	return apitypes.TypedData{
		Types: apitypes.Types{
			"EIP712Domain": {{Name: "name", Type: "string"}, {Name: "version", Type: "string"}, {Name: "chainId", Type: "uint256"}, {Name: "verifyingContract", Type: "address"}},
			"OwnerBinding": {{Name: "node", Type: "address"}, {Name: "owner", Type: "address"}, {Name: "code", Type: "bytes32"}, {Name: "deadline", Type: "uint64"}},
		},
		PrimaryType: "OwnerBinding",
		Domain: apitypes.TypedDataDomain{
			Name: attest.DomainName, Version: attest.DomainVersion, ChainId: (*math.HexOrDecimal256)(chainID(o.Domain)), VerifyingContract: o.Domain.Registry.Hex(),
		},
		Message: apitypes.TypedDataMessage{
			"node": o.Node.Hex(), "owner": owner.Hex(), "code": common.Hash(o.Code).Hex(), "deadline": fmt.Sprint(o.Deadline.UnixMilli()),
		},
	}
}

func chainID(d attest.Domain) *big.Int {
	if d.ChainID == nil {
		return new(big.Int)
	}
	return d.ChainID
}

// Accept checks a signature for owner: 65 bytes are a key's, if it is owner's, and any other
// a contract wallet's, which is asked through wallets. A wallet of one owner signs with 65
// bytes too.
func (o Offer) Accept(ctx context.Context, owner common.Address, signature []byte, wallets attest.Wallets, now time.Time) (attest.SignedOwnerBinding, error) {
	s := attest.SignedOwnerBinding{Binding: attest.OwnerBinding{Node: o.Node, Owner: owner, Code: o.Code, Deadline: o.Deadline}}
	if now.After(o.Deadline) {
		return s, errors.New("the code is over; have the machine show a new one with `medhive node bind`")
	}
	byWallet := s
	byWallet.WalletSig = attest.WalletSignature(signature)
	if len(signature) != len(s.OwnerSig) {
		return byWallet, byWallet.Verify(ctx, o.Domain, wallets)
	}
	s.OwnerSig = attest.Signature(signature)
	if s.OwnerSig[64] < 27 { // some wallets leave out what Ethereum adds
		s.OwnerSig[64] += 27
	}
	err := s.Verify(ctx, o.Domain, nil)
	if err == nil || wallets == nil || s.Binding.Validate() != nil {
		return s, err
	}
	switch fault := byWallet.Verify(ctx, o.Domain, wallets); {
	case fault == nil:
		return byWallet, nil
	case errors.Is(fault, attest.ErrUnchecked):
		return s, fault // nobody knows yet
	}
	return s, err
}

//go:embed page.html
var pageText string

//go:embed script.js
var scriptText string

//go:embed style.css
var styleText string

// maxAnswerBytes bounds what a browser sends.
const maxAnswerBytes = 2*attest.MaxWalletSignatureBytes + 4<<10

// Door is the page of one offer.
type Door struct {
	offer   Offer
	wallets attest.Wallets
	keep    func(attest.SignedOwnerBinding) error
	now     func() time.Time
	page    *template.Template

	mu   sync.Mutex // guards done, and that one answer is kept
	done bool
	over chan attest.SignedOwnerBinding
}

// NewDoor makes the page. keep must have written the binding down when it returns nil.
// wallets may be nil: contract wallets are refused then.
func NewDoor(offer Offer, wallets attest.Wallets, keep func(attest.SignedOwnerBinding) error) (*Door, error) {
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("read the page of the binding: %w", err)
	}
	return &Door{offer: offer, wallets: wallets, keep: keep, now: time.Now, page: page, over: make(chan attest.SignedOwnerBinding, 1)}, nil
}

// Done gives the binding once it is kept.
func (d *Door) Done() <-chan attest.SignedOwnerBinding { return d.over }

// ServeHTTP implements http.Handler. Whoever doesn't know the code finds nothing.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	path, own := strings.CutPrefix(r.URL.Path, d.offer.Path())
	if len(r.URL.Path) < len(d.offer.Path()) || subtle.ConstantTimeCompare([]byte(r.URL.Path[:len(d.offer.Path())]), []byte(d.offer.Path())) != 1 || !own {
		http.NotFound(w, r)
		return
	}
	switch {
	case r.Method == http.MethodGet && path == "":
		d.show(w, http.StatusOK, "")
	case r.Method == http.MethodGet && path == "/script.js":
		d.text(w, "text/javascript; charset=utf-8", scriptText)
	case r.Method == http.MethodGet && path == "/style.css":
		d.text(w, "text/css; charset=utf-8", styleText)
	case r.Method == http.MethodGet && path == "/typed-data":
		d.typed(w, r)
	case r.Method == http.MethodPost && path == "":
		d.take(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (d *Door) text(w http.ResponseWriter, kind, text string) {
	w.Header().Set("Content-Type", kind)
	_, _ = io.WriteString(w, text) // a browser that hangs up asks again
}

// shown is what the page shows.
type shown struct {
	Node, Base, Fault string
	Until             string
	Done              bool
}

func (d *Door) show(w http.ResponseWriter, code int, fault string) {
	d.mu.Lock()
	done := d.done
	d.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_ = d.page.Execute(w, shown{Node: d.offer.Node.Hex(), Base: d.offer.Path(), Fault: fault, Until: d.offer.Deadline.Format("15:04 MST"), Done: done})
}

// typed is the statement for one owner, as wallets take it.
func (d *Door) typed(w http.ResponseWriter, r *http.Request) {
	owner := r.URL.Query().Get("owner")
	if !common.IsHexAddress(owner) {
		http.Error(w, "name the wallet by its address: 0x and 40 hex digits", http.StatusBadRequest)
		return
	}
	data, err := json.Marshal(d.offer.TypedData(common.HexToAddress(owner)))
	if err != nil {
		http.Error(w, "the statement can't be written", http.StatusInternalServerError)
		return
	}
	d.text(w, "application/json", string(data))
}

// take is a signed answer. The first that is right counts, and no other after it.
func (d *Door) take(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxAnswerBytes)
	if err := r.ParseForm(); err != nil {
		d.show(w, http.StatusBadRequest, "the answer can't be read; try again")
		return
	}
	owner, text := strings.TrimSpace(r.PostForm.Get("owner")), strings.TrimSpace(r.PostForm.Get("signature"))
	signature, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if !common.IsHexAddress(owner) || err != nil || len(signature) == 0 {
		d.show(w, http.StatusBadRequest, "give the wallet's address and its signature, both in hex digits after 0x")
		return
	}
	signed, err := d.offer.Accept(r.Context(), common.HexToAddress(owner), signature, d.wallets, d.now())
	if err != nil {
		d.show(w, http.StatusForbidden, err.Error())
		return
	}
	d.mu.Lock()
	err = errors.New("this machine was bound already; have it show a new code with `medhive node bind --again`")
	if !d.done {
		if err = d.keep(signed); err == nil {
			d.done = true
			d.over <- signed
		}
	}
	d.mu.Unlock()
	if err != nil {
		d.show(w, http.StatusConflict, err.Error())
		return
	}
	d.show(w, http.StatusOK, "")
}
