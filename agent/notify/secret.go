package notify

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Bounds of the files that the settings name.
const (
	maxSecret    = 4 << 10 // bytes
	maxAuthority = 1 << 20
)

// readSecret reads a file with one secret, which others must not be able to read. It is read
// for each message, so that a new one counts at once.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", pathless(err)
	}
	if info.Mode().Perm()&0o027 != 0 { // a credential of systemd's may be read by its group
		return "", fmt.Errorf("others may read the file (mode %o); run chmod 600 on it", info.Mode().Perm())
	}
	data, err := readBounded(path, maxSecret)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", errors.New("the file must hold one line")
	}
	return secret, nil
}

func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, pathless(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it has more than %d bytes; is it the right file?", most)
	}
	return data, pathless(err)
}

// pathless drops the path from an error of the file system: the board shows errors.
func pathless(err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return at.Err
	}
	return err
}
