package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/agent/device"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/enrolment"
)

const (
	// hereEvery is how often a node tells that it lives; two machines with one key are
	// noticed after two of them.
	hereEvery = 5 * time.Minute
	// proveEvery is how often a node shows its device: often enough that a coordinator
	// which is away for days costs no trust, see epoch.DeviceProofLife.
	proveEvery = 12 * time.Hour
	// proveAgain is the pause after a try that did not reach the coordinator.
	proveAgain = time.Minute
	// findVoucherIn bounds a look for the device's voucher before the node is registered.
	findVoucherIn = 10 * time.Second
)

// NodeDevice is what a node can show of the machine that it runs on.
type NodeDevice struct {
	Device   attest.DeviceKey `json:"device"`
	Vendor   *common.Address  `json:"vendor,omitempty"`   // who vouches for it; absent: nobody
	ProvedAt time.Time        `json:"proved_at,omitzero"` // when the coordinator took the newest proof
	Why      string           `json:"why,omitempty"`      // it is not trusted as a device
}

// nodeDevice is the device of a running node.
type nodeDevice struct {
	chip    *device.TPM // nil without a TPM
	voucher *attest.SignedDeviceVoucher
	unfit   error  // what lies here as the voucher is none of this device and network
	life    string // names this process

	mu     sync.Mutex // guards what follows
	proved time.Time
	why    string
}

// openDevice finds the machine's TPM and its voucher. A machine without one is no fault: it
// is trusted less.
func openDevice(ctx context.Context, conf NodeConfig) (*nodeDevice, error) {
	d := &nodeDevice{life: rand.Text()}
	chip, err := device.Open(ctx, conf.TPM)
	if errors.Is(err, device.ErrNoTPM) {
		conf.Log.Debug("this node has a key in a file alone", "reason", err)
		return d, nil
	}
	if err != nil {
		if conf.TPM != "" {
			return nil, err
		}
		conf.Log.Warn("the machine's TPM can't be used; this node has a key in a file alone", "error", err)
		return d, nil
	}
	d.chip = chip
	data, err := readBounded(filepath.Join(conf.State, voucherFile), attest.MaxDeviceVoucherBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the device's voucher: %w", pathless(err))
	}
	voucher, err := attest.DecodeSignedDeviceVoucher(data)
	if err != nil {
		return nil, fmt.Errorf("read the device's voucher: %w; remove %s, or bring the right one with `medhive node first-boot --voucher`", err, voucherFile)
	}
	if d.unfit = d.fits(voucher, conf.Network); d.unfit != nil {
		conf.Log.Warn("the voucher of this device does not count", "reason", d.unfit)
		return d, nil
	}
	d.voucher = &voucher
	return d, nil
}

// fits says why a voucher is none of this device on this network; nil if it is one.
func (d *nodeDevice) fits(v attest.SignedDeviceVoucher, n Network) error {
	facts := d.chip.Facts()
	if v.Voucher.Device != facts.Key || v.Voucher.Endorsement != facts.Endorsement {
		return fmt.Errorf("%s is of device %s, and this one is %s; bring the right one with `medhive node first-boot --voucher`", voucherFile, v.Voucher.Device.Short(), facts.Key.Short())
	}
	if err := v.Verify(n.Domain()); err != nil {
		return fmt.Errorf("%s is not of this network: %w; have its vendor issue one for it, and bring that with `medhive node first-boot --voucher`", voucherFile, err)
	}
	return nil
}

// digest is what the registry is to say of the voucher; zero without one.
func (d *nodeDevice) digest(domain attest.Domain) [32]byte {
	if d == nil || d.voucher == nil {
		return [32]byte{}
	}
	return d.voucher.Voucher.Hash(domain)
}

// find asks the coordinator for the device's voucher, which a vendor may have sent there, and
// keeps it. A node is registered once, with the voucher that it then has.
func (d *nodeDevice) find(ctx context.Context, h host.Host, coordinator peer.ID, conf NodeConfig) error {
	voucher, err := enrolment.Find(ctx, h, coordinator, d.chip.Facts().Key)
	if err != nil {
		return err
	}
	if err := d.takes(voucher, conf.Network); err != nil {
		return err
	}
	if err := keepVoucher(conf.State, voucher); err != nil {
		return err
	}
	d.voucher, d.unfit = &voucher, nil
	return nil
}

// takes says why a voucher that a coordinator gave is not taken: the node would be registered
// with it for good. nil if it is.
func (d *nodeDevice) takes(v attest.SignedDeviceVoucher, n Network) error {
	if !slices.Contains(n.Vendors, v.Voucher.Vendor) {
		return fmt.Errorf("the coordinator gave a voucher of %s, which the network file does not name as a vendor", v.Voucher.Vendor)
	}
	return d.fits(v, n)
}

