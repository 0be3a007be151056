package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
)

// MaxReceiptBytes bounds a signed receipt's JSON, MaxUptimeBytes a signed uptime's.
const (
	MaxReceiptBytes = 8 << 10
	MaxUptimeBytes  = 2 << 10
)

// latestMilli is the end of the year 9999: beyond it a time has no JSON form.
const latestMilli = 253402300799999

type receiptJSON struct {
	Task           models.Digest  `json:"task"`
	Fence          uint64         `json:"fence"`
	Node           common.Address `json:"node"`
	Clinic         common.Address `json:"clinic"`
	RequestHash    models.Digest  `json:"request_hash"`
	ManifestDigest models.Digest  `json:"manifest_digest"`
	WeightsDigest  models.Digest  `json:"weights_digest"`
	Provider       string         `json:"provider"`
	Runtime        string         `json:"runtime"`
	OutputHash     models.Digest  `json:"output_hash"`
	StartedAtMS    int64          `json:"started_at_ms"`
	FinishedAtMS   int64          `json:"finished_at_ms"`
	DeadlineMS     int64          `json:"deadline_ms"`
	EnergyMilliJ   uint64         `json:"energy_mj"`
	EnergyBasis    string         `json:"energy_basis"`
	PriceGwei      uint64         `json:"price_gwei"`
}

// MarshalJSON writes the canonical form: fixed order, unix milliseconds.
func (r Receipt) MarshalJSON() ([]byte, error) {
	return json.Marshal(receiptJSON{
		r.Task, r.Fence, r.Node, r.Clinic, r.RequestHash, r.ManifestDigest, r.WeightsDigest, r.Provider, r.Runtime, r.OutputHash,
		unixMilli(r.StartedAt), unixMilli(r.FinishedAt), unixMilli(r.Deadline), r.EnergyMilliJ, r.EnergyBasis, r.PriceGwei,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (r *Receipt) UnmarshalJSON(data []byte) error {
	var j receiptJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	*r = Receipt{
		j.Task, j.Fence, j.Node, j.Clinic, j.RequestHash, j.ManifestDigest, j.WeightsDigest, j.Provider, j.Runtime, j.OutputHash,
		fromMilli(j.StartedAtMS), fromMilli(j.FinishedAtMS), fromMilli(j.DeadlineMS), j.EnergyMilliJ, j.EnergyBasis, j.PriceGwei,
	}
	return nil
}

type acceptanceJSON struct {
	Receipt  common.Hash `json:"receipt"`
	Accepted bool        `json:"accepted"`
	Reason   string      `json:"reason"`
	AtMS     int64       `json:"at_ms"`
}

// MarshalJSON writes the canonical form.
func (a Acceptance) MarshalJSON() ([]byte, error) {
	return json.Marshal(acceptanceJSON{a.Receipt, a.Accepted, a.Reason, unixMilli(a.At)})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (a *Acceptance) UnmarshalJSON(data []byte) error {
	var j acceptanceJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("acceptance: %w", err)
	}
	*a = Acceptance{j.Receipt, j.Accepted, j.Reason, fromMilli(j.AtMS)}
	return nil
}

type signedReceiptJSON struct {
	Receipt    Receipt         `json:"receipt"`
	NodeSig    Signature       `json:"node_sig"`
	Acceptance Acceptance      `json:"acceptance"`
	ClinicSig  Signature       `json:"clinic_sig"`
	WalletSig  WalletSignature `json:"wallet_sig,omitempty"`
}

// MarshalJSON writes the canonical form.
func (s SignedReceipt) MarshalJSON() ([]byte, error) { return json.Marshal(signedReceiptJSON(s)) }

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedReceipt) UnmarshalJSON(data []byte) error {
	return strict(data, (*signedReceiptJSON)(s))
}

type uptimeJSON struct {
	Node          common.Address `json:"node"`
	Seq           uint64         `json:"seq"`
	Nonce         common.Hash    `json:"nonce"`
	LoadPermille  uint32         `json:"load_permille"`
	ProfileDigest models.Digest  `json:"profile_digest"`
	AtMS          int64          `json:"at_ms"`
}

// MarshalJSON writes the canonical form.
func (u Uptime) MarshalJSON() ([]byte, error) {
	return json.Marshal(uptimeJSON{u.Node, u.Seq, u.Nonce, u.LoadPermille, u.ProfileDigest, unixMilli(u.At)})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (u *Uptime) UnmarshalJSON(data []byte) error {
	var j uptimeJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("uptime: %w", err)
	}
	*u = Uptime{j.Node, j.Seq, j.Nonce, j.LoadPermille, j.ProfileDigest, fromMilli(j.AtMS)}
	return nil
}

type signedUptimeJSON struct {
	Uptime  Uptime    `json:"uptime"`
	NodeSig Signature `json:"node_sig"`
}

// MarshalJSON writes the canonical form.
func (s SignedUptime) MarshalJSON() ([]byte, error) { return json.Marshal(signedUptimeJSON(s)) }

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedUptime) UnmarshalJSON(data []byte) error { return strict(data, (*signedUptimeJSON)(s)) }

// DecodeSignedReceipt reads at most MaxReceiptBytes of canonical JSON; white
// space between tokens is allowed. It checks bounds, not signatures.
func DecodeSignedReceipt(data []byte) (SignedReceipt, error) {
	var s SignedReceipt
	if err := decode("signed receipt", data, MaxReceiptBytes, &s); err != nil {
		return SignedReceipt{}, err
	}
	return s, errors.Join(s.Receipt.Validate(), s.Acceptance.Validate())
}

// DecodeSignedUptime reads at most MaxUptimeBytes of canonical JSON; white space
// between tokens is allowed. It checks bounds, not signatures.
func DecodeSignedUptime(data []byte) (SignedUptime, error) {
	var s SignedUptime
	if err := decode("signed uptime", data, MaxUptimeBytes, &s); err != nil {
		return SignedUptime{}, err
	}
	return s, s.Uptime.Validate()
}

// decode reads one canonical JSON value. What would be written differently (a
// second spelling of a key, a key given twice, an escape) is refused: two
// readers must never see two statements in one text.
func decode(what string, data []byte, limit int, into any) error {
	if len(data) > limit {
		return fmt.Errorf("%s has %d bytes, the limit is %d; send a statement of this version", what, len(data), limit)
	}
	if err := strict(data, into); err != nil {
		return fmt.Errorf("decode %s: %w; send a statement of this version", what, err)
	}
	var given bytes.Buffer
	if err := json.Compact(&given, data); err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	canonical, err := json.Marshal(into)
	if err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	if !bytes.Equal(given.Bytes(), canonical) {
		return fmt.Errorf("decode %s: not in canonical form; send it as it was encoded", what)
	}
	return nil
}

// strict decodes exactly one JSON value without unknown keys.
func strict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// checkText wants one to limit bytes of printable UTF-8. The text itself stays
// out of the error: it comes from a stranger.
func checkText(what, text string, limit int) error {
	if text == "" || len(text) > limit || !utf8.ValidString(text) {
		return fmt.Errorf("%s has %d bytes; want 1 to %d of UTF-8", what, len(text), limit)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%s holds a character that can't be printed; remove it", what)
		}
	}
	return nil
}

// checkTime wants a time after 1970 and before the year 10000.
func checkTime(what string, t time.Time) error {
	if ms := unixMilli(t); ms <= 0 || ms > latestMilli {
		return fmt.Errorf("%s time %d ms is out of range; check the clock", what, ms)
	}
	return nil
}
