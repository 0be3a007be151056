// Package floors_test holds the house to its plan: imports go down only. It has no
// product code.
package floors_test

import (
	"bufio"
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/medhive/medhive/"

// floorOf is ARCHITECTURE.md's drawing. testdata stands below everything.
var floorOf = map[string]int{
	"testdata": -1,
	"models":   0, "inference": 1, "hwprobe": 1,
	"scheduler": 2, "attest": 2, "agent": 3, "cmd": 4, "packaging": 4,
}

// sideways are the two arrows between neighbours.
var sideways = map[[2]string]string{
	{"scheduler", "attest"}:  "attest",
	{"hwprobe", "inference"}: "inference/ort",
}

func TestImportsGoDownOnly(t *testing.T) {
	list := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+"...")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := 0
	lines := bufio.NewScanner(bytes.NewReader(output))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		from := strings.TrimPrefix(fields[0], module)
		packages++
		for _, imported := range fields[1:] {
			if to, ours := strings.CutPrefix(imported, module); ours {
				check(t, from, to)
			}
		}
	}
	if packages < 10 {
		t.Fatalf("go list named %d packages: the house has more, so the check saw nothing", packages)
	}
}

func check(t *testing.T, from, to string) {
	t.Helper()
	fromRoom, _, _ := strings.Cut(from, "/")
	toRoom, _, _ := strings.Cut(to, "/")
	fromFloor, known := floorOf[fromRoom]
	toFloor, alsoKnown := floorOf[toRoom]
	switch {
	case !known || !alsoKnown:
		t.Errorf("%s imports %s: one of them is no room of the house", from, to)
	case fromRoom == toRoom:
	case fromRoom == "cmd" && strings.HasPrefix(to, "cmd"):
		t.Errorf("%s imports %s: nobody imports cmd", from, to)
	case toFloor < fromFloor:
	default:
		if allowed, ok := sideways[[2]string{fromRoom, toRoom}]; !ok || !strings.HasPrefix(to, allowed) {
			t.Errorf("%s (floor %d) imports %s (floor %d): imports go down only", from, fromFloor, to, toFloor)
		}
	}
}
