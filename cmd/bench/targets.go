package main

import (
	"context"
	"slices"
)

// targets are the promises that `make bench` holds against this machine.
func targets() []target {
	return slices.Concat(studyTargets(), machineTargets(), marketTargets(), demoTargets())
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
			demo: func(ctx context.Context) (float64, float64, error) {
				peak, _, err := measureDemo(ctx)
				return peak, demoMemoryMB, err
			},
		},
		{
			name: "demo/time", unit: "s", goal: 1, against: "limit",
			demo: func(ctx context.Context) (float64, float64, error) {
				_, seconds, err := measureDemo(ctx)
				return seconds, demoSeconds, err
			},
		},
	}
}

// Limits of the whole demo.
const (
	demoMemoryMB = 2000
	demoSeconds  = 60
)
