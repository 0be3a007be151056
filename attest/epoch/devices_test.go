package epoch

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/google/go-tpm/tpm2"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
)

// chip is an attestation key outside a TPM: the same name, the same device.
func (w *world) chip(name string) (*ecdsa.PrivateKey, attest.DeviceKey) {
	seed := sha256.Sum256([]byte("chip " + name))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	w.must(err)
	point, err := key.PublicKey.Bytes()
	w.must(err)
	return key, attest.DeviceKey(point[1:])
}

// voucher is a vendor's word for a device.
func (w *world) voucher(vendor, chip string, expires time.Time) attest.SignedDeviceVoucher {
	_, device := w.chip(chip)
	v := attest.DeviceVoucher{Vendor: w.party(vendor), Endorsement: sha256.Sum256([]byte(chip)), Device: device, IssuedAt: w.start.AddDate(-1, 0, 0), ExpiresAt: expires}
	return attest.SignedDeviceVoucher{Voucher: v, VendorSig: w.sign(v.Hash(testDomain), v.Vendor)}
}

// proof is what a node and a device say together.
func (w *world) proof(node, chip string, voucher attest.SignedDeviceVoucher, at time.Time) attest.SignedDeviceProof {
	p := attest.DeviceProof{Node: w.party(node), Voucher: voucher.Voucher.Hash(testDomain), Nonce: sha256.Sum256([]byte(node)), AskedAt: at}
	digest := p.Hash(testDomain)
	attested := tpm2.Marshal(tpm2.TPMSAttest{
		Magic: tpm2.TPMGeneratedValue, Type: tpm2.TPMSTAttestQuote, ExtraData: tpm2.TPM2BData{Buffer: digest[:]},
		Attested: tpm2.NewTPMUAttest(tpm2.TPMSTAttestQuote, &tpm2.TPMSQuoteInfo{}),
	})
	key, _ := w.chip(chip)
	sum := sha256.Sum256(attested)
	der, err := key.Sign(nil, sum[:], crypto.SHA256)
	w.must(err)
	var parts struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(der, &parts)
	w.must(err)
	s := attest.SignedDeviceProof{Proof: p, Voucher: voucher, Quote: attest.Quote{Attested: attested}, NodeSig: w.sign(digest, p.Node)}
	parts.R.FillBytes(s.Quote.Sig[:32])
	parts.S.FillBytes(s.Quote.Sig[32:])
	return s
}

func (w *world) revocation(vendor string, voucher attest.SignedDeviceVoucher) attest.SignedDeviceRevocation {
	r := attest.DeviceRevocation{Vendor: w.party(vendor), Voucher: voucher.Voucher.Hash(testDomain), At: w.start}
	return attest.SignedDeviceRevocation{Revocation: r, VendorSig: w.sign(r.Hash(testDomain), r.Vendor)}
}

// vouched is an epoch in which ann and eve stand in the registry with vouchers, and ann has
// proved her device. Its end is where the proof is young.
func (w *world) vouched() (Inputs, attest.SignedDeviceVoucher) {
	in := w.inputs()
	in.From, in.To = uint64(w.start.Unix())-600, uint64(w.start.Unix())
	voucher := w.voucher("acme", "box 1", time.Time{})
	in.Vendors = []common.Address{w.party("acme")}
	in.Registrations[0].Voucher = voucher.Voucher.Hash(testDomain)
	in.Registrations[2].Voucher = voucher.Voucher.Hash(testDomain)
	in.Devices = []attest.SignedDeviceProof{w.proof("ann", "box 1", voucher, w.start.Add(-time.Hour))}
	return in, voucher
}

