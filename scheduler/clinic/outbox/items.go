package outbox

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/medhive/medhive/models"
)

// readItems lists the files of a result's folder that have a form. Other files stay where
// they are.
func readItems(folder string) ([]Item, error) {
	var list []Item
	for _, f := range forms {
		i, err := readItem(filepath.Join(folder, f.file))
		if errors.Is(err, fs.ErrNotExist) {
			continue // a classification has no segmentation
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w; check the folder of the results", f.file, withoutPath(err))
		}
		if i.Form, i.File = f.form, f.file; i.Form.IsDICOM() != (i.SOPInstanceUID != "") {
			return nil, fmt.Errorf("read %s: it is no DICOM file; put it back, or submit the study again", f.file)
		}
		list = append(list, i)
	}
	if len(list) == 0 {
		return nil, errors.New("its folder holds none of a result's files; submit the study again")
	}
	return list, nil
}

func readItem(path string) (i Item, err error) {
	file, err := os.Open(path)
	if err != nil {
		return i, err
	}
	defer file.Close()
	head := make([]byte, maxHeadBytes)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return i, err
	}
	if meta, ok := readMeta(head[:n]); ok {
		i.SOPClassUID, i.SOPInstanceUID, i.TransferSyntaxUID = meta.class, meta.instance, meta.syntax
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return i, err
	}
	h := sha256.New()
	i.Bytes, err = io.Copy(h, file)
	i.SHA256 = models.Digest(h.Sum(nil))
	return i, err
}

// chosen are the items that a rule wants; of a notice, all.
func chosen(items []Item, wanted []Form, notice bool) []Item {
	if len(wanted) == 0 || notice {
		return slices.Clone(items)
	}
	return slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return !slices.Contains(wanted, i.Form) })
}

// locate sets where items lie, and makes sure that they are what they were when they were put.
func locate(folder string, items []Item) error {
	for n := range items {
		i := &items[n]
		i.Path = filepath.Join(folder, i.File)
		now, err := readItem(i.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return &Failure{Fault: FilesChanged, Err: withoutPath(err)}
		}
		if err != nil { // a busy machine or a disk that is away: no reason to give up
			return &Failure{Fault: Unreadable, Err: withoutPath(err)}
		}
		if now.SHA256 != i.SHA256 {
			return &Failure{Fault: FilesChanged}
		}
	}
	return nil
}
