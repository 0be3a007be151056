package dashboard

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/crypto/argon2"
)

// The cost of a password's hash (RFC 9106 section 4, the second recommended option).
const (
	hashPasses   = 3
	hashKiB      = 64 << 10
	hashThreads  = 4
	hashBytes    = 32
	saltBytes    = 16
	hashesAtOnce = 2 // each takes hashKiB of memory
)

// Bounds of users and passwords.
const (
	minPassword  = 12 // characters
	maxPassword  = 1024
	maxUserName  = 32
	maxUsers     = 1000
	maxUsersFile = 1 << 20
)

// User is one line of the file of users.
type User struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	hash string // as argon2 prints it: $argon2id$v=19$m=65536,t=3,p=4$salt$hash
}

// ReadUsers reads a file of users; one that is not there has none. Each line is a name, a
// role and the hash of a password.
func ReadUsers(path string) ([]User, error) {
	data, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the users: %w", err)
	}
	var list []User
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		u, err := parseUser(fields)
		switch {
		case err != nil:
			return nil, fmt.Errorf("read the users: line %d: %w", n, err)
		case find(list, u.Name) >= 0:
			return nil, fmt.Errorf("read the users: line %d: the name stands there twice", n)
		case len(list) == maxUsers:
			return nil, fmt.Errorf("read the users: more than %d", maxUsers)
		}
		list = append(list, u)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the users: %w", err)
	}
	return list, nil
}

func parseUser(fields []string) (u User, err error) {
	if len(fields) != 3 {
		return u, errors.New("want a name, a role and a hash; medhive clinic user add writes them")
	}
	u = User{Name: fields[0], hash: fields[2]}
	if u.Role, err = ParseRole(fields[1]); err != nil {
		return u, err
	}
	if _, _, err = parseHash(u.hash); err != nil {
		return u, err
	}
	return u, checkUserName(u.Name)
}

func checkUserName(name string) error {
	if name == "" || len(name) > maxUserName || strings.HasPrefix(name, "#") || strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' || r == 0x7F }) {
		return fmt.Errorf("a user's name has 1 to %d letters, digits and signs, and no space", maxUserName)
	}
	return nil
}

// AddUser writes a user into a file, in place of one of that name.
func AddUser(path, name string, role Role, password string) error {
	if err := checkUserName(name); err != nil {
		return err
	}
	if n := len([]rune(password)); n < minPassword || len(password) > maxPassword {
		return fmt.Errorf("the password has %d characters: want %d or more, at most %d bytes", n, minPassword, maxPassword)
	}
	hash := hashOf(password)
	return changeUsers(path, func(list []User) ([]User, error) {
		u := User{Name: name, Role: role, hash: hash}
		if at := find(list, name); at >= 0 {
			list[at] = u
			return list, nil
		}
		if len(list) == maxUsers {
			return nil, fmt.Errorf("there are %d users already; remove some", maxUsers)
		}
		return append(list, u), nil
	})
}

// RemoveUser removes a user. What they have open ends with their next request.
func RemoveUser(path, name string) error {
	return changeUsers(path, func(list []User) ([]User, error) {
		at := find(list, name)
		if at < 0 {
			return nil, fmt.Errorf("no user is called %.40q; medhive clinic user list names them", name)
		}
		return slices.Delete(list, at, at+1), nil
	})
}

func find(list []User, name string) int {
	return slices.IndexFunc(list, func(u User) bool { return u.Name == name })
}

func changeUsers(path string, change func([]User) ([]User, error)) error {
	list, err := ReadUsers(path)
	if err == nil {
		list, err = change(list)
	}
	if err != nil {
		return err
	}
	var text strings.Builder
	text.WriteString("# Who may open the clinic's dashboard. Written by medhive clinic user.\n")
	for _, u := range list {
		fmt.Fprintf(&text, "%s %s %s\n", u.Name, u.Role, u.hash)
	}
	if err := replace(path, text.String()); err != nil {
		return fmt.Errorf("write the users: %w", err)
	}
	return nil
}