func TestDevicesRaiseTrust(t *testing.T) {
	w := newWorld(t)
	end := w.start
	for name, c := range map[string]struct {
		alter func(in *Inputs, voucher attest.SignedDeviceVoucher)
		want  string // whose device counts; empty: nobody's
	}{
		"proved":              {func(*Inputs, attest.SignedDeviceVoucher) {}, "ann"},
		"no proof":            {func(in *Inputs, _ attest.SignedDeviceVoucher) { in.Devices = nil }, ""},
		"no vendor counts":    {func(in *Inputs, _ attest.SignedDeviceVoucher) { in.Vendors = nil }, ""},
		"another vendor":      {func(in *Inputs, _ attest.SignedDeviceVoucher) { in.Vendors[0] = w.party("else") }, ""},
		"not in the registry": {func(in *Inputs, _ attest.SignedDeviceVoucher) { in.Registrations[0].Voucher = common.Hash{} }, ""},
		"another voucher in the registry": {func(in *Inputs, _ attest.SignedDeviceVoucher) {
			in.Registrations[0].Voucher[0]++
		}, ""},
		"not active": {func(in *Inputs, _ attest.SignedDeviceVoucher) { in.Registrations[0].Active = false }, ""},
		"revoked": {func(in *Inputs, v attest.SignedDeviceVoucher) {
			in.Revoked = []attest.SignedDeviceRevocation{w.revocation("acme", v)}
		}, ""},
		"revoked by another vendor": {func(in *Inputs, v attest.SignedDeviceVoucher) {
			in.Vendors = append(in.Vendors, w.party("else"))
			in.Revoked = []attest.SignedDeviceRevocation{w.revocation("else", v)}
		}, "ann"},
		"proved long ago": {func(in *Inputs, v attest.SignedDeviceVoucher) {
			in.Devices[0] = w.proof("ann", "box 1", v, end.Add(-DeviceProofLife-time.Millisecond))
		}, ""},
		"proved just long enough ago": {func(in *Inputs, v attest.SignedDeviceVoucher) {
			in.Devices[0] = w.proof("ann", "box 1", v, end.Add(-DeviceProofLife))
		}, "ann"},
		"proved far ahead of the chain": {func(in *Inputs, v attest.SignedDeviceVoucher) {
			in.Devices[0] = w.proof("ann", "box 1", v, end.Add(DeviceProofLife+time.Second))
		}, ""},
		"expired": {func(in *Inputs, _ attest.SignedDeviceVoucher) {
			v := w.voucher("acme", "box 1", end.Add(-time.Second))
			in.Registrations[0].Voucher = v.Voucher.Hash(testDomain)
			in.Devices[0] = w.proof("ann", "box 1", v, end.Add(-time.Hour))
		}, ""},
		"not expired yet": {func(in *Inputs, _ attest.SignedDeviceVoucher) {
			v := w.voucher("acme", "box 1", end)
			in.Registrations[0].Voucher = v.Voucher.Hash(testDomain)
			in.Devices[0] = w.proof("ann", "box 1", v, end.Add(-time.Hour))
		}, "ann"},
		"one device behind two nodes, the last counts": {func(in *Inputs, v attest.SignedDeviceVoucher) {
			in.Devices = append(in.Devices, w.proof("eve", "box 1", v, end.Add(-time.Minute)))
		}, "eve"},
		"one device behind two nodes, the first came later": {func(in *Inputs, v attest.SignedDeviceVoucher) {
			in.Devices = append(in.Devices, w.proof("eve", "box 1", v, end.Add(-2*time.Hour)))
		}, "ann"},
	} {
		t.Run(name, func(t *testing.T) {
			in, voucher := w.vouched()
			c.alter(&in, voucher)
			b, err := Build(in, State{})
			if err != nil {
				t.Fatal(err)
			}
			for _, node := range []string{"ann", "eve"} {
				want := score.TrustSoftware
				if node == c.want {
					want = score.TrustDevice
				}
				if got := w.line(b, node).Trust; got != want {
					t.Errorf("%s has trust %s, want %s", node, got, want)
				}
			}
			dir := filepath.Join(t.TempDir(), "1")
			w.must(b.Write(dir))
			if found, err := Verify(dir); err != nil || len(found) > 0 {
				t.Errorf("the epoch does not recompute: %v, %v", found, err)
			}
		})
	}
}

// TestADeviceEarnsMore: the trust of a device is worth something, which is what a vendor sells.
func TestADeviceEarnsMore(t *testing.T) {
	w := newWorld(t)
	in, _ := w.vouched()
	with := w.line(w.build(in, State{}), "ann")
	in.Devices = nil
	without := w.line(w.build(in, State{}), "ann")
	if with.Factors.N != without.Factors.N+score.One/4 {
		t.Errorf("n is %s with the device and %s without; trust is half of it, and a device the half of that", with.Factors.N, without.Factors.N)
	}
}

