package agent

import (
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
)

func TestFeedNeverWaitsAndTellsWhatWasMissed(t *testing.T) {
	f := newFeed()
	mine, other := models.DigestOf([]byte("mine")), models.DigestOf([]byte("other"))
	all, stopAll := f.listen(models.Digest{})
	one, stopOne := f.listen(mine)
	defer stopOne()
	const more = 5
	for range feedBuffer + more {
		f.publish(broker.Event{Task: mine})
		f.publish(broker.Event{Task: other})
	}
	for range feedBuffer {
		if e := <-one; e.Task != mine || e.Missed != 0 {
			t.Fatalf("got %+v; want an event of the one task, none missed", e)
		}
	}
	f.publish(broker.Event{Task: mine, Text: "late"})
	if e := <-one; e.Text != "late" || e.Missed != more {
		t.Errorf("after a full buffer: %q, %d missed; want %d", e.Text, e.Missed, more)
	}
	stopAll()
	if len(all) != feedBuffer {
		t.Errorf("the buffer holds %d events, want %d", len(all), feedBuffer)
	}
	<-all
	f.publish(broker.Event{Task: mine})
	if len(all) != feedBuffer-1 {
		t.Error("who stopped listening was told of an event")
	}
}
