package agent

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

// The clinic's part in checking nodes, in its task database.
var (
	historyBucket  = []byte("clinic.history.v1")  // canary.Key to the JSON of its canary.History
	verdictBucket  = []byte("clinic.verdicts.v1") // ascending number to the JSON of a verdict that the coordinator has not yet
	judgedBucket   = []byte("clinic.judged.v1")   // tasks that are judged and not delivered yet
	accountsBucket = []byte("clinic.accounts.v1") // accountsKey to the JSON of canary.Accounts
	accountsKey    = []byte("accounts")
)

// Pauses between attempts to hand a verdict to the coordinator, doubled from the first to the
// last.
const (
	firstVerdictPause = time.Second
	lastVerdictPause  = 5 * time.Minute
	// maxOffered are handed over at once.
	maxOffered = 64
	// verdictLife is how long a verdict is offered: the epochs that it could count in are
	// closed by then.
	verdictLife = 7 * 24 * time.Hour
)

// verification remembers which nodes' results agreed with others', decides whose are
// compared, and owes the coordinator the verdicts.
type verification struct {
	db     *bolt.DB
	key    *identity.Key
	domain attest.Domain
	rates  canary.Rates // zero: nobody's results are compared unless a submission asks for it
	secret [secretBytes]byte
	log    *slog.Logger
	wake   chan struct{} // holds one: a verdict waits

	skip []byte // from which key the next verdicts are offered; only offer and waiting touch it
}

