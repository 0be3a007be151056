package agent

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/health"
	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/agent/web/openapi"
	"github.com/medhive/medhive/attest/score"
)

var writeOpenAPI = flag.Bool("openapi", false, "write coordinator.openapi.json anew")

// publicOperations are the operations of a coordinator's public door, and what the document says of
// it beside them.
func publicOperations() (openapi.Info, []web.Operation) {
	get := http.MethodGet
	return openapi.Info{
			Title: "MedHive coordinator", Summary: "What a coordinator publishes, for anybody: its health, each node's score with what it is made of, and whole epochs, which anybody can compute again.",
			Package: "agent", Public: true,
		}, []web.Operation{
			{Method: get, Path: "/health", Does: "Whether the coordinator works, and the newest epoch; 503 with reasons where it does not", Out: PublishedHealth{}},
			{Method: get, Path: "/v1/epochs", Does: "The numbers of the published epochs, the newest first, at most 1000", Out: PublishedEpochs{}},
			{Method: get, Path: "/v1/epochs/{epoch}/bundle", Does: "An epoch in one file, from which its root can be computed again: medhive coordinator verify", Kind: "application/gzip"},
			{Method: get, Path: "/v1/scores/{node}", Does: "The newest score of a node, by its address of 40 hexadecimal digits, and why it is so", Out: ExplainedScore{}},
			{Method: get, Path: "/openapi.json", Does: "This document", Kind: "application/json"},
		}
}

// TestTheCoordinatorsOpenAPIDocumentIsOfItsDoor makes the document anew. Run it with
// -args -openapi to write the file.
func TestTheCoordinatorsOpenAPIDocumentIsOfItsDoor(t *testing.T) {
	info, operations := publicOperations()
	document := openapi.Document(info, operations)
	made, err := openapi.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if *writeOpenAPI {
		if err := os.WriteFile("coordinator.openapi.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(publicOpenAPI, made) {
		t.Error("coordinator.openapi.json is not of this door: go test ./agent -run OpenAPI -args -openapi")
	}
	answer := httptest.NewRecorder()
	publicDoor{}.routes().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if answer.Code != http.StatusOK || answer.Body.String() != string(publicOpenAPI) {
		t.Errorf("the door gives %d and %d bytes", answer.Code, answer.Body.Len())
	}
	for _, o := range operations { // each path of the document is one of the door's
		request := httptest.NewRequest(o.Method, strings.NewReplacer("{epoch}", "none", "{node}", "none").Replace(o.Path), nil)
		mux, ok := publicDoor{}.routes().(*http.ServeMux)
		if !ok {
			t.Fatal("the door's routes are of another kind")
		}
		if _, pattern := mux.Handler(request); pattern != o.Method+" "+o.Path {
			t.Errorf("%s %s is answered by %q", o.Method, o.Path, pattern)
		}
	}
	for path, value := range map[string]any{
		"/health":           PublishedHealth{Report: health.Report{Role: "coordinator", State: health.Running, Checks: []health.Finding{}}},
		"/v1/epochs":        PublishedEpochs{Epochs: []uint64{1}},
		"/v1/scores/{node}": ExplainedScore{Explained: []score.Sentence{{About: "reward"}}},
	} {
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range operations {
			if o.Path == path {
				for _, fault := range openapi.Faults(document, info, o, data) {
					t.Error(fault)
				}
			}
		}
	}
}
