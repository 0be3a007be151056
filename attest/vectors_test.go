package attest

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/models"
)

var update = flag.Bool("update", false, "write vectors.json anew")

// vector is one published example: who builds another client checks against it.
type vector struct {
	Name      string          `json:"name"`
	Type      string          `json:"type"` // EIP-712 type text
	Statement json.RawMessage `json:"statement"`
	Digest    common.Hash     `json:"digest"`
	Key       common.Hash     `json:"private_key"` // a test key: worth nothing
	Signer    common.Address  `json:"signer"`
	Signature Signature       `json:"signature"`
}

type vectorFile struct {
	ChainID   *big.Int       `json:"chain_id"`
	Registry  common.Address `json:"verifying_contract"`
	Separator common.Hash    `json:"domain_separator"`
	Vectors   []vector       `json:"vectors"`
}

func vectors(t *testing.T) vectorFile {
	nodeKey, node := keyOf(t, 1)
	clinicKey, _ := keyOf(t, 2)
	file := vectorFile{testDomain.ChainID, testDomain.Registry, testDomain.Separator(), nil}
	add := func(name, typeText string, statement any, digest [32]byte, byClinic bool) {
		key := nodeKey
		if byClinic {
			key = clinicKey
		}
		file.Vectors = append(file.Vectors, vector{name, typeText, encode(t, statement), digest,
			common.BytesToHash(crypto.FromECDSA(key)), crypto.PubkeyToAddress(key.PublicKey), sign(t, digest, key)})
	}
	whole := signedReceipt(t)
	add("receipt", receiptType, whole.Receipt, whole.Receipt.Hash(testDomain), false)
	bare := whole.Receipt
	bare.Deadline, bare.EnergyMilliJ, bare.Provider = time.Time{}, 0, "café"
	add("receipt without a deadline, provider not in ASCII", receiptType, bare, bare.Hash(testDomain), false)
	add("acceptance", acceptanceType, whole.Acceptance, whole.Acceptance.Hash(testDomain), true)
	dispute := whole.Acceptance
	dispute.Accepted, dispute.Reason = false, "the output does not fit the request"
	add("dispute", acceptanceType, dispute, dispute.Hash(testDomain), true)
	uptime := Uptime{Node: node, Seq: 1 << 40, Nonce: crypto.Keccak256Hash([]byte("nonce")), LoadPermille: 1000, ProfileDigest: models.DigestOf([]byte("profile")), At: time.UnixMilli(1_790_000_000_999).UTC()}
	add("uptime", uptimeType, uptime, uptime.Hash(testDomain), false)
	raw := json.RawMessage(`{"version":1,"tier":2}`)
	profile := ProfileStatement{Node: node, ProfileDigest: models.DigestOf(raw), Profile: raw, At: uptime.At}
	add("profile", profileType, profile, profile.Hash(testDomain), false)
	examined := examination(t)
	add("commitment", commitmentType, examined.Answer.Commitment, examined.Answer.Commitment.Hash(testDomain), false)
	add("examination, signed by a coordinator", examinationType, examined, examined.Hash(testDomain), true)
	return file
}

// TestVectorsArePublished keeps vectors.json true. A change here breaks every
// signature in the field: run with -update only for a new version of the domain.
func TestVectorsArePublished(t *testing.T) {
	want, err := json.MarshalIndent(vectors(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile("vectors.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("vectors.json is stale; if the statements were meant to change, run: go test ./attest -run Vectors -update")
	}
}
