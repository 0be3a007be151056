package dicom

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// The CT of the targets: 500 slices of 512 × 512 with 16 bits, 252 MB.
const (
	ct500Slices = 500
	ct500Edge   = 512
)

// ct500 makes one slice: the header of a real CT, around a body of water with lungs and
// noise, in HU + 1024.
func ct500(tb testing.TB, header []*lib.Element, n int) File {
	tb.Helper()
	pixels := make([]byte, 0, 2*ct500Edge*ct500Edge)
	noise := uint32(n + 1)
	for j := range ct500Edge {
		for i := range ct500Edge {
			x, y := float64(i-ct500Edge/2)/ct500Edge, float64(j-ct500Edge/2)/ct500Edge
			value := 24 // air
			switch r := math.Hypot(x, 1.4*y); {
			case math.Hypot(math.Abs(x)-0.18, y) < 0.12:
				value = 174 // lung
			case r < 0.45:
				value = 1064
			}
			noise = noise*1664525 + 1013904223 // Numerical Recipes' generator
			pixels = binary.LittleEndian.AppendUint16(pixels, uint16(value+int(noise>>27)))
		}
	}
	for t, value := range map[tag.Tag]any{
		tag.SOPInstanceUID:          []string{"2.25.500." + strconv.Itoa(n+1)},
		tag.InstanceNumber:          []string{strconv.Itoa(n + 1)},
		tag.ImagePositionPatient:    []string{"-180", "-180", decimalText(0.7 * float64(n))},
		tag.ImageOrientationPatient: []string{"1", "0", "0", "0", "1", "0"},
		tag.SliceLocation:           []string{decimalText(0.7 * float64(n))},
		tag.PixelSpacing:            []string{"0.703125", "0.703125"},
		tag.RescaleIntercept:        []string{"-1024"},
		tag.RescaleSlope:            []string{"1"},
		tag.Rows:                    []int{ct500Edge},
		tag.Columns:                 []int{ct500Edge},
	} {
		header = with(tb, t, value)(header)
	}
	data, err := Encode(lib.Dataset{Elements: header}, pixels)
	if err != nil {
		tb.Fatal(err)
	}
	return File{Name: fmt.Sprintf("IM%04d.dcm", n), Data: data}
}

