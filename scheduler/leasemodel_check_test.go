package scheduler

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"strings"
	"testing"
)

// The invariants, by name.
var (
	errTwoLeases   = errors.New("at most one live lease")
	errUnpersisted = errors.New("no award and no key without its persistence")
	errOldFence    = errors.New("no result under an old fence")
	errTwoReceipts = errors.New("at most one receipt for a fence and for a race of copies")
	errChangedEnd  = errors.New("what has ended stays as it ended")
	errNeverEnds   = errors.New("every task ends")
)

// check holds the invariants on one step; nil or what was broken.
func (m model) check(before world, after *world) error {
	for c := range m.copies {
		was, is := before.disk[c], after.disk[c]
		p := after.pending[c]
		if p.kind == awards && before.pending[c].kind == nothing && before.promised[c] > before.now {
			return fmt.Errorf("fence %d was given while another node was told that it holds until %d: %w", p.fence, before.promised[c], errTwoLeases)
		}
		if live := m.live(c, after); live > 1 {
			return fmt.Errorf("%d pairs of node and fence hold copy %d: %w", live, c, errTwoLeases)
		}
		if was.ended() && was.state != is.state {
			return fmt.Errorf("%s became %s: %w", modelStates[was.state], modelStates[is.state], errChangedEnd)
		}
		if after.taken[c] > before.taken[c] {
			took := before.pending[c]
			if took.fence != was.fence || was.holder != took.node+1 {
				return fmt.Errorf("result of node %d under fence %d, given last was %d to node %d: %w", took.node, took.fence, was.fence, int(was.holder)-1, errOldFence)
			}
		}
		if err := m.checkWire(c, before, after); err != nil {
			return err
		}
	}
	total := int(after.local)
	for c := range m.copies {
		total += int(after.taken[c])
		if after.taken[c] > 1 {
			return fmt.Errorf("%d results of copy %d: %w", after.taken[c], c, errTwoReceipts)
		}
	}
	if m.mode != Replicated && total > 1 {
		return fmt.Errorf("%d results: %w", total, errTwoReceipts)
	}
	return nil
}

// live counts the pairs of node and fence that may act on a copy.
func (m model) live(c int, w *world) int {
	live := 0
	for n := range m.nodes {
		for fence := 1; w.up && fence <= modelFences; fence++ {
			if _, may := m.ask(question{holds, w.mem[c], w.now, uint8(fence), uint8(n)}); may {
				live++
			}
		}
	}
	return live
}

// checkWire looks at awards and keys that have just been sent.
func (m model) checkWire(c int, before world, after *world) error {
	for fence := 1; fence <= modelFences; fence++ {
		holders := 0
		for n := range m.nodes {
			b, disk := bit(c, fence, n), after.disk[c]
			if after.net[awardMessage]&b != 0 {
				holders++
			}
			if fresh := after.net[awardMessage]&^before.net[awardMessage]&b != 0; fresh && (int(disk.fence) < fence || int(disk.fence) == fence && disk.holder > 0 && int(disk.holder) != n+1) {
				return fmt.Errorf("award of fence %d to node %d, on disk is fence %d: %w", fence, n, disk.fence, errUnpersisted)
			}
			if fresh := after.net[grantMessage]&^before.net[grantMessage]&b != 0; fresh && after.accepted&b == 0 {
				return fmt.Errorf("key under fence %d to node %d, whose yes is not on disk: %w", fence, n, errUnpersisted)
			}
		}
		if holders > 1 {
			return fmt.Errorf("fence %d of copy %d went to %d nodes: %w", fence, c, holders, errUnpersisted)
		}
	}
	return nil
}

// ends lets only time pass: the clinic is started again if it is down, finishes what it has
// decided, and its timers fire. No message arrives any more.
func (m model) ends(w world) error {
	if !w.up {
		w = m.restart(w)
	}
	for {
		ended := true
		for c := range m.copies {
			if w.pending[c].kind != nothing {
				w = m.persist(w, c)
			}
			if p, changed := m.timer(&w, c); changed {
				w.pending[c] = p
				w = m.persist(w, c)
			}
			ended = ended && w.disk[c].ended()
		}
		switch {
		case ended:
			return nil
		case w.now >= m.deadline:
			return fmt.Errorf("at the deadline a copy is %s: %w", modelStates[w.disk[0].state], errNeverEnds)
		}
		w.now++
	}
}

// explored is what an exploration found.
type explored struct {
	states, steps int
	ends          map[State]int // worlds by the state that copy 0 has on disk
	err           error         // the first invariant that was broken
	trace         []string      // how, from the start
}

// explore visits every reachable world, breadth first, so that a counterexample is as short
// as it can be.
func (m model) explore() explored {
	type origin struct {
		parent int32
		by     event
	}
	m.answers = map[question]answer{}
	first := m.start()
	worlds, origins := []world{first}, []origin{{parent: -1}}
	seen := map[world]struct{}{first: {}}
	found := explored{ends: map[State]int{}}
	fail := func(at int, err error, last ...string) explored {
		found.err, found.trace = err, last
		for ; origins[at].parent >= 0; at = int(origins[at].parent) {
			found.trace = append([]string{fmt.Sprintf("%+v", origins[at].by)}, found.trace...)
		}
		found.states = len(worlds)
		return found
	}
	for at := 0; at < len(worlds); at++ {
		w := worlds[at]
		found.ends[modelStates[w.disk[0].state]]++
		if err := m.ends(w); err != nil {
			return fail(at, err)
		}
		var broken error
		var by event
		m.steps(w, func(e event, next world) {
			found.steps++
			if broken != nil {
				return
			}
			if broken, by = m.check(w, &next), e; broken != nil {
				return
			}
			next = m.settled(next)
			if _, known := seen[next]; !known {
				seen[next] = struct{}{}
				worlds, origins = append(worlds, next), append(origins, origin{int32(at), e})
			}
		})
		if broken != nil {
			return fail(at, broken, fmt.Sprintf("%+v", by))
		}
	}
	found.states = len(worlds)
	return found
}

