package scheduler

import (
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
)

// The model of the lease machine: one clinic that may crash between any two of decide,
// persist and send; nodes that are honest or lie; a network that loses, doubles and
// reorders; and the clock. The steps of the clinic are Task's and Group's own methods, so
// what is explored is the code and not a description of it. leasemodel_check_test.go
// explores it and holds the invariants.

// Sizes of the model's fixed arrays.
const (
	modelCopies = 2
	modelNodes  = 3
	modelFences = 3
)

// model is one configuration. Times are ticks of a second since the epoch.
type model struct {
	copies, nodes, liars int // of the nodes, the last ones lie
	attempts, pardons    int
	deadline, term       int8
	localBy              int8 // 0: the clinic has no runner of its own
	mode                 Copying
	cancels              bool // a person may withdraw the task
	steady               bool // nodes do not give up; they may still fall silent
	off                  guard
	answers              map[question]answer // what Task said before
}

// guard is one precaution of the clinic, which the mutation check takes away.
type guard uint8

const (
	persistBeforeSend   guard = iota + 1 // the award is on disk before it is on the wire
	acceptBeforeKey                      // the acceptance is on disk before the key is on the wire
	awardOnlyFree                        // a task that is held is not awarded
	restoreOnStart                       // after a restart the holder has a fresh term
	fenceOfResult                        // a result is judged by the fence that it carries
	holderOfFailure                      // a failure counts only from the holder
	winnerInTransaction                  // who wins among copies is judged where it is written
	endedIsEnded                         // what has ended takes no result
	deadlineEnds                         // the deadline ends a task
	fenceOnDisk                          // the fencing number is part of the record
)

// kind is a message's.
type messageKind uint8

const (
	awardMessage messageKind = iota
	grantMessage
	acceptMessage
	progressMessage
	resultMessage
	failureMessage
	messageKinds
)

// decision is what a copy's loop has decided and not persisted yet.
type decision uint8

const (
	nothing decision = iota
	awards
	accepts
	takesResult
	takesLocal
	changes // any other change of state
)

// packed is a Task in few bytes.
type packed struct {
	state                     uint8
	fence, leaseFence, holder uint8 // holder: node + 1
	expiry                    int8
	localOff                  bool
	attempts                  uint8 // with those that were pardoned
}

type pending struct {
	kind        decision
	node, fence uint8 // of the message that led to it
	next        packed
}

// phases of a node's work on one copy.
const (
	unaware uint8 = iota
	awarded
	working
	stopped
)

type holding struct{ fence, phase uint8 }

// world is one state of everything. It is comparable: two equal worlds have one future.
type world struct {
	now       int8
	up        bool
	winner    int8 // on disk, -1: none
	disk, mem [modelCopies]packed
	pending   [modelCopies]pending
	outbox    [2]uint32 // of award and grant messages, lost in a crash
	net       [messageKinds]uint32
	held      [modelNodes][modelCopies]holding

	// What only the observer knows.
	promised [modelCopies]int8  // until when the holder was told that it holds; -1: nobody
	accepted uint32             // acceptances that were on disk at some time
	taken    [modelCopies]uint8 // results that were accepted and persisted
	local    uint8              // results of the clinic's own runner that were
}

// event is one step, for a counterexample.
type event struct {
	what              string
	copy, fence, node uint8
}

// step is a method of Task.
type step uint8

const (
	restore step = iota
	awardTo
	acceptOf
	renewOf
	resultOf
	holds
	releaseOf
	cancelling
	ticking
	localResult
	localFailed
)

// question is a step of a task in some state at some time, for or by a node under a fence.
type question struct {
	step        step
	task        packed
	now         int8
	fence, node uint8
}

type answer struct {
	next    packed
	allowed bool
}

// ask has Task decide, once for each question: the methods are pure.
func (m model) ask(q question) (packed, bool) {
	a, known := m.answers[q]
	if !known {
		next, err := m.decide(q)
		a = answer{pack(next), err == nil}
		m.answers[q] = a
	}
	return a.next, a.allowed
}