func openVerification(db *bolt.DB, key *identity.Key, domain attest.Domain, rates canary.Rates, secret [secretBytes]byte, log *slog.Logger) (*verification, error) {
	err := rates.Validate()
	if err == nil {
		err = db.Update(func(tx *bolt.Tx) error {
			for _, name := range [][]byte{historyBucket, verdictBucket, judgedBucket, accountsBucket, readBucket} {
				if _, err := tx.CreateBucketIfNotExists(name); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("open the record of checks: %w", err)
	}
	return &verification{db: db, key: key, domain: domain, rates: rates, secret: secret, log: log, wake: make(chan struct{}, 1)}, nil
}

// doubts decides whether a second node is to do a task: by chance, the likelier the shorter
// the series of this node's valid results with this model on this provider. A database that
// does not answer checks rather too much.
func (v *verification) doubts(d broker.Doubt) bool {
	if v.rates == (canary.Rates{}) {
		return false
	}
	var h canary.History
	err := v.db.View(func(tx *bolt.Tx) (err error) {
		h, err = readHistory(tx, canary.Key{Node: d.Node, Model: d.Package, Provider: d.Provider})
		return err
	})
	if err != nil {
		v.log.Error("a node's record of checks is not readable; it counts as new", "node", d.Node, "error", err)
	}
	return v.rates.Plan(h, canary.DrawsOf(v.secret, d.Task)).Replica
}

func readHistory(tx *bolt.Tx, key canary.Key) (h canary.History, err error) {
	if data := tx.Bucket(historyBucket).Get(key.Bytes()); data != nil {
		err = json.Unmarshal(data, &h)
	}
	return h, err
}

// lapsed signs that a node broke its promise, within the transaction that ends its
// lease.
func (v *verification) lapsed(tx *bolt.Tx, l broker.Lapse) error {
	clinic := v.key.Address()
	return v.owe(tx, attest.Verdict{
		Kind: attest.CheckLapse, Node: l.Node, Clinic: clinic, Task: l.Task, Fence: l.Fence, Manifest: l.Manifest, Provider: l.Provider,
		Result: attest.JudgedInvalid, Reason: "no result in time", Checker: clinic, At: l.At.UTC().Truncate(time.Millisecond),
	}, l.Promise, nil)
}

// owed is a verdict on its way. The coordinator takes it once it has the receipt that is
// judged, and a node whose result was wrong is in no hurry to hand that in.
type owed struct {
	Verdict attest.SignedVerdict  `json:"verdict"`
	Receipt *attest.SignedReceipt `json:"receipt,omitempty"` // nil of a lapse
}

// owe signs a verdict and puts it among those that the coordinator is to get. A lapse and a
// reader's word come with the node's promise, all others with none.
func (v *verification) owe(tx *bolt.Tx, verdict attest.Verdict, promise attest.Pledge, receipt *attest.SignedReceipt) error {
	signed, err := signVerdict(verdict, v.domain, v.key)
	if err != nil {
		return err
	}
	signed.Promise = promise
	data, err := json.Marshal(owed{signed, receipt})
	if err != nil {
		return fmt.Errorf("encode verdict: %w", err)
	}
	bucket := tx.Bucket(verdictBucket)
	n, err := bucket.NextSequence()
	if err != nil {
		return err
	}
	tx.OnCommit(v.stir)
	return bucket.Put(binary.BigEndian.AppendUint64(nil, n), data)
}

func signVerdict(verdict attest.Verdict, domain attest.Domain, key *identity.Key) (attest.SignedVerdict, error) {
	if err := verdict.Validate(); err != nil {
		return attest.SignedVerdict{}, err
	}
	sig, err := attest.Sign(verdict.Hash(domain), key.ECDSA())
	if err != nil {
		return attest.SignedVerdict{}, fmt.Errorf("sign verdict: %w", err)
	}
	return attest.SignedVerdict{Verdict: verdict, CheckerSig: sig}, nil
}

func (v *verification) stir() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// settle writes what a task's results came to, once: a verdict on each copy for the
// coordinator, each node's record, and what the copies computed.
func (v *verification) settle(task, pkg models.Digest, copies []copyResult, verdicts []attest.Verdict, spent canary.Accounts) error {
	err := v.db.Update(func(tx *bolt.Tx) error {
		judged := tx.Bucket(judgedBucket)
		if judged.Get(task[:]) != nil {
			return nil // by a process before, which ended before it had delivered
		}
		for n, verdict := range verdicts {
			if err := v.owe(tx, verdict, attest.Pledge{}, &copies[n].signed); err != nil {
				return err
			}
			if err := remember(tx, canary.Key{Node: verdict.Node, Model: pkg, Provider: verdict.Provider}, verdict.Result); err != nil {
				return err
			}
		}
		if err := account(tx, spent); err != nil {
			return err
		}
		return judged.Put(task[:], []byte{})
	})
	if err != nil {
		return fmt.Errorf("keep what the results of task %s came to: %w", task.Short(), err)
	}
	return nil
}

func remember(tx *bolt.Tx, key canary.Key, j attest.Judgement) error {
	h, err := readHistory(tx, key)
	if err != nil {
		return err
	}
	data, err := json.Marshal(h.After(j))
	if err == nil {
		err = tx.Bucket(historyBucket).Put(key.Bytes(), data)
	}
	if err != nil || j != attest.JudgedInvalid {
		return err
	}
	return forfeit(tx.Bucket(historyBucket), key)
}

// forfeit ends the streaks of a node with a model on all of its providers: otherwise it would
// cheat on one that it has no name to lose on, and be trusted on the other.
func forfeit(histories *bolt.Bucket, key canary.Key) error {
	own := key.Bytes()
	prefix := own[:len(key.Node)+len(key.Model)]
	fallen := map[string][]byte{}
	c := histories.Cursor()
	for k, data := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, data = c.Next() {
		var h canary.History
		if err := json.Unmarshal(data, &h); err != nil {
			return err
		}
		if h.Streak == 0 {
			continue
		}
		h.Streak = 0
		changed, err := json.Marshal(h)
		if err != nil {
			return err
		}
		fallen[string(k)] = changed
	}
	for k, data := range fallen { // a cursor does not outlive a write
		if err := histories.Put([]byte(k), data); err != nil {
			return err
		}
	}
	return nil
}

func account(tx *bolt.Tx, spent canary.Accounts) error {
	var a canary.Accounts
	bucket := tx.Bucket(accountsBucket)
	if data := bucket.Get(accountsKey); data != nil {
		if err := json.Unmarshal(data, &a); err != nil {
			return err
		}
	}
	data, err := json.Marshal(a.Plus(spent))
	if err != nil {
		return err
	}
	return bucket.Put(accountsKey, data)
}

// accounts are what jobs and their checks computed since the database exists, by the nodes'
// receipts.
func (v *verification) accounts() (a canary.Accounts, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		if data := tx.Bucket(accountsBucket).Get(accountsKey); data != nil {
			return json.Unmarshal(data, &a)
		}
		return nil
	})
	return a, err
}

// delivered forgets that a task was judged: its results are gone, so it can't be again.
func (v *verification) delivered(task models.Digest) error {
	return v.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(judgedBucket).Delete(task[:]) })
}

