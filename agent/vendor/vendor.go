// Package vendor is the bench of who builds devices: the key that vouches for them, the key
// that signs images, and the ledger of what was issued and taken back. In: what a device
// exports of itself on the factory line. Out: signed vouchers and revocations, signatures of
// images, and which serial number is which device, which nobody but the vendor knows. It
// speaks with no network and opens no TPM.
package vendor

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/enrolment"
	"github.com/medhive/medhive/attest/identity"
)

// The files of a bench.
const (
	keyFile       = "vendor.key"
	imageKeyFile  = "image.key"
	imagePublic   = "image.pub"
	ledgerFile    = "ledger.jsonl"
	lockFile      = "ledger.lock"
	maxLedgerLine = 16 << 10 // bytes
	maxLedger     = 1 << 30  // bytes: a few hundred thousand devices
)

// Bench is a vendor's folder.
type Bench struct {
	dir string
	key *identity.Key
}

// ErrNoBench says that there is no vendor here yet.
var ErrNoBench = errors.New("there is no vendor here; run `medhive vendor init` first")

// Init makes the bench in dir: both keys and an empty ledger. Done again it changes nothing.
func Init(dir string) (*Bench, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the vendor's folder: %w", err)
	}
	key, err := identity.LoadOrCreate(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, err
	}
	b := &Bench{dir, key}
	if err := b.locked(b.makeImageKey); err != nil {
		return nil, err
	}
	return b, nil
}

// Open opens a bench that Init made.
func Open(dir string) (*Bench, error) {
	key, err := identity.Load(filepath.Join(dir, keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoBench
	}
	return &Bench{dir, key}, err
}

// Address is the vendor's name: networks that take its vouchers list it.
func (b *Bench) Address() common.Address { return b.key.Address() }

// write makes a file, or puts it in place of what is there, durably and whole: who is cut off
// leaves no half of it.
func (b *Bench) write(name string, data []byte, mode fs.FileMode) error {
	file, err := os.CreateTemp(b.dir, "."+name+".*") // that nobody else may read
	if err != nil {
		return fmt.Errorf("write %s: %w", name, pathless(err))
	}
	defer os.Remove(file.Name()) // fails once renamed, as it should
	_, err = file.Write(data)
	err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(b.dir, name))
	}
	if err == nil {
		err = b.sync()
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, pathless(err))
	}
	return nil
}

