package jpeg

// upsampler gives the lines of a component at the picture's full size. Components at
// half width, half height or both are interpolated with weights 3 and 1: the centres
// of the coarse samples lie a quarter away. T.81 leaves the filter open; IJG's library,
// which gdcm and dcmtk use, takes this one. Other ratios are repeated.
type upsampler struct {
	c          *component
	hMax, vMax int
	halfWidth  bool
	halfHeight bool
	sums       []int32 // one line between two coarse ones, times 4 where halfHeight
}

func newUpsampler(c *component, hMax, vMax int) upsampler {
	u := upsampler{c: c, hMax: hMax, vMax: vMax}
	u.halfWidth = hMax == 2*c.h && (vMax == c.v || vMax == 2*c.v) && c.width > 2
	u.halfHeight = vMax == 2*c.v && (hMax == c.h || u.halfWidth)
	if u.halfWidth || u.halfHeight {
		u.sums = make([]int32, c.width)
	}
	return u
}

// line writes line y of the picture.
func (u *upsampler) line(out []uint16, y int) {
	c := u.c
	switch {
	case u.halfHeight:
		u.between(y)
	case u.halfWidth:
		for x, v := range c.samples[y*c.stride : y*c.stride+c.width] {
			u.sums[x] = int32(v)
		}
	default:
		from := c.samples[y*c.v/u.vMax*c.stride:]
		if c.h == u.hMax {
			copy(out, from)
			return
		}
		for x := range out {
			out[x] = from[x*c.h/u.hMax]
		}
		return
	}
	// The biases alternate, so that rounding has no direction.
	switch {
	case u.halfWidth && u.halfHeight:
		u.widen(out, 8, 7, 4)
	case u.halfWidth:
		u.widen(out, 1, 2, 2)
	default:
		bias := int32(1 + y&1)
		for x := range out {
			out[x] = uint16((u.sums[x] + bias) >> 2)
		}
	}
}

// between fills sums with 3 parts of the nearer coarse line and one of the other. The
// padding below the picture is the encoder's; the last line is repeated instead, as
// the first one is above.
func (u *upsampler) between(y int) {
	c, near := u.c, y/2
	far := min(max(near-1+2*(y&1), 0), c.height-1)
	a, b := c.samples[near*c.stride:][:c.width], c.samples[far*c.stride:][:c.width]
	for x := range u.sums {
		u.sums[x] = 3*int32(a[x]) + int32(b[x])
	}
}

// widen doubles the width of sums; shift divides by the sum of all weights.
func (u *upsampler) widen(out []uint16, even, odd int32, shift uint) {
	last := len(u.sums) - 1
	for x := range out {
		at := x / 2
		other := at - 1
		bias := even
		if x&1 == 1 {
			other, bias = at+1, odd
		}
		other = min(max(other, 0), last)
		out[x] = uint16((3*u.sums[at] + u.sums[other] + bias) >> shift)
	}
}
