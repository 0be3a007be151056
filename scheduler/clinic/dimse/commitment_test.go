package dimse

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/testdata/peers"
)

// listen opens a port whose server is started later.
func listen(t *testing.T) (net.Listener, int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener, listener.Addr().(*net.TCPAddr).Port
}

func references(objects []Object) []Reference {
	refs := make([]Reference, len(objects))
	for n, o := range objects {
		refs[n] = Reference{o.SOPClassUID, o.SOPInstanceUID}
	}
	return refs
}

// TestOrthancCommitsItself: the archive takes our request and reports to our server.
func TestOrthancCommitsItself(t *testing.T) {
	listener, port := listen(t)
	reports := make(chan Commitment, 4)
	serveOn(t, listener, Config{Receiver: &shelf{}, Committed: func(_ context.Context, c Commitment) error {
		reports <- c
		return nil
	}})
	archive := peers.Orthanc(t, peers.Destination{AETitle: "MEDHIVE", Port: port})
	remote := Remote{Address: archive.Address, CalledAE: archive.AETitle, CallingAE: "MEDHIVE", Timeout: time.Minute}
	_, objects, _ := study(t, "1.2.40", 3, 1000)
	if sent, err := Send(t.Context(), remote, objects, nil); err != nil || sent[2].Err != nil {
		t.Fatal(err, sent)
	}
	refs := append(references(objects), Reference{ctClass, "1.2.40.1.999"})
	for n, asked := range [][]Reference{refs[:3], refs} {
		transaction := "2.25.4" + strconv.Itoa(n)
		report, err := RequestCommitment(t.Context(), remote, transaction, asked, 0)
		if err != nil || report != nil {
			t.Fatalf("request %d: %v, %v", n, report, err)
		}
		got := <-reports
		if got.TransactionUID != transaction || got.CallingAE != "ORTHANC" || len(got.Committed) != 3 || len(got.Failed) != n {
			t.Fatalf("report %d: %+v", n, got)
		}
		for _, r := range refs[:3] {
			if !slices.Contains(got.Committed, r) {
				t.Errorf("report %d lacks %v", n, r)
			}
		}
		if n == 1 && (got.Failed[0].SOPInstanceUID != "1.2.40.1.999" || got.Failed[0].Reason == 0) {
			t.Errorf("failed: %+v", got.Failed)
		}
	}
}

// TestOrthancAsksUs: as a modality does before it deletes what it sent.
func TestOrthancAsksUs(t *testing.T) {
	listener, port := listen(t)
	archive := peers.Orthanc(t, peers.Destination{AETitle: "MEDHIVE", Port: port})
	serveOn(t, listener, Config{
		Receiver: &shelf{}, Peers: []Peer{{AETitle: archive.AETitle, Address: archive.Address}},
		Holds: func(_ context.Context, _ string, asked []Reference) ([]Reference, error) {
			return slices.DeleteFunc(slices.Clone(asked), func(r Reference) bool { return r.SOPInstanceUID == "1.2.99" }), nil
		},
	})
	for instance, want := range map[string]string{"1.2.50": "Success", "1.2.99": "Failure"} {
		body, err := json.Marshal(map[string]any{"DicomInstances": []any{map[string]string{"SOPClassUID": ctClass, "SOPInstanceUID": instance}}})
		if err != nil {
			t.Fatal(err)
		}
		var asked struct{ ID, Path string }
		if err := json.Unmarshal(archive.Ask(t, "POST", "modalities/MEDHIVE/storage-commitment", string(body)), &asked); err != nil {
			t.Fatal(err)
		}
		deadline, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var state struct{ Status string }
			if err := json.Unmarshal(archive.Ask(t, "GET", "storage-commitment/"+asked.ID, ""), &state); err != nil {
				t.Fatal(err)
			}
			if state.Status == want {
				break
			}
			if state.Status != "Pending" {
				t.Fatalf("Orthanc heard %s, want %s", state.Status, want)
			}
			select {
			case <-deadline.Done():
				t.Fatal("Orthanc never heard of its commitment")
			case <-tick.C:
			}
		}
	}
}

