package sim_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// quantile is the smallest sample that at least a share q of all does not exceed
// (nearest rank); 0 without samples.
func quantile(samples []time.Duration, q float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(samples))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// gini is the inequality of shares in [0,1): 0 when all are equal. With the shares
// sorted, G = Σ (2i − n − 1)·xᵢ / (n · Σ xᵢ), i from 1.
func gini(shares []int) float64 {
	sorted := slices.Sorted(slices.Values(shares))
	var weighted, total float64
	for i, x := range sorted {
		weighted += float64(2*(i+1)-len(sorted)-1) * float64(x)
		total += float64(x)
	}
	if total == 0 {
		return 0
	}
	return weighted / (float64(len(sorted)) * total)
}

// luckGini is what gini shows when work falls on equal nodes by pure chance: with few
// jobs a node, no fair rule can do better than this on average.
func luckGini(nodes, jobs int, seed uint64) float64 {
	const draws = 20
	random := rand.New(rand.NewPCG(seed, 2))
	var sum float64
	for range draws {
		shares := make([]int, nodes)
		for range jobs {
			shares[random.IntN(nodes)]++
		}
		sum += gini(shares)
	}
	return sum / draws
}

func TestQuantile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for n := range hundred {
		hundred[99-n] = time.Duration(n + 1)
	}
	for name, c := range map[string]struct {
		samples []time.Duration
		q       float64
		want    time.Duration
	}{
		"none": {nil, 0.5, 0}, "one": {[]time.Duration{7}, 0.99, 7}, "median": {hundred, 0.5, 50},
		"p99": {hundred, 0.99, 99}, "all": {hundred, 1, 100}, "least": {hundred, 0, 1},
	} {
		if got := quantile(c.samples, c.q); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestGini(t *testing.T) {
	for name, c := range map[string]struct {
		shares []int
		want   float64
	}{
		"nothing": {[]int{0, 0}, 0}, "equal": {[]int{4, 4, 4, 4}, 0}, "one has all": {[]int{0, 0, 0, 8}, 0.75}, "half": {[]int{1, 3}, 0.25},
	} {
		if got := gini(c.shares); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if few, many := luckGini(50, 50, 1), luckGini(50, 50_000, 1); few < 0.3 || many > 0.05 {
		t.Errorf("pure chance: %v with one job a node, %v with a thousand", few, many)
	}
}
