package agent

import (
	"fmt"

	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/chain"
)

// NodeOf is a node as its settings say; the caller adds its home, network and log.
func NodeOf(s config.Node) NodeConfig {
	return NodeConfig{
		Name: s.Name, Listen: s.Listen, Reach: Reach{LAN: s.LAN, BehindNAT: s.BehindNAT, SwarmKey: s.SwarmKey},
		Recipient: s.Recipient, Jurisdiction: s.Jurisdiction, PriceGwei: s.PriceGwei, Promise: s.Promise,
		Threads: s.Threads, Provider: s.Provider, MemoryBytes: s.MemoryBytes, ProbeDuration: s.ProbeDuration,
		Power:  PowerSources{Plugs: s.Plugs, DeclaredWatts: s.DeclaredWatts, DeclaredIdleWatts: s.DeclaredIdleWatts},
		Limits: LimitsOf(s), Queue: s.Queue, Metrics: s.Metrics, Health: s.Health, Traces: s.Traces, TPM: s.TPM,
		Payment:     PaymentTerms{ExposureGwei: s.ExposureGwei, UnsecuredGwei: s.UnsecuredGwei, RedeemAbove: s.RedeemAbove, RedeemAfter: s.RedeemAfter},
		ShareModels: s.ShareModels, Library: s.Library, SealedMax: s.SealedMax,
		Dashboard: DashboardDoor{Listen: s.Dashboard, Users: s.DashboardUsers, Cert: s.DashboardCert, Key: s.DashboardKey}, Notify: s.Notices.Settings(), Updates: UpdatesOf(s),
		Money: Money{Currency: s.Currency, PerHIVE: s.HiveRate, PerKWh: s.PowerPrice},
	}
}

// UpdatesOf is how a node is brought up to date, as its settings say.
func UpdatesOf(s config.Node) Updates {
	return Updates{Place: s.UpdateURL, Key: s.UpdateKey, Channel: s.UpdateChannel, Auto: s.UpdateAuto, Every: s.UpdateEvery}
}

// LimitsOf is when a node takes work, as its settings say.
func LimitsOf(s config.Node) Limits {
	return Limits{Hours: s.Hours, MaxWatts: s.MaxWatts, MaxCelsius: s.MaxCelsius}
}

// ClaimsOf is when a node claims, as its settings say, on a network where a claim costs real
// money or not.
func ClaimsOf(s config.Node, development bool) (p ClaimPolicy, err error) {
	p = ClaimPolicy{Every: s.ClaimEvery, TimesGas: s.ClaimTimesGas}
	above := s.ClaimAbove
	switch {
	case above != "":
	case development:
		above = "0"
	default:
		above = "1"
	}
	if p.MinimumWei, err = chain.ParseHive(above); err != nil {
		return p, fmt.Errorf("claim-above: %w", err)
	}
	if p.PriceWei, err = chain.ParseHive(s.HivePrice); err != nil {
		return p, fmt.Errorf("hive-price: %w", err)
	}
	return p, nil
}

// SubmitterOf is a clinic for as long as one study takes, as the settings of a clinic say.
func SubmitterOf(s config.Clinic) ClinicConfig {
	conf := ClinicConfig{
		Name: s.Name, Listen: s.Listen, Reach: Reach{LAN: s.LAN, BehindNAT: s.BehindNAT, SwarmKey: s.SwarmKey},
		Lease: s.Lease, Library: s.Library, SealedMax: s.SealedMax,
	}
	conf.Namespaces.Patient, conf.Namespaces.Accession = s.PatientNamespace, s.AccessionNamespace
	return conf
}

// ClinicOf is a clinic that runs, as its settings say; the caller adds its home, network and log.
func ClinicOf(s config.Clinic) ClinicConfig {
	conf := SubmitterOf(s)
	conf.Serve, conf.Regions, conf.Metrics, conf.Health, conf.Traces, conf.Rechecks, conf.KeepFree = true, s.Regions, s.Metrics, s.Health, s.Traces, s.Rechecks, s.KeepFree
	conf.Notify = s.Notices.Settings()
	if s.Compare {
		conf.Checks = canary.DefaultRates()
	}
	return conf
}

// CoordinatorOf is a coordinator as its settings say; the caller adds its home, network and log.
func CoordinatorOf(s config.Coordinator) CoordinatorConfig {
	return CoordinatorConfig{
		Reach: Reach{LAN: s.LAN, SwarmKey: s.SwarmKey}, Listen: s.Listen, PosterKey: s.PosterKey,
		Epoch: s.Epoch, ChallengeEvery: s.ChallengeEvery, ExamineEvery: s.ExamineEvery, Regions: s.Regions,
		Canaries: s.Canaries, CanaryEvery: s.CanaryEvery, CanaryListen: s.CanaryListen, CanaryLife: s.CanaryLife,
		Rechecks: s.Rechecks, Library: s.Library, Metrics: s.Metrics, Health: s.Health, Traces: s.Traces, HTTP: s.HTTP, Notify: s.Notices.Settings(),
	}
}
