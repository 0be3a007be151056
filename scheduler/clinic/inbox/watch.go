package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Watching is a folder in which studies are laid down.
type Watching struct {
	Folder string        // files below it are taken, zips too
	Done   string        // where they go when they are safe; empty: "done" in Folder
	Failed string        // where they go that can't be read, each with a file that says why; empty: "failed" in Folder
	Poll   time.Duration // pause between two looks; 0: two seconds
	Settle time.Duration // a file is taken when it did not change for so long; 0: five seconds
}

// watcher is one run of Watch.
type watcher struct {
	Watching
	box  *Inbox
	seen map[string]sighting // by path
}

// sighting is a file as it was seen last.
type sighting struct {
	size     int64
	modified time.Time
	since    time.Time // that it looks so
}

// reasonSuffix is that of the file that says why another one was not taken.
const reasonSuffix = ".reason.txt"

// longestName, in bytes, leaves room for a number and for reasonSuffix in the 255 that file
// systems have.
const longestName = 220

// Watch takes what is laid into a folder until ctx ends. It looks again and again, which
// also works on a share where the system tells of no changes. No file is lost: it lies in
// Folder until it is safe in the inbox, and then in Done. While the inbox has no room, files
// stay where they are.
func (b *Inbox) Watch(ctx context.Context, w Watching) error {
	w.Done = cmp.Or(w.Done, filepath.Join(w.Folder, "done"))
	w.Failed = cmp.Or(w.Failed, filepath.Join(w.Folder, "failed"))
	w.Poll = cmp.Or(w.Poll, 2*time.Second)
	w.Settle = cmp.Or(w.Settle, 5*time.Second)
	for _, folder := range []string{w.Folder, w.Done, w.Failed} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("watch a folder: %w; check its path and rights", ofDisk(err))
		}
	}
	if err := w.probe(); err != nil {
		return err
	}
	run := &watcher{Watching: w, box: b, seen: map[string]sighting{}}
	ticker := time.NewTicker(w.Poll)
	defer ticker.Stop()
	said := "" // what is wrong is said once, not at each look
	for {
		err := run.look(ctx)
		switch {
		case errors.Is(err, ErrClosed):
			return err
		case err == nil:
			said = ""
		case ctx.Err() == nil && ofDisk(err).Error() != said:
			said = ofDisk(err).Error()
			b.log.Warn("the watched folder can't be emptied; tried again", "error", said)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// probe moves an empty file through the folders: what lies in one must get into the others
// in one step, and stay readable by name.
func (w Watching) probe() error {
	const name = ".medhive-probe"
	at := filepath.Join(w.Folder, name)
	err := os.WriteFile(at, nil, 0o600)
	for _, folder := range []string{w.Done, w.Failed} {
		if err == nil {
			to := filepath.Join(folder, name)
			err = os.Rename(at, to)
			at = to
		}
	}
	if err = cmp.Or(err, os.Remove(at)); err != nil {
		return fmt.Errorf("watch a folder: move a file out of it: %w; put the folders of the done and the failed on the same disk, and let the clinic's user write there", ofDisk(err))
	}
	return nil
}

// look takes every file that has settled. Studies that it brought complete by the quiet
// period, as more files may be on their way.
func (w *watcher) look(ctx context.Context) error {
	present := map[string]bool{}
	var settled []string
	err := filepath.WalkDir(w.Folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && path == w.Folder:
			return err
		case err != nil:
			return nil // it went while we looked, or others may not see it
		case entry.IsDir() && (path == w.Done || path == w.Failed):
			return fs.SkipDir
		case entry.IsDir() || !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), "."):
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return nil
		}
		present[path] = true
		if w.settled(path, info) {
			settled = append(settled, path)
		}
		return nil
	})
	for path := range w.seen {
		if !present[path] {
			delete(w.seen, path)
		}
	}
	if err != nil {
		return err
	}
	for _, path := range settled {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		problem := w.take(ctx, path)
		if errors.Is(problem, ErrFull) || errors.Is(problem, ErrClosed) {
			return problem // so would it be for all others
		}
		err = cmp.Or(err, problem)
	}
	return err
}

// settled says that a file has not changed for long enough. By this machine's clock: that
// of a share may be another.
func (w *watcher) settled(path string, info fs.FileInfo) bool {
	now := time.Now()
	last, known := w.seen[path]
	if !known || last.size != info.Size() || !last.modified.Equal(info.ModTime()) {
		w.seen[path] = sighting{info.Size(), info.ModTime(), now}
		return false
	}
	return now.Sub(last.since) >= w.Settle
}

// take brings one file into the inbox and out of the folder.
func (w *watcher) take(ctx context.Context, path string) error {
	var fault error
	objects := 0
	err := objectsOf(ctx, path, func(_ string, body io.Reader) error {
		file := &source{from: body}
		whole, yes, err := looksLikeDICOM(file)
		if err == nil && yes {
			objects++
			_, err = w.box.Receive(ctx, Origin{Way: WayFolder}, Instance{}, whole)
		}
		switch {
		case file.fault != nil:
			fault = cmp.Or(fault, fmt.Errorf("%w: %w", ofDisk(file.fault), ErrNotReadable))
			return nil
		case refused(err):
			fault = cmp.Or(fault, err)
			return nil
		}
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // somebody took it away
	case err != nil && !errors.Is(err, ErrNotReadable) && !errors.Is(err, ErrTooLarge):
		return err // the inbox's fault: the file waits
	}
	fault = cmp.Or(fault, err)
	if fault == nil && objects == 0 {
		fault = errors.New("there is no DICOM in it; lay down Part 10 files, or a zip of them")
	}
	if fault != nil {
		return w.putAway(path, w.Failed, fault)
	}
	return w.putAway(path, w.Done, nil)
}

// putAway moves a file to the same place below a folder. One of the name that is there stays.
func (w *watcher) putAway(path, folder string, why error) error {
	relative, err := filepath.Rel(w.Folder, path)
	if err != nil {
		return err
	}
	target := filepath.Join(folder, relative)
	if name := filepath.Base(target); len(name) > longestName {
		target = filepath.Join(filepath.Dir(target), name[:longestName])
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	free := target
	for n := 1; ; n++ {
		if _, err := os.Lstat(free); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return err
		}
		free = target + "." + strconv.Itoa(n)
	}
	if why != nil {
		w.box.log.Warn("a file of the watched folder was not taken; see the folder of the failed", "error", why)
		if err := os.WriteFile(free+reasonSuffix, []byte(why.Error()+"\n"), 0o600); err != nil {
			return err
		}
	}
	delete(w.seen, path)
	return os.Rename(path, free)
}
