package intake

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// verdict is a checker's word about a receipt: "clinic" judges replicas, anybody else is a
// coordinator.
func verdict(t testing.TB, s attest.SignedReceipt, checker string, result attest.Judgement) attest.SignedVerdict {
	t.Helper()
	key, address := keyOf(t, checker)
	r := s.Receipt
	v := attest.Verdict{
		Kind: attest.CheckCanary, Node: r.Node, Clinic: r.Clinic, Task: r.Task, Fence: r.Fence, Receipt: r.Hash(testDomain), Manifest: r.ManifestDigest,
		Provider: r.Provider, Against: [32]byte{1}, Result: result, Checker: address, At: r.FinishedAt.Add(time.Minute),
	}
	if address == r.Clinic {
		v.Kind = attest.CheckReplica
	}
	if result != attest.JudgedValid {
		v.Reason = "findings differ"
	}
	return signVerdict(t, v, key)
}

// lapse is a clinic's word that a lease came to nothing.
func lapse(t testing.TB, s attest.SignedReceipt, clinic string) attest.SignedVerdict {
	t.Helper()
	key, _ := keyOf(t, clinic)
	v := verdict(t, s, clinic, attest.JudgedInvalid).Verdict
	v.Kind, v.Receipt, v.Against, v.Reason = attest.CheckLapse, [32]byte{}, [32]byte{}, "not delivered"
	signed := signVerdict(t, v, key)
	signed.Promise = promise(t, v, "node")
	return signed
}

// promise is what by says that takes the lease which v is about.
func promise(t testing.TB, v attest.Verdict, by string) attest.Pledge {
	t.Helper()
	key, _ := keyOf(t, by)
	p := attest.Promise{Task: v.Task, Fence: v.Fence, Node: v.Node, Clinic: v.Clinic, At: v.At}
	sig, err := attest.Sign(p.Hash(testDomain), key)
	must(t, err)
	return attest.Pledge{At: p.At, NodeSig: sig}
}

// TestALapseIsTakenOnlyWithTheNodesPromise: fresh clinics can't speak against a node that
// promised them nothing.
func TestALapseIsTakenOnlyWithTheNodesPromise(t *testing.T) {
	d := openDoor(t, Options{})
	for n := range 11 { // as many as would suspend a node
		clinic := fmt.Sprintf("fresh clinic %d", n)
		slander := lapse(t, receipt(t, "scan", "node", clinic, 1, ""), clinic)
		for what, given := range map[string]attest.Pledge{"none": {}, "the clinic's own": promise(t, slander.Verdict, clinic)} {
			slander.Promise = given
			var refused *Refusal
			if err := Submit(t.Context(), d.peer, d.coordinator, slander); !errors.As(err, &refused) || !strings.Contains(refused.Text, "promise") {
				t.Errorf("with %s: %v, want a refusal that says promise", what, err)
			}
		}
	}
	broken := lapse(t, receipt(t, "scan", "node", "clinic", 1, ""), "clinic")
	must(t, Submit(t.Context(), d.peer, d.coordinator, broken))
	must(t, errors.Join(SubmitAll(t.Context(), d.peer, d.coordinator, []Statement{{Verdict: &broken, Digest: broken.Verdict.Hash(testDomain)}})...))
	if w, err := d.store.Seal(1); err != nil || len(w.Verdicts) != 1 || w.Verdicts[0] != broken {
		t.Errorf("the window's verdicts: %+v, %v", w.Verdicts, err)
	}
}

func signVerdict(t testing.TB, v attest.Verdict, key *ecdsa.PrivateKey) attest.SignedVerdict {
	t.Helper()
	sig, err := attest.Sign(v.Hash(testDomain), key)
	must(t, err)
	s := attest.SignedVerdict{Verdict: v, CheckerSig: sig}
	if clinic, address := keyOf(t, "clinic"); v.Kind.NeedsConsent() && address == v.Clinic {
		s.Consent, err = attest.Sign(attest.Consent{Receipt: v.Receipt, Clinic: v.Clinic, Checker: v.Checker}.Hash(testDomain), clinic)
		must(t, err)
	}
	return s
}

func (b *Bolt) judge(t testing.TB, v attest.SignedVerdict) error {
	t.Helper()
	return b.PutVerdict(t.Context(), v.Verdict.Hash(testDomain), v)
}

