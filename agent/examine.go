package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/compute"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
)

// claimsOf is what can be examined of a profile: the int8 rate, and the memory of the
// accelerator that the rate was measured on, if it has memory of its own. A profile names
// the provider and not the accelerator: of several the smallest is sure to be there, and one
// whose memory nobody tells leaves nothing to ask for.
func claimsOf(p hwprobe.Profile, digest models.Digest) compute.Claims {
	c := compute.Claims{Profile: digest, TOPS: p.TOPS.Median}
	if p.TOPS.Provider == ort.CPU || !challenge.HasTable(p.TOPS.Provider) {
		return c
	}
	first := true
	for _, a := range p.Devices.Accelerators {
		if a.State != device.Present || !slices.Contains(a.Providers, p.TOPS.Provider) {
			continue
		}
		own := a.MemoryBytes
		if a.SharedMemory {
			own = 0
		}
		if first || own < c.MemoryBytes {
			c.MemoryBytes = own
		}
		first = false
	}
	return c
}

var claimsBucket = []byte("coordinator.claims") // node → claim

// claim is the newest claim of a node, as the coordinator keeps it over restarts.
type claim struct {
	Profile     models.Digest `json:"profile"`
	TOPS        float64       `json:"tops"`
	MemoryBytes uint64        `json:"memory_bytes,omitempty"`
}

// claims keeps what nodes say of their machines.
type claims struct{ db *bolt.DB }

// openClaims makes the list of newest's profiles where there is none yet: those of a
// coordinator from before there were examinations.
func openClaims(db *bolt.DB, newest func() ([]attest.SignedProfile, error)) (claims, error) {
	var known bool
	err := db.View(func(tx *bolt.Tx) error {
		known = tx.Bucket(claimsBucket) != nil
		return nil
	})
	if err != nil || known {
		return claims{db}, err
	}
	profiles, err := newest()
	if err != nil {
		return claims{}, fmt.Errorf("open the list of claims: %w", err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		list, err := tx.CreateBucketIfNotExists(claimsBucket)
		for _, p := range profiles {
			if err == nil {
				err = putClaim(list, p)
			}
		}
		return err
	})
	if err != nil {
		return claims{}, fmt.Errorf("open the list of claims: %w; check the coordinator's disk", err)
	}
	return claims{db}, nil
}

// note keeps a verified profile's claim. A profile that can't be read claims nothing.
func (c claims) note(p attest.SignedProfile) error {
	err := c.db.Batch(func(tx *bolt.Tx) error { return putClaim(tx.Bucket(claimsBucket), p) })
	if err != nil {
		return fmt.Errorf("note the claim of %s: %w", p.Statement.Node, err)
	}
	return nil
}

func putClaim(list *bolt.Bucket, p attest.SignedProfile) error {
	var made claim
	if profile, err := hwprobe.ReadProfile(p.Statement.Profile); err == nil {
		made = claim(claimsOf(profile, p.Statement.ProfileDigest))
	}
	data, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return list.Put(p.Statement.Node[:], data)
}

// all are the claims of all nodes.
func (c claims) all() (map[common.Address]compute.Claims, error) {
	list := map[common.Address]compute.Claims{}
	err := c.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(claimsBucket).ForEach(func(node, data []byte) error {
			var made claim
			if err := json.Unmarshal(data, &made); err != nil {
				return err
			}
			list[common.BytesToAddress(node)] = compute.Claims(made)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the list of claims: %w; restore the coordinator's database", err)
	}
	return list, nil
}

// rareExamination is the interval where nobody named one: then only ExamineAll examines.
const rareExamination = 24 * time.Hour

// examineNodes lets registered nodes prove what their profiles claim.
func (c *Coordinator) examineNodes(ctx context.Context) error {
	ledger, err := compute.NewBolt(c.db, c.store)
	if err != nil {
		return err
	}
	if err := ledger.Abandon(ctx); err != nil {
		return err
	}
	interval := c.conf.ExamineEvery
	if interval <= 0 {
		interval = rareExamination
	}
	c.examiner, err = compute.NewExaminer(c.host, compute.ExaminerOptions{
		Key: c.key.ECDSA(), Domain: c.conf.Network.Domain(), Ledger: ledger, Targets: c.examinees, Interval: interval,
		Gap: examinationGap + time.Minute, Length: c.conf.ExamineLength, Log: c.conf.Log,
	})
	if err != nil || c.conf.ExamineEvery <= 0 {
		return err
	}
	c.loops.Go(func() {
		if err := c.examiner.Run(ctx); err != nil {
			c.fail(fmt.Errorf("examinations ended: %w, then start the coordinator again", err))
		}
	})
	return nil
}

// examinees are the active nodes that were seen and have a claim.
func (c *Coordinator) examinees(ctx context.Context) []compute.Target {
	known, err := c.taken.claims.all()
	if err != nil {
		c.conf.Log.Error("nobody is examined", "error", err)
		return nil
	}
	var list []compute.Target
	for _, t := range c.targets(ctx) {
		if made, ok := known[t.Node]; ok && made.TOPS > 0 {
			list = append(list, compute.Target{Node: t.Node, Peer: t.Peer, Operator: c.registry.operator(t.Node), Claims: made})
		}
	}
	return list
}

// ExamineAll examines every node once, now, and returns when the outcomes are recorded.
func (c *Coordinator) ExamineAll(ctx context.Context) error { return c.examiner.Trigger(ctx) }
