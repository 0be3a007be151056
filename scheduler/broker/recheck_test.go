package broker_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// recheck asks a clinic for a task as a coordinator does, and opens what comes.
func (r *rogue) recheck(c *clinic, task models.Digest, fence uint64) (payload, result []byte, err error) {
	r.t.Helper()
	recipient, err := transfer.NewRecipient()
	must(r.t, err)
	s := r.dial(c.member, wire.RecheckProtocol)
	clinic := c.address()
	must(r.t, s.Send(&wire.RecheckRequest{Task: task[:], Fence: fence, Clinic: clinic[:], HpkeKey: recipient.Public()}))
	grant, err := wire.Expect[*wire.RecheckGrant](s.Reader, wire.MaxBulk, c.address())
	if err != nil {
		return nil, nil, err
	}
	open := func(wrapped, encoded []byte, what transfer.Purpose) []byte {
		key, err := recipient.Unwrap(wrapped, transfer.Binding{Task: task, Fence: fence, Node: r.address()})
		must(r.t, err)
		manifest, err := transfer.DecodeManifest(encoded, scheduler.MaxPayloadBytes)
		must(r.t, err)
		opener, err := transfer.NewOpener(manifest, what, task, key)
		must(r.t, err)
		var plain []byte
		_, err = transfer.Receive(r.t.Context(), s, func() { _ = s.Reset() }, opener, 0, func(_ int, part []byte) error {
			plain = append(plain, part...)
			return nil
		})
		must(r.t, err)
		return plain
	}
	return open(grant.PayloadKey, grant.PayloadManifest, transfer.Payload), open(grant.ResultKey, grant.ResultManifest, transfer.Result), nil
}

// A clinic that allows it gives payload and result of a delivered task to its coordinator,
// and to nobody else, until the time is over; then nothing of it is left.
func TestCoordinatorMayRunATaskAgain(t *testing.T) {
	t.Parallel()
	clock := newJumpClock(t.Context())
	coordinator, stranger := newRogue(t, t.Context()), newRogue(t, t.Context())
	allow := func(b *broker.Config) {
		b.Clock, b.Rechecks = clock, broker.Rechecks{Keep: time.Hour, Coordinators: []common.Address{coordinator.address()}}
	}
	c := newClinic(t, t.Context(), allow)
	c.connect(newNode(t, t.Context(), nil).member, coordinator.member, stranger.member)
	task := c.submit("again")
	o := c.wait(task)
	c.wantResult(o)
	refused := func(r *rogue, task models.Digest, fence uint64, why string) {
		t.Helper()
		var no *wire.Refused
		if _, _, err := r.recheck(c, task, fence); !errors.As(err, &no) || !strings.Contains(no.Reason, "nothing to run again") {
			t.Errorf("%s: %v", why, err)
		}
	}
	granted := func() {
		t.Helper()
		payload, result, err := coordinator.recheck(c, task, o.Fence)
		must(t, err)
		if string(payload) != string(testPayload) || string(result) != string(analysis(testPayload)) {
			t.Errorf("%d bytes of a payload, result %q", len(payload), result)
		}
	}
	granted()
	must(t, c.broker.Delivered(t.Context(), task))
	must(t, c.broker.Delivered(t.Context(), task)) // again: it stays
	granted()
	refused(stranger, task, o.Fence, "a stranger")
	refused(coordinator, task, o.Fence+1, "another fence")
	refused(coordinator, models.DigestOf([]byte("nothing")), 1, "an unknown task")
	must(t, c.broker.Close())
	c.open(allow) // also after a restart
	granted()
	clock.jump(time.Hour + time.Minute)
	for limit := time.Now().Add(testLimit); len(c.files()) > 0; {
		if time.Now().After(limit) {
			t.Fatalf("left on disk: %v", c.files())
		}
		clock.jump(time.Minute)
		<-time.After(10 * time.Millisecond)
	}
	refused(coordinator, task, o.Fence, "too late")
	if again := c.wait(task); again.State != scheduler.Delivered {
		t.Errorf("the task is %s", again.State)
	}
}

