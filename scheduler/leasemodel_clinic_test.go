package scheduler

// clinicSteps are what the clinic's loop for one copy may do: persist what it decided, or
// else decide by itself or by a message.
func (m model) clinicSteps(w world, c int, visit func(event, world)) {
	if w.pending[c].kind != nothing {
		visit(event{"the clinic persists", uint8(c), w.pending[c].fence, w.pending[c].node}, m.persist(w, c))
		return
	}
	decide := func(what string, p pending) {
		after := w
		after.pending[c] = p
		m.early(&after, c)
		visit(event{what, uint8(c), p.fence, p.node}, after)
	}
	m.ownSteps(w, c, decide)
	for n := range m.nodes {
		for fence := 1; fence <= modelFences; fence++ {
			m.messageSteps(w, c, fence, n, decide, visit)
		}
	}
}

// early sends before it persists, where the guard against it is off.
func (m model) early(w *world, c int) {
	p := w.pending[c]
	if m.off == persistBeforeSend && p.kind == awards {
		w.net[awardMessage] |= bit(c, int(p.fence), int(p.node))
	}
	if m.off == acceptBeforeKey && p.kind == accepts {
		w.net[grantMessage] |= bit(c, int(p.fence), int(p.node))
	}
}

// timer is what Tick changes at this moment.
func (m model) timer(w *world, c int) (pending, bool) {
	next, changed := m.ask(question{step: ticking, task: w.mem[c], now: w.now})
	return pending{kind: changes, next: next}, changed
}

// ownSteps are the decisions that need no message.
func (m model) ownSteps(w world, c int, decide func(string, pending)) {
	q := question{task: w.mem[c], now: w.now}
	ask := func(s step, what string, kind decision) {
		q.step = s
		if next, allowed := m.ask(q); allowed {
			decide(what, pending{kind: kind, next: next})
		}
	}
	if m.cancels {
		ask(cancelling, "a person cancels", changes)
	}
	if w.winner >= 0 && int(w.winner) != c {
		ask(cancelling, "the clinic cancels a sibling", changes)
	}
	if p, changed := m.timer(&w, c); changed {
		decide("the clinic's timer fires", p)
	}
	ask(localResult, "the clinic's own runner is done", takesLocal)
	if _, runs := m.ask(question{step: localResult, task: w.mem[c], now: w.now}); runs {
		ask(localFailed, "the clinic's own runner fails", changes)
	}
	if w.mem[c].is(Leased) {
		q.fence = w.mem[c].leaseFence
		ask(releaseOf, "the clinic takes an award back", changes)
	}
	m.awardSteps(w, c, decide)
}

// awardSteps give the task to any node, if no copy has won.
func (m model) awardSteps(w world, c int, decide func(string, pending)) {
	if w.winner >= 0 {
		return
	}
	free := w.mem[c]
	if m.off == awardOnlyFree && free.isHeld() {
		free.state = 0 // open
	}
	for n := range m.nodes {
		next, allowed := m.ask(question{step: awardTo, task: free, now: w.now, node: uint8(n)})
		if allowed && m.spread(&w, c, n) == nil {
			decide("the clinic chooses", pending{awards, uint8(n), next.fence, next})
		}
	}
}

// spread keeps the copies of a task on different nodes.
func (m model) spread(w *world, c, n int) error {
	var taken []Seat
	for other := range m.copies {
		if p := w.mem[other]; other != c && p.isHeld() {
			taken = append(taken, Seat{Node: modelNode(int(p.holder) - 1)})
		}
	}
	return Spread(taken, Seat{Node: modelNode(n)})
}

// messageSteps are what the messages of one node under one fence lead to.
func (m model) messageSteps(w world, c, fence, n int, decide func(string, pending), visit func(event, world)) {
	b, task := bit(c, fence, n), w.mem[c]
	ask := func(s step, task packed, fence uint8) (packed, bool) {
		return m.ask(question{s, task, w.now, fence, uint8(n)})
	}
	became := func(what string, kind decision, next packed) {
		decide(what, pending{kind, uint8(n), uint8(fence), next})
	}
	if w.net[acceptMessage]&b != 0 {
		if next, allowed := ask(acceptOf, task, uint8(fence)); allowed {
			became("the clinic takes a yes", accepts, next)
		}
	}
	if w.net[progressMessage]&b != 0 && task.is(Running) {
		if next, allowed := ask(renewOf, task, uint8(fence)); allowed {
			after := w
			// Renewals are not persisted: a restart gives a fresh term.
			after.mem[c], after.promised[c] = next, next.expiry
			visit(event{"the clinic renews", uint8(c), uint8(fence), uint8(n)}, after)
		}
	}
	if w.net[failureMessage]&b != 0 {
		_, holder := ask(holds, task, uint8(fence))
		if next, allowed := ask(releaseOf, task, uint8(fence)); allowed && (holder || m.off == holderOfFailure) {
			became("the clinic takes a failure", changes, next)
		}
	}
	if w.net[resultMessage]&b != 0 {
		judged := uint8(fence)
		if m.off == fenceOfResult {
			judged = task.fence
		}
		if m.off == endedIsEnded && task.is(Cancelled) && task.fence > 0 {
			task = packed{state: 3, fence: task.fence, leaseFence: task.fence, holder: uint8(n) + 1, expiry: w.now + 1} // running
		}
		if next, allowed := ask(resultOf, task, judged); allowed {
			became("the clinic takes a result", takesResult, next)
		}
	}
}

// persist writes what was decided in one transaction, and lets the message that follows
// from it out. A copy's result is written only if its group lets it win.
func (m model) persist(w world, c int) world {
	p := w.pending[c]
	w.pending[c] = pending{}
	if p.kind == takesResult || p.kind == takesLocal {
		g, err := m.group(&w).Win(CopyID(m.parent(), c))
		if err != nil && m.off != winnerInTransaction {
			return w
		}
		if m.mode != Replicated && !g.Winner.IsZero() {
			w.winner = int8(c)
		}
	}
	was := w.disk[c]
	w.disk[c], w.mem[c] = p.next, p.next
	if m.off == fenceOnDisk {
		w.disk[c].fence = was.leaseFence
	}
	switch p.kind {
	case awards:
		w.promised[c] = -1 // nobody was told that it holds before its yes was taken
		if m.off != persistBeforeSend {
			w.outbox[awardMessage] |= bit(c, int(p.fence), int(p.node))
		}
	case accepts:
		w.promised[c] = p.next.expiry
		w.accepted |= bit(c, int(p.fence), int(p.node))
		if m.off != acceptBeforeKey {
			w.outbox[grantMessage] |= bit(c, int(p.fence), int(p.node))
		}
	case takesResult:
		w.promised[c] = -1
		w.taken[c]++
	case takesLocal:
		w.promised[c] = -1
		w.local++
	default:
		if p.fence > 0 && (m.off != holderOfFailure || was.holder == p.node+1) { // the holder itself gave it up
			w.promised[c] = -1
		}
	}
	return w
}
