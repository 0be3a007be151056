// Package fetch brings model packages into the store from a folder, a tar, HTTPS, an OCI
// registry, or whatever else implements Source. In: a source and a policy that says whom
// to trust. Out: a package in the store, every byte held to its digest and the digests
// to their publisher's signature before the weights are asked for. It resumes what was
// cut, bounds what a stranger may send, and never runs what it fetched.
package fetch

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/store"
)

// Source is a place that has one package. It is used by one Fetch at a time.
type Source interface {
	// Open reads a file of the package from offset on. start is where body begins:
	// offset, or 0 where the source can't resume. A file that the source does not have
	// is fs.ErrNotExist. What body gives is bounded and verified by the caller.
	Open(ctx context.Context, name string, offset int64) (body io.ReadCloser, start int64, err error)
}

// Policy says which packages an operator takes. A signature that does not fit, or lacks
// where the manifest names a publisher, is refused under any policy.
type Policy struct {
	Digest   models.Digest               // if set: exactly this package, whoever signed it
	Trusted  func(publisher string) bool // whose signature is enough
	Unsigned bool                        // take a package that nobody signed
}

// Progress is how far a fetch has come.
type Progress struct {
	File        string // what is read now
	Done, Total int64  // bytes of the whole package; Done counts what an earlier try left
}

// Options are the knobs of Fetch that have defaults.
type Options struct {
	Progress func(Progress) // from Fetch's own goroutine; may be nil
	Pause    time.Duration  // before the first try after a cut; doubles with each; 0 means DefaultPause
	Stall    time.Duration  // without a byte until a try is given up; 0 means DefaultStall
}

// Defaults of Options, and how many tries in a row may bring nothing.
const (
	DefaultPause = time.Second
	DefaultStall = time.Minute
	maxTries     = 5
)

func (o Options) complete() Options {
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Pause <= 0 {
		o.Pause = DefaultPause
	}
	if o.Stall <= 0 {
		o.Stall = DefaultStall
	}
	return o
}

// label is what a package says of itself before its weights are asked for.
type label struct {
	manifest  models.Manifest
	digest    models.Digest
	text      []byte // manifest.json
	sums      []byte // SHA256SUMS; nil if there is none
	signature []byte
	listed    models.Sums
}

// Fetch brings the package into the store. What arrived before a cut, or before ctx
// ended, is kept there for a while and used by the next Fetch of the same package, also
// from another source. A package that is there already is not fetched again.
func Fetch(ctx context.Context, into *store.Store, from Source, policy Policy, o Options) (store.Record, error) {
	o = o.complete()
	l, err := readLabel(ctx, from, o)
	if err != nil {
		return store.Record{}, err
	}
	if err := l.check(policy); err != nil {
		return store.Record{}, err
	}
	if have, ok, err := already(into, l.digest); err != nil || ok {
		return have, err
	}
	if err := into.Room(l.manifest.Bytes()); err != nil {
		return store.Record{}, fmt.Errorf("fetch %s: %w", l.name(), err)
	}
	key := models.DigestOf(append(l.digest[:], l.sums...))
	staging, err := into.Resume(hex.EncodeToString(key[:]))
	if err != nil {
		return store.Record{}, fmt.Errorf("fetch %s: %w", l.name(), err)
	}
	record, err := l.fill(ctx, into, from, staging, o)
	return record, errors.Join(err, staging.Close())
}

func (l label) name() string { return l.manifest.ID + "@" + l.manifest.Version }

func already(into *store.Store, d models.Digest) (store.Record, bool, error) {
	records, err := into.List()
	for _, r := range records {
		if r.Digest == d {
			return r, true, nil
		}
	}
	return store.Record{}, false, err
}

// readLabel reads the small files that say what the package is, and parses them.
func readLabel(ctx context.Context, from Source, o Options) (l label, err error) {
	if l.sums, err = small(ctx, from, models.SumsFile, models.MaxSumsBytes, o); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return l, err
	}
	if l.sums != nil {
		if l.listed, err = models.ParseSums(l.sums); err != nil {
			return l, err
		}
		if l.signature, err = small(ctx, from, models.SignatureFile, models.MaxSignatureBytes, o); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return l, err
		}
	}
	l.text, err = small(ctx, from, models.ManifestFile, models.MaxManifestBytes, o)
	if errors.Is(err, fs.ErrNotExist) {
		return l, fmt.Errorf("there is no model package: it has no %s; check the reference", models.ManifestFile)
	}
	if err != nil {
		return l, err
	}
	if l.manifest, err = models.ParseManifest(l.text); err != nil {
		return l, err
	}
	l.digest = models.DigestOfPackage(l.text, l.manifest.Weights.SHA256)
	return l, nil
}

