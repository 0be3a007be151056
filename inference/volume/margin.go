package volume

// MarkUnsure marks the voxels whose two largest scores are closer than margin: where two
// providers that compute alike up to rounding may choose different labels. scores are
// [channel][voxel]; with a single channel nothing is unsure.
func MarkUnsure(out []bool, scores []float32, channels int, margin float32) {
	n := len(out)
	if channels < 2 || len(scores) != n*channels {
		clear(out)
		return
	}
	spread(n, func(from, to int) {
		for i := from; i < to; i++ {
			best, second := scores[i], scores[n+i]
			if second > best {
				best, second = second, best
			}
			for c := 2; c < channels; c++ {
				if s := scores[c*n+i]; s > best {
					best, second = s, best
				} else if s > second {
					second = s
				}
			}
			out[i] = !(best-second >= margin) // NaN is unsure
		}
	})
}
