package enrolment

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/google/go-tpm/tpm2"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
)

// factory is a coordinator's server, a vendor, and devices whose keys lie outside a TPM: what
// a TPM would read of a challenge, the test reads at the server.
type factory struct {
	t          *testing.T
	server     *Server
	book       *Book
	domain     attest.Domain
	vendor     *identity.Key
	now        time.Time
	registered map[common.Address]common.Hash
}

func newFactory(t *testing.T) *factory {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // a temporary file
	f := &factory{t: t, domain: attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0xaa")}, vendor: newKey(t), now: start, registered: map[common.Address]common.Hash{}}
	if f.book, err = OpenBook(db, f.domain); err != nil {
		t.Fatal(err)
	}
	f.server, err = NewServer(f.book, Options{
		Vendors: []common.Address{f.vendor.Address()},
		Admit: func(_ context.Context, node common.Address) error {
			if _, known := f.registered[node]; !known {
				return &Refusal{"not registered"}
			}
			return nil
		},
		Voucher: func(_ context.Context, node common.Address) (common.Hash, error) { return f.registered[node], nil },
		Now:     func() time.Time { return f.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.server.Close)
	return f
}

func newKey(t *testing.T) *identity.Key {
	t.Helper()
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// box is a device.
type box struct {
	key  *ecdsa.PrivateKey
	keys Keys
}

// box makes the device of that name.
func (f *factory) box(name string) box {
	f.t.Helper()
	point := func(label string) (*ecdsa.PrivateKey, tpm2.TPMUPublicID) {
		seed := sha256.Sum256([]byte(label + name))
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
		if err != nil {
			f.t.Fatal(err)
		}
		raw, err := key.PublicKey.Bytes()
		if err != nil {
			f.t.Fatal(err)
		}
		return key, tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{X: tpm2.TPM2BECCParameter{Buffer: raw[1:33]}, Y: tpm2.TPM2BECCParameter{Buffer: raw[33:]}})
	}
	endorsement, attestation := tpm2.ECCEKTemplate, AttestationTemplate()
	_, endorsement.Unique = point("endorsement")
	b := box{}
	b.key, attestation.Unique = point("attestation")
	b.keys = Keys{tpm2.Marshal(endorsement), tpm2.Marshal(attestation)}
	return b
}

// voucher is the vendor's for a box; alter may change it before it is signed.
func (f *factory) voucher(b box, alter func(v *attest.DeviceVoucher)) attest.SignedDeviceVoucher {
	f.t.Helper()
	device, err := DeviceKeyOf(b.keys.Attestation)
	if err != nil {
		f.t.Fatal(err)
	}
	v := attest.DeviceVoucher{Vendor: f.vendor.Address(), Endorsement: sha256.Sum256(b.keys.Endorsement), Device: device, IssuedAt: f.now}
	if alter != nil {
		alter(&v)
	}
	return attest.SignedDeviceVoucher{Voucher: v, VendorSig: f.sign(v.Hash(f.domain), f.vendor)}
}

func (f *factory) sign(hash [32]byte, key *identity.Key) attest.Signature {
	f.t.Helper()
	sig, err := attest.Sign(hash, key.ECDSA())
	if err != nil {
		f.t.Fatal(err)
	}
	return sig
}

// say is one request of a peer. A refusal is returned as an error.
func (f *factory) say(from *identity.Key, q request) (reply, error) {
	f.t.Helper()
	raw, err := json.Marshal(q)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.server.answer(f.t.Context(), from.PeerID(), raw)
}

// prove goes the whole way; alter may change the answer.
func (f *factory) prove(node *identity.Key, b box, v attest.SignedDeviceVoucher, alter func(q *request)) (reply, error) {
	f.t.Helper()
	asked, err := f.say(node, request{Kind: kindBegin, Voucher: &v, Keys: &b.keys})
	if err != nil {
		return reply{}, err
	}
	f.server.mu.Lock()
	secret := f.server.open[node.Address()].secret
	f.server.mu.Unlock()
	p := attest.DeviceProof{Node: node.Address(), Voucher: v.Voucher.Hash(f.domain), Nonce: asked.Nonce, AskedAt: time.UnixMilli(asked.AskedAtMS).UTC()}
	digest := p.Hash(f.domain)
	attested := tpm2.Marshal(tpm2.TPMSAttest{Magic: tpm2.TPMGeneratedValue, Type: tpm2.TPMSTAttestQuote, ExtraData: tpm2.TPM2BData{Buffer: digest[:]},
		Attested: tpm2.NewTPMUAttest(tpm2.TPMSTAttestQuote, &tpm2.TPMSQuoteInfo{})})
	sum := sha256.Sum256(attested)
	der, err := b.key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		f.t.Fatal(err)
	}
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &parts); err != nil {
		f.t.Fatal(err)
	}
	s := attest.SignedDeviceProof{Proof: p, Voucher: v, Quote: attest.Quote{Attested: attested}, NodeSig: f.sign(digest, node)}
	parts.R.FillBytes(s.Quote.Sig[:32])
	parts.S.FillBytes(s.Quote.Sig[32:])
	q := request{Kind: kindProve, Proof: &s, Secret: secret[:]}
	if alter != nil {
		alter(&q)
	}
	return f.say(node, q)
}

func TestADeviceEnrols(t *testing.T) {
	f := newFactory(t)
	node, b := newKey(t), f.box("1")
	v := f.voucher(b, nil)
	f.registered[node.Address()] = v.Voucher.Hash(f.domain)
	if r, err := f.say(newKey(t), request{Kind: kindFind, Device: &v.Voucher.Device}); err != nil || !r.Unknown {
		t.Fatalf("a voucher is known that nobody sent: %+v, %v", r, err)
	}
	if _, err := f.say(newKey(t), request{Kind: kindVoucher, Voucher: &v}); err != nil { // anybody may carry it
		t.Fatal(err)
	}
	if r, err := f.say(newKey(t), request{Kind: kindFind, Device: &v.Voucher.Device}); err != nil || r.Voucher == nil || *r.Voucher != v {
		t.Fatalf("found %+v, %v", r, err)
	}
	if r, err := f.prove(node, b, v, nil); err != nil || !r.Done || len(r.Flags) > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	rows := []epoch.Registration{{Node: node.Address(), Active: true, Voucher: v.Voucher.Hash(f.domain)}, {Node: newKey(t).Address(), Active: true}}
	devices, revoked, err := f.book.Window(rows, f.now.Add(time.Hour))
	if err != nil || len(devices) != 1 || len(revoked) != 0 || devices[0].Verify(f.domain) != nil {
		t.Fatalf("an epoch gets %v, %v, %v", devices, revoked, err)
	}
	if devices, _, err := f.book.Window(rows, f.now.Add(epoch.DeviceProofLife+time.Minute)); err != nil || len(devices) != 0 {
		t.Fatalf("an old proof goes into an epoch: %v, %v", devices, err)
	}
	r := attest.DeviceRevocation{Vendor: f.vendor.Address(), Voucher: v.Voucher.Hash(f.domain), At: f.now}
	taken := attest.SignedDeviceRevocation{Revocation: r, VendorSig: f.sign(r.Hash(f.domain), f.vendor)}
	if _, err := f.say(newKey(t), request{Kind: kindRevoke, Revocation: &taken}); err != nil {
		t.Fatal(err)
	}
	if _, revoked, err := f.book.Window(rows, f.now.Add(time.Hour)); err != nil || len(revoked) != 1 || revoked[0] != taken {
		t.Fatalf("an epoch gets %v, %v", revoked, err)
	}
	if _, err := f.prove(node, b, v, nil); err == nil || !strings.Contains(err.Error(), "took this voucher back") {
		t.Fatalf("a revoked device enrols: %v", err)
	}
}

func TestEnrolmentRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error
		want string
	}{
		"a vendor that doesn't count": {func(f *factory, node *identity.Key, b box, _ attest.SignedDeviceVoucher) error {
			other := newKey(f.t)
			v := f.voucher(b, func(v *attest.DeviceVoucher) { v.Vendor = other.Address() })
			v.VendorSig = f.sign(v.Voucher.Hash(f.domain), other)
			_, err := f.prove(node, b, v, nil)
			return err
		}, "does not count on this network"},
		"a voucher that the vendor did not sign": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			v.VendorSig = f.sign(v.Voucher.Hash(f.domain), newKey(f.t))
			_, err := f.say(node, request{Kind: kindVoucher, Voucher: &v})
			return err
		}, "signed by"},
		"a revocation that the vendor did not sign": {func(f *factory, node *identity.Key, _ box, v attest.SignedDeviceVoucher) error {
			r := attest.SignedDeviceRevocation{Revocation: attest.DeviceRevocation{Vendor: f.vendor.Address(), Voucher: v.Voucher.Hash(f.domain), At: f.now}}
			r.VendorSig = f.sign(r.Revocation.Hash(f.domain), newKey(f.t))
			_, err := f.say(node, request{Kind: kindRevoke, Revocation: &r})
			return err
		}, "signed by"},
		"a stranger": {func(f *factory, _ *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			_, err := f.prove(newKey(f.t), b, v, nil)
			return err
		}, "not registered"},
		"a node that was registered without a voucher": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			f.registered[node.Address()] = common.Hash{}
			_, err := f.prove(node, b, v, nil)
			return err
		}, "without a voucher"},
		"a node that was registered with another voucher": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			f.registered[node.Address()] = common.Hash{1}
			_, err := f.prove(node, b, v, nil)
			return err
		}, "another voucher"},
		"a voucher that ended": {func(f *factory, node *identity.Key, b box, _ attest.SignedDeviceVoucher) error {
			v := f.voucher(b, func(v *attest.DeviceVoucher) { v.ExpiresAt = v.IssuedAt.Add(time.Hour) })
			f.registered[node.Address()] = v.Voucher.Hash(f.domain)
			f.now = f.now.Add(2 * time.Hour)
			_, err := f.prove(node, b, v, nil)
			return err
		}, "the voucher ended"},
		"the keys of another device": {func(f *factory, node *identity.Key, _ box, v attest.SignedDeviceVoucher) error {
			_, err := f.prove(node, f.box("other"), v, nil)
			return err
		}, "another device"},
		"an endorsement key of another device": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			b.keys.Endorsement = f.box("other").keys.Endorsement
			_, err := f.prove(node, b, v, nil)
			return err
		}, "another device"},
		"a challenge that was not read": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			_, err := f.prove(node, b, v, func(q *request) { q.Secret[0]++ })
			return err
		}, "was not answered"},
		"no answer to the challenge": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			_, err := f.prove(node, b, v, func(q *request) { q.Secret = nil })
			return err
		}, "was not answered"},
		"an answer twice": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			var again request
			if _, err := f.prove(node, b, v, func(q *request) { again = *q }); err != nil {
				return err
			}
			_, err := f.say(node, again)
			return err
		}, "begin again"},
		"a late answer": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			_, err := f.prove(node, b, v, func(*request) { f.now = f.now.Add(askedFor + time.Second) })
			return err
		}, "begin again"},
		"another question's answer": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			_, err := f.prove(node, b, v, func(q *request) { q.Proof.Proof.Nonce[0]++ })
			return err
		}, "another question"},
		"another node's answer": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			_, err := f.prove(node, b, v, func(q *request) { q.Proof.Proof.Node = newKey(f.t).Address() })
			return err
		}, "another question"},
		"an altered quote": {func(f *factory, node *identity.Key, b box, v attest.SignedDeviceVoucher) error {
			_, err := f.prove(node, b, v, func(q *request) { q.Proof.Quote.Sig[4] ^= 1 })
			return err
		}, "not signed by device"},
		"something else": {func(f *factory, node *identity.Key, _ box, _ attest.SignedDeviceVoucher) error {
			_, err := f.say(node, request{Kind: "dance"})
			return err
		}, "not understood"},
		"an endless name": {func(f *factory, node *identity.Key, _ box, _ attest.SignedDeviceVoucher) error {
			_, err := f.say(node, request{Kind: kindHere, Life: strings.Repeat("x", maxLifeBytes+1)})
			return err
		}, "not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFactory(t)
			node, b := newKey(t), f.box("1")
			v := f.voucher(b, nil)
			f.registered[node.Address()] = v.Voucher.Hash(f.domain)
			err := c.do(f, node, b, v)
			var refused *Refusal
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want a refusal with %q", err, c.want)
			}
		})
	}
}

