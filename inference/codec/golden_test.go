package codec_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference/codec"
)

// The golden list is rewritten on a machine that has gdcm's tools:
//
//	go test ./inference/codec -run TestLosslessLikeGDCM -update
var update = flag.Bool("update", false, "rewrite the golden digests with gdcmconv")

// The golden lists. Lossless frames have the digests of what gdcm decodes. Lossy ones
// have the digests of what we decode, which is the same on every machine, and how far
// that was from gdcm when the list was made.
const (
	goldenLossless = "testdata/lossless.txt"
	goldenLossy    = "testdata/lossy.txt"
)

// Every losslessly compressed frame of the real files comes out as gdcmconv --raw
// writes it, bit by bit.
func TestLosslessLikeGDCM(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	checkGolden(t, goldenLossless)
}

// Every lossy frame of the real files is as near to gdcm's as the golden list says.
func TestLossyNearGDCM(t *testing.T) { checkGolden(t, goldenLossy) }

// checkGolden decodes the frames of a list and compares their digests.
func checkGolden(t *testing.T, path string) {
	t.Helper()
	list, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	count, name := 0, ""
	var c compressed
	for lines := bufio.NewScanner(list); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Fields(lines.Text())
		if fields[0] != name {
			name = fields[0]
			c = loadReal(t, name)
		}
		number, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		count++
		pixels, out, err := codec.Decode(c.syntax, c.frame, c.frames[number])
		if err != nil {
			t.Errorf("%s, frame %d: %v", name, number, err)
			continue
		}
		if len(pixels) != out.Bytes() {
			t.Errorf("%s, frame %d: %d bytes; want %d", name, number, len(pixels), out.Bytes())
		}
		if digestOf(pixels) != fields[2] {
			t.Errorf("%s, frame %d: pixels differ from the golden ones (%+v)", name, number, out)
		}
	}
	if count == 0 {
		t.Error("the golden list is empty")
	}
}

func digestOf(pixels []byte) string {
	sum := sha256.Sum256(pixels)
	return hex.EncodeToString(sum[:])
}

// writeGolden decodes every compressed real file with gdcmconv.
func writeGolden(t *testing.T) {
	var lossless, lossy []string
	for set, folder := range realFiles(t) {
		err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".dcm") {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			c, err := parseCompressed(raw)
			if err != nil || !codec.Supported(c.syntax) {
				return nil
			}
			rel, err := filepath.Rel(folder, path)
			if err != nil {
				return err
			}
			native := referenceNative(t, path, c)
			size := c.frame.Bytes()
			if len(native) < size*len(c.frames) {
				t.Logf("%s: gdcm gives %d bytes of %d", rel, len(native), size*len(c.frames))
				return nil
			}
			for n, data := range c.frames {
				want := native[n*size : (n+1)*size]
				line := fmt.Sprintf("%s/%s %d ", set, rel, n)
				if !isLossy(c, data) {
					lossless = append(lossless, line+digestOf(want))
					continue
				}
				pixels, _, err := codec.Decode(c.syntax, c.frame, data)
				if err != nil {
					return fmt.Errorf("%s: %w", rel, err)
				}
				f := c.frame // gdcm leaves lossy YBR as it is
				if strings.HasPrefix(f.Photometric, "YBR_FULL") {
					f.Photometric = "YBR_FULL"
					codec.RGB(f, want)
				}
				most, share := difference(t, pixels, want, f)
				if most > roundingOf(f) {
					t.Errorf("%s: frame %d differs from gdcm's by up to %d", rel, n, most)
				}
				lossy = append(lossy, line+fmt.Sprintf("%s %d %.2f%%", digestOf(pixels), most, 100*share))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	writeList(t, goldenLossless, "sha256 of native frames as gdcmconv --raw (gdcm 3.0.21; dcmdrle for RLE in colour with 16 or 32 bits) writes them: file, frame, digest", lossless)
	writeList(t, goldenLossy, "native frames: file, frame, sha256, largest difference from gdcmconv --raw (gdcm 3.0.21; YBR turned into RGB), share of samples that differ", lossy)
}

func writeList(t *testing.T, path, head string, lines []string) {
	t.Helper()
	slices.Sort(lines)
	if err := os.WriteFile(path, []byte("# "+head+"\n"+strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// isLossy says whether decoders may round differently: JPEG's cosine transform and
// JPEG 2000's irreversible wavelet (the transformation byte of COD, T.800 A.6.1).
func isLossy(c compressed, data []byte) bool {
	switch c.syntax {
	case codec.JPEGBaseline, codec.JPEGExtended:
		return true
	case codec.JPEG2000, codec.JPEG2000LosslessOnly:
		cod := bytes.Index(data, []byte{0xFF, 0x52})
		return cod >= 0 && cod+13 < len(data) && data[cod+13] == 0
	}
	return false
}

// referenceNative gives the native pixels of a file as gdcm decodes them. gdcm 3.0.21
// mixes up the bytes of RLE in colour with more than 8 bits, or refuses it; dcmtk's
// dcmdrle does those.
func referenceNative(t testing.TB, path string, c compressed) []byte {
	t.Helper()
	dir := t.TempDir()
	native, pixels := filepath.Join(dir, "native.dcm"), filepath.Join(dir, "pixels")
	decode := []string{"gdcmconv", "--raw", path, native}
	if c.syntax == codec.RLELossless && c.frame.Samples == 3 && c.frame.Allocated > 8 {
		decode = []string{"dcmdrle", path, native}
	}
	for _, command := range [][]string{
		decode,
		{"gdcmraw", "-i", native, "-o", pixels},
	} {
		var stderr bytes.Buffer
		cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			t.Logf("%s of %s: %v: %s", command[0], filepath.Base(path), err, stderr.Bytes())
			return nil
		}
	}
	raw, err := os.ReadFile(pixels)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
