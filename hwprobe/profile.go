package hwprobe

import (
	"encoding/json"
	"math"

	"github.com/medhive/medhive/models"
)

// ProfileVersion is raised when a field changes its meaning.
const ProfileVersion = 1

// Profile is what a machine is worth, at one moment. Its JSON has a fixed order and
// rounded figures, so that the same profile always has the same digest.
type Profile struct {
	Version     int      `json:"version"`
	CPU         CPU      `json:"cpu"`
	MemoryBytes uint64   `json:"memory_bytes,omitempty"` // absent when unknown
	TOPS        TOPS     `json:"tops"`
	Watts       Watts    `json:"watts"`
	Tier        Tier     `json:"tier"`
	Reasons     []Reason `json:"reasons"`
}

// CPU is the processor as the kernel describes it. Fields that it doesn't tell are absent.
type CPU struct {
	Model   string   `json:"model,omitempty"`
	Arch    string   `json:"arch"`
	Cores   int      `json:"cores,omitempty"`   // physical
	Threads int      `json:"threads,omitempty"` // logical
	ISA     []string `json:"isa,omitempty"`     // extensions that matter here, sorted
}

// TOPS is a sustained rate in 10¹² operations a second; a multiply and an add are two.
type TOPS struct {
	Median   float64 `json:"median"`  // over the windows
	Best     float64 `json:"best"`    // of the windows
	Seconds  float64 `json:"seconds"` // measured, without the warm-up
	Windows  int     `json:"windows"`
	Threads  int     `json:"threads"`
	Provider string  `json:"provider"`
	Runtime  string  `json:"runtime"` // ONNX Runtime's version
	Basis    string  `json:"basis"`   // what was computed
}

// Unmeasured is the basis of a power figure that nobody measured.
const Unmeasured = "unmeasured"

// Watts is the mean power during the int8 measurement, idle included.
type Watts struct {
	Value float64 `json:"value,omitempty"` // absent when Basis is Unmeasured
	Basis string  `json:"basis"`           // "board", "package" or Unmeasured
	Note  string  `json:"note,omitempty"`  // source, or why there is none and what would help
}

// Digest is the SHA-256 of the profile's JSON: what bids and uptime statements name.
func (p Profile) Digest() models.Digest {
	text, err := json.Marshal(p)
	if err != nil { // NaN or infinity, which rounded() keeps out
		return models.Digest{}
	}
	return models.DigestOf(text)
}

// rounded keeps four decimals: far under the noise, and short in JSON.
func rounded(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	const keep = 1e4
	return math.Round(x*keep) / keep
}
