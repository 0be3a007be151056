package vendor

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"aead.dev/minisign"
)

// SignatureSuffix is what minisign calls the signature of a file.
const SignatureSuffix = ".minisig"

// SignImage signs a file, a device's image or the list of its sums, as minisign does, and
// writes the signature beside it. It is hashed as it is read, so images of any size go.
func (b *Bench) SignImage(path string, now time.Time) (signature string, err error) {
	key, err := b.imageKey()
	if err != nil {
		return "", err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("sign image: %w", pathless(err))
	}
	defer file.Close()
	hashed := minisign.NewReader(file)
	if _, err := io.Copy(io.Discard, hashed); err != nil {
		return "", fmt.Errorf("sign image: %w", pathless(err))
	}
	comment := fmt.Sprintf("timestamp:%d\tfile:%s\thashed", now.Unix(), filepath.Base(path))
	signature = path + SignatureSuffix
	if err := os.WriteFile(signature, hashed.SignWithComments(key, comment, "signature of a medhive vendor"), 0o644); err != nil {
		return "", fmt.Errorf("write the signature: %w", pathless(err))
	}
	return signature, nil
}

// makeImageKey makes the key that signs images, if there is none, and writes its public half
// beside it. The secret one comes first: a public key alone is nobody's.
func (b *Bench) makeImageKey() error {
	key, err := b.imageKey()
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(filepath.Join(b.dir, imagePublic)); err == nil {
			return fmt.Errorf("the public image key is here and the secret one is not: bring %s back from its backup, or remove %s to begin with another key", imageKeyFile, imagePublic)
		}
		if _, key, err = minisign.GenerateKey(rand.Reader); err != nil {
			return fmt.Errorf("make the image key: %w", err)
		}
		text, err := key.MarshalText()
		if err != nil {
			return fmt.Errorf("make the image key: %w", err)
		}
		if err := b.write(imageKeyFile, append(text, '\n'), 0o600); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	public, err := publicHalf(key)
	if err != nil {
		return err
	}
	if stands, err := b.ImageKey(); err == nil && stands == public.String() {
		return nil
	}
	text, err := public.MarshalText()
	if err != nil {
		return fmt.Errorf("make the image key: %w", err)
	}
	return b.write(imagePublic, append(text, '\n'), 0o644)
}

func publicHalf(key minisign.PrivateKey) (minisign.PublicKey, error) {
	public, ok := key.Public().(minisign.PublicKey)
	if !ok {
		return public, errors.New("the image key has no public half; restore it from its backup")
	}
	return public, nil
}

func (b *Bench) imageKey() (key minisign.PrivateKey, err error) {
	path := filepath.Join(b.dir, imageKeyFile)
	info, err := os.Stat(path)
	if err != nil {
		return key, fmt.Errorf("open the image key: %w; run `medhive vendor init`", pathless(err))
	}
	if info.Mode().Perm()&0o077 != 0 || info.Size() > maxLedgerLine {
		return key, errors.New("the image key is open to other users, or no key; run chmod 600 on it, and make a new one if others could have read it")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return key, fmt.Errorf("open the image key: %w", pathless(err))
	}
	if err := key.UnmarshalText(text); err != nil {
		return key, fmt.Errorf("open the image key: %w; restore it from its backup", err)
	}
	return key, nil
}

// ImageKey is the public key that devices check images with, as minisign writes it.
func (b *Bench) ImageKey() (string, error) {
	key, err := minisign.PublicKeyFromFile(filepath.Join(b.dir, imagePublic))
	if err != nil {
		return "", fmt.Errorf("read the image key: %w", pathless(err))
	}
	return key.String(), nil
}
