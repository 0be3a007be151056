package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

const (
	price = 1000             // gwei, of every node
	lease = 10 * time.Second // of every award
)

// clinic speaks the market's messages by a script, so that a test decides what each side
// hears, and when. The broker's own tests hold a real clinic against real nodes.
type clinic struct {
	*member
	heard *log[heard]

	mu     sync.Mutex // guards the fields below
	tasks  map[models.Digest]*task
	away   bool // it answers nobody
	commit bool // its awards want commitments
	// What becomes of a message, instead of the honest answer; nil: that one.
	onResult func(t *task, receipt *attest.SignedReceipt) *wire.ResultAck
	onGrant  func(t *task, request *wire.GrantRequest) proto.Message
	onFetch  func(t *task)
}

// heard is one message of a node.
type heard struct {
	task    models.Digest
	message proto.Message
}

// task is one task of the clinic's.
type task struct {
	id       models.Digest
	offer    scheduler.Offer
	key      transfer.Key
	result   transfer.Recipient
	manifest transfer.Manifest
	encoded  []byte
	sealed   []byte

	bid     scheduler.Bid
	fence   uint64
	plain   []byte // the result
	receipt *attest.SignedReceipt
}

func newClinic(t testing.TB) *clinic {
	t.Helper()
	c := &clinic{member: newMember(t), heard: newLog[heard](), tasks: map[models.Digest]*task{}}
	for id, handle := range map[protocol.ID]func(*wire.Stream) error{
		wire.FetchProtocol: c.serveFetch, wire.ReportProtocol: c.serveReports, wire.ResultProtocol: c.serveResult, wire.GrantProtocol: c.serveGrant,
	} {
		c.handle(id, handle)
	}
	return c
}

// handle answers a dialogue that nodes begin.
func (c *clinic) handle(id protocol.ID, handle func(*wire.Stream) error) {
	c.host.SetStreamHandler(id, func(raw network.Stream) {
		c.mu.Lock()
		away := c.away
		c.mu.Unlock()
		s, err := wire.Inbound(raw, c.key, testLimit)
		if err == nil && !away {
			err = handle(s)
		}
		if err != nil || away {
			_ = raw.Reset()
			return
		}
		_ = raw.Close()
	})
}

