package hwprobe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
	"github.com/medhive/medhive/models"
)

// ProfileVersion is raised when a field changes its meaning. Version 1 had neither
// devices nor conditions; ReadProfile still takes it.
const ProfileVersion = 2

// Roots are the mount points to read, so that tests can bring trees of other machines.
type Roots = device.Roots

// TOPS is a sustained rate in 10¹² operations a second; a multiply and an add are two.
type TOPS = rate.Figure

// Mode is how thoroughly a machine was measured.
type Mode string

// The modes, from the weakest.
const (
	Brief Mode = "brief" // a length of the caller's: development and tests
	Quick Mode = "quick" // 5 × 10 s
	Full  Mode = "full"  // 600 s; the only one that certifies
)

// Covers reports whether a measurement in mode m says at least as much as one in other.
func (m Mode) Covers(other Mode) bool {
	order := []Mode{Brief, Quick, Full}
	return slices.Index(order, m) >= slices.Index(order, other)
}

// Identity is who stands by a profile, and how well that is vouched for.
type Identity struct {
	Node  string `json:"node,omitempty"` // EVM address; absent until a node makes the profile its own
	Trust string `json:"trust"`          // TrustSoftware: a key in a file
}

// TrustSoftware is the trust level of a key in a file.
const TrustSoftware = "software"

// Profile is what a machine is worth, at one moment. Its JSON has a fixed order and
// rounded figures, so that the same profile always has the same digest.
type Profile struct {
	Version   int               `json:"version"`
	At        time.Time         `json:"at"` // when it was measured, UTC, whole seconds
	Mode      Mode              `json:"mode"`
	Identity  Identity          `json:"identity"`
	Devices   device.Inventory  `json:"devices"`
	TOPS      TOPS              `json:"tops"` // dense int8: what the tier is made of
	FP32      *TOPS             `json:"fp32,omitempty"`
	FP16      *TOPS             `json:"fp16,omitempty"`
	Lacking   []string          `json:"lacking,omitempty"` // what could not be measured, and why
	Around    rate.Surroundings `json:"around"`            // during the int8 measurement
	Flags     []rate.Flag       `json:"flags"`             // what was wrong with it
	Watts     Watts             `json:"watts"`
	Models    []ModelRate       `json:"models,omitempty"`
	Certified bool              `json:"certified"` // 600 s, watched, and no flag
	Tier      Tier              `json:"tier"`
	Reasons   []Reason          `json:"reasons"`
}

// ModelRate is a timed run of an installed model. TOPS doesn't predict it: a small
// convolution reaches a fifth of what a product does.
type ModelRate struct {
	Model          string        `json:"model"` // id@version
	Package        models.Digest `json:"package"`
	Provider       string        `json:"provider"`
	Runs           int           `json:"runs"`
	Seconds        float64       `json:"seconds"`          // median of one run, reading and reporting included
	StudiesPerHour float64       `json:"studies_per_hour"` // 3600 ÷ Seconds
	Basis          string        `json:"basis"`            // what was run
	Error          string        `json:"error,omitempty"`  // why there is no figure
}

// Unmeasured is the basis of a power figure that nobody measured. It is untyped, since
// receipts carry the basis as text.
const Unmeasured = "unmeasured"

// Watts is the power during the int8 measurement. All figures are absent where Basis is
// Unmeasured.
type Watts struct {
	Value     float64     `json:"value,omitempty"`      // mean, idle included
	Idle      float64     `json:"idle,omitempty"`       // of the same sources before; absent when unknown
	AboveIdle float64     `json:"above_idle,omitempty"` // Value − Idle; absent when Idle is
	Basis     power.Basis `json:"basis"`
	Sources   []string    `json:"sources,omitempty"`
	Coverage  []string    `json:"coverage,omitempty"` // parts that are in the figures
	Missing   []string    `json:"missing,omitempty"`  // parts that are not
	Note      string      `json:"note,omitempty"`     // why there is none, or none better, and what would help
}

// wattsOf is the profile's form of a reading.
func wattsOf(r power.Reading) Watts {
	w := Watts{Basis: r.Basis, Note: r.Note}
	if r.Basis == Unmeasured {
		return w
	}
	if rounded(r.MeanWatts) <= 0 {
		return Watts{Basis: Unmeasured, Note: "its sensors told of no power at all while it computed; see what they are with `medhive doctor`"}
	}
	w.Value, w.Idle, w.AboveIdle = rounded(r.MeanWatts), rounded(r.IdleWatts), rounded(r.AboveIdleWatts)
	w.Sources, w.Coverage, w.Missing = r.Sources, r.Coverage, r.Missing
	return w
}

// Digest is the SHA-256 of the profile's JSON: what bids and uptime statements name.
func (p Profile) Digest() models.Digest {
	text, err := json.Marshal(p)
	if err != nil { // NaN or infinity, which rounded() keeps out
		return models.Digest{}
	}
	return models.DigestOf(text)
}

// MaxProfileBytes bounds the JSON of a profile.
const MaxProfileBytes = 64 << 10