func TestWhoMayJudgeAtTheDoor(t *testing.T) {
	_, coordinator := keyOf(t, "second coordinator")
	d := openDoor(t, Options{Checkers: func(context.Context) ([]common.Address, error) { return []common.Address{coordinator}, nil }})
	scan := receipt(t, "scan", "node", "clinic", 1, "")
	must(t, d.receipt(t, scan))
	stolen := verdict(t, scan, "clinic", attest.JudgedInvalid)
	stolen.CheckerSig = verdict(t, scan, "mallory", attest.JudgedInvalid).CheckerSig
	foreign := verdict(t, scan, "mallory", attest.JudgedInvalid).Verdict
	foreign.Kind = attest.CheckReplica
	malloryKey, _ := keyOf(t, "mallory")
	unasked := verdict(t, scan, "second coordinator", attest.JudgedInvalid)
	unasked.Verdict.Kind, unasked.Consent = attest.CheckRerun, attest.Signature{}
	for name, c := range map[string]struct {
		given attest.SignedVerdict
		says  string // of a refusal; empty: taken
	}{
		"the clinic's replica":        {verdict(t, scan, "clinic", attest.JudgedInvalid), ""},
		"a known coordinator":         {verdict(t, scan, "second coordinator", attest.JudgedValid), ""},
		"a stranger's canary":         {verdict(t, scan, "mallory", attest.JudgedInvalid), "none of this network"},
		"a re-run nobody allowed":     {unasked, "without its clinic's consent"},
		"a stranger's replica":        {signVerdict(t, foreign, malloryKey), "clinic's to judge"},
		"a stranger's signature":      {stolen, "sign with the key"},
		"a lapse of what was done":    {lapse(t, scan, "clinic"), "a receipt stands"},
		"the clinic's other judgment": {verdict(t, scan, "clinic", attest.JudgedValid), "has spoken already"},
	} {
		if c.says == "" {
			must(t, Submit(t.Context(), d.peer, d.coordinator, c.given))
			continue
		}
		if name == "the clinic's other judgment" { // the first one must be there whatever the map's order
			must(t, Submit(t.Context(), d.peer, d.coordinator, verdict(t, scan, "clinic", attest.JudgedInvalid)))
		}
		var refused *Refusal
		if err := Submit(t.Context(), d.peer, d.coordinator, c.given); !errors.As(err, &refused) || !strings.Contains(refused.Text, c.says) {
			t.Errorf("%s: %v, want a refusal that says %q", name, err, c.says)
		}
	}
	if w, err := d.store.Seal(1); err != nil || len(w.Verdicts) != 2 {
		t.Errorf("the window holds %d verdicts, want 2: %v", len(w.Verdicts), err)
	}
}

// TestAVerdictFromBeforeConsentsCountsNoMore: a store of an older version may hold one, and an
// epoch with it would not be built.
func TestAVerdictFromBeforeConsentsCountsNoMore(t *testing.T) {
	d := openDoor(t, Options{})
	scan := receipt(t, "scan", "node", "clinic", 1, "")
	must(t, d.receipt(t, scan))
	old := verdict(t, scan, "second coordinator", attest.JudgedInvalid)
	old.Consent = attest.Signature{}
	must(t, d.store.judge(t, old))
	if w, err := d.store.Seal(1); err != nil || len(w.Verdicts) != 0 || len(w.Receipts) != 1 {
		t.Errorf("the window holds %d verdicts and %d receipts, want 0 and 1: %v", len(w.Verdicts), len(w.Receipts), err)
	}
}

// TestAVerdictWaitsForItsReceipt: it may overtake the receipt that it judges, and is put off.
func TestAVerdictWaitsForItsReceipt(t *testing.T) {
	d := openDoor(t, Options{})
	scan := receipt(t, "scan", "node", "clinic", 1, "")
	early := verdict(t, scan, "clinic", attest.JudgedValid)
	if err := Submit(t.Context(), d.peer, d.coordinator, early); !errors.Is(err, ErrBusy) {
		t.Fatalf("before its receipt: %v, want ErrBusy", err)
	}
	must(t, d.receipt(t, scan))
	must(t, Submit(t.Context(), d.peer, d.coordinator, early))
	must(t, Submit(t.Context(), d.peer, d.coordinator, early)) // again: no error, not twice
	if w, err := d.store.Seal(1); err != nil || len(w.Verdicts) != 1 || w.Verdicts[0] != early {
		t.Fatalf("the window's verdicts: %+v, %v", w.Verdicts, err)
	}
}

