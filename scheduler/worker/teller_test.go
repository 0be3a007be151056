package worker

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

func TestWhatIsWorthTelling(t *testing.T) {
	a, b := []models.Digest{{1}}, []models.Digest{{1}, {2}}
	for name, test := range map[string]struct {
		told, next standing
		want       bool
	}{
		"the same":        {standing{free: 2, stat: 1, models: a}, standing{free: 2, stat: 1, models: a}, false},
		"full":            {standing{free: 1, stat: 1, models: a}, standing{free: 0, stat: 1, models: a}, true},
		"free again":      {standing{free: 0, stat: 0, models: a}, standing{free: 1, stat: 0, models: a}, true},
		"dearer":          {standing{free: 2, models: a}, standing{free: 2, models: a, tariff: Tariff{PriceGwei: 1}}, true},
		"halved":          {standing{free: 8, stat: 1, models: a}, standing{free: 4, stat: 1, models: a}, true},
		"one of eight":    {standing{free: 8, stat: 1, models: a}, standing{free: 7, stat: 1, models: a}, false},
		"doubled":         {standing{free: 4, stat: 1, models: a}, standing{free: 8, stat: 1, models: a}, true},
		"STAT place gone": {standing{free: 2, stat: 1, models: a}, standing{free: 2, stat: 0, models: a}, true},
		"another model":   {standing{free: 2, stat: 1, models: a}, standing{free: 2, stat: 1, models: b}, true},
	} {
		if got := test.told.worthTelling(test.next); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhenANoticeIsDue(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	open, full, none := standing{free: 1, stat: 1, models: []models.Digest{{1}}}, standing{models: []models.Digest{{1}}}, standing{}
	told := teller{every: time.Minute, told: open, last: now, soonest: now.Add(noticeGap)}
	changing := told
	changing.since = now.Add(-4 * time.Second)
	silenced := told
	silenced.told = full
	tired := told
	tired.soonest = now.Add(noticeRest)
	for name, test := range map[string]struct {
		t    teller
		next standing
		want time.Duration
	}{
		"the first, at once":        {teller{every: time.Minute}, open, -1},
		"nothing to offer":          {teller{every: time.Minute}, none, time.Minute},
		"nothing has changed":       {told, open, time.Minute},
		"full":                      {told, full, noticeSteady},
		"full for four seconds":     {changing, full, noticeGap},
		"full for four, free again": {changing, open, time.Minute},
		"full, and said so":         {silenced, full, time.Minute},
		"free after it was full":    {silenced, open, noticeSteady},
		"full, and said too often":  {tired, full, noticeRest},
	} {
		test.t.look(now, test.next)
		if got := test.t.due(now, test.next).Sub(now); got != test.want && !(test.want < 0 && got < 0) {
			t.Errorf("%s: due in %v, want %v", name, got, test.want)
		}
	}
}

// However the places change, notices keep their distance, and none is later than it should
// be while there is something to ask for.
func TestNoticesKeepTheirDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const every = time.Minute
		now := time.UnixMilli(1_800_000_000_000)
		one := teller{every: every}
		models := []models.Digest{{1}}
		sent := 0
		for range 200 {
			next := standing{free: rapid.IntRange(0, 4).Draw(t, "free"), stat: rapid.IntRange(0, 1).Draw(t, "stat"), models: models}
			one.look(now, next)
			if now.Before(one.due(now, next)) {
				if !next.silent() && now.Sub(one.last) > every {
					t.Fatalf("silent for %v", now.Sub(one.last))
				}
			} else {
				if sent > 0 && now.Sub(one.last) < noticeSteady {
					t.Fatalf("two notices within %v", now.Sub(one.last))
				}
				if next.silent() && one.told.silent() {
					t.Fatal("it says again that there is nothing")
				}
				one.told, one.last, one.soonest, one.since = next, now, now.Add(noticeGap), time.Time{}
				sent++
			}
			now = now.Add(time.Duration(rapid.IntRange(100, 1500).Draw(t, "ms")) * time.Millisecond)
		}
	})
}
