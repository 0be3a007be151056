package agent

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
	if err := n.resends.keep([]intake.Statement{{Profile: &statement}}); err != nil {
		n.conf.Log.Error("keep profile", "error", err)
	}
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		to, err := n.coordinator()
		if err == nil {
			err = intake.Submit(ctx, n.host, to, statement)
		}
		var refused *intake.Refusal
		if err == nil || ctx.Err() != nil {
			return
		}
		if errors.As(err, &refused) {
			n.conf.Log.Error("the coordinator refused the profile", "error", err)
			return
		}
		n.conf.Log.Log(ctx, retryLevel(pause), "the coordinator has not taken the profile, trying again", "pause", pause, "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// firstRetry and lastRetry bound the pauses, which double. At a start the first
// tries come before the coordinator is dialled; they are nobody's concern.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = time.Minute
	quietUntil = 4 * time.Second
)

func retryLevel(pause time.Duration) slog.Level {
	if pause < quietUntil {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

func signProfile(key *ecdsa.PrivateKey, d attest.Domain, p attest.ProfileStatement) (attest.SignedProfile, error) {
	signature, err := attest.Sign(p.Hash(d), key)
	if err != nil {
		return attest.SignedProfile{}, fmt.Errorf("sign profile: %w", err)
	}
	return attest.SignedProfile{Statement: p, NodeSig: signature}, nil
}

// keepStatements opens what is sent again to a coordinator that lost it.
func (n *Node) keepStatements(context.Context) (err error) {
	n.resends, err = openResends(n.db, func(ctx context.Context) (string, error) {
		to, err := n.coordinator()
		if err != nil {
			return "", err
		}
		return intake.Life(ctx, n.host, to)
	}, func(ctx context.Context, statements []intake.Statement) []error {
		to, err := n.coordinator()
		if err != nil {
			return slices.Repeat([]error{err}, len(statements))
		}
		return intake.SubmitAll(ctx, n.host, to, statements)
	}, n.conf.Log)
	return err
}

// forward hands a receipt to the coordinator; the worker repeats it until it is
// taken. A refusal is final, and repeating it would only be refused again.
func (n *Node) forward(ctx context.Context, r attest.SignedReceipt) error {
	to, err := n.coordinator()
	if err != nil {
		return err
	}
	if err := n.resends.keepReceipt(r); err != nil {
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
