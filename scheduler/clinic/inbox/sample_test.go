package inbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Transfer syntaxes.
const (
	implicitLE = "1.2.840.10008.1.2"
	explicitLE = "1.2.840.10008.1.2.1"
	explicitBE = "1.2.840.10008.1.2.2"
	deflatedLE = "1.2.840.10008.1.2.1.99"
	jpegLS     = "1.2.840.10008.1.2.4.80"
	ctClass    = "1.2.840.10008.5.1.4.1.1.2"
)

// slice describes an object that a test sends.
type slice struct {
	study, series string
	number        int
	patient       string
	modality      string
	pixels        []byte
	more          map[uint32]string // further texts, by tag
}

func ct(study string, number int) slice {
	return slice{study: study, series: study + ".1", number: number, patient: "Nightingale^Florence", modality: "CT", pixels: bytes.Repeat([]byte{byte(number)}, 2048)}
}

func (s slice) uid() string { return fmt.Sprintf("%s.%d", s.series, s.number) }

func (s slice) instance(syntax string) Instance {
	return Instance{SOPClassUID: ctClass, SOPInstanceUID: s.uid(), TransferSyntaxUID: syntax}
}

// texts are the attributes of s, in the order of their tags.
func (s slice) texts() (tags []uint32, values map[uint32]string) {
	values = map[uint32]string{
		tagCharacterSet: "ISO_IR 100", tagClass: ctClass, tagInstance: s.uid(), tagStudyDate: "20260301", tagAccession: "A77", tagModality: s.modality,
		tagStudyDescription: "Sch\xe4del", tagSeriesDescription: "axial", tagPatientName: s.patient, tagPatientID: "4711", tagBirthDate: "18200512",
		tagSex: "F", tagAge: "090Y", tagBodyPart: "HEAD", tagStudy: s.study, tagSeries: s.series, tagInstanceNumber: fmt.Sprint(s.number),
	}
	for t, v := range s.more {
		values[t] = v
	}
	for _, t := range []uint32{
		tagCharacterSet, tagClass, tagInstance, tagStudyDate, tagAccession, tagModality, tagStudyDescription, tagSeriesDescription,
		tagPatientName, tagPatientID, tagBirthDate, tagSex, tagAge, tagBodyPart, tagStudy, tagSeries, tagInstanceNumber, tagRequestedPriority,
	} {
		if _, has := values[t]; has {
			tags = append(tags, t)
		}
	}
	return tags, values
}

// dataset is the bare data set of s, in one of the uncompressed syntaxes.
func (s slice) dataset(syntax string) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	if syntax == explicitBE {
		order = binary.BigEndian
	}
	var b []byte
	element := func(t uint32, vr string, value []byte) {
		if len(value)%2 != 0 {
			pad := byte(' ')
			if vr == "UI" {
				pad = 0
			}
			value = append(bytes.Clone(value), pad)
		}
		b = order.AppendUint16(b, uint16(t>>16))
		b = order.AppendUint16(b, uint16(t))
		switch {
		case syntax == implicitLE:
			b = order.AppendUint32(b, uint32(len(value)))
		case longVR(vr):
			b = append(b, vr...)
			b = append(b, 0, 0)
			b = order.AppendUint32(b, uint32(len(value)))
		default:
			b = append(b, vr...)
			b = order.AppendUint16(b, uint16(len(value)))
		}
		b = append(b, value...)
	}
	tags, values := s.texts()
	rows := false
	for _, t := range tags {
		if !rows && t > tagRows {
			element(tagRows, "US", order.AppendUint16(nil, 32))
			element(tagColumns, "US", order.AppendUint16(nil, 32))
			rows = true
		}
		element(t, vrOf(t), []byte(values[t]))
	}
	if !rows {
		element(tagRows, "US", order.AppendUint16(nil, 32))
		element(tagColumns, "US", order.AppendUint16(nil, 32))
	}
	element(tagPixelData, "OW", s.pixels)
	return b
}

// file is s as a Part 10 file.
func (s slice) file() []byte {
	return append(part10Head(explicitLE, ctClass, s.uid(), ""), s.dataset(explicitLE)...)
}

// openInbox opens an inbox in folder, with room on any disk.
func openInbox(tb testing.TB, folder string, config Config) *Inbox {
	tb.Helper()
	return openOn(tb, folder, config, system{})
}

func openOn(tb testing.TB, folder string, config Config, on disk) *Inbox {
	tb.Helper()
	if config.KeepFree == 0 {
		config.KeepFree = 1
	}
	b, err := open(folder, [SecretBytes]byte{1}, config, slog.New(slog.DiscardHandler), on)
	if err != nil {
		tb.Fatal(err)
	}
	_, real := on.(system)
	b.ledger.db.NoSync = !real // what a disk of a test loses is its own files
	tb.Cleanup(func() {
		if err := b.Close(); err != nil {
			tb.Error(err)
		}
	})
	return b
}

// send gives an object to the inbox as C-STORE does.
func send(tb testing.TB, b *Inbox, s slice) Kept {
	tb.Helper()
	kept, err := sendBy(b, s, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return kept
}

func sendBy(b *Inbox, s slice, association uint64) (Kept, error) {
	from := Origin{Way: WayDIMSE, CallingAE: "CT1", CalledAE: "MEDHIVE", Association: association}
	return b.Receive(context.Background(), from, s.instance(explicitLE), bytes.NewReader(s.dataset(explicitLE)))
}

// next takes the next study and holds its folder against what the study says.
func next(tb testing.TB, b *Inbox) Study {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 24*time.Hour) // of virtual time, where a test has it
	defer cancel()
	s, err := b.Next(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(s.Folder, "*"))
	if err != nil {
		tb.Fatal(err)
	}
	if len(files) != s.Instances {
		tb.Errorf("%d files, %d instances", len(files), s.Instances)
	}
	return s
}

// finish ends a study and takes it.
func finish(tb testing.TB, b *Inbox, uid string) Study {
	tb.Helper()
	if err := b.Finish(uid); err != nil {
		tb.Fatal(err)
	}
	s := next(tb, b)
	if err := b.Taken(s); err != nil {
		tb.Fatal(err)
	}
	return s
}

// objects reads all files of a study, by SOP Instance UID.
func objects(tb testing.TB, s Study) map[string][]byte {
	tb.Helper()
	found := map[string][]byte{}
	files, err := filepath.Glob(filepath.Join(s.Folder, "*.dcm"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		o, err := dcm.Parse(dcm.File{Data: data}, dcm.Limits{})
		if err != nil {
			tb.Fatalf("a file of the study can't be read: %v", err)
		}
		found[o.String(tag.SOPInstanceUID)] = o.Pixels
	}
	return found
}

func mustBe(tb testing.TB, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("%v, want %v", err, want)
	}
}
