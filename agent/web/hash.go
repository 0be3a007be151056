package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

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

// Bounds of passwords.
const (
	minPassword = 12 // characters
	maxPassword = 1024
)

// tokenHead begins the hash of a token: 256 random bits need no slow hash.
const tokenHead = "$sha256$"

// hashOf is a password's hash with its parameters and a fresh salt, as argon2 prints it:
// $argon2id$v=19$m=65536,t=3,p=4$salt$hash.
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
		return nil, nil, errors.New("the hash is none that this version writes")
	}
	return salt, sum, nil
}

func hashOfToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return tokenHead + hex.EncodeToString(sum[:])
}

func checkTokenHash(text string) error {
	sum, err := hex.DecodeString(strings.TrimPrefix(text, tokenHead))
	if err != nil || len(sum) != sha256.Size {
		return errors.New("the token's hash is none that this version writes")
	}
	return nil
}

// check says whether name has this password.
func (u *users) check(ctx context.Context, name, password string) (User, bool, error) {
	user, known, err := u.named(name)
	if err != nil {
		return User{}, false, err
	}
	known = known && !user.Program()
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

// bearer is the program that shows this token.
func (u *users) bearer(token string) (user User, known bool, err error) {
	list, err := u.now()
	if err != nil || len(token) > maxPassword {
		return User{}, false, err
	}
	shown := []byte(hashOfToken(token))
	for _, one := range list { // all of them, so that time tells nothing
		if one.Program() && subtle.ConstantTimeCompare(shown, []byte(one.hash)) == 1 {
			user, known = one, true
		}
	}
	return user, known, nil
}
