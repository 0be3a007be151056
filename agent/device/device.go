// Package device is who a machine is beyond its disk: the attestation key that its TPM makes
// again from its own seed, whatever became of the disk, the endorsement key with its
// manufacturer's certificate, and what only this TPM can unseal. In: a TPM's device file or
// socket, and a folder. Out: public facts, quotes over a statement, activated credentials and
// sealed secrets. A machine without a TPM is told by a key in a file, and is trusted less.
// It never takes ownership of a TPM, stores nothing in one, and speaks with nobody else.
package device

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxtpm"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/enrolment"
)

const (
	// DefaultTPM is the kernel's door to the TPM that several programs can use at once.
	DefaultTPM = "/dev/tpmrm0"
	// NoTPM as a path says that a TPM is not to be used even where there is one.
	NoTPM = "none"
	// TPMVariable names another TPM than DefaultTPM.
	TPMVariable = "MEDHIVE_TPM"
)

// ErrNoTPM says that this machine has no TPM, or that it is not to be used.
var ErrNoTPM = errors.New("this machine has no TPM that can be used")

// Facts are what a TPM says of itself. Nothing of it is secret, but it tells one machine from
// all others: it goes to its vendor, its owner and the coordinator.
type Facts struct {
	Key            attest.DeviceKey // of the attestation key
	Endorsement    [32]byte         // SHA-256 of EndorsementKey
	EndorsementKey []byte           // TPMT_PUBLIC
	AttestationKey []byte           // TPMT_PUBLIC
	Certificate    []byte           // of the endorsement key, DER; nil: the TPM holds none
	Manufacturer   string           // the TPM's, four letters such as IFX
	Firmware       string           // the TPM's version, major.minor
}

// TPM is a machine's TPM. It is safe for concurrent use; a command takes it for itself.
type TPM struct {
	path  string
	facts Facts

	mu sync.Mutex // held while commands run: a TPM has room for three objects
}

// Open finds the TPM at path, a device file or a socket, and makes its keys. The empty path
// is $MEDHIVE_TPM, else DefaultTPM. ErrNoTPM where there is none.
func Open(ctx context.Context, path string) (*TPM, error) {
	if path == "" {
		path = os.Getenv(TPMVariable)
	}
	named := path != ""
	if !named {
		path = DefaultTPM
	}
	if path == NoTPM {
		return nil, fmt.Errorf("%w: it was told to use none", ErrNoTPM)
	}
	t := &TPM{path: path}
	err := t.use(ctx, t.learn)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return nil, fmt.Errorf("%w: there is no %s; a TPM is switched on in the firmware's settings", ErrNoTPM, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w: %s belongs to others; add this user to the group that owns it (tss on Debian) and log in again", ErrNoTPM, path)
	case err != nil:
		return nil, fmt.Errorf("read the TPM: %w; see that the path is right and no other program holds it, update its firmware, or leave it out with --tpm none", err)
	}
	return t, nil
}

// Keys are what a challenge is made for.
func (f Facts) Keys() enrolment.Keys {
	return enrolment.Keys{Endorsement: f.EndorsementKey, Attestation: f.AttestationKey}
}

// Facts are what is public of it.
func (t *TPM) Facts() Facts { return t.facts }

// use runs commands on an own connection, so that nothing stays open and nothing loaded
// between two uses. A TPM does not take back a command: ctx is asked before one begins.
func (t *TPM) use(ctx context.Context, commands func(tpm transport.TPM) error) (err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := os.Stat(t.path)
	if err != nil {
		return err
	}
	open := linuxtpm.Open
	if info.Mode()&os.ModeSocket != 0 {
		open = linuxudstpm.Open
	}
	tpm, err := open(t.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tpm.Close()) }()
	return commands(tpm)
}

// learn makes both keys and reads what the TPM says of itself.
func (t *TPM) learn(tpm transport.TPM) error {
	template, certificate, err := endorsementOf(tpm)
	if err != nil {
		return err
	}
	facts := Facts{Certificate: certificate}
	err = withPrimary(tpm, template, func(key loaded) error {
		facts.EndorsementKey = tpm2.Marshal(key.public)
		facts.Endorsement = sha256.Sum256(facts.EndorsementKey)
		return nil
	})
	if err != nil {
		return fmt.Errorf("make the endorsement key: %w", err)
	}
	err = withPrimary(tpm, enrolment.AttestationTemplate(), func(key loaded) error {
		facts.AttestationKey = tpm2.Marshal(key.public)
		facts.Key, err = enrolment.DeviceKeyOf(facts.AttestationKey)
		return err
	})
	if err != nil {
		return fmt.Errorf("make the attestation key: %w", err)
	}
	facts.Manufacturer, facts.Firmware, err = makeOf(tpm)
	t.facts = facts
	return err
}
