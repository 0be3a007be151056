package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxSecretBytes bounds a secret: a token, a password or a key, never a document.
const maxSecretBytes = 64 << 10

// othersMay are the permissions that a secret's file must not have. Its group may read: an
// installed file belongs to root and the service's group.
const othersMay = 0o007

// findSecret turns credential:NAME into a path, and takes what the service manager hands
// over under the key's own name where nothing was said.
func (k *Key) findSecret(r Role, credentials string) error {
	value := k.flag.Value.String()
	name, marked := strings.CutPrefix(value, credentialPrefix)
	switch {
	case !marked && value != "", credentials == "" && !marked:
		return nil
	case credentials == "":
		return fmt.Errorf("%s: %s is asked of the service manager, which handed nothing over; add LoadCredential=%s:/path/of/its/file to the unit of medhive-%s, or name a file", k.place(), value, name, r)
	case !marked:
		name = k.Name
	}
	if name == "" || name != filepath.Base(name) || name == ".." {
		return fmt.Errorf("%s: %q names no credential; want credential:NAME without slashes", k.place(), value)
	}
	path := filepath.Join(credentials, name)
	if _, err := os.Stat(path); err != nil {
		if !marked {
			return nil
		}
		return fmt.Errorf("%s: no credential is called %s; add LoadCredential=%s:/path/of/its/file to the unit of medhive-%s", k.place(), name, name, r)
	}
	if !marked {
		k.Origin = FromCredential
	}
	return k.flag.Value.Set(path)
}

// ReadSecret reads the file of a secret key without the line's end. A file that others may
// read is refused.
func ReadSecret(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("read secret: %s is not there; write it, with mode 0600", path)
	case err != nil:
		return "", fmt.Errorf("read secret: %w; give the service's user the right to read it", err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("read secret: %s is no file; name the file itself", path)
	case info.Mode().Perm()&othersMay != 0:
		return "", fmt.Errorf("read secret: others may read %s; run `chmod o-rwx %s`", path, path)
	case info.Size() > maxSecretBytes:
		return "", fmt.Errorf("read secret: %s has %d bytes, a secret has at most %d; is it the right file?", path, info.Size(), maxSecretBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w; give the service's user the right to read it", err)
	}
	secret := strings.TrimRight(string(data), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("read secret: %s is empty; write the secret into it", path)
	}
	return secret, nil
}
