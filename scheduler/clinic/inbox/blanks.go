package inbox

import (
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Blank files are made once a study has as many instances, as many again each time, and no
// more than that: most studies of few instances never need one.
const (
	fewestBlanks = 8
	mostBlanks   = 64
)

// blanks are empty files of a revision, made ahead with their names on disk: an instance that
// finds its file there has one thing less to wait for. They are a convenience: a number that
// has none makes its file itself. A crash leaves some, which recovery removes like any file
// without a record.
type blanks struct {
	mu     sync.Mutex
	ready  map[int]struct{} // numbers whose file lies there, empty, its name synced
	next   int              // the lowest number that nobody made a file for
	making chan struct{}    // closed when those that are being made are; nil: none are
	closed bool
}

// take says that the file of a number is there. If not, it is the caller's to make.
func (s *blanks) take(number int) bool {
	s.mu.Lock()
	for s.making != nil && number < s.next {
		if _, there := s.ready[number]; there {
			break
		}
		made := s.making
		s.mu.Unlock()
		<-made
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	s.next = max(s.next, number+1)
	_, there := s.ready[number]
	delete(s.ready, number)
	return there
}

// prepare returns what makes more, where the study is one of many instances and few are left;
// its caller runs it beside its own work. Otherwise it returns nil.
func (s *blanks) prepare(disk disk, folder string, log *slog.Logger) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := min(s.next-1, mostBlanks)
	if s.closed || s.making != nil || batch < fewestBlanks || len(s.ready) > batch/2 {
		return nil
	}
	first := s.next
	s.next += batch
	s.making = make(chan struct{})
	return func() {
		made, err := makeBlanks(disk, folder, first, batch)
		if err != nil {
			log.Debug("files could not be made ahead", "error", ofDisk(err))
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.ready == nil {
			s.ready = map[int]struct{}{}
		}
		for _, number := range made {
			s.ready[number] = struct{}{}
		}
		close(s.making)
		s.making = nil
	}
}

// makeBlanks makes empty files of count numbers and syncs their names: all of them or none.
func makeBlanks(disk disk, folder string, first, count int) (numbers []int, err error) {
	for number := first; number < first+count && err == nil; number++ {
		var file diskFile
		if file, err = disk.create(filepath.Join(folder, fileName(number))); err == nil {
			numbers = append(numbers, number)
			err = file.Close()
		}
	}
	if err == nil {
		err = disk.syncFolder(folder)
	}
	if err != nil {
		return nil, errors.Join(err, removeBlanks(folder, numbers))
	}
	return numbers, nil
}

// clear removes what was made and not taken, for good, and ends the making.
func (s *blanks) clear(disk disk, folder string) error {
	s.mu.Lock()
	s.closed = true
	for s.making != nil {
		made := s.making
		s.mu.Unlock()
		<-made
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	if len(s.ready) == 0 {
		return nil
	}
	if err := removeBlanks(folder, slices.Collect(maps.Keys(s.ready))); err != nil {
		return err
	}
	if err := disk.syncFolder(folder); err != nil {
		return err
	}
	clear(s.ready)
	return nil
}

func removeBlanks(folder string, numbers []int) (err error) {
	for _, number := range numbers {
		if gone := os.Remove(filepath.Join(folder, fileName(number))); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
