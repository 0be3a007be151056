package p2p

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/libp2p/go-libp2p/core/pnet"
)

// maxSwarmKeyFile bounds the file before it is read: three short lines.
const maxSwarmKeyFile = 4 << 10

// ReadSwarmKey reads a pre-shared key in the form that libp2p's private networks use: a
// line /key/swarm/psk/1.0.0/, a line /base16/, and 64 hexadecimal digits. No path: no key.
func ReadSwarmKey(path string) (pnet.PSK, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("swarm key: %w; ask who runs the network for the file, or leave --swarm-key out", err)
	}
	if err != nil {
		return nil, fmt.Errorf("swarm key: %w", err)
	}
	defer file.Close()
	key, err := pnet.DecodeV1PSK(io.LimitReader(file, maxSwarmKeyFile))
	if err != nil {
		return nil, fmt.Errorf("swarm key: %w; want the three lines /key/swarm/psk/1.0.0/, /base16/ and 64 hexadecimal digits", err)
	}
	return key, nil
}