// check holds the label to itself and to the policy. After it, the digests of all parts
// are known and, where the package is signed, they are the publisher's word.
func (l label) check(p Policy) error {
	m := l.manifest
	if !p.Digest.IsZero() && p.Digest != l.digest {
		return fmt.Errorf("the source has %s with digest %s, not %s; ask its publisher for the right reference", l.name(), l.digest, p.Digest)
	}
	if err := m.Check(); err != nil {
		return err
	}
	if l.listed != nil {
		if err := l.matchSums(); err != nil {
			return fmt.Errorf("fetch %s: %w; ask its publisher for a whole package", l.name(), err)
		}
	}
	if l.signature != nil {
		if err := models.VerifySums(m.Publisher, l.sums, l.signature); err != nil {
			return fmt.Errorf("fetch %s: %w", l.name(), err)
		}
	}
	switch {
	case l.signature == nil && m.Publisher != "":
		return fmt.Errorf("fetch %s: its manifest names the publisher %s, who has not signed it; fetch it from the publisher", l.name(), m.Publisher)
	case p.Digest == l.digest:
		return nil
	case l.signature == nil && !p.Unsigned:
		return fmt.Errorf("fetch %s: nobody signed this package; if you know where it comes from, name its digest with --digest %s, or take it with --unsigned", l.name(), l.digest)
	case l.signature != nil && (p.Trusted == nil || !p.Trusted(m.Publisher)):
		return fmt.Errorf("fetch %s: its publisher %s is not trusted here; if you know whose key that is, say `medhive model trust %s --name WHO`", l.name(), m.Publisher, m.Publisher)
	}
	return nil
}

// matchSums wants SHA256SUMS to list the manifest's files with the manifest's digests.
func (l label) matchSums() error {
	expected := models.Sums{models.ManifestFile: models.DigestOf(l.text)}
	for _, part := range l.manifest.Parts() {
		listed, ok := l.listed[part.Name]
		if part.Optional && !ok {
			continue
		}
		if expected[part.Name] = part.SHA256; part.SHA256.IsZero() {
			expected[part.Name] = listed
		}
	}
	return l.listed.Match(expected)
}

// small reads a whole file of at most limit bytes into memory.
func small(ctx context.Context, from Source, name string, limit int64, o Options) ([]byte, error) {
	var data []byte
	pause := o.Pause
	for try := 1; ; try++ {
		body, start, err := from.Open(ctx, name, 0)
		if err == nil && start != 0 {
			_ = body.Close()
			return nil, fmt.Errorf("read %s: the source begins in its middle; report this to whoever runs it", name)
		}
		if err == nil {
			guarded := newGuard(ctx, body, o.Stall)
			data, err = io.ReadAll(io.LimitReader(guarded, limit+1))
			guarded.Close()
		}
		switch {
		case err == nil && int64(len(data)) > limit:
			return nil, fmt.Errorf("read %s: it has more than %d bytes; this is no model package", name, limit)
		case err == nil:
			return data, nil
		case errors.Is(err, fs.ErrNotExist):
			return nil, fs.ErrNotExist
		case ctx.Err() != nil:
			return nil, fmt.Errorf("read %s: %w", name, ctx.Err())
		case try == maxTries || isFinal(err):
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if err := wait(ctx, &pause); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
}

// finalError is an answer that asking again won't change.
type finalError struct{ error }

func (f finalError) Unwrap() error { return f.error }

// Final marks an error of a Source as one that asking again won't change.
func Final(err error) error { return finalError{err} }

func isFinal(err error) bool {
	var f finalError
	return errors.As(err, &f)
}

// wait pauses, and doubles the pause for the next time.
func wait(ctx context.Context, pause *time.Duration) error {
	timer := time.NewTimer(*pause)
	defer timer.Stop()
	*pause *= 2
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
