package device

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/medhive/medhive/attest/enrolment"
	"github.com/medhive/medhive/testdata/peers"
)

func open(t *testing.T, p *peers.TPM) *TPM {
	t.Helper()
	tpm, err := Open(t.Context(), p.Socket)
	if err != nil {
		t.Fatal(err)
	}
	return tpm
}

// TestADeviceIsItsTPM: whatever happens to the machine but the loss of its TPM, it has the
// same keys; another machine has others. What was sealed outlives a power cut and is wiped
// with the TPM.
func TestADeviceIsItsTPM(t *testing.T) {
	chip, other := peers.SoftwareTPM(t), peers.SoftwareTPM(t)
	first := open(t, chip)
	sealed, err := first.Seal(t.Context(), []byte("the node's key"))
	if err != nil {
		t.Fatal(err)
	}
	chip.Stop()
	chip.Start(t) // a power cut
	again := open(t, chip)
	if secret, err := again.Unseal(t.Context(), sealed); err != nil || string(secret) != "the node's key" {
		t.Fatalf("after a power cut: %q, %v", secret, err)
	}
	if again.Facts().Key != first.Facts().Key || again.Facts().Endorsement != first.Facts().Endorsement {
		t.Fatal("a power cut made another device")
	}
	err = again.use(t.Context(), func(tpm transport.TPM) error { // as the firmware's menu does it
		_, err := tpm2.Clear{AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHLockout, Auth: tpm2.PasswordAuth(nil)}}.Execute(tpm)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cleared := open(t, chip)
	if cleared.Facts().Key != first.Facts().Key {
		t.Fatal("clearing the TPM made another device")
	}
	if _, err := cleared.Unseal(t.Context(), sealed); !errors.Is(err, ErrOtherDevice) {
		t.Fatalf("clearing the TPM left what was sealed: %v", err)
	}
	stranger := open(t, other)
	if stranger.Facts().Key == first.Facts().Key || stranger.Facts().Endorsement == first.Facts().Endorsement {
		t.Fatal("two TPMs have one key")
	}
	if _, err := stranger.Unseal(t.Context(), sealed); !errors.Is(err, ErrOtherDevice) {
		t.Fatalf("another machine unseals: %v", err)
	}
	sealed.Device = stranger.Facts().Key // the file was altered to look like its own
	if _, err := stranger.Unseal(t.Context(), sealed); !errors.Is(err, ErrOtherDevice) {
		t.Fatalf("another machine unseals: %v", err)
	}
}

func TestQuoteIsOverOneStatement(t *testing.T) {
	tpm := open(t, peers.SoftwareTPM(t))
	data := sha256.Sum256([]byte("a statement"))
	quote, err := tpm.Quote(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	if err := quote.Verify(tpm.Facts().Key, data); err != nil {
		t.Fatal(err)
	}
	t.Logf("a quote has %d bytes", len(quote.Attested))
	if err := quote.Verify(tpm.Facts().Key, sha256.Sum256([]byte("another"))); err == nil {
		t.Error("the quote fits another statement")
	}
	for i := range quote.Attested {
		altered := quote
		altered.Attested = bytes.Clone(quote.Attested)
		altered.Attested[i] ^= 1
		if altered.Verify(tpm.Facts().Key, data) == nil {
			t.Fatalf("byte %d of the quote may be altered", i)
		}
	}
}

// TestActivation: only the TPM that has both keys reads a challenge, and only for this key.
func TestActivation(t *testing.T) {
	tpm, other := open(t, peers.SoftwareTPM(t)), open(t, peers.SoftwareTPM(t))
	secret := sha256.Sum256([]byte("secret"))
	challenge, err := enrolment.Ask(tpm.Facts().Keys(), secret)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tpm.Answer(t.Context(), challenge); err != nil || !bytes.Equal(got, secret[:]) {
		t.Fatalf("%x, %v", got, err)
	}
	if _, err := other.Answer(t.Context(), challenge); err == nil {
		t.Error("another TPM answers")
	}
	// A borrowed endorsement key with an own attestation key.
	if challenge, err = enrolment.Ask(enrolment.Keys{Endorsement: tpm.Facts().EndorsementKey, Attestation: other.Facts().AttestationKey}, secret); err != nil {
		t.Fatal(err)
	}
	for name, answering := range map[string]*TPM{"the borrowed": tpm, "the own": other} {
		if _, err := answering.Answer(t.Context(), challenge); err == nil {
			t.Errorf("%s TPM answers for a key that is not its own", name)
		}
	}
}

func TestAskRefusesOtherKeys(t *testing.T) {
	facts := open(t, peers.SoftwareTPM(t)).Facts()
	free := enrolment.AttestationTemplate()
	free.ObjectAttributes.Restricted = false
	public, err := tpm2.Unmarshal[tpm2.TPMTPublic](facts.AttestationKey)
	if err != nil {
		t.Fatal(err)
	}
	free.Unique = public.Unique
	for name, keys := range map[string][2][]byte{
		"an attestation key that signs anything": {facts.EndorsementKey, tpm2.Marshal(free)},
		"a signing key as endorsement key":       {facts.AttestationKey, facts.AttestationKey},
		"something behind the key":               {append(bytes.Clone(facts.EndorsementKey), 0), facts.AttestationKey},
		"nothing":                                {nil, nil},
		"too much":                               {make([]byte, enrolment.MaxPublicBytes+1), facts.AttestationKey},
	} {
		if _, err := enrolment.Ask(enrolment.Keys{Endorsement: keys[0], Attestation: keys[1]}, [32]byte{1}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func pools(t *testing.T, p *peers.TPM) (roots, intermediates *x509.CertPool) {
	t.Helper()
	roots, intermediates = x509.NewCertPool(), x509.NewCertPool()
	for i, pool := range []*x509.CertPool{roots, intermediates} {
		data, err := os.ReadFile(p.Authority[i])
		if err != nil || !pool.AppendCertsFromPEM(data) {
			t.Fatalf("read the authority: %v", err)
		}
	}
	return roots, intermediates
}

func TestEndorsementCertificate(t *testing.T) {
	chip, other := peers.SoftwareTPM(t), peers.SoftwareTPM(t)
	roots, intermediates := pools(t, chip)
	facts, now := open(t, chip).Facts(), time.Now()
	if err := facts.VerifyCertificate(roots, intermediates, now); err != nil {
		t.Fatal(err)
	}
	otherRoots, otherIntermediates := pools(t, other)
	if err := facts.VerifyCertificate(otherRoots, otherIntermediates, now); err == nil {
		t.Error("a certificate of another maker is taken")
	}
	if err := facts.VerifyCertificate(roots, intermediates, now.AddDate(-1, 0, 0)); err == nil {
		t.Error("a certificate is taken before its time")
	}
	copied := open(t, other).Facts()
	copied.Certificate = facts.Certificate
	if err := copied.VerifyCertificate(roots, intermediates, now); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("a copied certificate: %v", err)
	}
	copied.Certificate = nil
	if err := copied.VerifyCertificate(roots, intermediates, now); err == nil {
		t.Error("no certificate is taken for one")
	}
}

func TestOpenWithoutATPM(t *testing.T) {
	t.Setenv(TPMVariable, NoTPM)
	if _, err := Open(t.Context(), ""); !errors.Is(err, ErrNoTPM) {
		t.Errorf("told to use none: %v", err)
	}
	// Who names a TPM that isn't there made a mistake, and hears of it.
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "absent")); err == nil || errors.Is(err, ErrNoTPM) {
		t.Errorf("a named TPM that is absent: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), file); err == nil {
		t.Error("a file is taken for a TPM")
	}
}
