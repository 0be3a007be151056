package sim_test

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/directory"
)

// payloadBytes is small: how fast bytes move is measured elsewhere.
const payloadBytes = 32 << 10

// secret seals the tasks' records, as a clinic's own does.
var secret = [32]byte{1}

// course is what one task went through.
type course struct {
	class    scheduler.Class
	offered  time.Time // first, or asked
	awarded  time.Time // first
	accepted time.Time // a node's first yes
	winner   int       // member index of that node
	bids     int       // taken, over all rounds
	offers   int       // made: directly, on gossip
	lost     int       // leases and tries lost
	finished time.Time // zero while it lives
	state    scheduler.State
	reason   string // of that state
	result   bool
}

// clinic is a member with a broker and a diary.
type clinic struct {
	*member
	w      *world
	broker *broker.Broker
	known  *directory.Directory
	next   atomic.Uint64

	mu      sync.Mutex // guards courses
	courses map[models.Digest]*course
	waits   sync.WaitGroup
}

func (w *world) newClinic(index int) *clinic {
	c := &clinic{member: w.newMember(index), w: w, known: directory.New(0), courses: map[models.Digest]*course{}}
	w.join(c.member)
	notices, err := c.market.Notices(c.ctx, []string{region})
	must(w.t, err)
	c.runs.Go(func() {
		for n := range notices {
			_ = c.known.Observe(n.Notice, n.Node, time.Now()) // what it refuses it does not know
		}
	})
	c.broker, err = broker.New(broker.Config{
		Host: c.host, Market: c.market, DB: c.db, Blobs: c.blobs, Key: c.key, Domain: domain, Events: c.note,
		Directory: c.known, Operator: w.registry.operator, Secret: secret,
		Check: func(_ models.Digest, _ attest.Receipt, result []byte) error {
			if string(result) != string(analysis(make([]byte, payloadBytes))) {
				return errNotAnalysis
			}
			return nil
		},
	})
	must(w.t, err)
	return c
}

// note writes down an event.
func (c *clinic) note(e broker.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.courses[e.Task]
	if d == nil {
		return
	}
	switch e.Kind {
	case broker.Asked, broker.Offered:
		d.offers++
		if d.offered.IsZero() {
			d.offered = e.Time
		}
	case broker.BidTaken:
		d.bids++
	case broker.Awarded:
		if d.awarded.IsZero() {
			d.awarded = e.Time
		}
	case broker.Accepted:
		if d.accepted.IsZero() {
			d.accepted, d.winner = e.Time, c.w.indexOfNode(e)
		}
	case broker.LeaseLost, broker.TryFailed:
		d.lost++
	case broker.Finished:
		d.finished, d.state, d.reason = e.Time, e.State, e.Text
	}
}

// submit gives the clinic a task of a class; deadline counts from now.
func (c *clinic) submit(class scheduler.Class, deadline time.Duration) models.Digest {
	var name [28]byte
	copy(name[:], c.key.Address().Bytes())
	binary.BigEndian.PutUint64(name[20:], c.next.Add(1))
	id := models.DigestOf(name[:])
	payload := make([]byte, payloadBytes)
	c.mu.Lock()
	c.courses[id] = &course{class: class, winner: -1}
	c.mu.Unlock()
	must(c.w.t, c.broker.Submit(context.Background(), broker.Submission{
		Task: id, Payload: payload, PackageDigest: packageID, WeightsDigest: weightsID, ManifestDigest: manifestID, Priority: class,
		Deadline: time.Now().Add(deadline), Residency: []string{region}, PriceCeiling: 5 * price, MemoryBytes: 1 << 20,
	}))
	c.waits.Go(func() {
		o, err := c.broker.Wait(context.Background(), id)
		if err != nil {
			return // the world ends; the task counts as not ended
		}
		c.mu.Lock()
		c.courses[id].result = o.Result != nil
		c.mu.Unlock()
	})
	return id
}

// diary is a copy of every course.
func (c *clinic) diary() []course {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]course, 0, len(c.courses))
	for _, d := range c.courses {
		list = append(list, *d)
	}
	return list
}

// living is how many tasks have not ended.
func (c *clinic) living() int {
	n := 0
	for _, d := range c.diary() {
		if d.finished.IsZero() {
			n++
		}
	}
	return n
}

func (w *world) indexOfNode(e broker.Event) int {
	if n, ok := w.byAddress[e.Node]; ok {
		return n
	}
	return -1
}
