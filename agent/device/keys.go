package device

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/enrolment"
)

// loaded is a key in one of the TPM's three places.
type loaded struct {
	handle tpm2.TPMHandle
	name   tpm2.TPM2BName
	public tpm2.TPMTPublic
}

// withPrimary makes a key of the endorsement hierarchy by its template and takes it out of
// the TPM again after use. A TPM makes the same key each time, also after it was cleared, so
// nothing is stored in it.
func withPrimary(tpm transport.TPM, template tpm2.TPMTPublic, use func(key loaded) error) (err error) {
	made, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHEndorsement, InPublic: tpm2.New2B(template)}.Execute(tpm)
	if err != nil {
		return err
	}
	defer func() {
		_, fault := tpm2.FlushContext{FlushHandle: made.ObjectHandle}.Execute(tpm)
		err = errors.Join(err, fault)
	}()
	public, err := made.OutPublic.Contents()
	if err != nil {
		return err
	}
	return use(loaded{made.ObjectHandle, made.Name, *public})
}

// quotedRegisters tell how the machine was started: firmware (0), its options (2), boot
// loader (4) and the state of secure boot (7), by the PC client profile.
func quotedRegisters() []byte { return tpm2.PCClientCompatible.PCRs(0, 2, 4, 7) }

// Quote is the TPM's word over data, by the attestation key.
func (t *TPM) Quote(ctx context.Context, data [32]byte) (q attest.Quote, err error) {
	err = t.use(ctx, func(tpm transport.TPM) error {
		return withPrimary(tpm, enrolment.AttestationTemplate(), func(key loaded) error {
			q, err = quote(tpm, key, data)
			return err
		})
	})
	if err != nil {
		return q, fmt.Errorf("quote by the TPM: %w", err)
	}
	return q, nil
}

func quote(tpm transport.TPM, key loaded, data [32]byte) (q attest.Quote, err error) {
	made, err := tpm2.Quote{
		SignHandle:     tpm2.AuthHandle{Handle: key.handle, Name: key.name, Auth: tpm2.PasswordAuth(nil)},
		QualifyingData: tpm2.TPM2BData{Buffer: data[:]},
		InScheme:       tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgNull},
		PCRSelect: tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{
			Hash: tpm2.TPMAlgSHA256, PCRSelect: quotedRegisters(),
		}}},
	}.Execute(tpm)
	if err != nil {
		return q, err
	}
	signature, err := made.Signature.Signature.ECDSA()
	if err != nil {
		return q, err
	}
	r, s := signature.SignatureR.Buffer, signature.SignatureS.Buffer
	const half = len(q.Sig) / 2
	if len(r) > half || len(s) > half {
		return q, errors.New("the signature is longer than P-256's")
	}
	copy(q.Sig[half-len(r):half], r)
	copy(q.Sig[len(q.Sig)-len(s):], s)
	q.Attested = made.Quoted.Bytes()
	return q, nil
}

// makeOf is who made the TPM, and its firmware's version.
func makeOf(tpm transport.TPM) (manufacturer, firmware string, err error) {
	property := func(p tpm2.TPMPT) (uint32, error) {
		found, err := tpm2.GetCapability{Capability: tpm2.TPMCapTPMProperties, Property: uint32(p), PropertyCount: 1}.Execute(tpm)
		if err != nil {
			return 0, err
		}
		list, err := found.CapabilityData.Data.TPMProperties()
		if err != nil || len(list.TPMProperty) != 1 || list.TPMProperty[0].Property != p {
			return 0, errors.Join(err, fmt.Errorf("the TPM does not tell its property %#x", uint32(p)))
		}
		return list.TPMProperty[0].Value, nil
	}
	maker, err := property(tpm2.TPMPTManufacturer)
	if err != nil {
		return "", "", err
	}
	version, err := property(tpm2.TPMPTFirmwareVersion1)
	if err != nil {
		return "", "", err
	}
	letters := binary.BigEndian.AppendUint32(nil, maker)
	printable := func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r
		}
		return -1
	}
	return strings.Map(printable, string(letters)), fmt.Sprintf("%d.%d", version>>16, version&0xffff), nil
}
