package transfer_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"
)

const (
	// raceBytes is the payload of the project's promise.
	raceBytes = 1 << 30
	// raceRounds is how often each kind runs: enough for a median on a machine with
	// other work.
	raceRounds = 7
	// limitMB is what one side may hold beyond the vessel.
	limitMB = 64
)

// pace is one payload of one kind.
type pace struct{ seconds, cpu float64 }

// race moves 1 GiB several times from the disk of one process into the vessel of
// another, verified and decrypted, and by turns as many bare bytes over the same
// connection. The vessel's pages have been touched before: on a virtual machine whose
// host takes free memory back, the first touch would be what is measured.
func race(b *testing.B, rounds int) (bare, own []pace, sent, got turn) {
	b.Helper()
	sending, receiving := startChild(b, "sender"), startChild(b, "receiver")
	var p place
	sending.ask(b, strconv.Itoa(raceBytes), &p)
	text, err := json.Marshal(p)
	if err != nil {
		b.Fatal(err)
	}
	receiving.tell(b, string(text))
	do := func(kind string) pace {
		before := sent.CPU + got.CPU
		receiving.ask(b, kind, &got)
		sending.ask(b, "usage", &sent)
		return pace{got.Seconds, sent.CPU + got.CPU - before}
	}
	do("bare") // connects; windows grow
	do("transfer")
	for n := range rounds {
		kinds := []string{"bare", "transfer"}
		if n%2 == 1 {
			slices.Reverse(kinds)
		}
		for _, kind := range kinds {
			if now := do(kind); kind == "bare" {
				bare = append(bare, now)
			} else {
				own = append(own, now)
			}
		}
	}
	return bare, own, sent, got
}

// median of one of a pace's figures.
func median(p []pace, of func(pace) float64) float64 {
	all := make([]float64, len(p))
	for n := range p {
		all[n] = of(p[n])
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func wall(p pace) float64 { return p.seconds }
func cpu(p pace) float64  { return p.cpu }

// BenchmarkOneGiB holds a transfer beside the bare stream, by the clock. The share of
// processor time tells what remains of the ratio where all cores are busy.
func BenchmarkOneGiB(b *testing.B) {
	for b.Loop() {
		bare, own, _, _ := race(b, raceRounds)
		b.ReportMetric(raceBytes/1e6/median(own, wall), "value")
		b.ReportMetric(raceBytes/1e6/median(bare, wall), "against")
		b.ReportMetric(median(bare, cpu), "CPUbare")
		b.ReportMetric(median(own, cpu), "CPUtransfer")
		b.ReportMetric(median(bare, cpu)/median(own, cpu), "CPUratio")
	}
}

// BenchmarkOneGiBMemory is the larger side's peak beyond the vessel: all of the
// process, its program included.
func BenchmarkOneGiBMemory(b *testing.B) {
	for b.Loop() {
		_, _, sent, got := race(b, 2)
		b.ReportMetric(max(sent.PeakMB, got.PeakMB-raceBytes/1e6), "value")
		b.ReportMetric(limitMB, "against")
		b.ReportMetric(sent.PeakMB, "MBsender")
		b.ReportMetric(got.PeakMB-raceBytes/1e6, "MBreceiver")
	}
}
