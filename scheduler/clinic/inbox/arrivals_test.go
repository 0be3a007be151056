package inbox

import (
	"encoding/binary"
	"testing"
	"time"
)

// Announcements that nothing came of make room for later ones, the oldest first.
func TestExpectationsAreBounded(t *testing.T) {
	e, begin := expectations{}, time.Unix(1_800_000_000, 0)
	name := func(n int) (id studyID) {
		binary.BigEndian.PutUint32(id[:], uint32(n))
		return id
	}
	for n := range maxExpectations + 10 {
		e.put(name(n), n+1, begin.Add(time.Duration(n)*time.Second))
	}
	if len(e) != maxExpectations {
		t.Fatalf("%d are remembered", len(e))
	}
	for n, want := range map[int]int{0: 0, 9: 0, 10: 11, maxExpectations + 9: maxExpectations + 10} {
		if got := e.take(name(n)); got != want {
			t.Errorf("of study %d %d are expected, want %d", n, got, want)
		}
	}
	e.put(name(20), 99, begin)
	if got := e.take(name(20)); got != 99 || len(e) != maxExpectations-3 {
		t.Errorf("announced again: %d, %d are left", got, len(e))
	}
}
