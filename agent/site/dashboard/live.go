package dashboard

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
func showEvents(v *visit) error {
	select {
	case v.streams <- struct{}{}:
		defer func() { <-v.streams }()
	default:
		v.w.Header().Set("Retry-After", "30")
		v.w.WriteHeader(http.StatusServiceUnavailable)
		return nil
	}
	v.w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(v.w)
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	say := func(text string) bool {
		_ = out.SetWriteDeadline(time.Now().Add(beat)) // a reader that takes nothing is let go
		v.send([]byte(text))
		return out.Flush() == nil
	}
	changed := v.site.Changed() // from before the page hears that it is connected: it asks once then
	if !say("retry: 5000\n\n") {
		return nil
	}
	for {
		text := "event: changed\ndata: 1\n\n"
		select {
		case <-v.r.Context().Done():
			return nil
		case <-v.conf.Done:
			return nil
		case <-ticker.C:
			text = ": \n\n"
		case <-changed:
			select { // a site with much to do changes often
			case <-v.r.Context().Done():
				return nil
			case <-v.conf.Done:
				return nil
			case <-time.After(calm):
				changed = v.site.Changed() // before the page asks
			}
		}
		if v.gone() || !say(text) {
			return nil
		}
	}
}

// gone says that the visitor's session has ended meanwhile.
func (v *visit) gone() bool {
	if v.users == nil {
		return false
	}
	_, known, err := v.holder(v.cookie)
	return err != nil || !known
}
