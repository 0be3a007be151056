package dimse

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/testdata/peers"
)

func TestDcmtkEchoesAndStores(t *testing.T) {
	received := &shelf{}
	ended := make(chan uint64, 8)
	_, port := serve(t, Config{Receiver: received, AssociationEnded: func(n uint64) { ended <- n }})
	if out, err := peers.Run(t, "echoscu", "-aec", "MEDHIVE", "127.0.0.1", port); err != nil {
		t.Fatalf("echoscu: %v\n%s", err, out)
	}
	folder, _, hashes := study(t, "1.2.3", 20, 70_000)
	if out, err := peers.Run(t, "dcmsend", "-v", "-aec", "MEDHIVE", "+sd", "127.0.0.1", port, folder); err != nil {
		t.Fatalf("dcmsend: %v\n%s", err, out)
	}
	arrived(t, received, hashes)
	if first := <-ended; first != 2 { // the first was the echo's, which brought nothing
		t.Errorf("association %d ended, want 2", first)
	}
	for _, k := range received.all() {
		if k.CallingAE != "DCMSEND" || k.CalledAE != "MEDHIVE" || !k.Address.IsLoopback() || k.TransferSyntaxUID != explicitLittleEndian || k.SOPClassUID != ctClass {
			t.Fatalf("arrived as %+v", k.Incoming)
		}
	}

	folder, _, hashes = study(t, "1.2.4", 3, 1000)
	other := &shelf{}
	_, port = serve(t, Config{Receiver: other})
	if out, err := peers.Run(t, "storescu", "-v", "-aec", "MEDHIVE", "+sd", "-xe", "127.0.0.1", port, folder); err != nil || strings.Contains(out, "E:") {
		t.Fatalf("storescu: %v\n%s", err, out)
	}
	arrived(t, other, hashes)
}

func TestDcmtkSmallPDUs(t *testing.T) {
	received := &shelf{}
	_, port := serve(t, Config{Receiver: received, MaxPDULength: 4096})
	folder, _, hashes := study(t, "1.2.5", 3, 30_000)
	if out, err := peers.Run(t, "storescu", "-aec", "MEDHIVE", "+sd", "-xe", "-pdu", "4096", "127.0.0.1", port, folder); err != nil {
		t.Fatalf("storescu: %v\n%s", err, out)
	}
	arrived(t, received, hashes)
}

func TestDcmtkIsRejected(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		args   []string
		says   string
	}{
		{"called title", Config{}, []string{"-aec", "OTHER"}, "Called AE Title Not Recognized"},
		{"calling title", Config{Peers: []Peer{{AETitle: "CT1"}}}, []string{"-aet", "CT2", "-aec", "MEDHIVE"}, "Calling AE Title Not Recognized"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.Receiver = &shelf{}
			_, port := serve(t, c.config)
			out, err := peers.Run(t, "echoscu", append(c.args, "127.0.0.1", port)...)
			if err == nil || !strings.Contains(out, c.says) {
				t.Errorf("echoscu: %v\n%s\nwant %q", err, out, c.says)
			}
		})
	}
}

func TestDcmtkHearsWhyAnObjectIsRefused(t *testing.T) {
	for status, cause := range map[string]error{
		"0xa700": ErrOutOfResources, "0xa900": ErrDataSetMismatch, "0xc000": ErrCannotUnderstand, "0x0124": ErrNotAuthorized, "0x0110": errors.New("something else"),
	} {
		t.Run(status, func(t *testing.T) {
			received := &shelf{refuse: func(Incoming) error { return cause }}
			_, port := serve(t, Config{Receiver: received})
			folder, _, _ := study(t, "1.2.6", 1, 100_000)
			out, _ := peers.Run(t, "storescu", "-v", "-aec", "MEDHIVE", "+sd", "-xe", "127.0.0.1", port, folder)
			if !strings.Contains(strings.ToLower(out), status) && !strings.Contains(out, "OutOfResources") {
				t.Errorf("storescu does not say %s:\n%s", status, out)
			}
		})
	}
}

