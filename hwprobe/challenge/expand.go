package challenge

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Seed is what all numbers of a work follow from. It is drawn when the work begins.
type Seed [32]byte

// source is an endless string of bytes that any part of can be made on its own: AES-256 in
// counter mode over zeros, which every machine of today does in hardware.
type source struct{ block cipher.Block }

// from is the source of one purpose under a seed.
func from(seed Seed, purpose string) source {
	key := sha256.Sum256(append([]byte("medhive/challenge/1/"+purpose+"/"), seed[:]...))
	block, err := aes.NewCipher(key[:])
	if err != nil { // a key of 32 bytes is always one
		panic(fmt.Sprintf("challenge: %v", err))
	}
	return source{block}
}

// read fills dst with the bytes from offset on, which must be a multiple of a block.
func (s source) read(dst []byte, offset uint64) {
	var counter [aes.BlockSize]byte
	binary.BigEndian.PutUint64(counter[8:], offset/aes.BlockSize)
	clear(dst)
	cipher.NewCTR(s.block, counter[:]).XORKeyStream(dst, dst)
}

// weights are the matrices of a work, row-major [in][out]: Layers of Width×Width, and for
// Compute one of Width×outputWidth.
type weights struct {
	work   Work
	layers [][]int8
}

func newWeights(w Work, seed Seed) weights {
	p, _ := profileOf(w.Width)
	stream, offset := from(seed, "weights"), uint64(0)
	made := weights{work: w}
	for layer := range w.Layers + 1 {
		columns := w.Width
		if layer == w.Layers {
			if w.Kind != Compute {
				break
			}
			columns = outputWidth
		}
		raw := make([]byte, w.Width*columns)
		stream.read(raw, offset)
		offset += uint64(len(raw))
		matrix := make([]int8, len(raw))
		spread := 2*p.reach + 1
		for i, b := range raw {
			matrix[i] = int8(int(b)*spread>>8 - p.reach) // a byte's 256 values over −reach to reach
		}
		made.layers = append(made.layers, matrix)
	}
	return made
}

// columns of the matrix of a layer.
func (m weights) columns(layer int) int { return len(m.layers[layer]) / m.work.Width }

// inputs makes the input rows of a work.
type inputs struct {
	stream source
	width  int
}

func newInputs(w Work, seed Seed) inputs { return inputs{from(seed, "rows"), w.Width} }

// rows fills dst, a whole number of rows, from row first on.
func (in inputs) rows(dst []byte, first uint64) { in.stream.read(dst, first*uint64(in.width)) }

// vectorCount is how many vectors the table is multiplied with in one pass.
const vectorCount = 8

// vectors are the Width×vectorCount bytes of one pass, row-major. The first pass's key is
// the nonce that starts the walk; each later key holds what the pass before found, so that
// no two passes can be one.
func vectors(w Work, key [32]byte) []byte {
	made := make([]byte, w.Width*vectorCount)
	from(Seed(key), "vectors").read(made, 0)
	return made
}

func nextKey(key, root [32]byte) [32]byte {
	return sha256.Sum256(append(append([]byte("medhive/challenge/1/pass/"), key[:]...), root[:]...))
}
