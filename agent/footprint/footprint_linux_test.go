package footprint

import (
	"bytes"
	"crypto/sha256"
	"os"
	"regexp"
	"runtime"
	"testing"
)

// A process that has read all of its code and constants gives nearly all of them back, is
// smaller by that, and goes on: everything that it needs next is there again, unchanged.
func TestReleaseGivesBackTheProgram(t *testing.T) {
	_, program, err := look()
	if err != nil {
		t.Fatal(err)
	}
	sum := digest(t, program)
	pattern := regexp.MustCompile(`^a+b$`)
	garbage := bytes.Repeat([]byte{1}, 64<<20)
	runtime.KeepAlive(garbage)
	released, err := Release()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("before %+v, after %+v", released.Before, released.After)
	var size int64
	for _, m := range program {
		size += int64(m.to - m.from)
	}
	if released.Before.Program < size*9/10 {
		t.Errorf("%d of %d bytes were resident: the test has shown nothing", released.Before.Program, size)
	}
	if released.After.Program > released.Before.Program/2 {
		t.Errorf("%d of %d bytes are still resident", released.After.Program, released.Before.Program)
	}
	if released.Before.Private-released.After.Private < 48<<20 {
		t.Errorf("64 MB of garbage were there, and private memory went from %d to %d", released.Before.Private, released.After.Private)
	}
	runtime.GC()
	if !pattern.MatchString("aaab") || digest(t, program) != sum {
		t.Error("the program is not what it was")
	}
}

// Code that runs while its pages are dropped goes on.
func TestReleaseUnderWork(t *testing.T) {
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		want := sha256.Sum256([]byte("work"))
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
				if sha256.Sum256([]byte("work")) != want {
					done <- os.ErrInvalid
					return
				}
			}
		}
	}()
	for range 20 {
		if _, err := Release(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error("work went wrong while pages were dropped")
	}
}

// digest reads mappings by the system's own door to this process, which makes them resident.
func digest(t *testing.T, program []mapping) [sha256.Size]byte {
	t.Helper()
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	var sum [sha256.Size]byte
	for _, m := range program {
		pages := make([]byte, m.to-m.from)
		if _, err := memory.ReadAt(pages, int64(m.from)); err != nil {
			t.Fatal(err)
		}
		sum = sha256.Sum256(append(pages, sum[:]...))
	}
	return sum
}
