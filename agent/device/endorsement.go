package device

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/medhive/medhive/attest/enrolment"
)

// Where the TCG's EK credential profile has a TPM keep its endorsement certificates.
const (
	certificateRSA  tpm2.TPMHandle = 0x01c00002 // of the RSA 2048 key
	certificateP256 tpm2.TPMHandle = 0x01c0000a // of the P-256 key
)

const (
	// maxCertificateBytes bounds a certificate: real ones have 1 to 2 KiB.
	maxCertificateBytes = 8 << 10
	// nvChunkBytes is what every TPM gives out at once.
	nvChunkBytes = 512
)

// endorsementOf is the template of the endorsement key that the TPM has a certificate of,
// and the certificate. Without one it is the P-256 key, which every TPM makes quickly.
func endorsementOf(tpm transport.TPM) (template tpm2.TPMTPublic, certificate []byte, err error) {
	for _, place := range []struct {
		index    tpm2.TPMHandle
		template tpm2.TPMTPublic
	}{{certificateP256, tpm2.ECCEKTemplate}, {certificateRSA, tpm2.RSAEKTemplate}} {
		certificate, err = readNV(tpm, place.index)
		if err != nil {
			return template, nil, fmt.Errorf("read the endorsement certificate: %w", err)
		}
		if certificate != nil {
			return place.template, certificate, nil
		}
	}
	return tpm2.ECCEKTemplate, nil, nil
}

// readNV is a certificate in the TPM's memory; nil if there is none.
func readNV(tpm transport.TPM, index tpm2.TPMHandle) ([]byte, error) {
	public, err := tpm2.NVReadPublic{NVIndex: index}.Execute(tpm)
	if errors.Is(err, tpm2.TPMRCHandle) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	area, err := public.NVPublic.Contents()
	if err != nil {
		return nil, err
	}
	if area.DataSize > maxCertificateBytes {
		return nil, fmt.Errorf("%d bytes; a certificate has at most %d", area.DataSize, maxCertificateBytes)
	}
	var data []byte
	for len(data) < int(area.DataSize) {
		chunk, err := tpm2.NVRead{
			AuthHandle: tpm2.AuthHandle{Handle: index, Name: public.NVName, Auth: tpm2.PasswordAuth(nil)},
			NVIndex:    tpm2.NamedHandle{Handle: index, Name: public.NVName},
			Size:       uint16(min(nvChunkBytes, int(area.DataSize)-len(data))), Offset: uint16(len(data)),
		}.Execute(tpm)
		if err != nil {
			return nil, err
		}
		if len(chunk.Data.Buffer) == 0 {
			return nil, errors.New("the TPM gave nothing")
		}
		data = append(data, chunk.Data.Buffer...)
	}
	return trimmed(data), nil
}

// trimmed leaves out what fills the memory behind a certificate.
func trimmed(data []byte) []byte {
	var value asn1.RawValue
	if _, err := asn1.Unmarshal(data, &value); err != nil {
		return data
	}
	return value.FullBytes
}

// subjectAlternativeName, the extension of an endorsement certificate names the TPM's maker and model in a
// form that Go does not read, and is critical: RFC 5280 4.2.1.6, TCG EK profile 3.2.9.
func subjectAlternativeName() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 29, 17} }

// VerifyCertificate checks that the endorsement key's certificate leads to one of roots by
// way of intermediates, and is of the key that the TPM has. Roots are the TPM makers' that
// the vendor trusts.
func (f Facts) VerifyCertificate(roots, intermediates *x509.CertPool, now time.Time) error {
	if f.Certificate == nil {
		return errors.New("the TPM holds no certificate of its endorsement key; take it from the maker's service, or leave the check out")
	}
	certificate, err := x509.ParseCertificate(f.Certificate)
	if err != nil {
		return fmt.Errorf("read the endorsement certificate: %w", err)
	}
	left := certificate.UnhandledCriticalExtensions[:0:0]
	for _, extension := range certificate.UnhandledCriticalExtensions {
		if !extension.Equal(subjectAlternativeName()) {
			left = append(left, extension)
		}
	}
	certificate.UnhandledCriticalExtensions = left
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return fmt.Errorf("endorsement certificate: %w; is its maker's root among those that you trust?", err)
	}
	public, err := tpm2.Unmarshal[tpm2.TPMTPublic](f.EndorsementKey)
	if err != nil {
		return fmt.Errorf("read the endorsement key: %w", err)
	}
	key, err := tpm2.Pub(*public)
	if err != nil {
		return fmt.Errorf("read the endorsement key: %w", err)
	}
	if same, ok := key.(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(certificate.PublicKey) {
		return errors.New("the endorsement certificate is of another key than this TPM's: it was copied from another machine")
	}
	return nil
}

// Answer reads the secret of a challenge (TPM2_ActivateCredential).
func (t *TPM) Answer(ctx context.Context, c enrolment.Challenge) (secret []byte, err error) {
	if len(c.Credential) > enrolment.MaxChallengeBytes || len(c.Secret) > enrolment.MaxChallengeBytes {
		return nil, fmt.Errorf("the challenge has more than %d bytes", enrolment.MaxChallengeBytes)
	}
	err = t.use(ctx, func(tpm transport.TPM) error {
		template, _, err := endorsementOf(tpm)
		if err != nil {
			return err
		}
		return withPrimary(tpm, template, func(endorsement loaded) error {
			return withPrimary(tpm, enrolment.AttestationTemplate(), func(attestation loaded) error {
				answer, err := tpm2.ActivateCredential{
					ActivateHandle: tpm2.AuthHandle{Handle: attestation.handle, Name: attestation.name, Auth: tpm2.PasswordAuth(nil)},
					KeyHandle: tpm2.AuthHandle{Handle: endorsement.handle, Name: endorsement.name,
						Auth: tpm2.Policy(tpm2.TPMAlgSHA256, nonceBytes, byEndorsement)},
					CredentialBlob: tpm2.TPM2BIDObject{Buffer: c.Credential},
					Secret:         tpm2.TPM2BEncryptedSecret{Buffer: c.Secret},
				}.Execute(tpm)
				if err != nil {
					return err
				}
				secret = answer.CertInfo.Buffer
				return nil
			})
		})
	})
	if err != nil {
		return nil, fmt.Errorf("answer the challenge by the TPM: %w", err)
	}
	return secret, nil
}

// nonceBytes is the length of a session's nonce.
const nonceBytes = 16

// byEndorsement is the policy of the endorsement key: whoever may use the hierarchy.
func byEndorsement(tpm transport.TPM, session tpm2.TPMISHPolicy, nonce tpm2.TPM2BNonce) error {
	_, err := tpm2.PolicySecret{
		AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHEndorsement, Auth: tpm2.PasswordAuth(nil)}, PolicySession: session, NonceTPM: nonce,
	}.Execute(tpm)
	return err
}
