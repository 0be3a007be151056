package broker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// rogue is a node that speaks the protocol by hand, so that it can lie.
type rogue struct {
	*member
	offers <-chan market.Received
	hpke   transfer.Recipient
	awards chan *wire.Award
	grants chan *wire.Grant
	accept func(*wire.Accept) // may change its answer to an award
}

func newRogue(t *testing.T, ctx context.Context) *rogue {
	t.Helper()
	r := &rogue{member: newMember(t, ctx), awards: make(chan *wire.Award, 8), grants: make(chan *wire.Grant, 8), accept: func(*wire.Accept) {}}
	var err error
	r.offers, err = r.market.Subscribe(ctx, "DE", 0)
	must(t, err)
	r.hpke, err = transfer.NewRecipient()
	must(t, err)
	r.host.SetStreamHandler(wire.AwardProtocol, func(raw network.Stream) {
		defer raw.Close()
		s, err := wire.Inbound(raw, r.key, testLimit)
		if err != nil {
			return
		}
		award, err := wire.Expect[*wire.Award](s.Reader, wire.MaxControl, s.Peer)
		if err != nil {
			return
		}
		answer := &wire.Accept{Task: award.Task, Fence: award.Fence, Clinic: award.Clinic, Accepted: true, Promise: r.promise(award)}
		r.accept(answer)
		if s.Send(answer) != nil {
			return
		}
		r.awards <- award
		if grant, err := wire.Expect[*wire.Grant](s.Reader, wire.MaxBulk, s.Peer); err == nil {
			r.grants <- grant
		}
	})
	return r
}

// promise is what an honest node of this key signs with its yes.
func (r *rogue) promise(award *wire.Award) []byte {
	p := attest.Promise{Task: models.Digest(award.Task), Fence: award.Fence, Node: r.address(), Clinic: common.Address(award.Clinic), At: time.UnixMilli(1_800_000_000_000)}
	sig, err := attest.Sign(p.Hash(domain), r.key.ECDSA())
	if err != nil {
		return nil
	}
	data, err := attest.Pledge{At: p.At, NodeSig: sig}.AppendBinary(nil)
	if err != nil {
		return nil
	}
	return data
}

// dial opens a dialogue with a clinic or node.
func (r *rogue) dial(to *member, id protocol.ID) *wire.Stream {
	r.t.Helper()
	s, err := wire.Dial(r.t.Context(), r.host, to.host.ID(), wire.HostAddresses(to.host), id, r.key, testLimit)
	must(r.t, err)
	r.t.Cleanup(func() { _ = s.Reset() })
	return s
}

// goodBid is the bid that an honest node of this key would make.
func (r *rogue) goodBid(o scheduler.Offer) scheduler.Bid {
	return scheduler.Bid{Task: o.Task, Package: o.Package, Round: o.Round, Node: r.address(), Clinic: o.Clinic, PriceGwei: 1, Promise: time.Second,
		Hold: time.Second, Jurisdiction: "DE", Provider: "cpu", MemoryBytes: 1 << 40, HPKEKey: r.hpke.Public(), Addresses: wire.HostAddresses(r.host)}
}

// win bids honestly and returns the lease's papers.
func (r *rogue) win(c *clinic) (*wire.Award, *wire.Grant) {
	r.t.Helper()
	o := receiveOne(r.t, r.offers)
	s := r.dial(c.member, wire.BidProtocol)
	must(r.t, s.Send(wire.NewBid(r.goodBid(o.Offer))))
	return receiveOne(r.t, r.awards), receiveOne(r.t, r.grants)
}

func receiveOne[E any](t *testing.T, from <-chan E) E {
	t.Helper()
	select {
	case e := <-from:
		return e
	case <-time.After(testLimit):
		t.Fatalf("nothing came: %T", from)
	}
	panic("unreachable")
}

// claim is a result with its receipt, honest until a test changes it.
type claim struct {
	header  *wire.ResultHeader
	receipt attest.Receipt
	signer  *identity.Key
	sealed  []byte
	bound   bool // a commitment was sent, or none is to be: else send commits first, as nodes do
}

