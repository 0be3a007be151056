package transfer_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/transfer"
)

// side names, in the environment of a child, what this test binary is to be: a
// benchmark of two processes needs two programs, and they must not share a collector.
const side = "MEDHIVE_TRANSFER_SIDE"

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(side) {
	case "sender":
		err = sender(os.Stdin, os.Stdout)
	case "receiver":
		err = receiver(os.Stdin, os.Stdout)
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, os.Getenv(side)+":", err)
		os.Exit(1)
	}
}

const (
	bareProtocol protocol.ID = "/medhive/bench/bare/1"
	ownProtocol  protocol.ID = "/medhive/bench/transfer/1"
)

// raceTask is what the sealed bytes are bound to.
var raceTask = models.DigestOf([]byte("race"))

// place tells a receiver where the sender is and what it has.
type place struct {
	Addresses []string
	Peer      string
	Manifest  []byte
	Key       transfer.Key
}

// turn is one payload's way. Seconds are the receiver's.
type turn struct {
	Seconds float64
	CPU     float64 // seconds of processor time since the process began
	PeakMB  float64 // VmHWM of the process, MB
	Twice   int64
	Error   string
}

// newHost is set up like a role's: TCP, TLS 1.3, yamux.
func newHost() (host.Host, error) {
	key, _, err := crypto.GenerateSecp256k1Key(rand.Reader)
	if err != nil {
		return nil, err
	}
	return libp2p.New(libp2p.Identity(key), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(libp2ptls.ID, libp2ptls.New), libp2p.DisableRelay(), libp2p.DisableMetrics())
}

// sender seals as many bytes as the first line says into a Folder, then serves them, and
// bare bytes, until stdin ends; each further line is answered with its usage.
func sender(in io.Reader, out io.Writer) error {
	lines, answers := bufio.NewScanner(in), json.NewEncoder(out)
	if !lines.Scan() {
		return lines.Err()
	}
	size, err := strconv.ParseInt(lines.Text(), 10, 64)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "medhive-race-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	folder, err := transfer.NewFolder(filepath.Join(dir, "sealed"))
	if err != nil {
		return err
	}
	key, err := transfer.NewKey()
	if err != nil {
		return err
	}
	var m transfer.Manifest
	err = folder.Put(context.Background(), "payload", func(w io.Writer) (err error) {
		m, err = transfer.SealFrom(w, io.LimitReader(rand.Reader, size), size, transfer.Payload, raceTask, key)
		return err
	})
	if err != nil {
		return err
	}
	encoded, err := m.Encode()
	if err != nil {
		return err
	}
	h, err := newHost()
	if err != nil {
		return err
	}
	defer h.Close()
	serve(h, bareProtocol, func(s network.Stream, _ int) error { return sendBare(s, size) })
	serve(h, ownProtocol, func(s network.Stream, first int) error {
		blob, err := folder.Open(context.Background(), "payload")
		if err != nil {
			return err
		}
		defer blob.Close()
		return transfer.Send(s, blob, m, first, func() error { return s.SetDeadline(time.Now().Add(time.Minute)) })
	})
	p := place{Peer: h.ID().String(), Manifest: encoded, Key: key}
	for _, a := range h.Addrs() {
		p.Addresses = append(p.Addresses, a.String())
	}
	if err := answers.Encode(p); err != nil {
		return err
	}
	for lines.Scan() {
		if err := answers.Encode(usage()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// serve answers a stream whose first line is the chunk to begin with.
func serve(h host.Host, id protocol.ID, send func(s network.Stream, first int) error) {
	h.SetStreamHandler(id, func(s network.Stream) {
		defer s.Close()
		var first int
		if _, err := fmt.Fscanln(oneByOne{s}, &first); err == nil {
			_ = send(s, first) // the other side sees the stream end
		}
	})
}

// oneByOne keeps Fscanln from reading past the line.
type oneByOne struct{ io.Reader }

func (r oneByOne) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 1)]) }

