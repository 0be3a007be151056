package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/attest/epoch"
)

// Anybody with curl reads scores and epochs; what is asked wrongly is answered in words, and a
// coordinator that has stopped working says so.
func TestWhatACoordinatorPublishesIsReadOverHTTP(t *testing.T) {
	v, node := working(t)
	door, err := servePublished("127.0.0.1:0", publicDoor{v.Coordinator})
	v.must(err)
	t.Cleanup(func() { closing(t, door.Close) })
	get := func(path string) (int, []byte) {
		t.Helper()
		answer, err := http.Get("http://" + door.address + path)
		v.must(err)
		defer answer.Body.Close()
		data, err := io.ReadAll(answer.Body)
		v.must(err)
		return answer.StatusCode, data
	}
	wants := func(path string, status int, text string) {
		t.Helper()
		if got, data := get(path); got != status || !strings.Contains(string(data), text) {
			t.Errorf("%s: %d %s, want %d and %q", path, got, data, status, text)
		}
	}
	score := "/v1/scores/" + node.key.Address().Hex()
	wants(score, http.StatusNotFound, "wait for the next one")
	wants("/v1/epochs", http.StatusOK, `"epochs":[]`)
	wants("/health", http.StatusOK, `"epoch":0`)
	closed := v.close()
	wants("/v1/epochs", http.StatusOK, fmt.Sprintf(`"epochs":[%d]`, closed.Summary.Number))
	wants("/v1/scores/alice", http.StatusBadRequest, "no address")
	wants("/v1/epochs/99/bundle", http.StatusNotFound, "not here")
	wants("/v1/epochs/one/bundle", http.StatusBadRequest, "no number")
	status, data := get(score)
	var line ExplainedScore
	v.must(json.Unmarshal(data, &line))
	if status != http.StatusOK || line.Line.Node != node.key.Address() || len(line.Explained) == 0 || line.validate(node.key.Address()) != nil {
		t.Errorf("%d: %s", status, data)
	}
	status, data = get(fmt.Sprintf("/v1/epochs/%d/bundle", closed.Summary.Number))
	dir := filepath.Join(t.TempDir(), "epoch")
	v.must(os.Mkdir(dir, 0o700))
	if err := epoch.Unpack(bytes.NewReader(data), dir, closed.Summary.DatasetHash); err != nil || status != http.StatusOK {
		t.Errorf("%d: the bundle of %d bytes: %v", status, len(data), err)
	}

	var told CoordinatorStatus
	v.must(api.Call(t.Context(), v.conf.State, "GET", "/status", &told))
	if told.Epoch != closed.Summary.Number || told.Address != v.key.Address().Hex() || told.Nodes != 1 || told.Failed != "" {
		t.Errorf("status %+v", told)
	}
	page, err := api.Read(t.Context(), v.conf.State, "GET", "/metrics")
	v.must(err)
	for _, want := range []string{fmt.Sprintf("medhive_coordinator_epoch %d\n", closed.Summary.Number), "medhive_coordinator_nodes 1\n", `medhive_coordinator_checks_made_total{kind="canary"} 0`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%q is missing in\n%s", want, page)
		}
	}
	v.fail(errors.New("a loop ended"))
	wants("/health", http.StatusServiceUnavailable, "log says why")
}

// Somebody who reads slowly, or not at all, keeps no door from closing.
func TestADoorClosesOnSlowReaders(t *testing.T) {
	reading, cut := make(chan struct{}), make(chan struct{})
	door, err := serveMetrics("127.0.0.1:0", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(reading)
		<-r.Context().Done()
		close(cut)
	}), quiet(nil))
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		answer, err := http.Get("http://" + door.address + "/metrics")
		if err == nil {
			err = answer.Body.Close()
		}
		answered <- err
	}()
	<-reading
	if err := door.closeWithin(time.Millisecond); err != nil {
		t.Error(err)
	}
	<-cut
	if <-answered == nil {
		t.Error("the reader was answered")
	}
}
