package clinic

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Delivery puts the restored files of a task into a folder of their own under
// root, once: the folder appears whole, by a rename, and never a second time,
// also if the process is killed between any two steps or if somebody takes the
// folder away afterwards.
type Delivery struct {
	vault *Vault
	root  string
	mu    sync.Mutex // one delivery at a time: two of the same task would share a staging folder
}

// Delivered says where the files of a task are.
type Delivered struct {
	Folder string
	Again  bool // the task was delivered before; nothing was written
}

// ErrOtherResult says that a task already has another result.
var ErrOtherResult = errors.New("another result of this task was delivered already")

// The states of a delivery that are on disk. None is recorded before the files
// lie in the staging folder.
const (
	statePlacing = "placing" // the staging folder is whole; the rename may have happened
	statePlaced  = "placed"
)

// withoutPath drops the paths from an error of the file system: the folder of the results
// may name a patient, and errors get into logs. Who named it knows it.
func withoutPath(err error) error {
	var at *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &at):
		return at.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

type deliveryRecord struct {
	State   string        `json:"state"`
	Content models.Digest `json:"content"`
}

// NewDelivery makes root if it is not there.
func NewDelivery(vault *Vault, root string) (*Delivery, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("open the delivery folder: %w; check its path and rights", withoutPath(err))
	}
	return &Delivery{vault: vault, root: root}, nil
}

// Deliver writes files, whose names must be plain. A second call with the same
// files does nothing; with other files it is ErrOtherResult.
func (d *Delivery) Deliver(task models.Digest, files []dcm.File) (Delivered, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	done := Delivered{Folder: d.folder(task)}
	content, err := contentOf(files)
	if err != nil {
		return done, fmt.Errorf("deliver task %s: %w", task.Short(), err)
	}
	record, err := d.record(task)
	if err != nil {
		return done, fmt.Errorf("deliver task %s: %w", task.Short(), err)
	}
	switch {
	case record.State != "" && record.Content != content:
		return done, fmt.Errorf("deliver task %s: %w; look at the first one", task.Short(), ErrOtherResult)
	case record.State == statePlaced:
		if err := d.withdraw(task); err != nil {
			return done, fmt.Errorf("deliver task %s: %w", task.Short(), err)
		}
		done.Again = true
		return done, nil
	case record.State == "":
		err = d.stage(task, files, content)
	}
	if err == nil {
		err = d.place(task, done.Folder, content)
	}
	if err != nil {
		return done, fmt.Errorf("deliver task %s: %w; check the folder's space and rights, then deliver again", task.Short(), withoutPath(err))
	}
	return done, nil
}

// Find says where the result of task was delivered; ok is false if it was not
// yet, so that a second submission can be answered without any work.
func (d *Delivery) Find(task models.Digest) (done Delivered, ok bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	record, err := d.record(task)
	if err == nil && record.State == statePlaced {
		err = d.withdraw(task)
	}
	if err != nil {
		return Delivered{}, false, fmt.Errorf("find the delivery of task %s: %w", task.Short(), err)
	}
	return Delivered{Folder: d.folder(task), Again: true}, record.State == statePlaced, nil
}

func (d *Delivery) folder(task models.Digest) string {
	return filepath.Join(d.root, hex.EncodeToString(task[:]))
}

// stage writes the files beside their place and records that they are whole.
func (d *Delivery) stage(task models.Digest, files []dcm.File, content models.Digest) error {
	if err := writeFolder(d.staging(task), files); err != nil {
		return err
	}
	if err := syncFolder(d.root); err != nil {
		return err
	}
	return d.setRecord(task, deliveryRecord{statePlacing, content})
}

// writeFolder writes files into a new folder, durably, in place of what is there.
func writeFolder(folder string, files []dcm.File) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		if err := writeDurably(filepath.Join(folder, f.Name), f.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// place renames the staging folder. If it is gone, an earlier call renamed it
// and was killed before it could say so.
func (d *Delivery) place(task models.Digest, folder string, content models.Digest) error {
	err := os.Rename(d.staging(task), folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := syncFolder(d.root); err != nil {
		return err
	}
	if err := d.setRecord(task, deliveryRecord{statePlaced, content}); err != nil {
		return err
	}
	return d.withdraw(task)
}

// withdraw removes the notice of a task that has a result. Who finds a delivery does
// it too: a process may be killed after it recorded that the result is in its place.
func (d *Delivery) withdraw(task models.Digest) error {
	if err := os.RemoveAll(d.notice(task)); err != nil {
		return fmt.Errorf("remove the notice that there is no result: %w; remove it by hand", withoutPath(err))
	}
	return nil
}

// Notify writes files that say why task has no result, in a folder of their own beside
// the place of the result. A later notice replaces an earlier one; a result, once
// delivered, removes it. A task that was delivered gets no notice.
func (d *Delivery) Notify(task models.Digest, files []dcm.File) (folder string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	folder = d.notice(task)
	record, err := d.record(task)
	if err == nil && record.State == statePlaced {
		err = ErrOtherResult
	}
	if err == nil {
		_, err = contentOf(files)
	}
	staging := d.staging(task) + "-notice"
	if err == nil {
		err = writeFolder(staging, files)
	}
	if err == nil {
		err = errors.Join(os.RemoveAll(folder), os.Rename(staging, folder), syncFolder(d.root))
	}
	if err != nil {
		return folder, fmt.Errorf("say that task %s has no result: %w; check the folder's space and rights", task.Short(), withoutPath(err))
	}
	return folder, nil
}

func (d *Delivery) notice(task models.Digest) string { return d.folder(task) + "-no-result" }

func (d *Delivery) staging(task models.Digest) string {
	return filepath.Join(d.root, ".staging-"+hex.EncodeToString(task[:]))
}

func (d *Delivery) record(task models.Digest) (record deliveryRecord, err error) {
	err = d.vault.view(func(tx *bbolt.Tx, _ vaultKey) error {
		if value := tx.Bucket(deliveriesBucket).Get(task[:]); value != nil {
			return json.Unmarshal(value, &record)
		}
		return nil
	})
	return record, err
}

func (d *Delivery) setRecord(task models.Digest, record deliveryRecord) error {
	value, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return d.vault.update(func(tx *bbolt.Tx, _ vaultKey) error { return tx.Bucket(deliveriesBucket).Put(task[:], value) })
}

// contentOf hashes names and bytes, each behind its length, in the order of the names.
func contentOf(files []dcm.File) (models.Digest, error) {
	if len(files) == 0 {
		return models.Digest{}, errors.New("there are no files")
	}
	sorted := slices.SortedFunc(slices.Values(files), func(a, b dcm.File) int { return strings.Compare(a.Name, b.Name) })
	h := sha256.New()
	for n, f := range sorted {
		if f.Name != filepath.Base(f.Name) || f.Name == "." || f.Name == ".." || n > 0 && sorted[n-1].Name == f.Name {
			return models.Digest{}, fmt.Errorf("file %d of %d: its name is not plain or stands there twice", n+1, len(files))
		}
		for _, part := range [][]byte{[]byte(f.Name), f.Data} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			h.Write(part)
		}
	}
	return models.Digest(h.Sum(nil)), nil
}
