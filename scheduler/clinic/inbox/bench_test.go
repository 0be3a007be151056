package inbox

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkReceive takes in CT slices of 512 × 512 by one sender, each safe before the next
// comes. files-synced and files are what the disk needs for the same bytes in files of their
// own, with and without a sync of each.
func BenchmarkReceive(b *testing.B) {
	pixels := bytes.Repeat([]byte{1, 2, 3, 4}, 512*512*2/4)
	b.Run("inbox", func(b *testing.B) {
		box := openInbox(b, b.TempDir(), Config{MaxInstances: 1 << 30})
		b.SetBytes(int64(len(pixels)))
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			s := ct("1.2.840.777.1", n)
			s.pixels = pixels
			b.StopTimer()
			data := s.dataset(explicitLE)
			b.StartTimer()
			if _, err := box.Receive(context.Background(), Origin{Way: WayDIMSE}, s.instance(explicitLE), bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, sync := range []bool{true, false} {
		b.Run(map[bool]string{true: "files-synced", false: "files"}[sync], func(b *testing.B) {
			folder := b.TempDir()
			b.SetBytes(int64(len(pixels)))
			for n := 0; b.Loop(); n++ {
				f, err := os.Create(filepath.Join(folder, fmt.Sprint(n)))
				if err == nil {
					_, err = f.Write(pixels)
				}
				if err == nil && sync {
					err = f.Sync()
				}
				if err != nil {
					b.Fatal(err)
				}
				if err := f.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
