package market

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// hours is a clock whose hours pass when a test says so.
type hours struct {
	clock
	waiting chan struct{} // somebody waits for the next hour
	passed  chan time.Time
}

func (h *hours) After(time.Duration) <-chan time.Time {
	h.waiting <- struct{}{}
	return h.passed
}

// TestAnHourOfRefusalsIsOneLine: an operator reads a line for an hour in which something
// was refused, and none for a quiet one.
func TestAnHourOfRefusalsIsOneLine(t *testing.T) {
	now := &hours{clock{now: time.UnixMilli(1_800_000_000_000)}, make(chan struct{}), make(chan time.Time)}
	var text bytes.Buffer
	m := newMember(t, Options{Clock: now, Log: slog.New(slog.NewTextHandler(&text, nil))}).market
	judge := validator(m, m.offers, m.checkOffer)
	sender := newKey(t)
	refuse := func(times int) {
		for range times {
			judge(t.Context(), sender.PeerID(), received(OfferTopic("DE", 0), sender, []byte("noise")))
		}
	}
	for _, times := range []int{0, 3, 0, 2} {
		<-now.waiting
		refuse(times)
		now.passed <- now.Now()
	}
	<-now.waiting
	must(t, m.Close())
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "messages=3") || !strings.Contains(lines[1], "messages=2") {
		t.Errorf("the log says %q", lines)
	}
	if s := m.Stats().Offers; s.Rejected["schema"] != 5 {
		t.Errorf("counted %+v", s)
	}
}
