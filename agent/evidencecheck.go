package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

// What the evidence of a verdict comes to.
const (
	EvidenceHolds      = "holds"      // the files say what the verdict says
	EvidenceDiffers    = "differs"    // they say something else: do not believe the verdict
	EvidenceUnverified = "unverified" // nothing here can say: Detail tells why
)

// EvidenceConfig names the verdicts that CheckEvidence looks at.
type EvidenceConfig struct {
	AuditConfig
	Home    string         // whose catalogue holds the models
	Node    common.Address // the verdicts on this node alone; zero: on all
	Compute bool           // compute the right answers here, rather than take the checker's
	Library string         // libonnxruntime of that; empty: found
	Runner  []string       // program of its runner; nil: this executable
}

// CheckedVerdict is a coordinator's verdict held against its evidence.
type CheckedVerdict struct {
	Node     common.Address   `json:"node"`
	Kind     attest.CheckKind `json:"kind"`
	Task     models.Digest    `json:"task"`
	Result   attest.Judgement `json:"result"`
	Reason   string           `json:"reason,omitempty"`
	Evidence common.Hash      `json:"evidence"`
	Says     string           `json:"evidence_says"` // EvidenceHolds, EvidenceDiffers or EvidenceUnverified
	Detail   string           `json:"detail"`
	Computed bool             `json:"computed"` // the right answer was computed here
}

// CheckEvidence brings an epoch from its coordinator, fetches what each canary's and re-run's
// verdict in it rests on, and judges again. found hears of each verdict in turn; a verdict that
// does not hold is no error.
func CheckEvidence(ctx context.Context, conf EvidenceConfig, found func(CheckedVerdict) error) (number uint64, err error) {
	conf.Log = quiet(conf.Log)
	audit, err := openAudit(ctx, conf.AuditConfig)
	if err != nil {
		return 0, err
	}
	defer audit.close()
	source, ok := audit.source.(*peerSource)
	if !ok {
		return 0, errors.New("evidence is given by a running coordinator, not by a folder: name its multiaddress with --from, or leave --from out")
	}
	dir, err := audit.bring(ctx, conf.Number)
	if err != nil {
		return 0, err
	}
	bundle, err := epoch.Read(dir)
	if err != nil {
		return 0, err
	}
	check := evidenceCheck{source: source, inputs: bundle.Inputs, domain: bundle.Inputs.Domain(), compute: conf.Compute}
	if check.models, err = OpenCatalog(conf.Home); err != nil {
		return 0, err
	}
	if conf.Compute {
		if check.local, err = newLocalRunner(conf.Home, ClinicConfig{Library: conf.Library, Runner: conf.Runner, Log: conf.Log}); err != nil {
			return 0, err
		}
		if check.local == nil {
			return 0, errors.New("--compute needs ONNX Runtime, and none is found: run `make deps`, or name the library with --ort-lib")
		}
		defer func() { err = errors.Join(err, check.local.close()) }()
	}
	for _, s := range bundle.Inputs.Verdicts {
		v := s.Verdict
		if !v.Kind.NeedsConsent() || conf.Node != (common.Address{}) && v.Node != conf.Node {
			continue
		}
		c, err := check.verdict(ctx, s)
		if err == nil {
			err = found(c)
		}
		if err != nil {
			return bundle.Summary.Number, err
		}
	}
	return bundle.Summary.Number, nil
}

// evidenceCheck judges the verdicts of one epoch again.
type evidenceCheck struct {
	source  *peerSource
	inputs  epoch.Inputs
	domain  attest.Domain
	models  *catalog.Catalog
	local   *localRunner // nil: nothing is computed
	compute bool
}

