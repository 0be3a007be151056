//go:build unix

package p2p_test

import (
	"log/slog"
	"syscall"
	"testing"

	"github.com/libp2p/go-libp2p/p2p/net/connmgr"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
)

// A machine that allows few files has a host with fewer peers, and says so.
func TestFewFilesAreSaidAndLivedWith(t *testing.T) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = min(before.Cur, 1024)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	})
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	log := &journal{}
	h, err := p2p.NewHost(key, []string{anyPort}, p2p.Options{Hub: true, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if log.count("ulimit -n") != 1 {
		t.Error("nobody was told")
	}
	if high := h.ConnManager().(*connmgr.BasicConnMgr).GetInfo().HighWater; high >= 1024 {
		t.Errorf("up to %d peers stay, with 1024 files", high)
	}
	if err := startHost(t, p2p.Options{}).Connect(within(t), info(h)); err != nil {
		t.Error(err)
	}
}