// sync makes new names in the folder survive a power cut.
func (b *Bench) sync() error {
	folder, err := os.Open(b.dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// pathless is an error of the file system without its path.
func pathless(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// Export is what a device says of itself on the factory line. Only its vendor gets it.
type Export struct {
	Serial         string           `json:"serial"`
	Device         attest.DeviceKey `json:"device"`
	Endorsement    common.Hash      `json:"endorsement"` // SHA-256 of EndorsementKey
	EndorsementKey []byte           `json:"endorsement_key"`
	AttestationKey []byte           `json:"attestation_key"`
	Certificate    []byte           `json:"certificate,omitempty"` // of the endorsement key, DER
	Manufacturer   string           `json:"tpm_manufacturer"`
	Firmware       string           `json:"tpm_firmware"`
}

// Bounds of an export.
const (
	MaxExportBytes = 32 << 10
	maxSerial      = 64 // characters
)

// ReadExport is DecodeExport of a file.
func ReadExport(path string) (Export, error) {
	file, err := os.Open(path)
	if err != nil {
		return Export{}, fmt.Errorf("open the export: %w", pathless(err))
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxExportBytes+1))
	if err != nil {
		return Export{}, fmt.Errorf("read the export: %w", pathless(err))
	}
	return DecodeExport(data)
}

// DecodeExport reads an export and checks that it is whole: the hash and the device key are
// those of the keys in it.
func DecodeExport(data []byte) (e Export, err error) {
	if len(data) > MaxExportBytes {
		return e, fmt.Errorf("export has more than %d bytes; give what `medhive vendor export` wrote", MaxExportBytes)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&e); err != nil {
		return e, fmt.Errorf("export: %w; give what `medhive vendor export` wrote", err)
	}
	return e, e.Validate()
}

// Validate checks what DecodeExport checks.
func (e Export) Validate() error {
	if e.Serial == "" || len(e.Serial) > maxSerial || slices.ContainsFunc([]byte(e.Serial), func(c byte) bool { return c <= ' ' || c > '~' }) {
		return fmt.Errorf("export: serial %.20q; want 1 to %d characters without spaces, by --serial", e.Serial, maxSerial)
	}
	device, err := enrolment.DeviceKeyOf(e.AttestationKey)
	if err != nil {
		return fmt.Errorf("export of %s: %w", e.Serial, err)
	}
	if device != e.Device || sha256.Sum256(e.EndorsementKey) != e.Endorsement {
		return fmt.Errorf("export of %s: its keys are not those that it names; export the device again", e.Serial)
	}
	return nil
}

// Entry is a line of the ledger: a voucher that was issued, or one that was taken back.
type Entry struct {
	Serial     string                         `json:"serial"`
	Digest     common.Hash                    `json:"digest"` // of the voucher
	ChainID    uint64                         `json:"chain_id"`
	Registry   common.Address                 `json:"registry"`
	Voucher    *attest.SignedDeviceVoucher    `json:"voucher,omitempty"`
	Revocation *attest.SignedDeviceRevocation `json:"revocation,omitempty"`
}

// Network is which network a voucher is for.
type Network struct {
	ChainID  uint64
	Registry common.Address
	Domain   attest.Domain
}

// ErrVouched says that a device has a voucher already.
var ErrVouched = errors.New("it has a voucher already; take that one back first with `medhive vendor revoke`")

// Issue vouches for a device and enters it in the ledger, before the voucher leaves. A device
// has one voucher at a time on a network, and one serial number.
func (b *Bench) Issue(n Network, e Export, expires, now time.Time) (voucher attest.SignedDeviceVoucher, err error) {
	if err := e.Validate(); err != nil {
		return voucher, err
	}
	v := attest.DeviceVoucher{Vendor: b.Address(), Endorsement: e.Endorsement, Device: e.Device, IssuedAt: now.UTC().Truncate(time.Millisecond)}
	if !expires.IsZero() {
		v.ExpiresAt = expires.UTC().Truncate(time.Millisecond)
	}
	if err := v.Validate(); err != nil {
		return voucher, err
	}
	digest := v.Hash(n.Domain)
	sig, err := attest.Sign(digest, b.key.ECDSA())
	if err != nil {
		return voucher, err
	}
	voucher = attest.SignedDeviceVoucher{Voucher: v, VendorSig: sig}
	return voucher, b.enter(func(ledger []Entry) (Entry, error) {
		for _, old := range Live(ledger, n) {
			switch o := old.Voucher.Voucher; {
			case old.Serial == e.Serial:
				return Entry{}, fmt.Errorf("serial %s: %w", e.Serial, ErrVouched)
			case o.Device == e.Device || o.Endorsement == e.Endorsement:
				return Entry{}, fmt.Errorf("the TPM of serial %s is that of serial %s: %w", e.Serial, old.Serial, ErrVouched)
			}
		}
		return Entry{Serial: e.Serial, Digest: digest, ChainID: n.ChainID, Registry: n.Registry, Voucher: &voucher}, nil
	})
}

// Revoke takes back the live voucher of a serial number and enters that in the ledger. Done
// again it gives the same revocation, so that one which did not reach a coordinator can be
// sent once more.
func (b *Bench) Revoke(n Network, serial string, now time.Time) (revocation attest.SignedDeviceRevocation, err error) {
	err = b.enter(func(ledger []Entry) (Entry, error) {
		live := Live(ledger, n)
		at := slices.IndexFunc(live, func(e Entry) bool { return e.Serial == serial })
		if at < 0 {
			for _, old := range slices.Backward(ledger) {
				if old.Revocation != nil && old.Serial == serial && old.ChainID == n.ChainID && old.Registry == n.Registry {
					revocation = *old.Revocation
					return Entry{}, errEntered
				}
			}
			return Entry{}, fmt.Errorf("serial %s has no voucher on this network; see `medhive vendor list`", serial)
		}
		r := attest.DeviceRevocation{Vendor: b.Address(), Voucher: live[at].Digest, At: now.UTC().Truncate(time.Millisecond)}
		sig, err := attest.Sign(r.Hash(n.Domain), b.key.ECDSA())
		revocation = attest.SignedDeviceRevocation{Revocation: r, VendorSig: sig}
		return Entry{Serial: serial, Digest: live[at].Digest, ChainID: n.ChainID, Registry: n.Registry, Revocation: &revocation}, err
	})
	return revocation, err
}

// Live are the vouchers of a ledger that were issued for a network and not taken back.
func Live(ledger []Entry, n Network) (live []Entry) {
	for _, e := range ledger {
		switch {
		case e.ChainID != n.ChainID || e.Registry != n.Registry:
		case e.Voucher != nil:
			live = append(live, e)
		case e.Revocation != nil:
			live = slices.DeleteFunc(live, func(old Entry) bool { return old.Digest == e.Digest })
		}
	}
	return live
}

// Ledger is all that was issued and taken back, oldest first.
func (b *Bench) Ledger() (list []Entry, err error) {
	list, _, err = b.ledger()
	return list, err
}

// ledger is Ledger, and how many bytes its whole lines have. A line without its end was being
// written when this was cut off: nobody was told of it, and it does not count.
func (b *Bench) ledger() (list []Entry, whole int64, err error) {
	file, err := os.Open(filepath.Join(b.dir, ledgerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read the ledger: %w", pathless(err))
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, maxLedgerLine)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return list, whole, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("line %d of the ledger: %w; restore %s from its backup", len(list)+1, pathless(err), ledgerFile)
		}
		if whole += int64(len(line)); whole > maxLedger {
			return nil, 0, fmt.Errorf("the ledger has more than %d bytes; begin another bench", maxLedger)
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, 0, fmt.Errorf("line %d of the ledger: %w; restore %s from its backup", len(list)+1, err, ledgerFile)
		}
		list = append(list, e)
	}
}

// errEntered says that there is nothing to enter: it stands in the ledger.
var errEntered = errors.New("it stands in the ledger already")

// enter adds what make gives to the ledger, one process at a time and durably.
func (b *Bench) enter(make func(ledger []Entry) (Entry, error)) error {
	return b.locked(func() error { return b.append(make) })
}

// locked does something that no other process of this bench does at the same time.
func (b *Bench) locked(do func() error) (err error) {
	lock, err := os.OpenFile(filepath.Join(b.dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the vendor's folder: %w", pathless(err))
	}
	defer func() { err = errors.Join(err, lock.Close()) }() // closing gives the lock back
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock the vendor's folder: %w", err)
	}
	return do()
}

// append is enter; the lock is held.
func (b *Bench) append(make func(ledger []Entry) (Entry, error)) error {
	ledger, whole, err := b.ledger()
	if err != nil {
		return err
	}
	entry, err := make(ledger)
	if errors.Is(err, errEntered) {
		return nil
	}
	if err != nil {
		return err
	}
	line, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(b.dir, ledgerFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the ledger: %w", pathless(err))
	}
	err = file.Truncate(whole) // takes away a line that was cut off
	if err == nil {
		_, err = file.Write(append(line, '\n'))
	}
	if err := errors.Join(err, file.Sync(), file.Close(), b.sync()); err != nil {
		return fmt.Errorf("write the ledger: %w; make room, and try again", pathless(err))
	}
	return nil
}