// waiting are the verdicts that are owed, the oldest from skip on first, at most maxOffered.
func (v *verification) waiting() (keys [][]byte, list []owed, err error) {
	err = v.db.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(verdictBucket).Cursor()
		k, data := c.Seek(v.skip)
		if k == nil {
			k, data = c.First()
		}
		for ; k != nil && len(list) < maxOffered; k, data = c.Next() {
			var o owed
			if err := json.Unmarshal(data, &o); err != nil {
				return fmt.Errorf("a verdict on its way is damaged: %w; restore the database from its backup", err)
			}
			keys, list = append(keys, bytes.Clone(k)), append(list, o)
		}
		return nil
	})
	return keys, list, err
}

// submitter hands statements to the coordinator; an error for each, as intake.SubmitAll says.
type submitter func(ctx context.Context, statements []intake.Statement) []error

// forward hands verdicts to the coordinator, the oldest first, until ctx ends. What it refuses
// for good is dropped, and so is what nobody takes any more; all others are sent again, after
// restarts too.
func (v *verification) forward(ctx context.Context, submit submitter) {
	for pause := firstVerdictPause; ctx.Err() == nil; {
		left, err := v.offer(ctx, submit)
		var wait <-chan time.Time // never, where nothing is owed
		switch {
		case err != nil:
			v.log.Error("verdicts not handed over; they are kept", "error", err)
			fallthrough
		case left > 0:
			wait = time.After(pause)
			pause = min(2*pause, lastVerdictPause)
		default:
			pause = firstVerdictPause
		}
		select {
		case <-ctx.Done():
		case <-v.wake:
		case <-wait:
		}
	}
}

// offer hands over what is owed, and returns how many verdicts are still.
func (v *verification) offer(ctx context.Context, submit submitter) (left int, err error) {
	keys, list, err := v.waiting()
	if err != nil || len(list) == 0 {
		return 0, err
	}
	var statements []intake.Statement
	for n := range list {
		if r := list[n].Receipt; r != nil {
			statements = append(statements, intake.Statement{Receipt: r, Digest: r.Receipt.Hash(v.domain)})
		}
		verdict := &list[n].Verdict
		statements = append(statements, intake.Statement{Verdict: verdict, Digest: verdict.Verdict.Hash(v.domain)})
	}
	var done [][]byte
	at, orphan := 0, false
	errs := submit(ctx, statements)
	for n, s := range statements {
		var refused *intake.Refusal
		final := errors.As(errs[n], &refused)
		if s.Verdict == nil {
			orphan = final // nobody will ever have the receipt that the next verdict is about
			continue
		}
		switch err := errs[n]; {
		case err == nil:
			done = append(done, keys[at])
		case final, orphan, time.Since(s.Verdict.Verdict.At) > verdictLife:
			v.log.Warn("the coordinator took no verdict; it is dropped", "task", s.Verdict.Verdict.Task.Short(), "reason", err)
			done = append(done, keys[at])
		}
		at, orphan = at+1, false
	}
	v.skip = nil
	if full := len(list) == maxOffered; full && len(done) == 0 {
		v.skip = append(keys[len(keys)-1], 0) // those that are put off hold nobody else up
	} else if full {
		v.stir() // there may be more
	}
	err = v.db.Update(func(tx *bolt.Tx) error {
		for _, key := range done {
			if err := tx.Bucket(verdictBucket).Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
	return len(list) - len(done), err
}

// spent are what the copies of an outcome computed: the first result is the job, the others
// are its checks.
func spent(o broker.Outcome) (a canary.Accounts) {
	copies := o.Copies
	if len(copies) == 0 {
		copies = []broker.Outcome{o}
	}
	for _, c := range copies {
		if c.State != scheduler.Resulted {
			continue
		}
		took := max(0, c.Receipt.Receipt.FinishedAt.Sub(c.Receipt.Receipt.StartedAt))
		if a.Jobs == 0 {
			a.Jobs = took
		} else {
			a.Checks += took
		}
	}
	return a
}
