package score

import (
	"cmp"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
)

// TestManyClinicsCanNotSuspendABusyNode: keys of clinics cost nothing. However many speak of
// lapses, a node that delivers keeps its gate open, in bursts and spread over its jobs, epoch
// after epoch; also where some of them have taken one job.
func TestManyClinicsCanNotSuspendABusyNode(t *testing.T) {
	p := DefaultParameters()
	const epochs, jobs = 40, 100
	clinic := func(i int) (a common.Address) {
		binary.BigEndian.PutUint32(a[:], uint32(i+1))
		return a
	}
	for name, at := range map[string]func(i int) int64{
		"at the beginning":    func(int) int64 { return 1 },
		"at the end":          func(int) int64 { return jobs * 1000 },
		"beside each job":     func(i int) int64 { return int64(i%jobs) * 1000 },
		"three after one job": func(i int) int64 { return int64(i%jobs/3*3) * 1000 },
	} {
		for _, taken := range []bool{false, true} { // a tenth of the jobs is the liars' own
			var s Standing
			for e := range epochs {
				n := Evidence{Node: address(1), Registered: true, Standing: s, Windows: []Window{{Asked: 10, Answered: 10, At: int64(e)}}}
				for i := range jobs {
					j := Job{StartMS: int64(i) * 1000, EndMS: int64(i)*1000 + 500, Accepted: true, Clinic: address(9)}
					if taken && i%10 == 0 {
						j.Clinic = clinic(i)
					}
					n.Jobs = append(n.Jobs, j)
				}
				for i := range 3 * jobs {
					who := clinic(e*3*jobs + i + jobs)
					if taken && i%30 == 0 {
						who = clinic(i / 30 * 10)
					}
					n.Checks = append(n.Checks, Check{Kind: CheckLapse, AtMS: at(i), By: who})
				}
				slices.SortStableFunc(n.Checks, func(a, b Check) int { return cmp.Compare(a.AtMS, b.AtMS) })
				l := oneLine(t, p, n)
				if l.Gate != GateOpen {
					t.Fatalf("%s, their own jobs among them %t: in epoch %d gate %q after %d lapses of %d", name, taken, e, l.Gate, l.Lapsed, len(n.Checks))
				}
				s = l.Standing
			}
		}
	}
}

// A node that breaks two promises of three to clinics that it works for is suspended.
func TestBrokenPromisesToRegularsSuspend(t *testing.T) {
	n := Evidence{Node: address(1), Registered: true}
	for i := range 90 {
		at := int64(i) * 1000
		if by := address(byte(9 + i%3)); i%9 < 3 {
			n.Jobs = append(n.Jobs, Job{StartMS: at, EndMS: at, Accepted: true, Clinic: by})
		} else {
			n.Checks = append(n.Checks, Check{Kind: CheckLapse, AtMS: at, By: by})
		}
	}
	if l := oneLine(t, DefaultParameters(), n); l.Gate != GatePromises {
		t.Errorf("gate %q after %d lapses and %d jobs", l.Gate, l.Lapsed, len(n.Jobs))
	}
}