func (m model) decide(q question) (Task, error) {
	t, node, fence, now := m.unpack(q.task), modelNode(int(q.node)), uint64(q.fence), tick(q.now)
	switch q.step {
	case restore:
		return t.Restore(now, m.termOf()), nil
	case awardTo:
		return t.Award(node, now, m.termOf())
	case acceptOf:
		return t.Accept(node, fence, now, m.termOf())
	case renewOf:
		return t.Renew(node, fence, now, m.termOf())
	case resultOf:
		return t.Result(node, fence, now)
	case holds:
		return t, t.Holds(node, fence, now)
	case releaseOf:
		return t.Release(fence, "lost")
	case cancelling:
		return t.Cancel("withdrawn")
	case localResult:
		return t.LocalResult(now)
	case localFailed:
		return t.LocalFailed("no memory")
	default:
		if m.off == deadlineEnds {
			t.Deadline = t.Deadline.Add(time.Hour)
		}
		next, changed := t.Tick(now)
		if !changed {
			return next, ErrTransition
		}
		return next, nil
	}
}

var modelStates = [...]State{Open, Offered, Leased, Running, Resulted, Delivered, Local, Failed, Expired, Cancelled}

func bit(c, fence, node int) uint32 {
	return 1 << (c*modelFences*modelNodes + (fence-1)*modelNodes + node)
}

func modelNode(n int) common.Address { return common.Address{19: byte(n + 1)} }

func tick(n int8) time.Time { return epoch.Add(time.Duration(n) * time.Second) }

func (m model) parent() models.Digest { return models.DigestOf([]byte("task")) }

func (m model) termOf() time.Duration { return time.Duration(m.term) * time.Second }

func pack(t Task) packed {
	p := packed{fence: uint8(t.Fence), leaseFence: uint8(t.Lease.Fence), holder: t.Lease.Node[19], expiry: -1, localOff: t.LocalBy.IsZero(), attempts: uint8(t.MaxAttempts)}
	for n, s := range modelStates {
		if s == t.State {
			p.state = uint8(n)
		}
	}
	if t.Lease != (Lease{}) {
		p.expiry = int8(t.Lease.Expiry.Sub(epoch) / time.Second)
	}
	return p
}

func (m model) unpack(p packed) Task {
	t := Task{ID: m.parent(), State: modelStates[p.state], Fence: uint64(p.fence), MaxAttempts: int(p.attempts), Deadline: tick(m.deadline)}
	t.Pardons = m.attempts + m.pardons - t.MaxAttempts // a pardon becomes an attempt
	if p.holder > 0 {
		t.Lease = Lease{Node: modelNode(int(p.holder) - 1), Fence: uint64(p.leaseFence), Expiry: tick(p.expiry)}
	}
	if m.localBy > 0 && !p.localOff {
		t.LocalBy = tick(m.localBy)
	}
	return t
}

func (p packed) is(s State) bool { return modelStates[p.state] == s }

func (p packed) ended() bool { return modelStates[p.state].Final() }

func (p packed) isHeld() bool { return modelStates[p.state].held() }

func (m model) group(w *world) Group {
	g := Group{Parent: m.parent(), Copying: m.mode, Copies: m.copies}
	if w.winner >= 0 {
		g.Winner = CopyID(m.parent(), int(w.winner))
	}
	return g
}

// start is the world right after the submission was persisted. Liars have sent all that
// they could ever send.
func (m model) start() world {
	w := world{up: true, winner: -1, promised: [modelCopies]int8{-1, -1}}
	for c := range m.copies {
		t := NewTask(CopyID(m.parent(), c), tick(m.deadline), m.attempts)
		t.Pardons = m.pardons
		if m.localBy > 0 {
			t.LocalBy = tick(m.localBy)
		}
		w.disk[c] = pack(t)
		for n := m.nodes - m.liars; n < m.nodes; n++ {
			for fence := 1; fence <= modelFences; fence++ {
				for kind := acceptMessage; kind < messageKinds; kind++ {
					w.net[kind] |= bit(c, fence, n)
				}
			}
		}
	}
	w.mem = w.disk
	return w
}

