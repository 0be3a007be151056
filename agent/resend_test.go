package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/models"
)

func noFault(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// forgetful is a coordinator that knows what it was told in this life.
type forgetful struct {
	life  string
	has   map[models.Digest]int // task → how often it was told
	fault error                 // of each statement
}

func (f *forgetful) restore(life string) { f.life, f.has = life, map[models.Digest]int{} }

func (f *forgetful) put(_ context.Context, statements []intake.Statement) []error {
	errs := make([]error, len(statements))
	for i, s := range statements {
		if errs[i] = f.fault; errs[i] == nil && s.Receipt != nil {
			f.has[s.Receipt.Receipt.Task]++
		}
	}
	return errs
}

func openForgetful(t *testing.T) (*forgetful, *resends) {
	t.Helper()
	f := &forgetful{}
	f.restore("first")
	db, err := bolt.Open(filepath.Join(t.TempDir(), "node.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r, err := openResends(db, func(context.Context) (string, error) { return f.life, f.fault }, f.put, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return f, r
}

// told is a receipt of an hour; resends look at no signature.
func told(task string, at time.Time) attest.SignedReceipt {
	return attest.SignedReceipt{Receipt: attest.Receipt{Task: models.DigestOf([]byte(task))}, Acceptance: attest.Acceptance{At: at.UTC().Truncate(time.Millisecond)}}
}

// TestACoordinatorRestoredFromABackupIsToldAgain: everything that was kept goes to a new
// life once, and nothing to the same life twice.
func TestACoordinatorRestoredFromABackupIsToldAgain(t *testing.T) {
	f, r := openForgetful(t)
	const receipts = 2*resendAtOnce + 3
	for n := range receipts {
		noFault(t, r.keepReceipt(told(fmt.Sprint("scan ", n), time.Now())))
	}
	noFault(t, r.keepReceipt(told("scan 0", time.Now().Add(-time.Hour)))) // another word about it: kept as well
	noFault(t, r.reconcile(t.Context()))                                  // the first life that is seen
	f.restore("second")
	for range 3 {
		noFault(t, r.reconcile(t.Context()))
	}
	if len(f.has) != receipts || f.has[models.DigestOf([]byte("scan 1"))] != 1 || f.has[models.DigestOf([]byte("scan 0"))] != 2 {
		t.Fatalf("the new life was told of %d tasks, want %d", len(f.has), receipts)
	}
}

// TestResendsGoOnAfterAFault: what the coordinator did not take is offered again later.
func TestResendsGoOnAfterAFault(t *testing.T) {
	f, r := openForgetful(t)
	noFault(t, r.keepReceipt(told("scan", time.Now())))
	for _, fault := range []error{intake.ErrBusy, errors.New("connection reset")} {
		f.fault = fault
		if err := r.reconcile(t.Context()); !errors.Is(err, fault) {
			t.Errorf("with %v: %v", fault, err)
		}
	}
	f.fault = nil
	r.submit = func(context.Context, []intake.Statement) []error { return []error{intake.ErrBusy} }
	if err := r.reconcile(t.Context()); !errors.Is(err, intake.ErrBusy) {
		t.Errorf("put off: %v", err)
	}
	r.submit = f.put
	noFault(t, r.reconcile(t.Context()))
	if len(f.has) != 1 {
		t.Fatal("it was never told")
	}
}

// judgedBy is a verdict; resends look at no signature.
func judgedBy(task string, at time.Time) intake.Statement {
	return intake.Statement{Verdict: &attest.SignedVerdict{Verdict: attest.Verdict{Kind: attest.CheckReplica, Task: models.DigestOf([]byte(task)), Result: attest.JudgedValid, At: at.UTC().Truncate(time.Millisecond)}}}
}

// TestWhatIsPutOffForEverIsLeft: a verdict whose receipt is gone does not hold up the rest,
// and what is refused was refused before.
func TestWhatIsPutOffForEverIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := openForgetful(t)
		for _, task := range []string{"refused", "scan"} {
			noFault(t, r.keepReceipt(told(task, time.Now())))
		}
		noFault(t, r.keep([]intake.Statement{judgedBy("orphan", time.Now())}))
		asked := 0
		r.submit = func(ctx context.Context, statements []intake.Statement) []error {
			asked++
			errs := f.put(ctx, statements)
			for i, s := range statements {
				switch {
				case s.Verdict != nil:
					errs[i] = intake.ErrBusy
				case s.Receipt.Receipt.Task == models.DigestOf([]byte("refused")):
					errs[i] = &intake.Refusal{Text: "no"}
				}
			}
			return errs
		}
		noFault(t, r.reconcile(t.Context()))
		noFault(t, r.reconcile(t.Context()))
		if asked != 2 || f.has[models.DigestOf([]byte("scan"))] == 0 {
			t.Errorf("asked %d times, told of the rest %d times", asked, f.has[models.DigestOf([]byte("scan"))])
		}
	})
}

