package scheduler

import (
	"encoding/json"
	"errors"
	"net/netip"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

func TestCopying(t *testing.T) {
	for name, way := range map[string]Copying{"once": Once, "hedged": Hedged, "replicated": Replicated, "copying 9": Copying(9)} {
		if way.String() != name {
			t.Errorf("%v, want %q", way, name)
		}
	}
	for _, c := range []struct {
		way          Copying
		wanted, want int
	}{{Once, 3, 1}, {Hedged, 0, 2}, {Hedged, 3, 3}, {Replicated, 1, 2}, {Replicated, 99, MaxCopies}, {Hedged, -1, 2}, {Copying(9), 3, 1}} {
		if got := c.way.Copies(c.wanted); got != c.want {
			t.Errorf("%v of %d: %d copies, want %d", c.way, c.wanted, got, c.want)
		}
	}
}

func TestCopyID(t *testing.T) {
	parent := models.DigestOf([]byte("task"))
	if CopyID(parent, 0) != parent {
		t.Error("the first copy is not the task itself")
	}
	seen := map[models.Digest]int{}
	for n := range 100 {
		for _, p := range []models.Digest{parent, models.DigestOf([]byte("other"))} {
			seen[CopyID(p, n)]++
		}
	}
	if len(seen) != 200 {
		t.Errorf("%d ids of 200 copies", len(seen))
	}
	// Ids are kept in databases: this one may not change.
	if got := CopyID(models.Digest{}, 1).String(); got != "sha256:d9ee6609af4cc12eedf78a46a667296f402c3e1b8325cce3e1219e11d12802d4" {
		t.Errorf("first copy of the zero id is %s", got)
	}
}

func TestGroup(t *testing.T) {
	parent := models.DigestOf([]byte("task"))
	race := Group{Parent: parent, Copying: Hedged, Copies: 2}
	won, err := race.Win(CopyID(parent, 1))
	if err != nil || won.Winner != CopyID(parent, 1) {
		t.Fatalf("%+v, %v", won, err)
	}
	if again, err := won.Win(CopyID(parent, 1)); err != nil || again != won {
		t.Errorf("the winner asks again: %v", err)
	}
	if after, err := won.Win(parent); !errors.Is(err, ErrCopyLost) || after != won {
		t.Errorf("a second winner: %v", err)
	}
	if after, err := race.Win(CopyID(parent, 2)); !errors.Is(err, ErrNoCopy) || after != race {
		t.Errorf("a third copy of two: %v", err)
	}
	replicas := Group{Parent: parent, Copying: Replicated, Copies: 2}
	for n := range 2 {
		if after, err := replicas.Win(CopyID(parent, n)); err != nil || after != replicas {
			t.Errorf("replica %d: %v", n, err)
		}
	}
	data, err := json.Marshal(won)
	var back Group
	if err == nil {
		err = json.Unmarshal(data, &back)
	}
	if err != nil || back != won {
		t.Errorf("%s reads back as %+v, %v", data, back, err)
	}
}

func TestSpread(t *testing.T) {
	operator := common.HexToAddress("0x09")
	taken := []Seat{{Node: alice, Operator: operator, Subnet: "192.0.2.0/24"}}
	for name, c := range map[string]struct {
		candidate Seat
		want      error
	}{
		"another of everything":        {Seat{bob, common.HexToAddress("0x0a"), "198.51.100.0/24"}, nil},
		"the same node":                {Seat{Node: alice}, ErrSameNode},
		"the same operator":            {Seat{bob, operator, "198.51.100.0/24"}, ErrSameOperator},
		"the same subnet":              {Seat{bob, common.HexToAddress("0x0a"), "192.0.2.0/24"}, ErrSameSubnet},
		"nothing is known of it":       {Seat{Node: bob}, nil},
		"its operator is a node there": {Seat{Node: bob, Operator: alice}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Spread(taken, c.candidate); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		seat := rapid.Custom(func(t *rapid.T) Seat {
			return Seat{Node: common.Address{byte(rapid.IntRange(0, 5).Draw(t, "node"))}, Operator: common.Address{byte(rapid.IntRange(0, 3).Draw(t, "operator"))},
				Subnet: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "subnet")}
		})
		a, b := seat.Draw(t, "a"), seat.Draw(t, "b")
		if (Spread([]Seat{a}, b) == nil) != (Spread([]Seat{b}, a) == nil) {
			t.Fatal("who came first makes a difference")
		}
		if Spread([]Seat{a}, a) == nil || Spread(nil, a) != nil {
			t.Fatal("a node may have two copies, or none")
		}
	})
}

func TestSubnet(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24", "10.1.2.3": "10.1.2.0/24",
		"2001:db8:1:2::3": "2001:db8:1::/48", "127.0.0.1": "", "::1": "", "0.0.0.0": "", "fe80::1%eth0": "", "169.254.1.1": "", "224.0.0.1": "",
	} {
		if got := Subnet(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s is in %q, want %q", text, got, want)
		}
	}
	if got := Subnet(netip.Addr{}); got != "" {
		t.Errorf("no address is in %q", got)
	}
}
