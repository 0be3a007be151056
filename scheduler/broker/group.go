package broker

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// group reads the group of a copied task in a transaction; not ok where the task has no
// copies.
func (s store) group(tx *bbolt.Tx, parent models.Digest) (g scheduler.Group, ok bool, err error) {
	stored := tx.Bucket(groupsBucket).Get(parent[:])
	if stored == nil {
		return g, false, nil
	}
	data, err := s.open(groupsBucket, parent[:], stored)
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil {
		return g, false, fmt.Errorf("task %s: its group is damaged: %w; restore the database from its backup", parent.Short(), err)
	}
	return g, true, nil
}

func (s store) putGroup(tx *bbolt.Tx, g scheduler.Group) error {
	data, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("task %s: encode group: %w", g.Parent.Short(), err)
	}
	return tx.Bucket(groupsBucket).Put(g.Parent[:], s.seal(groupsBucket, g.Parent[:], data))
}

// families is a task by the id that it was submitted under, with all of its copies; the
// group is zero where there is one.
func (s store) families(id models.Digest) (g scheduler.Group, copies []record, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		var grouped bool
		if g, grouped, err = s.group(tx, id); err != nil {
			return err
		}
		if !grouped {
			r, err := s.record(tx, id)
			copies = append(copies, r)
			return err
		}
		for n := range g.Copies {
			r, err := s.record(tx, scheduler.CopyID(id, n))
			if err != nil {
				return err
			}
			copies = append(copies, r)
		}
		return nil
	})
	return g, copies, err
}

// win is written with a result: of a race it lets one copy win, and refuses the others
// whatever each of their nodes holds. A task without copies always wins.
func (b *Broker) win(r record) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		if r.Parent.IsZero() {
			return nil
		}
		g, ok, err := b.store.group(tx, r.Parent)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("task %s: %w", r.Task.ID.Short(), scheduler.ErrNoCopy)
		}
		if g, err = g.Win(r.Task.ID); err != nil {
			return err
		}
		return b.store.putGroup(tx, g)
	}
}

// lostReason ends the copies of a race that were not first.
const lostReason = "another copy of the task had its result first; this one is not paid"

// spareReason ends the replicas that no node holds once the clinic has its own result: it
// stopped waiting for nodes, and its caller must not wait for them until the deadline.
const spareReason = "the clinic made the result itself, and no node had this replica"

// callOff cancels the other copies of a race that r has won, where r is the clinic's own
// result the replicas that nobody holds, and copies that were only to check a result once
// nobody takes them. What r is is on disk: a crash in between leaves it
// to the next start.
func (b *Broker) callOff(r record) {
	if r.Parent.IsZero() {
		return
	}
	g, copies, err := b.store.families(r.Parent)
	if err != nil {
		b.Log.Error("other copies not called off; their results will be refused", "task", r.Parent.Short(), "error", err)
		return
	}
	raced := g.Copying == scheduler.Hedged
	local := r.Task.State == scheduler.Local
	if !raced && !local && g.Wanted == 0 {
		return
	}
	for _, other := range copies {
		if other.Task.ID == r.Task.ID {
			continue
		}
		if t, err := b.find(other.Task.ID); err == nil {
			// An error of do: it has ended. The loop's next step withdraws it.
			b.running.Go(func() {
				_ = t.do(b.ctx, func() error {
					t.over, t.spare, t.checks = t.over || raced, t.spare || !raced && local, t.checks || !raced
					return nil
				})
			})
		}
	}
}

// groupOf is the group of a copy; not ok where the task has no copies.
func (b *Broker) groupOf(r record) (g scheduler.Group, ok bool) {
	if r.Parent.IsZero() {
		return g, false
	}
	err := b.store.db.View(func(tx *bbolt.Tx) (err error) {
		g, ok, err = b.store.group(tx, r.Parent)
		return err
	})
	return g, ok && err == nil
}

// inRace reports whether only one copy of r's task is paid.
func (b *Broker) inRace(r record) bool {
	g, ok := b.groupOf(r)
	return ok && g.Copying == scheduler.Hedged
}

