package site

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/hl7"
	"github.com/medhive/medhive/scheduler/settings"
)

// Config is site.toml: what a clinic's site takes in, from whom, and where results go.
// Paths are relative to the file's own folder. Empty listen addresses keep a door shut.
type Config struct {
	Rules        string        `toml:"rules"` // file of the routing rules
	Workers      int           `toml:"workers"`
	Market       Market        `toml:"market"`
	Intake       Intake        `toml:"intake"`
	DICOM        DICOM         `toml:"dicom"`
	Web          Web           `toml:"web"`
	HL7          HL7           `toml:"hl7"`
	Watch        []Watch       `toml:"watch"`
	Archives     []Archive     `toml:"archive"`
	Destinations []Destination `toml:"destination"`
	Delivery     Delivery      `toml:"delivery"`
	Audit        Audit         `toml:"audit"`
	Costs        Costs         `toml:"costs"`
}

// Market are the terms of rules that name none of their own.
type Market struct {
	Residency        []string      `toml:"residency"` // ISO 3166-1 alpha-2
	PriceCeilingGwei uint64        `toml:"price-ceiling-gwei"`
	Within           time.Duration `toml:"within"`
}

// Intake says when a study is complete and what becomes of what doesn't fit.
type Intake struct {
	Quiet       time.Duration `toml:"quiet"`        // nothing has come for so long: the study is complete
	LongestWait time.Duration `toml:"longest-wait"` // complete at the latest after this
	Keep        time.Duration `toml:"keep"`         // a study is removed so long after its last result was delivered
	MaxGiB      int           `toml:"max-gib"`      // of all studies on the disk
	KeepFreeGiB int           `toml:"keep-free-gib"`
	Conflict    string        `toml:"conflict"` // same instance, other content: "first" is kept, or "hold" the study
	Late        string        `toml:"late"`     // slices after completion: "anew" or "note"
}

// DICOM is the door for C-STORE and C-ECHO.
type DICOM struct {
	Listen          string        `toml:"listen"`
	AETitle         string        `toml:"ae-title"`
	Peers           []Peer        `toml:"peer"` // none: only this machine's own addresses may send
	TLS             TLS           `toml:"tls"`
	MaxAssociations int           `toml:"max-associations"`
	MaxOfOne        int           `toml:"max-associations-of-one"` // from one address; 0: three quarters of max-associations
	Idle            time.Duration `toml:"idle"`                    // a silent association is ended
	// Commit promises a modality that asks (N-ACTION, PS3.4 Annex J) that what it sent is safe
	// here, though it is removed after Intake.Keep.
	Commit bool `toml:"commit"`
}

// Peer may send studies.
type Peer struct {
	AETitle string `toml:"ae-title"`
	Address string `toml:"address"` // an address or a prefix, such as 10.1.0.0/16; empty: any
	// ReportTo is where it listens itself (host:port), for the reports on storage commitment
	// that it asked for; empty: on the association it asked on. With dicom.tls they go under TLS.
	ReportTo string `toml:"report-to"`
	// Certificate is the common name or a DNS name of the certificate that it must show; it
	// wants dicom.tls.authority. Empty: any that the authority signed.
	Certificate string `toml:"certificate"`
}

// TLS are files of PEM. Without a certificate there is no TLS.
type TLS struct {
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
	Authority   string `toml:"authority"` // whose certificates the other side must show
}

// Costs are what the dashboard holds the market's prices against, in the clinic's currency.
type Costs struct {
	Currency string             `toml:"currency"` // such as EUR
	PerHIVE  float64            `toml:"per-hive"` // what one HIVE costs the clinic; 0: not known
	Manual   float64            `toml:"manual"`   // of one study by hand, where models does not say
	Models   map[string]float64 `toml:"models"`   // of one study by hand, by the id of the model that does it
}

