package dimse

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// shelf is a Receiver that keeps what came, by instance.
type shelf struct {
	mu      sync.Mutex // guards what follows
	objects map[string]kept

	refuse func(Incoming) error // may be nil
}

type kept struct {
	Incoming
	size int64
	hash [sha256.Size]byte
}

func (s *shelf) Receive(_ context.Context, in Incoming, data io.Reader) error {
	if s.refuse != nil {
		if err := s.refuse(in); err != nil {
			return err
		}
	}
	digest := sha256.New()
	size, err := io.Copy(digest, data)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.objects == nil {
		s.objects = map[string]kept{}
	}
	if _, twice := s.objects[in.SOPInstanceUID]; twice {
		return errors.New("the same instance again")
	}
	s.objects[in.SOPInstanceUID] = kept{Incoming: in, size: size, hash: [sha256.Size]byte(digest.Sum(nil))}
	return nil
}

func (s *shelf) all() map[string]kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := make(map[string]kept, len(s.objects))
	for uid, k := range s.objects {
		copied[uid] = k
	}
	return copied
}

// serve runs a server on loopback until the test ends.
func serve(t testing.TB, config Config) (remote Remote, port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, listener, config)
}

func serveOn(t testing.TB, listener net.Listener, config Config) (remote Remote, port string) {
	t.Helper()
	if config.AETitle == "" {
		config.AETitle = "MEDHIVE"
	}
	if config.Log == nil {
		config.Log = slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, config) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return Remote{Address: listener.Addr().String(), CalledAE: config.AETitle, CallingAE: "TESTER", Timeout: time.Minute}, port
}

type testLog struct{ testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.Logf("%s", p)
	return len(p), nil
}

const (
	ctClass = "1.2.840.10008.5.1.4.1.1.2"
	mrClass = "1.2.840.10008.5.1.4.1.1.4"
)

// part10 writes a file that has a head and any content as data set.
func part10(t testing.TB, folder string, o Object, content []byte) string {
	t.Helper()
	short := func(element uint16, vr string, value []byte) []byte {
		if len(value)%2 == 1 {
			value = append(value[:len(value):len(value)], 0)
		}
		out := []byte{2, 0, byte(element), byte(element >> 8), vr[0], vr[1]}
		out = append(out, byte(len(value)), byte(len(value)>>8))
		return append(out, value...)
	}
	meta := []byte{2, 0, 1, 0, 'O', 'B', 0, 0, 2, 0, 0, 0, 0, 1}
	meta = append(meta, short(2, "UI", []byte(o.SOPClassUID))...)
	meta = append(meta, short(3, "UI", []byte(o.SOPInstanceUID))...)
	meta = append(meta, short(0x10, "UI", []byte(o.TransferSyntaxUID))...)
	file := append(make([]byte, preamble), "DICM"...)
	file = append(file, short(0, "UL", binary.LittleEndian.AppendUint32(nil, uint32(len(meta))))...)
	file = append(append(file, meta...), content...)
	path := filepath.Join(folder, o.SOPInstanceUID+".dcm")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sound is a small data set in Explicit VR Little Endian that every peer can read: a few
// identifying attributes and pixels of some length.
func sound(o Object, study string, pixels int) []byte {
	set := []element{
		text(0x00080016, "UI", o.SOPClassUID), text(0x00080018, "UI", o.SOPInstanceUID),
		text(tagStudyDate, "DA", "20260102"), text(tagStudyTime, "TM", "030405"),
		text(tagAccession, "SH", "ACC"+strconv.Itoa(len(study))), text(0x00080060, "CS", "CT"),
		text(tagStudyDescription, "LO", "CT HEAD"), text(tagPatientName, "PN", "Probe^Peter"), text(tagPatientID, "LO", "PID7"),
		text(tagStudyUID, "UI", study), text(tagSeriesUID, "UI", study+".1"), text(0x00200010, "SH", "1"),
	}
	out := encodeSet(set, explicitLittleEndian)
	out = append(out, 0xE0, 0x7F, 0x10, 0x00, 'O', 'W', 0, 0)
	out = append(out, byte(pixels), byte(pixels>>8), byte(pixels>>16), byte(pixels>>24))
	for n := range pixels {
		out = append(out, byte(n*7+n>>8))
	}
	return out
}

// study writes n objects and gives them as Objects, with the hashes of their data sets.
func study(t testing.TB, uid string, n, pixels int) (folder string, objects []Object, hashes map[string][sha256.Size]byte) {
	t.Helper()
	folder = t.TempDir()
	hashes = map[string][sha256.Size]byte{}
	for i := range n {
		o := Object{SOPClassUID: ctClass, SOPInstanceUID: fmt.Sprintf("%s.1.%d", uid, i+1), TransferSyntaxUID: explicitLittleEndian}
		content := sound(o, uid, pixels+2*i)
		hashes[o.SOPInstanceUID] = sha256.Sum256(content)
		object, err := FileObject(part10(t, folder, o, content))
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
	return folder, objects, hashes
}

// arrived compares what a shelf has with what was sent.
func arrived(t testing.TB, s *shelf, hashes map[string][sha256.Size]byte) {
	t.Helper()
	got := s.all()
	if len(got) != len(hashes) {
		t.Errorf("%d objects arrived, want %d", len(got), len(hashes))
	}
	for uid, hash := range hashes {
		if k, ok := got[uid]; !ok || k.hash != hash {
			t.Errorf("object %s: arrived %v, its bytes the same %v", uid, ok, k.hash == hash)
		}
	}
}
