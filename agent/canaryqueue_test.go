package agent

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/models"
)

func newBook(t *testing.T) checkBook {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "state.db"), 0o600, &bolt.Options{Timeout: time.Second, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	b, err := openCheckBook(db)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func keyOf(node byte) canary.Key {
	return canary.Key{Node: common.BytesToAddress([]byte{node}), Model: models.DigestOf([]byte("m")), Provider: "cpu"}
}

// What is due first comes first, whenever it was drawn; what was found moves the record once,
// with the check's end; and no more wait than there is room for.
func TestCheckBook(t *testing.T) {
	b := newBook(t)
	now := time.Now()
	any := func([]byte, dueCheck) bool { return true }
	if _, d, err := b.next(any); d != nil || err != nil {
		t.Fatalf("an empty book has %+v, %v", d, err)
	}
	for node, after := range map[byte]time.Duration{1: time.Hour, 2: time.Minute, 3: 2 * time.Hour} {
		if err := b.add(dueCheck{Key: keyOf(node), At: now.Add(after)}, 1); err != nil {
			t.Fatal(err)
		}
	}
	number, d, err := b.next(any)
	if err != nil || d.Key != keyOf(2) {
		t.Fatalf("first is %+v, %v", d, err)
	}
	d.Flight = &flight{Identity: 7, Task: models.DigestOf([]byte("t")), Seed: common.Hash{1}}
	if err := b.put(number, *d); err != nil {
		t.Fatal(err)
	}
	if _, again, err := b.next(any); err != nil || again.Flight == nil || *again.Flight != *d.Flight {
		t.Fatalf("after a restart it is %+v, %v", again, err)
	}
	if err := b.done(number, []finding{{keyOf(2), canary.Opinion{Judgement: attest.JudgedInvalid}}}); err != nil {
		t.Fatal(err)
	}
	if h, err := b.history(keyOf(2)); err != nil || h != (canary.History{Invalid: 1}) {
		t.Errorf("the record is %+v, %v", h, err)
	}
	if _, d, err := b.next(any); err != nil || d.Key != keyOf(1) {
		t.Errorf("second is %+v, %v", d, err)
	}
	for n := 2; n < maxDue; n++ {
		if err := b.add(dueCheck{Key: keyOf(byte(9 + n/maxDuePerNode)), At: now}, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.add(dueCheck{Key: keyOf(200), At: now}, 1); !errors.Is(err, errFull) {
		t.Errorf("one more than there is room for: %v", err)
	}
}

// rerunOf is a re-run of a clinic's task that a node did.
func rerunOf(node, clinic byte, task string) dueCheck {
	d := dueCheck{Key: keyOf(node), Of: models.DigestOf([]byte(task)), At: time.Now(), Rerun: &rerun{}}
	d.Rerun.Receipt.Receipt.Clinic = common.BytesToAddress([]byte{clinic})
	return d
}

// Nobody's checks keep out all others': one node's and one clinic's are bounded. A draw is
// entered once, and forgotten when its window is long closed.
func TestDrawsAreEnteredOnceAndInShares(t *testing.T) {
	b := newBook(t)
	for n := range maxDuePerClinic {
		if err := b.add(rerunOf(byte(n+1), 77, string(rune('a'+n))), 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.add(rerunOf(200, 77, "more"), 1); !errors.Is(err, errFull) {
		t.Errorf("one more of the clinic: %v", err)
	}
	for n := range maxDuePerNode {
		if err := b.add(rerunOf(100, byte(n+1), string(rune('A'+n))), 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.add(rerunOf(100, 99, "more"), 1); !errors.Is(err, errFull) {
		t.Errorf("one more of the node: %v", err)
	}
	again := rerunOf(101, 98, "again")
	if err := b.add(again, 7); err != nil {
		t.Fatal(err)
	}
	number, d, err := b.next(func(_ []byte, d dueCheck) bool { return d.Of == again.Of })
	if err != nil || d == nil {
		t.Fatal(d, err)
	}
	if err := b.done(number, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.add(again, 7); !errors.Is(err, errDrawn) {
		t.Errorf("a draw that was made already: %v", err)
	}
	canary := again
	canary.Rerun = nil
	if err := b.add(canary, 7); err != nil {
		t.Errorf("the canary of the same receipt: %v", err)
	}
	if err := b.forgetDraws(7 + drawnFor); err != nil {
		t.Fatal(err)
	}
	if err := b.add(again, 9); !errors.Is(err, errDrawn) {
		t.Errorf("a draw of a window that may be open: %v", err)
	}
	if err := b.forgetDraws(8 + drawnFor); err != nil {
		t.Fatal(err)
	}
	if err := b.add(again, 9); err != nil {
		t.Errorf("a draw of a window that is long closed: %v", err)
	}
}

// Names are given out once, outlive a restart, and end; what is held back goes with its name.
func TestCanaryIdentities(t *testing.T) {
	b := newBook(t)
	for n := range 3 {
		id, err := b.begin(n, 4, time.Now())
		if err != nil || id.Number != uint64(n+1) {
			t.Fatalf("%+v, %v", id, err)
		}
	}
	if err := b.end(1); err != nil {
		t.Fatal(err)
	}
	if id, err := b.begin(1, 9, time.Now()); err != nil || id.Number != 4 || id.Until != 9 {
		t.Errorf("%+v, %v", id, err)
	}
	if ids, err := b.identities(); err != nil || len(ids) != 3 || ids[1].Number != 4 {
		t.Errorf("%+v, %v", ids, err)
	}
	for n := range byte(3) {
		v := heldVerdict{Files: []common.Hash{{n}}}
		v.Verdict.Verdict.Receipt = [32]byte{n}
		for range 2 {
			if err := b.hold(uint64(1+n/2), v); err != nil {
				t.Fatal(err)
			}
		}
	}
	keys, list, err := b.held(1)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d are held of the first name, %v", len(list), err)
	}
	if err := b.released(keys); err != nil {
		t.Fatal(err)
	}
	if files, err := b.heldFiles(); err != nil || len(files) != 1 || !files[blobName(common.Hash{2})] {
		t.Errorf("%v, %v", files, err)
	}
	err = b.add(dueCheck{Key: keyOf(1), Flight: &flight{Identity: 4}}, 1)
	if err == nil {
		err = b.ground(4)
	}
	if err != nil {
		t.Fatal(err)
	}
	if list, err := b.flights(); err != nil || len(list) != 0 {
		t.Errorf("%+v are on their way, %v", list, err)
	}
}

// A name lasts for some epochs, never none, and on the average as many as are wanted.
func TestUntilOf(t *testing.T) {
	for _, life := range []uint64{1, 2, 8} {
		sum := uint64(0)
		const draws = 10_000
		for n := range draws {
			until := untilOf(5, life, float64(n)/draws)
			if until <= 5 || until > 5+2*life-1 {
				t.Fatalf("%d epochs of life: until %d", life, until)
			}
			sum += until - 5
		}
		if mean := float64(sum) / draws; mean < float64(life)-0.01 || mean > float64(life)+0.01 {
			t.Errorf("%d epochs of life: %.3f on the average", life, mean)
		}
	}
}

// Each address is one canary clinic's; a free port is several's. On a real network loopback is
// refused.
func TestSlotsAndAddresses(t *testing.T) {
	if n := len(slotsOf([]string{"/ip4/0.0.0.0/tcp/0"})); n != canaryClinics {
		t.Errorf("a free port has %d", n)
	}
	if n := len(slotsOf([]string{"/ip4/192.0.2.1/tcp/9401", "/ip4/192.0.2.2/tcp/9401"})); n != 2 {
		t.Errorf("two addresses have %d", n)
	}
	for _, listen := range []string{"/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/9"} {
		k := canaries{conf: CoordinatorConfig{Canaries: "studies", CanaryListen: []string{listen}}}
		if err := k.complete(); !errors.Is(err, errLoopback) {
			t.Errorf("%s on a real network: %v", listen, err)
		}
		k.conf.Network.DevelopmentKeys = "keys"
		if err := k.complete(); err != nil {
			t.Errorf("%s on a development network: %v", listen, err)
		}
	}
	k := canaries{conf: CoordinatorConfig{Canaries: "studies", CanaryListen: []string{"/ip4/192.0.2.1/tcp/9401"}}}
	if err := k.complete(); err != nil {
		t.Error(err)
	}
}

// What a canary clinic leaves goes, but for its key.
func TestACanaryClinicLeavesItsKey(t *testing.T) {
	state := t.TempDir()
	for _, name := range []string{clinicKeyFile, "tasks.db", filepath.Join("vault", "identities.db")} {
		path := filepath.Join(state, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := clearClinic(state); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(state)
	if err != nil || len(entries) != 1 || entries[0].Name() != clinicKeyFile {
		t.Errorf("%v, %v are left", entries, err)
	}
	if err := clearClinic(filepath.Join(state, "none")); err != nil {
		t.Error(err)
	}
}

// One node's slow canary, and one clinic's slow re-run, hold one lane; the others go on.
func TestLanesPassBusyOnesBy(t *testing.T) {
	k := &canaries{book: newBook(t), busy: map[string]dueCheck{}, more: make(chan struct{}), log: slog.New(slog.DiscardHandler)}
	for _, d := range []dueCheck{rerunOf(1, 1, "a"), rerunOf(2, 1, "b"), rerunOf(3, 2, "c")} {
		if err := k.book.add(d, 1); err != nil {
			t.Fatal(err)
		}
	}
	first, a, _ := k.take(k.mayRerun)
	_, b, _ := k.take(k.mayRerun)
	if a == nil || b == nil || a.clinic() == b.clinic() {
		t.Fatalf("%+v and %+v are made at once", a, b)
	}
	if _, c, wait := k.take(k.mayRerun); c != nil || wait <= 0 {
		t.Errorf("%+v is made beside its clinic's other one", c)
	}
	more := k.news()
	k.giveBack(first)
	select {
	case <-more:
	default:
		t.Error("nobody is told that a lane has ended")
	}
}

// Both node and clinic hand in a receipt: it is drawn for and accounted once. A canary's own
// receipt brings about no other, and a difference between replicas has both run again.
func TestReceiptsAreDrawnForOnce(t *testing.T) {
	k := &canaries{
		conf: CoordinatorConfig{Canaries: "studies", CanaryEvery: time.Minute, Rechecks: true}, rates: canary.Rates{NewCanary: 1, Rerun: 1}, domain: judgeDomain,
		book: newBook(t), epoch: func() uint64 { return 1 }, drawn: make(chan dueCheck, 16), log: slog.New(slog.DiscardHandler), own: map[common.Address]bool{}, recent: map[[32]byte]attest.SignedReceipt{},
	}
	m := classifier()
	copies := answers(m, judgeClinic, 0.9, 0.4)
	tell := func(c copyResult) { k.hear(c.signed.Receipt.Hash(judgeDomain), c.signed) }
	tell(copies[0])
	tell(copies[0])
	if len(k.drawn) != 2 || k.accounts() != (canary.Accounts{Jobs: time.Second}) {
		t.Fatalf("%d checks of one receipt, accounted as %+v", len(k.drawn), k.accounts())
	}
	first, second := <-k.drawn, <-k.drawn
	if first.Rerun != nil || second.Rerun == nil || !first.At.After(time.Now().Add(-time.Second)) || second.Rerun.Receipt.Receipt.Task != copies[0].signed.Receipt.Task {
		t.Errorf("%+v, %+v", first, second)
	}
	k.own[judgeClinic] = true
	tell(copies[1])
	if len(k.drawn) != 0 || k.accounts() != (canary.Accounts{Jobs: time.Second, Checks: time.Second}) {
		t.Errorf("a canary's receipt brought about %d checks, accounted as %+v", len(k.drawn), k.accounts())
	}
	for _, v := range judgeCopies(m, judgeClinic, judgeDomain, copies).verdicts {
		k.judged(v)
	}
	if len(k.drawn) != 0 {
		t.Error("a canary is run again, though its right answer is known")
	}
	delete(k.own, judgeClinic)
	for _, v := range judgeCopies(m, judgeClinic, judgeDomain, copies).verdicts {
		k.judged(v)
	}
	if len(k.drawn) != 2 {
		t.Errorf("%d of two results that differ are run again", len(k.drawn))
	}
	for _, v := range judgeCopies(m, judgeClinic, judgeDomain, answers(m, judgeClinic, 0.9, 0.9)).verdicts {
		k.judged(v)
	}
	if len(k.drawn) != 2 {
		t.Error("results that agree are run again")
	}
	for range 2 {
		<-k.drawn
	}
	k.rates.Rerun, k.rates.NewCanary = 0, 0
	refused := answers(m, judgeClinic, 0, 0, 0, 0)[3]
	tell(refused)
	if len(k.drawn) != 0 {
		t.Error("a check was made that no rate asks for")
	}
	refused.signed.Receipt.Fence++ // another receipt
	refused.signed.Acceptance.Accepted, refused.signed.Acceptance.Reason = false, "it does not fit"
	tell(refused)
	if d := <-k.drawn; d.Rerun == nil || d.Rerun.Receipt.Acceptance.Accepted {
		t.Errorf("a result that its clinic refused brought about %+v", d)
	}
	k.conf.Rechecks, k.rates.Rerun = false, 1
	tell(answers(m, judgeClinic, 0, 0, 0)[2])
	if d := <-k.drawn; d.Rerun != nil {
		t.Error("a coordinator that runs nothing again drew a re-run; a canary is to take its place")
	}
	for range cap(k.drawn) + 1 { // nobody takes them: the intake is not held up
		k.draw(dueCheck{})
	}
}

// What came in before a restart is drawn again, the same, and once: a process that ended
// between a receipt and the book leaves no receipt unchecked.
func TestTheOpenWindowIsDrawnAgain(t *testing.T) {
	m := classifier()
	copies := answers(m, judgeClinic, 0.9, 0.4)
	var w epoch.Window
	for _, c := range copies {
		w.Receipts = append(w.Receipts, c.signed)
	}
	for _, v := range judgeCopies(m, judgeClinic, judgeDomain, copies).verdicts {
		w.Verdicts = append(w.Verdicts, attest.SignedVerdict{Verdict: v})
	}
	book := newBook(t)
	start := func() *canaries {
		return &canaries{
			conf: CoordinatorConfig{Canaries: "studies", CanaryEvery: time.Minute, Rechecks: true}, rates: canary.Rates{NewCanary: 1}, domain: judgeDomain, book: book,
			window: func() (epoch.Window, error) { return w, nil }, epoch: func() uint64 { return 1 }, drawn: make(chan dueCheck, 16), more: make(chan struct{}),
			log: slog.New(slog.DiscardHandler), own: map[common.Address]bool{}, recent: map[[32]byte]attest.SignedReceipt{},
		}
	}
	waiting := func() (canaries, reruns int) {
		_, _, err := book.next(func(_ []byte, d dueCheck) bool {
			if d.Rerun == nil {
				canaries++
			} else {
				reruns++
			}
			return false
		})
		if err != nil {
			t.Fatal(err)
		}
		return canaries, reruns
	}
	for range 2 {
		if err := start().redraw(t.Context()); err != nil {
			t.Fatal(err)
		}
		if canaries, reruns := waiting(); canaries != 2 || reruns != 2 {
			t.Fatalf("%d canaries and %d re-runs wait; want 2 of each", canaries, reruns)
		}
	}
	number, _, err := book.next(func(_ []byte, d dueCheck) bool { return d.Rerun == nil })
	if err == nil {
		err = book.done(number, nil)
	}
	if err == nil {
		err = start().redraw(t.Context())
	}
	if canaries, reruns := waiting(); err != nil || canaries != 1 || reruns != 2 {
		t.Errorf("%d canaries and %d re-runs wait after one was made, %v", canaries, reruns, err)
	}
	k := start()
	k.own[judgeClinic] = true
	k.book = newBook(t)
	book = k.book
	if err := k.redraw(t.Context()); err != nil {
		t.Fatal(err)
	}
	if canaries, reruns := waiting(); canaries+reruns != 0 {
		t.Errorf("a canary clinic's own receipts brought about %d checks", canaries+reruns)
	}
}

// The memory of receipts is bounded and forgets the oldest.
func TestRecentReceiptsAreBounded(t *testing.T) {
	k := &canaries{recent: map[[32]byte]attest.SignedReceipt{}}
	for n := range maxRecent + 10 {
		if !k.remember([32]byte{byte(n), byte(n >> 8)}, attest.SignedReceipt{}) {
			t.Fatalf("receipt %d is taken for another", n)
		}
	}
	if len(k.recent) != maxRecent || len(k.order) != maxRecent || !k.remember([32]byte{0}, attest.SignedReceipt{}) {
		t.Errorf("%d receipts are remembered", len(k.recent))
	}
}
