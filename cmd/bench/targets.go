package main

import "context"

// targets are the promises that `make bench` holds against this machine.
func targets() []target {
	return []target{
		{
			name: "inference/t1", pkg: "./inference", benchmark: "BenchmarkT1", unit: "ms", goal: 1.25,
			against: "bare ONNX Runtime run, same model and tensor",
		},
		{
			name: "probe/int8", pkg: "./hwprobe", benchmark: "BenchmarkInt8", unit: "TOPS", goal: 0.95, atLeast: true,
			against: "best graph of a sweep",
		},
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
