package main

import (
	"context"
	"slices"
)

// targets are the promises that `make bench` holds against this machine.
func targets() []target {
	return slices.Concat(studyTargets(), intakeTargets(), machineTargets(), epochTargets(), chainTargets(), marketTargets(), demoTargets(), idleTargets())
}

// studyTargets are of the way from a study to its findings.
func studyTargets() []target {
	return []target{
		{
			name: "dicom/ct500", pkg: "./inference/dicom", benchmark: "BenchmarkCT500", unit: "ms", goal: 1.5,
			against: "dcmdump on the same files",
		},
		{
			name: "dicom/ct500-memory", pkg: "./inference/dicom", benchmark: "BenchmarkCT500Memory", unit: "MB", goal: 1.2,
			against: "the volume of float32",
		},
		{
			name: "codec/j2k", pkg: "./inference/codec", benchmark: "BenchmarkJ2K", unit: "MB/s", goal: 0.5, atLeast: true,
			against: "gdcmconv, same frame, processor time",
		},
		{
			name: "codec/jpegls", pkg: "./inference/codec", benchmark: "BenchmarkJPEGLS", unit: "MB/s", goal: 0.5, atLeast: true,
			against: "gdcmconv, same frame, processor time",
		},
		{
			name: "codec/rle", pkg: "./inference/codec", benchmark: "BenchmarkRLE", unit: "MB/s", goal: 0.5, atLeast: true,
			against: "gdcmconv, same frame, processor time",
		},
		{
			name: "inference/t1", pkg: "./inference", benchmark: "BenchmarkT1", unit: "ms", goal: 1.10,
			against: "bare ONNX Runtime run, same model and tensor",
		},
		{
			name: "inference/batch20", pkg: "./inference/runner", benchmark: "BenchmarkBatch20", unit: "studies/min", goal: 0.95, atLeast: true,
			against: "bare ONNX Runtime, as many runs of the same tensor",
		},
	}
}

// intakeTargets are of taking in what a scanner sends.
func intakeTargets() []target {
	return []target{
		{
			name: "intake/ct500", pkg: "./scheduler/clinic/dimse", benchmark: "BenchmarkIntakeCT500", unit: "ms", goal: 1.5,
			against: "dcmtk's storescp, which makes nothing durable; dcmsend to both",
		},
		{
			name: "intake/ct500-memory", pkg: "./scheduler/clinic/dimse", benchmark: "BenchmarkIntakeCT500Memory", unit: "MB", goal: 1,
			against: "limit for the receiving process",
		},
	}
}

// machineTargets are of measuring a machine and proving the claim.
func machineTargets() []target {
	return []target{
		{
			name: "probe/int8", pkg: "./hwprobe/rate", benchmark: "BenchmarkInt8", unit: "TOPS", goal: 0.95, atLeast: true,
			against: "best graph of a sweep",
		},
		{
			name: "probe/spread", pkg: "./hwprobe/rate", benchmark: "BenchmarkSpread", unit: "%", goal: 1,
			against: "limit for five quiet runs",
		},
		{
			name: "probe/overhead", pkg: "./hwprobe/rate", benchmark: "BenchmarkOverhead", unit: "%", goal: 1,
			against: "limit, processor time of the prober itself",
		},
		{
			name: "challenge/rate", pkg: "./hwprobe/challenge", benchmark: "BenchmarkProveAgainstProduct", unit: "TOPS", goal: 0.8, atLeast: true,
			against: "the bare int8 product, by the clock",
		},
		{
			name: "challenge/verify", pkg: "./hwprobe/challenge", benchmark: "BenchmarkCost", unit: "ms", goal: 1,
			against: "a hundredth of proving, processor time",
		},
	}
}