// sendBare writes as many bytes as the payload has, with nothing else.
func sendBare(w io.Writer, size int64) error {
	buf := make([]byte, transfer.ChunkBytes)
	for size > 0 {
		n, err := w.Write(buf[:min(size, int64(len(buf)))])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}

// receiver takes a place in the first line and then does what each line says.
func receiver(in io.Reader, out io.Writer) error {
	lines, answers := bufio.NewScanner(in), json.NewEncoder(out)
	lines.Buffer(nil, 4<<20)
	if !lines.Scan() {
		return lines.Err()
	}
	var p place
	if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
		return err
	}
	m, err := transfer.DecodeManifest(p.Manifest, -1)
	if err != nil {
		return err
	}
	h, err := newHost()
	if err != nil {
		return err
	}
	defer h.Close()
	from, err := peer.Decode(p.Peer)
	if err != nil {
		return err
	}
	var full []string
	for _, a := range p.Addresses {
		full = append(full, a+"/p2p/"+p.Peer)
	}
	info, err := peer.AddrInfoFromString(full[0])
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := h.Connect(ctx, *info); err != nil {
		return err
	}
	open := func(id protocol.ID) transfer.OpenStream {
		return func(ctx context.Context, first int) (io.ReadCloser, error) {
			s, err := h.NewStream(ctx, from, id)
			if err != nil {
				return nil, err
			}
			_, err = fmt.Fprintln(s, first)
			return s, err
		}
	}
	v, err := transfer.NewVessel(m.PlainBytes)
	if err != nil {
		return err
	}
	defer v.Close()
	clear(v.Bytes())
	for lines.Scan() {
		t := time.Now()
		var tally transfer.Tally
		var err error
		switch lines.Text() {
		case "bare":
			err = takeBare(ctx, open(bareProtocol), m.PlainBytes)
		case "transfer":
			tally, err = takeOwn(ctx, open(ownProtocol), m, p.Key, v)
		default:
			err = fmt.Errorf("told to %q", lines.Text())
		}
		answer := usage()
		answer.Seconds, answer.Twice = time.Since(t).Seconds(), tally.Twice
		if err != nil {
			answer.Error = err.Error()
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// takeBare reads the bytes and drops them.
func takeBare(ctx context.Context, open transfer.OpenStream, size int64) error {
	s, err := open(ctx, 0)
	if err != nil {
		return err
	}
	defer s.Close()
	buf := make([]byte, transfer.ChunkBytes)
	for size > 0 {
		n, err := io.ReadFull(s, buf[:min(size, int64(len(buf)))])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}

// takeOwn fetches the payload into the vessel, as a node does.
func takeOwn(ctx context.Context, open transfer.OpenStream, m transfer.Manifest, key transfer.Key, v *transfer.Vessel) (transfer.Tally, error) {
	o, err := transfer.NewOpener(m, transfer.Payload, raceTask, key)
	if err != nil {
		return transfer.Tally{}, err
	}
	return transfer.FetchInto(ctx, o, v, 0, open, func(float64) {})
}

// usage is what this process has used so far.
func usage() turn {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return turn{Error: err.Error()}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return turn{Error: err.Error()}
	}
	t := turn{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds()}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				return turn{Error: err.Error()}
			}
			t.PeakMB = kb * 1024 / 1e6
		}
	}
	return t
}

// child is one of the two processes.
type child struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

func startChild(b *testing.B, as string) *child {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), side+"="+as)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(as, err)
		}
	})
	c := &child{in: in, out: bufio.NewScanner(out)}
	c.out.Buffer(nil, 4<<20)
	return c
}

// tell sends a line.
func (c *child) tell(b *testing.B, line string) {
	b.Helper()
	if _, err := fmt.Fprintln(c.in, line); err != nil {
		b.Fatal(err)
	}
}

// ask sends a line and reads the answer.
func (c *child) ask(b *testing.B, line string, answer any) {
	b.Helper()
	c.tell(b, line)
	if !c.out.Scan() {
		b.Fatal("the other process ended: ", c.out.Err())
	}
	if err := json.Unmarshal(c.out.Bytes(), answer); err != nil {
		b.Fatal(err)
	}
	if t, ok := answer.(*turn); ok && t.Error != "" {
		b.Fatal(t.Error)
	}
}
