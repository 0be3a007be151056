package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

// EvidenceProtocol gives a file behind a published verdict: a frame with its SHA-256, then
// the file in frames of at most maxEvidence, and the stream's end. Who knows the hash may have
// it: that of the evidence is told in the verdict, and those of a canary's study, of the right
// answer and of the node's in the evidence. A node knows what it was sent before that, so
// files lie here only from the publication on.
const EvidenceProtocol protocol.ID = "/medhive/evidence/1"

// Bounds of evidence, and of how it is given.
const (
	maxEvidence     = 1 << 20 // bytes of the evidence itself, and of a frame
	maxEvidenceFile = max(scheduler.MaxPayloadBytes, inference.MaxResultBytes)
	maxEvidenceDisk = 16 << 30 // bytes of studies and answers; the oldest go first
	evidenceTimeout = 30 * time.Second
	evidenceFile    = 10 * time.Minute // for a whole file
	evidenceAsked   = 4                // at once
	evidenceBlob    = ".bin"           // how a study's or an answer's name ends
)

// Evidence is what a coordinator's verdict rests on: both answers, by their hashes, and what
// the node's said. A canary's study, its right answer and the node's are given by their hashes
// (FetchEvidenceFile), so anybody can compute the one and compare the other (Evidence.Check).
// It holds nothing of a patient's: a canary's
// findings are of a study that was made up from one that may be shown, and of a clinic's own
// study nothing but hashes and figures is kept.
type Evidence struct {
	Version   int              `json:"version"`
	Kind      attest.CheckKind `json:"kind"`
	Node      common.Address   `json:"node"`
	Clinic    common.Address   `json:"clinic"`
	Task      models.Digest    `json:"task"`
	Fence     uint64           `json:"fence"`
	Receipt   common.Hash      `json:"receipt"`
	Manifest  models.Digest    `json:"manifest"`
	Study     common.Hash      `json:"study,omitzero"`     // of a canary: SHA-256 of the payload
	Seed      common.Hash      `json:"seed,omitzero"`      // of a canary
	Reference common.Hash      `json:"reference,omitzero"` // SHA-256 of the output that it was compared with
	Answer    common.Hash      `json:"answer,omitzero"`    // of a canary: SHA-256 of what the checker itself computed
	Output    models.Digest    `json:"output"`             // SHA-256 of the node's output
	Figures   attest.Figures   `json:"figures"`
	Result    attest.Judgement `json:"result"`
	Reason    string           `json:"reason,omitempty"`
	// Signed is the receipt of the work: its node signed for Output, and for no other one. Absent
	// from evidence of before it was kept.
	Signed *attest.SignedReceipt `json:"signed,omitempty"`
	// Findings are what the node's answer to a canary said.
	Findings *inference.Findings `json:"findings,omitempty"`
}

func evidenceFolder(state string) string { return filepath.Join(state, "evidence") }

// evidenceOf are the parts that canaries and re-runs share.
func evidenceOf(kind attest.CheckKind, domain attest.Domain, s attest.SignedReceipt, o canary.Opinion) Evidence {
	r := s.Receipt
	return Evidence{Version: 1, Kind: kind, Node: r.Node, Clinic: r.Clinic, Task: r.Task, Fence: r.Fence, Receipt: r.Hash(domain), Manifest: r.ManifestDigest,
		Reference: o.Against, Output: r.OutputHash, Figures: o.Figures, Result: o.Judgement, Reason: o.Reason, Signed: &s}
}

func canaryEvidence(domain attest.Domain, f flight, one broker.Outcome, o canary.Opinion) Evidence {
	e := evidenceOf(attest.CheckCanary, domain, one.Receipt, o)
	e.Study, e.Seed, e.Answer = f.Study, f.Seed, f.Answer
	if result, err := inference.DecodeResult(one.Result); err == nil { // else the reason says that nobody can read it
		e.Findings = &result.Findings
	}
	return e
}

// keepEvidence writes a piece of evidence under its hash, durably, and returns the hash. One
// that is too large leaves its findings out.
func keepEvidence(folder string, e Evidence) ([32]byte, error) {
	data, err := json.Marshal(e)
	if err == nil && len(data) > maxEvidence {
		e.Findings = nil
		data, err = json.Marshal(e)
	}
	hash := sha256.Sum256(data)
	if err == nil {
		err = os.MkdirAll(folder, 0o700)
	}
	if err == nil {
		err = writeFileDurably(filepath.Join(folder, hex.EncodeToString(hash[:])+".json"), data, 0o644)
	}
	if err != nil {
		return hash, fmt.Errorf("keep the evidence of a verdict: %w", pathless(err))
	}
	return hash, nil
}

// serveEvidence answers who asks for a file by its hash.
func serveEvidence(h host.Host, folder string) {
	places := make(chan struct{}, evidenceAsked)
	h.SetStreamHandler(EvidenceProtocol, func(s network.Stream) {
		if err := answerEvidence(s, folder, places); err != nil {
			_ = s.Reset()
			return
		}
		_ = s.Close()
	})
}

