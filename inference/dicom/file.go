// Package dicom reads and writes DICOM instances. In: bytes from strangers, in any
// transfer syntax but video, bounded before they are believed. Out: data sets in UTF-8,
// one image series as a volume with its geometry, one picture, and Part 10 files. What
// cannot be used is refused with what is wrong, where and what to do, never with a
// patient's data. It opens no network connection, writes no file, and leaves the
// decompression of a frame to codec.
package dicom

import (
	"fmt"
)

// File is one DICOM instance in memory, or on disk where OpenFiles left it. Name is a
// relative path with slashes; it may hold a patient's name and therefore never
// appears in a Refusal.
type File struct {
	Name string
	Data []byte // nil where the file is on disk

	disk *diskFile
}

// size is the length of the instance in bytes.
func (f File) size() int64 {
	if f.disk != nil {
		return f.disk.size
	}
	return int64(len(f.Data))
}

// Limits bound what is read. A zero field means the default.
type Limits struct {
	MaxFiles      int   // instances in a study
	MaxFileBytes  int64 // one instance
	MaxTotalBytes int64 // all instances together, unpacked
	MaxElements   int   // data elements of one instance, nested ones included
	MaxDepth      int   // sequences within sequences
	MaxVoxels     int   // of one volume or picture, which takes four bytes for each
}

// DefaultLimits fit a 2,000-slice CT of 512 × 512 and the enhanced multi-frame objects of one study.
func DefaultLimits() Limits {
	return Limits{
		MaxFiles:      4096,
		MaxFileBytes:  512 << 20,
		MaxTotalBytes: 1 << 30,
		MaxElements:   200_000,
		MaxDepth:      16,
		MaxVoxels:     600 << 20,
	}
}

// OrDefault is l with its zero fields filled.
func (l Limits) OrDefault() Limits {
	d := DefaultLimits()
	if l.MaxFiles <= 0 {
		l.MaxFiles = d.MaxFiles
	}
	if l.MaxFileBytes <= 0 {
		l.MaxFileBytes = d.MaxFileBytes
	}
	if l.MaxTotalBytes <= 0 {
		l.MaxTotalBytes = d.MaxTotalBytes
	}
	if l.MaxElements <= 0 {
		l.MaxElements = d.MaxElements
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = d.MaxDepth
	}
	if l.MaxVoxels <= 0 {
		l.MaxVoxels = d.MaxVoxels
	}
	return l
}

// Refusal says why data cannot be used. It holds no patient data: Where is a
// position such as "file 14 of 181".
type Refusal struct {
	What  string // what is wrong: "slice is missing"
	Where string // where it was found
	Do    string // what to do next
	Err   error  // the cause, if another error led to it
}

// Error is "what: where; do".
func (r *Refusal) Error() string {
	text := r.What
	if r.Where != "" {
		text += ": " + r.Where
	}
	if r.Do != "" {
		text += "; " + r.Do
	}
	return text
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// at fills in the place where a refusal of one file belongs.
func (r *Refusal) at(format string, args ...any) *Refusal {
	where := fmt.Sprintf(format, args...)
	if r.Where != "" {
		where += ", " + r.Where
	}
	moved := *r
	moved.Where = where
	return &moved
}

// What a person does about a broken or an unsupported file.
const (
	exportAgain    = "export the study again from its source"
	exportExplicit = "export as Explicit VR Little Endian"
)
