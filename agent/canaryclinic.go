package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	randv2 "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/inference"
)

// Canary clinics: how many are at work at once, and for how long.
const (
	// canaryClinics run where one address with a free port is given; else one for each address.
	canaryClinics = 3
	// DefaultCanaryLife is for how many epochs a canary clinic works on the average. A clinic
	// that lives for one epoch only is one of the coordinator's.
	DefaultCanaryLife = config.CanaryLife
	// canaryLinger is how long a clinic stays after its last canary, for nodes that ask for what
	// it owes them.
	canaryLinger = time.Hour
)

// slot is the place of one canary clinic; one goroutine works in it.
type slot struct {
	listen   []string
	clinic   *Clinic        // nil: none runs
	number   uint64         // its identity
	favoured common.Address // whom its canary of now is meant for; k.mu guards it
}

// slotsOf shares the addresses out: each canary clinic has one of its own, and with a free
// port there are canaryClinics of them.
func slotsOf(listen []string) (slots []*slot) {
	for _, address := range listen {
		slots = append(slots, &slot{listen: []string{address}})
	}
	if len(listen) == 1 && freePort(listen[0]) {
		for len(slots) < canaryClinics {
			slots = append(slots, &slot{listen: listen})
		}
	}
	return slots
}

// freePort reports whether any number of hosts can listen there.
func freePort(address string) bool {
	return strings.HasSuffix(address, "/tcp/0") || strings.Contains(address, "/tcp/0/") || strings.Contains(address, "/udp/0/")
}

// errLoopback refuses canaries that every node could tell.
var errLoopback = errors.New("canary clinics that listen on loopback are reached by nobody but this machine, and who can't be reached is told from a clinic; name addresses that nodes reach with --canary-listen, best not this coordinator's")

// reachable wants addresses that nodes of a real network can reach.
func reachable(listen []string) error {
	for _, text := range listen {
		address, err := multiaddr.NewMultiaddr(text)
		if err != nil {
			return fmt.Errorf("read --canary-listen: %w", err)
		}
		if manet.IsIPLoopback(address) {
			return errLoopback
		}
	}
	return nil
}

// untilOf is the epoch that ends a name which begins now: life epochs on the average, for a
// uniform draw in [0,1), so that nobody can tell it by its day.
func untilOf(epoch, life uint64, draw float64) uint64 {
	return epoch + 1 + uint64(draw*float64(2*life-1))
}

// rotate ends a slot's name when its time is over and nothing of it is on its way: what was
// held back is published then, and its folder goes.
func (k *canaries) rotate(ctx context.Context, n int, s *slot) error {
	id, err := k.book.identity(n)
	if err != nil || id.Number == 0 || k.epoch() < id.Until || time.Since(id.Last) < k.conf.canaryLinger {
		return err
	}
	flights, err := k.book.flights()
	if err != nil || slices.ContainsFunc(flights, func(f flight) bool { return f.Identity == id.Number }) {
		return err
	}
	k.closeClinic(s)
	return k.retire(ctx, n, id.Number)
}

// retire publishes what was held back about a name and forgets it. Done again after a crash,
// it goes on where it was.
func (k *canaries) retire(ctx context.Context, n int, number uint64) error {
	for {
		keys, list, err := k.book.held(number)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		for _, v := range list {
			if err := publishFiles(k.conf.State, v.Files, maxEvidenceDisk); err != nil {
				return err
			}
			if err := k.file(ctx, v.Receipt, v.Verdict); err != nil {
				return err
			}
		}
		if err := k.book.released(keys); err != nil {
			return err
		}
		k.log.Info("verdicts on canaries go into the next epoch: their clinic's name is not used any more", "verdicts", len(list))
	}
	if err := clearClinic(k.state(number)); err != nil {
		return err
	}
	return k.book.end(n)
}

