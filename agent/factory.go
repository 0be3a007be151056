package agent

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/medhive/medhive/agent/device"
	"github.com/medhive/medhive/agent/vendor"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/enrolment"
)

// FactoryConfig says how a device is tried on the factory line.
type FactoryConfig struct {
	Doctor DoctorConfig // what a node needs of it; without its network
	TPM    string       // see device.Open
	Roots  string       // folder of the certificates (PEM or DER) of the TPM makers that the vendor trusts; empty: the certificate is not judged
}

// FactoryTest tries a device out: its TPM, by every command that a node will use, and all
// that a node needs of a machine but its network. It changes nothing on the device.
func FactoryTest(ctx context.Context, conf FactoryConfig) (Examination, error) {
	e := Examination{State: CheckOK}
	e.add(checkChip(ctx, conf)...)
	engine, trials := checkEngine(ctx, conf.Doctor)
	e.add(engine...)
	e.add(checkReader(ctx, conf.Doctor.Reader))
	e.add(checkDevices(ctx, conf.Doctor, trials)...)
	e.add(checkPower(ctx, conf.Doctor)...)
	e.add(checkMemory())
	return e, ctx.Err()
}

// checkChip tries the TPM. Without one the rest of it is left out.
func checkChip(ctx context.Context, conf FactoryConfig) []Check {
	begun := time.Now()
	chip, err := device.Open(ctx, conf.TPM)
	if err != nil {
		return []Check{{Name: "tpm", State: CheckFail, What: "it was not opened", Cause: err.Error(), Fix: "fit a TPM 2.0, switch it on in the firmware, and run this as root"}}
	}
	facts := chip.Facts()
	return []Check{
		{Name: "tpm", State: CheckOK, What: fmt.Sprintf("%s, firmware %s, device %s, keys made in %d ms", facts.Manufacturer, facts.Firmware, facts.Key.Short(), time.Since(begun).Milliseconds())},
		checkCertificate(facts, conf.Roots),
		tried("activation", "the attestation key lies beside the endorsement key", func() error { return tryActivation(ctx, chip) }),
		tried("quote", "the attestation key signs what the TPM made, and that alone", func() error { return tryQuote(ctx, chip) }),
		tried("sealing", "a secret comes back from this TPM", func() error { return trySealing(ctx, chip) }),
	}
}

// tried is a check of the TPM that either works or not.
func tried(name, what string, try func() error) Check {
	begun := time.Now()
	if err := try(); err != nil {
		return Check{Name: name, State: CheckFail, What: "it does not work", Cause: err.Error(), Fix: "exchange the TPM, or update its firmware"}
	}
	return Check{Name: name, State: CheckOK, What: fmt.Sprintf("%s (%d ms)", what, time.Since(begun).Milliseconds())}
}

// errOtherAnswer says that the TPM gave something back that was never given to it.
var errOtherAnswer = errors.New("the TPM gave back something else")

func tryActivation(ctx context.Context, chip *device.TPM) error {
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return err
	}
	challenge, err := enrolment.Ask(chip.Facts().Keys(), secret)
	if err != nil {
		return err
	}
	answer, err := chip.Answer(ctx, challenge)
	if err == nil && !bytes.Equal(answer, secret[:]) {
		err = errOtherAnswer
	}
	return err
}

func tryQuote(ctx context.Context, chip *device.TPM) error {
	var data [32]byte
	if _, err := rand.Read(data[:]); err != nil {
		return err
	}
	quote, err := chip.Quote(ctx, data)
	if err != nil {
		return err
	}
	return quote.Verify(chip.Facts().Key, data)
}

func trySealing(ctx context.Context, chip *device.TPM) error {
	secret := []byte(rand.Text())
	sealed, err := chip.Seal(ctx, secret)
	if err != nil {
		return err
	}
	back, err := chip.Unseal(ctx, sealed)
	if err == nil && !bytes.Equal(back, secret) {
		err = errOtherAnswer
	}
	return err
}