// Who is right about a result that the clinic refused is a coordinator's to say: it gets that
// result while the task goes on, and after its delivery as long as anything of it is kept.
func TestARefusedResultMayBeRunAgain(t *testing.T) {
	t.Parallel()
	clock := newJumpClock(t.Context())
	coordinator := newRogue(t, t.Context())
	rubbish := true
	allow := func(b *broker.Config) {
		b.Clock, b.Rechecks = clock, broker.Rechecks{Keep: time.Hour, Coordinators: []common.Address{coordinator.address()}}
		b.Check = func(models.Digest, attest.Receipt, []byte) error {
			if rubbish {
				rubbish = false
				return errors.New("not an analysis")
			}
			return nil
		}
	}
	c := newClinic(t, t.Context(), allow)
	c.connect(newNode(t, t.Context(), nil).member, newNode(t, t.Context(), nil).member, coordinator.member)
	task := c.submit("refused")
	o := c.wait(task)
	c.wantResult(o)
	if st := c.broker.Stats(); st.Results["disputed"] != 1 || o.Fence < 2 {
		t.Fatalf("the first result was not refused: fence %d, %v", o.Fence, st.Results)
	}
	granted := func() {
		t.Helper()
		payload, result, err := coordinator.recheck(c, task, 1)
		must(t, err)
		if string(payload) != string(testPayload) || string(result) != string(analysis(testPayload)) {
			t.Errorf("%d bytes of a payload, result %q", len(payload), result)
		}
	}
	granted()
	must(t, c.broker.Close())
	c.open(allow) // the sweep leaves it
	granted()
	must(t, c.broker.Delivered(t.Context(), task))
	granted()
	clock.jump(time.Hour + time.Minute)
	for limit := time.Now().Add(testLimit); len(c.files()) > 0; {
		if time.Now().After(limit) {
			t.Fatalf("left on disk: %v", c.files())
		}
		clock.jump(time.Minute)
		<-time.After(10 * time.Millisecond)
	}
}

// A task that was given to a coordinator while it went on is given to no other one after it.
func TestAGrantOutlivesTheTasksNextSteps(t *testing.T) {
	t.Parallel()
	first, second := newRogue(t, t.Context()), newRogue(t, t.Context())
	given, calls := make(chan struct{}), 0
	c := newClinic(t, t.Context(), func(b *broker.Config) {
		b.Rechecks = broker.Rechecks{Keep: time.Hour, Coordinators: []common.Address{first.address(), second.address()}}
		b.Check = func(models.Digest, attest.Receipt, []byte) error {
			if calls++; calls == 1 { // one at a time: the second comes after the first was refused
				return errors.New("not an analysis")
			}
			<-given
			return nil
		}
	})
	c.connect(newNode(t, t.Context(), nil).member, newNode(t, t.Context(), nil).member, first.member, second.member)
	task := c.submit("refused")
	for limit := time.Now().Add(testLimit); c.broker.Stats().Results["disputed"] == 0; <-time.After(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the first result was not refused")
		}
	}
	_, _, err := first.recheck(c, task, 1)
	close(given)
	must(t, err)
	c.wantResult(c.wait(task))
	var no *wire.Refused
	if _, _, err := second.recheck(c, task, 1); !errors.As(err, &no) || !strings.Contains(no.Reason, "was given") {
		t.Errorf("another coordinator: %v", err)
	}
}