// leave makes the clinic deaf; come back ends that.
func (c *clinic) leave(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

// answer sets what becomes of messages.
func (c *clinic) answer(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// newTask seals a payload of some chunks.
func (c *clinic) newTask(name string, class scheduler.Class) *task {
	c.t.Helper()
	x := &task{id: models.DigestOf([]byte(name)), fence: 1}
	var err error
	x.key, err = transfer.NewKey()
	must(c.t, err)
	x.result, err = transfer.NewRecipient()
	must(c.t, err)
	var sealed bytes.Buffer
	x.manifest, err = transfer.Seal(&sealed, testPayload, transfer.Payload, x.id, x.key)
	must(c.t, err)
	x.encoded, err = x.manifest.Encode()
	must(c.t, err)
	x.sealed = sealed.Bytes()
	now := time.Now()
	x.offer = scheduler.Offer{
		Task: x.id, Package: packageID, Clinic: c.key.Address(), Addresses: wire.HostAddresses(c.host), Payload: transfer.CID(x.encoded),
		PayloadBytes: int64(len(testPayload)), MemoryBytes: 1 << 20, Class: class, Deadline: now.Add(time.Hour), Expires: now.Add(time.Minute),
		Residency: []string{"DE"}, CeilingGwei: 5 * price, Round: 1,
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tasks[x.id] = x
	return x
}

// dial opens a dialogue with a node.
func (c *clinic) dial(n *node, id protocol.ID) *wire.Stream {
	c.t.Helper()
	s, err := wire.Dial(c.t.Context(), c.host, n.host.ID(), wire.HostAddresses(n.host), id, c.key, testLimit)
	must(c.t, err)
	return s
}

// ask asks a node for a bid; then it answers won, if that is not nil.
func (c *clinic) ask(n *node, x *task, won *bool) error {
	c.t.Helper()
	s := c.dial(n, wire.AskProtocol)
	defer s.Close()
	offer, err := wire.NewOffer(x.offer)
	must(c.t, err)
	must(c.t, s.Send(offer))
	message, err := wire.Expect[*wire.Bid](s.Reader, wire.MaxControl, n.key.Address())
	if err != nil {
		return err
	}
	if x.bid, err = message.Value(); err != nil {
		return err
	}
	if won == nil {
		return nil
	}
	return s.Send(&wire.BidReply{Task: x.id[:], Won: *won, Reason: "a test says so"})
}

// award gives a task to the node that has bid, and its key when it accepts.
func (c *clinic) award(n *node, x *task) error {
	c.t.Helper()
	s, err := c.say(n, x)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Send(c.grant(x, n, x.bid.HPKEKey))
}

// say sends an award and wants a yes; the grant is what comes next.
func (c *clinic) say(n *node, x *task) (*wire.Stream, error) {
	c.t.Helper()
	s := c.dial(n, wire.AwardProtocol)
	c.sendAward(s, n, x)
	accept, err := wire.Expect[*wire.Accept](s.Reader, wire.MaxControl, n.key.Address())
	if err == nil && !accept.Accepted {
		err = fmt.Errorf("declined: %s", accept.Reason)
	}
	if err != nil {
		_ = s.Reset()
		return nil, err
	}
	return s, nil
}

func (c *clinic) sendAward(s *wire.Stream, n *node, x *task) {
	c.t.Helper()
	offer, err := wire.NewOffer(x.offer)
	must(c.t, err)
	node, own := n.key.Address(), c.key.Address()
	must(c.t, s.Send(&wire.Award{Task: x.id[:], Fence: x.fence, Node: node[:], Clinic: own[:], Package: offer.Package, PriceGwei: x.bid.PriceGwei,
		LeaseMs: lease.Milliseconds(), DeadlineMs: x.offer.Deadline.UnixMilli(), PayloadCid: offer.PayloadCid, ResultKey: x.result.Public(), Commit: c.commit}))
}

func (c *clinic) grant(x *task, n *node, to []byte) *wire.Grant {
	node := n.key.Address()
	wrapped, err := transfer.Wrap(x.key, to, transfer.Binding{Task: x.id, Fence: x.fence, Node: node})
	must(c.t, err)
	return &wire.Grant{Task: x.id[:], Fence: x.fence, Node: node[:], WrappedKey: wrapped, Manifest: x.encoded}
}

// give asks, awards and wants a yes to both.
func (c *clinic) give(n *node, name string, class scheduler.Class) *task {
	c.t.Helper()
	x := c.newTask(name, class)
	must(c.t, c.ask(n, x, nil))
	must(c.t, c.award(n, x))
	return x
}

// cancelTask withdraws a task and returns whether the node held it.
func (c *clinic) cancelTask(n *node, x *task, fence uint64) (bool, error) {
	c.t.Helper()
	s := c.dial(n, wire.CancelProtocol)
	defer s.Close()
	node, own := n.key.Address(), x.offer.Clinic
	must(c.t, s.Send(&wire.Cancel{Task: x.id[:], Fence: fence, Node: node[:], Clinic: own[:], Reason: "no longer wanted"}))
	ack, err := wire.Expect[*wire.CancelAck](s.Reader, wire.MaxControl, node)
	if err != nil {
		return false, err
	}
	return ack.Held, nil
}

func (c *clinic) find(id []byte) (*task, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.tasks[models.Digest(id)]
	if x == nil {
		return nil, fmt.Errorf("no such task")
	}
	return x, nil
}

func (c *clinic) hear(x *task, m proto.Message) { c.heard.add(heard{x.id, m}) }

func (c *clinic) serveFetch(s *wire.Stream) error {
	request, err := wire.Expect[*wire.FetchRequest](s.Reader, wire.MaxControl, s.Peer)
	if err != nil {
		return err
	}
	x, err := c.find(request.Task)
	if err != nil {
		return s.Send(&wire.FetchReply{Task: request.Task, Reason: err.Error()})
	}
	c.hear(x, request)
	c.mu.Lock()
	before := c.onFetch
	c.mu.Unlock()
	if before != nil {
		before(x)
	}
	if err := s.Send(&wire.FetchReply{Task: request.Task, Granted: true}); err != nil {
		return err
	}
	return transfer.Send(s.Stream, bytes.NewReader(x.sealed), x.manifest, int(request.FirstChunk), func() error { return nil })
}

func (c *clinic) serveReports(s *wire.Stream) error {
	for {
		signed, err := s.Next(wire.MaxControl)
		if err != nil {
			return err
		}
		ack := &wire.ProgressAck{Renewed: true}
		switch m := signed.Message.(type) {
		case *wire.Progress:
			ack.Task, ack.Fence = m.Task, m.Fence
		case *wire.Failure:
			ack.Task, ack.Fence = m.Task, m.Fence
		}
		x, err := c.find(ack.Task)
		if err != nil {
			return err
		}
		c.hear(x, signed.Message)
		if err := s.Send(ack); err != nil {
			return err
		}
	}
}

func (c *clinic) serveGrant(s *wire.Stream) error {
	request, err := wire.Expect[*wire.GrantRequest](s.Reader, wire.MaxControl, s.Peer)
	if err != nil {
		return err
	}
	x, err := c.find(request.Task)
	if err != nil {
		return s.Send(&wire.Refusal{Task: request.Task, Reason: err.Error()})
	}
	c.hear(x, request)
	c.mu.Lock()
	answer := c.onGrant
	c.mu.Unlock()
	if answer != nil {
		return s.Send(answer(x, request))
	}
	return s.Send(&wire.Refusal{Task: request.Task, Reason: "the lease has lapsed"})
}

// regrants makes the clinic give its keys again to n.
func (c *clinic) regrants(n *node) {
	c.answer(func() {
		c.onGrant = func(x *task, request *wire.GrantRequest) proto.Message { return c.grant(x, n, request.HpkeKey) }
	})
}

func (c *clinic) serveResult(s *wire.Stream) error {
	header, err := wire.Expect[*wire.ResultHeader](s.Reader, wire.MaxBulk, s.Peer)
	if err != nil {
		return err
	}
	x, err := c.find(header.Task)
	if err != nil {
		return err
	}
	var receipt attest.Receipt
	if err := json.Unmarshal(header.Receipt, &receipt); err != nil {
		return err
	}
	if err := s.Send(&wire.ResultReply{Task: header.Task, Wanted: true}); err != nil {
		return err
	}
	manifest, err := transfer.DecodeManifest(header.Manifest, 1<<20)
	if err != nil {
		return err
	}
	key, err := x.result.ResultKey(header.Encapsulation, transfer.Binding{Task: x.id, Fence: header.Fence, Node: s.Peer})
	if err != nil {
		return err
	}
	opener, err := transfer.NewOpener(manifest, transfer.Result, x.id, key)
	if err != nil {
		return err
	}
	var plain []byte
	_, err = transfer.Receive(c.t.Context(), io.Reader(s), func() { _ = s.CloseRead() }, opener, 0, func(_ int, part []byte) error {
		plain = append(plain, part...)
		return nil
	})
	if err != nil {
		return err
	}
	verdict := attest.Acceptance{Receipt: receipt.Hash(domain), Accepted: true, At: time.Now().UTC().Truncate(time.Millisecond)}
	own, err := attest.Sign(verdict.Hash(domain), c.key.ECDSA())
	if err != nil {
		return err
	}
	signed := attest.SignedReceipt{Receipt: receipt, NodeSig: attest.Signature(header.ReceiptSignature), Acceptance: verdict, ClinicSig: own}
	encoded, err := json.Marshal(signed)
	if err != nil {
		return err
	}
	ack := &wire.ResultAck{Task: header.Task, Fence: header.Fence, Settled: true, Receipt: encoded}
	c.mu.Lock()
	x.plain, x.receipt = plain, &signed
	answer := c.onResult
	c.mu.Unlock()
	c.hear(x, header)
	if answer != nil {
		if ack = answer(x, &signed); ack == nil {
			return context.Canceled // no word
		}
	}
	return s.Send(ack)
}

// awaitPhase returns when a node has reported this phase of a task.
func (c *clinic) awaitPhase(x *task, phase wire.Phase) {
	c.t.Helper()
	c.heard.await(c.t, fmt.Sprintf("%v of task %s", phase, x.id.Short()), func(h heard) bool {
		p, is := h.message.(*wire.Progress)
		return is && h.task == x.id && p.Phase == phase
	})
}

// awaitFailure returns why a node gave a task back.
func (c *clinic) awaitFailure(x *task) string {
	c.t.Helper()
	h := c.heard.await(c.t, "failure of task "+x.id.Short(), func(h heard) bool {
		_, is := h.message.(*wire.Failure)
		return is && h.task == x.id
	})
	return h.message.(*wire.Failure).Reason
}

// awaitResult wants an honest result under the task's fence.
func (c *clinic) awaitResult(x *task) {
	c.t.Helper()
	c.heard.await(c.t, "result of task "+x.id.Short(), func(h heard) bool {
		_, is := h.message.(*wire.ResultHeader)
		return is && h.task == x.id
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(x.plain, analysis(testPayload)) || x.receipt.Receipt.Fence != x.fence {
		c.t.Fatalf("result %q under fence %d", x.plain, x.receipt.Receipt.Fence)
	}
}

// count is how many messages of a kind a task's node has sent.
func count[M proto.Message](c *clinic, x *task) int {
	n := 0
	for _, h := range c.heard.all() {
		if _, is := h.message.(M); is && h.task == x.id {
			n++
		}
	}
	return n
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	must(t, err)
	return data
}
