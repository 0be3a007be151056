package agent

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	randv2 "math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

// What a canary asks of the market: what `medhive clinic submit` asks.
const (
	canaryWithin      = 10 * time.Minute
	canaryCeilingGwei = 10_000_000
	canaryUrgentShare = 0.15 // of canaries that are urgent, and of those that are emergencies:
	canaryStatShare   = 0.05 // who only cheated on some class would be seen there too
	maxCanaryStudies  = 1024 // of a folder
)

// canary submits one canary, waits for it, and judges who did it.
func (k *canaries) canary(ctx context.Context, n int, s *slot, number []byte, due *dueCheck) error {
	c, err := k.clinicOf(ctx, n, s)
	if err != nil {
		return err
	}
	pkg, err := k.packageOf(due.Key.Model)
	if err != nil {
		return err
	}
	if due.Flight == nil {
		if err := k.submit(ctx, c, s, pkg, number, due); err != nil {
			return err
		}
	}
	o, err := c.broker.Wait(ctx, due.Flight.Task)
	if err != nil {
		return err
	}
	// As any clinic does, it compares what several nodes gave, signs what it finds, and asks one
	// more where they differ: one that did not would be told by it.
	if o, _, err = c.verify(ctx, pkg, o); err != nil {
		return err
	}
	found, err := k.judge(ctx, c, pkg, *due.Flight, o)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("the canary ended %s: %s", o.State, o.Reason)
	}
	if err := c.broker.Delivered(ctx, due.Flight.Task); err != nil {
		return err
	}
	for _, f := range found {
		k.log.Info("a canary was judged", "node", f.key.Node, "model", due.Key.Model.Short(), "provider", f.key.Provider, "result", string(f.opinion.Judgement), "reason", f.opinion.Reason,
			"share_of_compute", math.Round(1000*k.accounts().Share())/1000)
	}
	return errors.Join(k.book.done(number, found), k.book.touch(n, time.Now()), k.refs.Forget(due.Flight.Study))
}

// packageOf finds the package with this manifest among those that the coordinator holds.
func (k *canaries) packageOf(manifest models.Digest) (models.Package, error) {
	if pkg, found := packageOf(k.catalog, manifest); found {
		return pkg, nil
	}
	return models.Package{}, fmt.Errorf("the model %s is not in this machine's catalogue: %w; fetch it with `medhive model fetch`", manifest.Short(), errNoCheck)
}

// submit makes a canary of one of the studies, computes its answer, and puts it to the
// market. What is needed to judge it is on disk before anybody hears of it.
func (k *canaries) submit(ctx context.Context, c *Clinic, s *slot, pkg models.Package, number []byte, due *dueCheck) error {
	if k.local == nil {
		return fmt.Errorf("there is no ONNX Runtime here to compute the right answer: %w; run `make deps` or name it with --ort-lib", errNoCheck)
	}
	study, err := k.study(ctx, c, pkg)
	if err != nil {
		return err
	}
	f := &flight{Identity: s.number, Package: pkg.Digest()}
	rand.Read(f.Seed[:]) // never fails, see crypto/rand
	rand.Read(f.Task[:]) // a clinic's task id is an HMAC: as random as this
	payload, err := canary.Perturb(study, f.Seed)
	if err != nil {
		return fmt.Errorf("make a canary: %w", err)
	}
	f.Study = sha256.Sum256(payload)
	class := canaryClass(randv2.Float64())
	begun := time.Now()
	answer, err := k.local.run(ctx, k.catalog, broker.LocalJob{Task: f.Task, Package: f.Package, Class: scheduler.Routine, Payload: payload, Progress: func(string, float64) {}})
	if err != nil {
		return fmt.Errorf("compute the answer of a canary: %w", err)
	}
	f.Took, f.Answer = time.Since(begun), sha256.Sum256(answer)
	for _, data := range [][]byte{payload, answer} {
		if err := holdFile(k.conf.State, data); err != nil {
			return err
		}
	}
	if err := k.refs.Own(canary.ReferenceID{Study: f.Study, Model: f.Package, Provider: ort.CPU}, answer); err != nil {
		return err
	}
	due.Flight = f
	if err := k.book.put(number, *due); err != nil {
		return err
	}
	k.mu.Lock()
	s.favoured = due.Key.Node
	k.spent.Checks += f.Took
	k.mu.Unlock()
	return c.broker.Submit(ctx, broker.Submission{
		Task: f.Task, Payload: payload, PackageDigest: f.Package, WeightsDigest: pkg.Manifest.Weights.SHA256, ManifestDigest: pkg.ManifestDigest(),
		Priority: class, Deadline: time.Now().Add(canaryWithin), Residency: k.residency(c, due.Key.Node),
		PriceCeiling: canaryCeilingGwei, MemoryBytes: pkg.Manifest.Requirements.MemoryBytes,
	})
}

// residency is the country of the node that the canary is meant for: a study that may be
// shown to anybody may go there.
func (k *canaries) residency(c *Clinic, node common.Address) []string {
	if at := c.roster.jurisdiction(node); at != "" {
		return []string{at}
	}
	return c.conf.Regions[:min(len(c.conf.Regions), scheduler.MaxRegions)]
}

// canaryClass draws a canary's class as clinics mix them.
func canaryClass(draw float64) scheduler.Class {
	switch {
	case draw < canaryStatShare:
		return scheduler.STAT
	case draw < canaryStatShare+canaryUrgentShare:
		return scheduler.Urgent
	}
	return scheduler.Routine
}

