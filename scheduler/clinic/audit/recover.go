package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// recover finds the end of the log, mends it and says so in it.
func (l *Log) recover() (Opened, error) {
	remembered, known, err := l.conf.Heads.Load()
	if err != nil {
		return Opened{}, err
	}
	opened, err := l.findEnd(remembered)
	if err != nil {
		return opened, err
	}
	var entries []Entry
	switch {
	case !known && l.head.Sequence > 0:
		opened.Forgotten = true
		entries = append(entries, Entry{At: l.conf.Now(), Kind: Gap, Outcome: Serious})
		l.conf.Log.Error("the remembered end of the audit log is gone, so that nobody can say whether lines were cut; find out who removed it")
	case opened.Gap > 0:
		l.head.Sequence = remembered.Sequence // no number is given twice
		entries = append(entries, Entry{At: l.conf.Now(), Kind: Gap, Outcome: Serious, Count: int(opened.Gap)})
		l.conf.Log.Error("lines of the audit log are gone; put it back from your backup, or find out who removed them", "lines", opened.Gap)
	}
	if opened.Mended > 0 { // behind the gap, whose line alone may follow one that is not the last before it
		entries = append(entries, Entry{At: l.conf.Now(), Kind: Mended, Count: int(opened.Mended)})
		l.conf.Log.Warn("cut an unfinished line off the audit log", "bytes", opened.Mended)
	}
	switch {
	case len(entries) > 0:
		err = l.write(entries)
	case !known:
		err = l.conf.Heads.Save(Head{})
	}
	opened.Lines = l.head.Sequence
	return opened, err
}

// findEnd opens the last file behind its last whole line. What Append acknowledged are the
// lines up to the remembered one; what stands behind it and is not whole was never told to
// anybody, and is cut.
func (l *Log) findEnd(remembered Head) (opened Opened, err error) {
	files, err := listFiles(l.folder)
	if err != nil {
		return opened, err
	}
	for len(files) > 0 {
		name := files[len(files)-1]
		t, err := l.readTail(name, remembered)
		if err != nil {
			return opened, err
		}
		if t.fault != nil && !t.torn && t.head.Sequence < remembered.Sequence {
			return opened, fmt.Errorf("%w; verify it, then move its folder away to begin a new one", t.fault)
		}
		opened.Mended += t.total - t.whole
		if t.whole > 0 {
			l.head = t.head
			if err := l.openAt(name, t.whole); err != nil {
				return opened, fmt.Errorf("mend the audit log's file %s: %w", name, pathless(err))
			}
			break
		}
		// A file whose first line was not finished: it was begun and nothing came of it.
		if err := os.Remove(filepath.Join(l.folder, name)); err != nil {
			return opened, fmt.Errorf("mend the audit log's file %s: %w", name, pathless(err))
		}
		files = files[:len(files)-1]
	}
	if l.head.Sequence < remembered.Sequence {
		opened.Gap = remembered.Sequence - l.head.Sequence
	}
	return opened, nil
}

// tail is how a file ends.
type tail struct {
	head  Head  // of its last whole line
	whole int64 // bytes up to that line's end
	total int64 // bytes of the file
	fault error // of the first line that is not whole; nil: all are
	torn  bool  // that line is the last and has no end
}

// readTail reads a file whole, up to the first line that does not fit.
func (l *Log) readTail(name string, remembered Head) (t tail, err error) {
	var c checker
	broken := func(one found, what error) error {
		return fmt.Errorf("%w: %s line %d: %w", ErrBroken, name, one.Number, what)
	}
	err = l.keys.scanFile(context.Background(), l.folder, name, func(one found) error {
		t.total = one.end
		switch {
		case t.fault != nil:
			t.torn = false // something follows it
			return nil
		case one.fault != nil:
			t.fault, t.torn = broken(one, one.fault), one.torn
			return nil
		}
		what := c.check(one, false)
		if what == "" && one.Sequence == remembered.Sequence && one.Sum != remembered.Sum {
			what = "it is not the line that is remembered"
		}
		if what != "" && one.Kind != Gap {
			return fmt.Errorf("%w; verify it, then move its folder away to begin a new one", broken(one, errors.New(what)))
		}
		t.head, t.whole = c.last, one.end
		return nil
	})
	return t, err
}

// openAt opens a file for writing at its end, where what follows is cut.
func (l *Log) openAt(name string, end int64) error {
	file, err := os.OpenFile(filepath.Join(l.folder, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = file.Truncate(end)
	if err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err = errors.Join(err, file.Sync()); err != nil {
		return errors.Join(err, file.Close())
	}
	l.file, l.size = file, end
	return nil
}