func TestTLSWithClientCertificates(t *testing.T) {
	certificates := peers.NewCertificates(t)
	received := &shelf{}
	remote, port := serve(t, Config{Receiver: received, TLS: certificates.ServerTLS(t)})
	folder, objects, hashes := study(t, "1.2.7", 4, 50_000)
	out, err := peers.Run(t, "storescu", "-v", "+tls", certificates.ClientKey, certificates.Client, "+cf", certificates.Authority, "-rc", "-aec", "MEDHIVE", "+sd", "-xe", "127.0.0.1", port, folder)
	if err != nil || strings.Contains(out, "E:") {
		t.Fatalf("storescu over TLS: %v\n%s", err, out)
	}
	arrived(t, received, hashes)
	if out, err := peers.Run(t, "echoscu", "+tls", certificates.StrangerKey, certificates.Stranger, "-ic", "-aec", "MEDHIVE", "127.0.0.1", port); err == nil {
		t.Errorf("a stranger's certificate is let in:\n%s", out)
	}
	if out, err := peers.Run(t, "echoscu", "-aec", "MEDHIVE", "127.0.0.1", port); err == nil {
		t.Errorf("a plain connection is let in:\n%s", out)
	}

	remote.TLS = certificates.ClientTLS(t)
	if err := Echo(t.Context(), remote); err != nil {
		t.Error(err)
	}
	store := peers.StoreSCP(t, "+tls", certificates.ServerKey, certificates.Server, "+cf", certificates.Authority, "-rc")
	sent, err := Send(t.Context(), Remote{Address: store.Address, CalledAE: store.AETitle, CallingAE: "MEDHIVE", TLS: certificates.ClientTLS(t), Timeout: time.Minute}, objects, nil)
	if err != nil || len(sent) != len(objects) || sent[0].Err != nil {
		t.Fatalf("send over TLS: %v, %+v", err, sent)
	}
	if got := len(store.Files(t)); got != len(objects) {
		t.Errorf("storescp has %d files, want %d", got, len(objects))
	}
	distrustful := peers.NewCertificates(t).ClientTLS(t)
	if err := Echo(t.Context(), Remote{Address: store.Address, CalledAE: store.AETitle, CallingAE: "MEDHIVE", TLS: distrustful, Timeout: time.Minute}); err == nil {
		t.Error("we trust a peer of another authority")
	}
}

