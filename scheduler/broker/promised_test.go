package broker_test

import (
	"errors"
	"testing"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
)

// The promise behind a result outlives its delivery: a person reads it days later.
func TestThePromiseBehindAResult(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	n := newNode(t, ctx, nil)
	c.connect(n.member)
	id := c.submit("to be read")
	if _, _, err := c.broker.Promised(id); !errors.Is(err, broker.ErrNoPromise) {
		t.Errorf("before there is a result: %v", err)
	}
	c.wantResult(c.wait(id))
	must(t, c.broker.Delivered(ctx, id))
	receipt, promise, err := c.broker.Promised(id)
	must(t, err)
	r := receipt.Receipt
	if err := promise.Verify(domain, attest.Promise{Task: r.Task, Fence: r.Fence, Node: r.Node, Clinic: c.address()}); err != nil || r.Task != id || !receipt.Acceptance.Accepted {
		t.Errorf("%+v: %v", receipt, err)
	}
	if _, _, err := c.broker.Promised(models.DigestOf([]byte("none"))); !errors.Is(err, broker.ErrUnknownTask) {
		t.Errorf("a task that is none: %v", err)
	}
}