// leaseModels are the configurations that are explored whole, each in a second or two of
// one core.
func leaseModels() map[string]model {
	return map[string]model{
		"two nodes":                 {copies: 1, nodes: 2, attempts: 2, deadline: 4, term: 2, mode: Once, cancels: true},
		"an honest node and a liar": {copies: 1, nodes: 2, liars: 1, attempts: 2, deadline: 3, term: 1, mode: Once},
		"two nodes and a liar":      {copies: 1, nodes: 3, liars: 1, attempts: 2, deadline: 3, term: 2, mode: Once},
		"awards that are pardoned":  {copies: 1, nodes: 2, attempts: 1, pardons: 2, deadline: 3, term: 2, mode: Once},
		"the clinic's own runner":   {copies: 1, nodes: 2, attempts: 2, deadline: 3, term: 2, localBy: 2, mode: Once},
		"a race of two copies":      {copies: 2, nodes: 2, attempts: 1, deadline: 2, term: 1, mode: Hedged, steady: true},
		"a race with a runner":      {copies: 2, nodes: 1, attempts: 1, deadline: 2, term: 1, localBy: 1, mode: Hedged, steady: true},
		"a race against a liar":     {copies: 2, nodes: 2, liars: 1, attempts: 1, deadline: 2, term: 1, mode: Hedged, steady: true},
		"two replicas":              {copies: 2, nodes: 2, attempts: 1, deadline: 2, term: 1, mode: Replicated, steady: true},
	}
}

// largeLeaseModels take a minute and two gigabytes.
func largeLeaseModels() map[string]model {
	return map[string]model{
		"a liar and three attempts":   {copies: 1, nodes: 2, liars: 1, attempts: 3, deadline: 4, term: 2, mode: Once},
		"three honest nodes":          {copies: 1, nodes: 3, attempts: 2, deadline: 3, term: 2, mode: Once},
		"two nodes race a runner":     {copies: 2, nodes: 2, attempts: 1, deadline: 2, term: 1, localBy: 1, mode: Hedged, steady: true},
		"three attempts, short terms": {copies: 1, nodes: 2, liars: 1, attempts: 3, deadline: 3, term: 1, mode: Once},
		"a race where nodes give up":  {copies: 2, nodes: 2, attempts: 1, deadline: 2, term: 1, localBy: 1, mode: Hedged},
		"a race against one of three": {copies: 2, nodes: 3, liars: 1, attempts: 1, deadline: 2, term: 1, mode: Hedged, steady: true},
	}
}

var largeModels = flag.Bool("large", false, "explore the large models of the lease machine too: a minute, two gigabytes")

func TestLeaseModel(t *testing.T) {
	models := leaseModels()
	if *largeModels {
		maps.Copy(models, largeLeaseModels())
	}
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			found := m.explore()
			if found.err != nil {
				t.Fatalf("%v\n%s", found.err, strings.Join(found.trace, "\n"))
			}
			want := []State{Open, Leased, Running, Resulted, Expired}
			if m.localBy == 0 {
				want = append(want, Failed)
			}
			if m.localBy > 0 {
				want = append(want, Local)
			}
			if m.cancels || m.mode == Hedged {
				want = append(want, Cancelled)
			}
			for _, s := range want {
				if found.ends[s] == 0 {
					t.Errorf("no world is %s: the model does not get there", s)
				}
			}
			t.Logf("%d states, %d steps", found.states, found.steps)
		})
	}
}

// TestLeaseModelNeedsEveryGuard takes one guard away at a time, and the invariant that it
// stands for must break. A model that cannot fail would prove nothing.
func TestLeaseModelNeedsEveryGuard(t *testing.T) {
	all := leaseModels()
	for name, c := range map[string]struct {
		in   string
		off  guard
		want error
	}{
		"an award is sent before it is persisted":  {"two nodes", persistBeforeSend, errUnpersisted},
		"the key goes out before the yes":          {"two nodes", acceptBeforeKey, errUnpersisted},
		"the fence is not part of the record":      {"two nodes", fenceOnDisk, errUnpersisted},
		"a held task is awarded":                   {"two nodes", awardOnlyFree, errTwoLeases},
		"a restart gives no fresh term":            {"two nodes", restoreOnStart, errTwoLeases},
		"anybody's failure counts":                 {"an honest node and a liar", holderOfFailure, errTwoLeases},
		"a result is taken whatever its fence":     {"an honest node and a liar", fenceOfResult, errOldFence},
		"an ended task takes a result":             {"two nodes", endedIsEnded, errChangedEnd},
		"the winner is judged before it's written": {"a race of two copies", winnerInTransaction, errTwoReceipts},
		"the deadline ends nothing":                {"two nodes", deadlineEnds, errNeverEnds},
	} {
		t.Run(name, func(t *testing.T) {
			m := all[c.in]
			m.off = c.off
			found := m.explore()
			if !errors.Is(found.err, c.want) {
				t.Fatalf("broken: %v; want %v", found.err, c.want)
			}
			t.Logf("%v, in %d steps after %d states:\n%s", found.err, len(found.trace), found.states, strings.Join(found.trace, "\n"))
		})
	}
}
