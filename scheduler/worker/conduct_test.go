package worker

import (
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

func TestWhomANodeAvoids(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	for name, test := range map[string]struct {
		c       conduct
		overdue int
		want    bool
	}{
		"a stranger":                               {},
		"two lost results":                         {c: conduct{Unsigned: 2, Last: now}},
		"three":                                    {c: conduct{Unsigned: 3, Last: now}, want: true},
		"three among thirty":                       {c: conduct{Signed: 30, Unsigned: 3, Last: now}},
		"three among twenty-nine":                  {c: conduct{Signed: 29, Unsigned: 3, Last: now}, want: true},
		"three, a day ago":                         {c: conduct{Unsigned: 3, Last: now.Add(-avoidFor)}},
		"three, nearly a day ago":                  {c: conduct{Unsigned: 3, Last: now.Add(time.Second - avoidFor)}, want: true},
		"three that are overdue":                   {overdue: 3, want: true},
		"two overdue, one lost long ago":           {c: conduct{Unsigned: 1, Last: now.Add(-avoidFor)}, overdue: 2, want: true},
		"a hundred overdue, thousands were signed": {c: conduct{Signed: 2000}, overdue: 100},
	} {
		if got := test.c.avoided(test.overdue, now); got != test.want {
			t.Errorf("%s: avoided %v", name, got)
		}
	}
}

// Signing never harms a clinic, keeping results never helps it, and time alone forgives.
func TestConductIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.UnixMilli(1_800_000_000_000)
		var c conduct
		for range rapid.IntRange(0, 60).Draw(t, "results") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "pause")) * time.Second)
			before := c.avoided(0, now)
			if rapid.Bool().Draw(t, "signs") {
				if c = c.signed(now); c.avoided(0, now) && !before {
					t.Fatalf("avoided for signing: %+v", c)
				}
			} else if c = c.unsigned(now); !c.avoided(0, now) && before {
				t.Fatalf("forgiven for keeping a result: %+v", c)
			}
		}
		if c.avoided(0, now.Add(avoidFor)) {
			t.Fatalf("never forgiven: %+v", c)
		}
	})
}

// What is remembered of clinics is bounded, on disk as in memory, and a flood of strangers
// does not wash out those that are avoided.
func TestConductIsBounded(t *testing.T) {
	s, _ := newStore(t)
	s.db.NoSync = true // thousands of writes that need not survive
	w := &Worker{store: s, clinics: map[common.Address]conduct{}, counters: newCounters()}
	now := time.UnixMilli(1_800_000_000_000)
	end := func(clinic common.Address, n int, e ending) {
		e.clinic = clinic
		if _, err := w.persistEnd(&job{rec: record{Task: models.DigestOf([]byte{byte(n), byte(n >> 8)}), Clinic: clinic}}, e, now); err != nil {
			t.Fatal(err)
		}
	}
	bad := common.HexToAddress("0xbad")
	for n := range unsignedAllowed + 1 {
		end(bad, n, ending{owed: &UnsignedReceipt{GivenUp: now}})
	}
	for n := range maxClinics + 50 {
		now = now.Add(time.Second)
		end(common.BytesToAddress([]byte{1, byte(n), byte(n >> 8)}), n, ending{receipt: receipt(1, true)})
	}
	kept, err := s.loadConduct()
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) != maxClinics || len(w.clinics) != maxClinics {
		t.Errorf("%d clinics on disk and %d in memory", len(kept), len(w.clinics))
	}
	if !kept[bad].avoided(0, now) || !w.clinics[bad].avoided(0, now) {
		t.Error("strangers washed out what a clinic did")
	}
}

func TestUnsignedReceiptsAreBounded(t *testing.T) {
	s, _ := newStore(t)
	s.db.NoSync = true
	for n := range maxUnsigned + 3 {
		r := receipt(uint64(n), true)
		if _, err := s.settle(errand{task: models.DigestOf([]byte("x"))}, ending{owed: &UnsignedReceipt{Receipt: r.Receipt, Signature: attest.Signature{1}}}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := (&Worker{store: s}).Unsigned()
	if err != nil || len(list) != maxUnsigned || list[0].Receipt.PriceGwei != 3 {
		t.Errorf("%d receipts are kept, %v", len(list), err)
	}
}

func TestRatesAreBounded(t *testing.T) {
	r, now := newRates(), time.UnixMilli(1_800_000_000_000)
	one := common.HexToAddress("0x1")
	for n := range asksBurst {
		if !r.take(one, false, now) {
			t.Fatalf("refused after %d questions", n)
		}
	}
	if r.take(one, false, now) {
		t.Error("a burst without end")
	}
	if now = now.Add(time.Second / asksPerSecond); !r.take(one, false, now) || r.take(one, false, now) {
		t.Error("not one question for each interval")
	}
	for n := range 2 * maxAskers {
		r.take(common.BytesToAddress([]byte{2, byte(n), byte(n >> 8)}), false, now)
	}
	if len(r.levels) > maxAskers {
		t.Errorf("%d clinics are remembered", len(r.levels))
	}
	if newcomer := common.HexToAddress("0x4"); r.take(newcomer, false, now) || !r.take(newcomer, true, now) {
		t.Error("a flood of fresh names keeps out a clinic that has paid, or lets another one in")
	}
	if now = now.Add(time.Minute); !r.take(common.HexToAddress("0x3"), false, now) {
		t.Error("a newcomer is refused although all is quiet")
	}
}
