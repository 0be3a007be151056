package agent

import (
	"context"
	"errors"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/enrolment"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/intake"
)

// enrolDevices takes vendors' vouchers and nodes' proofs of their devices, and hears which
// processes live.
func (c *Coordinator) enrolDevices(context.Context) (err error) {
	if c.deviceBook, err = enrolment.OpenBook(c.db, c.conf.Network.Domain()); err != nil {
		return err
	}
	c.devices, err = enrolment.NewServer(c.deviceBook, enrolment.Options{
		Vendors: c.conf.Network.Vendors,
		Admit: func(ctx context.Context, node common.Address) error {
			err := c.registry.admit(ctx, node)
			var refused *intake.Refusal
			if errors.As(err, &refused) {
				return &enrolment.Refusal{Text: refused.Text}
			}
			return err
		},
		Voucher: func(ctx context.Context, node common.Address) (common.Hash, error) {
			known, err := c.chain.Node(ctx, node)
			return known.Voucher, err
		},
		Log: c.conf.Log,
	})
	if err != nil {
		return err
	}
	c.devices.Start(c.host)
	return nil
}

// addDevices puts into an epoch's inputs what raises trust: whose vouchers count here, which
// devices proved themselves, and what was taken back.
func (c *Coordinator) addDevices(in *epoch.Inputs) (err error) {
	if len(c.conf.Network.Vendors) == 0 {
		return nil
	}
	in.Vendors = c.conf.Network.Vendors
	in.Devices, in.Revoked, err = c.deviceBook.Window(in.Registrations, time.Unix(int64(in.To), 0))
	return err
}
