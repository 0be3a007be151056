// Package transfer moves a payload that nobody on the way can read: chunks of
// AES-256-GCM under a key that serves one task once, a manifest of ciphertext
// hashes whose CIDv1 is the payload's address, ranges over a stream with resume,
// and HPKE for the keys. In: plaintext and keys of one side. Out: ciphertext on
// disk and on streams, plaintext only in memory. It never decides who may fetch.
package transfer

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/transfer/chunkhash"
	"github.com/medhive/medhive/scheduler/wire"
)

const (
	// ChunkBytes is the plaintext size of every chunk but the last.
	ChunkBytes = 1 << 20
	// tagBytes is what AES-GCM adds to each chunk.
	tagBytes = 16
	// MaxManifestBytes bounds an encoded manifest: hashes of 8,192 chunks, 8 GiB.
	MaxManifestBytes = 320 << 10
	// MaxChunks follows from MaxManifestBytes.
	MaxChunks = 8192
	// versionSHA256 and versionBLAKE3 of a manifest differ in the chunks' hash. SHA-256
	// makes 2.1 GB/s on a core that has its instructions, BLAKE3 as chunkhash has it 9:
	// 1.8 and 1.4 s of processor time for 1 GiB, both sides and the stream together.
	versionSHA256, versionBLAKE3 = 1, 2
)

// Errors that name what is wrong with a transfer. None is cured by a retry of the
// same bytes.
var (
	ErrTampered  = errors.New("a chunk is not the one that the manifest names; ask the sender again from its disk")
	ErrWrongKey  = errors.New("the key does not open this payload")
	ErrTruncated = errors.New("the stream ended before the last chunk; resume from the chunk that is missing")
	ErrManifest  = errors.New("the manifest is not valid")
	ErrTooLarge  = errors.New("the payload is larger than this machine takes")
)

// Key is a content key. It seals one payload and nothing else, so a chunk's index
// can be its nonce.
type Key [32]byte

// NewKey draws a content key.
func NewKey() (Key, error) {
	var k Key
	if _, err := rand.Read(k[:]); err != nil {
		return k, fmt.Errorf("draw content key: %w", err)
	}
	return k, nil
}

// Purpose keeps a task's payload and its result apart under AAD.
type Purpose byte

// The purposes.
const (
	Payload Purpose = 'p'
	Result  Purpose = 'r'
)

// Manifest lists the ciphertext's chunks. PlainBytes is the plaintext's size.
type Manifest struct {
	Version    uint32 // 1: the hash is SHA-256; 2: BLAKE3, 32 bytes of it
	PlainBytes int64
	Chunks     []models.Digest // the hash of each ciphertext chunk
}

// sum is the hash of a ciphertext chunk.
func (m Manifest) sum(sealed []byte) models.Digest {
	if m.Version == versionSHA256 {
		return models.DigestOf(sealed)
	}
	return chunkhash.Sum(sealed)
}

// chunksFor is how many chunks a plaintext has; an empty one has one empty chunk.
func chunksFor(plainBytes int64) int64 { return max(1, (plainBytes+ChunkBytes-1)/ChunkBytes) }

// Size is the ciphertext size of chunk n.
func (m Manifest) Size(n int) int {
	if n < len(m.Chunks)-1 {
		return ChunkBytes + tagBytes
	}
	return int(m.PlainBytes-int64(n)*ChunkBytes) + tagBytes
}

// Offset is where chunk n starts in the ciphertext.
func (m Manifest) Offset(n int) int64 { return int64(n) * (ChunkBytes + tagBytes) }

// CipherBytes is the whole ciphertext's size.
func (m Manifest) CipherBytes() int64 { return m.PlainBytes + int64(len(m.Chunks))*tagBytes }

// Encode is the manifest's canonical form, which its CID hashes.
func (m Manifest) Encode() ([]byte, error) {
	x := &wire.Manifest{Version: m.Version, PlainBytes: uint64(m.PlainBytes), ChunkBytes: ChunkBytes}
	for _, c := range m.Chunks {
		x.Hashes = append(x.Hashes, c[:])
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(x)
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return data, nil
}

// DecodeManifest reads a manifest of at most maxPlain bytes of plaintext and
// checks that its sizes and its number of chunks belong together.
func DecodeManifest(data []byte, maxPlain int64) (Manifest, error) {
	if len(data) > MaxManifestBytes {
		return Manifest{}, fmt.Errorf("manifest of %d bytes, the limit is %d: %w", len(data), MaxManifestBytes, ErrManifest)
	}
	x := &wire.Manifest{}
	if err := proto.Unmarshal(data, x); err != nil {
		return Manifest{}, fmt.Errorf("parse manifest: %w", ErrManifest)
	}
	if x.Version != versionSHA256 && x.Version != versionBLAKE3 {
		return Manifest{}, fmt.Errorf("manifest of version %d, this program knows %d and %d; one side needs an update: %w", x.Version, versionSHA256, versionBLAKE3, ErrManifest)
	}
	if x.ChunkBytes != ChunkBytes {
		return Manifest{}, fmt.Errorf("manifest with chunks of %d bytes, want %d: %w", x.ChunkBytes, ChunkBytes, ErrManifest)
	}
	if maxPlain >= 0 && x.PlainBytes > uint64(maxPlain) {
		return Manifest{}, fmt.Errorf("%d bytes, the limit is %d: %w", x.PlainBytes, maxPlain, ErrTooLarge)
	}
	m := Manifest{Version: x.Version, PlainBytes: int64(x.PlainBytes)}
	if n := chunksFor(m.PlainBytes); m.PlainBytes < 0 || n != int64(len(x.Hashes)) || n > MaxChunks {
		return Manifest{}, fmt.Errorf("%d chunks for %d bytes: %w", len(x.Hashes), x.PlainBytes, ErrManifest)
	}
	m.Chunks = make([]models.Digest, len(x.Hashes))
	for n, h := range x.Hashes {
		if len(h) != len(models.Digest{}) {
			return Manifest{}, fmt.Errorf("hash of chunk %d has %d bytes: %w", n+1, len(h), ErrManifest)
		}
		m.Chunks[n] = models.Digest(h)
	}
	return m, nil
}

// CID addresses a ciphertext: CIDv1, raw codec, SHA-256 of the encoded manifest.
func CID(manifest []byte) string {
	sum := sha256.Sum256(manifest)
	hash, err := multihash.Encode(sum[:], multihash.SHA2_256)
	if err != nil {
		return "" // SHA2_256 is a known code: Encode has no other error
	}
	return cid.NewCidV1(cid.Raw, hash).String()
}

// RequestHash is the digest inside the payload's CID: what a receipt calls the
// request. It commits to every byte of the sealed payload.
func RequestHash(manifest []byte) models.Digest { return models.DigestOf(manifest) }

func newAEAD(key Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("content key: %w", err)
	}
	return cipher.NewGCM(block)
}

