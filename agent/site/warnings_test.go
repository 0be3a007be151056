package site

import (
	"testing"
	"time"

	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

func TestASiteWarnsOfWhatIsStuck(t *testing.T) {
	now := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	const gib = 1 << 30
	for name, test := range map[string]struct {
		list []warning.Warning
		want []warning.Code
		bad  warning.Severity
	}{
		"results on their way":      {deliveryWarnings([]outbox.Health{{Destination: "pacs", Waiting: 3, Oldest: now.Add(-time.Minute)}}, now), nil, ""},
		"results that wait long":    {deliveryWarnings([]outbox.Health{{Destination: "pacs", Waiting: 3, Oldest: now.Add(-time.Hour), Fault: outbox.Unreachable}}, now), []warning.Code{warning.DeliveryWaits}, warning.Caution},
		"results given up":          {deliveryWarnings([]outbox.Health{{Destination: "pacs", Failed: 1}}, now), []warning.Code{warning.DeliveryGivenUp}, warning.Critical},
		"room":                      {inboxWarnings(inbox.Storage{Bytes: 10 * gib, Limit: 100 * gib, Free: 500 * gib}, 5*gib), nil, ""},
		"no limit of its own":       {inboxWarnings(inbox.Storage{Bytes: 10 * gib, Free: 500 * gib}, 5*gib), nil, ""},
		"nearly at its limit":       {inboxWarnings(inbox.Storage{Bytes: 95 * gib, Limit: 100 * gib, Free: 500 * gib}, 5*gib), []warning.Code{warning.InboxFull}, warning.Caution},
		"at its limit":              {inboxWarnings(inbox.Storage{Bytes: 100 * gib, Limit: 100 * gib, Free: 500 * gib}, 5*gib), []warning.Code{warning.InboxFull}, warning.Critical},
		"the disk is full":          {inboxWarnings(inbox.Storage{Bytes: 10 * gib, Limit: 100 * gib, Free: 5 * gib}, 5*gib), []warning.Code{warning.InboxFull}, warning.Critical},
		"held since an hour":        {heldWarnings([]worklist.Case{{Changed: now.Add(-time.Hour)}}, now), nil, ""},
		"held since the day before": {heldWarnings([]worklist.Case{{Changed: now.Add(-time.Hour)}, {Changed: now.Add(-25 * time.Hour)}}, now), []warning.Code{warning.StudiesHeld}, warning.Notice},
	} {
		if len(test.list) != len(test.want) || warning.Worst(test.list) != test.bad {
			t.Errorf("%s: %+v, want %v (%s)", name, test.list, test.want, test.bad)
			continue
		}
		for i, w := range test.list {
			if w.Code != test.want[i] || w.Fix == "" {
				t.Errorf("%s: %+v", name, w)
			}
		}
	}
}
