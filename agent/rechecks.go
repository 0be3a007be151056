package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	libp2pcrypto "github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// Bounds of a re-run's dialogue. All of it ends recheckAnswer after its start, and after what
// the transfer takes at recheckRate: a clinic that answers slowly holds its lane no longer.
const (
	recheckAnswer   = 2 * time.Minute // from the request to the grant
	recheckRate     = 256 << 10       // bytes/s
	maxRecheckBytes = 256 << 20       // of a study and of a result; larger ones are not run again
)

// recheckTime is how long a transfer of that many bytes may take.
func recheckTime(bytes int64) time.Duration {
	return time.Duration(float64(bytes) / recheckRate * float64(time.Second))
}

// rerun asks a task's clinic for its payload and its result, computes the answer anew, and
// judges the node by it. A clinic that refuses is nobody's fault.
func (k *canaries) rerun(ctx context.Context, number []byte, due *dueCheck) error {
	signed := due.Rerun.Receipt
	r := signed.Receipt
	pkg, err := k.packageOf(r.ManifestDigest)
	if err != nil {
		return err
	}
	if k.local == nil {
		return fmt.Errorf("there is no ONNX Runtime here: %w; run `make deps` or name it with --ort-lib", errNoCheck)
	}
	clinic, err := signerOf(signed.Acceptance.Hash(k.domain), signed.ClinicSig)
	if err != nil {
		return fmt.Errorf("who the clinic is: %w: %w", errNoCheck, err)
	}
	payload, result, err := fetchRecheck(ctx, k.host, k.key, clinic, r)
	defer func() { clear(payload) }()
	var refused *wire.Refused
	if errors.As(err, &refused) {
		if k.conf.Canaries != "" {
			k.draw(k.canaryOf(due.Key, nil)) // so that as much is looked at where clinics let nobody look
		}
		return fmt.Errorf("the clinic lets nobody run it again (%s): %w", wire.Reason(refused.Reason), errNoCheck)
	}
	if err != nil {
		return err
	}
	begun := time.Now()
	answer, err := k.local.run(ctx, k.catalog, broker.LocalJob{Task: r.Task, Package: pkg.Digest(), Class: scheduler.Routine, Payload: payload, Progress: func(string, float64) {}})
	if err != nil {
		return fmt.Errorf("run a task again: %w", err)
	}
	took := time.Since(begun)
	k.mu.Lock()
	k.spent.Checks += took
	k.mu.Unlock()
	opinion, err := k.opinionOf(pkg, due.Key, answer, result)
	if err != nil {
		return err
	}
	evidence, err := keepEvidence(evidenceFolder(k.conf.State), evidenceOf(attest.CheckRerun, k.domain, r, opinion))
	if err != nil {
		return err
	}
	verdict, err := k.verdict(attest.CheckRerun, signed, opinion, evidence)
	if err != nil {
		return err
	}
	if err := k.file(ctx, signed, verdict); err != nil {
		return err
	}
	k.log.Info("a task was run again", "task", r.Task.Short(), "node", r.Node, "result", string(opinion.Judgement), "reason", opinion.Reason, "took", took)
	return k.book.done(number, []finding{{due.Key, opinion}})
}

// opinionOf judges a result by the answer that was computed here. Nothing of a patient's study
// is kept: not the answer either.
func (k *canaries) opinionOf(pkg models.Package, key canary.Key, answer, result []byte) (canary.Opinion, error) {
	room, err := k.book.latitude(key)
	if err != nil {
		return canary.Opinion{}, err
	}
	return canary.JudgeAlone(pkg.Manifest, key.Provider, room.Spent(), answer, result)
}

// grown appends, and leaves no part of a study behind where it moves.
func grown(plain, part []byte) []byte {
	if len(plain)+len(part) <= cap(plain) {
		return append(plain, part...)
	}
	larger := make([]byte, len(plain), 2*cap(plain)+len(part))
	copy(larger, plain)
	clear(plain)
	return append(larger, part...)
}

// errForeign says that a clinic gave another study or result than the receipt is about.
var errForeign = errors.New("the clinic gave something else than the receipt is about")