// epochTargets are of statements, and of an epoch of a million nodes: from their evidence
// to every proof.
func epochTargets() []target {
	return []target{
		{
			name: "attest/verify", pkg: "./attest", benchmark: "BenchmarkVerify", unit: "signatures/s", goal: 0.85, atLeast: true,
			against: "bare libsecp256k1 with known keys, turn by turn, processor time",
		},
		{
			name: "attest/ingest", pkg: "./attest/intake", benchmark: "BenchmarkIngest", unit: "statements/s", goal: 1, atLeast: true,
			against: "15,000 signed statements, of which a receipt holds two, verified and on disk, a second of one core",
		},
		{
			name: "epoch/1m", pkg: "./attest/epoch", benchmark: "BenchmarkEpoch1M", unit: "s", goal: 1,
			against: "limit, two cores by the clock",
		},
		{
			name: "epoch/1m-memory", pkg: "./attest/epoch", benchmark: "BenchmarkEpoch1MMemory", unit: "MB", goal: 1,
			against: "limit, the evidence included",
		},
		{
			name: "epoch/1m-linear", pkg: "./attest/epoch", benchmark: "BenchmarkEpochLinear", unit: "us", goal: 1.2,
			against: "processor time of a node among ten thousand",
		},
	}
}

// chainTargets are of gas, of node and recipient that were paid before, under today's
// rules of mainnet and under the next fork's prices. Gas is counted, so every machine
// measures the same.
func chainTargets() []target {
	const prototype = "the prototype, next fork's prices"
	var targets []target
	for _, step := range []struct{ name, benchmark, against string }{
		{"claim", "BenchmarkGasClaim", "limit, a leaf of a million"},
		{"claim-many", "BenchmarkGasClaimMany", "limit, each of 50, recipients distinct"},
		{"post-root", "BenchmarkGasPostRoot", "limit, no co-signers"},
		{"voucher", "BenchmarkGasVoucher", "limit, each of 50 clinics' to one node"},
	} {
		targets = append(targets,
			target{name: "gas/" + step.name, pkg: "./attest/chain", benchmark: step.benchmark, unit: "gas", goal: 1, against: step.against},
			target{name: "gas/" + step.name + "-next", pkg: "./attest/chain", benchmark: step.benchmark + "Next", unit: "gas", goal: 1.02, against: prototype})
	}
	return targets
}

// marketTargets are of the task market and its transfers.
func marketTargets() []target {
	return []target{
		{
			name: "market/match", pkg: "./scheduler/directory", benchmark: "BenchmarkMatch", unit: "matches/s", goal: 1, atLeast: true,
			against: "1,500 a second on one core, 1,000 known nodes",
		},
		{
			name: "market/sim1000-stat", pkg: "./scheduler/sim", benchmark: "BenchmarkSim1000STAT", unit: "ms", goal: 1,
			against: "limit, p99 beyond four one-way delays, virtual time",
		},
		{
			name: "market/sim1000-routine", pkg: "./scheduler/sim", benchmark: "BenchmarkSim1000Routine", unit: "ms", goal: 1,
			against: "limit, p99 from offer to a node's yes, virtual time",
		},
		{
			name: "market/under-attack", pkg: "./scheduler/sim", benchmark: "BenchmarkUnderAttack", unit: "results/min", goal: 0.9, atLeast: true,
			against: "the same market while its hostile fifth stands by",
		},
		{
			name: "transfer/1gib", pkg: "./scheduler/transfer", benchmark: "BenchmarkOneGiB", unit: "MB/s", goal: 0.85, atLeast: true,
			against: "bare libp2p stream over TCP, same connection",
		},
		{
			name: "transfer/1gib-memory", pkg: "./scheduler/transfer", benchmark: "BenchmarkOneGiBMemory", unit: "MB", goal: 1,
			against: "limit for the larger side, beyond the vessel",
		},
	}
}

// demoTargets are of the whole demo, all its processes together.
func demoTargets() []target {
	return []target{
		{
			name: "demo/memory", unit: "MB", goal: 1, against: "limit for all its processes",
			run: func(ctx context.Context) (value, limit float64, also map[string]float64, err error) {
				peak, _, err := measureDemo(ctx)
				return peak, demoMemoryMB, nil, err
			},
		},
		{
			name: "demo/time", unit: "s", goal: 1, against: "limit",
			run: func(ctx context.Context) (value, limit float64, also map[string]float64, err error) {
				_, seconds, err := measureDemo(ctx)
				return seconds, demoSeconds, nil, err
			},
		},
	}
}

// Limits of the whole demo.
const (
	demoMemoryMB = 2000
	demoSeconds  = 60
)
