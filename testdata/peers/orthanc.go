package peers

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// orthancPlugin is where Debian puts Orthanc's DICOMweb, below / or what was unpacked.
const orthancPlugin = "usr/share/orthanc/plugins/libOrthancDicomWeb.so"

// Archive is an Orthanc: C-STORE, C-FIND, C-MOVE and DICOMweb. Its Server is the DICOM
// side, title ORTHANC; its folder holds what it stored as it came.
type Archive struct {
	*Server
	Web  *url.URL // of its DICOMweb services
	REST *url.URL // of its own interface
}

// Orthanc starts one, with the AE titles that it may send studies to.
func Orthanc(t testing.TB, destinations ...Destination) *Archive {
	t.Helper()
	folder := t.TempDir()
	plugin, err := findPlugin()
	if err != nil {
		t.Fatal(err)
	}
	modalities := map[string]any{}
	for _, d := range destinations {
		modalities[d.AETitle] = []any{d.AETitle, "127.0.0.1", d.Port}
	}
	a := &Archive{}
	last := 0
	a.Server = NewServer(t, "Orthanc", "ORTHANC", folder, func(port int) []string {
		if port != last { // a first try, or one after a port that was taken
			last = port
			a.REST = &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(Port(t))), Path: "/"}
			a.Web = a.REST.JoinPath("dicom-web")
		}
		settings, err := json.Marshal(map[string]any{
			"Name": "archive", "StorageDirectory": filepath.Join(folder, "storage"), "IndexDirectory": filepath.Join(folder, "storage"),
			"HttpPort": number(t, a.REST.Port()), "RemoteAccessAllowed": false, "AuthenticationEnabled": false, "HttpThreadsCount": 8,
			"DicomAet": "ORTHANC", "DicomPort": port, "DicomModalities": modalities, "OverwriteInstances": true,
			"StableAge": 1, "SaveJobs": false, "Plugins": []string{plugin}, "DicomWeb": map[string]any{"Enable": true, "Root": "/dicom-web/"},
		})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, "orthanc.json")
		if err := os.WriteFile(path, settings, 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{path}
	})
	a.Await(t)
	return a
}

// Await waits until the web side answers, which comes up after the DICOM side: after Start.
func (a *Archive) Await(t testing.TB) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		answer, err := http.Get(a.REST.JoinPath("system").String())
		if err == nil {
			err = answer.Body.Close()
		}
		if err == nil && answer.StatusCode == http.StatusOK {
			return
		}
		select {
		case <-a.ended:
			t.Fatalf("Orthanc ended: %v", a.problem)
		case <-deadline.C:
			t.Fatalf("Orthanc's web side does not answer: %v", err)
		case <-tick.C:
		}
	}
}

// Ask sends a request to Orthanc's own interface, such as GET instances, and gives its
// answer; body may be empty.
func (a *Archive) Ask(t testing.TB, method, path, body string) []byte {
	t.Helper()
	place, err := a.REST.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, place.String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("Orthanc answers %s %s with %d, %v: %s", method, path, answer.StatusCode, err, said)
	}
	return said
}

// Instances are Orthanc's own ids of all it holds.
func (a *Archive) Instances(t testing.TB) []string {
	t.Helper()
	var ids []string
	if err := json.Unmarshal(a.Ask(t, http.MethodGet, "instances", ""), &ids); err != nil {
		t.Fatal(err)
	}
	return ids
}

func findPlugin() (string, error) {
	base, err := root()
	if err != nil {
		return "", err
	}
	for _, top := range []string{"/", filepath.Join(base, ".tools", "peers", "root")} {
		if path := filepath.Join(top, orthancPlugin); exists(path) {
			return path, nil
		}
	}
	return "", errors.New("the DICOMweb plugin of Orthanc is missing: run `make test-tools`, and try again")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func number(t testing.TB, port string) int {
	t.Helper()
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
