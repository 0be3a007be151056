package epoch

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// Archive is the folder in which a coordinator keeps its epochs, each in a
// folder of its own.
type Archive string

var folderPattern = regexp.MustCompile(`^epoch-([0-9]{8,20})$`)

// Dir is the folder of epoch n: names sort by number.
func (a Archive) Dir(n uint64) string { return filepath.Join(string(a), fmt.Sprintf("epoch-%08d", n)) }

func (a Archive) file(n uint64, name string) string { return filepath.Join(a.Dir(n), name) }

// Numbers lists the epochs that are there, the oldest first. An archive that was
// never written to is empty.
func (a Archive) Numbers() ([]uint64, error) {
	entries, err := os.ReadDir(string(a))
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("list epochs: %w", err)
	}
	var numbers []uint64
	for _, e := range entries {
		match := folderPattern.FindStringSubmatch(e.Name())
		if match == nil || !e.IsDir() {
			continue
		}
		if n, err := strconv.ParseUint(match[1], 10, 64); err == nil && filepath.Base(a.Dir(n)) == e.Name() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// Latest reads the newest epoch; fs.ErrNotExist before the first one.
func (a Archive) Latest() (Bundle, error) {
	numbers, err := a.Numbers()
	if err != nil {
		return Bundle{}, err
	}
	if len(numbers) == 0 {
		return Bundle{}, fmt.Errorf("read the latest epoch: there is none yet: %w", fs.ErrNotExist)
	}
	return Read(a.Dir(numbers[len(numbers)-1]))
}

// Verify verifies every epoch of the archive as a chain, see VerifyChain.
func (a Archive) Verify() ([]Difference, error) {
	var found []Difference
	err := a.Walk(func(v Verified) { found = append(found, v.Differences...) })
	return found, err
}

// Walk verifies likewise and shows each epoch to visit, the oldest first.
func (a Archive) Walk(visit func(Verified)) error {
	return Auditor{}.WalkArchive(context.Background(), a, visit)
}

// WalkArchive walks over every epoch of an archive. A folder that holds another epoch than
// its name says is a difference.
func (u Auditor) WalkArchive(ctx context.Context, a Archive, visit func(Verified)) error {
	numbers, err := a.Numbers()
	if err != nil {
		return err
	}
	dirs := make([]string, len(numbers))
	for i, n := range numbers {
		dirs[i] = a.Dir(n)
	}
	next := 0
	return u.Walk(ctx, dirs, func(v Verified) {
		if want, got := numbers[next], v.Bundle.Summary.Number; want != got {
			v.Differences = append(v.Differences, Difference{filepath.Base(dirs[next]), fmt.Sprintf("epoch %d", want), fmt.Sprintf("epoch %d", got)})
		}
		next++
		visit(v)
	})
}