// Fit leaves out what decides nothing where a machine has so much of it that its profile
// would be too long to be sent: disks, then notes, then the last of the models, which
// Lacking tells. Models come after the rest, and find room kept for them.
func (p *Profile) Fit() {
	room := MaxProfileBytes - identityBytes
	if len(p.Models) == 0 {
		room -= modelBytes
	}
	fits := func() bool {
		text, err := json.Marshal(p)
		return err == nil && len(text) <= room
	}
	for _, leave := range []func(){func() { p.Devices.Disks = nil }, func() { p.Devices.Notes = nil }} {
		if fits() {
			return
		}
		leave()
	}
	all, lacking := p.Models, slices.Clip(p.Lacking)
	for left := len(all) - 1; left >= 0 && !fits(); left-- {
		p.Models = all[:left]
		p.Lacking = append(lacking, fmt.Sprintf("models: %d more than a profile has room for", len(all)-left))
	}
}

const (
	// modelBytes is kept for the models that are timed later.
	modelBytes = 16 << 10
	// identityBytes is kept for the node that makes the profile its own.
	identityBytes = 1 << 10
)

// ErrProfile marks a document that is no profile of a version that this program knows.
var ErrProfile = errors.New("no hardware profile of this version")

// ReadProfile reads a profile that somebody sent: bounded, of version 1 or 2, with
// figures that are possible. Tier, Reasons and Certified are what the document claims;
// use TierOf for what its figures give.
func ReadProfile(document []byte) (Profile, error) {
	if len(document) > MaxProfileBytes {
		return Profile{}, fmt.Errorf("%w: %d bytes; at most %d", ErrProfile, len(document), MaxProfileBytes)
	}
	var head struct {
		Version     int        `json:"version"`
		CPU         device.CPU `json:"cpu"`
		MemoryBytes uint64     `json:"memory_bytes"`
	}
	if err := json.Unmarshal(document, &head); err != nil {
		return Profile{}, fmt.Errorf("%w: %v", ErrProfile, err)
	}
	var p Profile
	decoder := json.NewDecoder(bytes.NewReader(document))
	switch head.Version {
	case 1:
	case ProfileVersion:
		decoder.DisallowUnknownFields()
	default:
		return Profile{}, fmt.Errorf("%w: version %d; want 1 or %d", ErrProfile, head.Version, ProfileVersion)
	}
	if err := decoder.Decode(&p); err != nil {
		return Profile{}, fmt.Errorf("%w: %v", ErrProfile, err)
	}
	if head.Version == 1 {
		p.Mode, p.Identity.Trust = Brief, TrustSoftware
		p.Devices.CPU, p.Devices.Memory.TotalBytes = head.CPU, head.MemoryBytes
		if p.Watts.Basis == "" {
			p.Watts.Basis = Unmeasured // version 1 left out what nobody knew
		}
	}
	return p, p.validate()
}

// validate refuses figures that no machine has.
func (p Profile) validate() error {
	const most = 1e9 // TOPS and watts alike: far beyond any machine
	figures := []float64{p.TOPS.Median, p.TOPS.Best, p.TOPS.Seconds, p.Watts.Value, p.Watts.Idle, p.Watts.AboveIdle}
	for _, f := range []*TOPS{p.FP32, p.FP16} {
		if f != nil {
			figures = append(figures, f.Median, f.Best, f.Seconds)
		}
	}
	for _, x := range figures {
		if math.IsNaN(x) || x < 0 || x > most {
			return fmt.Errorf("%w: the figure %v is no machine's", ErrProfile, x)
		}
	}
	return p.validateWords()
}

// validateWords refuses words that this program doesn't know, and watts that their basis
// contradicts: who reads a profile decides by them.
func (p Profile) validateWords() error {
	for _, word := range []struct {
		what, text string
		known      bool
	}{
		{"mode", string(p.Mode), slices.Contains([]Mode{Brief, Quick, Full}, p.Mode)},
		{"trust", p.Identity.Trust, p.Identity.Trust == TrustSoftware},
		{"basis", string(p.Watts.Basis), p.Watts.Basis == Unmeasured || p.Watts.Basis.Rank() > 0},
	} {
		if !word.known {
			return fmt.Errorf("%w: the %s %.20q is unknown", ErrProfile, word.what, word.text)
		}
	}
	for _, f := range p.Flags {
		if !slices.Contains([]rate.Code{rate.Noisy, rate.Throttled, rate.Unsteady}, f.Code) {
			return fmt.Errorf("%w: the flag %.20q is unknown", ErrProfile, f.Code)
		}
	}
	w := p.Watts
	if measured := w.Basis != Unmeasured; measured != (w.Value > 0) || !measured && (w.Idle > 0 || w.AboveIdle > 0) {
		return fmt.Errorf("%w: %v W on the basis %q", ErrProfile, w.Value, w.Basis)
	}
	return nil
}

// rounded keeps four decimals: far under the noise, and short in JSON.
func rounded(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	const keep = 1e4
	return math.Round(x*keep) / keep
}
