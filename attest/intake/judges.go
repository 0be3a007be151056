package intake

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
)

// checkersFor is how long the list of coordinators is believed: they change by a vote.
const checkersFor = time.Minute

// judges remembers which coordinators may judge.
type judges struct {
	ask func(ctx context.Context) ([]common.Address, error) // nil: there are none

	mu    sync.Mutex // guards list and asked, and that one asks at a time
	list  []common.Address
	asked time.Time // zero: never
}

func (j *judges) known(ctx context.Context, now time.Time) ([]common.Address, error) {
	if j.ask == nil {
		return nil, nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.asked.IsZero() || now.Sub(j.asked) >= checkersFor {
		list, err := j.ask(ctx)
		if err != nil {
			return nil, err
		}
		j.list, j.asked = list, now
	}
	return j.list, nil
}

// mayJudge refuses canaries and re-runs of anybody but a coordinator. That the other kinds
// are the clinic's own is Verdict.Validate's to say.
func (s *Server) mayJudge(ctx context.Context, v attest.Verdict) error {
	if v.Kind != attest.CheckCanary && v.Kind != attest.CheckRerun {
		return nil
	}
	coordinators, err := s.judges.known(ctx, s.opts.Now())
	if err != nil {
		return fmt.Errorf("%w: ask who may judge: %w", ErrBusy, err)
	}
	if !slices.Contains(coordinators, v.Checker) {
		return fmt.Errorf("verdict on task %s: a %s is a coordinator's to judge, %s is none of this network; ask its coordinator", v.Task.Short(), v.Kind, v.Checker)
	}
	return nil
}
