package agent

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/fetch"
	"github.com/medhive/medhive/models/store"
)

// The beginnings of references that are no path.
const (
	registryPrefix = "oci://"
	peerPrefix     = "peer:"
)

// ModelFetch says which package to bring, and whom to trust with it.
type ModelFetch struct {
	Home     string
	Ref      string        // oci://host/name:tag, https://…, peer:…, a folder, or a tar
	Digest   models.Digest // if set: exactly this package, whoever signed it
	Unsigned bool          // take a package that nobody signed
	Progress func(fetch.Progress)
}

// FetchModel brings a package into the home's store. Publishers that the operator trusts
// are enough; see fetch.Policy.
func FetchModel(ctx context.Context, f ModelFetch) (store.Record, error) {
	packages, err := OpenStore(f.Home)
	if err != nil {
		return store.Record{}, err
	}
	trusted, err := packages.Trusted()
	if err != nil {
		return store.Record{}, err
	}
	policy := fetch.Policy{Digest: f.Digest, Unsigned: f.Unsigned, Trusted: func(publisher string) bool {
		_, known := trusted[publisher]
		return known
	}}
	o := fetch.Options{Progress: f.Progress}
	switch {
	case strings.HasPrefix(f.Ref, registryPrefix):
		from, err := fetch.NewOCI(ctx, strings.TrimPrefix(f.Ref, registryPrefix))
		if err != nil {
			return store.Record{}, err
		}
		return fetch.Fetch(ctx, packages, from, policy, o)
	case strings.HasPrefix(f.Ref, peerPrefix):
		from, err := dialModels(ctx, strings.TrimPrefix(f.Ref, peerPrefix))
		if err != nil {
			return store.Record{}, err
		}
		defer from.Close()
		if policy.Digest.IsZero() {
			policy.Digest = from.digest // whoever wrote the reference named the package itself
		}
		return fetch.Fetch(ctx, packages, from, policy, o)
	case strings.Contains(f.Ref, "://"):
		from, err := fetch.NewHTTPS(f.Ref, nil)
		if err != nil {
			return store.Record{}, fmt.Errorf("fetch %.200s: %w", f.Ref, err)
		}
		if strings.HasSuffix(f.Ref, ".tar") {
			return fetch.FetchArchive(ctx, packages, from, policy, o)
		}
		return fetch.Fetch(ctx, packages, from, policy, o)
	}
	info, err := os.Stat(f.Ref)
	if err != nil {
		return store.Record{}, fmt.Errorf("fetch %.200s: there is no such folder or tar; registries are written oci://host/name:tag, web servers https://host/folder", f.Ref)
	}
	if info.IsDir() {
		return fetch.Fetch(ctx, packages, fetch.Folder(f.Ref), policy, o)
	}
	return fetch.FromFile(ctx, packages, f.Ref, policy, o)
}

// PushModel puts the signed package of a folder into the registry that ref names and
// returns the digest by which the registry knows it.
func PushModel(ctx context.Context, folder, ref string, progress func(fetch.Progress)) (string, error) {
	reference, ok := strings.CutPrefix(ref, registryPrefix)
	if !ok {
		return "", fmt.Errorf("push to %.200q: write the registry as oci://host/name:tag", ref)
	}
	return fetch.Push(ctx, folder, reference, progress)
}