func TestAVerdictNamesTheReceiptAndItsNode(t *testing.T) {
	store, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	scan := receipt(t, "scan", "node", "clinic", 1, "")
	store.put(t, scan)
	key, _ := keyOf(t, "clinic")
	other := verdict(t, scan, "clinic", attest.JudgedInvalid).Verdict
	other.Receipt[0]++
	slander := verdict(t, scan, "clinic", attest.JudgedInvalid).Verdict
	_, slander.Node = keyOf(t, "innocent")
	for name, v := range map[string]attest.Verdict{"another receipt": other, "another node": slander} {
		if err := store.judge(t, signVerdict(t, v, key)); !errors.Is(err, ErrReplay) {
			t.Errorf("%s: %v, want ErrReplay", name, err)
		}
	}
	must(t, store.judge(t, lapse(t, receipt(t, "scan 2", "node", "clinic", 1, ""), "clinic"))) // nothing was delivered
	if w, err := store.Seal(1); err != nil || len(w.Verdicts) != 1 {
		t.Errorf("%d verdicts: %v", len(w.Verdicts), err)
	}
}

// TestWhatCouldNotBeCheckedMayBeJudgedLater: once, and the window holds the judgement only.
func TestWhatCouldNotBeCheckedMayBeJudgedLater(t *testing.T) {
	store, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	scan := receipt(t, "scan", "node", "clinic", 1, "")
	store.put(t, scan)
	must(t, store.judge(t, verdict(t, scan, "clinic", attest.JudgedUnchecked)))
	judged := verdict(t, scan, "clinic", attest.JudgedInvalid)
	must(t, store.judge(t, judged))
	for _, result := range []attest.Judgement{attest.JudgedValid, attest.JudgedUnchecked} {
		if err := store.judge(t, verdict(t, scan, "clinic", result)); !errors.Is(err, ErrReplay) {
			t.Errorf("%s after the judgement: %v, want ErrReplay", result, err)
		}
	}
	w, err := store.Seal(1)
	must(t, err)
	if len(w.Verdicts) != 1 || w.Verdicts[0] != judged {
		t.Fatalf("the window's verdicts: %+v", w.Verdicts)
	}
	// A store that is made from the published epoch knows that this was said.
	restored, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	b := built(t, 1, epoch.Window{Receipts: w.Receipts, Verdicts: w.Verdicts}, epoch.State{})
	must(t, restored.Adopt(b))
	must(t, restored.judge(t, judged))
	if w, err := restored.Seal(2); err != nil || len(w.Verdicts) != 0 {
		t.Errorf("said again after the epoch: %d verdicts, %v", len(w.Verdicts), err)
	}
}

// TestAWalletThatCantBeAsked: a clinic that is a contract wallet is put off while the chain
// is silent, and neither believed nor refused.
func TestAWalletThatCantBeAsked(t *testing.T) {
	down := &wallets{err: errors.New("connection refused")}
	d := openDoor(t, Options{Wallets: down})
	s := receipt(t, "scan", "node", "clinic", 1, "")
	s.ClinicSig, s.WalletSig = attest.Signature{}, "a form of the wallet's own"
	if err := d.receipt(t, s); !errors.Is(err, ErrBusy) {
		t.Fatalf("while the chain is silent: %v, want ErrBusy", err)
	}
	down.err = nil
	var refused *Refusal
	if err := d.receipt(t, s); !errors.As(err, &refused) {
		t.Fatalf("a wallet that does not stand by it: %v, want a refusal", err)
	}
	down.stands = true
	must(t, d.receipt(t, s))
	if w, err := d.store.Seal(1); err != nil || len(w.Receipts) != 1 || w.Receipts[0] != s {
		t.Fatalf("the window's receipts: %+v, %v", w.Receipts, err)
	}
}

// coded is a chain with code at some addresses.
type coded struct {
	wallets
	code   map[common.Address]bool
	looked int
}

func (c *coded) HasCode(_ context.Context, at common.Address) (bool, error) {
	c.looked++
	return c.code[at], nil
}

// forgery is a receipt with a signature that only a wallet could stand by.
func forgery(t testing.TB, clinic string) Statement {
	s := receipt(t, "scan", "node", clinic, 1, "")
	s.ClinicSig, s.WalletSig = attest.Signature{}, "not what the wallet would say"
	return Statement{Receipt: &s}
}

