package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/medhive/medhive/inference/ort"
)

const (
	// trialLimit bounds one provider's trial: drivers that compile on first use take seconds.
	trialLimit = 30 * time.Second
	// trialMemoryBytes is the cap of a trial: drivers map much and use little.
	trialMemoryBytes = 4 << 30
)

// ProviderTrial is how an execution provider did in a trial on this machine.
type ProviderTrial struct {
	Provider  string        `json:"provider"`
	Available bool          `json:"available"`
	Words     string        `json:"words"`         // that it computed, or why it can't
	Fix       string        `json:"fix,omitempty"` // what to install where it can't
	Took      time.Duration `json:"took_ns"`
}

// Discover tries every execution provider that this program knows, best first, by a real
// inference in a child process of its own: a build of ONNX Runtime names providers whose
// libraries or devices are missing, and a vendor's library may crash or hang. Each trial
// is confined like a job on that provider, bounded to 30 s, and may not fall back to the
// CPU. Of o, Command, Library and Log count. An error means that nothing could be tried.
func Discover(ctx context.Context, o Options) ([]ProviderTrial, error) {
	var trials []ProviderTrial
	for _, name := range ort.KnownProviders() {
		t, err := Try(ctx, o, name)
		if err != nil {
			return trials, err
		}
		trials = append(trials, t)
	}
	return trials, nil
}

// Try is Discover's trial of one provider. An error means that it could not be tried, or
// that ctx ended before it was over.
func Try(ctx context.Context, o Options, provider string) (ProviderTrial, error) {
	o.MemoryBytes, o.Provider = trialMemoryBytes, provider
	if err := o.complete(); err != nil {
		return ProviderTrial{}, fmt.Errorf("try providers: %w", err)
	}
	started := time.Now()
	version, err := try(ctx, o)
	if ctx.Err() != nil {
		return ProviderTrial{}, fmt.Errorf("try providers: %w", ctx.Err())
	}
	t := ProviderTrial{Provider: provider, Available: err == nil, Took: time.Since(started)}
	if err == nil {
		t.Words = "computed a test product on ONNX Runtime " + version
	} else {
		t.Words, t.Fix = unavailable(err), "install "+ort.Remedy(provider)
	}
	o.Log.Debug("provider tried", "provider", provider, "available", t.Available, "words", t.Words)
	return t, nil
}

// try runs one trial and returns the runtime's version.
func try(ctx context.Context, o Options) (version string, err error) {
	p, err := open(ctx, o, true, trialLimit)
	if err != nil {
		return "", err
	}
	version = p.RuntimeVersion()
	return version, p.Close()
}

// unavailable says why a trial failed.
func unavailable(err error) string {
	var failure *Failure
	if errors.As(err, &failure) && (failure.Reason == Broken || failure.Reason == Timeout) {
		return failure.Detail
	}
	return printable(err.Error())
}
