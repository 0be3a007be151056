package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/draft"
	"github.com/medhive/medhive/models/store"
)

// ModelState is a model of the catalog with what this machine knows of it.
type ModelState struct {
	models.Manifest
	Package     models.Digest      `json:"package"`
	Origin      string             `json:"origin"`
	Pinned      bool               `json:"pinned"`
	Signed      bool               `json:"signed"` // its publisher's signature was verified when it came
	Holders     []string           `json:"holders,omitempty"`
	Validations []store.Validation `json:"validations,omitempty"`
}

// Name is "id@version".
func (m ModelState) Name() string { return m.ID + "@" + m.Version }

// ListModels lists the catalog of a home, and what was left out of it and why.
func ListModels(home string) (list []ModelState, faults []error, err error) {
	all, err := OpenCatalog(home)
	if err != nil {
		return nil, nil, err
	}
	packages, err := OpenStore(home)
	if err != nil {
		return nil, nil, err
	}
	records, err := packages.List()
	if err != nil {
		return nil, nil, err
	}
	for _, e := range all.List() {
		m := ModelState{Manifest: e.Manifest, Package: e.Digest, Origin: e.Origin, Pinned: e.Pinned}
		if m.Validations, err = packages.Validations(e.Digest); err != nil {
			return nil, nil, err
		}
		if n := slices.IndexFunc(records, func(r store.Record) bool { return r.Digest == e.Digest }); n >= 0 {
			m.Signed, m.Holders = records[n].Publisher != "", records[n].Holders
		}
		list = append(list, m)
	}
	return list, all.Faults(), nil
}

// PinModel makes a version of the catalog the one that counts for its id.
func PinModel(home, ref string) (name string, err error) {
	all, packages, err := openBoth(home)
	if err != nil {
		return "", err
	}
	e, err := all.Entry(ref)
	if err != nil {
		return "", err
	}
	return e.Name(), packages.Pin(e.Manifest.ID, e.Digest)
}

// RollBackModel pins the newest version older than the one that counts now that passed
// validation on this machine.
func RollBackModel(home, id string) (from, to string, err error) {
	all, packages, err := openBoth(home)
	if err != nil {
		return "", "", err
	}
	e, err := all.Entry(id)
	if err != nil {
		return "", "", err
	}
	var versions []store.Fact
	passed := map[models.Digest]bool{}
	for _, v := range all.Versions(e.Manifest.ID) {
		versions = append(versions, store.Fact{Digest: v.Digest, ID: v.Manifest.ID, Version: v.Manifest.Version})
		verdicts, err := packages.Validations(v.Digest)
		if err != nil {
			return "", "", err
		}
		passed[v.Digest] = slices.ContainsFunc(verdicts, func(v store.Validation) bool { return v.Passed })
	}
	previous, ok := store.Previous(versions, e.Digest, func(d models.Digest) bool { return passed[d] })
	if !ok {
		return e.Name(), "", fmt.Errorf("no version older than %s passed validation here; fetch one and validate it first", e.Name())
	}
	return e.Name(), previous.Name(), packages.Pin(previous.ID, previous.Digest)
}

func openBoth(home string) (*catalog.Catalog, *store.Store, error) {
	packages, err := OpenStore(home)
	if err != nil {
		return nil, nil, err
	}
	all, err := OpenCatalog(home)
	return all, packages, err
}

// Removal is what came of removing a model.
type Removal struct {
	Model    string   `json:"model"`
	WaitsFor []string `json:"waits_for,omitempty"` // who holds it: it goes when they let go
}

// RemoveModel deletes a package of the store; one that somebody holds goes as soon as
// nobody does, which a running node hears of by itself. force does not wait, nor look at
// pins: a job on the package fails then.
func RemoveModel(home, ref string, force bool) (r Removal, err error) {
	all, packages, err := openBoth(home)
	if err != nil {
		return r, err
	}
	e, err := all.Entry(ref)
	if err != nil {
		return r, err
	}
	r.Model = e.Name()
	switch {
	case e.Origin == catalog.BuiltIn:
		return r, fmt.Errorf("%s is part of this program and can't be removed; pin another version to put it aside", e.Name())
	case e.Origin != catalog.InStore:
		return r, fmt.Errorf("%s lies in the folder models/%s of the home, where somebody put it; remove that folder", e.Name(), e.Origin)
	case force:
		return r, packages.Remove(e.Digest, true)
	}
	r.WaitsFor, err = packages.Retire(e.Digest)
	return r, err
}

// VerifyModel reads every byte of a model again and holds it to digests and signature.
// ref is a model of the catalog, a package folder, or the digest of one.
func VerifyModel(home, ref string) (models.Checked, error) {
	if _, err := os.Stat(filepath.Join(ref, models.ManifestFile)); ref != "" && err == nil {
		return models.VerifyFolder(ref)
	}
	all, packages, err := openBoth(home)
	if err != nil {
		return models.Checked{}, err
	}
	e, err := all.Entry(ref)
	if err != nil {
		return models.Checked{}, err
	}
	switch e.Origin {
	case catalog.InStore:
		records, err := packages.List()
		if err != nil {
			return models.Checked{}, err
		}
		if n := slices.IndexFunc(records, func(r store.Record) bool { return r.Digest == e.Digest }); n >= 0 {
			return models.VerifyFolder(records[n].Folder)
		}
		return models.Checked{}, fmt.Errorf("%s was removed meanwhile; fetch it again", e.Name())
	case catalog.BuiltIn:
		if _, err := e.Load(); err != nil {
			return models.Checked{}, err
		}
		return models.Checked{Manifest: e.Manifest, Digest: e.Digest, Bytes: e.Manifest.Weights.Bytes}, nil
	}
	return models.VerifyFolder(filepath.Join(home, "models", e.Origin))
}

// ImportModel drafts a package in folder from a bare ONNX file or a MONAI bundle.
func ImportModel(from, folder string, facts draft.Facts) (draft.Draft, error) {
	info, err := os.Stat(from)
	if err != nil {
		return draft.Draft{}, fmt.Errorf("import %s: there is no such file or folder", filepath.Base(from))
	}
	var d draft.Draft
	switch {
	case !info.IsDir():
		weights, err := models.ReadBounded(from, models.MaxWeightsBytes)
		if err != nil {
			return d, fmt.Errorf("import %s: %w", filepath.Base(from), models.WithoutPath(err))
		}
		if d, err = draft.FromONNX(weights, facts); err != nil {
			return d, fmt.Errorf("import %s: %w", filepath.Base(from), err)
		}
	case draft.IsBundle(from):
		if d, err = draft.FromMONAI(from, facts); err != nil {
			return d, fmt.Errorf("import %s: %w", filepath.Base(from), err)
		}
	default:
		return d, fmt.Errorf("import %s: the folder has no configs/metadata.json, so it is no MONAI bundle; name an ONNX file instead", filepath.Base(from))
	}
	return d, d.Write(folder)
}
