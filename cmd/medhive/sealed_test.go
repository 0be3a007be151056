package main

import (
	"testing"

	"github.com/spf13/cobra"
)

func TestSealedFlag(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "20000000000": 20_000_000_000, "-1": -1, "20GB": -1, "": -1, "9223372036854775808": -1} {
		var limit int64
		c := &cobra.Command{}
		sealedFlag(c, &limit)
		err := c.ParseFlags([]string{"--sealed-max", text})
		if (err == nil) != (want >= 0) || err == nil && limit != want {
			t.Errorf("%q: %d, %v", text, limit, err)
		}
	}
}

func TestRolesThatStoreCiphertextTakeABound(t *testing.T) {
	for _, path := range [][]string{{"node", "run"}, {"clinic", "run"}, {"clinic", "submit"}} {
		c, _, err := newRoot(nil, nil).Find(path)
		if err != nil || c.Flags().Lookup("sealed-max") == nil {
			t.Errorf("%v has no --sealed-max: %v", path, err)
		}
	}
}
