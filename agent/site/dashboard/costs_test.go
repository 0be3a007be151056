package dashboard

import (
	"math"
	"net/url"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

func TestABillCountsWhatWasPaid(t *testing.T) {
	day := time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)
	one := func(state worklist.State, model string, at time.Time, gwei uint64) worklist.Case {
		return worklist.Case{State: state, Model: model, PriceGwei: gwei, Terms: worklist.Terms{PriceCeilingGwei: 5_000_000}, At: worklist.Times{Routed: at, Analysed: at}}
	}
	cases := []worklist.Case{
		one(worklist.Delivered, "t1-tissue@1.0.0", day, 2_000_000_000), one(worklist.Rejected, "t1-tissue@1.0.0", day, 1_000_000_000),
		one(worklist.Accepted, "chest@2.0.0", day.Add(time.Hour), 500_000_000), one(worklist.Submitted, "chest@2.0.0", day, 0),
		one(worklist.NotAnalysed, "chest@2.0.0", day, 0), {State: worklist.Received},
	}
	b := BillOf(cases, Costs{Currency: "EUR", PerHIVE: 2, Manual: 10, Models: map[string]float64{"t1-tissue": 40}}, time.UTC)
	want := BillLine{Studies: 3, PaidGwei: 3_500_000_000, OpenGwei: 5_000_000, Paid: 7, Manual: 90}
	if b.Total != want {
		t.Errorf("the total is %+v, want %+v", b.Total, want)
	}
	if len(b.Days) != 2 || b.Days[0].Day != "2026-03-02" || b.Days[0].Studies != 1 || b.Days[1].Studies != 2 {
		t.Errorf("days %+v", b.Days)
	}
	if len(b.Models) != 2 || b.Models[0].Model != "t1-tissue@1.0.0" || b.Models[0].Manual != 80 || b.Models[1].Manual != 10 {
		t.Errorf("models %+v", b.Models)
	}
	east := time.FixedZone("east", 3600)
	if b = BillOf(cases[:1], Costs{}, east); b.Days[0].Day != "2026-03-02" || b.Total.Manual != 0 {
		t.Errorf("in another zone %+v", b.Days)
	}
}

func TestTheLinesOfABillAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cases := rapid.SliceOf(rapid.Custom(func(t *rapid.T) worklist.Case {
			at := time.Unix(rapid.Int64Range(1, 1<<33).Draw(t, "at"), 0)
			return worklist.Case{
				State: rapid.SampledFrom(worklist.States()).Draw(t, "state"), Model: rapid.SampledFrom([]string{"", "a@1.0.0", "b@1.0.0"}).Draw(t, "model"),
				PriceGwei: rapid.Uint64Range(0, 1<<40).Draw(t, "price"), Terms: worklist.Terms{PriceCeilingGwei: rapid.Uint64Range(0, 1<<40).Draw(t, "ceiling")},
				At: worklist.Times{Routed: at, Analysed: at},
			}
		})).Draw(t, "cases")
		b := BillOf(cases, Costs{}, time.UTC)
		for _, lines := range [][]BillLine{b.Days, b.Models} {
			var sum BillLine
			for _, l := range lines {
				sum.Studies, sum.PaidGwei, sum.OpenGwei = sum.Studies+l.Studies, sum.PaidGwei+l.PaidGwei, sum.OpenGwei+l.OpenGwei
			}
			if sum.Studies != b.Total.Studies || sum.PaidGwei != b.Total.PaidGwei || sum.OpenGwei != b.Total.OpenGwei {
				t.Fatalf("lines come to %+v, the total is %+v", sum, b.Total)
			}
		}
		if !slices.IsSortedFunc(b.Days, func(x, y BillLine) int { return -compareDays(x, y) }) {
			t.Fatal("the newest day is not first")
		}
	})
	if plus(math.MaxUint64, 1) != math.MaxUint64 {
		t.Error("a sum of money wraps around")
	}
}

func compareDays(x, y BillLine) int {
	switch {
	case x.Day < y.Day:
		return -1
	case x.Day > y.Day:
		return 1
	}
	return 0
}

func TestHowValuesAreWritten(t *testing.T) {
	for got, want := range map[string]string{
		personName("Doe^Jane^M=ドウ^ジェーン"): "Doe, Jane M", personName("Doe"): "Doe", personName(""): "no name", personName("^Jane"): "Jane",
		dicomDay("19881203"): "1988-12-03", dicomDay("1988"): "1988", dicomDay(""): "",
		web.HIVE(0): "0", web.HIVE(1): "0.000000001", web.HIVE(1_250_000_000): "1.25", web.HIVE(math.MaxUint64): "18446744073.709551615",
		web.ByteSize(0): "0 B", web.ByteSize(1023): "1023 B", web.ByteSize(1 << 20): "1.0 MiB", web.ByteSize(math.MaxInt64): "8388608.0 TiB",
		web.Ago(-time.Second): "0 s", web.Ago(59 * time.Second): "59 s", web.Ago(time.Hour): "1 h", web.Ago(49 * time.Hour): "2 days",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func FuzzRegionsOfAForm(f *testing.F) {
	f.Add("image=all&x=1&y=2&width=3&height=4")
	f.Add("image=all&image=1.2&x=1&x=&y=2&y=&width=3&width=&height=4&height=")
	f.Fuzz(func(t *testing.T, text string) {
		form, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		list, err := regionsOf(form)
		if err == nil && (len(list) == 0 || len(list) > maxRegions) {
			t.Fatalf("%d regions and no error", len(list))
		}
		for _, r := range list {
			if r.X < 0 || r.Y < 0 || r.Width < 1 || r.Height < 1 {
				t.Fatalf("a region %+v", r)
			}
		}
	})
}