// answerEvidence takes a place once it has heard the question: who asks nothing holds none.
func answerEvidence(s network.Stream, folder string, places chan struct{}) error {
	if err := s.SetDeadline(time.Now().Add(evidenceTimeout)); err != nil {
		return err
	}
	hash, err := attest.ReadFrame(s, sha256.Size)
	if err != nil {
		return err
	}
	if len(hash) != sha256.Size {
		return errors.New("a question of another length")
	}
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
	default:
		return errors.New("too many ask at once")
	}
	file, err := os.Open(filepath.Join(folder, hex.EncodeToString(hash)+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		file, err = os.Open(filepath.Join(folder, blobName(common.Hash(hash))))
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if err := s.SetDeadline(time.Now().Add(evidenceFile)); err != nil {
		return err
	}
	part := make([]byte, maxEvidence)
	for {
		n, err := io.ReadFull(file, part)
		if n > 0 {
			if err := attest.WriteFrame(s, part[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// FetchEvidenceFile asks a coordinator for a study or an answer behind a published verdict, by
// the hash in its Evidence.
func FetchEvidenceFile(ctx context.Context, h host.Host, coordinator peer.ID, hash [32]byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, evidenceFile)
	defer cancel()
	data, err := askEvidence(ctx, h, coordinator, hash, maxEvidenceFile)
	if err != nil {
		return nil, err
	}
	if sha256.Sum256(data) != hash {
		return nil, fmt.Errorf("the file %x… is another than the evidence names; ask the coordinator's operator", hash[:4])
	}
	return data, nil
}

// askEvidence reads one file of at most limit bytes.
func askEvidence(ctx context.Context, h host.Host, coordinator peer.ID, hash [32]byte, limit int) ([]byte, error) {
	s, err := h.NewStream(network.WithAllowLimitedConn(ctx, "evidence"), coordinator, EvidenceProtocol)
	if err != nil {
		return nil, fmt.Errorf("ask for evidence: %w", err)
	}
	defer s.Close()
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	if err := attest.WriteFrame(s, hash[:]); err != nil {
		return nil, fmt.Errorf("ask for evidence: %w", err)
	}
	var data []byte
	for {
		part, err := attest.ReadFrame(s, min(maxEvidence, limit-len(data)))
		if errors.Is(err, io.EOF) && len(data) > 0 {
			return data, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the coordinator gives no evidence %x…: %w; it may be gone, ask the coordinator's operator", hash[:4], err)
		}
		data = append(data, part...)
	}
}

// errUnsigned says that evidence does not show what its node signed for.
var errUnsigned = errors.New("the evidence holds no receipt, so nobody can tell whether the node gave this answer; ask the coordinator's operator")

// signedFor wants the node's own signature for the output that the evidence names: else any
// file could be passed off as its answer.
func (e Evidence) signedFor(d attest.Domain) error {
	if e.Signed == nil {
		return errUnsigned
	}
	if e.Signed.Receipt.Hash(d) != e.Receipt || e.Signed.Receipt.OutputHash != e.Output {
		return errors.New("the evidence names another output than the one that the node signed for")
	}
	return e.Signed.Verify(d)
}

// Check compares the files behind a canary's verdict as its checker did. answer is the
// checker's own, or what somebody else computed of the study; reference is the output that
// the node's was compared with, and output the node's. A verdict "unchecked" claims nothing.
func (e Evidence) Check(m models.Manifest, reference, output []byte) error {
	if e.Result == attest.JudgedUnchecked {
		return nil
	}
	if sha256.Sum256(reference) != e.Reference || models.DigestOf(output) != e.Output {
		return errors.New("check evidence: these are other files than it names; fetch them by its hashes")
	}
	right, err := inference.DecodeResult(reference)
	if err != nil {
		return fmt.Errorf("check evidence: read the reference: %w", err)
	}
	result, err := inference.DecodeResult(output)
	if err != nil {
		if e.Result != attest.JudgedInvalid {
			return fmt.Errorf("check evidence: it says %s of an answer that nobody can read: %w", e.Result, err)
		}
		return nil
	}
	figures, judgement, _ := canary.Compare(m, right, result)
	if judgement != e.Result || figures != e.Figures {
		return fmt.Errorf("check evidence: it says %s %+v; the files say %s %+v", e.Result, e.Figures, judgement, figures)
	}
	return nil
}

// FetchEvidence asks a coordinator for the file behind a verdict, and holds it against its
// hash.
func FetchEvidence(ctx context.Context, h host.Host, coordinator peer.ID, hash [32]byte) (e Evidence, err error) {
	ctx, cancel := context.WithTimeout(ctx, evidenceTimeout)
	defer cancel()
	data, err := askEvidence(ctx, h, coordinator, hash, maxEvidence)
	if err != nil {
		return e, err
	}
	if sha256.Sum256(data) != hash {
		return e, fmt.Errorf("the evidence %x… is another file than its verdict names", hash[:4])
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("read evidence %x…: %w", hash[:4], err)
	}
	return e, nil
}
