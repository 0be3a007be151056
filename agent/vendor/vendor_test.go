package vendor

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aead.dev/minisign"
	"github.com/ethereum/go-ethereum/common"
	"github.com/google/go-tpm/tpm2"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/enrolment"
)

var network = Network{ChainID: 1337, Registry: common.HexToAddress("0xaa"), Domain: attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0xaa")}}

// exported is what the device of that name says of itself.
func exported(t testing.TB, serial, chip string) Export {
	t.Helper()
	seed := sha256.Sum256([]byte(chip))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	if err != nil {
		t.Fatal(err)
	}
	raw, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	attestation := enrolment.AttestationTemplate()
	attestation.Unique = tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{X: tpm2.TPM2BECCParameter{Buffer: raw[1:33]}, Y: tpm2.TPM2BECCParameter{Buffer: raw[33:]}})
	endorsement := tpm2.ECCEKTemplate
	endorsement.Unique = attestation.Unique
	e := Export{Serial: serial, EndorsementKey: tpm2.Marshal(endorsement), AttestationKey: tpm2.Marshal(attestation), Manufacturer: "TEST", Firmware: "1.0"}
	e.Endorsement = sha256.Sum256(e.EndorsementKey)
	if e.Device, err = enrolment.DeviceKeyOf(e.AttestationKey); err != nil {
		t.Fatal(err)
	}
	return e
}