// honestClaim seals a good result under the award.
func (r *rogue) honestClaim(a *wire.Award, g *wire.Grant) *claim {
	r.t.Helper()
	result := analysis(testPayload)
	binding := transfer.Binding{Task: models.Digest(a.Task), Fence: a.Fence, Node: r.address()}
	encapsulation, key, err := transfer.ResultKey(a.ResultKey, binding)
	must(r.t, err)
	var sealed bytes.Buffer
	manifest, err := transfer.Seal(&sealed, result, transfer.Result, binding.Task, key)
	must(r.t, err)
	encoded, err := manifest.Encode()
	must(r.t, err)
	now := time.UnixMilli(time.Now().UnixMilli()).UTC()
	return &claim{
		header: &wire.ResultHeader{Task: a.Task, Fence: a.Fence, Clinic: a.Clinic, Encapsulation: encapsulation, Manifest: encoded},
		receipt: attest.Receipt{Task: binding.Task, Fence: a.Fence, Node: r.address(), Clinic: common.BytesToAddress(a.Clinic),
			RequestHash: transfer.RequestHash(g.Manifest), ManifestDigest: manifestID, WeightsDigest: weightsID, Provider: "cpu", Runtime: "test 1.0",
			OutputHash: models.DigestOf(result), StartedAt: now, FinishedAt: now, Deadline: now.Add(time.Second), EnergyBasis: "unmeasured", PriceGwei: 1},
		signer: r.key, sealed: sealed.Bytes(),
	}
}

// send speaks the result protocol and returns the clinic's last word.
func (r *rogue) send(c *clinic, x *claim) *wire.ResultAck {
	r.t.Helper()
	var err error
	x.header.Receipt, err = json.Marshal(x.receipt)
	must(r.t, err)
	sig, err := attest.Sign(x.receipt.Hash(domain), x.signer.ECDSA())
	must(r.t, err)
	x.header.ReceiptSignature = sig[:]
	r.bind(c, x)
	s := r.dial(c.member, wire.ResultProtocol)
	must(r.t, s.Send(x.header))
	reply, err := wire.Expect[*wire.ResultReply](s.Reader, wire.MaxControl, c.address())
	must(r.t, err)
	if reply.Wanted {
		_, err := s.Write(x.sealed)
		must(r.t, err)
	}
	ack, err := wire.Expect[*wire.ResultAck](s.Reader, wire.MaxControl, c.address())
	must(r.t, err)
	return ack
}

func TestFalseResultsAreRefused(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]struct {
		change func(t *testing.T, x *claim)
		reason string
	}{
		"another task":         {func(_ *testing.T, x *claim) { x.receipt.Task[0] ^= 1 }, "task is another"},
		"another fence":        {func(_ *testing.T, x *claim) { x.receipt.Fence++ }, "fencing number"},
		"another node":         {func(_ *testing.T, x *claim) { x.receipt.Node[0] ^= 1 }, "node is another"},
		"another clinic":       {func(_ *testing.T, x *claim) { x.receipt.Clinic[0] ^= 1 }, "clinic is another"},
		"another request":      {func(_ *testing.T, x *claim) { x.receipt.RequestHash[0] ^= 1 }, "request hash"},
		"another manifest":     {func(_ *testing.T, x *claim) { x.receipt.ManifestDigest[0] ^= 1 }, "manifest digest"},
		"another model":        {func(_ *testing.T, x *claim) { x.receipt.WeightsDigest[0] ^= 1 }, "weights digest"},
		"a higher price":       {func(_ *testing.T, x *claim) { x.receipt.PriceGwei++ }, "price is another"},
		"a later promise":      {func(_ *testing.T, x *claim) { x.receipt.Deadline = x.receipt.Deadline.Add(time.Hour) }, "promised completion"},
		"another provider":     {func(_ *testing.T, x *claim) { x.receipt.Provider = "webgpu" }, "execution provider"},
		"another output":       {func(_ *testing.T, x *claim) { x.receipt.OutputHash[0] ^= 1 }, "not the one that the receipt names"},
		"a stranger's receipt": {func(t *testing.T, x *claim) { x.signer = stranger(t) }, "signed by"},
		"a tampered chunk":     {func(_ *testing.T, x *claim) { x.sealed[3] ^= 1 }, "not the one that the manifest names"},
		"another key":          {func(_ *testing.T, x *claim) { x.header.Encapsulation[0] ^= 1 }, "key does not open"},
		"no manifest":          {func(_ *testing.T, x *claim) { x.header.Manifest = nil }, "manifest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			c := newClinic(t, ctx, func(b *broker.Config) { b.RoundWait = 200 * time.Millisecond })
			r := newRogue(t, ctx)
			c.connect(r.member)
			id := c.submit(name)
			x := r.honestClaim(r.win(c))
			lie.change(t, x)
			ack := r.send(c, x)
			if !ack.Settled || len(ack.Receipt) > 0 || !strings.Contains(ack.Reason, lie.reason) {
				t.Errorf("settled %v, receipt of %d bytes, reason %q; want %q", ack.Settled, len(ack.Receipt), ack.Reason, lie.reason)
			}
			n := newNode(t, ctx, nil)
			c.connect(n.member)
			o := c.wait(id)
			c.wantResult(o)
			if o.Node != n.address() || o.Fence != 2 {
				t.Errorf("done by %s under fence %d", o.Node, o.Fence)
			}
		})
	}
}

