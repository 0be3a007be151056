package update

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"aead.dev/minisign"
	"golang.org/x/mod/semver"
)

// What a manifest says that it is. Whoever changes its meaning raises Format.
const (
	Kind   = "medhive update"
	Format = 1
)

// Bounds of a manifest.
const (
	maxManifest  = 64 << 10 // bytes
	maxSignature = 4 << 10  // bytes
	maxFiles     = 64
	maxNotes     = 2 << 10 // bytes
	maxVersion   = 64      // bytes
	// MaxProgram is how large a program may be, in bytes: several times today's.
	MaxProgram = 1 << 30
	// maxLife is how long a manifest may be valid: whoever withholds newer ones from a machine
	// does so unseen for this long at most.
	maxLife = 366 * 24 * time.Hour
	// clockSkew is how far the vendor's clock may be ahead of this machine's.
	clockSkew = 10 * time.Minute
)

// Manifest is what a vendor says of the newest version of a channel. Its bytes are signed as
// they stand, by minisign.
type Manifest struct {
	Kind     string    `json:"kind"`
	Format   int       `json:"format"`
	Channel  string    `json:"channel"`  // such as stable
	Sequence uint64    `json:"sequence"` // higher in each manifest of the channel
	Version  string    `json:"version"`  // as SemVer 2.0.0 has it, without a v
	Minimum  string    `json:"minimum"`  // the oldest version that can go to it in one step
	Issued   time.Time `json:"issued"`
	Expires  time.Time `json:"expires"`
	Rollout  int       `json:"rollout_percent"` // of the machines that may take it, 0 to 100
	Notes    string    `json:"notes,omitempty"` // what is new, for people
	Files    []File    `json:"files"`           // one for each platform
}

// File is the program for one platform.
type File struct {
	OS     string `json:"os"`     // as GOOS has it
	Arch   string `json:"arch"`   // as GOARCH has it
	Name   string `json:"name"`   // of the file that lies beside the manifest
	Bytes  int64  `json:"bytes"`  // 1 to MaxProgram
	SHA256 Digest `json:"sha256"` // hexadecimal
}

// Why a manifest is refused.
var (
	ErrForged  = errors.New("the manifest's signature is not by the key that this machine trusts")
	ErrExpired = errors.New("the manifest has expired: somebody withholds newer ones, the vendor stopped, or this machine's clock is wrong")
)

var (
	fileName    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$`)
	channelName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	platform    = regexp.MustCompile(`^[a-z0-9]{1,16}$`)
)

// Verify takes a manifest in: first its signature, and only then what it says.
func Verify(key minisign.PublicKey, text, signature []byte) (Manifest, error) {
	if len(text) > maxManifest || len(signature) > maxSignature {
		return Manifest{}, fmt.Errorf("read the manifest: it or its signature is larger than %d bytes", maxManifest)
	}
	if !minisign.Verify(key, text, signature) {
		return Manifest{}, ErrForged
	}
	return Parse(text)
}

// Parse reads a manifest whose signature was checked, and refuses what makes no sense. Fields
// that it does not know are passed over: they are for newer programs.
func Parse(text []byte) (m Manifest, err error) {
	if len(text) > maxManifest {
		return m, fmt.Errorf("read the manifest: it is larger than %d bytes", maxManifest)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("read the manifest: %w", err)
	}
	if err := m.valid(); err != nil {
		return Manifest{}, fmt.Errorf("read the manifest: %w", err)
	}
	return m, nil
}

func (m Manifest) valid() error {
	switch life := m.Expires.Sub(m.Issued); {
	case m.Kind != Kind:
		return fmt.Errorf("it says it is %.40q and not %q", m.Kind, Kind)
	case m.Format != Format:
		return fmt.Errorf("its format is %d, and this program knows %d; update by hand once", m.Format, Format)
	case !channelName.MatchString(m.Channel):
		return fmt.Errorf("%.40q is no channel", m.Channel)
	case m.Sequence == 0:
		return errors.New("it has no sequence")
	case !ValidVersion(m.Version):
		return fmt.Errorf("%.80q is no version", m.Version)
	case !ValidVersion(m.Minimum):
		return fmt.Errorf("%.80q is no minimum version", m.Minimum)
	case m.Issued.IsZero() || life <= 0 || life > maxLife:
		return errors.New("it is not valid from one moment to a later one within a year")
	case m.Rollout < 0 || m.Rollout > 100:
		return fmt.Errorf("a rollout of %d %% is no share", m.Rollout)
	case len(m.Notes) > maxNotes || !printable(m.Notes):
		return errors.New("its notes are too long or no text")
	case len(m.Files) > maxFiles:
		return fmt.Errorf("it names more than %d files", maxFiles)
	}
	seen := map[[2]string]bool{}
	for _, f := range m.Files {
		if err := f.valid(); err != nil {
			return err
		}
		if seen[[2]string{f.OS, f.Arch}] {
			return fmt.Errorf("it names two files for %s/%s", f.OS, f.Arch)
		}
		seen[[2]string{f.OS, f.Arch}] = true
	}
	return nil
}

func (f File) valid() error {
	switch {
	case !platform.MatchString(f.OS) || !platform.MatchString(f.Arch):
		return fmt.Errorf("%.20q/%.20q is no platform", f.OS, f.Arch)
	case !fileName.MatchString(f.Name):
		return fmt.Errorf("%.80q is no file beside the manifest", f.Name)
	case f.Bytes <= 0 || f.Bytes > MaxProgram:
		return fmt.Errorf("%s has %d bytes: want 1 to %d", f.Name, f.Bytes, int64(MaxProgram))
	case f.SHA256 == Digest{}:
		return fmt.Errorf("%s has no SHA-256", f.Name)
	}
	return nil
}

func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && !unicode.IsGraphic(r)
	})
}

// For is the program of a platform.
func (m Manifest) For(os, arch string) (File, bool) {
	for _, f := range m.Files {
		if f.OS == os && f.Arch == arch {
			return f, true
		}
	}
	return File{}, false
}

// ValidVersion says whether text is a whole version: three numbers, and perhaps a pre-release.
func ValidVersion(text string) bool {
	return len(text) <= maxVersion && semver.IsValid("v"+text) && strings.Count(strings.SplitN(text, "-", 2)[0], ".") == 2 && semver.Build("v"+text) == ""
}

// Newer says whether version a comes after b. A b that is no version is older than all.
func Newer(a, b string) bool { return semver.Compare("v"+a, "v"+b) > 0 }
