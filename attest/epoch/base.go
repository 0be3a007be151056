package epoch

import (
	"errors"
	"fmt"

	"github.com/medhive/medhive/attest"
)

// Base is what the next epoch builds on, and what it makes good.
type Base struct {
	State   State
	Skipped []uint64 // Inputs.Skipped of the next epoch
	Again   Window   // the statements of the skipped epochs, which are to count in the next one
}

// Number is the next epoch's.
func (b Base) Number() uint64 { return b.State.Number + uint64(len(b.Skipped)) + 1 }

// Base goes back from the newest epoch to the one that is active on chain and asks of each
// between whether it was refused there. Nothing refused: the next epoch builds on the
// newest. Else it builds on the state before the oldest refused one: no amount of a
// refused epoch, nor of one that was built on it, lives on. Their statements are signed and
// valid, so they count again. ErrBehind says that this archive is older than the chain.
func (a Archive) Base(active uint64, refused func(Summary) (bool, error)) (Base, error) {
	numbers, err := a.Numbers()
	if err != nil {
		return Base{}, err
	}
	newest := uint64(0)
	if len(numbers) > 0 {
		newest = numbers[len(numbers)-1]
	}
	if newest < active {
		return Base{}, fmt.Errorf("epoch %d is active on chain, the newest that is here is %d: %w", active, newest, ErrBehind)
	}
	var base Base
	var windows []Window // of the epochs that build on a refused one, the newest first
	for n, first := newest, true; n > active; first = false {
		b, err := Read(a.Dir(n))
		if err != nil {
			return Base{}, err
		}
		if first {
			base.State = b.State()
		}
		no, err := refused(b.Summary)
		if err != nil {
			return Base{}, err
		}
		windows = append(windows, b.Inputs.Window)
		if no {
			base.State, base.Again = b.Inputs.Previous, Join(append(windows, base.Again)...)
			windows = nil
		}
		n = b.Inputs.Previous.Number
	}
	if newest == active && newest > 0 {
		b, err := Read(a.Dir(newest))
		if err != nil {
			return Base{}, err
		}
		base.State = b.State()
	}
	for n := base.State.Number + 1; n <= newest; n++ {
		base.Skipped = append(base.Skipped, n)
	}
	return base, nil
}

// Join is all statements of the windows, each once. Of two profiles of a node the later one
// stays, of two verdicts of a checker on one lease the one that could be made.
func Join(windows ...Window) Window {
	var all Window
	receipts, challenges, exams := map[verdict]bool{}, map[[32]byte]bool{}, map[[32]byte]bool{}
	verdicts, profiles := map[judged]int{}, map[string]int{} // places in all
	for _, w := range windows {
		for _, s := range w.Receipts {
			addOnce(receipts, verdict{s.Receipt.Clinic, s.Receipt.Task, s.Receipt.Fence}, &all.Receipts, s)
		}
		for _, c := range w.Challenges {
			addOnce(challenges, c.Nonce, &all.Challenges, c)
		}
		for _, e := range w.Examinations {
			addOnce(exams, e.ID, &all.Examinations, e)
		}
		for _, s := range w.Verdicts {
			if i, there := verdicts[judgedBy(s.Verdict)]; !there {
				verdicts[judgedBy(s.Verdict)] = len(all.Verdicts)
				all.Verdicts = append(all.Verdicts, s)
			} else if all.Verdicts[i].Verdict.Result == attest.JudgedUnchecked {
				all.Verdicts[i] = s
			}
		}
		for _, p := range w.Profiles {
			node := string(p.Statement.Node[:])
			if i, there := profiles[node]; !there {
				profiles[node] = len(all.Profiles)
				all.Profiles = append(all.Profiles, p)
			} else if all.Profiles[i].Statement.At.Before(p.Statement.At) {
				all.Profiles[i] = p
			}
		}
	}
	return all
}

func addOnce[K comparable, T any](seen map[K]bool, key K, list *[]T, value T) {
	if !seen[key] {
		seen[key] = true
		*list = append(*list, value)
	}
}

// ErrBehind says that the chain knows a newer epoch than the archive.
var ErrBehind = errors.New("the chain holds an epoch that is not in this folder; bring the missing folders back from a backup or from a co-signing coordinator before the next epoch is closed")
