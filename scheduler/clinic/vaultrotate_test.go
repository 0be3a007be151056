package clinic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// filled is a vault of some tasks, one of them delivered.
func filled(t *testing.T, dir string, tasks int) *Vault {
	t.Helper()
	v := open(t, dir)
	for n := range tasks {
		if err := v.Put(taskNumber(n), identityNumber(n)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := NewDelivery(v, filepath.Join(dir, "results"))
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, d, taskNumber(0))
	return v
}

// holdsAll fails unless v knows the tasks of filled and that one was delivered.
func holdsAll(t *testing.T, v *Vault, dir string, tasks int) {
	t.Helper()
	for n := range tasks {
		if id, err := v.Get(taskNumber(n)); err != nil || id.StudyUID != identityNumber(n).StudyUID {
			t.Errorf("task %d: %+v, %v", n, id, err)
		}
	}
	d, err := NewDelivery(v, filepath.Join(dir, "results"))
	if err != nil {
		t.Fatal(err)
	}
	if _, done, err := d.Find(taskNumber(0)); err != nil || !done {
		t.Errorf("the delivery is forgotten: %v", err)
	}
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{vaultKeyFile, pseudonymKeyFile, vaultKeyFile + next} { // CopyFS opens them to others
		if err := os.Chmod(filepath.Join(to, "keys", name), 0o600); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return to
}

func TestRotationLeavesEverythingButTheKey(t *testing.T) {
	dir := t.TempDir()
	const tasks = 40
	v := filled(t, dir, tasks)
	names, before := v.Pseudonyms(), keyOf(t, dir)
	old := copyOf(t, dir)
	for range 2 {
		if err := v.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		holdsAll(t, v, dir, tasks)
		if err := v.Put(taskNumber(tasks), identityNumber(tasks)); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, v)
	if bytes.Equal(keyOf(t, dir), before) {
		t.Error("the key is the old one")
	}
	v = open(t, dir)
	holdsAll(t, v, dir, tasks+1)
	if v.Pseudonyms() != names {
		t.Error("patients get new pseudonyms")
	}
	closed(t, v)
	for _, left := range []string{"vault.db" + next, "keys/" + vaultKeyFile + next} {
		if _, err := os.Stat(filepath.Join(dir, left)); !os.IsNotExist(err) {
			t.Errorf("%s is left", left)
		}
	}
	// The old key opens nothing of what comes after.
	if err := os.WriteFile(filepath.Join(dir, "keys", vaultKeyFile), before, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenVault(filepath.Join(dir, "vault.db"), filepath.Join(dir, "keys")); !errors.Is(err, ErrWrongKey) {
		t.Errorf("the old key: got %v, want ErrWrongKey", err)
	}
	holdsAll(t, open(t, old), old, tasks) // and still opens the copy of before
}

func keyOf(t *testing.T, dir string) []byte {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(dir, "keys", vaultKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// The folders are copied at each step of a rotation, as a crash would leave them; each copy
// opens and holds everything.
func TestRotationCutOffAtEveryStep(t *testing.T) {
	dir := t.TempDir()
	const tasks = 25
	v := filled(t, dir, tasks)
	before := keyOf(t, dir)
	copies := map[string]string{}
	if err := v.rotate(t.Context(), func(step string) { copies[step] = copyOf(t, dir) }); err != nil {
		t.Fatal(err)
	}
	closed(t, v)
	for _, step := range []string{"key made", "copied", "synced", "in place", "done"} {
		left := copies[step]
		if left == "" {
			t.Errorf("the rotation has no step %q", step)
			continue
		}
		v := open(t, left)
		holdsAll(t, v, left, tasks)
		if err := v.Rotate(t.Context()); err != nil {
			t.Errorf("%s: another rotation: %v", step, err)
		}
		holdsAll(t, v, left, tasks)
		closed(t, v)
		holdsAll(t, open(t, left), left, tasks)
		if bytes.Equal(keyOf(t, left), before) {
			t.Errorf("%s: the key after another rotation is the first one", step)
		}
	}
}

// A rotation that can't be finished leaves the vault as it was.
func TestRotationThatFailsChangesNothing(t *testing.T) {
	dir := t.TempDir()
	v := filled(t, dir, 5)
	defer closed(t, v)
	ctx, cancel := context.WithCancel(t.Context())
	before := keyOf(t, dir)
	if err := v.rotate(ctx, func(string) { cancel() }); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "as it was") {
		t.Fatalf("got %v, want the end of the context", err)
	}
	holdsAll(t, v, dir, 5)
	if !bytes.Equal(keyOf(t, dir), before) {
		t.Error("the key changed")
	}
}

// What is put while the key changes is there afterwards.
func TestVaultIsUsedWhileItsKeyChanges(t *testing.T) {
	dir := t.TempDir()
	v := filled(t, dir, 3)
	var writers sync.WaitGroup
	for n := range 4 {
		writers.Go(func() {
			for m := range 10 {
				task := 3 + 10*n + m
				if err := v.Put(taskNumber(task), identityNumber(task)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		if err := v.Rotate(t.Context()); err != nil {
			t.Error(err)
		}
	}
	writers.Wait()
	holdsAll(t, v, dir, 43)
	closed(t, v)
	v = open(t, dir)
	defer closed(t, v)
	holdsAll(t, v, dir, 43)
}

func TestBackupBringsTheVaultBack(t *testing.T) {
	dir := t.TempDir()
	const tasks = 30
	v := filled(t, dir, tasks)
	var backup bytes.Buffer
	if err := v.Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	if err := v.Put(taskNumber(tasks), identityNumber(tasks)); err != nil { // after the backup
		t.Fatal(err)
	}
	closed(t, v)
	for _, secret := range []string{"Müßiggang", "1.2.3.7", "2.25.1"} {
		if bytes.Contains(backup.Bytes(), []byte(secret)) {
			t.Errorf("the backup tells %q", secret)
		}
	}
	file := filepath.Join(dir, "vault.db")
	if err := RestoreBackup(t.Context(), bytes.NewReader(backup.Bytes()), file, filepath.Join(dir, "keys")); err == nil {
		t.Error("a backup replaces a vault that is there")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := RestoreBackup(t.Context(), bytes.NewReader(backup.Bytes()), file, filepath.Join(dir, "keys")); err != nil {
		t.Fatal(err)
	}
	v = open(t, dir)
	defer closed(t, v)
	holdsAll(t, v, dir, tasks)
	if _, err := v.Get(taskNumber(tasks)); !errors.Is(err, ErrUnknownTask) {
		t.Errorf("a task of after the backup: %v", err)
	}
}

func TestOnlyWholeBackupsOfThisClinicAreRestored(t *testing.T) {
	dir := t.TempDir()
	v := filled(t, dir, 3)
	var written bytes.Buffer
	if err := v.Backup(t.Context(), &written); err != nil {
		t.Fatal(err)
	}
	rotated := copyOf(t, dir)
	closed(t, v)
	again := open(t, rotated)
	if err := again.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	closed(t, again)
	other := t.TempDir()
	closed(t, filled(t, other, 1))
	flipped := func(at int) []byte {
		data := bytes.Clone(written.Bytes())
		data[at] ^= 1
		return data
	}
	size := written.Len()
	for name, tc := range map[string]struct {
		data []byte
		keys string
	}{
		"nothing":                    {nil, dir},
		"half":                       {written.Bytes()[:size/2], dir},
		"without its end":            {written.Bytes()[:size-1], dir},
		"with more behind it":        {append(bytes.Clone(written.Bytes()), 0), dir},
		"a changed first line":       {flipped(3), dir},
		"a changed length":           {flipped(len(backupLine)), dir},
		"a length of more than is":   {flipped(len(backupLine) + 6), dir},
		"a changed value":            {flipped(size / 2), dir},
		"a changed authentication":   {flipped(size - 1), dir},
		"another clinic's keys":      {written.Bytes(), other},
		"the keys after a rotation":  {written.Bytes(), rotated},
		"no keys":                    {written.Bytes(), t.TempDir()},
		"the database, not a backup": {databaseOf(t, dir), dir},
	} {
		t.Run(name, func(t *testing.T) {
			to := t.TempDir()
			err := RestoreBackup(t.Context(), bytes.NewReader(tc.data), filepath.Join(to, "vault.db"), filepath.Join(tc.keys, "keys"))
			if err == nil {
				t.Fatal("it is taken for a backup")
			}
			if left, readErr := os.ReadDir(to); readErr != nil || len(left) > 0 {
				t.Errorf("%d files are left: %v", len(left), readErr)
			}
		})
	}
}

func databaseOf(t *testing.T, dir string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "vault.db"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func FuzzRestoreBackup(f *testing.F) {
	dir := f.TempDir()
	v, err := OpenVault(filepath.Join(dir, "vault.db"), filepath.Join(dir, "keys"))
	if err != nil {
		f.Fatal(err)
	}
	var backup bytes.Buffer
	if err := errors.Join(v.Put(taskNumber(1), identityNumber(1)), v.Backup(f.Context(), &backup), v.Close()); err != nil {
		f.Fatal(err)
	}
	f.Add(backup.Bytes()[:200])
	f.Add([]byte(backupLine + "\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "vault.db")
		if err := RestoreBackup(t.Context(), bytes.NewReader(data), path, filepath.Join(dir, "keys")); err == nil && !bytes.Equal(data, backup.Bytes()) {
			t.Fatal("what this clinic never wrote is restored")
		}
	})
}

// A SIGKILL at any moment of a rotation leaves a vault that opens and holds all that was
// acknowledged.
func TestKilledWhileItsKeyChanges(t *testing.T) {
	for lines := 2; lines <= 10; lines += 2 {
		t.Run(fmt.Sprintf("after %d acknowledgements", lines), func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv(childRotates, "yes")
			vaulted, _ := killAfter(t, dir, lines)
			v := open(t, dir)
			defer closed(t, v)
			for n := range vaulted {
				if id, err := v.Get(taskNumber(n)); err != nil || id.StudyUID != identityNumber(n).StudyUID {
					t.Errorf("task %d: %v", n, err)
				}
			}
		})
	}
}