// study is the payload of a random study of the folder that the model takes.
func (k *canaries) study(ctx context.Context, c *Clinic, pkg models.Package) ([]byte, error) {
	entries, err := os.ReadDir(k.conf.Canaries)
	if err != nil {
		return nil, fmt.Errorf("read the folder of canaries: %w", pathless(err))
	}
	entries = entries[:min(len(entries), maxCanaryStudies)]
	randv2.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	for _, e := range entries {
		name := e.Name() + "\x00" + pkg.Name()
		k.mu.Lock()
		unfit := k.unfit[name]
		k.mu.Unlock()
		if e.Type()&fs.ModeSymlink != 0 || unfit {
			continue
		}
		prepared, err := c.prepare(ctx, Submission{Path: filepath.Join(k.conf.Canaries, e.Name())}, pkg, &Report{})
		if err == nil {
			return prepared.Payload, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		k.mu.Lock()
		k.unfit[name] = true
		k.mu.Unlock()
		k.log.Debug("a study of the canaries does not suit a model", "model", pkg.Name(), "reason", err)
	}
	return nil, fmt.Errorf("no study in the folder of canaries suits the model %s: %w", pkg.Name(), errNoCheck)
}

// judge compares each result of a canary with the right answer, keeps the receipt as the
// intake keeps others', and holds the verdict back until the clinic's name is over.
func (k *canaries) judge(ctx context.Context, c *Clinic, pkg models.Package, f flight, o broker.Outcome) (found []finding, err error) {
	copies := o.Copies
	if len(copies) == 0 {
		copies = []broker.Outcome{o}
	}
	for _, one := range copies {
		if one.State != scheduler.Resulted || one.Result == nil {
			continue
		}
		r := one.Receipt.Receipt
		key := canary.Key{Node: r.Node, Model: r.ManifestDigest, Provider: r.Provider}
		room, err := k.book.latitude(key)
		if err != nil {
			return nil, err
		}
		opinion, err := k.refs.Judge(pkg.Manifest, canary.Sample{
			ReferenceID: canary.ReferenceID{Study: f.Study, Model: f.Package, Provider: r.Provider}, Operator: k.owner(r.Node).Hex(), Strict: room.Spent(),
		}, one.Result)
		if err != nil {
			return nil, err
		}
		evidence, err := keepEvidence(evidenceFolder(k.conf.State), canaryEvidence(k.domain, f, one, opinion))
		if err != nil {
			return nil, err
		}
		if err := holdFile(k.conf.State, one.Result); err != nil {
			return nil, err
		}
		consent, err := c.consents(r, k.key.Address())
		if err != nil {
			return nil, err
		}
		_, promise, err := c.broker.Promised(one.Task)
		if err != nil && !errors.Is(err, broker.ErrNoPromise) {
			return nil, err
		}
		verdict, err := k.verdict(attest.CheckCanary, one.Receipt, opinion, evidence, consent, promise)
		if err != nil {
			return nil, err
		}
		if err := k.put(ctx, intake.Statement{Receipt: &one.Receipt, Digest: r.Hash(k.domain)}); err != nil {
			return nil, err
		}
		held := heldVerdict{Receipt: one.Receipt, Verdict: verdict, Files: []common.Hash{f.Study, f.Answer, sha256.Sum256(one.Result)}}
		if err := k.book.hold(f.Identity, held); err != nil {
			return nil, fmt.Errorf("hold a verdict back: %w", err)
		}
		found = append(found, finding{key, opinion})
	}
	return found, nil
}

// consents lets a coordinator judge one of this clinic's receipts. A canary clinic says by it
// that the task was a canary.
func (c *Clinic) consents(r attest.Receipt, checker common.Address) (attest.Signature, error) {
	consent := attest.Consent{Receipt: r.Hash(c.domain), Clinic: r.Clinic, Checker: checker}
	return attest.Sign(consent.Hash(c.domain), c.key.ECDSA())
}

// verdict signs what a check came to, in the coordinator's name, with the clinic's consent and,
// where it is known, the node's promise.
// Its time is the acceptance's: judged again after a crash, it is the same.
func (k *canaries) verdict(kind attest.CheckKind, s attest.SignedReceipt, o canary.Opinion, evidence [32]byte, consent attest.Signature, promise attest.Pledge) (attest.SignedVerdict, error) {
	r := s.Receipt
	signed, err := signVerdict(attest.Verdict{
		Kind: kind, Node: r.Node, Clinic: r.Clinic, Task: r.Task, Fence: r.Fence, Receipt: r.Hash(k.domain), Manifest: r.ManifestDigest,
		Provider: r.Provider, Against: o.Against, Result: o.Judgement, Figures: o.Figures, Reason: o.Reason, Evidence: evidence,
		Checker: k.key.Address(), At: s.Acceptance.At,
	}, k.domain, k.key)
	signed.Consent, signed.Promise = consent, promise
	return signed, err
}

// file stores the receipt and the verdict on it; both may be there already.
func (k *canaries) file(ctx context.Context, s attest.SignedReceipt, v attest.SignedVerdict) error {
	return errors.Join(
		k.put(ctx, intake.Statement{Receipt: &s, Digest: s.Receipt.Hash(k.domain)}),
		k.put(ctx, intake.Statement{Verdict: &v, Digest: v.Verdict.Hash(k.domain)}))
}

func (k *canaries) put(ctx context.Context, s intake.Statement) error {
	err := k.store.Put(ctx, []intake.Statement{s})[0]
	if err != nil && !errors.Is(err, intake.ErrReplay) { // it stands, or another does: a first word is kept
		return fmt.Errorf("keep what a check came to: %w", err)
	}
	return nil
}
