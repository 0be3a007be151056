package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/agent/device"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/score"
)

// voucherFile is where a node keeps its device's voucher, in its folder.
const voucherFile = "voucher.json"

// FirstBootConfig is what a machine needs that starts for the first time.
type FirstBootConfig struct {
	State    string   // folder of the node
	TPM      string   // see device.Open
	Voucher  string   // file of the vendor's voucher that somebody names: it must be there, and takes the place of what was kept
	Vouchers []string // files to look for it in else, where none was kept; the first that exists is taken
}

// FirstBoot is what a machine is after its first start.
type FirstBoot struct {
	Node         common.Address    `json:"node"`
	Peer         string            `json:"peer"`
	Trust        score.Trust       `json:"trust"`            // what it can reach: device with a TPM and a voucher, else software
	Why          string            `json:"why,omitempty"`    // no more than software
	Sealed       bool              `json:"sealed"`           // the node's key lies in no file that another machine could use
	Device       *attest.DeviceKey `json:"device,omitempty"` // absent without a TPM
	Endorsement  *common.Hash      `json:"endorsement,omitempty"`
	Manufacturer string            `json:"tpm_manufacturer,omitempty"`
	Vendor       *common.Address   `json:"vendor,omitempty"` // who vouches for the device; absent without a voucher
}

// RunFirstBoot gives a machine its identity: the TPM's, the node's key, sealed where there is
// a TPM, and the vendor's voucher where one was brought. It needs no network, and done again
// it changes nothing; on a disk that was wiped it makes a new node of the same device.
func RunFirstBoot(ctx context.Context, conf FirstBootConfig) (FirstBoot, error) {
	if err := makeState(conf.State); err != nil {
		return FirstBoot{}, err
	}
	chip, noTPM := device.Open(ctx, conf.TPM)
	if noTPM != nil && !errors.Is(noTPM, device.ErrNoTPM) {
		return FirstBoot{}, noTPM
	}
	key, sealed, err := firstKey(ctx, conf.State, chip)
	if err != nil {
		return FirstBoot{}, err
	}
	b := FirstBoot{Node: key.Address(), Peer: key.PeerID().String(), Trust: score.TrustSoftware, Sealed: sealed}
	if chip == nil {
		b.Why = noTPM.Error()
		return b, nil
	}
	facts := chip.Facts()
	endorsement := common.Hash(facts.Endorsement)
	b.Device, b.Endorsement, b.Manufacturer = &facts.Key, &endorsement, facts.Manufacturer
	voucher, err := takeVoucher(conf, facts)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.Why = "no vendor has vouched for this device; put its voucher beside the network file as voucher.json, or have its vendor send it to the coordinator"
	case err != nil:
		return b, err
	default:
		b.Trust, b.Vendor = score.TrustDevice, &voucher.Voucher.Vendor
	}
	return b, nil
}

// firstKey is the node's key: the one that there is, else a new one. chip is nil without a TPM.
func firstKey(ctx context.Context, state string, chip *device.TPM) (key *identity.Key, sealed bool, err error) {
	plain, err := hasKey(state, nodeKeyFile)
	if err != nil {
		return nil, false, err
	}
	stored, err := readSealed(state)
	switch {
	case err != nil:
		return nil, false, err
	case stored != nil && chip != nil:
		key, err = unsealKey(ctx, chip, *stored)
		return key, true, err
	case stored == nil && !plain && chip != nil:
		key, err = makeSealedKey(ctx, state, chip)
		return key, true, err
	}
	key, err = NodeKey(ctx, state, device.NoTPM)
	return key, false, err
}

// takeVoucher keeps the first voucher that was brought, if it is for this device. Whether its
// vendor counts is the network's to say.
func takeVoucher(conf FirstBootConfig, facts device.Facts) (attest.SignedDeviceVoucher, error) {
	places := append([]string{filepath.Join(conf.State, voucherFile)}, conf.Vouchers...)
	if conf.Voucher != "" {
		places = []string{conf.Voucher}
	}
	for _, path := range places {
		data, err := readBounded(path, attest.MaxDeviceVoucherBytes)
		if errors.Is(err, fs.ErrNotExist) && conf.Voucher == "" {
			continue
		}
		if err != nil {
			return attest.SignedDeviceVoucher{}, fmt.Errorf("read the voucher %s: %v; name the file that its vendor gave with --voucher", path, pathless(err))
		}
		voucher, err := attest.DecodeSignedDeviceVoucher(data)
		if err != nil {
			return voucher, fmt.Errorf("%s: %w; name the file that its vendor gave with `medhive node first-boot --voucher`", filepath.Base(path), err)
		}
		if voucher.Voucher.Device != facts.Key || voucher.Voucher.Endorsement != facts.Endorsement {
			return voucher, fmt.Errorf("%s is the voucher of another device (%s; this one is %s); bring the one that its vendor issued for it", filepath.Base(path), voucher.Voucher.Device.Short(), facts.Key.Short())
		}
		return voucher, keepVoucher(conf.State, voucher)
	}
	return attest.SignedDeviceVoucher{}, fs.ErrNotExist
}

// VoucherDigest is what the registry is to say of the voucher in a node's folder; zero where
// there is none.
func VoucherDigest(state string, n Network) ([32]byte, error) {
	data, err := readBounded(filepath.Join(state, voucherFile), attest.MaxDeviceVoucherBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return [32]byte{}, nil
	}
	if err != nil {
		return [32]byte{}, fmt.Errorf("read the voucher: %w", pathless(err))
	}
	voucher, err := attest.DecodeSignedDeviceVoucher(data)
	if err == nil {
		err = voucher.Verify(n.Domain())
	}
	if err != nil {
		return [32]byte{}, fmt.Errorf("%w; have its vendor issue one for this network", err)
	}
	return voucher.Voucher.Hash(n.Domain()), nil
}

// keepVoucher writes the voucher into a node's folder.
func keepVoucher(state string, voucher attest.SignedDeviceVoucher) error {
	data, err := json.MarshalIndent(voucher, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the voucher: %w", err)
	}
	return writeFileDurably(filepath.Join(state, voucherFile), append(data, '\n'), 0o644)
}
