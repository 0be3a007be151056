package agent

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/worker"
)

// checkMemory looks at whether a decrypted study could reach the disk by way of swap: a
// node keeps it in locked pages where it may lock as many.
func checkMemory() Check {
	swaps, err := os.ReadFile("/proc/swaps")
	if err != nil {
		swaps = nil // a system that does not tell counts as one without
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		limit.Cur = 0
	}
	return memoryCheck(string(swaps), limit.Cur, locks(worker.DefaultMaxPayloadBytes))
}

// locks tries whether a study of so many bytes would be locked. Being root does not tell: a
// container's root may lack the right. The try takes no memory.
func locks(size int64) bool {
	v, err := transfer.NewVessel(size)
	if err != nil {
		return false
	}
	return v.Close() == nil && v.Locked()
}

// warnOfSwap tells a node's operator at its start, once, what `node doctor` would say.
func warnOfSwap(log *slog.Logger, c Check) {
	if c.State != CheckOK {
		log.Warn(c.What, "so", c.Cause, "fix", c.Fix)
	}
}

// memoryCheck judges /proc/swaps, how many bytes may be locked, and whether a try to lock
// the largest study succeeded.
func memoryCheck(swaps string, lockable uint64, locked bool) Check {
	check := Check{Name: "memory", State: CheckOK}
	_, areas, _ := strings.Cut(strings.TrimSpace(swaps), "\n") // below the heading
	switch {
	case areas == "":
		check.What = "there is no swap, so a decrypted study stays in memory"
	case locked:
		check.What = "decrypted studies are locked in memory and never swapped"
	default:
		check.State = CheckWarn
		check.What = fmt.Sprintf("there is swap, and only %d MiB may be locked in memory", lockable>>20)
		if lockable >= worker.DefaultMaxPayloadBytes {
			check.What = "there is swap, and the system refuses to lock a whole study in memory"
		}
		check.Cause = fmt.Sprintf("a decrypted study of up to %d MiB may be written to the disk", worker.DefaultMaxPayloadBytes>>20)
		check.Fix = "raise the limit (LimitMEMLOCK=infinity in a systemd unit, or ulimit -l), encrypt the swap, or do without it"
	}
	return check
}