// raceOver reports whether another copy of r's race has won.
func (b *Broker) raceOver(r record) bool {
	g, ok := b.groupOf(r)
	return ok && g.Copying == scheduler.Hedged && !g.Winner.IsZero() && g.Winner != r.Task.ID
}

// ownResult reports whether the clinic has made the result of another replica of r's task.
func (b *Broker) ownResult(r record) bool {
	if g, ok := b.groupOf(r); !ok || g.Copying != scheduler.Replicated {
		return false
	}
	_, copies, err := b.store.families(r.Parent)
	return err == nil && slices.ContainsFunc(copies, func(other record) bool { return other.Task.State == scheduler.Local })
}

// seats are where the copies of one task run or ran, by the copy's id. A seat is left when
// its lease is lost, and kept when the result was taken: the next copy goes elsewhere too.
type seats map[models.Digest]scheduler.Seat

func (w *winner) seat() scheduler.Seat {
	if w.Seat.Node != w.Bid.Node {
		return scheduler.Seat{Node: w.Bid.Node} // a record of the time before copies
	}
	return w.Seat
}

// remember takes the seats of a copied task from its records.
func (b *Broker) remember(parent models.Digest) error {
	_, copies, err := b.store.families(parent)
	if err != nil {
		return err
	}
	taken := seats{}
	for _, r := range copies {
		s := r.Task.State
		if r.Winner != nil && (s == scheduler.Leased || s == scheduler.Running || s == scheduler.Resulted || s == scheduler.Delivered) {
			taken[r.Task.ID] = r.Winner.seat()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seats[parent] == nil {
		b.seats[parent] = taken
	}
	return nil
}

// others are the seats of the task's other copies.
func (b *Broker) others(r record) []scheduler.Seat {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seats[r.Parent].besides(r.Task.ID)
}

func (s seats) besides(id models.Digest) []scheduler.Seat {
	var list []scheduler.Seat
	for other, seat := range s {
		if other != id {
			list = append(list, seat)
		}
	}
	return list
}

// sit takes a seat for a copy, unless it clashes with another copy's: two copies may choose
// at the same moment.
func (b *Broker) sit(r record, seat scheduler.Seat) error {
	if r.Parent.IsZero() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.seats[r.Parent]
	if err := scheduler.Spread(taken.besides(r.Task.ID), seat); err != nil {
		return err
	}
	if taken == nil {
		taken = seats{}
		b.seats[r.Parent] = taken
	}
	taken[r.Task.ID] = seat
	return nil
}

// rise leaves a copy's seat.
func (b *Broker) rise(r record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.seats[r.Parent], r.Task.ID)
}

// clear forgets the seats of a task whose last copy has ended; b.mu is held.
func (b *Broker) clear(parent models.Digest) {
	for _, t := range b.tasks {
		if t.parent == parent {
			return
		}
	}
	delete(b.seats, parent)
}

// subnetOf names the network that a peer's connection comes from; empty where a relay or
// the machine itself stands in between.
func subnetOf(c network.Conn) string {
	address := c.RemoteMultiaddr()
	if address == nil {
		return ""
	}
	if _, err := address.ValueForProtocol(multiaddr.P_CIRCUIT); err == nil {
		return ""
	}
	ip, err := manet.ToIP(address)
	if err != nil {
		return ""
	}
	parsed, ok := netip.AddrFromSlice(ip)
	if !ok {
		return ""
	}
	return scheduler.Subnet(parsed)
}

// gather makes one outcome of the copies': of the copy that won or, of replicas, of the
// first that has a result; where none has, of the first copy.
func gather(g scheduler.Group, copies []Outcome) Outcome {
	at := slices.IndexFunc(copies, func(o Outcome) bool { return o.Task == g.Winner })
	if at < 0 {
		at = slices.IndexFunc(copies, func(o Outcome) bool { return hasResult(o.State) })
	}
	whole := copies[max(0, at)]
	whole.Task, whole.Copies = g.Parent, copies
	return whole
}