// TestACutConnectionIsNoDelivery: a pass of which only a part was answered, and after it one
// that fails whole, leave the life unknown; the next one goes on until all is told.
func TestACutConnectionIsNoDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, cut := range map[string]error{"put off": intake.ErrBusy, "cut": errors.New("connection reset")} {
			f, r := openForgetful(t)
			for _, task := range []string{"scan", "scan 2", "scan 3"} {
				noFault(t, r.keepReceipt(told(task, time.Now())))
			}
			noFault(t, r.keep([]intake.Statement{judgedBy("scan", time.Now())}))
			passes := 0
			r.submit = func(ctx context.Context, statements []intake.Statement) []error {
				passes++
				if passes > 1 {
					return slices.Repeat([]error{cut}, len(statements))
				}
				errs := f.put(ctx, statements[:1])
				return append(errs, slices.Repeat([]error{intake.ErrBusy}, len(statements)-1)...)
			}
			if err := r.reconcile(t.Context()); !errors.Is(err, cut) {
				t.Errorf("%s: %v after %d passes; want its error, so that it is tried again", name, err, passes)
			}
			r.submit = f.put
			noFault(t, r.reconcile(t.Context()))
			if len(f.has) != 3 {
				t.Errorf("%s: told of %d tasks, want 3", name, len(f.has))
			}
		}
	})
}

// TestOrphansAreLeftOnlyWhereOthersAreTaken: a coordinator that puts everything off, the
// witness too, was told nothing.
func TestOrphansAreLeftOnlyWhereOthersAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := openForgetful(t)
		noFault(t, r.keepReceipt(told("scan", time.Now().Add(-time.Hour))))
		noFault(t, r.keep([]intake.Statement{judgedBy("scan", time.Now()), judgedBy("scan 2", time.Now())}))
		passes := 0
		r.submit = func(ctx context.Context, statements []intake.Statement) []error {
			if passes++; passes == 1 {
				return append(f.put(ctx, statements[:1]), intake.ErrBusy, intake.ErrBusy)
			}
			return slices.Repeat([]error{intake.ErrBusy}, len(statements))
		}
		if err := r.reconcile(t.Context()); !errors.Is(err, intake.ErrBusy) {
			t.Errorf("with a full disk after the first one: %v, want ErrBusy", err)
		}
	})
}

// TestWhatIsKeptIsBounded: by age and by number, and the oldest goes first.
func TestWhatIsKeptIsBounded(t *testing.T) {
	f, r := openForgetful(t)
	old := time.Now().Add(-keepFor - time.Minute)
	for n := range maxDropped {
		noFault(t, r.keepReceipt(told(fmt.Sprint("old ", n), old)))
	}
	noFault(t, r.keepReceipt(told("new", time.Now())))
	noFault(t, r.keepReceipt(told("new", time.Now().Add(-time.Hour))))
	noFault(t, r.reconcile(t.Context()))
	if len(f.has) != 1 {
		t.Errorf("%d tasks are kept, want the new one", len(f.has))
	}
	noFault(t, r.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(keptBucket).SetSequence(maxResends) }))
	noFault(t, r.keepReceipt(told("newest", time.Now())))
	f.restore("second")
	noFault(t, r.reconcile(t.Context()))
	if _, newest := f.has[models.DigestOf([]byte("newest"))]; !newest || f.has[models.DigestOf([]byte("new"))] != 1 {
		t.Errorf("beyond the number the oldest goes: %v", f.has)
	}
}

// TestResendsAskAgain: Run asks at once and then every hour, and ends with its context.
func TestResendsAskAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := openForgetful(t)
		noFault(t, r.keepReceipt(told("scan", time.Now())))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			r.run(ctx)
		}()
		synctest.Wait()
		f.restore("second")
		<-time.After(askLifeEvery + time.Second)
		synctest.Wait()
		if len(f.has) != 1 {
			t.Error("the second life was not told within an hour")
		}
		cancel()
		<-ended
	})
}
