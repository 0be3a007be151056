package peers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/medhive/medhive/testdata/peers"
)

func TestOrthancListensOnLoopbackAlone(t *testing.T) {
	archive := peers.Orthanc(t)
	if got := archive.Instances(t); len(got) != 0 {
		t.Errorf("a new archive holds %d instances", len(got))
	}
	web, err := strconv.Atoi(archive.REST.Port())
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range []int{archive.Port, web} {
		open := listening(t, port)
		if len(open) != 1 || open[0] != "0100007F" {
			t.Errorf("port %d listens on %v, want loopback alone", port, open)
		}
	}
	archive.Stop()
	archive.Start(t)
	archive.Await(t)
}

// listening gives the addresses on which a port is open, as the kernel lists them.
func listening(t *testing.T, port int) []string {
	t.Helper()
	var found []string
	suffix := fmt.Sprintf(":%04X", port)
	for _, family := range []string{"tcp", "tcp6"} {
		table, err := os.ReadFile(filepath.Join("/proc/net", family))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(table)) {
			fields := strings.Fields(line)
			const listen = "0A"
			if len(fields) > 3 && fields[3] == listen && strings.HasSuffix(fields[1], suffix) {
				found = append(found, strings.TrimSuffix(fields[1], suffix))
			}
		}
	}
	return found
}
