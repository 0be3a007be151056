package web

import (
	"net/http"
	"time"
)

const (
	maxStreams = 64
	// calm is the least time between two live updates of a page.
	calm = time.Second
	// beat keeps a quiet stream open through whatever stands between.
	beat = 20 * time.Second
)

// showEvents tells a page that something changed, as server-sent events. Nothing of the
// change is in them; the page asks for itself anew.
func showEvents(v *Visit) error {
	select {
	case v.door.streams <- struct{}{}:
		defer func() { <-v.door.streams }()
	default:
		v.W.Header().Set("Retry-After", "30")
		v.W.WriteHeader(http.StatusServiceUnavailable)
		return nil
	}
	v.W.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(v.W)
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	say := func(text string) bool {
		_ = out.SetWriteDeadline(time.Now().Add(beat)) // a reader that takes nothing is let go
		v.Send([]byte(text))
		return out.Flush() == nil
	}
	changed := v.door.conf.News() // from before the page hears that it is connected: it asks once then
	if !say("retry: 5000\n\n") {
		return nil
	}
	for {
		text := "event: changed\ndata: 1\n\n"
		select {
		case <-v.R.Context().Done():
			return nil
		case <-v.door.conf.Done:
			return nil
		case <-ticker.C:
			text = ": \n\n"
		case <-changed:
			select { // a role with much to do changes often
			case <-v.R.Context().Done():
				return nil
			case <-v.door.conf.Done:
				return nil
			case <-time.After(calm):
				changed = v.door.conf.News() // before the page asks
			}
		}
		if v.gone() || !say(text) {
			return nil
		}
	}
}

// gone says that the visitor's session has ended meanwhile.
func (v *Visit) gone() bool {
	switch {
	case v.door.users == nil && v.door.conf.Open:
		return false
	case v.bearer:
		user, known, err := v.door.users.named(v.Who)
		return err != nil || !known || !user.Program()
	}
	_, known, err := v.door.holder(v.cookie)
	return err != nil || !known
}
