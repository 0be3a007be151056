package compute

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/hwprobe/challenge"
)

// exam is one examination at the coordinator.
type exam struct {
	*Examiner
	target Target
	work   challenge.Work
	record attest.Examination

	stream    network.Stream
	roundTrip time.Duration
	failed    error // why it is not proved
	told      bool  // the outcome is on its way to the node
}

// errDeclined marks a node's answer that it does not begin.
var errDeclined = errors.New("the node did not begin")

// The times that a node may take for what costs it nothing.
const (
	pingTimeout = 3 * time.Second
	tellTimeout = 10 * time.Second
)

// limited runs step, and resets the stream when it takes longer than d or ctx ends.
func (s *exam) limited(ctx context.Context, d time.Duration, step func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		if s.stream != nil {
			_ = s.stream.Reset()
		}
	})
	defer stop()
	return step(ctx)
}

// prepare measures the way to the node and waits until it is ready.
func (s *exam) prepare(ctx context.Context) (err error) {
	pinging, cancel := context.WithTimeout(ctx, pingTimeout)
	if answer, ok := <-ping.Ping(pinging, s.host, s.target.Peer); ok && answer.Error == nil {
		s.roundTrip = answer.RTT
	}
	cancel()
	dialling, cancel := context.WithTimeout(ctx, s.opts.ReadyWithin)
	defer cancel()
	if s.stream, err = s.host.NewStream(network.WithAllowLimitedConn(dialling, "compute"), s.target.Peer, Protocol); err != nil {
		return fmt.Errorf("examine %s: %w", s.target.Node, err)
	}
	return s.limited(ctx, s.opts.ReadyWithin, func(context.Context) error {
		if err := send(s.stream, offer{ID: s.record.ID, Work: s.work, Profile: s.target.Claims.Profile}); err != nil {
			return err
		}
		return s.expectReady()
	})
}

// expectReady reads a reply, which must be ready.
func (s *exam) expectReady() error {
	var r reply
	if err := receive(s.stream, &r); err != nil {
		return fmt.Errorf("wait until %s is ready: %w", s.target.Node, err)
	}
	return r.err()
}

func (r reply) err() error {
	switch {
	case r.Ready:
		return nil
	case r.Reason == ReasonUnable:
		return fmt.Errorf("%w: %w", errDeclined, challenge.ErrUnable)
	}
	return fmt.Errorf("%w: %.20q", errDeclined, r.Reason)
}

// conduct goes from the seed to the verified opening.
func (s *exam) conduct(ctx context.Context) error {
	seed, err := s.word()
	if err != nil {
		return err
	}
	start := [32]byte{}
	limit := s.work.Within(s.target.Claims.TOPS, s.roundTrip)
	begun := s.opts.Now()
	if s.work.Kind == challenge.Memory {
		err := s.limited(ctx, limit, func(context.Context) error {
			return errors.Join(send(s.stream, word{seed}), s.expectReady())
		})
		if err != nil {
			return fmt.Errorf("fill the table at %s: %w", s.target.Node, err)
		}
		if start, err = s.word(); err != nil {
			return err
		}
		limit, begun = s.work.WalkWithin(s.opts.Bandwidth, s.roundTrip), s.opts.Now()
	}
	var answer attest.SignedCommitment
	err = s.limited(ctx, limit, func(context.Context) error {
		value := seed
		if s.work.Kind == challenge.Memory {
			value = start
		}
		if err := send(s.stream, word{value}); err != nil {
			return err
		}
		answer, err = s.commitment()
		return err
	})
	took := s.opts.Now().Sub(begun)
	if err == nil && took > limit {
		err = fmt.Errorf("it came after %v, the limit is %v", took, limit)
	}
	if err != nil {
		return fmt.Errorf("wait for the commitment of %s: %w", s.target.Node, err)
	}
	c := answer.Commitment
	if err := answer.Verify(s.opts.Domain); err != nil {
		return err
	}
	if c.Node != s.target.Node || c.Challenge != s.record.ID || c.Seed != seed || c.Work != s.record.Work || c.ProfileDigest != s.record.ProfileDigest {
		return fmt.Errorf("commitment of %s: it is to another examination: %w", s.target.Node, errDeclined)
	}
	s.record.Answer, s.record.TookMS = &answer, uint64(max(took.Milliseconds(), 1))
	return s.open(ctx, challenge.Seed(seed), start, challenge.Root(c.Root))
}

// commitment reads the node's, or that it is unable.
func (s *exam) commitment() (attest.SignedCommitment, error) {
	data, err := attest.ReadFrame(s.stream, attest.MaxCommitmentBytes)
	if err != nil {
		return attest.SignedCommitment{}, err
	}
	answer, err := attest.DecodeSignedCommitment(data)
	if err != nil {
		var r reply
		if decodeFrame(data, &r) == nil && !r.Ready {
			return answer, r.err()
		}
	}
	return answer, err
}

// open asks for what a fresh nonce picks, and verifies it.
func (s *exam) open(ctx context.Context, seed challenge.Seed, start [32]byte, root challenge.Root) error {
	nonce, err := s.word()
	if err != nil {
		return err
	}
	var opening []byte
	err = s.limited(ctx, challenge.OpenWithin, func(context.Context) error {
		if err := send(s.stream, word{nonce}); err != nil {
			return err
		}
		opening, err = attest.ReadFrame(s.stream, challenge.MaxOpening)
		return err
	})
	if err != nil {
		return fmt.Errorf("wait for the opening of %s: %w", s.target.Node, err)
	}
	select {
	case s.verify <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.verify }()
	return challenge.Verify(s.work, seed, start, root, nonce, opening)
}

// tell hands the node the signed outcome: on the examination's own stream where the node
// waits for it, else on a new one. A node that does not take it has lost nothing.
func (s *exam) tell(ctx context.Context) {
	signature, err := attest.Sign(s.record.Hash(s.opts.Domain), s.opts.Key)
	if err != nil {
		s.opts.Log.Error("sign the outcome of an examination", "error", err)
		return
	}
	outcome := attest.SignedExamination{Examination: s.record, CoordinatorSig: signature}
	// Wall clock: stream deadlines are the operating system's.
	deadline := time.Now().Add(tellTimeout)
	if s.failed == nil || errors.Is(s.failed, challenge.ErrFalse) {
		_ = s.stream.SetWriteDeadline(deadline)
		if err = send(s.stream, outcome); err == nil {
			s.told = true
			return
		}
	} else {
		err = s.notify(ctx, deadline, outcome)
	}
	if err != nil {
		s.opts.Log.Debug("the node did not take the outcome of its examination", "node", s.target.Node, "error", err)
	}
}

// notify sends the outcome to a node that is still connected.
func (s *exam) notify(ctx context.Context, deadline time.Time, outcome attest.SignedExamination) error {
	ctx, cancel := context.WithDeadline(network.WithNoDial(network.WithAllowLimitedConn(ctx, "compute"), "an outcome"), deadline)
	defer cancel()
	stream, err := s.host.NewStream(ctx, s.target.Peer, OutcomeProtocol)
	if err != nil {
		return err
	}
	_ = stream.SetWriteDeadline(deadline)
	if err := send(stream, outcome); err != nil {
		_ = stream.Reset()
		return err
	}
	return stream.Close()
}

// close ends the stream; what was sent still arrives.
func (s *exam) close() {
	if s.stream == nil {
		return
	}
	if s.told {
		_ = s.stream.Close()
		return
	}
	_ = s.stream.Reset()
}
