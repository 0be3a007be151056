package agent

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/epoch"
)

// ChallengeConfig names the root to challenge.
type ChallengeConfig struct {
	Audit    AuditConfig  // Number is the epoch that waits; it is brought and recomputed first
	Withheld bool         // challenge also where nobody hands the epoch out: what can't be recomputed must not be paid
	Evidence string       // path of the file that is written, to be published
	Signer   chain.Signer // puts up the bond and pays the gas
	// Agree is asked before anything is sent, with the bond in wei of HIVE and the time until
	// which a challenge is heard. An error ends it.
	Agree func(evidence RootEvidence, bond *big.Int, until time.Time) error
}

// RootEvidence is the file that a challenge of a root names by its SHA-256: what anybody
// who recomputes the epoch finds.
type RootEvidence struct {
	Schema      string      `json:"schema"` // RootEvidenceSchema
	ChainID     uint64      `json:"chain_id"`
	Distributor string      `json:"distributor"`
	Epoch       uint64      `json:"epoch"`
	Root        common.Hash `json:"root"`         // as posted
	DatasetHash common.Hash `json:"dataset_hash"` // as posted
	Withheld    string      `json:"withheld,omitempty"`
	Differences []string    `json:"differences"`
}

// RootEvidenceSchema is the version of RootEvidence.
const RootEvidenceSchema = "medhive.root-evidence/1"

// Challenged is a challenge that stands on chain.
type Challenged struct {
	RootEvidence
	Evidence common.Hash `json:"evidence"` // SHA-256 of the file
	Dispute  uint64      `json:"dispute"`
	Tx       common.Hash `json:"tx"`
	GasUsed  uint64      `json:"gas_used"`
}

// ErrNoFault says that a root has nothing to be challenged for: its bond would be lost.
var ErrNoFault = errors.New("nothing differs: a challenge would lose its bond")

// ChallengeRoot recomputes the epoch whose root waits on chain and challenges the root if
// anything differs. Until the dispute is decided, the root does not become active.
func ChallengeRoot(ctx context.Context, conf ChallengeConfig) (Challenged, error) {
	network := conf.Audit.Network
	client, err := network.Dial(ctx, conf.Audit.Log)
	if err != nil {
		return Challenged{}, err
	}
	defer client.Close()
	pending, err := client.PendingRoot(ctx)
	if err != nil {
		return Challenged{}, err
	}
	if !pending.Posted() || pending.Epoch != conf.Audit.Number {
		return Challenged{}, fmt.Errorf("the root of epoch %d does not wait on chain (epoch %d does; 0 is none): only a waiting root can be challenged", conf.Audit.Number, pending.Epoch)
	}
	evidence := RootEvidence{
		Schema: RootEvidenceSchema, ChainID: network.Contracts.ChainID, Distributor: network.Contracts.Distributor.Hex(),
		Epoch: pending.Epoch, Root: pending.Root, DatasetHash: pending.DatasetHash, Differences: []string{},
	}
	if err := evidence.find(ctx, conf); err != nil {
		return Challenged{}, err
	}
	return evidence.bring(ctx, client, conf, pending)
}

// find recomputes the epoch. What is not handed out under the posted hash is a fault of its
// own where conf says so.
func (e *RootEvidence) find(ctx context.Context, conf ChallengeConfig) error {
	verified, err := AuditEpoch(ctx, conf.Audit)
	switch {
	case err == nil && len(verified.Differences) == 0:
		return fmt.Errorf("epoch %d: %w", e.Epoch, ErrNoFault)
	case err == nil:
		e.Differences = verified.Differences
		return nil
	case ctx.Err() != nil:
		return err
	case !conf.Withheld:
		return fmt.Errorf("%w; if nobody hands it out, challenge it for that with --withheld", err)
	case errors.Is(err, epoch.ErrBundle):
		e.Withheld = "the coordinator hands out other data than the hash on chain names"
	default:
		e.Withheld = "the coordinator hands the data out to nobody who asks"
	}
	return nil
}

// bring writes the evidence and sends the challenge.
func (e RootEvidence) bring(ctx context.Context, client *chain.Client, conf ChallengeConfig, pending chain.Root) (Challenged, error) {
	bond, err := client.ChallengeBond(ctx)
	if err != nil {
		return Challenged{}, err
	}
	if err := conf.Agree(e, bond, pending.ActiveAt); err != nil {
		return Challenged{}, err
	}
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return Challenged{}, fmt.Errorf("write evidence: %w", err)
	}
	data = append(data, '\n')
	if err := os.WriteFile(conf.Evidence, data, 0o644); err != nil {
		return Challenged{}, fmt.Errorf("write evidence: %w; name another file with --evidence", err)
	}
	hash := sha256.Sum256(data)
	mined, dispute, err := client.ChallengeRoot(ctx, conf.Signer, pending.Root, hash)
	if err != nil {
		return Challenged{}, err
	}
	return Challenged{RootEvidence: e, Evidence: hash, Dispute: dispute, Tx: mined.Tx, GasUsed: mined.GasUsed}, nil
}
