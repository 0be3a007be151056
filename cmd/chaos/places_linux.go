package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// startHere launches a command that dies with this program. The kernel ties that to
// the thread that started it, so one thread starts it and waits for its end.
func startHere(cmd *exec.Cmd) (wait func(), err error) { return startIn(nil, cmd) }

func startIn(space *os.File, cmd *exec.Cmd) (wait func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the process
		defer close(ended)
		err := enter(space)
		if err == nil {
			err = cmd.Start()
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is read from ProcessState
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return func() { <-ended }, nil
}

// enter moves the calling thread into a network namespace; nil stays.
func enter(space *os.File) error {
	if space == nil {
		return nil
	}
	if err := unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace: %w", err)
	}
	return nil
}

// within runs act on a thread of the namespace. The thread ends afterwards.
func within(space *os.File, act func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := enter(space)
		if err == nil {
			err = act()
		}
		result <- err
	}()
	return <-result
}

// newSpace makes a network namespace that lives as long as the file is open.
func newSpace() (*os.File, error) {
	var space *os.File
	err := within(nil, func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make network namespace: %w", err)
		}
		space, err = os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		return err
	})
	if err == nil {
		err = tool(space, "ip", "link", "set", "lo", "up")
	}
	return space, err
}

// tool runs one of iproute2's programs, or nft, in a namespace.
func tool(space *os.File, args ...string) error {
	return within(space, func() error {
		output, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(output)))
		}
		return nil
	})
}

// spaces is a switch with a network namespace for every role. Each has an address in a
// /24 of its own: copies of one task never go to nodes of one subnet.
type spaces struct {
	fabric *os.File // the namespace of the bridge

	mu       sync.Mutex // guards the fields below
	members  map[string]*member
	exposed  []string
	closers  []io.Closer
	relaying sync.WaitGroup
}

// member is one role's namespace. Its link is eth0 inside and port at the bridge.
type member struct {
	space *os.File
	ip    string
	port  string
}

func (m *member) address() string                     { return m.ip }
func (m *member) start(cmd *exec.Cmd) (func(), error) { return startIn(m.space, cmd) }

const (
	bridge      = "switch"
	firstSubnet = 1 // third byte of the first role's address
)

// newSpaces builds the switch, or says why this machine has none.
func newSpaces() (network, error) {
	for _, name := range []string{"ip", "tc", "ss"} {
		if _, err := exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("%w (%w)", errNoNamespaces, err)
		}
	}
	// Inside `unshare --net` even the loopback, where the chain listens, is down.
	if lo, err := net.InterfaceByName("lo"); err == nil && lo.Flags&net.FlagUp == 0 {
		if err := tool(nil, "ip", "link", "set", "lo", "up"); err != nil {
			return nil, fmt.Errorf("%w (%w)", errNoNamespaces, err)
		}
	}
	fabric, err := newSpace()
	if err == nil {
		err = tool(fabric, "ip", "link", "add", bridge, "type", "bridge")
	}
	if err == nil {
		err = tool(fabric, "ip", "link", "set", bridge, "up")
	}
	if err != nil {
		if fabric != nil {
			fabric.Close()
		}
		return nil, fmt.Errorf("%w (%w)", errNoNamespaces, err)
	}
	return &spaces{fabric: fabric, members: map[string]*member{}}, nil
}

func (s *spaces) join(name string) (place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.members[name]; m != nil {
		return m, nil
	}
	space, err := newSpace()
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, space)
	m := &member{space: space, ip: fmt.Sprintf("10.77.%d.1", firstSubnet+len(s.members)), port: fmt.Sprintf("port%d", len(s.members))}
	handle := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), space.Fd())
	for _, do := range [][]string{
		{"ip", "link", "add", m.port, "type", "veth", "peer", "name", "eth0", "netns", handle},
		{"ip", "link", "set", m.port, "master", bridge, "up"},
	} {
		if err := tool(s.fabric, do...); err != nil {
			return nil, err
		}
	}
	for _, do := range [][]string{{"ip", "addr", "add", m.ip + "/16", "dev", "eth0"}, {"ip", "link", "set", "eth0", "up"}} {
		if err := tool(space, do...); err != nil {
			return nil, err
		}
	}
	for _, address := range s.exposed {
		if err := s.relay(space, address); err != nil {
			return nil, err
		}
	}
	s.members[name] = m
	return m, nil
}

func (s *spaces) expose(address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exposed = append(s.exposed, address)
	return nil
}

// relay listens in a namespace and passes connections on to this program's own one.
func (s *spaces) relay(space *os.File, address string) error {
	var listener net.Listener
	err := within(space, func() (err error) {
		listener, err = net.Listen("tcp", address)
		return err
	})
	if err != nil {
		return fmt.Errorf("relay %s: %w", address, err)
	}
	s.closers = append(s.closers, listener)
	s.relaying.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return // closed
			}
			s.relaying.Go(func() { pass(from, address) })
		}
	})
	return nil
}

// pass connects both ways until either side ends.
func pass(from net.Conn, address string) {
	defer from.Close()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return // the caller sees a closed connection, as it would without a relay
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, from)
		to.Close()
	}()
	_, _ = io.Copy(from, to)
}

func (s *spaces) member(name string) (*member, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.members[name]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("no role %s on this network", name)
}

// on runs a tool in the place of that name.
func (s *spaces) on(name string, args ...string) error {
	m, err := s.member(name)
	if err != nil {
		return err
	}
	return tool(m.space, args...)
}

func (s *spaces) detach(name string) error {
	m, err := s.member(name)
	if err != nil {
		return err
	}
	return tool(s.fabric, "ip", "link", "set", m.port, "nomaster")
}

func (s *spaces) attach(name string) error {
	m, err := s.member(name)
	if err != nil {
		return err
	}
	return tool(s.fabric, "ip", "link", "set", m.port, "master", bridge)
}

func (s *spaces) isolate(name string) error {
	m, err := s.member(name)
	if err != nil {
		return err
	}
	return tool(s.fabric, "ip", "link", "set", m.port, "type", "bridge_slave", "isolated", "on")
}

func (s *spaces) reset(name, other string) error {
	m, err := s.member(other)
	if err != nil {
		return err
	}
	return s.on(name, "ss", "--kill", "--tcp", "--numeric", "state", "established", "dst", m.ip)
}

func (s *spaces) limit(name string, kbits int) error {
	if kbits == 0 {
		return s.on(name, "tc", "qdisc", "del", "dev", "eth0", "root")
	}
	// 32 KiB pass at once; what waits longer than 400 ms is dropped, as a router does.
	return s.on(name, "tc", "qdisc", "replace", "dev", "eth0", "root", "tbf", "rate", fmt.Sprintf("%dkbit", kbits), "burst", "32kb", "latency", "400ms")
}

func (s *spaces) lose(name string, permille int) error {
	if permille == 0 {
		return s.on(name, "nft", "delete", "table", "inet", "chaos")
	}
	return s.on(name, "nft", fmt.Sprintf("add table inet chaos; add chain inet chaos arriving { type filter hook input priority 0; }; "+
		"add rule inet chaos arriving iifname eth0 numgen random mod 1000 < %d counter drop", permille))
}

func (s *spaces) close() error {
	s.mu.Lock()
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	s.closers = nil
	s.mu.Unlock()
	s.relaying.Wait()
	return errors.Join(append(errs, s.fabric.Close())...) // links go with their namespaces
}

// inode is a file's number on its disk.
func inode(info os.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Ino
	}
	return 0
}