// nonceOf is the chunk's index; the key is never used for a second payload.
func nonceOf(n int) []byte {
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[4:], uint64(n))
	return nonce
}

// aadOf binds a chunk to its task, purpose, place and whether it is the last, so
// that chunks can't be swapped, dropped from the end or moved to another task.
func aadOf(purpose Purpose, task models.Digest, n int, last bool) []byte {
	aad := make([]byte, 0, len(task)+10)
	aad = append(aad, byte(purpose))
	aad = append(aad, task[:]...)
	aad = binary.BigEndian.AppendUint64(aad, uint64(n))
	if last {
		return append(aad, 1)
	}
	return append(aad, 0)
}

// Seal encrypts plain for task into w, chunk by chunk.
func Seal(w io.Writer, plain []byte, purpose Purpose, task models.Digest, key Key) (Manifest, error) {
	return sealChunks(w, int64(len(plain)), func(from, to int64) ([]byte, error) { return plain[from:to], nil }, purpose, task, key)
}

// SealFrom encrypts size bytes of r for task into w without holding more than two
// chunks of them. A reader with fewer or more bytes is an error, and what was
// written is of no use then.
func SealFrom(w io.Writer, r io.Reader, size int64, purpose Purpose, task models.Digest, key Key) (Manifest, error) {
	var buf []byte
	m, err := sealChunks(w, size, func(from, to int64) ([]byte, error) {
		if buf == nil {
			buf = make([]byte, to-from) // the first chunk is the longest
		}
		_, err := io.ReadFull(r, buf[:to-from])
		return buf[:to-from], err
	}, purpose, task, key)
	defer clear(buf)
	if err != nil {
		return Manifest{}, err
	}
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return Manifest{}, fmt.Errorf("seal %d bytes: there are more of them", size)
	case !errors.Is(err, io.EOF):
		return Manifest{}, fmt.Errorf("seal %d bytes: look for their end: %w", size, err)
	}
	return m, nil
}

// sealChunks seals what chunk gives of a plaintext of size bytes.
func sealChunks(w io.Writer, size int64, chunk func(from, to int64) ([]byte, error), purpose Purpose, task models.Digest, key Key) (Manifest, error) {
	if size < 0 || chunksFor(size) > MaxChunks {
		return Manifest{}, fmt.Errorf("seal %d bytes: %w", size, ErrTooLarge)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{Version: versionBLAKE3, PlainBytes: size, Chunks: make([]models.Digest, chunksFor(size))}
	buf := make([]byte, 0, min(size, ChunkBytes)+tagBytes)
	for n := range m.Chunks {
		from := int64(n) * ChunkBytes
		part, err := chunk(from, min(from+ChunkBytes, size))
		if err != nil {
			return Manifest{}, fmt.Errorf("read chunk %d of %d to seal: %w", n+1, len(m.Chunks), err)
		}
		sealed := aead.Seal(buf, nonceOf(n), part, aadOf(purpose, task, n, n == len(m.Chunks)-1))
		m.Chunks[n] = m.sum(sealed)
		if _, err := w.Write(sealed); err != nil {
			return Manifest{}, fmt.Errorf("seal chunk %d of %d: %w", n+1, len(m.Chunks), err)
		}
	}
	return m, nil
}

// Opener verifies and decrypts the chunks of one manifest.
type Opener struct {
	manifest Manifest
	purpose  Purpose
	task     models.Digest
	aead     cipher.AEAD
}

// NewOpener prepares to open what Seal made for the same purpose, task and key.
func NewOpener(m Manifest, purpose Purpose, task models.Digest, key Key) (*Opener, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return &Opener{manifest: m, purpose: purpose, task: task, aead: aead}, nil
}

// Open appends the plaintext of chunk n to dst. The hash is checked before a byte
// is decrypted: ErrTampered for other bytes, ErrWrongKey for another key, task or
// place.
func (o *Opener) Open(dst []byte, n int, sealed []byte) ([]byte, error) {
	if o.manifest.sum(sealed) != o.manifest.Chunks[n] {
		return dst, fmt.Errorf("chunk %d of %d: %w", n+1, len(o.manifest.Chunks), ErrTampered)
	}
	plain, err := o.aead.Open(dst, nonceOf(n), sealed, aadOf(o.purpose, o.task, n, n == len(o.manifest.Chunks)-1))
	if err != nil {
		return dst, fmt.Errorf("chunk %d of %d: %w", n+1, len(o.manifest.Chunks), ErrWrongKey)
	}
	return plain, nil
}
