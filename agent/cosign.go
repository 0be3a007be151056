package agent

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
)

// CosignConfig is what a co-signer needs: a second coordinator, which recomputes what the
// first one publishes.
type CosignConfig struct {
	State    string // folder of the coordinator's role; its key signs, and what was signed is remembered below it
	Network  Network
	SwarmKey string // file of the network's pre-shared key; empty: it has none
	From     string // the first coordinator's multiaddress; empty: the network file's
	Log      *slog.Logger
}

// Cosigned is how one round ended.
type Cosigned struct {
	Signer common.Address `json:"signer"`
	Signed bool           `json:"signed"` // in this round
	Have   int            `json:"have"`   // co-signatures that the coordinator has of the epoch
	Need   int            `json:"need"`
	VerifiedEpoch
}

// ErrNothingNew says that the newest epoch is co-signed already.
var ErrNothingNew = errors.New("the newest epoch is co-signed already")

// errEquivocation stops a co-signer from standing by two outcomes of one epoch.
var errEquivocation = errors.New("this key has signed another outcome of that epoch or of a later one, and signs no second")

// vow is what a co-signer has signed last. It is on disk before the signature leaves.
type vow struct {
	Epoch       uint64      `json:"epoch"`
	Root        common.Hash `json:"root"`
	DatasetHash common.Hash `json:"dataset_hash"`
	TotalWei    string      `json:"total_wei"`
}

func vowOf(s epoch.Summary) vow {
	return vow{s.Number, s.Root, s.DatasetHash, s.CumulativeTotal.String()}
}

// allows says whether a key that made this vow may sign next: the same again, or a later
// epoch.
func (v vow) allows(next vow) error {
	if next == v || next.Epoch > v.Epoch {
		return nil
	}
	return fmt.Errorf("epoch %d after %d: %w", next.Epoch, v.Epoch, errEquivocation)
}

func cosignArchive(state string) epoch.Archive {
	return epoch.Archive(filepath.Join(state, "cosigned"))
}

func vowPath(state string) string { return filepath.Join(state, "cosigned.json") }

func readVow(state string) (v vow, err error) {
	data, err := os.ReadFile(vowPath(state))
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		return v, fmt.Errorf("read what was co-signed last: %w; restore that file from a backup, or use a new key", err)
	}
	return v, nil
}

// Cosign recomputes the coordinator's newest epoch with everything that the chain and the
// epochs co-signed before can show, and signs it if nothing differs. The signature goes to
// the coordinator, which posts the root once enough have come. An epoch that this key has
// signed is sent again, so a round that was cut off can be repeated.
func Cosign(ctx context.Context, conf CosignConfig) (Cosigned, error) {
	conf.Log = quiet(conf.Log)
	var done Cosigned
	if err := makeState(conf.State); err != nil {
		return done, err
	}
	key, err := identity.LoadOrCreate(filepath.Join(conf.State, "coordinator.key"))
	if err != nil {
		return done, err
	}
	done.Signer = key.Address()
	last, err := readVow(conf.State)
	if err != nil {
		return done, err
	}
	// It calls under its own name, for which the coordinator keeps a place.
	a, err := openAudit(ctx, AuditConfig{Network: conf.Network, SwarmKey: conf.SwarmKey, From: conf.From, key: key})
	if err != nil {
		return done, err
	}
	defer a.close()
	from, dialled := a.source.(*peerSource)
	if !dialled {
		return done, errors.New("a co-signature goes to a running coordinator; name its multiaddress with --from")
	}
	if done.Need, err = a.mayCosign(ctx, key.Address()); err != nil {
		return done, err
	}
	paid, err := openState(filepath.Join(conf.State, "cosigned.db"))
	if err != nil {
		return done, err
	}
	defer paid.Close()
	bundle, err := done.recompute(ctx, a, cosignedBefore{cosignArchive(conf.State), paid}, last)
	if err != nil {
		return done, err
	}
	next := vowOf(bundle.Summary)
	if err := last.allows(next); err != nil {
		return done, err
	}
	if next.Root == (common.Hash{}) {
		return done, fmt.Errorf("%w: nobody has earned anything by epoch %d, so there is no root to sign", ErrNothingNew, next.Epoch)
	}
	for _, e := range append(a.behind, counted{next.Epoch, a.jobs}) {
		if err := notePaid(paid, e.number, e.jobs); err != nil {
			return done, err
		}
	}
	if err := keepVow(conf.State, bundle, next); err != nil {
		return done, err
	}
	statement := statementOf(rootOf(bundle.Summary))
	sig, err := attest.Sign(statement.Hash(conf.Network.epochDomain()), key.ECDSA())
	if err != nil {
		return done, err
	}
	reply, err := from.cosign(ctx, attest.CoSignature{Statement: statement, Signer: key.Address(), Sig: sig})
	if err != nil {
		return done, err
	}
	done.Signed, done.Have, done.Need = true, reply.Have, reply.Need
	conf.Log.Info("epoch co-signed", "epoch", next.Epoch, "root", next.Root, "have", reply.Have, "need", reply.Need)
	return done, nil
}

// mayCosign wants that the contract names this signer, and says how many it needs.
func (a *audit) mayCosign(ctx context.Context, signer common.Address) (need int, err error) {
	need, signers, err := a.client.CoSigners(ctx)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(signers, signer) {
		return need, fmt.Errorf("the contract does not name %s as a co-signer; have its owner add that address, then co-sign", signer)
	}
	return need, nil
}

// cosignedBefore is what a co-signer has of the epochs that it signed.
type cosignedBefore struct {
	archive epoch.Archive
	paid    *bolt.DB // paidBucket: job → epoch
}

