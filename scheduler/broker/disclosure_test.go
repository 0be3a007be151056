package broker_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
)

// A key leaves the clinic only once its record is written: while that fails, no node gets
// one, and the task goes on when it does not any more.
func TestNoKeyLeavesWithoutARecord(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex // guards told
	var told []broker.Disclosure
	c := newClinic(t, t.Context(), func(b *broker.Config) {
		b.Disclose = func(d broker.Disclosure) error {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, d)
			if len(told) == 1 {
				return errors.New("the disk is full")
			}
			return nil
		}
	})
	n, other := newNode(t, t.Context(), nil), newNode(t, t.Context(), nil)
	c.connect(n.member, other.member)
	task := c.submit("recorded")
	o := c.wait(task)
	c.wantResult(o)
	mu.Lock()
	defer mu.Unlock()
	if len(told) < 2 {
		t.Fatalf("%d disclosures were told", len(told))
	}
	last := told[len(told)-1]
	if last.Task != task || last.To != o.Node || last.Fence != o.Fence || last.Payload != models.DigestOf(testPayload) || last.Again || last.Recheck {
		t.Errorf("told %+v, the result is of %s with fence %d", last, o.Node, o.Fence)
	}
	if told[0].Fence == o.Fence {
		t.Error("the award whose record failed brought the result")
	}
}
