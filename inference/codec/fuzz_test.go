package codec_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference/codec"
	"github.com/medhive/medhive/inference/codec/jpeg"
	"github.com/medhive/medhive/inference/codec/jpeg2000"
	"github.com/medhive/medhive/inference/codec/jpegls"
	"github.com/medhive/medhive/inference/codec/raster"
	"github.com/medhive/medhive/inference/codec/rle"
)

// The fuzz targets call the decoders beneath codec.Decode, which would hide a panic.
// Seeds are the codestreams of testdata/streams.

func FuzzRLE(f *testing.F) {
	grey := raster.Want{Width: 5, Height: 3, Components: 1, Cell: 2}
	f.Add(packRLE(bytes.Repeat([]byte{1, 0, 2, 0, 2, 0}, 5), grey), uint8(5), uint8(3), uint8(0), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, width, height, components, cell uint8) {
		holdsBounds(t, rle.Decode, wantOf(width, height, components, cell), data)
	})
}

func FuzzJPEG(f *testing.F) {
	seedStreams(f, ".jpg")
	f.Fuzz(func(t *testing.T, data []byte, width, height, components, cell uint8) {
		holdsBounds(t, func(want raster.Want, data []byte) (raster.Got, error) {
			return jpeg.Decode(want, width&1 == 0, data)
		}, wantOf(width, height, components, cell), data)
	})
}

func FuzzJPEGLS(f *testing.F) {
	seedStreams(f, ".jls")
	f.Fuzz(func(t *testing.T, data []byte, width, height, components, cell uint8) {
		holdsBounds(t, jpegls.Decode, wantOf(width, height, components, cell), data)
	})
}

func FuzzJ2K(f *testing.F) {
	seedStreams(f, ".j2k")
	seedStreams(f, ".jp2")
	small := thin()
	small.header = segmentOf(markerPOC, bytes.Repeat(order(0, 0, 1, 2, 1, 3), 1000)...)
	f.Add(small.bytes(), uint8(small.edge), uint8(small.edge), uint8(0), uint8(0))
	tiles := drawnUp{edge: 16, tile: 1, components: 1, packets: 1, header: segmentOf(markerPOC, bytes.Repeat(order(0, 0, 1, 1, 1, 0), 1000)...)}
	f.Add(tiles.bytes(), uint8(tiles.edge), uint8(tiles.edge), uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, width, height, components, cell uint8) {
		holdsBounds(t, jpeg2000.Decode, wantOf(width, height, components, cell), data)
	})
}

func seedStreams(f *testing.F, ending string) {
	for _, s := range streams(f) {
		if strings.HasSuffix(s.name, ending) {
			f.Add(s.data, uint8(s.frame.Columns), uint8(s.frame.Rows), uint8(s.frame.Samples/2), uint8(s.frame.Allocated/8-1))
		}
	}
}

// wantOf makes a picture that may be asked for from any numbers.
func wantOf(width, height, components, cell uint8) raster.Want {
	return raster.Want{
		Width: 1 + int(width-1), Height: 1 + int(height-1),
		Components: []int{1, 3}[components%2], Cell: []int{1, 2, 4}[cell%3],
	}
}

// holdsBounds checks what every decoder promises for any input.
func holdsBounds(t *testing.T, decode func(raster.Want, []byte) (raster.Got, error), want raster.Want, data []byte) {
	t.Helper()
	before := allocated()
	got, err := decode(want, data)
	// The constant is the decoders' tables and the room of one code-block.
	if used, most := allocated()-before, uint64(1<<20+64*want.Bytes()+64*len(data)); used > most {
		t.Errorf("%d bytes allocated for a picture of %d bytes from %d bytes", used, want.Bytes(), len(data))
	}
	if most := mostSteps(want, data); got.Steps > most {
		t.Errorf("%d steps for a picture of %d bytes from %d bytes", got.Steps, want.Bytes(), len(data))
	}
	if err != nil {
		if !errors.Is(err, codec.ErrDamaged) && !errors.Is(err, codec.ErrUnsupported) {
			t.Errorf("error of no kind: %v", err)
		}
		return
	}
	if len(got.Pixels) != want.Bytes() {
		t.Errorf("%d bytes; want %d", len(got.Pixels), want.Bytes())
	}
	again, err := decode(want, data)
	if err != nil || !bytes.Equal(again.Pixels, got.Pixels) {
		t.Error("decoding again gives other pixels")
	}
}

// allocated is what this process has allocated so far, in bytes.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