// recompute brings the newest epoch and verifies it, also against what was co-signed before.
func (done *Cosigned) recompute(ctx context.Context, a *audit, before cosignedBefore, last vow) (bundle epoch.Bundle, err error) {
	head, err := a.source.(*peerSource).head(ctx)
	if err != nil {
		return bundle, err
	}
	if head.Epoch == last.Epoch && head.Root == last.Root && a.isPosted(ctx, head) {
		return bundle, fmt.Errorf("%w: %d", ErrNothingNew, head.Epoch)
	}
	dir, err := a.bring(ctx, head.Epoch)
	if err != nil {
		return bundle, err
	}
	if done.VerifiedEpoch, bundle, err = a.verify(ctx, dir, before.state, true); err != nil {
		return bundle, err
	}
	done.Folder = ""
	if err := before.compare(a, bundle); err != nil {
		return bundle, err
	}
	done.Verdict = a.verdict
	if n := len(done.Differences); n > 0 {
		return bundle, fmt.Errorf("epoch %d is not co-signed: %d values differ, the first: %s; tell the network's guardian, and see `medhive coordinator challenge`", bundle.Summary.Number, n, done.Differences[0])
	}
	return bundle, nil
}

// state is what was co-signed after an epoch.
func (c cosignedBefore) state(number uint64) (state epoch.State, there bool, err error) {
	own, err := epoch.Read(c.archive.Dir(number))
	if errors.Is(err, fs.ErrNotExist) {
		return state, false, nil
	}
	if err != nil {
		return state, false, err
	}
	return own.State(), true, nil
}

// compare wants that no job of what is about to be co-signed was co-signed before, unless
// the epoch that counted it is skipped.
func (c cosignedBefore) compare(a *audit, b epoch.Bundle) error {
	for _, e := range append([]counted{{b.Summary.Number, a.jobs}}, a.behind...) {
		if err := c.compareJobs(a, e, b.Inputs.Skipped); err != nil {
			return err
		}
	}
	return nil
}

func (c cosignedBefore) compareJobs(a *audit, e counted, skipped []uint64) error {
	where := fmt.Sprintf("epoch %d ", e.number)
	return c.paid.View(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(paidBucket)
		for _, id := range e.jobs {
			if bucket == nil {
				break
			}
			value := bucket.Get(id[:])
			if len(value) != 8 {
				continue
			}
			if n := binary.BigEndian.Uint64(value); n != e.number && !slices.Contains(skipped, n) {
				a.differ(fmt.Sprintf("%sjob %x", where, id[:4]), "every job once", fmt.Sprintf("counted in epoch %d already", n))
			}
		}
		return nil
	})
}

// paidBucket holds the jobs of the epochs that were co-signed: id → epoch.
var paidBucket = []byte("cosigned.jobs")

// notePaid is durable when it returns nil.
func notePaid(db *bolt.DB, number uint64, jobs [][32]byte) error {
	err := db.Update(func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(paidBucket)
		if err != nil {
			return err
		}
		for _, id := range jobs {
			if err := bucket.Put(id[:], binary.BigEndian.AppendUint64(nil, number)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember the jobs of epoch %d: %w; check the disk", number, err)
	}
	return nil
}

// isPosted says whether an epoch's root is on chain already; a chain that does not answer
// is a no, and then the epoch is only signed once more.
func (a *audit) isPosted(ctx context.Context, head bundleHead) bool {
	posted, err := a.client.PostedRoot(ctx, head.Epoch)
	return err == nil && posted.Root == head.Root && posted.DatasetHash == head.DatasetHash
}

// keepVow keeps the epoch, for the next one to be compared with, and then the vow. Both are
// durable when it returns nil.
func keepVow(state string, b epoch.Bundle, v vow) error {
	if err := b.Write(cosignArchive(state).Dir(b.Summary.Number)); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("remember what is co-signed: %w", err)
	}
	if err := writeFileDurably(vowPath(state), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("remember what is co-signed: %w", err)
	}
	return nil
}

// cosign sends a co-signature and returns when it is stored.
func (p *peerSource) cosign(ctx context.Context, signed attest.CoSignature) (cosignReply, error) {
	var reply cosignReply
	fail := func(err error) (cosignReply, error) {
		return reply, errors.Join(fmt.Errorf("send the co-signature: %w; it is safe to co-sign again", err), ctx.Err())
	}
	data, err := json.Marshal(signed)
	if err != nil {
		return fail(err)
	}
	s, err := p.host.NewStream(ctx, p.id, cosignProtocol)
	if err != nil {
		return fail(err)
	}
	defer s.Close()
	release := context.AfterFunc(ctx, func() { _ = s.Reset() })
	defer release()
	if err := s.SetDeadline(time.Now().Add(cosignTimeout)); err != nil {
		return fail(err)
	}
	if err := attest.WriteFrame(s, data); err != nil {
		return fail(err)
	}
	if data, err = attest.ReadFrame(s, maxCosignReply); err != nil {
		return fail(err)
	}
	if err := json.Unmarshal(data, &reply); err != nil {
		return fail(err)
	}
	if !reply.Stored {
		return reply, fmt.Errorf("the coordinator refused the co-signature: %.300q", reply.Error)
	}
	return reply, nil
}

// CosignEvery co-signs whatever becomes new, until ctx ends. A round that fails is told and
// tried again at the next.
func CosignEvery(ctx context.Context, conf CosignConfig, every time.Duration, tell func(Cosigned, error)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		tell(Cosign(ctx, conf))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
