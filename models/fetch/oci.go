package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/medhive/medhive/models"
)

// The types of a package in a registry: an OCI artifact whose layers are the package's
// files, each under its name (org.opencontainers.image.title).
const (
	ArtifactType = "application/vnd.medhive.model.v1"
	fileType     = "application/vnd.medhive.model.file.v1"
)

// maxOCIManifest bounds the registry's own manifest: a dozen layers of a few hundred bytes.
const maxOCIManifest = 64 << 10

// OCI is a package in an OCI registry.
type OCI struct {
	repository *remote.Repository
	files      map[string]ocispec.Descriptor
}

// openRepository reads host[:port]/name:tag or …@digest. Passwords come from the Docker
// configuration of whoever runs this; http is used on loopback only.
func openRepository(reference string) (*remote.Repository, error) {
	repository, err := remote.NewRepository(reference)
	if err != nil || repository.Reference.Reference == "" {
		return nil, fmt.Errorf("%.200q is no reference to a package in a registry; write oci://host/name:tag", reference)
	}
	repository.PlainHTTP = isLoopback((&url.URL{Host: repository.Reference.Registry}).Hostname())
	client := &auth.Client{Client: retry.DefaultClient, Cache: auth.NewCache(), Header: http.Header{"User-Agent": {"medhive"}}}
	if logins, err := credentials.NewStoreFromDocker(credentials.StoreOptions{}); err == nil {
		client.Credential = credentials.Credential(logins)
	} // without a Docker configuration there is nothing to log in with
	repository.Client = client
	return repository, nil
}

// NewOCI finds the package in its registry and lists its files; see openRepository.
func NewOCI(ctx context.Context, reference string) (*OCI, error) {
	repository, err := openRepository(reference)
	if err != nil {
		return nil, err
	}
	descriptor, body, err := repository.Manifests().FetchReference(ctx, repository.Reference.Reference)
	if errors.Is(err, errdef.ErrNotFound) {
		return nil, fmt.Errorf("the registry has no %s; check name and tag", repository.Reference)
	}
	if err != nil {
		return nil, fmt.Errorf("ask the registry for %s: %w", repository.Reference, refusal(err))
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxOCIManifest+1))
	if err != nil {
		return nil, fmt.Errorf("ask the registry for %s: %w", repository.Reference, err)
	}
	if len(data) > maxOCIManifest || digest.FromBytes(data) != descriptor.Digest {
		return nil, fmt.Errorf("the registry's manifest of %s is too large or does not fit its digest; report this to whoever runs it", repository.Reference)
	}
	files, err := parseOCI(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", repository.Reference, err)
	}
	return &OCI{repository, files}, nil
}

// parseOCI lists the files of a package's OCI manifest by name.
func parseOCI(data []byte) (map[string]ocispec.Descriptor, error) {
	var m ocispec.Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, errors.New("the registry's manifest can't be read; this is no model package")
	}
	if m.ArtifactType != ArtifactType {
		return nil, fmt.Errorf("this is %.80q, no model package (%s)", m.ArtifactType, ArtifactType)
	}
	files := map[string]ocispec.Descriptor{}
	for _, layer := range m.Layers {
		name := layer.Annotations[ocispec.AnnotationTitle]
		if _, twice := files[name]; twice || name == "" || len(files) >= maxEntries || layer.Digest.Validate() != nil {
			return nil, errors.New("its layers are not the files of a model package; ask its publisher")
		}
		files[name] = layer
	}
	return files, nil
}

// Open implements Source.
func (s *OCI) Open(ctx context.Context, name string, offset int64) (io.ReadCloser, int64, error) {
	descriptor, ok := s.files[name]
	if !ok {
		return nil, 0, fs.ErrNotExist
	}
	body, err := s.repository.Blobs().Fetch(ctx, descriptor)
	if err != nil {
		return nil, 0, refusal(err)
	}
	if seeker, ok := body.(io.Seeker); ok && offset > 0 {
		if _, err := seeker.Seek(offset, io.SeekStart); err == nil {
			return body, offset, nil
		}
	}
	return body, 0, nil
}

// refusal marks answers of a registry that asking again won't change.
func refusal(err error) error {
	var answer *errcode.ErrorResponse
	if errors.As(err, &answer) {
		return statusError(answer.StatusCode, answer.URL.Host)
	}
	if errors.Is(err, errdef.ErrNotFound) {
		return Final(errors.New("the registry does not have this file; ask the package's publisher"))
	}
	return err
}

// Push puts the verified package in dir into a registry under reference and returns the
// digest by which the registry knows it. progress may be nil.
func Push(ctx context.Context, dir, reference string, progress func(Progress)) (string, error) {
	checked, err := models.VerifyFolder(dir)
	if err != nil {
		return "", err
	}
	if !checked.Signed {
		return "", fmt.Errorf("push %s: it is not signed; sign it with `medhive model sign`", checked.Name())
	}
	repository, err := openRepository(reference)
	if err != nil {
		return "", err
	}
	if progress == nil {
		progress = func(Progress) {}
	}
	names := []string{models.SumsFile, models.SignatureFile, models.ManifestFile}
	for _, part := range checked.Manifest.Parts() {
		if _, err := os.Stat(filepath.Join(dir, part.Name)); err == nil {
			names = append(names, part.Name)
		}
	}
	at := Progress{Total: checked.Bytes}
	var layers []ocispec.Descriptor
	for _, name := range names {
		at.File = name
		layer, err := pushFile(ctx, repository, filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("push %s: %s: %w", checked.Name(), name, refusal(err))
		}
		layers = append(layers, layer)
		at.Done += layer.Size
		progress(at)
	}
	manifest, err := oras.PackManifest(ctx, repository, oras.PackManifestVersion1_1, ArtifactType, oras.PackManifestOptions{
		Layers:              layers,
		ManifestAnnotations: map[string]string{ocispec.AnnotationTitle: checked.Manifest.Title, ocispec.AnnotationVersion: checked.Manifest.Version, ocispec.AnnotationLicenses: checked.Manifest.License},
	})
	if err != nil {
		return "", fmt.Errorf("push %s: %w", checked.Name(), refusal(err))
	}
	if err := repository.Tag(ctx, manifest, repository.Reference.Reference); err != nil {
		return "", fmt.Errorf("push %s: %w", checked.Name(), refusal(err))
	}
	return manifest.Digest.String(), nil
}

// pushFile puts one file into the registry unless it is there.
func pushFile(ctx context.Context, repository *remote.Repository, path string) (ocispec.Descriptor, error) {
	f, err := os.Open(path)
	if err != nil {
		return ocispec.Descriptor{}, models.WithoutPath(err)
	}
	defer f.Close()
	sum, err := digest.FromReader(f)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	info, err := f.Stat()
	if err != nil {
		return ocispec.Descriptor{}, models.WithoutPath(err)
	}
	layer := ocispec.Descriptor{MediaType: fileType, Digest: sum, Size: info.Size(),
		Annotations: map[string]string{ocispec.AnnotationTitle: filepath.Base(path)}}
	if there, err := repository.Blobs().Exists(ctx, layer); err != nil || there {
		return layer, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return layer, err
	}
	return layer, repository.Blobs().Push(ctx, layer, f)
}