// checkCertificate judges the endorsement certificate by the makers that the vendor trusts.
func checkCertificate(facts device.Facts, folder string) Check {
	c := Check{Name: "endorsement", State: CheckOK}
	if folder == "" {
		c.State, c.What = CheckWarn, "the TPM's certificate was not judged"
		c.Cause, c.Fix = "no maker's root was named", "name the folder of their certificates with --roots"
		return c
	}
	roots, err := makerRoots(folder)
	if err == nil {
		err = facts.VerifyCertificate(roots, roots, time.Now())
	}
	if err != nil {
		c.State, c.What, c.Cause = CheckFail, "the TPM is not shown to be a real one", err.Error()
		c.Fix = "add its maker's root and intermediate certificates to the folder of --roots, or exchange the TPM"
		return c
	}
	c.What = "its certificate leads to a maker that is trusted"
	return c
}

// Bounds of a folder of certificates.
const (
	maxRoots     = 1000
	maxRootBytes = 1 << 20
)

// makerRoots reads every certificate of a folder. Intermediate ones may lie among the roots:
// whoever is in the folder is trusted.
func makerRoots(folder string) (*x509.CertPool, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read the makers' certificates: %w", pathless(err))
	}
	pool, found := x509.NewCertPool(), 0
	for _, entry := range entries[:min(len(entries), maxRoots)] {
		data, err := readBounded(filepath.Join(folder, entry.Name()), maxRootBytes)
		if err != nil {
			return nil, fmt.Errorf("read the makers' certificates: %w", pathless(err))
		}
		if pool.AppendCertsFromPEM(data) {
			found++
		} else if certificate, err := x509.ParseCertificate(data); err == nil {
			pool.AddCert(certificate)
			found++
		}
	}
	if found == 0 {
		return nil, fmt.Errorf("the folder of the makers' certificates holds none: %w", fs.ErrNotExist)
	}
	return pool, nil
}

// ExportDevice is what the vendor enters of this machine. An empty serial is the firmware's.
func ExportDevice(ctx context.Context, tpm, serial string) (vendor.Export, error) {
	chip, err := device.Open(ctx, tpm)
	if err != nil {
		return vendor.Export{}, err
	}
	if serial == "" {
		if serial, err = firmwareSerial(); err != nil {
			return vendor.Export{}, err
		}
	}
	f := chip.Facts()
	e := vendor.Export{Serial: serial, Device: f.Key, Endorsement: f.Endorsement, EndorsementKey: f.EndorsementKey, AttestationKey: f.AttestationKey,
		Certificate: f.Certificate, Manufacturer: f.Manufacturer, Firmware: f.Firmware}
	return e, e.Validate()
}

// serialPath is where Linux tells the serial number that the maker wrote into the firmware.
const serialPath = "/sys/class/dmi/id/product_serial"

func firmwareSerial() (string, error) {
	data, err := os.ReadFile(serialPath)
	serial := string(bytes.TrimSpace(data))
	if err != nil || serial == "" {
		return "", fmt.Errorf("the firmware tells no serial number (%w); name it with --serial", errors.Join(pathless(err), errors.New("or it is empty")))
	}
	return serial, nil
}

// VerifyExport judges the certificate of an exported device, as the factory test does.
func VerifyExport(e vendor.Export, folder string) error {
	roots, err := makerRoots(folder)
	if err != nil {
		return err
	}
	return device.Facts{EndorsementKey: e.EndorsementKey, Certificate: e.Certificate}.VerifyCertificate(roots, roots, time.Now())
}

// VendorNetwork is the network that a vendor's statements are for.
func VendorNetwork(n Network) vendor.Network {
	return vendor.Network{ChainID: n.Contracts.ChainID, Registry: n.Contracts.Registry, Domain: n.Domain()}
}

// TellVendor brings what a vendor signed to the coordinator.
func TellVendor(ctx context.Context, n Network, reach Reach, vouchers []attest.SignedDeviceVoucher, revocations []attest.SignedDeviceRevocation) error {
	peers, err := n.Peers()
	if err != nil {
		return err
	}
	if len(peers) == 0 {
		return errors.New("the network file names no coordinator; add one, or leave out --send and bring the file to the device")
	}
	source, err := dialSource(ctx, peers, reach.SwarmKey, nil)
	if err != nil {
		return err
	}
	defer source.close()
	for _, v := range vouchers {
		if err := enrolment.Offer(ctx, source.host, source.id, v); err != nil {
			return err
		}
	}
	for _, r := range revocations {
		if err := enrolment.Revoke(ctx, source.host, source.id, r); err != nil {
			return err
		}
	}
	return nil
}
