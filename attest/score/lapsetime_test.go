package score

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// Lapses of very many clinics, each with a job, take time as they are many, not as the
// square: what a window holds of them is counted in a moment, where the square takes minutes.
func TestManyLapsesAreCountedInTime(t *testing.T) {
	const many = 300_000
	n, conduct := healthy(1, 1, "DE"), DefaultConduct()
	n.Jobs, n.Checks = make([]Job, many), make([]Check, many)
	for i := range many {
		var by common.Address
		binary.BigEndian.PutUint32(by[:], uint32(i+1))
		n.Jobs[i] = Job{Clinic: by, StartMS: int64(i), EndMS: int64(i + 1), Accepted: true}
		n.Checks[i] = Check{Kind: CheckLapse, AtMS: int64(i + 1), By: by}
	}
	const patience = 20 * time.Second // for a machine that does much else; alone it takes 0.1 s
	done := make(chan int, 1)
	go func() { done <- len(n.lapses(&conduct)) }()
	select {
	case counted := <-done:
		if counted != many {
			t.Errorf("%d of %d count: this test shows nothing", counted, many)
		}
	case <-time.After(patience):
		t.Fatalf("%d lapses are not counted in %v", many, patience)
	}
}