// fetchRecheck is RecheckRequest, RecheckGrant and both ciphertexts, as the coordinator sees
// them. What it returns is what the receipt names, whatever the clinic says.
func fetchRecheck(ctx context.Context, h host.Host, key *identity.Key, clinic peer.ID, r attest.Receipt) (payload, result []byte, err error) {
	recipient, err := transfer.NewRecipient()
	if err != nil {
		return nil, nil, err
	}
	began := time.Now()
	s, err := wire.Dial(ctx, h, clinic, nil, wire.RecheckProtocol, key, recheckAnswer)
	if err != nil {
		return nil, nil, err
	}
	allowed := recheckAnswer
	defer s.Close()
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	if err := s.Send(&wire.RecheckRequest{Task: r.Task[:], Fence: r.Fence, Clinic: r.Clinic[:], HpkeKey: recipient.Public()}); err != nil {
		return nil, nil, err
	}
	grant, err := wire.Expect[*wire.RecheckGrant](s.Reader, wire.MaxBulk, r.Clinic)
	if err != nil {
		return nil, nil, err
	}
	if string(grant.Task) != string(r.Task[:]) || grant.Fence != r.Fence || transfer.RequestHash(grant.PayloadManifest) != r.RequestHash {
		return nil, nil, errForeign
	}
	binding := transfer.Binding{Task: r.Task, Fence: r.Fence, Node: key.Address()}
	open := func(wrapped, encoded []byte, purpose transfer.Purpose, limit int64) ([]byte, error) {
		content, err := recipient.Unwrap(wrapped, binding)
		if err != nil {
			return nil, err
		}
		manifest, err := transfer.DecodeManifest(encoded, limit)
		if err != nil {
			return nil, err
		}
		opener, err := transfer.NewOpener(manifest, purpose, r.Task, content)
		if err != nil {
			return nil, err
		}
		allowed += recheckTime(manifest.PlainBytes)
		if err := s.Extend(allowed - time.Since(began)); err != nil {
			return nil, err
		}
		var plain []byte // it grows with what comes, not with what is said
		_, err = transfer.Receive(ctx, s, func() { _ = s.Reset() }, opener, 0, func(_ int, part []byte) error {
			plain = grown(plain, part)
			return nil
		})
		return plain, err
	}
	if payload, err = open(grant.PayloadKey, grant.PayloadManifest, transfer.Payload, min(maxRecheckBytes, scheduler.MaxPayloadBytes)); err != nil {
		return payload, nil, err
	}
	if result, err = open(grant.ResultKey, grant.ResultManifest, transfer.Result, min(maxRecheckBytes, inference.MaxResultBytes)); err != nil {
		return payload, nil, err
	}
	if models.DigestOf(result) != r.OutputHash {
		return payload, nil, errForeign
	}
	return payload, result, nil
}

// signerOf is the libp2p identity of who signed a digest with its key. A contract wallet's
// signature names nobody.
func signerOf(hash [32]byte, sig attest.Signature) (peer.ID, error) {
	raw := [crypto.SignatureLength]byte(sig)
	if raw[crypto.RecoveryIDOffset] < 27 {
		return "", errors.New("its signature is not a key's")
	}
	raw[crypto.RecoveryIDOffset] -= 27 // what Ethereum adds to the recovery id
	public, err := crypto.SigToPub(hash[:], raw[:])
	if err != nil {
		return "", err
	}
	key, err := libp2pcrypto.UnmarshalSecp256k1PublicKey(crypto.CompressPubkey(public))
	if err != nil {
		return "", err
	}
	return peer.IDFromPublicKey(key)
}

// coordinators are the addresses of the network's coordinators, who may ask to run a task
// again.
func (n Network) coordinators() (list []common.Address, err error) {
	peers, err := p2p.ParsePeers(n.Coordinator)
	if err != nil {
		return nil, err
	}
	for _, p := range peers {
		address, err := identity.AddressOf(p.ID)
		if err != nil {
			return nil, fmt.Errorf("network file: coordinator %s: %w", p.ID, err)
		}
		list = append(list, address)
	}
	return list, nil
}