func TestWeSendToStoreSCPBitForBit(t *testing.T) {
	store := peers.StoreSCP(t)
	remote := Remote{Address: store.Address, CalledAE: store.AETitle, CallingAE: "MEDHIVE", Timeout: time.Minute}
	if err := Echo(t.Context(), remote); err != nil {
		t.Fatal(err)
	}
	_, objects, hashes := study(t, "1.2.8", 12, 140_000)
	steps := 0
	sent, err := Send(t.Context(), remote, objects, func(done, of int) {
		steps++
		if done != steps || of != len(objects) {
			t.Errorf("progress %d of %d at step %d", done, of, steps)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sent {
		if s.Err != nil || s.Status != statusSuccess {
			t.Errorf("sent: %+v", s)
		}
	}
	back := &shelf{}
	for _, path := range store.Files(t) {
		o, err := FileObject(path)
		if err != nil {
			t.Fatal(err)
		}
		content, err := o.Open()
		if err != nil {
			t.Fatal(err)
		}
		if err := back.Receive(t.Context(), Incoming{SOPInstanceUID: o.SOPInstanceUID}, content); err != nil {
			t.Fatal(err)
		}
		if err := content.Close(); err != nil {
			t.Fatal(err)
		}
	}
	arrived(t, back, hashes)
}

func TestStoreSCPRefusesASyntax(t *testing.T) {
	store := peers.NewServer(t, "storescp", "PLAIN", t.TempDir(), func(port int) []string {
		return []string{"--aetitle", "PLAIN", "+xi", strconv.Itoa(port)} // Implicit VR only
	})
	_, objects, _ := study(t, "1.2.9", 2, 100)
	objects[1].SOPClassUID = "1.2.3.4" // a private class
	sent, err := Send(t.Context(), Remote{Address: store.Address, CalledAE: "PLAIN", CallingAE: "MEDHIVE", Timeout: time.Minute}, objects, nil)
	if err != nil || len(sent) != 2 {
		t.Fatal(err, sent)
	}
	for n, s := range sent {
		var refused *RefusedSyntaxError
		if !errors.As(s.Err, &refused) || refused.SOPClassUID != objects[n].SOPClassUID || refused.TransferSyntaxUID != explicitLittleEndian {
			t.Errorf("sent: %+v", s)
		}
	}
}

func TestFindAndMoveFromDcmqrscp(t *testing.T) {
	received := &shelf{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port := serveOn(t, listener, Config{Receiver: received})
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	archive := peers.Dcmqrscp(t, peers.Destination{AETitle: "MEDHIVE", Port: number})
	folder, _, hashes := study(t, "1.2.10", 7, 20_000)
	other, _, _ := study(t, "1.2.11", 2, 10)
	archive.Send(t, folder)
	archive.Send(t, other)
	remote := Remote{Address: archive.Address, CalledAE: archive.AETitle, CallingAE: "MEDHIVE", Timeout: time.Minute}

	studies, err := Find(t.Context(), remote, Query{StudyUID: "1.2.10"})
	if err != nil || len(studies) != 1 {
		t.Fatalf("find: %v, %d studies", err, len(studies))
	}
	if s := studies[0]; s.StudyUID != "1.2.10" || s.PatientID != "PID7" || s.PatientName != "Probe^Peter" || s.StudyDate != "20260102" || s.Description != "CT HEAD" {
		t.Errorf("found %+v", s)
	}
	if studies, err = Find(t.Context(), remote, Query{}); err != nil || len(studies) != 2 {
		t.Errorf("find all: %v, %d studies, want 2", err, len(studies))
	}
	if studies, err = Find(t.Context(), remote, Query{Limit: 1}); err != nil || len(studies) != 1 {
		t.Errorf("find one: %v, %d studies", err, len(studies))
	}
	if studies, err = Find(t.Context(), remote, Query{StudyUID: "1.2.99"}); err != nil || len(studies) != 0 {
		t.Errorf("find nothing: %v, %d studies", err, len(studies))
	}

	var steps int
	result, err := Move(t.Context(), remote, MoveRequest{StudyUID: "1.2.10", Destination: "MEDHIVE", Progress: func(MoveResult) { steps++ }})
	if err != nil || result.Completed != 7 || result.Failed != 0 || result.Status != statusSuccess {
		t.Errorf("move: %v, %+v", err, result)
	}
	arrived(t, received, hashes)
	for _, k := range received.all() {
		if k.MoveOriginator != "MEDHIVE" || k.CallingAE != "TESTPACS" {
			t.Fatalf("arrived as %+v", k.Incoming)
		}
	}
	var status *StatusError
	if _, err := Move(t.Context(), remote, MoveRequest{StudyUID: "1.2.10", Destination: "NOWHERE"}); !errors.As(err, &status) || status.Status != 0xA801 {
		t.Errorf("move to an unknown title: %v", err)
	}
}

// TestTwentyAssociationsAtOnce: nothing is lost, with peers that come at the same time.
func TestTwentyAssociationsAtOnce(t *testing.T) {
	received := &shelf{}
	_, port := serve(t, Config{Receiver: received})
	const senders, each = 20, 8
	want := map[string][32]byte{}
	folders := make([]string, senders)
	for n := range senders {
		folder, _, hashes := study(t, "1.2.20."+strconv.Itoa(n), each, 60_000)
		folders[n] = folder
		for uid, hash := range hashes {
			want[uid] = hash
		}
	}
	var work sync.WaitGroup
	for _, folder := range folders {
		work.Go(func() {
			if out, err := peers.Run(t, "dcmsend", "-aec", "MEDHIVE", "+sd", "127.0.0.1", port, folder); err != nil {
				t.Errorf("dcmsend: %v\n%s", err, out)
			}
		})
	}
	work.Wait()
	arrived(t, received, want)
}

func TestStoreSCPDiesWhileWeSend(t *testing.T) {
	store := peers.StoreSCP(t)
	_, objects, _ := study(t, "1.2.30", 6, 200_000)
	remote := Remote{Address: store.Address, CalledAE: store.AETitle, CallingAE: "MEDHIVE", Timeout: time.Minute}
	sent, err := Send(t.Context(), remote, objects, func(done, _ int) {
		if done == 2 {
			store.Stop()
		}
	})
	if err == nil || len(sent) != 2 {
		t.Fatalf("%d sent, %v", len(sent), err)
	}
	if _, err := Send(t.Context(), remote, objects[2:], nil); err == nil {
		t.Fatal("sent to nobody")
	}
	store.Start(t)
	if sent, err = Send(t.Context(), remote, objects[2:], nil); err != nil || len(sent) != 4 {
		t.Fatalf("%d sent, %v", len(sent), err)
	}
	if got := len(store.Files(t)); got != len(objects) {
		t.Errorf("storescp has %d files, want %d", got, len(objects))
	}
}

func TestFileObjectRefusesWhatIsNoFileOfOurs(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{"empty": "", "letter": strings.Repeat("Dear colleague, ", 30)} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := FileObject(path); err == nil || strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := FileObject(filepath.Join(folder, "missing")); !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), folder) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Send(context.Background(), Remote{}, []Object{{SOPClassUID: ctClass, SOPInstanceUID: "1.2", TransferSyntaxUID: "1.2"}}, nil); err == nil {
		t.Error("sent to nobody")
	}
}
