package agent

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/compute"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
)

// claiming is node's profile of so many TOPS.
func claiming(node common.Address, tops float64) hwprobe.Profile {
	return hwprobe.Profile{
		Version: hwprobe.ProfileVersion, At: time.Unix(1_790_000_000, 0).UTC(), Mode: hwprobe.Brief, Identity: hwprobe.Identity{Node: node.Hex(), Trust: hwprobe.TrustSoftware},
		TOPS: hwprobe.TOPS{Median: tops, Best: tops, Provider: ort.CPU}, Watts: hwprobe.Watts{Basis: power.Unmeasured},
	}
}

// claims publishes a profile of so many TOPS and answers examinations of it with machine.
func (p *villager) claims(tops float64, machine func(ctx context.Context) (compute.Machine, error)) {
	p.v.t.Helper()
	profile := claiming(p.key.Address(), tops)
	document, err := json.Marshal(profile)
	p.v.must(err)
	domain, digest := p.v.conf.Network.Domain(), models.DigestOf(document)
	signed, err := signProfile(p.key.ECDSA(), domain, attest.ProfileStatement{Node: p.key.Address(), ProfileDigest: digest, Profile: document, At: time.Now()})
	p.v.must(err)
	p.v.must(p.submit(func(ctx context.Context) error { return intake.Submit(ctx, p.host, p.v.host.ID(), signed) }))
	r, err := compute.NewResponder(compute.ResponderOptions{
		Key: p.key.ECDSA(), Domain: domain, Allow: func(peer.ID) bool { return true }, Machine: machine,
		Claims: func() compute.Claims { return claimsOf(profile, digest) },
		Ready:  func(context.Context) (func(), error) { return func() {}, nil },
	})
	p.v.must(err)
	r.Start(p.host)
	p.v.t.Cleanup(r.Close)
}

// liar says that it has computed whatever it is asked for.
type liar struct{}

func (liar) Prove(context.Context, challenge.Work, challenge.Seed) (challenge.Answer, error) {
	return liar{}, nil
}

func (liar) Fill(context.Context, challenge.Work, challenge.Seed) (func(context.Context, [32]byte) (challenge.Answer, error), error) {
	return nil, challenge.ErrUnable
}

func (liar) Close() error                                   { return nil }
func (liar) Root() challenge.Root                           { return challenge.Root{1} }
func (liar) Open(context.Context, [32]byte) ([]byte, error) { return make([]byte, 32), nil }

func TestAClaimIsExaminedAndALieCostsTheTier(t *testing.T) {
	v := newVillage(t, time.Hour)
	v.end()
	v.conf.ExamineLength = time.Millisecond // works of the least size
	v.open()
	honest, cheat, silent := v.villager(), v.villager(), v.villager()
	for _, p := range []*villager{honest, cheat, silent} {
		p.register()
		p.connect()
	}
	library, err := ort.Locate("")
	v.must(err)
	child := challenge.Child{Command: []string{os.Args[0], ProveCommand}, Library: library, Provider: ort.CPU}
	// So little that even a busy machine proves it, and so much that it would be tier 4.
	honest.claims(0.0005, func(ctx context.Context) (compute.Machine, error) { return child.Start(ctx) })
	cheat.claims(500, func(context.Context) (compute.Machine, error) { return liar{}, nil })
	silent.claims(500, func(ctx context.Context) (compute.Machine, error) { return nil, challenge.ErrUnable })
	v.forget()
	v.must(v.ExamineAll(t.Context()))
	_, err = v.chain.Advance(t.Context(), time.Hour)
	v.must(err)
	report, err := v.CloseEpoch(t.Context())
	v.must(err)
	bundle, err := epoch.Read(report.Folder)
	v.must(err)
	for _, line := range bundle.Summary.Lines {
		switch line.Node {
		case honest.key.Address():
			if line.Verified.Rate.Figure == 0 || line.Verified.Rate.Doubt != 0 || line.Verified.ClaimMOPS != 500 {
				t.Errorf("the honest node: %+v", line.Verified)
			}
		case cheat.key.Address():
			if !line.Verified.Rate.Denied() || line.Tier != 0 {
				t.Errorf("the liar: tier %d with %+v", line.Tier, line.Verified)
			}
		case silent.key.Address():
			if line.Verified.Rate.Doubt == 0 || line.Verified.Rate.Denied() || line.Tier != 4 {
				t.Errorf("the one that can't answer for the first time: tier %d with %+v", line.Tier, line.Verified)
			}
		}
	}
	if found, err := epoch.Verify(report.Folder); err != nil || len(found) > 0 || len(bundle.Inputs.Examinations) != 3 {
		t.Errorf("%d examinations; the epoch differs: %v, %v", len(bundle.Inputs.Examinations), found, err)
	}
	v.end() // claims and outcomes outlive a restart
	v.open()
	for _, p := range []*villager{honest, cheat, silent} {
		p.connect()
	}
	if got := v.examinees(t.Context()); len(got) != 3 {
		t.Errorf("%d nodes can be examined after a restart, want 3", len(got))
	}
}

