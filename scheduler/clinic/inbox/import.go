package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Imported says what became of a folder, a zip or a file.
type Imported struct {
	Studies    []string // Study Instance UIDs, in order, each once; not for logs
	Instances  int      // that are safe now, the duplicates included
	Duplicates int
	Refused    int // DICOM objects that can't be read, are too large, or conflict with one that lies here
	Foreign    int // files that are not DICOM
}

// Import takes all of a folder, a zip or a file. The studies that it holds are complete at
// once; one that was complete before, and of which nothing new came, is not handed out again.
func (b *Inbox) Import(ctx context.Context, from Origin, path string) (Imported, error) {
	var done Imported
	err := objectsOf(ctx, path, func(_ string, body io.Reader) error { return b.importOne(ctx, from, body, &done) })
	if err != nil {
		// Half of a study is not said to be all of it.
		return done, fmt.Errorf("import a study: %w", err)
	}
	for _, uid := range done.Studies {
		if finish := b.Finish(uid); finish != nil && !errors.Is(finish, ErrUnknownStudy) {
			err = errors.Join(err, finish)
		}
	}
	if err != nil {
		return done, fmt.Errorf("import a study: %w", err)
	}
	return done, nil
}

// importOne takes one file. What is wrong with the file itself is counted; what is wrong
// with the inbox ends the import.
func (b *Inbox) importOne(ctx context.Context, from Origin, body io.Reader, done *Imported) error {
	file := &source{from: body}
	whole, yes, err := looksLikeDICOM(file)
	if err == nil && !yes {
		done.Foreign++
		return nil
	}
	kept := Kept{}
	if err == nil {
		kept, err = b.Receive(ctx, from, Instance{}, whole)
	}
	switch {
	case refused(err), file.fault != nil:
		done.Refused++
		return nil
	case err != nil:
		return err
	}
	done.Instances++
	if kept.Duplicate {
		done.Duplicates++
	}
	if at, there := slices.BinarySearch(done.Studies, kept.StudyUID); !there {
		done.Studies = slices.Insert(done.Studies, at, kept.StudyUID)
	}
	return nil
}

// source is a file that is read, and remembers what was wrong with that: a bad sector, or a
// damaged member of a zip, is no fault of the inbox.
type source struct {
	from  io.Reader
	fault error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.fault = err
	}
	return n, err
}

// refused says that an error is the object's fault: trying again does not help.
func refused(err error) bool {
	for _, fault := range []error{ErrMismatch, ErrUnreadable, ErrTooLarge, ErrConflict} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}

// Survey reads the heads of what a folder, a zip or a file holds, and says which studies
// that would be. Nothing is stored: Folder, Revision and the times are empty.
func Survey(ctx context.Context, path string) ([]Study, error) {
	found := map[string]*revision{}
	var order []string
	wide := make(chan struct{}, 1)
	err := objectsOf(ctx, path, func(_ string, body io.Reader) error {
		whole, yes, err := looksLikeDICOM(body)
		if err != nil || !yes {
			return err
		}
		in, err := look(ctx, Instance{}, whole, 0, wide)
		if refused(err) {
			return nil
		}
		if err != nil {
			return err
		}
		in.free()
		uid := in.head.study()
		r := found[uid]
		if r == nil {
			facts := in.head.facts()
			r = &revision{studyUID: uid, instances: map[string]*entry{}, series: map[string]Series{}, facts: &facts}
			found[uid] = r
			order = append(order, uid)
		}
		k := kept{UID: in.head.instance(), Class: in.head.class(), Series: in.head.text(tagSeries)}
		if _, told := r.series[k.Series]; !told {
			r.series[k.Series] = in.head.series()
		}
		r.instances[k.UID] = &entry{kept: k}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("survey a study: %w", ofDisk(err))
	}
	var studies []Study
	for _, uid := range order {
		s := found[uid].summary(Config{}, "")
		s.Key, s.Folder, s.Origin = "", "", Origin{Way: WaySubmit}
		studies = append(studies, s)
	}
	return studies, nil
}
