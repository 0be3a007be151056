package p2p_test

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
)

func TestARestartedRoleHasItsOldAddress(t *testing.T) {
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	dir, any := t.TempDir(), []string{"/ip4/127.0.0.1/tcp/0"}
	start := func() []string {
		t.Helper()
		h, err := p2p.NewHostIn(dir, key, any, p2p.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		return p2p.Addresses(h)
	}
	first := start()
	if second := start(); !slices.Equal(first, second) {
		t.Errorf("first %v, then %v", first, second)
	}
	port := strings.Split(first[0], "/")[4]
	squatter, err := net.Listen("tcp4", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer squatter.Close()
	if third := start(); slices.Equal(first, third) {
		t.Errorf("%v is taken by another program", third)
	}
}

func TestAnotherRequestIsHonouredAfterARestart(t *testing.T) {
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, ip := range []string{"127.0.0.1", "127.0.0.2"} {
		h, err := p2p.NewHostIn(dir, key, []string{"/ip4/" + ip + "/tcp/0"}, p2p.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := p2p.Addresses(h); len(got) != 1 || !strings.HasPrefix(got[0], "/ip4/"+ip+"/") {
			t.Errorf("asked for %s, listens at %v", ip, got)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoAddressIsRefusedInWords(t *testing.T) {
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p2p.NewHostIn(t.TempDir(), key, nil, p2p.Options{}); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("got %v", err)
	}
}