// TestForgeriesDontFloodTheChain: signatures that only a wallet could stand by cost the
// chain a bounded number of questions, of one peer and of all; the rest is put off.
func TestForgeriesDontFloodTheChain(t *testing.T) {
	now := time.UnixMilli(1_790_000_000_000)
	chain := &wallets{}
	server := New(&memoryStore{}, testDomain, Options{Wallets: chain, Now: func() time.Time { return now }})
	forged := forgery(t, "clinic")
	refusals, busy := 0, 0
	send := func(from peer.ID, times int) {
		for range times {
			given := forged
			err := server.check(t.Context(), from, &given)
			var refused *Refusal
			switch {
			case errors.As(err, &refused):
				refusals++
			case errors.Is(err, ErrBusy):
				busy++
			default:
				t.Fatalf("a forgery: %v", err)
			}
		}
	}
	send("mallory", 2*peersBurst)
	if refusals != peersBurst || busy != peersBurst || chain.asked != peersBurst {
		t.Errorf("of one peer %d refusals, %d put off, %d questions; want %d of each", refusals, busy, chain.asked, peersBurst)
	}
	chain.stands = true
	if err := server.check(t.Context(), "clinic", &forged); err != nil {
		t.Errorf("a wallet's statement beside the flood: %v", err)
	}
	chain.stands = false
	for n := range 2 * walletsBurst / peersBurst {
		send(peer.ID(fmt.Sprint("sybil ", n)), peersBurst)
	}
	if chain.asked != walletsBurst {
		t.Errorf("of all peers %d questions, want %d", chain.asked, walletsBurst)
	}
}

// TestWhereNoWalletIsNobodyIsAskedAgain: an address without code is remembered for a while,
// one with code is asked each time.
func TestWhereNoWalletIsNobodyIsAskedAgain(t *testing.T) {
	now := time.UnixMilli(1_790_000_000_000)
	_, deployed := keyOf(t, "deployed")
	chain := &coded{code: map[common.Address]bool{deployed: true}}
	server := New(&memoryStore{}, testDomain, Options{Wallets: chain, Now: func() time.Time { return now }})
	ask := func(clinic string) {
		t.Helper()
		given := forgery(t, clinic)
		var refused *Refusal
		if err := server.check(t.Context(), "mallory", &given); !errors.As(err, &refused) {
			t.Errorf("a forgery in the name of %s: %v", clinic, err)
		}
	}
	for range 5 {
		ask("clinic")
	}
	if chain.asked != 1 || chain.looked != 1 {
		t.Errorf("an address without code was asked %d times and looked up %d times, want once", chain.asked, chain.looked)
	}
	now = now.Add(noCodeFor)
	ask("clinic")
	ask("deployed")
	ask("deployed")
	if chain.asked != 4 {
		t.Errorf("%d questions after a minute and to a wallet, want 4", chain.asked)
	}
}

// TestAStrangersNodeCostsTheChainNothing: whether a node is registered is asked before the
// wallet.
func TestAStrangersNodeCostsTheChainNothing(t *testing.T) {
	chain := &wallets{}
	server := New(&memoryStore{}, testDomain, Options{Wallets: chain, Admit: func(context.Context, common.Address) error {
		return &Refusal{"the node is not registered; register it"}
	}})
	given := forgery(t, "clinic")
	var refused *Refusal
	if err := server.check(t.Context(), "mallory", &given); !errors.As(err, &refused) || chain.asked != 0 {
		t.Errorf("%v after %d questions, want a refusal after none", err, chain.asked)
	}
}

// TestWhoMayJudgeIsAskedNowAndThen: a chain that is silent puts verdicts off, and who was
// appointed may judge within a minute.
func TestWhoMayJudgeIsAskedNowAndThen(t *testing.T) {
	now := time.UnixMilli(1_790_000_000_000)
	_, second := keyOf(t, "second coordinator")
	var list []common.Address
	fault, asked := errors.New("connection refused"), 0
	server := New(&memoryStore{}, testDomain, Options{Now: func() time.Time { return now }, Checkers: func(context.Context) ([]common.Address, error) {
		asked++
		return list, fault
	}})
	v := verdict(t, receipt(t, "scan", "node", "clinic", 1, ""), "second coordinator", attest.JudgedValid)
	check := func() error { return server.check(t.Context(), "sender", &Statement{Verdict: &v}) }
	if err := check(); !errors.Is(err, ErrBusy) {
		t.Errorf("while the chain is silent: %v, want ErrBusy", err)
	}
	fault = nil
	var refused *Refusal
	if err := check(); !errors.As(err, &refused) {
		t.Errorf("before it is appointed: %v, want a refusal", err)
	}
	list = []common.Address{second}
	if err := check(); !errors.As(err, &refused) || asked != 2 {
		t.Errorf("just now it was none: %v after %d questions", err, asked)
	}
	now = now.Add(checkersFor)
	if err := check(); err != nil || asked != 3 {
		t.Errorf("appointed: %v after %d questions", err, asked)
	}
}
