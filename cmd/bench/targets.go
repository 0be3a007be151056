package main

// targets are the promises that `make bench` holds against this machine.
var targets = []target{
	{
		name: "inference/t1", pkg: "./inference", benchmark: "BenchmarkT1", unit: "ms",
		against: "bare ONNX Runtime run of the same model on the same tensor", goal: 1.25,
	},
}
