package agent

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

// checker is a clinic's book of checks on a disk of its own.
func checker(t *testing.T, path string, rates canary.Rates, key *identity.Key) *verification {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	v, err := openVerification(db, key, judgeDomain, rates, [secretBytes]byte{1}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func freshKey(t *testing.T) *identity.Key {
	t.Helper()
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Every task of a newcomer is compared; from ten valid ones in a row on fewer are, one of
// fifty in the end; one that is invalid begins anew. Who does not compare never asks.
func TestComparisonsFallWithTheRecord(t *testing.T) {
	key := freshKey(t)
	v := checker(t, filepath.Join(t.TempDir(), "state.db"), canary.DefaultRates(), key)
	node, pkg := common.HexToAddress("0x01"), models.DigestOf([]byte("package"))
	share := func() float64 {
		n := 0
		for i := range 2000 {
			if v.doubts(broker.Doubt{Task: models.DigestOf([]byte{byte(i), byte(i >> 8)}), Node: node, Package: pkg, Provider: "cpu"}) {
				n++
			}
		}
		return float64(n) / 2000
	}
	record := func(j attest.Judgement, times int) {
		err := v.db.Update(func(tx *bolt.Tx) error {
			for range times {
				if err := remember(tx, canary.Key{Node: node, Model: pkg, Provider: "cpu"}, j); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, least, most float64) {
		t.Helper()
		if got := share(); got < least || got > most {
			t.Errorf("%s: %.3f are compared, want %g to %g", what, got, least, most)
		}
	}
	want("new", 1, 1)
	record(attest.JudgedValid, 9)
	want("nine valid", 1, 1)
	record(attest.JudgedUnchecked, 100)
	want("what could not be checked proves nothing", 1, 1)
	record(attest.JudgedValid, 1)
	want("ten valid", 0.07, 0.13)
	record(attest.JudgedValid, 2000)
	want("trusted", 0.01, 0.03)
	record(attest.JudgedInvalid, 1)
	want("one invalid", 1, 1)
	off := checker(t, filepath.Join(t.TempDir(), "off.db"), canary.Rates{}, key)
	if off.doubts(broker.Doubt{Node: node}) {
		t.Error("a clinic that compares nothing asked for a second node")
	}
}

// Who is wrong on one provider is checked anew on all of them with that model, and on no other
// model, nor is anybody else.
func TestWrongResultForfeitsEveryProvider(t *testing.T) {
	v := checker(t, filepath.Join(t.TempDir(), "state.db"), canary.DefaultRates(), freshKey(t))
	cheat, other := common.HexToAddress("0x01"), common.HexToAddress("0x02")
	pkg, second := models.DigestOf([]byte("package")), models.DigestOf([]byte("another"))
	record := func(key canary.Key, j attest.Judgement) {
		t.Helper()
		if err := v.db.Update(func(tx *bolt.Tx) error { return remember(tx, key, j) }); err != nil {
			t.Fatal(err)
		}
	}
	streak := func(key canary.Key) (h canary.History) {
		t.Helper()
		err := v.db.View(func(tx *bolt.Tx) (err error) {
			h, err = readHistory(tx, key)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	keys := []canary.Key{{Node: cheat, Model: pkg, Provider: "cpu"}, {Node: cheat, Model: pkg, Provider: "webgpu"}, {Node: cheat, Model: second, Provider: "cpu"}, {Node: other, Model: pkg, Provider: "cpu"}}
	for _, key := range keys {
		for range 20 {
			record(key, attest.JudgedValid)
		}
	}
	record(canary.Key{Node: cheat, Model: pkg, Provider: "cuda"}, attest.JudgedInvalid)
	for n, want := range []uint64{0, 0, 20, 20} {
		if h := streak(keys[n]); h.Streak != want || h.Valid != 20 {
			t.Errorf("%s of %s: %+v, want a streak of %d", keys[n].Provider, keys[n].Node, h, want)
		}
	}
}

// intakeDouble is a coordinator's intake that takes, refuses and is away as a test says.
type intakeDouble struct {
	mu     sync.Mutex // guards the fields below
	answer func(intake.Statement) error
	heard  []intake.Statement
	more   chan struct{}
}

func (d *intakeDouble) submit(_ context.Context, list []intake.Statement) []error {
	d.mu.Lock()
	defer d.mu.Unlock()
	errs := make([]error, len(list))
	for n, s := range list {
		errs[n] = d.answer(s)
		d.heard = append(d.heard, s)
	}
	select {
	case d.more <- struct{}{}:
	default:
	}
	return errs
}

// promiseTo is what a fresh node signs when it takes a clinic's award.
func promiseTo(t *testing.T, clinic common.Address, task models.Digest, fence uint64) (common.Address, attest.Pledge) {
	t.Helper()
	node := freshKey(t)
	p := attest.Promise{Task: task, Fence: fence, Node: node.Address(), Clinic: clinic, At: time.UnixMilli(1_800_000_000_000).UTC()}
	sig, err := attest.Sign(p.Hash(judgeDomain), node.ECDSA())
	if err != nil {
		t.Fatal(err)
	}
	return p.Node, attest.Pledge{At: p.At, NodeSig: sig}
}

// A verdict is signed once, survives a kill, reaches the coordinator behind its receipt, and
// is sent until it is taken or refused for good. One that waits holds no other up.
func TestVerdictsReachTheCoordinator(t *testing.T) {
	key, path := freshKey(t), filepath.Join(t.TempDir(), "state.db")
	m := classifier()
	copies := answers(m, key.Address(), 0.9, 0.4, 0.9)
	for n := range copies {
		copies[n].signed.Receipt.Clinic = key.Address()
	}
	at := time.Now().UTC().Truncate(time.Millisecond)
	for n := range copies {
		copies[n].signed.Acceptance.At = at
	}
	verdicts := judgeCopies(m, key.Address(), judgeDomain, copies).verdicts
	task, pkg := models.DigestOf([]byte("task")), models.DigestOf([]byte("package"))
	v := checker(t, path, canary.DefaultRates(), key)
	spent := canary.Accounts{Jobs: time.Second, Checks: 2 * time.Second}
	for range 2 { // the second time after a crash before the delivery
		if err := v.settle(task, pkg, copies, verdicts, spent); err != nil {
			t.Fatal(err)
		}
	}
	if a, err := v.accounts(); err != nil || a != spent {
		t.Errorf("accounted as %+v, %v", a, err)
	}
	lapse := broker.Lapse{Task: task, Fence: 2, Manifest: pkg, Provider: "cpu", At: time.Now()}
	lapse.Node, lapse.Promise = promiseTo(t, key.Address(), task, lapse.Fence)
	failed := errors.New("the transaction failed")
	if err := v.db.Update(func(tx *bolt.Tx) error { return errors.Join(v.lapsed(tx, lapse), failed) }); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if err := v.db.Update(func(tx *bolt.Tx) error { return v.lapsed(tx, lapse) }); err != nil {
		t.Fatal(err)
	}
	if err := v.db.Close(); err != nil { // killed
		t.Fatal(err)
	}
	v = checker(t, path, canary.DefaultRates(), key)
	away := errors.New("nobody is there")
	d := &intakeDouble{more: make(chan struct{}, 1), answer: func(intake.Statement) error { return away }}
	if left, err := v.offer(t.Context(), d.submit); err != nil || left != 4 {
		t.Fatalf("%d verdicts left, %v", left, err)
	}
	d.heard = nil
	d.answer = func(s intake.Statement) error {
		switch {
		case s.Receipt != nil && s.Receipt.Receipt.Node == copies[0].signed.Receipt.Node:
			return &intake.Refusal{Text: "its epoch is closed"}
		case s.Verdict != nil && s.Verdict.Verdict.Node == copies[0].signed.Receipt.Node, s.Verdict != nil && s.Verdict.Verdict.Node == copies[1].signed.Receipt.Node:
			return intake.ErrBusy
		case s.Verdict != nil && s.Verdict.Verdict.Kind == attest.CheckLapse:
			return &intake.Refusal{Text: "a receipt stands"}
		}
		return nil
	}
	left, err := v.offer(t.Context(), d.submit)
	if err != nil || left != 1 { // the second copy's, whose coordinator was busy
		t.Fatalf("%d verdicts left, %v", left, err)
	}
	for n, s := range d.heard {
		if s.Verdict == nil {
			continue
		}
		// A lapse comes with the node's promise, which Verify wants.
		if err := s.Verdict.Verify(judgeDomain); err != nil {
			t.Error(err)
		}
		if kind := s.Verdict.Verdict.Kind; kind == attest.CheckReplica && (n == 0 || d.heard[n-1].Receipt == nil || d.heard[n-1].Digest != s.Verdict.Verdict.Receipt) {
			t.Error("a verdict came before its receipt")
		}
	}
	d.answer = func(intake.Statement) error { return nil }
	ctx, stop := context.WithCancel(t.Context())
	<-d.more // of the calls before
	var loop sync.WaitGroup
	loop.Go(func() { v.forward(ctx, d.submit) })
	<-d.more
	stop()
	loop.Wait()
	if left, err := v.offer(t.Context(), d.submit); err != nil || left != 0 {
		t.Errorf("%d verdicts left, %v", left, err)
	}
}

// Verdicts that are put off, as many as are offered at once, hold up none behind them.
func TestVerdictsThatArePutOffHoldNoneUp(t *testing.T) {
	key := freshKey(t)
	v := checker(t, filepath.Join(t.TempDir(), "state.db"), canary.DefaultRates(), key)
	const late = 7
	for n := range maxOffered + late {
		lapse := broker.Lapse{Task: models.DigestOf([]byte{byte(n)}), Fence: 1, Manifest: models.DigestOf([]byte("package")), Provider: "cpu", At: time.Now()}
		lapse.Node, lapse.Promise = promiseTo(t, key.Address(), lapse.Task, lapse.Fence)
		if err := v.db.Update(func(tx *bolt.Tx) error { return v.lapsed(tx, lapse) }); err != nil {
			t.Fatal(err)
		}
	}
	taken := map[models.Digest]bool{}
	d := &intakeDouble{more: make(chan struct{}, 1), answer: func(s intake.Statement) error {
		task := s.Verdict.Verdict.Task
		if task != models.DigestOf([]byte{maxOffered}) && len(taken) == 0 {
			return intake.ErrBusy
		}
		taken[task] = true
		return nil
	}}
	for n := range 3 {
		left, err := v.offer(t.Context(), d.submit)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("pass %d: %d are left of those that were offered, %d taken in all", n, left, len(taken))
		if n == 1 && len(taken) != late {
			t.Errorf("%d behind those that are put off are taken, want %d", len(taken), late)
		}
	}
	if len(taken) != maxOffered+late {
		t.Errorf("%d are taken in the end, want all %d", len(taken), maxOffered+late)
	}
}

// The first result is the job and the others check it; what no node computed costs nothing.
func TestSpent(t *testing.T) {
	one := func(state scheduler.State, took time.Duration) broker.Outcome {
		at := time.UnixMilli(1_700_000_000_000)
		return broker.Outcome{State: state, Receipt: attest.SignedReceipt{Receipt: attest.Receipt{StartedAt: at, FinishedAt: at.Add(took)}}}
	}
	for name, c := range map[string]struct {
		o    broker.Outcome
		want canary.Accounts
	}{
		"one node":         {one(scheduler.Resulted, 3), canary.Accounts{Jobs: 3}},
		"its own runner":   {one(scheduler.Local, 3), canary.Accounts{}},
		"two nodes":        {broker.Outcome{Copies: []broker.Outcome{one(scheduler.Resulted, 3), one(scheduler.Resulted, 4)}}, canary.Accounts{Jobs: 3, Checks: 4}},
		"one of them gone": {broker.Outcome{Copies: []broker.Outcome{one(scheduler.Cancelled, 0), one(scheduler.Resulted, 4)}}, canary.Accounts{Jobs: 4}},
		"a clock set back": {one(scheduler.Resulted, -3), canary.Accounts{}},
	} {
		if got := spent(c.o); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
