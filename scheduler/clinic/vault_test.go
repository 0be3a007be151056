package clinic

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
)

func open(t *testing.T, dir string) *Vault {
	t.Helper()
	v, err := OpenVault(filepath.Join(dir, "vault.db"), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func closed(t *testing.T, v *Vault) {
	t.Helper()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
}

func someIdentity() Identity {
	return Identity{StudyUID: "1.2.3", Attributes: []Attribute{{0x0010, 0x0010, "PN", []string{"Müßiggang^Zoë"}}}, UIDs: map[string]string{"2.25.1": "1.2.3"}}
}

func TestVaultRemembersAcrossARestart(t *testing.T) {
	dir, task := t.TempDir(), models.DigestOf([]byte("task"))
	v := open(t, dir)
	if err := v.Put(task, someIdentity()); err != nil {
		t.Fatal(err)
	}
	names := v.Pseudonyms()
	closed(t, v)
	v = open(t, dir)
	defer closed(t, v)
	id, err := v.Get(task)
	if err != nil || id.StudyUID != "1.2.3" || id.Attributes[0].Values[0] != "Müßiggang^Zoë" || id.UIDs["2.25.1"] != "1.2.3" {
		t.Errorf("got %v, %v", id, err)
	}
	if v.Pseudonyms() != names {
		t.Error("the pseudonyms changed")
	}
	if _, err := v.Get(models.DigestOf([]byte("other"))); !errors.Is(err, ErrUnknownTask) {
		t.Errorf("an unknown task: got %v", err)
	}
}

func TestVaultOnDiskTellsNothing(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	if err := v.Put(models.DigestOf([]byte("task")), someIdentity()); err != nil {
		t.Fatal(err)
	}
	closed(t, v)
	data, err := os.ReadFile(filepath.Join(dir, "vault.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Müßiggang", "1.2.3", "2.25.1"} {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%q is in the database", secret)
		}
	}
	for _, name := range []string{"vault.db", "keys/vault.key", "keys/pseudonym.key"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 600", name, info.Mode(), err)
		}
		if key, err := os.ReadFile(filepath.Join(dir, name)); err == nil && name != "vault.db" && bytes.Contains(data, key) {
			t.Errorf("%s is in the database", name)
		}
	}
}

func TestVaultSaysWhatIsWrongWithItsKeys(t *testing.T) {
	change := func(name string, data []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "keys", name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  error // nil: any
	}{
		"another vault key":        {change(vaultKeyFile, make([]byte, SecretBytes)), ErrWrongKey},
		"another pseudonym secret": {change(pseudonymKeyFile, make([]byte, SecretBytes)), ErrWrongKey},
		"half a key":               {change(vaultKeyFile, make([]byte, 16)), nil},
		"no key": {func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "keys")); err != nil {
				t.Fatal(err)
			}
		}, ErrKeyMissing},
		"a key for all to read": {func(t *testing.T, dir string) {
			if err := os.Chmod(filepath.Join(dir, "keys", vaultKeyFile), 0o644); err != nil {
				t.Fatal(err)
			}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			v := open(t, dir)
			if err := v.Put(models.DigestOf([]byte("task")), someIdentity()); err != nil {
				t.Fatal(err)
			}
			closed(t, v)
			tc.spoil(t, dir)
			_, err := OpenVault(filepath.Join(dir, "vault.db"), filepath.Join(dir, "keys"))
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestVaultAndKeysLieApart(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenVault(filepath.Join(dir, "vault.db"), filepath.Join(dir, ".")); err == nil {
		t.Error("key and database may lie in one folder")
	}
}

func TestVaultIsUsedByOneProcess(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	defer closed(t, v)
	if _, err := OpenVault(filepath.Join(dir, "vault.db"), filepath.Join(dir, "keys")); err == nil {
		t.Error("the vault opens twice")
	}
}

// Somebody who can write the database cannot give one task another's identity.
func TestVaultValuesCannotChangePlaces(t *testing.T) {
	v := newVault(t)
	one, two := models.DigestOf([]byte("one")), models.DigestOf([]byte("two"))
	for _, task := range []models.Digest{one, two} {
		if err := v.Put(task, someIdentity()); err != nil {
			t.Fatal(err)
		}
	}
	spoil := func(change func(value []byte) []byte) {
		t.Helper()
		if err := v.db.Update(func(tx *bbolt.Tx) error {
			b := tx.Bucket(identityBucket)
			return b.Put(two[:], change(bytes.Clone(b.Get(one[:]))))
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Get(two); !errors.Is(err, ErrWrongKey) {
			t.Errorf("got %v, want ErrWrongKey", err)
		}
	}
	spoil(func(value []byte) []byte { return value })
	spoil(func(value []byte) []byte { value[20] ^= 1; return value })
	spoil(func(value []byte) []byte { return value[:5] })
}