// TestReportOnTheSameAssociation: both ends are ours.
func TestReportOnTheSameAssociation(t *testing.T) {
	held := Reference{ctClass, "1.2.3"}
	remote, _ := serve(t, Config{Receiver: &shelf{}, Holds: func(_ context.Context, calling string, asked []Reference) ([]Reference, error) {
		if calling != "TESTER" {
			return nil, ErrNotAuthorized
		}
		return []Reference{held}, nil
	}})
	lost := Reference{mrClass, "1.2.4"}
	report, err := RequestCommitment(t.Context(), remote, "2.25.1", []Reference{held, lost}, time.Minute)
	if err != nil || report == nil {
		t.Fatal(report, err)
	}
	if !slices.Equal(report.Committed, []Reference{held}) || !slices.Equal(report.Failed, []FailedReference{{lost, statusNoSuchInstance}}) || report.CallingAE != "MEDHIVE" {
		t.Errorf("report %+v", report)
	}
	remote.CallingAE = "OTHER"
	var status *StatusError
	if _, err := RequestCommitment(t.Context(), remote, "2.25.1", []Reference{held}, time.Minute); !errors.As(err, &status) || status.Status != statusNotAuthorized {
		t.Errorf("not allowed: %v", err)
	}
	if _, err := RequestCommitment(t.Context(), remote, "2.25.1", nil, 0); err == nil {
		t.Error("asked for nothing")
	}
}

// TestNobodyHoldsAnything: a server that was not told how to hold refuses the class.
func TestNobodyHoldsAnything(t *testing.T) {
	remote, _ := serve(t, Config{Receiver: &shelf{}})
	var refused *RefusedSyntaxError
	if _, err := RequestCommitment(t.Context(), remote, "2.25.1", []Reference{{ctClass, "1.2"}}, 0); !errors.As(err, &refused) || refused.SOPClassUID != commitmentPush {
		t.Errorf("commitment: %v", err)
	}
}

// TestReportIsTakenOnlyWhenKept: an archive hears of our failure, and may report again.
func TestReportIsTakenOnlyWhenKept(t *testing.T) {
	fail := true
	remote, _ := serve(t, Config{Receiver: &shelf{}, Committed: func(context.Context, Commitment) error {
		if fail {
			return errors.New("no room")
		}
		return nil
	}})
	report := Commitment{TransactionUID: "2.25.1", Committed: []Reference{{ctClass, "1.2"}}}
	var status *StatusError
	if err := sendReport(t.Context(), remote, report); !errors.As(err, &status) || status.Status != statusProcessing {
		t.Errorf("report that was not kept: %v", err)
	}
	fail = false
	if err := sendReport(t.Context(), remote, report); err != nil {
		t.Error(err)
	}
}

// TestPersist: a modality that is down for an hour hears of its commitment, one that is gone
// for good is given up, and a stop ends the waiting.
func TestPersist(t *testing.T) {
	down := errors.New("down")
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		tries := 0
		err := persist(t.Context(), func() error {
			if tries++; time.Since(started) < 40*time.Minute {
				return down
			}
			return nil
		})
		if err != nil || tries != 5 || time.Since(started) != 42*time.Minute+30*time.Second {
			t.Errorf("down for 40 minutes: %v after %d tries and %v", err, tries, time.Since(started))
		}
		if err := persist(t.Context(), func() error { return down }); !errors.Is(err, down) {
			t.Errorf("gone for good: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := persist(ctx, func() error { return down }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("told to stop: %v", err)
		}
	})
}

func genUID() *rapid.Generator[string] {
	return rapid.StringMatching(`[0-9]{1,8}(\.[0-9]{1,8}){1,6}`)
}

func TestReferencesSurviveTheirEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reference := rapid.Custom(func(t *rapid.T) Reference { return Reference{genUID().Draw(t, "class"), genUID().Draw(t, "instance")} })
		c := Commitment{
			TransactionUID: genUID().Draw(t, "transaction"),
			Committed:      rapid.SliceOfN(reference, 1, 5).Draw(t, "committed"),
			Failed: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) FailedReference {
				return FailedReference{reference.Draw(t, "failed"), rapid.Uint16().Draw(t, "reason")}
			}), 0, 5).Draw(t, "failures"),
		}
		syntax := rapid.SampledFrom([]string{implicitLittleEndian, explicitLittleEndian}).Draw(t, "syntax")
		got, err := parseReferences(encodeReferences(c, syntax), syntax)
		if err != nil {
			t.Fatal(err)
		}
		if got.TransactionUID != c.TransactionUID || !slices.Equal(got.Committed, c.Committed) || !slices.Equal(got.Failed, c.Failed) {
			t.Fatalf("got %+v, want %+v", got, c)
		}
	})
}