func TestWhatOfAProfileIsExamined(t *testing.T) {
	gpu := device.Accelerator{Kind: device.GPU, MemoryBytes: 8 << 30, Providers: []string{"cuda", "webgpu"}, Fact: device.Fact{State: device.Present}}
	shared, broken, radeon := gpu, gpu, gpu
	shared.Providers = []string{"openvino", "webgpu"}
	radeon.Providers, radeon.MemoryBytes = []string{"migraphx", "rocm", "webgpu"}, 24<<30
	shared.SharedMemory, shared.MemoryBytes = true, 64<<30
	broken.State, broken.MemoryBytes = device.Unusable, 80<<30
	p := claiming(common.Address{1}, 20)
	p.Devices.Accelerators = []device.Accelerator{shared, radeon, gpu, broken}
	if got := claimsOf(p, models.Digest{}); got.TOPS != 20 || got.MemoryBytes != 0 {
		t.Errorf("measured on the CPU: %+v", got)
	}
	p.TOPS.Provider = "cuda"
	if got := claimsOf(p, models.Digest{}); got.MemoryBytes != 8<<30 {
		t.Errorf("measured on a GPU of 8 GiB: %+v", got)
	}
	larger, untold := gpu, gpu
	larger.MemoryBytes, untold.MemoryBytes = 48<<30, 0
	for name, c := range map[string]struct {
		provider string
		more     []device.Accelerator
		want     uint64
	}{
		"no int8 product known there":     {"rocm", nil, 0},
		"one of two: the smaller is sure": {"cuda", []device.Accelerator{larger}, 8 << 30},
		"one of two, one of them unknown": {"cuda", []device.Accelerator{untold}, 0},
		"shared memory":                   {"openvino", nil, 0},
		"floats only":                     {"webgpu", nil, 0},
		"nothing that is there":           {"qnn", nil, 0},
	} {
		q := p
		q.TOPS.Provider, q.Devices.Accelerators = c.provider, append(slices.Clone(p.Devices.Accelerators), c.more...)
		if got := claimsOf(q, models.Digest{}); got.MemoryBytes != c.want {
			t.Errorf("%s: %+v, want %d bytes", name, got, c.want)
		}
	}
}

// A coordinator from before there were examinations has profiles and no list of claims.
func TestClaimsBeginWithTheProfilesThatAreThere(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "coordinator.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	store, err := intake.NewBolt(db)
	if err != nil {
		t.Fatal(err)
	}
	put := func(put func(context.Context, attest.SignedProfile) error, node byte, tops float64, at int64) {
		t.Helper()
		document, err := json.Marshal(claiming(common.Address{node}, tops))
		if err != nil {
			t.Fatal(err)
		}
		s := attest.ProfileStatement{Node: common.Address{node}, ProfileDigest: models.DigestOf(document), Profile: document, At: time.UnixMilli(at)}
		if err := put(t.Context(), attest.SignedProfile{Statement: s}); err != nil {
			t.Fatal(err)
		}
	}
	put(store.PutProfile, 1, 5, 10)
	put(store.PutProfile, 2, 7, 10)
	put(store.PutProfile, 1, 6, 20)
	for range 2 { // the second time from the list
		c, err := openClaims(db, store.NewestProfiles)
		if err != nil {
			t.Fatal(err)
		}
		all, err := c.all()
		if err != nil || len(all) != 2 || all[common.Address{1}].TOPS != 6 || all[common.Address{2}].TOPS != 7 {
			t.Fatalf("claims %+v, %v; want 6 and 7 TOPS", all, err)
		}
	}
}

func TestStatusSaysWhatAnOutcomeMeans(t *testing.T) {
	for outcome, want := range map[attest.Outcome]string{
		attest.OwnOutage: "counts against nobody",
		attest.False:     "counts for nothing until",
		attest.Unable:    "said that it can't",
		attest.Missed:    "after three in a row",
	} {
		var e examinee
		e.last.Store(&attest.SignedExamination{Examination: attest.Examination{Subject: attest.MemorySize, Outcome: outcome, AskedAt: time.Unix(1_790_000_000, 0)}})
		got := e.String()
		if !strings.Contains(got, want) || (strings.Contains(got, "three") != (outcome == attest.Missed || outcome == attest.Unable)) {
			t.Errorf("%s: %s", outcome, got)
		}
	}
}