// replace writes a private file that is the old one or the new one, also after a power cut.
func replace(path, text string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".users-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// hashOf is a password's hash with its parameters and a fresh salt.
func hashOf(password string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails, see crypto/rand
	sum := argon2.IDKey([]byte(password), salt, hashPasses, hashKiB, hashThreads, hashBytes)
	in := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashKiB, hashPasses, hashThreads, in(salt), in(sum))
}

// parseHash takes hashes of our own cost alone: a file must not make a login cost gigabytes.
func parseHash(text string) (salt, sum []byte, err error) {
	head := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, hashKiB, hashPasses, hashThreads)
	rest, ok := strings.CutPrefix(text, head)
	first, second, _ := strings.Cut(rest, "$")
	if ok {
		salt, err = base64.RawStdEncoding.DecodeString(first)
	}
	if ok && err == nil {
		sum, err = base64.RawStdEncoding.DecodeString(second)
	}
	if !ok || err != nil || len(salt) != saltBytes || len(sum) != hashBytes {
		return nil, nil, errors.New("the hash is none that this version writes; set the password anew with medhive clinic user add")
	}
	return salt, sum, nil
}

// users is the file of users as a running dashboard knows it.
type users struct {
	path   string
	places chan struct{} // of hashes at once
	dummy  string        // what an unknown name's password is held against: it takes as long
	// changed hears that the file is another than before; nil: nobody does.
	changed func()

	mu   sync.Mutex // guards what follows
	list []User
	mark fileMark
}

// fileMark tells whether a file is another than before.
type fileMark struct {
	size int64
	at   time.Time
}

func openUsers(path string) (*users, error) {
	u := &users{path: path, places: make(chan struct{}, hashesAtOnce), dummy: hashOf(rand.Text())}
	list, err := u.now()
	if err == nil && len(list) == 0 {
		err = errors.New("read the users: there are none; medhive clinic user add makes one")
	}
	return u, err
}

// now are the users as the file stands.
func (u *users) now() ([]User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	info, err := os.Stat(u.path)
	if err != nil {
		return nil, fmt.Errorf("read the users: %w", pathless(err))
	}
	if mark := (fileMark{info.Size(), info.ModTime()}); mark != u.mark {
		if u.list, err = ReadUsers(u.path); err != nil {
			u.mark = fileMark{}
			return nil, err
		}
		if u.mark != (fileMark{}) && u.changed != nil {
			u.changed()
		}
		u.mark = mark
	}
	return u.list, nil
}

// role is what a user may do now; ok is false where there is no such user any more.
func (u *users) named(name string) (User, bool, error) {
	list, err := u.now()
	if at := find(list, name); err == nil && at >= 0 {
		return list[at], true, nil
	}
	return User{}, false, err
}

// check says whether name has this password.
func (u *users) check(ctx context.Context, name, password string) (User, bool, error) {
	user, known, err := u.named(name)
	if err != nil {
		return User{}, false, err
	}
	hash := user.hash
	if !known {
		hash = u.dummy
	}
	salt, want, err := parseHash(hash)
	if err != nil || len(password) > maxPassword {
		return User{}, false, err
	}
	select {
	case u.places <- struct{}{}:
		defer func() { <-u.places }()
	case <-ctx.Done():
		return User{}, false, ctx.Err()
	}
	sum := argon2.IDKey([]byte(password), salt, hashPasses, hashKiB, hashThreads, hashBytes)
	return user, subtle.ConstantTimeCompare(sum, want) == 1 && known, nil
}

// readPrivate reads a file that nobody else may read.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, pathless(err)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("others may read the file (mode %o); run chmod 600 on it", info.Mode().Perm())
	case info.Size() > maxUsersFile:
		return nil, fmt.Errorf("the file has %d bytes; is it the right one?", info.Size())
	}
	data, err := os.ReadFile(path)
	return data, pathless(err)
}

// pathless drops the path from an error of the file system: it may get into a log.
func pathless(err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return at.Err
	}
	return err
}