// TestDeviceEvidenceIsChecked: a coordinator can't raise a node's trust by words alone.
func TestDeviceEvidenceIsChecked(t *testing.T) {
	w := newWorld(t)
	for name, alter := range map[string]func(in *Inputs){
		"a quote that is altered":   func(in *Inputs) { in.Devices[0].Quote.Attested[20] ^= 1 },
		"a time that is altered":    func(in *Inputs) { in.Devices[0].Proof.AskedAt = w.start },
		"a voucher that is altered": func(in *Inputs) { in.Devices[0].Voucher.Voucher.ExpiresAt = w.start },
		"a proof twice":             func(in *Inputs) { in.Devices = append(in.Devices, in.Devices[0]) },
		"a revocation that the vendor has not signed": func(in *Inputs) {
			r := w.revocation("acme", in.Devices[0].Voucher)
			r.VendorSig[3]++
			in.Revoked = []attest.SignedDeviceRevocation{r}
		},
	} {
		in, _ := w.vouched()
		alter(&in)
		if _, err := Build(in, State{}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	in, _ := w.vouched()
	b := w.build(in, State{})
	b.Inputs.Devices = nil // published without its evidence
	dir := filepath.Join(t.TempDir(), "1")
	w.must(b.Write(dir))
	found, err := Verify(dir)
	if err != nil || !slices.ContainsFunc(found, func(d Difference) bool { return strings.Contains(d.Where, "trust") }) {
		t.Errorf("trust without evidence is not noticed: %v, %v", found, err)
	}
}

// TestInputsWithoutDevicesKeepTheirBytes: epochs from before devices counted have the hash
// that was published.
func TestInputsWithoutDevicesKeepTheirBytes(t *testing.T) {
	data, err := newWorld(t).inputs().canonical().encode()
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"vendors", "devices", "revoked"} {
		if _, stands := keys[word]; stands {
			t.Errorf("%q stands in inputs that have none", word)
		}
	}
	if bytes.Contains(keys["registrations"], []byte("voucher")) {
		t.Error("vouchers stand in rows that have none")
	}
	in, _ := newWorld(t).vouched()
	text, err := in.canonical().encode()
	if err != nil {
		t.Fatal(err)
	}
	var back Inputs
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	again, err := back.canonical().encode()
	if err != nil || !bytes.Equal(again, text) {
		t.Fatalf("inputs with devices come back differently: %v", err)
	}
}

// TestADeviceStandsBehindOneNode: whatever is claimed, no two nodes share a device, and only
// nodes with a proof have one.
func TestADeviceStandsBehindOneNode(t *testing.T) {
	w := newWorld(t)
	voucher := w.voucher("acme", "box 1", time.Time{})
	names := []string{"ann", "ben", "eve"}
	rapid.Check(t, func(t *rapid.T) {
		in := w.inputs()
		in.To = uint64(w.start.Unix())
		in.Vendors = []common.Address{w.party("acme")}
		for i, name := range names {
			if rapid.Bool().Draw(t, "vouched") {
				in.Registrations[i].Voucher = voucher.Voucher.Hash(testDomain)
			}
			in.Registrations[i].Active = rapid.Bool().Draw(t, "active")
			if rapid.Bool().Draw(t, "proved") {
				at := w.start.Add(time.Duration(rapid.Int64Range(-2, 2).Draw(t, "at")) * DeviceProofLife / 2)
				in.Devices = append(in.Devices, attest.SignedDeviceProof{Proof: attest.DeviceProof{Node: w.party(name), Voucher: voucher.Voucher.Hash(testDomain), AskedAt: at}, Voucher: voucher})
			}
		}
		trusted := in.canonical()
		nodes := (&trusted).devices()
		if len(nodes) > 1 {
			t.Fatalf("one device stands behind %d nodes", len(nodes))
		}
		for node := range nodes {
			if !slices.ContainsFunc(in.Devices, func(d attest.SignedDeviceProof) bool { return d.Proof.Node == node }) {
				t.Fatal("a node without a proof has a device")
			}
		}
	})
}

func TestCompareRegistrationsWithVouchers(t *testing.T) {
	w := newWorld(t)
	rows, _ := w.vouched()
	want := rows.Registrations
	none := slices.Clone(want)
	for i := range none {
		none[i].Voucher = common.Hash{}
	}
	if found := CompareRegistrations(want, none); len(found) > 0 {
		t.Errorf("rows from before devices counted differ: %v", found)
	}
	if found := CompareRegistrations(want, want); len(found) > 0 {
		t.Errorf("the same rows differ: %v", found)
	}
	for name, alter := range map[string]func(r []Registration){
		"another voucher": func(r []Registration) { r[0].Voucher[5]++ },
		"one left out":    func(r []Registration) { r[0].Voucher = common.Hash{} },
	} {
		got := slices.Clone(want)
		alter(got)
		if found := CompareRegistrations(want, got); len(found) != 1 {
			t.Errorf("%s: %v", name, found)
		}
	}
}
