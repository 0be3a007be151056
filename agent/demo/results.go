package demo

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/scheduler/broker"
)

// Summary is summary.json: the demo in figures.
type Summary struct {
	Task            string              `json:"task"`
	Winner          string              `json:"winner"` // the node's EVM address
	Bids            []broker.BidSummary `json:"bids"`
	Provider        string              `json:"provider"`
	ORTVersion      string              `json:"ort_version"`
	TissueML        map[string]float64  `json:"tissue_ml"` // by label name
	ReceiptVerified bool                `json:"receipt_verified"`
	EpochRoot       string              `json:"epoch_root"`
	ClaimTx         string              `json:"claim_tx"`
	ClaimedWei      string              `json:"claimed_wei"`  // what the recipient's balance rose by
	RedeemedWei     string              `json:"redeemed_wei"` // paid before that by the clinic's voucher: the study's price
	Recipient       string              `json:"recipient"`
	PhaseMS         map[string]float64  `json:"phase_ms"`
}

// summarise puts the study's way and the payment into one list of figures.
func summarise(r agent.Report, p payment) Summary {
	s := Summary{
		Task: r.Task.String(), Winner: r.Winner, Bids: r.Bids, Provider: r.Provider, ORTVersion: r.RuntimeVersion,
		TissueML: map[string]float64{}, ReceiptVerified: p.verified, EpochRoot: p.root,
		ClaimTx: p.claim.Tx.Hex(), ClaimedWei: p.claim.AmountWei.String(), RedeemedWei: p.voucher.PaidWei.String(), Recipient: p.claim.Recipient.Hex(),
		PhaseMS: map[string]float64{},
	}
	for _, segment := range r.Segments {
		s.TissueML[segment.Name] = segment.VolumeML
	}
	for name, spent := range map[string]time.Duration{
		"intake": r.Phases.Intake, "deidentify": r.Phases.Deidentify, "seal": r.Phases.Seal,
		"offer_to_award": r.Phases.OfferToAward, "transfer": r.Phases.Transfer, "inference": r.Phases.Inference,
		"result": r.Phases.Result, "deliver": r.Phases.Deliver, "score": p.scoring, "claim": p.claiming, "redeem": p.redeeming,
	} {
		s.PhaseMS[name] = milliseconds(spent)
	}
	return s
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}

// writeResults puts the delivered files, the receipt and the summary into out.
func writeResults(out string, r agent.Report, s Summary) error {
	for _, file := range r.Files {
		if err := copyFile(file, filepath.Join(out, filepath.Base(file))); err != nil {
			return err
		}
	}
	if err := writeJSON(filepath.Join(out, "receipt.json"), r.Receipt); err != nil {
		return err
	}
	return writeJSON(filepath.Join(out, "summary.json"), s)
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return os.WriteFile(path, append(data, '\n'), 0o600)
}

// copyFolder copies the plain files of a published epoch.
func copyFolder(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return fmt.Errorf("copy epoch: %w", err)
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			if err := copyFile(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("copy %s: %w", filepath.Base(from), err)
	}
	return os.WriteFile(to, data, 0o600) // the segmentation names the patient
}