// settled forgets what can make no difference once a copy has ended on disk: what its nodes
// do then, they might as well have done before and been heard of now.
func (m model) settled(w world) world {
	for c := range m.copies {
		if !w.disk[c].ended() {
			continue
		}
		w.promised[c] = -1
		for n := range m.nodes {
			w.held[n][c] = holding{modelFences, stopped}
		}
		for fence := 1; fence <= modelFences; fence++ {
			for n := range m.nodes {
				w.outbox[awardMessage] &^= bit(c, fence, n)
				w.outbox[grantMessage] &^= bit(c, fence, n)
			}
		}
	}
	return w
}

// steps visits every world that can come next.
func (m model) steps(w world, visit func(event, world)) {
	if w.now < m.deadline {
		next := w
		next.now++
		visit(event{what: "the clock ticks"}, next)
	}
	if w.up {
		visit(event{what: "the clinic crashes"}, w.crash())
		for c := range m.copies {
			m.clinicSteps(w, c, visit)
		}
		m.sends(w, visit)
	} else {
		visit(event{what: "the clinic starts again"}, m.restart(w))
	}
	for n := range m.nodes - m.liars {
		for c := range m.copies {
			m.nodeSteps(w, n, c, visit)
		}
	}
}

func (w world) crash() world {
	w.up, w.mem, w.pending, w.outbox = false, [modelCopies]packed{}, [modelCopies]pending{}, [2]uint32{}
	return w
}

func (m model) restart(w world) world {
	w.up, w.mem = true, w.disk
	for c := range m.copies {
		if m.off != restoreOnStart {
			w.mem[c], _ = m.ask(question{step: restore, task: w.disk[c], now: w.now})
		}
		if p := w.mem[c]; p.is(Leased) { // the same award again
			w.outbox[awardMessage] |= bit(c, int(p.leaseFence), int(p.holder)-1)
		}
	}
	return w
}

// sends moves one message of the outbox to the wire.
func (m model) sends(w world, visit func(event, world)) {
	for kind := range w.outbox {
		for left := w.outbox[kind]; left != 0; left &= left - 1 {
			next, lowest := w, left&-left
			next.outbox[kind] &^= lowest
			next.net[kind] |= lowest
			visit(event{what: []string{"an award is sent", "a key is sent"}[kind]}, next)
		}
	}
}

// nodeSteps are what an honest node does.
func (m model) nodeSteps(w world, n, c int, visit func(event, world)) {
	h := w.held[n][c]
	for fence := int(h.fence) + 1; fence <= modelFences; fence++ {
		if w.net[awardMessage]&bit(c, fence, n) != 0 {
			next := w
			next.held[n][c] = holding{uint8(fence), awarded}
			next.net[acceptMessage] |= bit(c, fence, n)
			visit(event{"a node accepts", uint8(c), uint8(fence), uint8(n)}, next)
		}
	}
	if h.phase != awarded && h.phase != working {
		return
	}
	b := bit(c, int(h.fence), n)
	if h.phase == awarded && w.net[grantMessage]&b != 0 {
		next := w
		next.held[n][c].phase = working
		next.net[progressMessage] |= b
		visit(event{"a node works", uint8(c), h.fence, uint8(n)}, next)
	}
	w.held[n][c].phase = stopped
	if h.phase == working {
		next := w
		next.net[resultMessage] |= b
		visit(event{"a node returns a result", uint8(c), h.fence, uint8(n)}, next)
	}
	if !m.steady {
		w.net[failureMessage] |= b
		visit(event{"a node gives up", uint8(c), h.fence, uint8(n)}, w)
	}
}
