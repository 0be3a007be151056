package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"time"
)

// zipStudy packs files in order, with one fixed date, as small as deflate gets.
func zipStudy(list []instance) []byte { return zipFiles(zipEntries(list)) }

type entry struct {
	name string
	data []byte
}

func zipFiles(entries []entry) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: time.Date(2024, 3, 11, 15, 0, 0, 0, time.UTC)})
		if err == nil {
			_, err = f.Write(e.data)
		}
		if err != nil {
			panic(err) // a bytes.Buffer takes every write
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// badStudies are the small study, each with one fault.
func badStudies(small scan) map[string][]byte {
	good := func() []instance { return series(small, 2) }
	middle := small.size[0] / 2

	truncated := zipEntries(good())
	truncated[middle].data = truncated[middle].data[:len(truncated[middle].data)-1000]

	gap := good()
	gap = append(gap[:middle:middle], gap[middle+1:]...)

	ct := good()
	for n := range ct {
		ct[n].class, ct[n].modality = ctStorage, "CT"
	}

	return map[string][]byte{
		"not-dicom.zip":       zipFiles([]entry{{"letter.txt", bytes.Repeat([]byte("Dear colleague, the disc will follow by post.\n"), 40)}}),
		"truncated-slice.zip": zipFiles(truncated),
		"missing-slice.zip":   zipStudy(gap),
		"wrong-modality.zip":  zipStudy(ct),
		"absurd-length.dcm":   absurdLength(good()[0]),
	}
}

func zipEntries(list []instance) []entry {
	var out []entry
	for _, s := range list {
		out = append(out, entry{s.name, s.file()})
	}
	return out
}

// absurdLength ends in an OW element (Red Palette Color Lookup Table Data) that
// claims almost 4 GiB in a file of a few kilobytes.
func absurdLength(s instance) []byte {
	whole := s.file()
	cut := bytes.LastIndex(whole, []byte{0x28, 0x00, 0x50, 0x10}) // before WindowCenter
	head := append(bytes.Clone(whole[:cut]), 0x28, 0x00, 0x01, 0x12, 'O', 'W', 0, 0)
	return append(binary.LittleEndian.AppendUint32(head, 0xFFFFFFF0), 1, 2, 3, 4)
}
