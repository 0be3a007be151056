package update

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Patience and bounds of a source.
const (
	answerWithin = 30 * time.Second
	stallAfter   = time.Minute // without a byte
	maxRedirects = 5
	// roomLeft is what a download leaves free on the disk, in bytes: jobs need it more.
	roomLeft = 1 << 30
)

// Source is where a vendor lays manifests and programs: a folder, or an address of the web.
type Source struct {
	folder string
	base   *url.URL
	client *http.Client
}

// NewSource is the source at an absolute path or an https address. client may be nil.
func NewSource(place string, client *http.Client) (Source, error) {
	if filepath.IsAbs(place) {
		return Source{folder: place}, nil
	}
	u, err := url.Parse(place)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return Source{}, errors.New("update-url is no https address and no absolute path of a folder; correct it, such as https://updates.example.org/medhive")
	}
	if client == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.ResponseHeaderTimeout, transport.TLSHandshakeTimeout = answerWithin, answerWithin
		client = &http.Client{Transport: transport}
	}
	own := *client
	own.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		if to.URL.Scheme != "https" || len(via) >= maxRedirects {
			return errors.New("the server redirects too often, or to what is not https")
		}
		return nil
	}
	return Source{base: u, client: &own}, nil
}

// small reads a whole file of at most limit bytes.
func (s Source) small(ctx context.Context, name string, limit int64) ([]byte, error) {
	body, stop, err := s.open(ctx, name, 0)
	if err != nil {
		return nil, err
	}
	defer stop()
	text, err := io.ReadAll(io.LimitReader(body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("fetch %s: %w", name, hostless(err))
	case int64(len(text)) > limit:
		return nil, fmt.Errorf("fetch %s: it is larger than %d bytes", name, limit)
	}
	return text, nil
}

// open begins to read a file at an offset. The body gives up when nothing comes for a while.
func (s Source) open(ctx context.Context, name string, offset int64) (body io.Reader, stop func(), err error) {
	if s.folder != "" {
		return openFile(filepath.Join(s.folder, name), name, offset)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base.JoinPath(name).String(), nil)
	if err != nil {
		cancel(nil)
		return nil, nil, fmt.Errorf("fetch %s: %w", name, err)
	}
	request.Header.Set("Accept-Encoding", "identity")
	if offset > 0 {
		request.Header.Set("Range", "bytes="+strconv.FormatInt(offset, 10)+"-")
	}
	stall := time.AfterFunc(stallAfter, func() { cancel(fmt.Errorf("nothing came for %s", stallAfter)) })
	answer, err := s.client.Do(request)
	if err == nil && answer.StatusCode != wanted(offset) {
		err = errors.Join(fmt.Errorf("the server answers %d", answer.StatusCode), answer.Body.Close())
		if offset > 0 {
			err = errors.Join(errNoRange, err)
		}
	}
	if err != nil {
		stall.Stop()
		cancel(nil)
		return nil, nil, fmt.Errorf("fetch %s: %w", name, hostless(err))
	}
	stop = func() {
		stall.Stop()
		cancel(nil)
		_ = answer.Body.Close()
	}
	return lively{answer.Body, stall, ctx}, stop, nil
}

// errNoRange says that a server can't give the rest of a file.
var errNoRange = errors.New("the server does not give the rest of a file")

func wanted(offset int64) int {
	if offset > 0 {
		return http.StatusPartialContent
	}
	return http.StatusOK
}

// lively puts the moment off at which a transfer counts as stalled, with each byte.
type lively struct {
	body  io.Reader
	stall *time.Timer
	ctx   context.Context // of the transfer, for why it ended
}

func (l lively) Read(p []byte) (int, error) {
	n, err := l.body.Read(p)
	if n > 0 {
		l.stall.Reset(stallAfter)
	}
	if cause := context.Cause(l.ctx); err != nil && err != io.EOF && cause != nil {
		err = cause
	}
	return n, err
}

func openFile(path, name string, offset int64) (io.Reader, func(), error) {
	file, err := os.Open(path)
	if err == nil {
		if info, bad := file.Stat(); bad != nil || !info.Mode().IsRegular() {
			err = errors.Join(bad, errors.New("it is no plain file"), file.Close())
		} else if _, bad := file.Seek(offset, io.SeekStart); bad != nil {
			err = errors.Join(bad, file.Close())
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("fetch %s: %w", name, pathless(err))
	}
	return file, func() { _ = file.Close() }, nil
}

// hostless is an error of the web without the address, which may hold what is secret.
func hostless(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// download brings a file to path, going on where an earlier attempt ended, and makes it
// executable only once all of it, as the disk has it, is what the manifest names.
func (s Source) download(ctx context.Context, f File, path string) error {
	if intact(path, f.SHA256) == nil {
		return os.Chmod(path, 0o700)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep %s: %w", f.Name, pathless(err))
	}
	part := path + partSuffix
	resumed, err := s.rest(ctx, f, part)
	if resumed && (errors.Is(err, errDiffers) || errors.Is(err, errNoRange)) { // the beginning may have been another file's
		if err = os.Remove(part); err == nil {
			_, err = s.rest(ctx, f, part)
		}
	}
	if errors.Is(err, errDiffers) {
		err = errors.Join(err, os.Remove(part))
	}
	if err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(part, 0o700), syncFile(part)); err != nil {
		return fmt.Errorf("keep %s: %w", f.Name, pathless(err))
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("keep %s: %w", f.Name, pathless(err))
	}
	return syncFolder(filepath.Dir(path))
}

// errDiffers says that a file is not what the manifest names.
var errDiffers = errors.New("it is not what the manifest names")

// rest brings what a part lacks, and looks at the whole.
func (s Source) rest(ctx context.Context, f File, part string) (resumed bool, err error) {
	file, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false, fmt.Errorf("keep %s: %w", f.Name, pathless(err))
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	have, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return false, fmt.Errorf("keep %s: %w", f.Name, pathless(err))
	}
	resumed = have > 0
	if have < f.Bytes {
		if err := room(filepath.Dir(part), f.Bytes-have); err != nil {
			return resumed, fmt.Errorf("keep %s: %w", f.Name, err)
		}
		body, stop, err := s.open(ctx, f.Name, have)
		if err != nil {
			return resumed, err
		}
		_, err = io.Copy(file, io.LimitReader(body, f.Bytes-have+1))
		stop()
		if err = errors.Join(err, file.Sync()); err != nil {
			return resumed, fmt.Errorf("fetch %s: %w; the next attempt goes on from there", f.Name, pathless(hostless(err)))
		}
	}
	return resumed, whole(file, f)
}

// whole says whether a file has the length and the digest that the manifest names.
func whole(file *os.File, f File) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("verify %s: %w", f.Name, pathless(err))
	}
	hash := sha256.New()
	length, err := io.Copy(hash, io.LimitReader(file, f.Bytes+1))
	switch {
	case err != nil:
		return fmt.Errorf("verify %s: %w", f.Name, pathless(err))
	case length < f.Bytes:
		return fmt.Errorf("fetch %s: %d of %d bytes came; the next attempt goes on from there", f.Name, length, f.Bytes)
	case length > f.Bytes || Digest(hash.Sum(nil)) != f.SHA256:
		return fmt.Errorf("verify %s: %w", f.Name, errDiffers)
	}
	return nil
}

// room says whether a disk takes so many bytes and keeps some.
func room(dir string, bytes int64) error {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return fmt.Errorf("look at the disk: %w", err)
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < uint64(bytes)+roomLeft {
		return fmt.Errorf("the disk has %d MB free and must keep %d MB beside the %d MB of the update; free some room", free/1e6, roomLeft/1_000_000, bytes/1e6)
	}
	return nil
}

func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// names are the two files of a channel.
func names(channel string) (manifest, signature string) {
	manifest = strings.ToLower(channel) + ".json"
	return manifest, manifest + SignatureSuffix
}

// SignatureSuffix is what minisign calls the signature of a file.
const SignatureSuffix = ".minisig"
