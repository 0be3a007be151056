package agent

import (
	"context"
	"errors"
	"time"

	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/chain"
)

// Warnings is the coordinator's board.
func (c *Coordinator) Warnings() *warning.Board { return c.warnings }

// watchSelf keeps the board up to date until ctx ends.
func (c *Coordinator) watchSelf(ctx context.Context) {
	if c.notices != nil {
		c.loops.Go(func() { c.notices.Run(ctx) })
	}
	lookEvery(ctx, selfEvery, func(ctx context.Context) {
		c.look()
		c.warnings.Hold("chain", chainWarnings(ctx, c.chain, c.conf.Network.DevelopmentKeys != "", time.Now()))
	})
}

// look holds what the coordinator sees by itself, and lists everything that is up.
func (c *Coordinator) look() []warning.Warning {
	list := diskWarnings(c.conf.State)
	for _, alone := range peerWarnings(c.host) { // it is the one that others come to
		list = append(list, alone.As(warning.Caution).Do("wait for nodes and clinics; if there are some, look whether they reach the address that the network file names"))
	}
	if why := c.failure(); why != "" {
		list = append(list, warning.Of(warning.RoleFailed, "", "the coordinator can't go on: %s", why))
	}
	if c.devices != nil {
		list = append(list, copyWarnings(c.devices.Flags(), false)...)
	}
	c.warnings.Hold("coordinator", list)
	return c.warnings.List()
}

// warnOfEpoch holds how the newest epoch's end went; err is nil where it went well.
func (c *Coordinator) warnOfEpoch(err error) {
	var refusal *chain.Refusal
	switch {
	case err == nil:
		c.warnings.Hold("epoch", nil)
	case errors.As(err, &refusal):
		c.warnings.Hold("epoch", []warning.Warning{warning.Of(warning.EpochFails, "root", "the epoch is published, but its root is refused: %v", err)})
	default:
		c.warnings.Hold("epoch", []warning.Warning{warning.Of(warning.EpochFails, "", "closing the epoch failed: %v", err)})
	}
}
