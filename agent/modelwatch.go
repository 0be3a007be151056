package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/store"
)

// watchEvery is how often a running node looks whether its models changed: a person who
// fetches one waits for it, and a look is a few calls for files' times.
const watchEvery = 5 * time.Second

// homeOf is the home that a node's folder lies in.
func homeOf(conf NodeConfig) string { return filepath.Dir(conf.State) }

// holderOf is under which name a node holds packages of the store.
func holderOf(conf NodeConfig) string { return "node " + conf.Name }

// watchModels keeps the offers up to date until ctx ends.
func (n *Node) watchModels(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	n.models.watch(ctx, tick.C, n.worker.Engaged)
}

// errResting says that the machine is being examined: to judge a model now would cost the
// examination its figure. The next look finds what this one left.
var errResting = errors.New("the machine is being examined; models are looked through afterwards")

// watch refreshes the offers at a tick where the home changed, until ctx ends. working
// reports whether a job or a bid is about a package.
func (o *offers) watch(ctx context.Context, tick <-chan time.Time, working func(models.Digest) bool) {
	seen := o.fingerprint()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		now := o.fingerprint()
		if now == seen && !o.letsGo() {
			continue
		}
		if err := o.refresh(ctx, working); errors.Is(err, errResting) {
			continue
		} else if err != nil && ctx.Err() == nil {
			o.log.Error("the models could not be looked through; what is offered stays as it is", "error", err)
			continue // and tried again at the next tick
		}
		seen = now
	}
}

// fingerprint changes when a package comes or goes, and with the store's state: pins,
// verdicts, quarantines, wishes to remove.
func (o *offers) fingerprint() string {
	folders := filepath.Join(o.home, "models")
	paths := []string{filepath.Join(o.home, storeFolder, "state.json"), filepath.Join(o.home, storeFolder, "packages"), folders}
	entries, _ := os.ReadDir(folders) // none is what an empty folder says, too
	for _, e := range entries[:min(len(entries), catalog.MaxPackages)] {
		paths = append(paths, filepath.Join(folders, e.Name(), models.ManifestFile))
	}
	var text strings.Builder
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintf(&text, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
	}
	return text.String()
}

// letsGo reports whether a model waits for its last job to end.
func (o *offers) letsGo() bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, m := range o.ready {
		if m.leaving {
			return true
		}
	}
	return false
}