// TestOneDeviceBehindTwoNodesIsTold: a box that was set up anew proves a new node; both hear
// of it for a day, and the book knows which was last.
func TestOneDeviceBehindTwoNodesIsTold(t *testing.T) {
	f := newFactory(t)
	b, before, after := f.box("1"), newKey(t), newKey(t)
	v := f.voucher(b, nil)
	f.registered[before.Address()], f.registered[after.Address()] = v.Voucher.Hash(f.domain), v.Voucher.Hash(f.domain)
	if r, err := f.prove(before, b, v, nil); err != nil || len(r.Flags) > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	f.now = f.now.Add(time.Hour)
	r, err := f.prove(after, b, v, nil)
	if err != nil || len(r.Flags) != 1 || *r.Flags[0].Other != before.Address() {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := f.say(before, request{Kind: kindHere, Life: "x"}); err != nil || len(r.Flags) != 1 || *r.Flags[0].Other != after.Address() {
		t.Fatalf("the former node hears %+v, %v", r, err)
	}
	if flags := f.server.Flags(); len(flags) != 2 {
		t.Fatalf("the coordinator sees %v", flags)
	}
	f.now = f.now.Add(FlagLife + time.Minute)
	if r, err := f.prove(after, b, v, nil); err != nil || len(r.Flags) > 0 {
		t.Fatalf("a day later: %+v, %v", r, err)
	}
}

func TestTheBookKeepsTheNewestVoucher(t *testing.T) {
	f := newFactory(t)
	b := f.box("1")
	older := f.voucher(b, nil)
	f.now = f.now.Add(time.Hour)
	newer := f.voucher(b, nil)
	for _, order := range [][]attest.SignedDeviceVoucher{{older, newer}, {newer, older}} {
		for _, v := range order {
			if err := f.book.PutVoucher(t.Context(), v); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := f.book.Find(newer.Voucher.Device); err != nil || got != newer {
			t.Fatalf("found %+v, %v", got, err)
		}
	}
}

// TestWhatIsKnownIsNotWrittenAgain: anybody may bring a statement that was published, and has
// the disk do nothing by it.
func TestWhatIsKnownIsNotWrittenAgain(t *testing.T) {
	f := newFactory(t)
	v := f.voucher(f.box("1"), nil)
	r := attest.DeviceRevocation{Vendor: f.vendor.Address(), Voucher: v.Voucher.Hash(f.domain), At: f.now}
	taken := attest.SignedDeviceRevocation{Revocation: r, VendorSig: f.sign(r.Hash(f.domain), f.vendor)}
	statements := []request{{Kind: kindVoucher, Voucher: &v}, {Kind: kindRevoke, Revocation: &taken}}
	bring := func() (written int64) {
		stats := f.book.db.Stats()
		before := stats.TxStats.GetWrite()
		for _, q := range statements {
			if answer, err := f.say(newKey(t), q); err != nil || !answer.Done {
				t.Fatalf("%s: %+v, %v", q.Kind, answer, err)
			}
		}
		stats = f.book.db.Stats()
		return stats.TxStats.GetWrite() - before
	}
	if bring() == 0 {
		t.Fatal("nothing was written of what was new")
	}
	if n := bring(); n != 0 {
		t.Errorf("%d writes for what was known", n)
	}
}

func FuzzAsk(f *testing.F) {
	f.Add(tpm2.Marshal(tpm2.ECCEKTemplate), tpm2.Marshal(AttestationTemplate()))
	f.Add(tpm2.Marshal(tpm2.RSAEKTemplate), tpm2.Marshal(AttestationTemplate()))
	f.Fuzz(func(t *testing.T, endorsement, attestation []byte) {
		c, err := Ask(Keys{endorsement, attestation}, [32]byte{1})
		if err == nil && (len(c.Credential) > MaxChallengeBytes || len(c.Secret) > MaxChallengeBytes) {
			t.Fatal("a challenge is larger than its bound")
		}
		if public, err := Whole(endorsement); err == nil && !bytes.Equal(tpm2.Marshal(*public), endorsement) {
			t.Fatal("another form is read")
		}
	})
}