func stranger(t *testing.T) *identity.Key {
	t.Helper()
	k, err := identity.Generate()
	must(t, err)
	return k
}

func TestStaleFenceIsRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease, b.RoundWait = time.Second, 100*time.Millisecond })
	r := newRogue(t, ctx)
	c.connect(r.member)
	id := c.submit("stale")
	award, grant := r.win(c) // and then it falls silent
	c.await(broker.LeaseLost)
	n := newNode(t, ctx, nil)
	n.executor.run = hang
	c.connect(n.member)
	receiveOne(t, n.executor.started)
	x := r.honestClaim(award, grant)
	if ack := r.send(c, x); !ack.Settled || len(ack.Receipt) > 0 || !strings.Contains(ack.Reason, "stale fencing number") {
		t.Errorf("a late result: %+v", ack)
	}
	forged := r.honestClaim(award, grant)
	status, err := c.broker.Tasks(0)
	must(t, err)
	forged.header.Fence, forged.receipt.Fence = status[0].Fence, status[0].Fence
	if ack := r.send(c, forged); !ack.Settled || len(ack.Receipt) > 0 || !strings.Contains(ack.Reason, "another node") {
		t.Errorf("a result under another's fence: %+v", ack)
	}
	must(t, c.broker.Cancel(ctx, id, "done"))
	if o := c.wait(id); o.Result != nil {
		t.Error("a result came out of it")
	}
}

func TestNoLeaseNoPayload(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	n := newNode(t, ctx, nil)
	n.executor.run = hang
	c.connect(n.member)
	id := c.submit("fetch")
	receiveOne(t, n.executor.started)
	r := newRogue(t, ctx)
	clinicAddress := c.address()
	for name, c2 := range map[string]struct {
		request *wire.FetchRequest
		reason  string
	}{
		"another's lease": {&wire.FetchRequest{Task: id[:], Fence: 1, Clinic: clinicAddress[:]}, "another node holds"},
		"a fence to come": {&wire.FetchRequest{Task: id[:], Fence: 2, Clinic: clinicAddress[:]}, "no lease"},
		"no fence":        {&wire.FetchRequest{Task: id[:], Clinic: clinicAddress[:]}, "stale"},
		"unknown task":    {&wire.FetchRequest{Task: clinicTask("nothing"), Fence: 1, Clinic: clinicAddress[:]}, "no such task"},
		"other clinic":    {&wire.FetchRequest{Task: id[:], Fence: 1, Clinic: make([]byte, 20)}, "another clinic"},
	} {
		s := r.dial(c.member, wire.FetchProtocol)
		must(t, s.Send(c2.request))
		reply, err := wire.Expect[*wire.FetchReply](s.Reader, wire.MaxControl, clinicAddress)
		must(t, err)
		if reply.Granted || !strings.Contains(reply.Reason, c2.reason) {
			t.Errorf("%s: granted %v, %q", name, reply.Granted, reply.Reason)
		}
	}
	report := r.dial(c.member, wire.ReportProtocol)
	must(t, report.Send(&wire.Failure{Task: id[:], Fence: 1, Clinic: clinicAddress[:], Reason: "sabotage"}))
	if _, err := wire.Expect[*wire.ProgressAck](report.Reader, wire.MaxControl, clinicAddress); err != nil {
		t.Fatal(err)
	}
	must(t, report.Send(&wire.Progress{Task: id[:], Fence: 1, Clinic: clinicAddress[:]}))
	if ack, err := wire.Expect[*wire.ProgressAck](report.Reader, wire.MaxControl, clinicAddress); err != nil || ack.Renewed {
		t.Errorf("a stranger renewed the lease: %v", err)
	}
	if s, err := c.broker.Tasks(0); err != nil || s[0].State != scheduler.Running || s[0].Fence != 1 {
		t.Errorf("a stranger moved the task: %+v, %v", s, err)
	}
}

func clinicTask(name string) []byte {
	d := models.DigestOf([]byte(name))
	return d[:]
}

func TestFalseBidsAreRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	r := newRogue(t, ctx)
	c.connect(r.member)
	c.submit("bids")
	o := receiveOne(t, r.offers).Offer
	for name, x := range map[string]struct {
		change func(*scheduler.Bid)
		reason string // empty: the stream is cut, because the peer lies about itself
	}{
		"in another's name": {func(b *scheduler.Bid) { b.Node[0] ^= 1 }, ""},
		"too dear":          {func(b *scheduler.Bid) { b.PriceGwei = 5001 }, "ceiling"},
		"elsewhere":         {func(b *scheduler.Bid) { b.Jurisdiction = "US" }, "residency"},
		"other model":       {func(b *scheduler.Bid) { b.Package[0] ^= 1 }, "package"},
		"other clinic":      {func(b *scheduler.Bid) { b.Clinic[0] ^= 1 }, "another clinic"},
		"unknown task":      {func(b *scheduler.Bid) { b.Task[0] ^= 1 }, "no such task"},
		"too late":          {func(b *scheduler.Bid) { b.Promise = 23 * time.Hour }, "deadline"},
	} {
		bid := r.goodBid(o)
		x.change(&bid)
		s := r.dial(c.member, wire.BidProtocol)
		must(t, s.Send(wire.NewBid(bid)))
		reply, err := wire.Expect[*wire.BidReply](s.Reader, wire.MaxControl, c.address())
		if x.reason == "" {
			if err == nil {
				t.Errorf("%s: answered %+v", name, reply)
			}
			continue
		}
		if err != nil || reply.Won || !strings.Contains(reply.Reason, x.reason) {
			t.Errorf("%s: %+v, %v", name, reply, err)
		}
	}
	raw := r.dial(c.member, wire.BidProtocol)
	_, err := raw.Write(bytes.Repeat([]byte{0xff}, 1<<16)) // an absurd length
	if _, readErr := wire.Expect[*wire.BidReply](raw.Reader, wire.MaxControl, c.address()); err == nil && readErr == nil {
		t.Error("noise was answered")
	}
}

func TestDecliningAndSilentWinnersLoseTheTask(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.AwardTimeout, b.RoundWait = 300*time.Millisecond, 100*time.Millisecond })
	r := newRogue(t, ctx)
	r.accept = func(a *wire.Accept) { a.Accepted, a.Reason = false, "changed its mind" }
	c.connect(r.member)
	id := c.submit("declined")
	o := receiveOne(t, r.offers)
	s := r.dial(c.member, wire.BidProtocol)
	must(t, s.Send(wire.NewBid(r.goodBid(o.Offer))))
	if e := c.await(broker.TryFailed); !strings.Contains(e.Text, "changed its mind") {
		t.Errorf("%+v", e)
	}
	r.host.SetStreamHandler(wire.AwardProtocol, func(raw network.Stream) { receiveOne(t, r.awards); _ = raw.Reset() }) // never answers
	o = receiveOne(t, r.offers)
	s = r.dial(c.member, wire.BidProtocol)
	must(t, s.Send(wire.NewBid(r.goodBid(o.Offer))))
	n := newNode(t, ctx, nil)
	c.connect(n.member)
	c.wantResult(c.wait(id))
	r.awards <- nil
}

// fakeClinic offers by hand, so that it can lie to nodes.
type fakeClinic struct {
	*member
	bids chan scheduler.Bid
}

func newFakeClinic(t *testing.T, ctx context.Context) *fakeClinic {
	t.Helper()
	f := &fakeClinic{member: newMember(t, ctx), bids: make(chan scheduler.Bid, 8)}
	f.host.SetStreamHandler(wire.BidProtocol, func(raw network.Stream) {
		s, err := wire.Inbound(raw, f.key, testLimit)
		if err != nil {
			return
		}
		if m, err := wire.Expect[*wire.Bid](s.Reader, wire.MaxControl, s.Peer); err == nil {
			if b, err := m.Value(); err == nil {
				f.bids <- b
			}
		}
	})
	return f
}

// award sends one message on the award protocol and returns the node's answer.
func (f *fakeClinic) award(to *member, from *member, m proto.Message) (*wire.Accept, error) {
	f.t.Helper()
	s, err := wire.Dial(f.t.Context(), from.host, to.host.ID(), wire.HostAddresses(to.host), wire.AwardProtocol, from.key, testLimit)
	must(f.t, err)
	f.t.Cleanup(func() { _ = s.Reset() })
	must(f.t, s.Send(m))
	return wire.Expect[*wire.Accept](s.Reader, wire.MaxControl, to.address())
}

