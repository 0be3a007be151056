package dimse_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/testdata/peers"
)

// The CT of the target: 500 slices of 512 × 512 with 16 bits, 262 MB.
const (
	ct500Slices = 500
	ct500Pixels = 512 * 512 * 2
	ct500Study  = "2.25.500"
)

// ct500Turns of each side, one after the other; the middle one counts.
const ct500Turns = 5

// memoryLimitMB is the most that intake may have resident while it takes the CT.
const memoryLimitMB = 300

// writeCT500 writes the series as Part 10 files.
func writeCT500(tb testing.TB) string {
	tb.Helper()
	folder := tb.TempDir()
	pixels := make([]byte, ct500Pixels)
	noise := uint32(1)
	for n := range ct500Slices {
		for i := 0; i < len(pixels); i += 2 {
			noise = noise*1664525 + 1013904223 // Numerical Recipes' generator
			binary.LittleEndian.PutUint16(pixels[i:], uint16(1064+int(noise>>27)))
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("IM%04d.dcm", n)), slice(n, pixels), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return folder
}

// slice is one CT image: the attributes that matter to network, grouping and geometry.
func slice(n int, pixels []byte) []byte {
	instance := ct500Study + ".1." + strconv.Itoa(n+1)
	const class = "1.2.840.10008.5.1.4.1.1.2"
	element := func(out []byte, group, number uint16, vr, value string) []byte {
		if len(value)%2 == 1 {
			value += map[bool]string{true: "\x00", false: " "}[vr == "UI"]
		}
		out = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(out, group), number)
		out = binary.LittleEndian.AppendUint16(append(out, vr...), uint16(len(value)))
		return append(out, value...)
	}
	short := func(v uint16) string { return string(binary.LittleEndian.AppendUint16(nil, v)) }
	meta := element(nil, 2, 2, "UI", class)
	meta = element(meta, 2, 3, "UI", instance)
	meta = element(meta, 2, 0x10, "UI", "1.2.840.10008.1.2.1")
	meta = element(meta, 2, 0x12, "UI", "2.25.1")
	version := []byte{2, 0, 1, 0, 'O', 'B', 0, 0, 2, 0, 0, 0, 0, 1}
	file := append(make([]byte, 128), "DICM"...)
	file = element(file, 2, 0, "UL", string(binary.LittleEndian.AppendUint32(nil, uint32(len(version)+len(meta)))))
	file = append(append(file, version...), meta...)
	for _, e := range []struct {
		group, number uint16
		vr, value     string
	}{
		{0x0008, 0x0008, "CS", `ORIGINAL\PRIMARY\AXIAL`}, {0x0008, 0x0016, "UI", class}, {0x0008, 0x0018, "UI", instance},
		{0x0008, 0x0020, "DA", "20260102"}, {0x0008, 0x0030, "TM", "030405"}, {0x0008, 0x0050, "SH", "A1"}, {0x0008, 0x0060, "CS", "CT"},
		{0x0010, 0x0010, "PN", "Probe^Peter"}, {0x0010, 0x0020, "LO", "PID7"},
		{0x0020, 0x000D, "UI", ct500Study}, {0x0020, 0x000E, "UI", ct500Study + ".1"}, {0x0020, 0x0010, "SH", "1"}, {0x0020, 0x0011, "IS", "1"}, {0x0020, 0x0013, "IS", strconv.Itoa(n + 1)},
		{0x0020, 0x0032, "DS", fmt.Sprintf(`-180\-180\%.1f`, 0.7*float64(n))}, {0x0020, 0x0037, "DS", `1\0\0\0\1\0`}, {0x0020, 0x0052, "UI", ct500Study + ".2"},
		{0x0028, 0x0002, "US", short(1)}, {0x0028, 0x0004, "CS", "MONOCHROME2"}, {0x0028, 0x0010, "US", short(512)}, {0x0028, 0x0011, "US", short(512)},
		{0x0028, 0x0030, "DS", `0.703125\0.703125`}, {0x0028, 0x0100, "US", short(16)}, {0x0028, 0x0101, "US", short(16)}, {0x0028, 0x0102, "US", short(15)}, {0x0028, 0x0103, "US", short(0)},
		{0x0028, 0x1052, "DS", "-1024"}, {0x0028, 0x1053, "DS", "1"},
	} {
		file = element(file, e.group, e.number, e.vr, e.value)
	}
	file = append(file, 0xE0, 0x7F, 0x10, 0, 'O', 'W', 0, 0)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(pixels)))
	return append(file, pixels...)
}

// send times dcmsend with the series. What others wrote is on disk by then, so that nobody
// pays for another one's turn.
func send(tb testing.TB, series, title, port string) time.Duration {
	tb.Helper()
	unix.Sync()
	started := time.Now()
	if out, err := peers.Run(tb, "dcmsend", "-aec", title, "+sd", "127.0.0.1", port, series); err != nil {
		tb.Fatalf("dcmsend: %v\n%s", err, out)
	}
	return time.Since(started)
}

// intoOurs sends the series to a child.
func intoOurs(tb testing.TB, series, keeps string) (time.Duration, figures) {
	tb.Helper()
	child := startIntake(tb, tb.TempDir(), keeps)
	took := send(tb, series, "MEDHIVE", child.port)
	f := child.stop(tb)
	if f.Objects != ct500Slices {
		tb.Fatalf("%d objects received, want %d", f.Objects, ct500Slices)
	}
	return took, f
}

func intoStoreSCP(tb testing.TB, series string) time.Duration {
	tb.Helper()
	server := peers.StoreSCP(tb)
	took := send(tb, series, server.AETitle, strconv.Itoa(server.Port))
	if got := len(server.Files(tb)); got != ct500Slices {
		tb.Fatalf("storescp has %d files, want %d", got, ct500Slices)
	}
	server.Stop()
	return took
}

func middle(took []time.Duration) float64 {
	slices.Sort(took)
	return float64(took[len(took)/2].Microseconds()) / 1000
}

// BenchmarkIntakeCT500 sends 500 slices by dcmsend into our server with the real inbox, which
// makes each durable before it answers, and into dcmtk's storescp, which makes none. Beside
// it: our server with plain files, durable and not, so that the share of fsync is seen.
func BenchmarkIntakeCT500(b *testing.B) {
	series := writeCT500(b)
	for range b.N {
		var ours, theirs, files, synced []time.Duration
		for range ct500Turns {
			theirs = append(theirs, intoStoreSCP(b, series))
			took, _ := intoOurs(b, series, keepsInbox)
			ours = append(ours, took)
			took, _ = intoOurs(b, series, keepsFiles)
			files = append(files, took)
			took, _ = intoOurs(b, series, keepsSynced)
			synced = append(synced, took)
		}
		b.ReportMetric(middle(ours), "value")
		b.ReportMetric(middle(theirs), "against")
		b.ReportMetric(middle(files), "ms/filesUnsynced")
		b.ReportMetric(middle(synced), "ms/filesSynced")
	}
}

// BenchmarkIntakeCT500Memory is the most that the receiving process ever has resident.
func BenchmarkIntakeCT500Memory(b *testing.B) {
	series := writeCT500(b)
	for range b.N {
		_, f := intoOurs(b, series, keepsInbox)
		b.ReportMetric(float64(f.PeakBytes)/1e6, "value")
		b.ReportMetric(memoryLimitMB, "against")
	}
}
