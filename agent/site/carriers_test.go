package site

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
)

// A web archive that took a result before a crash here, and refuses it as a duplicate
// afterwards, has it; one that refuses it for another reason has not.
func TestAResultThatAWebArchiveHasAlreadyIsDelivered(t *testing.T) {
	const class, uid = "1.2.840.10008.5.1.4.1.1.4", "2.25.4711"
	path := filepath.Join(t.TempDir(), "seg.dcm")
	if err := os.WriteFile(path, instance(t, "1.2.3", "1.2.3.9", uid), 0o600); err != nil {
		t.Fatal(err)
	}
	for reason, there := range map[string]bool{"273": true, "290": false} { // 0111, 0122
		item := dicomweb.Dataset{
			"00081150": {VR: "UI", Strings: []string{class}}, "00081155": {VR: "UI", Strings: []string{uid}}, "00081197": {VR: "US", Strings: []string{reason}},
		}
		answer, err := json.Marshal(dicomweb.Dataset{"00081198": {VR: "SQ", Items: []dicomweb.Dataset{item}}})
		if err != nil {
			t.Fatal(err)
		}
		host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write(answer)
		}))
		base, err := url.Parse(host.URL)
		if err != nil {
			t.Fatal(err)
		}
		taken := 0
		err = webArchive{&dicomweb.Client{Base: base}}.Send(t.Context(), []outbox.Object{{SOPClassUID: class, SOPInstanceUID: uid, Path: path}}, func(int) error { taken++; return nil })
		host.Close()
		if refused, _ := errors.AsType[*outbox.Failure](err); (err == nil) != there || (taken == 1) != there || !there && refused == nil {
			t.Errorf("reason %s: %d taken, %v", reason, taken, err)
		}
	}
}

// A destination that may get no results unencrypted gets no credentials so either.
func TestCredentialsDoNotTravelInTheClear(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("0123456789abcdef01234567\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{KindFHIR, KindSTOW} {
		conf := Config{Destinations: []Destination{{Name: "record", Kind: kind, URL: "http://record.invalid/fhir", Token: token}}}
		if _, err := Echo(t.Context(), conf, "record"); err == nil || !strings.Contains(err.Error(), "plain = true") && !strings.Contains(err.Error(), "https") {
			t.Errorf("%s: says %v", kind, err)
		}
	}
}
