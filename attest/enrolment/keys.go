package enrolment

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"

	"github.com/medhive/medhive/attest"
)

// Keys are the public areas of a device's two keys, each a TPMT_PUBLIC (TPM 2.0 part 2, 12.2.4).
type Keys struct {
	Endorsement []byte // decrypts only; a certificate of the TPM's maker may name it
	Attestation []byte // signs only what the TPM made
}

// Challenge is a secret that only the TPM with both keys can read (TPM2_MakeCredential).
type Challenge struct {
	Credential []byte `json:"credential"` // TPMS_ID_OBJECT
	Secret     []byte `json:"secret"`     // TPMU_ENCRYPTED_SECRET
}

// Bounds of what a stranger sends as its keys, and of what a challenge holds, in bytes.
const (
	MaxPublicBytes    = 1 << 10
	MaxChallengeBytes = 1 << 10
)

// AttestationTemplate is the device's key: P-256, bound to its TPM, and restricted, so that
// it signs only what the TPM itself made. The label keeps it apart from others' keys.
func AttestationTemplate() tpm2.TPMTPublic {
	label := sha256.Sum256([]byte("medhive device key 1"))
	return tpm2.TPMTPublic{
		Type: tpm2.TPMAlgECC, NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{
			FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, NoDA: true, Restricted: true, SignEncrypt: true,
		},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{
			Scheme:  tpm2.TPMTECCScheme{Scheme: tpm2.TPMAlgECDSA, Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSigSchemeECDSA{HashAlg: tpm2.TPMAlgSHA256})},
			CurveID: tpm2.TPMECCNistP256,
		}),
		Unique: tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{
			X: tpm2.TPM2BECCParameter{Buffer: label[:]}, Y: tpm2.TPM2BECCParameter{Buffer: make([]byte, len(label))},
		}),
	}
}

// EndorsementTemplates are the TCG's, of P-256 and of RSA 2048 (EK credential profile, B.3).
func EndorsementTemplates() []tpm2.TPMTPublic {
	return []tpm2.TPMTPublic{tpm2.ECCEKTemplate, tpm2.RSAEKTemplate}
}

// DeviceKeyOf is the point of an attestation key. A key of any other template is refused: who
// checks a device must not take one that signs anything.
func DeviceKeyOf(attestationKey []byte) (key attest.DeviceKey, err error) {
	public, err := Whole(attestationKey)
	if err != nil {
		return key, fmt.Errorf("attestation key: %w", err)
	}
	want := AttestationTemplate()
	want.Unique = public.Unique
	if public.Type != want.Type || !bytes.Equal(tpm2.Marshal(want), tpm2.Marshal(*public)) {
		return key, errors.New("the attestation key is not a restricted one of this template: it could sign anything")
	}
	point, err := public.Unique.ECC()
	if err != nil {
		return key, fmt.Errorf("attestation key is on no curve: %w", err)
	}
	const half = len(key) / 2
	if len(point.X.Buffer) > half || len(point.Y.Buffer) > half {
		return key, errors.New("attestation key is not on P-256")
	}
	copy(key[half-len(point.X.Buffer):half], point.X.Buffer)
	copy(key[len(key)-len(point.Y.Buffer):], point.Y.Buffer)
	return key, nil
}

// Ask makes a challenge: who answers with secret shows that the attestation key lies in the
// TPM of the endorsement key. It needs no TPM.
func Ask(keys Keys, secret [32]byte) (Challenge, error) {
	endorsement, err := Whole(keys.Endorsement)
	if err != nil {
		return Challenge{}, fmt.Errorf("endorsement key: %w", err)
	}
	if !isEndorsementKey(endorsement) {
		return Challenge{}, errors.New("the endorsement key is none by the TCG's templates")
	}
	if _, err := DeviceKeyOf(keys.Attestation); err != nil {
		return Challenge{}, err
	}
	attestation, err := Whole(keys.Attestation)
	if err != nil {
		return Challenge{}, fmt.Errorf("attestation key: %w", err)
	}
	name, err := tpm2.ObjectName(attestation)
	if err != nil {
		return Challenge{}, fmt.Errorf("attestation key: %w", err)
	}
	encapsulation, err := tpm2.ImportEncapsulationKey(endorsement)
	if err != nil {
		return Challenge{}, fmt.Errorf("endorsement key: %w", err)
	}
	credential, encrypted, err := tpm2.CreateCredential(rand.Reader, encapsulation, name.Buffer, secret[:])
	if err != nil {
		return Challenge{}, fmt.Errorf("make a credential: %w", err)
	}
	return Challenge{credential, encrypted}, nil
}

// Whole reads a public area of at most MaxPublicBytes with nothing behind it.
func Whole(data []byte) (*tpm2.TPMTPublic, error) {
	if len(data) > MaxPublicBytes {
		return nil, fmt.Errorf("more than %d bytes; send the TPM's public area", MaxPublicBytes)
	}
	public, err := tpm2.Unmarshal[tpm2.TPMTPublic](data)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(tpm2.Marshal(*public), data) {
		return nil, errors.New("not in canonical form")
	}
	return public, nil
}

// isEndorsementKey reports whether a public area is by one of the templates.
func isEndorsementKey(public *tpm2.TPMTPublic) bool {
	for _, want := range EndorsementTemplates() {
		want.Unique = public.Unique
		if want.Type == public.Type && bytes.Equal(tpm2.Marshal(want), tpm2.Marshal(*public)) {
			return true
		}
	}
	return false
}
