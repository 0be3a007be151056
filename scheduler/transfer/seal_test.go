package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/medhive/medhive/models"
)

func TestSealFromIsSeal(t *testing.T) {
	for _, size := range []int{0, 1, ChunkBytes - 1, ChunkBytes, ChunkBytes + 1, 3*ChunkBytes + 7} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			plain := random(t, size)
			m, key, sealed := sealedPayload(t, plain)
			var streamed bytes.Buffer
			got, err := SealFrom(&streamed, iotest.HalfReader(bytes.NewReader(plain)), int64(size), Payload, task, key)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(streamed.Bytes(), sealed) || fmt.Sprint(got) != fmt.Sprint(m) {
				t.Error("the stream was sealed otherwise than the bytes")
			}
		})
	}
}

func TestSealFromRefuses(t *testing.T) {
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("disk gone")
	plain := random(t, ChunkBytes+10)
	for name, c := range map[string]struct {
		r    io.Reader
		size int64
		want error // nil: any
	}{
		"fewer bytes":   {bytes.NewReader(plain), ChunkBytes + 11, io.ErrUnexpectedEOF},
		"no bytes":      {bytes.NewReader(nil), 1, io.EOF},
		"more bytes":    {bytes.NewReader(plain), ChunkBytes + 9, nil},
		"broken reader": {iotest.ErrReader(broken), 10, broken},
		"broken end":    {io.MultiReader(bytes.NewReader(plain), iotest.ErrReader(broken)), ChunkBytes + 10, broken},
		"negative":      {bytes.NewReader(nil), -1, ErrTooLarge},
		"too large":     {bytes.NewReader(nil), MaxChunks*ChunkBytes + 1, ErrTooLarge},
	} {
		m, err := SealFrom(io.Discard, c.r, c.size, Payload, task, key)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || m.Chunks != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := SealFrom(writer(func([]byte) (int, error) { return 0, broken }), bytes.NewReader(plain), int64(len(plain)), Payload, task, key); !errors.Is(err, broken) {
		t.Errorf("broken writer: %v", err)
	}
}

// TestManifestOfVersionOne is what older clinics have on their disks: SHA-256.
func TestManifestOfVersionOne(t *testing.T) {
	plain := random(t, 2*ChunkBytes+3)
	m, key, sealed := sealedPayload(t, plain)
	if m.Version != versionBLAKE3 {
		t.Fatalf("sealed as version %d", m.Version)
	}
	m.Version = versionSHA256
	for n := range m.Chunks {
		m.Chunks[n] = models.DigestOf(sealed[m.Offset(n) : m.Offset(n)+int64(m.Size(n))])
	}
	encoded, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := DecodeManifest(encoded, -1)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := collect(bytes.NewReader(sealed), opener(t, decoded, Payload, task, key))
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%d of %d bytes: %v", len(got), len(plain), err)
	}
	decoded.Version = versionBLAKE3
	if _, _, err := collect(bytes.NewReader(sealed), opener(t, decoded, Payload, task, key)); !errors.Is(err, ErrTampered) {
		t.Errorf("hashes of one kind passed as the other: %v", err)
	}
	decoded.Version = versionBLAKE3 + 1
	if encoded, err = decoded.Encode(); err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeManifest(encoded, -1); !errors.Is(err, ErrManifest) {
		t.Errorf("a version of the future: %v", err)
	}
}
