package agent

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/shirou/gopsutil/v3/disk"

	"github.com/medhive/medhive/agent/notify"
	"github.com/medhive/medhive/agent/warning"
)

const (
	// selfEvery is how often a role looks at what it warns of: short against the time in which
	// a disk fills, long against what the look costs.
	selfEvery = time.Minute
	// chainAsleep is how old the newest block may be: chains make one in seconds, a minute at
	// the worst, and a provider's server that is this far behind has a fault.
	chainAsleep = 10 * time.Minute
)

// openWarnings is the board of the role that has this folder.
func openWarnings(state string, log *slog.Logger) *warning.Board {
	return warning.Open(warning.Options{Path: filepath.Join(state, warning.File), Log: log})
}

// openNotices prepares what tells the operator of a board's warnings; nil where nobody is told.
func openNotices(s notify.Settings, board *warning.Board, role warning.Role, state string, log *slog.Logger) (*notify.Notifier, error) {
	if !s.Any() {
		return nil, nil
	}
	machine, err := os.Hostname()
	if err != nil {
		machine = "" // the message then names the role alone
	}
	return notify.New(notify.Config{Settings: s, Board: board, Who: notify.Who{Role: string(role), Name: filepath.Base(state), Machine: machine}, Path: filepath.Join(state, notify.File), Log: log})
}

// lookEvery calls look at once and then again and again until ctx ends.
func lookEvery(ctx context.Context, every time.Duration, look func(ctx context.Context)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// peerWarnings says whether a role is alone.
func peerWarnings(h host.Host) []warning.Warning {
	if len(h.Network().Peers()) > 0 {
		return nil
	}
	return []warning.Warning{warning.Of(warning.NoPeers, "", "no peer is connected")}
}

// diskWarnings looks for room in a role's folder. What can't be looked at is a warning too.
func diskWarnings(folder string) []warning.Warning {
	usage, err := disk.Usage(folder)
	if err != nil {
		return []warning.Warning{warning.Of(warning.StateUnreadable, "disk", "the room on the disk of the state folder is not known: %v", pathless(err))}
	}
	return roomWarnings(usage.Free)
}

// roomWarnings judges how many bytes are free; pure.
func roomWarnings(free uint64) []warning.Warning {
	left := fmt.Sprintf("%.1f GiB are free on the disk of the state folder", float64(free)/(1<<30))
	switch {
	case free < leastDisk:
		return []warning.Warning{warning.Of(warning.DiskFull, "", "%s; a study and its sealed result may need %d MiB", left, leastDisk>>20)}
	case free < lowDisk:
		return []warning.Warning{warning.Of(warning.DiskLow, "", "%s; below %d MiB no work is taken", left, leastDisk>>20)}
	}
	return nil
}

// lowDisk is room for a handful of studies beside each other.
const lowDisk = 2 << 30

// chainTeller tells the time of a chain's newest block.
type chainTeller interface {
	ChainTime(ctx context.Context) (time.Time, error)
}

// chainWarnings asks the chain for its newest block. The clock of a development chain is
// moved by people, so its age tells nothing.
func chainWarnings(ctx context.Context, chain chainTeller, development bool, now time.Time) []warning.Warning {
	ctx, cancel := context.WithTimeout(ctx, doctorChain)
	defer cancel()
	head, err := chain.ChainTime(ctx)
	switch {
	case err != nil:
		return []warning.Warning{warning.Of(warning.ChainUnreachable, "", "the chain does not answer: %v", err)}
	case !development && now.Sub(head) > chainAsleep:
		return []warning.Warning{warning.Of(warning.ChainBehind, "", "the newest block that the chain's server knows is of %s, %v ago", head.UTC().Format(time.RFC3339), now.Sub(head).Round(time.Minute))}
	}
	return nil
}
