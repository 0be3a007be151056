package p2p

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/host"

	"github.com/medhive/medhive/attest/identity"
)

// portsFile remembers what was asked for, in its first line, and which addresses
// that became, one a line.
const portsFile = "listen"

// maxPortsFile bounds it before it is read.
const maxPortsFile = 4 << 10

// NewHostIn starts a host as NewHost does. Where an address leaves the port to the
// system (port 0), the port of the last start with the same addresses is used again if
// it is free, so that peers which know this role by its address find it after a
// restart. dir is the role's private folder.
func NewHostIn(dir string, key *identity.Key, listen []string, o Options) (host.Host, error) {
	path := filepath.Join(dir, portsFile)
	if len(listen) == 0 {
		return nil, errors.New("no address to listen on; name one with --listen, such as /ip4/127.0.0.1/tcp/0")
	}
	if !anyPort(listen) {
		return NewHost(key, listen, o)
	}
	before, err := readPorts(path, listen)
	if err != nil {
		return nil, err
	}
	var h host.Host
	if len(before) > 0 {
		h, err = NewHost(key, before, o)
	}
	if h == nil || err != nil {
		if h, err = NewHost(key, listen, o); err != nil {
			return nil, err
		}
	}
	chosen := []string{strings.Join(listen, " ")}
	for _, a := range h.Network().ListenAddresses() {
		chosen = append(chosen, a.String())
	}
	if err := replaceFile(path, []byte(strings.Join(chosen, "\n")+"\n")); err != nil {
		return nil, errors.Join(fmt.Errorf("remember the port: %w", err), h.Close())
	}
	return h, nil
}

// anyPort says whether the system is to choose a port.
func anyPort(listen []string) bool {
	return slices.ContainsFunc(listen, func(a string) bool { return strings.Contains(a+"/", "/tcp/0/") })
}

// readPorts returns the addresses of the last start; none at the first, or if it was
// asked for others.
func readPorts(path string, listen []string) ([]string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the last port: %w", err)
	}
	if info.Size() > maxPortsFile {
		return nil, fmt.Errorf("file %s has %d bytes: remove it", portsFile, info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the last port: %w", err)
	}
	asked, chosen, _ := strings.Cut(string(data), "\n")
	if asked != strings.Join(listen, " ") {
		return nil, nil
	}
	return strings.Fields(chosen), nil
}
