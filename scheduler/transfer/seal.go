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
	// manifestVersion of this format.
	manifestVersion = 1
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
	PlainBytes int64
	Chunks     []models.Digest // SHA-256 of each ciphertext chunk
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
	x := &wire.Manifest{Version: manifestVersion, PlainBytes: uint64(m.PlainBytes), ChunkBytes: ChunkBytes}
	for _, c := range m.Chunks {
		x.Sha256 = append(x.Sha256, c[:])
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
	if x.Version != manifestVersion || x.ChunkBytes != ChunkBytes {
		return Manifest{}, fmt.Errorf("manifest version %d with chunks of %d bytes, want %d and %d: %w", x.Version, x.ChunkBytes, manifestVersion, ChunkBytes, ErrManifest)
	}
	if maxPlain >= 0 && x.PlainBytes > uint64(maxPlain) {
		return Manifest{}, fmt.Errorf("%d bytes, the limit is %d: %w", x.PlainBytes, maxPlain, ErrTooLarge)
	}
	m := Manifest{PlainBytes: int64(x.PlainBytes)}
	if n := chunksFor(m.PlainBytes); m.PlainBytes < 0 || n != int64(len(x.Sha256)) || n > MaxChunks {
		return Manifest{}, fmt.Errorf("%d chunks for %d bytes: %w", len(x.Sha256), x.PlainBytes, ErrManifest)
	}
	m.Chunks = make([]models.Digest, len(x.Sha256))
	for n, h := range x.Sha256 {
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
	if chunksFor(int64(len(plain))) > MaxChunks {
		return Manifest{}, fmt.Errorf("seal %d bytes: %w", len(plain), ErrTooLarge)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{PlainBytes: int64(len(plain)), Chunks: make([]models.Digest, chunksFor(int64(len(plain))))}
	buf := make([]byte, 0, ChunkBytes+tagBytes)
	for n := range m.Chunks {
		from := n * ChunkBytes
		part := plain[from:min(from+ChunkBytes, len(plain))]
		sealed := aead.Seal(buf[:0], nonceOf(n), part, aadOf(purpose, task, n, n == len(m.Chunks)-1))
		m.Chunks[n] = models.DigestOf(sealed)
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
	if models.DigestOf(sealed) != o.manifest.Chunks[n] {
		return dst, fmt.Errorf("chunk %d of %d: %w", n+1, len(o.manifest.Chunks), ErrTampered)
	}
	plain, err := o.aead.Open(dst, nonceOf(n), sealed, aadOf(o.purpose, o.task, n, n == len(o.manifest.Chunks)-1))
	if err != nil {
		return dst, fmt.Errorf("chunk %d of %d: %w", n+1, len(o.manifest.Chunks), ErrWrongKey)
	}
	return plain, nil
}