// Web is the door for STOW-RS and UPS-RS, and for the dashboard.
type Web struct {
	Listen string `toml:"listen"`
	Tokens string `toml:"tokens"` // file: one "token name" a line; needed beyond this machine
	Users  string `toml:"users"`  // file of who may open the dashboard, see medhive clinic user; neither it nor tokens: this machine alone may
	TLS    TLS    `toml:"tls"`
}

// HL7 is the door for orders by MLLP.
type HL7 struct {
	Listen string   `toml:"listen"`
	Peers  []string `toml:"peers"` // addresses or prefixes; none: this machine alone
	// Accession says where a message holds the accession number: the first of these fields
	// that is filled.
	Accession []hl7.Field `toml:"accession"`
	TLS       TLS         `toml:"tls"`
}

// Watch is a folder whose files are taken in.
type Watch struct {
	Folder string        `toml:"folder"`
	Every  time.Duration `toml:"every"`
}

// Archive is where `clinic fetch` and `clinic submit STUDYUID` find a study.
type Archive struct {
	Name     string `toml:"name"`
	Address  string `toml:"address"` // host:port, for C-MOVE to this site's AE title
	CalledAE string `toml:"called-ae"`
	URL      string `toml:"url"`   // of DICOMweb, for WADO-RS, in place of an address
	Token    string `toml:"token"` // file with a bearer token
	Login    string `toml:"login"` // file with name:password, in place of a token
	Plain    bool   `toml:"plain"`
	TLS      TLS    `toml:"tls"`
}

// Destination is where results go.
type Destination struct {
	Name     string `toml:"name"`
	Kind     string `toml:"kind"` // dicom, stow, folder or fhir
	Address  string `toml:"address"`
	CalledAE string `toml:"called-ae"`
	Commit   bool   `toml:"commit"` // delivered only when the archive has committed to it
	URL      string `toml:"url"`
	Token    string `toml:"token"` // file with a bearer token
	Login    string `toml:"login"` // file with name:password, in place of a token
	Plain    bool   `toml:"plain"` // http is allowed to another machine, in a closed network
	Put      bool   `toml:"put"`   // of fhir: the clinic chooses the resources' ids
	// Feedback is how long after a delivery a fhir server is asked whether a reader has
	// accepted or rejected the report there; nil: defaultFeedback, 0: never.
	Feedback *time.Duration `toml:"feedback"`
	Folder   string         `toml:"folder"`
	TLS      TLS            `toml:"tls"`
}

// defaultFeedback is long enough for a report that is read at the next visit.
const defaultFeedback = 30 * 24 * time.Hour

// feedback is how long readers' words are looked for at a destination; 0: not at all.
func (d Destination) feedback() time.Duration {
	switch {
	case d.Kind != KindFHIR:
		return 0
	case d.Feedback == nil:
		return defaultFeedback
	}
	return *d.Feedback
}

// The kinds of destinations.
const (
	KindDICOM  = "dicom"
	KindSTOW   = "stow"
	KindFolder = "folder"
	KindFHIR   = "fhir"
)

// Delivery says how long a result is tried.
type Delivery struct {
	For     time.Duration `toml:"for"`
	Timeout time.Duration `toml:"timeout"` // of one try
}

// Audit is the log of who saw what.
type Audit struct {
	FileMiB  int    `toml:"file-mib"` // a new file is begun at this size
	Site     string `toml:"site"`     // the clinic's name or number in audit messages
	Identify bool   `toml:"identify"` // audit messages name patient, study and accession number
	// Basis is the consent or law under which studies leave, in the clinic's own words; every
	// disclosure states it.
	Basis  string `toml:"basis"`
	Syslog string `toml:"syslog"` // host:port of a collector (syslog over TLS); empty: none
	TLS    TLS    `toml:"tls"`
}

