package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The committed table must be the one that this generator makes of the standard's table.
func TestCommittedTableIsFresh(t *testing.T) {
	table, err := os.ReadFile("ps3.15-table-e.1-1.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(table)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../table_generated.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("table_generated.go is stale: run go generate ./scheduler/clinic")
	}
}

func TestUnknownRowsStopTheGenerator(t *testing.T) {
	for name, tc := range map[string]struct{ table, want string }{
		"new action":  {`[{"tag":"(0010,0010)","basicProfile":"Q"}]`, `action "Q" is not known`},
		"new option":  {`[{"tag":"(0010,0010)","basicProfile":"X","rtnDevIdOpt":"Z"}]`, `option "Z" is not known`},
		"odd tag":     {`[{"tag":"(0010)","basicProfile":"X"}]`, "want a tag"},
		"not hex":     {`[{"tag":"(00G0,0010)","basicProfile":"X"}]`, "row 1"},
		"not a table": {`{}`, "parse the table"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := generate([]byte(tc.table)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}