func bench(t testing.TB) *Bench {
	t.Helper()
	b, err := Init(filepath.Join(t.TempDir(), "vendor"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestInitIsDoneOnce(t *testing.T) {
	b := bench(t)
	image, err := b.ImageKey()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Init(b.dir)
	if err != nil || again.Address() != b.Address() {
		t.Fatalf("another vendor: %v", err)
	}
	if key, err := again.ImageKey(); err != nil || key != image {
		t.Fatalf("another image key: %v", err)
	}
	for _, name := range []string{keyFile, imageKeyFile} {
		info, err := os.Stat(filepath.Join(b.dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNoBench) {
		t.Errorf("a bench where there is none: %v", err)
	}
}

// TestTheLedgerKnowsEachDevice: a device has one live voucher and one serial number, and what
// was signed can be read again.
func TestTheLedgerKnowsEachDevice(t *testing.T) {
	b, now := bench(t), time.UnixMilli(1_790_000_000_000)
	first, err := b.Issue(network, exported(t, "A1", "chip 1"), time.Time{}, now)
	if err != nil || first.Verify(network.Domain) != nil {
		t.Fatalf("%+v, %v", first, err)
	}
	ended, err := b.Issue(network, exported(t, "A2", "chip 2"), now.Add(time.Hour), now)
	if err != nil || !ended.Voucher.ExpiresAt.Equal(now.Add(time.Hour)) {
		t.Fatalf("%+v, %v", ended, err)
	}
	for name, e := range map[string]Export{
		"the same device again":        exported(t, "A1", "chip 1"),
		"another TPM under one serial": exported(t, "A1", "chip 3"),
		"one TPM under another serial": exported(t, "A3", "chip 1"),
	} {
		if _, err := b.Issue(network, e, time.Time{}, now); !errors.Is(err, ErrVouched) {
			t.Errorf("%s: %v", name, err)
		}
	}
	elsewhere := network
	elsewhere.ChainID, elsewhere.Domain.ChainID = 5, big.NewInt(5)
	if _, err := b.Issue(elsewhere, exported(t, "A1", "chip 1"), time.Time{}, now); err != nil {
		t.Errorf("on another network: %v", err)
	}
	revocation, err := b.Revoke(network, "A1", now)
	if err != nil || revocation.Verify(network.Domain) != nil || revocation.Revocation.Voucher != first.Voucher.Hash(network.Domain) {
		t.Fatalf("%+v, %v", revocation, err)
	}
	if again, err := b.Revoke(network, "A1", now.Add(time.Hour)); err != nil || again != revocation {
		t.Errorf("asked again it is %+v, %v; want the one that can be sent once more", again, err)
	}
	if _, err := b.Revoke(elsewhere, "A2", now); err == nil {
		t.Error("a voucher of another network is taken back")
	}
	if _, err := b.Issue(network, exported(t, "A1", "chip 3"), time.Time{}, now); err != nil {
		t.Errorf("a repaired device: %v", err)
	}
	ledger, err := b.Ledger()
	if err != nil || len(ledger) != 5 {
		t.Fatalf("%d entries, %v", len(ledger), err)
	}
	serials := []string{}
	for _, e := range Live(ledger, network) {
		serials = append(serials, e.Serial)
	}
	if !slices.Equal(serials, []string{"A2", "A1"}) {
		t.Errorf("live are %v", serials)
	}
}

// TestTheLedgerAfterAPowerCut: a line that was being written does not count, whatever there
// was of it, and the next one takes its place.
func TestTheLedgerAfterAPowerCut(t *testing.T) {
	now := time.UnixMilli(1_790_000_000_000)
	b := bench(t)
	if _, err := b.Issue(network, exported(t, "A1", "chip 1"), time.Time{}, now); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(b.dir, ledgerFile)
	line, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, len(line) / 2, len(line) - 1} { // the last lacks its newline alone
		if err := os.WriteFile(path, append(slices.Clone(line), line[:cut]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if ledger, err := b.Ledger(); err != nil || len(ledger) != 1 {
			t.Fatalf("cut off after %d bytes: %d entries, %v", cut, len(ledger), err)
		}
		if _, err := b.Issue(network, exported(t, "A2", "chip 2"), time.Time{}, now); err != nil {
			t.Fatalf("cut off after %d bytes: %v", cut, err)
		}
		if ledger, err := b.Ledger(); err != nil || len(ledger) != 2 || ledger[0].Serial != "A1" || ledger[1].Serial != "A2" {
			t.Fatalf("cut off after %d bytes, then issued: %+v, %v", cut, ledger, err)
		}
	}
	if err := os.WriteFile(path, append([]byte("{]\n"), line...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Ledger(); err == nil || !strings.Contains(err.Error(), "backup") {
		t.Errorf("a broken line in the middle: %v", err)
	}
}

// TestInitAfterAPowerCut: wherever making the image key was cut off, the next time both halves
// are one key's.
func TestInitAfterAPowerCut(t *testing.T) {
	b := bench(t)
	stale, err := bench(t).ImageKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, harm := range map[string]func(){
		"no public half":        func() { _ = os.Remove(filepath.Join(b.dir, imagePublic)) },
		"another's public half": func() { _ = os.WriteFile(filepath.Join(b.dir, imagePublic), []byte(stale+"\n"), 0o644) },
		"a torn public half":    func() { _ = os.WriteFile(filepath.Join(b.dir, imagePublic), []byte("untr"), 0o644) },
	} {
		harm()
		again, err := Init(b.dir)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		secret, err := again.imageKey()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		public, err := publicHalf(secret)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if text, err := again.ImageKey(); err != nil || text != public.String() {
			t.Errorf("%s: the halves are %s and %s, %v", name, text, public, err)
		}
	}
	if err := os.Remove(filepath.Join(b.dir, imageKeyFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(b.dir); err == nil || !strings.Contains(err.Error(), "backup") {
		t.Errorf("a vendor whose secret key is away gets another: %v", err)
	}
}

// TestTwoLinesOfAFactory: benches of one folder in several processes give a device one voucher.
func TestTwoLinesOfAFactory(t *testing.T) {
	b := bench(t)
	var issued sync.Map
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			own, err := Open(b.dir)
			if err != nil {
				t.Error(err)
				return
			}
			if v, err := own.Issue(network, exported(t, "A1", "chip 1"), time.Time{}, time.UnixMilli(1_790_000_000_000)); err == nil {
				issued.Store(v.VendorSig, true)
			} else if !errors.Is(err, ErrVouched) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	count := 0
	issued.Range(func(any, any) bool { count++; return true })
	if ledger, err := b.Ledger(); err != nil || count != 1 || len(ledger) != 1 {
		t.Fatalf("%d vouchers, %d entries, %v", count, len(ledger), err)
	}
}

func TestExportIsHeldTogether(t *testing.T) {
	good := exported(t, "A1", "chip 1")
	for name, alter := range map[string]func(e *Export){
		"no serial":            func(e *Export) { e.Serial = "" },
		"a serial with spaces": func(e *Export) { e.Serial = "A 1" },
		"an endless serial":    func(e *Export) { e.Serial = strings.Repeat("x", maxSerial+1) },
		"another device key":   func(e *Export) { e.Device = exported(t, "A1", "chip 2").Device },
		"another hash":         func(e *Export) { e.Endorsement[0]++ },
		"no attestation key":   func(e *Export) { e.AttestationKey = nil },
	} {
		e := good
		alter(&e)
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeExport(data); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	data, err := json.Marshal(good)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeExport(data); err != nil || got.Device != good.Device {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := DecodeExport(append(bytes.Repeat([]byte(" "), MaxExportBytes), data...)); err == nil {
		t.Error("an endless export is read")
	}
}

func TestSignImage(t *testing.T) {
	b, now := bench(t), time.UnixMilli(1_790_000_000_000)
	image := filepath.Join(t.TempDir(), "image")
	content := bytes.Repeat([]byte("block"), 1<<16)
	if err := os.WriteFile(image, content, 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := b.SignImage(image, now)
	if err != nil {
		t.Fatal(err)
	}
	text, err := b.ImageKey()
	if err != nil {
		t.Fatal(err)
	}
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	signature, err := os.ReadFile(path)
	if err != nil || !minisign.Verify(key, content, signature) {
		t.Fatalf("the signature does not hold: %v", err)
	}
	content[7]++
	if minisign.Verify(key, content, signature) {
		t.Error("an altered image is taken")
	}
	if err := os.Chmod(filepath.Join(b.dir, imageKeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignImage(image, now); err == nil {
		t.Error("a key that others can read signs")
	}
}

func FuzzDecodeExport(f *testing.F) {
	data, err := json.Marshal(exported(f, "A1", "chip 1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := DecodeExport(data)
		if err != nil {
			return
		}
		key, fault := enrolment.DeviceKeyOf(e.AttestationKey)
		if fault != nil || key != e.Device || sha256.Sum256(e.EndorsementKey) != e.Endorsement || len(e.Serial) == 0 || len(e.Serial) > maxSerial {
			t.Fatal("an export was taken that is not whole")
		}
	})
}
