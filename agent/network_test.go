package agent

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/chain"
)

// A node that is started before its coordinator finds it once it is there.
func TestARoleWaitsForItsCoordinator(t *testing.T) {
	path := filepath.Join(t.TempDir(), "network.json")
	network := Network{RPC: "http://127.0.0.1:1", Contracts: chain.Addresses{
		ChainID: 1337, Token: common.Address{1}, Registry: common.Address{2}, Distributor: common.Address{3}, Disputes: common.Address{4}, Escrow: common.Address{5}}}
	write := func() {
		t.Helper()
		if err := WriteNetwork(path, network); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := AwaitCoordinator(t.Context(), path, Reach{}, func(string) { t.Error("it waits for a network file") }); err == nil {
		t.Error("no network file is no error")
	}
	write()
	const address = "/ip4/127.0.0.1/tcp/9400/p2p/16Uiu2HAmBNwmgzm8h9RYKQjmfHZBbsGyfuxpawvoLL8m3SqpFksA"
	told := 0
	got, err := AwaitCoordinator(t.Context(), path, Reach{}, func(string) {
		told++
		network.Coordinator = []string{address}
		write()
	})
	if err != nil || told != 1 || len(got.Coordinator) != 1 {
		t.Errorf("told %d times, got %v, %v", told, got.Coordinator, err)
	}
	network.Coordinator = nil
	write()
	if _, err := AwaitCoordinator(t.Context(), path, Reach{LAN: true}, func(string) { t.Error("it waits, and might find roles on its network") }); err != nil {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	if _, err := AwaitCoordinator(ctx, path, Reach{}, func(string) { stop() }); err == nil {
		t.Error("it waits for ever")
	}
}
