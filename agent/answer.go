package agent

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/attest/uptime"
	"github.com/medhive/medhive/models"
)

// fullLoad is the load of a node whose every slot is taken, in permille.
const fullLoad = 1000

// answerChallenges lets the coordinator ask whether this node is up.
func (n *Node) answerChallenges(context.Context) error {
	sequence, err := uptime.NewBoltSequence(n.db)
	if err != nil {
		return err
	}
	n.responder, err = uptime.NewResponder(uptime.ResponderOptions{
		Key: n.key.ECDSA(), Domain: n.conf.Network.Domain(), Sequence: sequence, Log: n.conf.Log,
		Load: n.load, Profile: func() models.Digest { return n.profile.Digest() }, Allow: n.isCoordinator,
	})
	if err != nil {
		return err
	}
	n.responder.Start(n.host)
	return nil
}

// load is the share of slots in use, in permille.
func (n *Node) load() uint32 {
	s, err := n.worker.Status()
	if err != nil || s.Capacity == 0 {
		return fullLoad
	}
	return uint32(fullLoad * s.Used / s.Capacity)
}

func (n *Node) isCoordinator(who peer.ID) bool {
	coordinator, err := n.coordinator()
	return err == nil && who == coordinator
}

// publishProfile tells the coordinator what this machine measured, once per start,
// trying again until it is taken or refused for good.
func (n *Node) publishProfile(ctx context.Context) {
	document, err := json.Marshal(n.profile)
	if err != nil {
		n.conf.Log.Error("encode profile", "error", err)
		return
	}
	statement, err := signProfile(n.key.ECDSA(), n.conf.Network.Domain(), attest.ProfileStatement{
		Node: n.key.Address(), Profile: document, ProfileDigest: models.DigestOf(document), At: time.Now(),
	})
	if err != nil {
		n.conf.Log.Error("sign profile", "error", err)
		return
	}
	ticker := time.NewTicker(retryEvery)
	defer ticker.Stop()
	for {
		to, err := n.coordinator()
		if err == nil {
			err = intake.Submit(ctx, n.host, to, statement)
		}
		var refused *intake.Refusal
		if err == nil || ctx.Err() != nil {
			return
		}
		n.conf.Log.Warn("the coordinator has not taken the profile", "error", err)
		if errors.As(err, &refused) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// retryEvery is the pause between two tries of something that waits for a peer.
const retryEvery = 500 * time.Millisecond

func signProfile(key *ecdsa.PrivateKey, d attest.Domain, p attest.ProfileStatement) (attest.SignedProfile, error) {
	signature, err := attest.Sign(p.Hash(d), key)
	if err != nil {
		return attest.SignedProfile{}, fmt.Errorf("sign profile: %w", err)
	}
	return attest.SignedProfile{Statement: p, NodeSig: signature}, nil
}

// forward hands a receipt to the coordinator; the worker repeats it until it is
// taken. A refusal is final, and repeating it would only be refused again.
func (n *Node) forward(ctx context.Context, r attest.SignedReceipt) error {
	to, err := n.coordinator()
	if err != nil {
		return err
	}
	err = intake.Submit(ctx, n.host, to, r)
	var refused *intake.Refusal
	if errors.As(err, &refused) {
		n.conf.Log.Error("the coordinator refused a receipt; it earns nothing", "task", r.Receipt.Task.Short(), "error", err)
		return nil
	}
	return err
}
