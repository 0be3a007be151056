package peers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a peer that listens on loopback until the test ends.
type Server struct {
	AETitle string
	Address string // host:port
	Port    int
	Folder  string // what it stored, as files

	name    string
	args    func(port int) []string
	output  *lines
	cancel  context.CancelFunc
	ended   chan struct{}
	problem error // of the process; read it after ended
}

// lines is what a process printed, safe to read while it runs.
type lines struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// NewServer starts a program that listens on the port that args is given. It is up when
// NewServer returns.
func NewServer(t testing.TB, name, aeTitle, folder string, args func(port int) []string) *Server {
	t.Helper()
	s := &Server{AETitle: aeTitle, Folder: folder, name: name, args: args, output: &lines{}}
	var err error
	for range 5 { // another test may have taken the port
		s.Port = Port(t)
		s.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))
		if err = s.start(t); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("%s printed:\n%s", name, s.output)
		}
	})
	return s
}

// Start starts a stopped server again, on its old port and folder.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(t); err != nil {
		t.Fatal(err)
	}
}

// Stop kills the server, as a crash would; its folder stays.
func (s *Server) Stop() { s.stop() }

// Printed is what the server printed so far.
func (s *Server) Printed() string { return s.output.String() }

// Files lists what the server stored: all regular files below its folder that are whole
// DICOM files, by their magic word.
func (s *Server) Files(t testing.TB) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(s.Folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		head := make([]byte, 132)
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("look at a stored file: %w", err)
		}
		n, err := file.ReadAt(head, 0)
		if n == len(head) && string(head[128:]) == "DICM" {
			files = append(files, path)
			err = nil
		} else if n < len(head) {
			err = nil // too short: another file of the server
		}
		return errors.Join(err, file.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (s *Server) start(t testing.TB) error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	command := Command(t, ctx, s.name, s.args(s.Port)...)
	command.Stdout, command.Stderr = s.output, s.output
	command.Dir = s.Folder
	// dcmqrscp has a child for each association: all of them end with it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithUs(command.SysProcAttr)
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = patience
	s.cancel, s.ended = cancel, make(chan struct{})
	started := make(chan error, 1)
	go func(ended chan struct{}) {
		defer close(ended)
		// The kernel looks at the thread that started a process to know whether we live.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			s.problem = command.Wait()
		}
	}(s.ended)
	if err := <-started; err != nil {
		s.stop()
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	if err := s.listening(); err != nil {
		s.stop()
		return err
	}
	return nil
}

// listening waits until the port answers.
func (s *Server) listening() error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.ended:
			return fmt.Errorf("%s ended before it listened: %w\n%s", s.name, errors.Join(s.problem, errors.New("exit")), s.output)
		case <-deadline.C:
			return fmt.Errorf("%s does not listen on %s", s.name, s.Address)
		case <-tick.C:
		}
		conn, err := net.DialTimeout("tcp", s.Address, patience)
		if err != nil {
			continue
		}
		return conn.Close()
	}
}

func (s *Server) stop() {
	if s.cancel == nil {
		return
	}
	s.cancel()
	<-s.ended
	s.cancel = nil
}

// StoreSCP starts dcmtk's storescp with a folder of its own, which keeps data sets bit for
// bit (+B) and takes every transfer syntax (+xa); options follow storescp's manual.
func StoreSCP(t testing.TB, options ...string) *Server {
	t.Helper()
	folder := t.TempDir()
	return NewServer(t, "storescp", "STORESCP", folder, func(port int) []string {
		args := append([]string{"--aetitle", "STORESCP", "--output-directory", folder, "+B", "+xa"}, options...)
		return append(args, strconv.Itoa(port))
	})
}

// Destination is an AE title that an archive may send studies to by C-MOVE.
type Destination struct {
	AETitle string
	Port    int // on loopback
}

// Dcmqrscp starts dcmtk's archive, title TESTPACS, which answers C-STORE, C-FIND and
// C-MOVE. Fill it with Send.
func Dcmqrscp(t testing.TB, destinations ...Destination) *Server {
	t.Helper()
	folder := t.TempDir()
	configuration := filepath.Join(folder, "dcmqrscp.cfg")
	storage := filepath.Join(folder, "TESTPACS")
	if err := os.Mkdir(storage, 0o700); err != nil {
		t.Fatal(err)
	}
	return NewServer(t, "dcmqrscp", "TESTPACS", folder, func(port int) []string {
		text := fmt.Sprintf("NetworkTCPPort = %d\nMaxPDUSize = 65536\nMaxAssociations = 32\nHostTable BEGIN\n", port)
		names := make([]string, len(destinations))
		for n, d := range destinations {
			names[n] = fmt.Sprintf("host%d", n)
			text += fmt.Sprintf("%s = (%s, 127.0.0.1, %d)\n", names[n], d.AETitle, d.Port)
		}
		text += "HostTable END\nVendorTable BEGIN\nVendorTable END\nAETable BEGIN\n" +
			fmt.Sprintf("TESTPACS %s RW (100, 4096mb) ANY\n", storage) + "AETable END\n"
		if err := os.WriteFile(configuration, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"-c", configuration}
	})
}

// Send puts a folder's DICOM files, in whatever syntax they are, into a server by dcmsend.
func (s *Server) Send(t testing.TB, folder string) {
	t.Helper()
	out, err := Run(t, "dcmsend", "-aec", s.AETitle, "+sd", "+r", "127.0.0.1", strconv.Itoa(s.Port), folder)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