// Refused results take no more room than a clinic allows, however many nodes send.
func TestRefusedResultsAreBounded(t *testing.T) {
	t.Parallel()
	coordinator := newRogue(t, t.Context())
	calls := 0
	c := newClinic(t, t.Context(), func(b *broker.Config) {
		b.Rechecks = broker.Rechecks{Keep: time.Hour, Bytes: 3 * int64(len(analysis(testPayload))) / 2, Coordinators: []common.Address{coordinator.address()}}
		b.Check = func(models.Digest, attest.Receipt, []byte) error {
			if calls++; calls%2 == 1 { // the first of each task, which come one after the other
				return errors.New("not an analysis")
			}
			return nil
		}
	})
	c.connect(newNode(t, t.Context(), nil).member, newNode(t, t.Context(), nil).member, newNode(t, t.Context(), nil).member, coordinator.member)
	for n, name := range []string{"first", "second"} {
		task := c.submit(name)
		c.wantResult(c.wait(task))
		if _, _, err := coordinator.recheck(c, task, 1); (err == nil) != (n == 0) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if files := c.files(); len(files) != 5 { // two payloads, two results, and one that was refused
		t.Errorf("on disk: %v", files)
	}
}

// A coordinator gets no more tasks than the clinic allows, each once; those whose results differ
// come on top. What was granted is not forgotten by a restart.
func TestRechecksHaveAnAllowance(t *testing.T) {
	t.Parallel()
	first, second := newRogue(t, t.Context()), newRogue(t, t.Context())
	allow := func(b *broker.Config) {
		b.Rechecks = broker.Rechecks{Keep: time.Hour, Coordinators: []common.Address{first.address(), second.address()}}
	}
	c := newClinic(t, t.Context(), allow)
	c.connect(newNode(t, t.Context(), nil).member, first.member, second.member)
	var tasks []models.Digest
	for _, name := range []string{"one", "two", "three"} {
		task := c.submit(name)
		c.wantResult(c.wait(task))
		tasks = append(tasks, task)
	}
	must(t, c.broker.Judged(tasks[2], nil, true)) // its copies differed
	for _, task := range tasks {
		must(t, c.broker.Delivered(t.Context(), task))
	}
	refused := func(r *rogue, task models.Digest, why string) {
		t.Helper()
		var no *wire.Refused
		if _, _, err := r.recheck(c, task, 1); !errors.As(err, &no) || !strings.Contains(no.Reason, why) {
			t.Errorf("answered %v, want %q", err, why)
		}
	}
	granted := func(task models.Digest) {
		t.Helper()
		payload, _, err := first.recheck(c, task, 1)
		must(t, err)
		if string(payload) != string(testPayload) {
			t.Errorf("%d bytes of a payload", len(payload))
		}
	}
	granted(tasks[0])
	refused(second, tasks[0], "was given")
	refused(first, tasks[1], "as it allows")
	granted(tasks[2])
	must(t, c.broker.Close())
	c.open(allow)
	granted(tasks[0]) // the transfer was cut
	granted(tasks[0])
	refused(first, tasks[0], "was given")
	refused(first, tasks[1], "as it allows")
	a, err := c.broker.Allowance()
	must(t, err)
	if a.Granted != 2 || a.Credit != 90 {
		t.Errorf("%+v", a)
	}
}

// A clinic that allows nothing keeps nothing; and one that allows it keeps no more than its
// limit.
func TestRechecksAreBounded(t *testing.T) {
	t.Parallel()
	coordinator := newRogue(t, t.Context())
	c := newClinic(t, t.Context(), func(b *broker.Config) { b.Rechecks.Coordinators = []common.Address{coordinator.address()} })
	c.connect(newNode(t, t.Context(), nil).member, coordinator.member)
	task := c.submit("never")
	o := c.wait(task)
	if _, _, err := coordinator.recheck(c, task, o.Fence); err == nil {
		t.Error("a clinic that allows nothing gave a study away")
	}
	must(t, c.broker.Delivered(t.Context(), task))
	if files := c.files(); len(files) > 0 {
		t.Errorf("left on disk: %v", files)
	}
	must(t, c.broker.Close())
	clock := newJumpClock(t.Context())
	c.open(func(b *broker.Config) {
		b.Clock, b.Rechecks = clock, broker.Rechecks{Keep: time.Hour, Bytes: 3 * int64(len(testPayload)) / 2}
	})
	for _, name := range []string{"first", "second"} {
		task := c.submit(name)
		c.wantResult(c.wait(task))
		must(t, c.broker.Delivered(t.Context(), task))
		clock.jump(time.Second)
	}
	for limit := time.Now().Add(testLimit); len(c.files()) > 2; { // the payload and the result of the newer one
		if time.Now().After(limit) {
			t.Fatalf("left on disk: %v", c.files())
		}
		clock.jump(time.Minute)
		<-time.After(10 * time.Millisecond)
	}
}