func TestNodesRefuseFalseAwards(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newFakeClinic(t, ctx)
	a := newNode(t, ctx, func(w *worker.Config) { w.Hold = time.Minute })
	b := newNode(t, ctx, func(w *worker.Config) { w.Hold = time.Minute })
	f.connect(a.member, b.member)
	payload := transfer.CID([]byte("manifest"))
	o := scheduler.Offer{Task: models.DigestOf([]byte("task")), Package: packageID, Clinic: f.address(), Addresses: wire.HostAddresses(f.host), Payload: payload,
		PayloadBytes: 10, Deadline: time.Now().Add(time.Minute), Expires: time.Now().Add(time.Minute), Residency: []string{"DE"}, CeilingGwei: 5000, Round: 1, Threshold: 1<<64 - 1}
	must(t, f.market.Publish(ctx, o, f.key))
	for receiveOne(t, f.bids).Node != a.address() {
	}
	message, err := wire.NewOffer(o)
	must(t, err)
	clinicAddress, nodeA := f.address(), a.address()
	recipient, err := transfer.NewRecipient()
	must(t, err)
	good := func() *wire.Award {
		return &wire.Award{Task: o.Task[:], Fence: 3, Node: nodeA[:], Clinic: clinicAddress[:], Package: packageID[:], PriceGwei: 1000, LeaseMs: 5000,
			DeadlineMs: o.Deadline.UnixMilli(), PayloadCid: message.PayloadCid, ResultKey: recipient.Public()}
	}
	other := newMember(t, ctx)
	for name, x := range map[string]struct {
		to, from *member
		change   func(*wire.Award)
		reason   string
	}{
		"replayed to a second node": {b.member, f.member, func(*wire.Award) {}, "another node's"},
		"from a stranger":           {a.member, other, func(*wire.Award) {}, "another node's"},
		"stranger's own":            {a.member, other, func(w *wire.Award) { s := other.address(); w.Clinic = s[:] }, "no bid"},
		"a lower price":             {a.member, f.member, func(w *wire.Award) { w.PriceGwei-- }, "terms"},
		"another payload":           {a.member, f.member, func(w *wire.Award) { w.PayloadCid = bytes.Clone(w.PayloadCid); w.PayloadCid[9] ^= 1 }, "terms"},
		"another model":             {a.member, f.member, func(w *wire.Award) { w.Package = make([]byte, 32) }, "terms"},
		"no fence":                  {a.member, f.member, func(w *wire.Award) { w.Fence = 0 }, "terms"},
		"endless lease":             {a.member, f.member, func(w *wire.Award) { w.LeaseMs = 1 << 62 }, "terms"},
		"unknown task":              {a.member, f.member, func(w *wire.Award) { w.Task = make([]byte, 32) }, "no bid"},
	} {
		award := good()
		x.change(award)
		answer, err := f.award(x.to, x.from, award)
		must(t, err)
		if answer.Accepted || !strings.Contains(answer.Reason, x.reason) {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	for n := range 2 { // the second one asks again about the same lease
		if answer, err := f.award(a.member, f.member, good()); err != nil || !answer.Accepted {
			t.Errorf("good award, time %d: %+v, %v", n+1, answer, err)
		}
	}
	stale := good()
	stale.Fence = 2
	if answer, err := f.award(a.member, f.member, stale); err != nil || answer.Accepted || !strings.Contains(answer.Reason, "stale") {
		t.Errorf("an older fence: %+v, %v", answer, err)
	}
	if len(a.executor.started) > 0 || len(b.executor.started) > 0 {
		t.Error("something ran without a key")
	}
}

func TestNodeOutsideTheResidencySetNeverHearsOfIt(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newFakeClinic(t, ctx)
	inside, outside := newNode(t, ctx, nil), newNode(t, ctx, func(w *worker.Config) { w.Jurisdiction = "FR" })
	f.connect(inside.member, outside.member)
	o := scheduler.Offer{Task: models.DigestOf([]byte("task")), Package: packageID, Clinic: f.address(), Payload: transfer.CID(nil), PayloadBytes: 10,
		Deadline: time.Now().Add(time.Minute), Expires: time.Now().Add(time.Minute), Residency: []string{"DE"}, CeilingGwei: 5000, Round: 1, Threshold: 1<<64 - 1}
	must(t, f.market.Publish(ctx, o, f.key))
	if b := receiveOne(t, f.bids); b.Node != inside.address() {
		t.Errorf("bid of %s", b.Node)
	}
	if len(outside.events.all()) > 0 {
		t.Error("the offer left its residency set")
	}
}