// writeCT500 writes the series into a folder and returns its files' paths.
func writeCT500(tb testing.TB) (folder string, paths []string) {
	tb.Helper()
	folder = tb.TempDir()
	real, err := Parse(File{Data: corpus(tb)["pydicom/test_files/CT_small.dcm"]}, Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	for n := range ct500Slices {
		f := ct500(tb, real.Dataset.Elements, n)
		paths = append(paths, filepath.Join(folder, f.Name))
		if err := os.WriteFile(paths[n], f.Data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return folder, paths
}

// ct500Folder and ct500Archive name, in the environment of a child, what it reads.
const (
	ct500Folder  = "MEDHIVE_CT500_FOLDER"
	ct500Archive = "MEDHIVE_CT500_ARCHIVE"
)

// TestMain lets the test binary be the child of the benchmarks: a process of its own,
// as dcmdump is one, begins with no heap and has a peak of its own.
func TestMain(m *testing.M) {
	folder, archive := os.Getenv(ct500Folder), os.Getenv(ct500Archive)
	if folder == "" && archive == "" {
		os.Exit(m.Run())
	}
	figures, err := readCT500(folder, archive)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(figures)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// ct500Figures are what a child measures.
type ct500Figures struct {
	Loaded, Parsed, Done time.Duration // since its start of reading
	PayloadBytes         int64         // the archive, which the child was given in memory
	BeforeBytes          int64         // resident before reading, the archive included
	PeakBytes            int64         // the most that ever was resident
}

// readCT500 reads a folder, or an archive that lies in memory as in the runner.
func readCT500(folder, archive string) (f ct500Figures, err error) {
	var payload []byte
	if archive != "" {
		if payload, err = os.ReadFile(archive); err != nil {
			return f, err
		}
		f.PayloadBytes = int64(len(payload))
	}
	if f.BeforeBytes, err = resident("VmRSS"); err != nil {
		return f, err
	}
	started := time.Now()
	var files []File
	if folder != "" {
		files, err = OpenFiles(folder, Limits{})
	} else {
		files, err = OpenTar(payload, Limits{})
	}
	if err != nil {
		return f, err
	}
	f.Loaded = time.Since(started)
	s, err := ReadSeries(files, Selection{Modality: "CT"}, Limits{})
	if err != nil {
		return f, err
	}
	f.Parsed = time.Since(started)
	img, err := s.Image()
	if err != nil {
		return f, err
	}
	f.Done = time.Since(started)
	if img.Size != [3]int{ct500Edge, ct500Edge, ct500Slices} || img.Data[0] < -1000 || img.Data[0] > -960 {
		return f, fmt.Errorf("volume of %v, first value %v HU", img.Size, img.Data[0])
	}
	f.PeakBytes, err = resident("VmHWM")
	return f, err
}

// resident reads one of the kernel's figures of this process's memory in bytes.
func resident(name string) (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("the kernel gives no %s", name)
}

// child runs this binary to read what the variable names.
func child(b *testing.B, variable, value string) (taken, ct500Figures) {
	b.Helper()
	command := exec.CommandContext(b.Context(), os.Args[0])
	command.Env = append(os.Environ(), variable+"="+value)
	command.Stderr = os.Stderr
	var out bytes.Buffer
	command.Stdout = &out
	took := timed(b, command)
	var f ct500Figures
	if err := json.Unmarshal(out.Bytes(), &f); err != nil {
		b.Fatal(err)
	}
	return took, f
}

// taken is what a process took from its start to its end.
type taken struct{ elapsed, processor time.Duration }

func timed(b *testing.B, command *exec.Cmd) taken {
	b.Helper()
	started := time.Now()
	if err := command.Run(); err != nil {
		b.Fatal(err)
	}
	return taken{time.Since(started), command.ProcessState.UserTime() + command.ProcessState.SystemTime()}
}

// ct500Rounds is how often each side of a benchmark has its turn.
const ct500Rounds = 9

// dcmdump is the peer's command over the files.
func dcmdump(b *testing.B, paths []string) *exec.Cmd {
	b.Helper()
	program, err := exec.LookPath("dcmdump")
	if err != nil {
		b.Fatal("dcmdump is missing: make bench brings it, or apt-get install dcmtk")
	}
	return exec.CommandContext(b.Context(), program, paths...)
}

// median of durations in ms.
func median(list []time.Duration) float64 {
	slices.Sort(list)
	return list[len(list)/2].Seconds() * 1000
}

// BenchmarkCT500 reads a folder of 500 CT slices to one volume of float32 in HU, and
// has dcmdump print the same files, in turns. value and against are the medians in ms;
// the goal is 1.5 or less. Our side is a process that has read a study before, as a
// warm runner has; BenchmarkCT500Fresh begins a new one each time.
func BenchmarkCT500(b *testing.B) {
	folder, paths := writeCT500(b)
	if _, err := readCT500(folder, ""); err != nil { // the study before
		b.Fatal(err)
	}
	var warm, theirs []time.Duration
	for range ct500Rounds {
		runtime.GC() // what the last round left is not this one's
		f, err := readCT500(folder, "")
		if err != nil {
			b.Fatal(err)
		}
		peer := timed(b, dcmdump(b, paths))
		warm, theirs = append(warm, f.Done), append(theirs, peer.elapsed)
		b.Logf("ours %v (opened %v, parsed %v), dcmdump %v", f.Done, f.Loaded, f.Parsed, peer.elapsed)
	}
	value, against := median(warm), median(theirs)
	b.ReportMetric(value, "value")
	b.ReportMetric(against, "against")
	b.ReportMetric(value/against, "ratio")
}

// BenchmarkCT500Fresh is BenchmarkCT500 with a new process on either side of each round,
// from its start to its end. It is no target: ours gets 524 MB of new pages from the
// kernel for the volume and reads all 252 MB of pixels, which dcmdump skips, and has as
// many threads as there are processors where dcmdump has one, so that other work on the
// machine decides about elapsed time. processor is the ratio of processor time, which
// hardly changes with that.
func BenchmarkCT500Fresh(b *testing.B) {
	folder, paths := writeCT500(b)
	var ours, theirs, ourWork, theirWork []time.Duration
	for range ct500Rounds {
		own, _ := child(b, ct500Folder, folder)
		peer := timed(b, dcmdump(b, paths))
		ours, theirs = append(ours, own.elapsed), append(theirs, peer.elapsed)
		ourWork, theirWork = append(ourWork, own.processor), append(theirWork, peer.processor)
		b.Logf("ours %v (processor %v), dcmdump %v (processor %v)", own.elapsed, own.processor, peer.elapsed, peer.processor)
	}
	value, against := median(ours), median(theirs)
	b.ReportMetric(value, "value")
	b.ReportMetric(against, "against")
	b.ReportMetric(value/against, "ratio")
	b.ReportMetric(median(ourWork)/median(theirWork), "processor")
}

// BenchmarkCT500Memory measures what reading the same series takes beyond the archive
// that the runner already holds in memory: the most that a process of its own ever had
// resident (VmHWM), less what it had before it began. value is that in MB, against the
// volume of float32, 524 MB; the goal is 1.2 or less. with-payload is the ratio with
// the archive counted, from-folder the one of the whole process where OpenFiles leaves
// the slices on disk.
func BenchmarkCT500Memory(b *testing.B) {
	const volumeBytes = 4 * ct500Slices * ct500Edge * ct500Edge
	folder, _ := writeCT500(b)
	archive := filepath.Join(b.TempDir(), "study.tar")
	files, err := LoadFiles(folder, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	packed, err := os.Create(archive)
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(WriteTar(packed, files), packed.Close()); err != nil {
		b.Fatal(err)
	}
	_, inMemory := child(b, ct500Archive, archive)
	_, fromDisk := child(b, ct500Folder, folder)
	extra := inMemory.PeakBytes - inMemory.BeforeBytes
	b.ReportMetric(float64(extra)/1e6, "value")
	b.ReportMetric(volumeBytes/1e6, "against")
	b.ReportMetric(float64(extra)/volumeBytes, "ratio")
	b.ReportMetric(float64(inMemory.PeakBytes)/volumeBytes, "with-payload")
	b.ReportMetric(float64(fromDisk.PeakBytes)/volumeBytes, "from-folder")
}
