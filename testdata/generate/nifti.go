package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// scan is a volume in NIfTI order: x fastest, x to the patient's right, y
// anterior, z superior (RAS), voxels of one size, no rotation.
type scan struct {
	size   [3]int
	mm     float64    // edge of a voxel
	origin [3]float64 // RAS position in mm of the centre of voxel (0,0,0)
	voxels []uint8
}

// readNIfTI reads the one file that this command accepts: NIfTI-1, uint8, sform
// with unit diagonal (nifti1.h, fields sform_code and srow_x…srow_z).
func readNIfTI(packed []byte) (scan, error) {
	unpacker, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return scan{}, fmt.Errorf("unpack source: %w", err)
	}
	data, err := io.ReadAll(unpacker)
	if err != nil {
		return scan{}, fmt.Errorf("unpack source: %w", err)
	}
	le := binary.LittleEndian
	float := func(at int) float64 { return float64(math.Float32frombits(le.Uint32(data[at:]))) }
	if len(data) < 352 || string(data[344:347]) != "n+1" || le.Uint16(data[70:]) != 2 || le.Uint16(data[254:]) == 0 {
		return scan{}, errors.New("source is not a NIfTI-1 file of uint8 with an sform")
	}
	s := scan{mm: float(280)}
	for axis := range 3 {
		s.size[axis] = int(le.Uint16(data[42+2*axis:]))
		for column := range 3 {
			want := 0.0
			if column == axis {
				want = s.mm
			}
			if float(280+16*axis+4*column) != want {
				return scan{}, errors.New("source has a rotated or unequal sform")
			}
		}
		s.origin[axis] = float(280 + 16*axis + 12)
	}
	s.voxels = data[int(float(108)):]
	if len(s.voxels) != s.size[0]*s.size[1]*s.size[2] {
		return scan{}, errors.New("source has another number of voxels than its header says")
	}
	return s, nil
}

func (s scan) at(x, y, z int) uint8 { return s.voxels[(z*s.size[1]+y)*s.size[0]+x] }

// halved averages blocks of 2×2×2 voxels; the origin moves by half a voxel.
func (s scan) halved() scan {
	h := scan{mm: 2 * s.mm}
	for axis := range 3 {
		h.size[axis] = s.size[axis] / 2
		h.origin[axis] = s.origin[axis] + s.mm/2
	}
	for z := range h.size[2] {
		for y := range h.size[1] {
			for x := range h.size[0] {
				sum := 0
				for n := range 8 {
					sum += int(s.at(2*x+n&1, 2*y+n>>1&1, 2*z+n>>2))
				}
				h.voxels = append(h.voxels, uint8((sum+4)/8))
			}
		}
	}
	return h
}

// cropped keeps size voxels from the given corner on.
func (s scan) cropped(from, size [3]int) scan {
	c := scan{size: size, mm: s.mm}
	for axis := range 3 {
		c.origin[axis] = s.origin[axis] + float64(from[axis])*s.mm
	}
	for z := range size[2] {
		for y := range size[1] {
			for x := range size[0] {
				c.voxels = append(c.voxels, s.at(from[0]+x, from[1]+y, from[2]+z))
			}
		}
	}
	return c
}

// airBelow is the value under which a voxel that touches the outside through
// others like it counts as air. The source holds scanner noise there; a scanner's
// own background filter would have removed it. Of the 1,737,193 voxels of
// mricron-data's brain mask (ch2bet) 1,942 change, at its rim.
const airBelow = 26

// withoutAirNoise sets air connected to the volume's border to zero, as noise
// there is what compresses worst.
func (s scan) withoutAirNoise() scan {
	out := scan{size: s.size, mm: s.mm, origin: s.origin, voxels: append([]uint8(nil), s.voxels...)}
	seen := make([]bool, len(s.voxels))
	var open []int
	visit := func(x, y, z int) {
		if x < 0 || y < 0 || z < 0 || x >= s.size[0] || y >= s.size[1] || z >= s.size[2] {
			return
		}
		if n := (z*s.size[1]+y)*s.size[0] + x; !seen[n] && s.voxels[n] < airBelow {
			seen[n] = true
			open = append(open, n)
		}
	}
	for z := range s.size[2] {
		for y := range s.size[1] {
			for x := range s.size[0] {
				if x == 0 || y == 0 || z == 0 || x == s.size[0]-1 || y == s.size[1]-1 || z == s.size[2]-1 {
					visit(x, y, z)
				}
			}
		}
	}
	for len(open) > 0 {
		n := open[len(open)-1]
		open = open[:len(open)-1]
		out.voxels[n] = 0
		x, y, z := n%s.size[0], n/s.size[0]%s.size[1], n/(s.size[0]*s.size[1])
		visit(x-1, y, z)
		visit(x+1, y, z)
		visit(x, y-1, z)
		visit(x, y+1, z)
		visit(x, y, z-1)
		visit(x, y, z+1)
	}
	return out
}