// clearClinic removes a canary clinic's folder but for its key: what is left of its deposit
// can be taken out with that.
func clearClinic(state string) error {
	entries, err := os.ReadDir(state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it never started
	}
	for _, e := range entries {
		if e.Name() != clinicKeyFile && err == nil {
			err = os.RemoveAll(filepath.Join(state, e.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("remove what a canary clinic left: %w", pathless(err))
	}
	return nil
}

// clinicOf runs the slot's canary clinic: that which a canary is on its way from, or that of
// now. Nothing new begins in a name whose time is over.
func (k *canaries) clinicOf(ctx context.Context, n int, s *slot) (*Clinic, error) {
	id, err := k.book.identity(n)
	if err != nil {
		return nil, err
	}
	if id.Number == 0 {
		now := k.epoch()
		if id, err = k.book.begin(n, untilOf(now, k.conf.CanaryLife, randv2.Float64()), time.Now()); err != nil {
			return nil, err
		}
	}
	if s.clinic != nil && s.number == id.Number {
		return s.clinic, nil
	}
	k.closeClinic(s)
	state := k.state(id.Number)
	conf := ClinicConfig{
		Name: "canary", State: state, home: filepath.Dir(k.conf.State), Listen: s.listen, Network: k.conf.Network, Reach: k.conf.Reach,
		Regions: k.conf.Regions, Library: k.conf.Library, Runner: k.conf.Runner, Reader: k.conf.Reader, Checks: canary.DefaultRates(), Log: k.log,
		check: checkCanary, score: func(node common.Address) float64 { return k.score(s, node) },
	}
	if err := os.MkdirAll(filepath.Dir(state), 0o700); err != nil {
		return nil, fmt.Errorf("start a canary clinic: %w", pathless(err))
	}
	_, err = os.Stat(filepath.Join(state, clinicKeyFile))
	fresh := errors.Is(err, fs.ErrNotExist)
	c, err := startClinic(ctx, conf, func(h host.Host) host.Host { return h })
	if err != nil {
		return nil, fmt.Errorf("start a canary clinic: %w", err)
	}
	if fresh && k.conf.Network.DevelopmentKeys == "" {
		// A clinic that never pays tells what it is, and money from the coordinator's own account
		// would tell it on the chain.
		k.log.Info("a canary clinic of a new name begins; deposit for it from an account of its own", "clinic", c.key.Address())
	}
	k.mu.Lock()
	k.own[c.key.Address()] = true
	k.mu.Unlock()
	s.clinic, s.number = c, id.Number
	return c, nil
}

func (k *canaries) closeClinic(s *slot) {
	if s.clinic == nil {
		return
	}
	if err := s.clinic.Close(); err != nil {
		k.log.Warn("a canary clinic did not end cleanly", "error", err)
	}
	s.clinic = nil
}

// checkCanary accepts what can be read: whether it is right is judged apart, and a node that
// is wrong hears of it when the clinic's name is over.
func checkCanary(encoded []byte) error {
	_, err := inference.DecodeResult(encoded)
	return err
}

// unfavoured is what the nodes weigh that a canary is not meant for: they get it where the
// one that is meant does not bid.
const unfavoured = 0.01

// score prefers the node that the slot's canary of now is meant for.
func (k *canaries) score(s *slot, node common.Address) float64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if node == s.favoured {
		return 1
	}
	return unfavoured
}

// knownIdentities is how many canary clinics of before are recognised after a restart:
// receipts of older ones are long in.
const knownIdentities = 64

// recognise reads the names of the canary clinics of before: their receipts are checks, and
// no reason for more.
func (k *canaries) recognise() error {
	number, err := k.book.newestIdentity()
	if err != nil {
		return err
	}
	for n := number; n > 0 && n+knownIdentities > number; n-- {
		key, err := identity.Load(filepath.Join(k.state(n), clinicKeyFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it never started
		}
		if err != nil {
			return fmt.Errorf("read the name of a canary clinic: %w", err)
		}
		k.own[key.Address()] = true
	}
	return nil
}

func (k *canaries) state(number uint64) string {
	return filepath.Join(k.conf.State, "canaries", fmt.Sprintf("clinic-%d", number))
}
