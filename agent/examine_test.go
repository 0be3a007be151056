package agent

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

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

// claiming is a profile of so many TOPS.
func claiming(tops float64) hwprobe.Profile {
	return hwprobe.Profile{
		Version: hwprobe.ProfileVersion, At: time.Unix(1_790_000_000, 0).UTC(), Mode: hwprobe.Brief, Identity: hwprobe.Identity{Trust: hwprobe.TrustSoftware},
		TOPS: hwprobe.TOPS{Median: tops, Best: tops, Provider: ort.CPU}, Watts: hwprobe.Watts{Basis: power.Unmeasured},
	}
}

// claims publishes a profile of so many TOPS and answers examinations of it with machine.
func (p *villager) claims(tops float64, machine func(ctx context.Context) (compute.Machine, error)) {
	p.v.t.Helper()
	profile := claiming(tops)
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
	gpu := device.Accelerator{Kind: device.GPU, MemoryBytes: 8 << 30, Fact: device.Fact{State: device.Present}}
	shared, broken := gpu, gpu
	shared.SharedMemory, shared.MemoryBytes = true, 64<<30
	broken.State, broken.MemoryBytes = device.Unusable, 80<<30
	p := claiming(20)
	p.Devices.Accelerators = []device.Accelerator{shared, gpu, broken}
	if got := claimsOf(p, models.Digest{}); got.TOPS != 20 || got.MemoryBytes != 0 {
		t.Errorf("measured on the CPU: %+v", got)
	}
	p.TOPS.Provider = "cuda"
	if got := claimsOf(p, models.Digest{}); got.MemoryBytes != 8<<30 {
		t.Errorf("measured on a GPU of 8 GiB: %+v", got)
	}
}
