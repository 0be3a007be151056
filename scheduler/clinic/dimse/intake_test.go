package dimse_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/dimse"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
)

// What the test binary becomes, by its environment: a process of its own, as
// storescp is one, that receives into a folder.
const (
	childFolder = "MEDHIVE_CT500_INBOX"
	childKeeps  = "MEDHIVE_CT500_KEEPS"
)

// childSecret seals a test inbox.
var childSecret = [inbox.SecretBytes]byte{1}

// What a child does with objects.
const (
	keepsInbox  = "inbox"  // the real inbox
	keepsFiles  = "files"  // a file each, as storescp does, without making it durable
	keepsSynced = "synced" // a file each, made durable
)

func TestMain(m *testing.M) {
	folder := os.Getenv(childFolder)
	if folder == "" {
		os.Exit(m.Run())
	}
	if err := receive(folder, os.Getenv(childKeeps)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// figures are what a child says at its end.
type figures struct {
	Objects   int
	PeakBytes int64 // the most that ever was resident
}

// receive serves until standard input ends.
func receive(folder, keeps string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	receiver, closing, err := receiverOf(folder, keeps)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		done <- dimse.Serve(ctx, listener, dimse.Config{AETitle: "MEDHIVE", Receiver: receiver, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	}()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	if err := errors.Join(<-done, closing()); err != nil {
		return err
	}
	peak, err := peakBytes()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(figures{Objects: receiver.objects, PeakBytes: peak})
}

// counted is a Receiver for one association.
type counted struct {
	keep    func(ctx context.Context, in dimse.Incoming, data io.Reader) error
	objects int
}

func (c *counted) Receive(ctx context.Context, in dimse.Incoming, data io.Reader) error {
	err := c.keep(ctx, in, data)
	if err == nil {
		c.objects++
	}
	return err
}

func receiverOf(folder, keeps string) (*counted, func() error, error) {
	if keeps != keepsInbox {
		return &counted{keep: func(_ context.Context, in dimse.Incoming, data io.Reader) error {
			file, err := os.Create(filepath.Join(folder, in.SOPInstanceUID))
			if err != nil {
				return err
			}
			_, err = data.(io.WriterTo).WriteTo(file)
			if err == nil && keeps == keepsSynced {
				err = file.Sync()
			}
			return errors.Join(err, file.Close())
		}}, func() error { return nil }, nil
	}
	box, err := inbox.Open(folder, childSecret, inbox.Config{}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	return &counted{keep: func(ctx context.Context, in dimse.Incoming, data io.Reader) error {
		_, err := box.Receive(ctx, inbox.Origin{Way: inbox.WayDIMSE, CallingAE: in.CallingAE, CalledAE: in.CalledAE, Address: in.Address, Association: in.Association},
			inbox.Instance{SOPClassUID: in.SOPClassUID, SOPInstanceUID: in.SOPInstanceUID, TransferSyntaxUID: in.TransferSyntaxUID}, data)
		return err
	}}, box.Close, nil
}

// peakBytes reads the kernel's high-water mark of resident memory.
func peakBytes() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("no VmHWM in /proc/self/status")
}

// intake is a running child.
type intake struct {
	port  string
	child *exec.Cmd
	input io.Closer
	lines *bufio.Reader
}

func startIntake(tb testing.TB, folder, keeps string) *intake {
	tb.Helper()
	i := &intake{child: exec.CommandContext(tb.Context(), os.Args[0])}
	i.child.Env = append(os.Environ(), childFolder+"="+folder, childKeeps+"="+keeps)
	i.child.Stderr = os.Stderr
	input, err := i.child.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	says, err := i.child.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := i.child.Start(); err != nil {
		tb.Fatal(err)
	}
	i.input, i.lines = input, bufio.NewReader(says)
	port, err := i.lines.ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	i.port = strings.TrimSpace(port)
	return i
}

// stop ends the child in good order.
func (i *intake) stop(tb testing.TB) figures {
	tb.Helper()
	var f figures
	if err := errors.Join(i.input.Close(), json.NewDecoder(i.lines).Decode(&f), i.child.Wait()); err != nil {
		tb.Fatal(err)
	}
	return f
}

// kill ends it as a crash would.
func (i *intake) kill(tb testing.TB) {
	tb.Helper()
	if err := i.child.Process.Kill(); err != nil {
		tb.Fatal(err)
	}
	_ = i.child.Wait() // killed
}

// TestKilledIntakeHasWhatItAcknowledged: whatever we told a sender is safe is still there
// after a SIGKILL at any time, and the sender brings the rest again without harm.
func TestKilledIntakeHasWhatItAcknowledged(t *testing.T) {
	const objects, rounds = 40, 4
	series := t.TempDir()
	var all []dimse.Object
	var uids []string
	for n := range objects {
		path := filepath.Join(series, strconv.Itoa(n))
		if err := os.WriteFile(path, slice(n, make([]byte, ct500Pixels)), 0o600); err != nil {
			t.Fatal(err)
		}
		o, err := dimse.FileObject(path)
		if err != nil {
			t.Fatal(err)
		}
		all, uids = append(all, o), append(uids, o.SOPInstanceUID)
	}
	folder := t.TempDir()
	holds := func() []bool {
		box, err := inbox.Open(folder, childSecret, inbox.Config{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		held := box.Holds(uids)
		if err := box.Close(); err != nil {
			t.Fatal(err)
		}
		return held
	}
	acknowledged := map[string]bool{}
	for round := range rounds {
		child := startIntake(t, folder, keepsInbox)
		// The kill comes while an object after these is on its way.
		last := round == rounds-1
		var killing sync.WaitGroup
		sent, err := dimse.Send(t.Context(), dimse.Remote{Address: net.JoinHostPort("127.0.0.1", child.port), CalledAE: "MEDHIVE", CallingAE: "TESTER", Timeout: time.Minute}, all, func(done, _ int) {
			if !last && done == 5+9*round {
				killing.Go(func() { _ = child.child.Process.Kill() })
			}
		})
		if last && err != nil {
			t.Fatal(err)
		}
		for _, s := range sent {
			if s.Err == nil {
				acknowledged[s.SOPInstanceUID] = true
			}
		}
		killing.Wait()
		child.kill(t)
		for n, held := range holds() {
			if acknowledged[uids[n]] && !held {
				t.Fatalf("round %d: object %d was acknowledged and is gone", round, n)
			}
		}
	}
	if len(acknowledged) != objects {
		t.Errorf("%d objects acknowledged in the end, want %d", len(acknowledged), objects)
	}
}