// The defaults; the commented example states the same ones.
func defaults() Config {
	return Config{
		Rules: "rules.toml", Workers: 16,
		Market: Market{Residency: []string{"DE"}, PriceCeilingGwei: 10_000_000, Within: time.Hour},
		Intake: Intake{Quiet: 30 * time.Second, LongestWait: 15 * time.Minute, Keep: 72 * time.Hour, MaxGiB: 200, KeepFreeGiB: 2,
			Conflict: "first", Late: "anew"},
		DICOM:    DICOM{AETitle: "MEDHIVE", MaxAssociations: 64, Idle: time.Minute},
		HL7:      HL7{Accession: []hl7.Field{hl7.IPC1, hl7.OBR18}},
		Delivery: Delivery{For: 7 * 24 * time.Hour, Timeout: 2 * time.Minute},
		Audit:    Audit{FileMiB: 64},
	}
}

// Bounds of what a site file may ask for.
const (
	maxSiteFile     = 1 << 20
	maxWorkers      = 64
	maxAssociations = 1024
	maxCost         = 1e9 // of one study, in any currency
	maxAETitle      = 16  // characters (PS3.5 6.2, AE)
	defaultEvery    = 2 * time.Second
)

//go:embed example.toml
var example string

//go:embed rules.example.toml
var exampleRules string

// ExampleRules is a commented file of routing rules.
func ExampleRules() string { return exampleRules }

// Example is a commented site.toml of the defaults.
func Example() string { return example }

// Read reads a site file. An unknown key is refused with the nearest known one.
func Read(path string) (Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the site file: %w; `medhive clinic init` writes one", err)
	}
	if info.Size() > maxSiteFile {
		return Config{}, fmt.Errorf("read the site file: it has %d bytes, more than any site needs; is it the right file?", info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the site file: %w", err)
	}
	c, err := Parse(string(data))
	if err != nil {
		return Config{}, fmt.Errorf("read the site file %s: %w", filepath.Base(path), err)
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return Config{}, fmt.Errorf("read the site file: %w", err)
	}
	c.resolve(folder)
	return c, nil
}

// Parse reads the text of a site file and fills in what it leaves out.
func Parse(text string) (Config, error) {
	c := defaults()
	if err := settings.Decode([]byte(text), &c); err != nil {
		return c, err // it names line or key
	}
	for i := range c.Watch {
		if c.Watch[i].Every == 0 {
			c.Watch[i].Every = defaultEvery
		}
	}
	return c, c.check()
}

// resolve makes every path absolute, below the site file's folder.
func (c *Config) resolve(folder string) {
	paths := []*string{&c.Rules, &c.Web.Tokens, &c.Web.Users}
	certificates := []*TLS{&c.DICOM.TLS, &c.Web.TLS, &c.HL7.TLS, &c.Audit.TLS}
	for i := range c.Watch {
		paths = append(paths, &c.Watch[i].Folder)
	}
	for i := range c.Destinations {
		d := &c.Destinations[i]
		paths, certificates = append(paths, &d.Token, &d.Login, &d.Folder), append(certificates, &d.TLS)
	}
	for i := range c.Archives {
		paths, certificates = append(paths, &c.Archives[i].Token, &c.Archives[i].Login), append(certificates, &c.Archives[i].TLS)
	}
	for _, t := range certificates {
		paths = append(paths, &t.Certificate, &t.Key, &t.Authority)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(folder, *p)
		}
	}
}

// DestinationNamed finds a destination.
func (c Config) DestinationNamed(name string) (Destination, error) {
	var names []string
	for _, d := range c.Destinations {
		if d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	near := ""
	if known := settings.Nearest(name, names); known != "" {
		near = fmt.Sprintf("; did you mean %q?", known)
	}
	return Destination{}, fmt.Errorf("no destination is called %.40q; site.toml has %s%s", name, listed(names), near)
}

// ArchiveNamed finds an archive; an empty name is the only one there is.
func (c Config) ArchiveNamed(name string) (Archive, error) {
	if name == "" && len(c.Archives) == 1 {
		return c.Archives[0], nil
	}
	var names []string
	for _, a := range c.Archives {
		if a.Name == name {
			return a, nil
		}
		names = append(names, a.Name)
	}
	return Archive{}, fmt.Errorf("no archive is called %.40q; site.toml has %s", name, listed(names))
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
