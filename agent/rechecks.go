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
	"go.opentelemetry.io/otel/attribute"

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
func (k *canaries) rerun(ctx context.Context, number []byte, due *dueCheck) (err error) {
	signed := due.Rerun.Receipt
	r := signed.Receipt
	end := k.tracer.Around(r.Task, "rerun", attribute.String("medhive.node", r.Node.Hex()), attribute.Int64("medhive.fence", int64(r.Fence)))
	defer func() { end(err) }()
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
	given, err := fetchRecheck(ctx, k.host, k.key, clinic, r, k.domain)
	defer func() { clear(given.payload) }()
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
	answer, err := k.local.run(ctx, k.catalog, broker.LocalJob{Task: r.Task, Package: pkg.Digest(), Class: scheduler.Routine, Payload: given.payload, Progress: func(string, float64) {}})
	if err != nil {
		return fmt.Errorf("run a task again: %w", err)
	}
	took := time.Since(begun)
	k.mu.Lock()
	k.spent.Checks += took
	k.mu.Unlock()
	opinion, err := k.opinionOf(pkg, due.Key, answer, given.result)
	if err != nil {
		return err
	}
	evidence, err := keepEvidence(evidenceFolder(k.conf.State), evidenceOf(attest.CheckRerun, k.domain, signed, opinion))
	if err != nil {
		return err
	}
	verdict, err := k.verdict(attest.CheckRerun, signed, opinion, evidence, given.consent, given.promise)
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

// recheck is what a clinic gives so that a task can be run again.
type recheck struct {
	payload, result []byte
	consent         attest.Signature // of attest.Consent
	promise         attest.Pledge    // the node's, to the receipt's lease; zero: the clinic knows none
}

// fetchRecheck is RecheckRequest, RecheckGrant and both ciphertexts, as the coordinator sees
// them. What it returns is what the receipt names, whatever the clinic says.
func fetchRecheck(ctx context.Context, h host.Host, key *identity.Key, clinic peer.ID, r attest.Receipt, domain attest.Domain) (given recheck, err error) {
	recipient, err := transfer.NewRecipient()
	if err != nil {
		return given, err
	}
	began := time.Now()
	s, err := wire.Dial(ctx, h, clinic, nil, wire.RecheckProtocol, key, recheckAnswer)
	if err != nil {
		return given, err
	}
	defer s.Close()
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	if err := s.Send(&wire.RecheckRequest{Task: r.Task[:], Fence: r.Fence, Clinic: r.Clinic[:], HpkeKey: recipient.Public()}); err != nil {
		return given, err
	}
	grant, err := wire.Expect[*wire.RecheckGrant](s.Reader, wire.MaxBulk, r.Clinic)
	if err != nil {
		return given, err
	}
	if string(grant.Task) != string(r.Task[:]) || grant.Fence != r.Fence || transfer.RequestHash(grant.PayloadManifest) != r.RequestHash {
		return given, errForeign
	}
	if copy(given.consent[:], grant.Consent) != len(given.consent) || len(grant.Consent) != len(given.consent) {
		return given, fmt.Errorf("the clinic consents to no judgement, its version is an older one: %w", errNoCheck)
	}
	if err := (attest.Consent{Receipt: r.Hash(domain), Clinic: r.Clinic, Checker: key.Address()}).Verify(domain, given.consent); err != nil {
		return given, fmt.Errorf("%w: %w", errForeign, err)
	}
	if len(grant.Promise) > 0 {
		if err := given.promise.UnmarshalBinary(grant.Promise); err != nil {
			return given, fmt.Errorf("%w: %w", errForeign, err)
		}
		if err := given.promise.Verify(domain, attest.Promise{Task: r.Task, Fence: r.Fence, Node: r.Node, Clinic: r.Clinic}); err != nil {
			return given, fmt.Errorf("%w: %w", errForeign, err)
		}
	}
	parcel := recheckParcel{s: s, recipient: recipient, binding: transfer.Binding{Task: r.Task, Fence: r.Fence, Node: key.Address()}, began: began, allowed: recheckAnswer}
	if given.payload, err = parcel.open(ctx, grant.PayloadKey, grant.PayloadManifest, transfer.Payload, min(maxRecheckBytes, scheduler.MaxPayloadBytes)); err != nil {
		return given, err
	}
	if given.result, err = parcel.open(ctx, grant.ResultKey, grant.ResultManifest, transfer.Result, min(maxRecheckBytes, inference.MaxResultBytes)); err != nil {
		return given, err
	}
	if models.DigestOf(given.result) != r.OutputHash {
		return given, errForeign
	}
	return given, nil
}

// recheckParcel receives what follows a grant.
type recheckParcel struct {
	s         *wire.Stream
	recipient transfer.Recipient
	binding   transfer.Binding
	began     time.Time
	allowed   time.Duration // from began to the end of what is received next
}

// open receives one ciphertext and decrypts it. What it returns beside an error is to be cleared.
func (p *recheckParcel) open(ctx context.Context, wrapped, encoded []byte, purpose transfer.Purpose, limit int64) (plain []byte, err error) {
	content, err := p.recipient.Unwrap(wrapped, p.binding)
	if err != nil {
		return nil, err
	}
	manifest, err := transfer.DecodeManifest(encoded, limit)
	if err != nil {
		return nil, err
	}
	opener, err := transfer.NewOpener(manifest, purpose, p.binding.Task, content)
	if err != nil {
		return nil, err
	}
	p.allowed += recheckTime(manifest.PlainBytes)
	if err := p.s.Extend(p.allowed - time.Since(p.began)); err != nil {
		return nil, err
	}
	_, err = transfer.Receive(ctx, p.s, func() { _ = p.s.Reset() }, opener, 0, func(_ int, part []byte) error {
		plain = grown(plain, part) // it grows with what comes, not with what is said
		return nil
	})
	return plain, err
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
