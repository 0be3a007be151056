package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/enrolment"
)

// ErrOtherDevice says that a secret was sealed by another machine's TPM, or by this one before
// somebody cleared it: both are the same to a TPM.
var ErrOtherDevice = errors.New("it is sealed to another machine's TPM")

// MaxSecretBytes is what a TPM seals at once.
const MaxSecretBytes = 128

// Sealed is a secret that only the TPM that sealed it gives out. It is bound to the machine
// and not to how it was started: a box must come back from an update by itself.
type Sealed struct {
	Device  attest.DeviceKey `json:"device"`  // whose TPM it was
	Public  []byte           `json:"public"`  // TPMT_PUBLIC
	Private []byte           `json:"private"` // TPM2B_PRIVATE's buffer, encrypted by the TPM
}

// MaxSealedBytes bounds a Sealed's JSON; a real one has 500 bytes.
const MaxSealedBytes = 4 << 10

// DecodeSealed reads the JSON of a Sealed.
func DecodeSealed(data []byte) (s Sealed, err error) {
	if len(data) > MaxSealedBytes {
		return s, fmt.Errorf("sealed secret has more than %d bytes", MaxSealedBytes)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("sealed secret: %w; restore the file from its backup", err)
	}
	return s, nil
}

// storageTemplate is the key that secrets are sealed under.
func storageTemplate() tpm2.TPMTPublic { return tpm2.ECCSRKTemplate }

// Seal encrypts secret by the TPM.
func (t *TPM) Seal(ctx context.Context, secret []byte) (sealed Sealed, err error) {
	if len(secret) == 0 || len(secret) > MaxSecretBytes {
		return sealed, fmt.Errorf("seal %d bytes: want 1 to %d", len(secret), MaxSecretBytes)
	}
	err = t.use(ctx, func(tpm transport.TPM) error {
		return withPrimary(tpm, storageTemplate(), func(parent loaded) error {
			made, err := tpm2.Create{
				ParentHandle: tpm2.AuthHandle{Handle: parent.handle, Name: parent.name, Auth: encrypted(parent, tpm2.AESEncryption(sessionKeyBits, tpm2.EncryptIn))},
				InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{
					Data: tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: secret}),
				}},
				InPublic: tpm2.New2B(tpm2.TPMTPublic{
					Type: tpm2.TPMAlgKeyedHash, NameAlg: tpm2.TPMAlgSHA256,
					ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, UserWithAuth: true, NoDA: true},
				}),
			}.Execute(tpm)
			if err != nil {
				return err
			}
			public, err := made.OutPublic.Contents()
			if err != nil {
				return err
			}
			sealed = Sealed{Device: t.facts.Key, Public: tpm2.Marshal(*public), Private: made.OutPrivate.Buffer}
			return nil
		})
	})
	if err != nil {
		return sealed, fmt.Errorf("seal by the TPM: %w", err)
	}
	return sealed, nil
}

// sessionKeyBits is the length of the AES key between this program and the TPM.
const sessionKeyBits = 128

// encrypted is a session that keeps what goes to the TPM, or what comes from it, from whoever
// listens on the wires between.
func encrypted(parent loaded, way tpm2.AuthOption) tpm2.Session {
	return tpm2.HMAC(tpm2.TPMAlgSHA256, nonceBytes, way, tpm2.Salted(parent.handle, parent.public))
}

// Unseal gives the secret back; ErrOtherDevice where another TPM sealed it.
func (t *TPM) Unseal(ctx context.Context, sealed Sealed) (secret []byte, err error) {
	if sealed.Device != t.facts.Key {
		return nil, fmt.Errorf("unseal by the TPM: %w (%s, this one is %s)", ErrOtherDevice, sealed.Device.Short(), t.facts.Key.Short())
	}
	public, err := enrolment.Whole(sealed.Public)
	if err != nil {
		return nil, fmt.Errorf("unseal by the TPM: %w; restore the file from its backup", err)
	}
	err = t.use(ctx, func(tpm transport.TPM) error {
		return withPrimary(tpm, storageTemplate(), func(parent loaded) (err error) {
			object, err := tpm2.Load{
				ParentHandle: tpm2.AuthHandle{Handle: parent.handle, Name: parent.name, Auth: tpm2.PasswordAuth(nil)},
				InPrivate:    tpm2.TPM2BPrivate{Buffer: sealed.Private}, InPublic: tpm2.New2B(*public),
			}.Execute(tpm)
			if errors.Is(err, tpm2.TPMRCIntegrity) {
				return fmt.Errorf("%w, or this one was cleared since, or the file is damaged", ErrOtherDevice)
			}
			if err != nil {
				return err
			}
			defer func() {
				_, fault := tpm2.FlushContext{FlushHandle: object.ObjectHandle}.Execute(tpm)
				err = errors.Join(err, fault)
			}()
			given, err := tpm2.Unseal{ItemHandle: tpm2.AuthHandle{Handle: object.ObjectHandle, Name: object.Name, Auth: encrypted(parent, tpm2.AESEncryption(sessionKeyBits, tpm2.EncryptOut))}}.Execute(tpm)
			if err != nil {
				return err
			}
			secret = given.OutData.Buffer
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("unseal by the TPM: %w", err)
	}
	return secret, nil
}
