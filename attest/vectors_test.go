package attest

import (
	"bytes"
	"encoding"
	"encoding/json"
	"flag"
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/models"
)

var update = flag.Bool("update", false, "write vectors.json anew")

// vector is one published example: who builds another client checks against it.
type vector struct {
	Name      string          `json:"name"`
	Type      string          `json:"type"`                         // EIP-712 type text
	Contract  *common.Address `json:"verifying_contract,omitempty"` // where it is not the file's
	Separator *common.Hash    `json:"domain_separator,omitempty"`
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

	OutputCommitments []commitmentVector `json:"output_commitments"`
	BinaryForms       []formVector       `json:"binary_forms"`
}

// formVector is one published binary form. Stores and streams of any age are full of them.
type formVector struct {
	Statement json.RawMessage `json:"statement"` // signed
	Form      hexutil.Bytes   `json:"form"`
}

// commitmentVector is one published OutputCommitment.
type commitmentVector struct {
	Output     models.Digest  `json:"output"`
	Salt       common.Hash    `json:"salt"`
	Node       common.Address `json:"node"`
	Task       models.Digest  `json:"task"`
	Commitment common.Hash    `json:"commitment"`
}

// The contracts of the two domains beside the registry's.
var (
	testVoucherDomain = VoucherDomain(testDomain.ChainID, common.HexToAddress("0x00000000000000000000000000000000000000bb"))
	testEpochDomain   = EpochDomain(testDomain.ChainID, common.HexToAddress("0x00000000000000000000000000000000000000cc"))
)

func vectors(t *testing.T) vectorFile {
	nodeKey, node := keyOf(t, 1)
	clinicKey, _ := keyOf(t, 2)
	file := vectorFile{ChainID: testDomain.ChainID, Registry: testDomain.Registry, Separator: testDomain.Separator()}
	add := func(name, typeText string, statement any, digest [32]byte, byClinic bool) {
		key := nodeKey
		if byClinic {
			key = clinicKey
		}
		file.Vectors = append(file.Vectors, vector{Name: name, Type: typeText, Statement: encode(t, statement), Digest: digest,
			Key: common.BytesToHash(crypto.FromECDSA(key)), Signer: crypto.PubkeyToAddress(key.PublicKey), Signature: sign(t, digest, key)})
	}
	// elsewhere says that the last one is of another domain than the file's.
	elsewhere := func(d Domain) {
		last, separator := &file.Vectors[len(file.Vectors)-1], common.Hash(d.Separator())
		last.Contract, last.Separator = &d.Registry, &separator
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
	for _, kind := range []CheckKind{CheckReplica, CheckLapse} {
		v := signedVerdict(t, kind).Verdict
		add("verdict, "+string(kind), verdictType, v, v.Hash(testDomain), true)
	}
	lapse := signedVerdict(t, CheckLapse)
	promise := promised(lapse.Verdict, lapse.Promise.At)
	add("promise", promiseType, map[string]any{
		"task": promise.Task, "fence": promise.Fence, "node": promise.Node, "clinic": promise.Clinic, "at_ms": unixMilli(promise.At),
	}, promise.Hash(testDomain), false)
	consent := Consent{Receipt: lapse.Verdict.Task, Clinic: lapse.Verdict.Clinic, Checker: node}
	add("consent", consentType, map[string]any{
		"receipt": common.Hash(consent.Receipt), "clinic": consent.Clinic, "checker": consent.Checker,
	}, consent.Hash(testDomain), true)
	voucher := Voucher{Clinic: whole.Receipt.Clinic, Node: node, TotalGwei: 1<<63 + 7, At: uptime.At}
	add("voucher", voucherType, voucher, voucher.Hash(testVoucherDomain), true)
	elsewhere(testVoucherDomain)
	epoch := epochStatement()
	add("epoch, signed by a co-signer", epochType, map[string]any{
		"epoch": epoch.Epoch, "root": common.Hash(epoch.Root), "dataset_hash": common.Hash(epoch.DatasetHash), "cumulative_total_wei": epoch.CumulativeTotal.String(),
	}, epoch.Hash(testEpochDomain), true)
	elsewhere(testEpochDomain)
	issued, taken, proved := deviceVoucher(t), deviceRevocation(t), deviceProof(t)
	add("device voucher, signed by its vendor", deviceVoucherType, issued.Voucher, issued.Voucher.Hash(testDomain), true)
	add("device revocation, signed by the vendor", deviceRevocationType, taken.Revocation, taken.Revocation.Hash(testDomain), true)
	add("device proof", deviceProofType, map[string]any{
		"node": proved.Proof.Node, "voucher": common.Hash(proved.Proof.Voucher), "nonce": common.Hash(proved.Proof.Nonce), "asked_at_ms": unixMilli(proved.Proof.AskedAt),
	}, proved.Proof.Hash(testDomain), false)
	bound := ownerBinding(t)
	add("owner binding, signed by the owner", ownerBindingType, bound, bound.Binding.Hash(testDomain), true)
	output, salt := models.DigestOf([]byte("output")), crypto.Keccak256Hash([]byte("salt"))
	file.OutputCommitments = []commitmentVector{{output, salt, node, whole.Receipt.Task, OutputCommitment(output, salt, node, whole.Receipt.Task)}}
	form := func(s encoding.BinaryAppender) {
		data, err := s.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		file.BinaryForms = append(file.BinaryForms, formVector{encode(t, s), data})
	}
	form(whole)
	form(signedVerdict(t, CheckRerun))
	form(lapse)
	form(Challenge{Node: node, Nonce: uptime.Nonce, AskedAt: uptime.At, Outcome: Answered, Answer: &SignedUptime{uptime, sign(t, uptime.Hash(testDomain), nodeKey)}})
	form(Challenge{Node: node, Nonce: uptime.Nonce, AskedAt: uptime.At, Outcome: Timeout})
	form(issued)
	form(taken)
	form(proved)
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