// findVoucher is find for a node that is not registered yet and so has no host; without an
// answer it is registered without a voucher.
func (d *nodeDevice) findVoucher(ctx context.Context, conf NodeConfig) {
	if d == nil || d.chip == nil || d.voucher != nil || len(conf.Network.Vendors) == 0 {
		return
	}
	peers, err := conf.Network.Peers()
	if err != nil || len(peers) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, findVoucherIn)
	defer cancel()
	source, err := dialSource(ctx, peers, conf.Reach.SwarmKey, nil)
	if err == nil {
		err = d.find(ctx, source.host, source.id, conf)
		source.close()
	}
	if err != nil {
		conf.Log.Warn("this device's voucher was not found; the node is registered without one, and that stays", "device", d.chip.Facts().Key.Short(), "reason", err)
	}
}

// keepDevice tells the coordinator that this process lives, and shows it the device, until
// ctx ends.
func (n *Node) keepDevice(ctx context.Context) {
	prove, here := time.NewTimer(0), time.NewTicker(hereEvery)
	defer prove.Stop()
	defer here.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-prove.C:
			prove.Reset(n.proveDevice(ctx))
		case <-here.C:
			n.tellHere(ctx)
		}
	}
}

// tellHere says that this process lives.
func (n *Node) tellHere(ctx context.Context) {
	to, err := n.coordinator()
	if err != nil {
		return // told elsewhere
	}
	flags, err := enrolment.Here(ctx, n.host, to, n.device.life)
	if err != nil {
		n.conf.Log.Debug("the coordinator does not hear that this node lives", "error", err)
		return
	}
	n.warnOfDevice(flags)
}

// proveDevice shows the device and returns when to do so again.
func (n *Node) proveDevice(ctx context.Context) time.Duration {
	n.tellHere(ctx)
	d := n.device
	if d.chip == nil {
		return proveEvery
	}
	to, err := n.coordinator()
	if err != nil {
		return proveAgain
	}
	if d.voucher == nil {
		if err = enrolment.ErrNoVoucher; d.unfit != nil {
			err = &enrolment.Refusal{Text: d.unfit.Error()}
		}
	} else {
		prover := enrolment.Prover{Key: n.key, Domain: n.conf.Network.Domain(), Voucher: *d.voucher, Keys: d.chip.Facts().Keys(), Chip: d.chip}
		var flags []enrolment.Flag
		if flags, err = prover.Prove(ctx, n.host, to); err == nil {
			n.conf.Log.Info("the device is proved", "device", d.chip.Facts().Key.Short(), "vendor", d.voucher.Voucher.Vendor)
			n.noteDevice(time.Now(), "")
			n.warnOfDevice(flags)
			return proveEvery
		}
	}
	var refused *enrolment.Refusal
	switch {
	case errors.Is(err, enrolment.ErrNoVoucher):
		n.noteDevice(time.Time{}, err.Error())
		return proveEvery
	case errors.As(err, &refused):
		n.conf.Log.Warn("the device does not count", "reason", refused.Text)
		n.noteDevice(time.Time{}, refused.Text)
		return proveEvery
	case errors.Is(err, enrolment.ErrChip) && ctx.Err() == nil:
		n.conf.Log.Warn("the device was not proved", "error", err)
		n.noteDevice(time.Time{}, err.Error()+"; run `medhive vendor test` to see which of its commands fail")
		return hereEvery
	}
	n.conf.Log.Debug("the device was not shown", "error", err)
	return proveAgain
}

func (n *Node) noteDevice(proved time.Time, why string) {
	d := n.device
	d.mu.Lock()
	d.proved, d.why = proved, why
	d.mu.Unlock()
	var list []warning.Warning
	if why != "" && (d.voucher != nil || d.unfit != nil) {
		list = append(list, warning.Of(warning.DeviceUnproved, "", "this device is vouched for, but it does not count: %s", why))
	}
	n.warnings.Hold("device", list)
}

// warnOfDevice holds what the coordinator noticed of the node's key and device.
func (n *Node) warnOfDevice(flags []enrolment.Flag) {
	n.warnings.Hold("copies", copyWarnings(flags, true))
}

// copyWarnings are flags in words: to the node itself, or to who looks after many; pure.
func copyWarnings(flags []enrolment.Flag, own bool) (list []warning.Warning) {
	for _, f := range flags {
		subject, whose := "", "this node's key"
		if !own {
			subject, whose = f.Node.Hex(), "the key of node "+f.Node.Hex()
		}
		since := f.Since.UTC().Format(time.RFC3339)
		if f.Other != nil {
			list = append(list, warning.Of(warning.DeviceShared, subject, "the device of node %s also proved node %s (%s); it counts for the one that proved it last", f.Node, f.Other, since))
			continue
		}
		list = append(list, warning.Of(warning.KeyTwice, subject, "%s is used by two machines at once since %s: a disk was copied, or the key was stolen", whose, since))
	}
	return list
}

// status is the device as a person sees it; nil without one.
func (d *nodeDevice) status() *NodeDevice {
	if d == nil || d.chip == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &NodeDevice{Device: d.chip.Facts().Key, ProvedAt: d.proved, Why: d.why}
	if d.voucher != nil {
		s.Vendor = &d.voucher.Voucher.Vendor
	}
	return s
}