// verdict holds one verdict against its evidence. Only the end of ctx is an error.
func (e *evidenceCheck) verdict(ctx context.Context, s attest.SignedVerdict) (CheckedVerdict, error) {
	v := s.Verdict
	c := CheckedVerdict{Node: v.Node, Kind: v.Kind, Task: v.Task, Result: v.Result, Reason: v.Reason, Evidence: v.Evidence}
	say := func(says, format string, args ...any) (CheckedVerdict, error) {
		c.Says, c.Detail = says, fmt.Sprintf(format, args...)
		return c, ctx.Err()
	}
	if err := e.inputs.VerifyVerdict(ctx, s, e.domain, nil); err != nil {
		return say(EvidenceDiffers, "the statement itself is not valid: %v", err)
	}
	if v.Evidence == ([32]byte{}) {
		return say(EvidenceUnverified, "it names no evidence")
	}
	evidence, err := FetchEvidence(ctx, e.source.host, e.source.id, v.Evidence)
	if err != nil {
		return say(EvidenceUnverified, "%v", err)
	}
	if !evidence.about(v) {
		return say(EvidenceDiffers, "the evidence is of another check than the verdict, or has other figures")
	}
	if err := evidence.signedFor(e.domain); errors.Is(err, errUnsigned) {
		return say(EvidenceUnverified, "%v", err)
	} else if err != nil {
		return say(EvidenceDiffers, "%v", err)
	}
	switch {
	case v.Result == attest.JudgedUnchecked:
		return say(EvidenceUnverified, "the verdict itself says that it could not be checked, and counts neither for the node nor against it")
	case v.Kind == attest.CheckRerun:
		return say(EvidenceUnverified, "the evidence names the same check, outputs and figures; a patient's study is shown to nobody, so they are not computed again")
	}
	pkg, known := packageOf(e.models, v.Manifest)
	if !known {
		return say(EvidenceUnverified, "the model %s is not on this machine; fetch it with `medhive model fetch`, and try again", v.Manifest.Short())
	}
	files, err := e.files(ctx, evidence)
	if err != nil {
		return say(EvidenceUnverified, "%v", err)
	}
	if err := evidence.Check(pkg.Manifest, files.reference, files.output); err != nil {
		return say(EvidenceDiffers, "%v", err)
	}
	if evidence.overruled(pkg.Manifest, files.answer, files.output) {
		return say(EvidenceDiffers, "the node's answer agrees with the coordinator's own, and was held against another one")
	}
	if !e.compute {
		return say(EvidenceHolds, "the node's answer compared with the coordinator's gives these figures; --compute computes the right answer here too")
	}
	answer, err := e.local.run(ctx, e.models, broker.LocalJob{Task: v.Task, Package: pkg.Digest(), Class: scheduler.Routine, Payload: files.study, Progress: func(string, float64) {}})
	if err != nil {
		return say(EvidenceUnverified, "the right answer could not be computed here: %v", err)
	}
	c.Computed = true
	if _, judgement, reason := canary.CompareOutputs(pkg.Manifest, answer, files.answer); judgement != attest.JudgedValid {
		return say(EvidenceDiffers, "this machine computes another answer to the canary than the coordinator did (%s: %s)", judgement, reason)
	}
	if evidence.Reference != evidence.Answer {
		return say(EvidenceUnverified, "this machine computes the coordinator's answer, and the node's differs from it; the verdict rests on what others of its kind of provider answered")
	}
	return say(EvidenceHolds, "this machine computes the coordinator's answer, and the node's compared with it gives these figures")
}

// about reports whether the evidence is of exactly the check that the verdict speaks of.
func (e Evidence) about(v attest.Verdict) bool {
	return e.Kind == v.Kind && e.Node == v.Node && e.Clinic == v.Clinic && e.Task == v.Task && e.Fence == v.Fence && e.Receipt == v.Receipt &&
		e.Manifest == v.Manifest && e.Reference == v.Against && e.Figures == v.Figures && e.Result == v.Result && e.Reason == v.Reason
}

// overruled reports whether a node was found wrong by another reference than the checker's own
// answer, though it agrees with that one: then it is right (canary.References.Judge).
func (e Evidence) overruled(m models.Manifest, answer, output []byte) bool {
	if e.Result != attest.JudgedInvalid || e.Reference == e.Answer {
		return false
	}
	_, judgement, _ := canary.CompareOutputs(m, answer, output)
	return judgement != attest.JudgedInvalid
}

// evidenceFiles are what a canary's evidence names by hash.
type evidenceFiles struct{ study, answer, reference, output []byte }

func (e *evidenceCheck) files(ctx context.Context, of Evidence) (f evidenceFiles, err error) {
	have := map[common.Hash][]byte{}
	for _, want := range []struct {
		hash common.Hash
		into *[]byte
	}{{of.Answer, &f.answer}, {of.Reference, &f.reference}, {common.Hash(of.Output), &f.output}, {of.Study, &f.study}} {
		unneeded := want.into == &f.study && !e.compute || want.hash == (common.Hash{})
		if data, had := have[want.hash]; had || unneeded {
			*want.into = data
			continue
		}
		if *want.into, err = FetchEvidenceFile(ctx, e.source.host, e.source.id, want.hash); err != nil {
			return f, err
		}
		have[want.hash] = *want.into
	}
	return f, nil
}
