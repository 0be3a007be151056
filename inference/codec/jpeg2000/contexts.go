package jpeg2000

// Subbands by what they hold across and down: low or high frequencies.
const (
	bandLL = iota
	bandHL // high across
	bandLH // high down
	bandHH
)

// zeroContexts maps the eight neighbours of a coefficient (see tier1) to the context
// of its significance, for each kind of subband (T.800 table D.1).
var zeroContexts = makeZeroContexts()

func makeZeroContexts() (table [4][512]uint8) {
	for n := range 512 {
		bit := func(at int) int { return n >> at & 1 }
		across, down := bit(3)+bit(5), bit(1)+bit(7)
		diagonal := bit(0) + bit(2) + bit(6) + bit(8)
		table[bandLL][n] = zeroContext(across, down, diagonal)
		table[bandLH][n] = table[bandLL][n]
		table[bandHL][n] = zeroContext(down, across, diagonal)
		table[bandHH][n] = zeroContextHH(across+down, diagonal)
	}
	return table
}

func zeroContext(h, v, d int) uint8 {
	switch {
	case h == 2:
		return 8
	case h == 1 && v >= 1:
		return 7
	case h == 1 && d >= 1:
		return 6
	case h == 1:
		return 5
	case v == 2:
		return 4
	case v == 1:
		return 3
	}
	return uint8(min(d, 2))
}

func zeroContextHH(straight, d int) uint8 {
	switch {
	case d >= 3:
		return 8
	case d == 2:
		return uint8(6 + min(straight, 1))
	case d == 1:
		return uint8(3 + min(straight, 2))
	}
	return uint8(min(straight, 2))
}

// signContexts maps the index that tier1.sign makes to twice the context of the sign,
// plus one where the decoded bit is inverted (T.800 tables D.2 and D.3).
var signContexts = makeSignContexts()

func makeSignContexts() (table [256]uint8) {
	contexts := [3][3]uint8{ // [across+1][down+1], in twice the context plus inversion
		{2*13 + 1, 2*12 + 1, 2*11 + 1},
		{2*10 + 1, 2 * 9, 2 * 10},
		{2 * 11, 2 * 12, 2 * 13},
	}
	for n := range 256 {
		part := func(at int) int { // 1 where significant and positive, -1 where negative
			if n>>(at+1)&1 == 0 {
				return 0
			}
			return 1 - 2*(n>>at&1)
		}
		within := func(v int) int { return min(max(v, -1), 1) }
		down, across := within(part(0)+part(6)), within(part(2)+part(4))
		table[n] = contexts[across+1][down+1]
	}
	return table
}
