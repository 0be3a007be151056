package main

import "testing"

func TestParseMetricsReadsOneBenchmarksLine(t *testing.T) {
	const output = `goos: linux
BenchmarkT10-2 	       1	1 ns/op	  9.0 value	  9.0 against
BenchmarkT1-2  	       1	12345 ns/op	      1648 against	         1.19 ratio	      1961 value
PASS
`
	for _, suffix := range []string{"BenchmarkT1", "BenchmarkT10"} {
		metrics, err := parseMetrics([]byte(output), suffix)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]float64{"BenchmarkT1": 1961, "BenchmarkT10": 9}[suffix]
		if metrics["value"] != want {
			t.Errorf("%s: value %v, want %v", suffix, metrics["value"], want)
		}
	}
	if _, err := parseMetrics([]byte(output), "BenchmarkInt8"); err == nil {
		t.Error("a benchmark that printed nothing must be an error")
	}
}