// refresh reads the catalog again, lets go of what is no longer to be offered, and takes in
// what is new and passes. Only ctx's end, an examination (errResting) and a store or catalog
// that can't be read are errors; a model that is left out has its reason among the omissions.
func (o *offers) refresh(ctx context.Context, working func(models.Digest) bool) error {
	o.refreshing.Lock()
	defer o.refreshing.Unlock()
	// In this order: who rests looks for a refresh afterwards, so that one sees the other.
	o.looking.Store(true)
	defer o.looking.Store(false)
	if o.resting() {
		return errResting
	}
	all, err := catalog.OpenWith(filepath.Join(o.home, "models"), o.packages)
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.catalog = all
	o.mu.Unlock()
	if err := o.liftQuarantines(); err != nil {
		return err
	}
	wanted := map[models.Digest]bool{}
	for _, e := range all.Offered() {
		wanted[e.Digest] = true
	}
	if err := o.withdraw(wanted, working); err != nil {
		return err
	}
	for _, e := range all.Offered() {
		if o.resting() {
			return errResting
		}
		if err := o.consider(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// withdraw stops bidding for what is not wanted, and lets go of it once no job needs it.
func (o *offers) withdraw(wanted map[models.Digest]bool, working func(models.Digest) bool) error {
	o.mu.Lock()
	var gone []*offered
	for d, m := range o.ready {
		if m.leaving == wanted[d] {
			m.leaving = !wanted[d]
			o.log.Info("what is offered has changed", "model", m.entry.Name(), "offered", !m.leaving)
			continue // a bid that was being made may still reserve its place
		}
		if m.leaving && !working(d) {
			gone = append(gone, m)
			delete(o.ready, d)
		}
	}
	for d := range o.leftOut {
		if !wanted[d] {
			delete(o.leftOut, d)
		}
	}
	o.mu.Unlock()
	for _, m := range gone {
		o.pool.Retire(m.entry.Digest)
		if m.entry.Origin != catalog.InStore {
			continue
		}
		// One that was removed by force has no hold to release any more.
		if _, _, err := o.packages.Lookup(m.entry.Digest); err != nil {
			continue
		}
		if err := o.packages.Release(m.entry.Digest, o.holder); err != nil {
			return err
		}
	}
	return nil
}

// consider takes a model in, or says why not. What was left out before is tried again when
// its circumstances have changed.
func (o *offers) consider(ctx context.Context, e catalog.Entry) error {
	o.mu.RLock()
	_, ready := o.ready[e.Digest]
	omitted, tried := o.leftOut[e.Digest]
	o.mu.RUnlock()
	if ready {
		return nil
	}
	known, err := o.circumstances(e.Digest)
	if err != nil || tried && omitted.known.same(known) {
		return err
	}
	facts, err := o.admit(ctx, e, known)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	after, unknown := o.circumstances(e.Digest) // with the verdict of now
	if unknown != nil {
		return unknown
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.log.Error("model is left out", "model", e.Name(), "error", err)
		o.leftOut[e.Digest] = omission{name: e.Name(), reason: err, known: after}
		return nil
	}
	delete(o.leftOut, e.Digest)
	o.ready[e.Digest] = &offered{entry: e, facts: facts}
	return nil
}

// isQuarantined reports whether the pool leaves the package alone.
func (o *offers) isQuarantined(d models.Digest) bool {
	return slices.ContainsFunc(o.pool.Quarantined(), func(q runner.Quarantine) bool { return q.Digest == d })
}

// earlierQuarantines are those that an earlier life of this node kept. Those of another
// provider say nothing about this one.
func (o *offers) earlierQuarantines() (list []runner.Quarantine, err error) {
	kept, err := o.packages.Quarantines(o.holder)
	if err != nil {
		return nil, err
	}
	for _, q := range kept {
		if q.Provider != o.provider {
			continue
		}
		o.kept[q.Package] = true
		list = append(list, runner.Quarantine{Model: q.Model, Digest: q.Package, Since: q.Since, Tries: q.Tries, Reason: q.Reason})
	}
	return list, nil
}

// keepQuarantine writes down that one began or ended, so that a restart knows.
func (o *offers) keepQuarantine(q runner.Quarantine, began bool) {
	var err error
	if began {
		err = o.packages.Quarantine(o.holder, store.Quarantine{Package: q.Digest, Model: q.Model, Provider: o.provider, Since: q.Since, Tries: q.Tries, Reason: q.Reason})
	} else {
		err = o.packages.Lift(o.holder, q.Digest)
	}
	if err != nil {
		o.log.Error("a quarantine could not be kept; it holds until this node ends", "model", q.Model, "error", err)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept[q.Digest] = began
}

// liftQuarantines ends those that somebody else lifted: a validation that passed.
func (o *offers) liftQuarantines() error {
	lifted, err := liftedElsewhere(o.pool.Quarantined, o.isKept, func() ([]store.Quarantine, error) { return o.packages.Quarantines(o.holder) })
	if err != nil {
		return err
	}
	for _, q := range lifted {
		o.log.Info("quarantine is lifted", "model", q.Model)
		o.mu.Lock()
		o.kept[q.Digest] = false // also for one that begins before the pool tells of this end
		o.mu.Unlock()
		o.pool.Release(q.Digest)
	}
	return nil
}

// isKept reports whether the store was told of the package's quarantine.
func (o *offers) isKept(d models.Digest) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.kept[d]
}

// liftedElsewhere are the quarantines of the pool that were kept in the store and are no
// longer there. One may begin at any moment, in the pool first, then in the store, then
// among the known: so the pool is asked first and the store last, and what began meanwhile
// is not taken for lifted.
func liftedElsewhere(pool func() []runner.Quarantine, known func(models.Digest) bool, stored func() ([]store.Quarantine, error)) ([]runner.Quarantine, error) {
	candidates := slices.DeleteFunc(pool(), func(q runner.Quarantine) bool { return !known(q.Digest) })
	kept, err := stored()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(candidates, func(q runner.Quarantine) bool {
		return slices.ContainsFunc(kept, func(k store.Quarantine) bool { return k.Package == q.Digest })
	}), nil
}
