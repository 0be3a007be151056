package web

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"

	"github.com/gofrs/flock"
)

// Bounds of users.
const (
	maxUserName  = 32
	maxUsers     = 1000
	maxUsersFile = 1 << 20
	// lockTime is how long a change waits for another one's end, and lockEvery how often it looks.
	lockTime, lockEvery = 10 * time.Second, 20 * time.Millisecond
)

// UserFile is a file of users: a line is a name, a role, and the hash of a password or token.
type UserFile struct {
	Path    string
	Roles   Roles
	Command string // that writes it, such as "medhive clinic user"
	Whose   string // what its users may open, such as "the clinic's dashboard"
	Tokens  bool   // programs may show tokens
}

// User is one line of the file of users.
type User struct {
	Name string
	Role string
	hash string // of a password as argon2 prints it, or of a token
}

// Program says that the user is one: it shows a token.
func (u User) Program() bool { return strings.HasPrefix(u.hash, tokenHead) }

// Read reads the file; one that is not there has no users.
func (f UserFile) Read() ([]User, error) {
	data, err := readPrivate(f.Path)
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
		u, err := f.parse(fields)
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

func (f UserFile) parse(fields []string) (u User, err error) {
	if len(fields) != 3 {
		return u, fmt.Errorf("want a name, a role and a hash; %s add writes them", f.Command)
	}
	u = User{Name: fields[0], Role: fields[1], hash: fields[2]}
	if _, err = f.Roles.Parse(u.Role); err != nil {
		return u, err
	}
	if f.Tokens && u.Program() {
		err = checkTokenHash(u.hash)
	} else {
		_, _, err = parseHash(u.hash)
	}
	if err != nil {
		return u, fmt.Errorf("%w; set it anew with %s add", err, f.Command)
	}
	return u, checkUserName(u.Name)
}

func checkUserName(name string) error {
	if name == "" || len(name) > maxUserName || strings.HasPrefix(name, "#") || strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' || r == 0x7F }) {
		return fmt.Errorf("a user's name has 1 to %d letters, digits and signs, and no space", maxUserName)
	}
	return nil
}

// Add writes a user into the file, in place of one of that name.
func (f UserFile) Add(name, role, password string) error {
	if n := len([]rune(password)); n < minPassword || len(password) > maxPassword {
		return fmt.Errorf("the password has %d characters: want %d or more, at most %d bytes", n, minPassword, maxPassword)
	}
	if err := f.check(name, role); err != nil {
		return err
	}
	return f.put(User{Name: name, Role: role, hash: hashOf(password)})
}

// AddToken writes a program into the file and is the token that it shows; the file has only
// the token's hash.
func (f UserFile) AddToken(name, role string) (token string, err error) {
	if err := f.check(name, role); err != nil {
		return "", err
	}
	token = rand.Text() + rand.Text()
	return token, f.put(User{Name: name, Role: role, hash: hashOfToken(token)})
}

func (f UserFile) check(name, role string) error {
	_, err := f.Roles.Parse(role)
	return errors.Join(checkUserName(name), err)
}

func (f UserFile) put(u User) error {
	return f.change(func(list []User) ([]User, error) {
		if at := find(list, u.Name); at >= 0 {
			list[at] = u
			return list, nil
		}
		if len(list) == maxUsers {
			return nil, fmt.Errorf("there are %d users already; remove some", maxUsers)
		}
		return append(list, u), nil
	})
}

// Remove removes a user. What they have open ends with their next request.
func (f UserFile) Remove(name string) error {
	return f.change(func(list []User) ([]User, error) {
		at := find(list, name)
		if at < 0 {
			return nil, fmt.Errorf("no user is called %.40q; %s list names them", name, f.Command)
		}
		return slices.Delete(list, at, at+1), nil
	})
}

func find(list []User, name string) int {
	return slices.IndexFunc(list, func(u User) bool { return u.Name == name })
}

// change writes the file anew, one process at a time: of two at once neither loses a user.
func (f UserFile) change(change func([]User) ([]User, error)) (err error) {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return fmt.Errorf("make the folder of the users: %w", pathless(err))
	}
	lock := flock.New(filepath.Join(filepath.Dir(f.Path), "."+filepath.Base(f.Path)+".lock"),
		flock.SetFlag(os.O_CREATE|os.O_RDONLY|syscall.O_NOFOLLOW), flock.SetPermissions(0o600)) // a service that may write here leads root nowhere else
	ctx, cancel := context.WithTimeout(context.Background(), lockTime)
	defer cancel()
	switch held, err := lock.TryLockContext(ctx, lockEvery); {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("change the users: another %s has them for %v; end it and try again", f.Command, lockTime)
	case err != nil || !held:
		return fmt.Errorf("change the users: %w; choose a folder that you may write to", pathless(err))
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := shareLock(lock.Path(), filepath.Dir(f.Path)); err != nil {
		return fmt.Errorf("change the users: %w", pathless(err))
	}
	list, err := f.Read()
	if err == nil {
		list, err = change(list)
	}
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "# Who may open %s. Written by %s.\n", f.Whose, f.Command)
	for _, u := range list {
		fmt.Fprintf(&text, "%s %s %s\n", u.Name, u.Role, u.hash)
	}
	if err := replace(f.Path, text.String()); err != nil {
		return fmt.Errorf("write the users: %w", err)
	}
	return nil
}

// replace writes a private file that is the old one or the new one, also after a power cut.
// Whoever owned the old one, or else the folder, owns the new one: root writes it for a
// service that must read it.
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
	if err = errors.Join(err, keepOwner(f, path), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// shareLock gives a lock that root made to who owns its folder, who must be able to take it too.
func shareLock(path, folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil // nobody else can give files away
	}
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}

// keepOwner gives f to the owner of the file at path, or of its folder where there is none.
func keepOwner(f *os.File, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		info, err = os.Stat(filepath.Dir(path))
	}
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil // nobody else can give files away
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

// users is the file of users as a running dashboard knows it.
type users struct {
	file   UserFile
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

func openUsers(file UserFile) (*users, error) {
	u := &users{file: file, places: make(chan struct{}, hashesAtOnce), dummy: hashOf(rand.Text())}
	list, err := u.now()
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(list) == 0 {
		err = fmt.Errorf("read the users: there are none; %s add makes one", file.Command)
	}
	return u, err
}

// now are the users as the file stands.
func (u *users) now() ([]User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	info, err := os.Stat(u.file.Path)
	if err != nil {
		return nil, fmt.Errorf("read the users: %w", pathless(err))
	}
	if mark := (fileMark{info.Size(), info.ModTime()}); mark != u.mark {
		if u.list, err = u.file.Read(); err != nil {
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

// named is a user as they are now; ok is false where there is no such user any more.
func (u *users) named(name string) (User, bool, error) {
	list, err := u.now()
	if at := find(list, name); err == nil && at >= 0 {
		return list[at], true, nil
	}
	return User{}, false, err
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
