package jpeg2000

import "math/bits"

// mq is the arithmetic decoder of T.800 annex C. A run of likely symbols only takes
// from the interval, so bit keeps one number, reserve: how much may be taken before
// the interval needs renormalising or the code leaves the likely part. The registers
// of the standard's flow charts (A, C, CT) are brought up to date when it is used up.
type mq struct {
	reserve  int32
	granted  int32  // reserve after the last update of a and c
	a, c     uint32 // A; Chigh and Clow
	ct       int
	data     []byte // the segment, with two bytes of 0xFF after it
	at       int
	contexts [32]context // 19 are used; 32 need no bounds check
}

// context is the state of one context: the probability estimate Qe and the likely
// symbol, and the states that follow each outcome.
type context struct {
	qe                int32
	likely            uint8
	onLikely, onOther uint8
}

// states is table C.2 of T.800, once for each likely symbol: 2·index + symbol. Its
// length saves a bounds check; 94 entries are used.
var states = makeStates()

func makeStates() (table [256]context) {
	type row struct {
		qe             int32
		likely, other  uint8
		switchesSymbol bool
	}
	rows := [47]row{
		{0x5601, 1, 1, true}, {0x3401, 2, 6, false}, {0x1801, 3, 9, false}, {0x0AC1, 4, 12, false},
		{0x0521, 5, 29, false}, {0x0221, 38, 33, false}, {0x5601, 7, 6, true}, {0x5401, 8, 14, false},
		{0x4801, 9, 14, false}, {0x3801, 10, 14, false}, {0x3001, 11, 17, false}, {0x2401, 12, 18, false},
		{0x1C01, 13, 20, false}, {0x1601, 29, 21, false}, {0x5601, 15, 14, true}, {0x5401, 16, 14, false},
		{0x5101, 17, 15, false}, {0x4801, 18, 16, false}, {0x3801, 19, 17, false}, {0x3401, 20, 18, false},
		{0x3001, 21, 19, false}, {0x2801, 22, 19, false}, {0x2401, 23, 20, false}, {0x2201, 24, 21, false},
		{0x1C01, 25, 22, false}, {0x1801, 26, 23, false}, {0x1601, 27, 24, false}, {0x1401, 28, 25, false},
		{0x1201, 29, 26, false}, {0x1101, 30, 27, false}, {0x0AC1, 31, 28, false}, {0x09C1, 32, 29, false},
		{0x08A1, 33, 30, false}, {0x0521, 34, 31, false}, {0x0441, 35, 32, false}, {0x02A1, 36, 33, false},
		{0x0221, 37, 34, false}, {0x0141, 38, 35, false}, {0x0111, 39, 36, false}, {0x0085, 40, 37, false},
		{0x0049, 41, 38, false}, {0x0025, 42, 39, false}, {0x0015, 43, 40, false}, {0x0009, 44, 41, false},
		{0x0005, 45, 42, false}, {0x0001, 45, 43, false}, {0x5601, 46, 46, false},
	}
	for n, r := range rows {
		for symbol := range uint8(2) {
			other := symbol
			if r.switchesSymbol {
				other = 1 - symbol
			}
			table[2*n+int(symbol)] = context{qe: r.qe, likely: symbol, onLikely: 2*r.likely + symbol, onOther: 2*r.other + other}
		}
	}
	return table
}

// Contexts (T.800 table D.7): 0 to 8 for significance, then these.
const (
	contextSign    = 9
	contextRefine  = 14
	contextRun     = 17
	contextUniform = 18
)

// resetContexts puts every context into its first state (T.800 table D.7).
func (m *mq) resetContexts() {
	for n := range m.contexts {
		m.contexts[n] = states[0]
	}
	m.contexts[0] = states[2*4]
	m.contexts[contextRun] = states[2*3]
	m.contexts[contextUniform] = states[2*46]
}

// start begins a codeword segment (INITDEC, T.800 C.3.5). data ends in 0xFF 0xFF.
func (m *mq) start(data []byte) {
	m.data, m.at = data, 0
	m.c = uint32(data[0]) << 16
	m.byteIn()
	m.c <<= 7
	m.ct -= 7
	m.a = 0x8000
	m.grant()
}

// grant works out the reserve from the registers.
func (m *mq) grant() {
	m.reserve = min(int32(m.a)-0x8000, int32(m.c>>16))
	m.granted = m.reserve
}

// byteIn feeds the code register (BYTEIN, T.800 C.3.4). It stays at the end.
func (m *mq) byteIn() {
	if m.data[m.at] == 0xFF {
		if m.data[m.at+1] > 0x8F {
			m.c += 0xFF00
			m.ct = 8
			return
		}
		m.at++
		m.c += uint32(m.data[m.at]) << 9
		m.ct = 7
		return
	}
	m.at++
	m.c += uint32(m.data[m.at]) << 8
	m.ct = 8
}

// bit decodes one symbol (DECODE, T.800 C.3.2). c is one of m's contexts; naming it
// outside keeps this small enough to be inlined.
func (m *mq) bit(c *context) uint8 {
	if m.reserve -= c.qe; m.reserve < 0 {
		return m.exchange(c)
	}
	return c.likely
}

// exchange is bit where the symbol is an unlikely one or the interval got too small.
func (m *mq) exchange(x *context) uint8 {
	qe := uint32(x.qe)
	spent := uint32(m.granted-m.reserve) - qe
	a, c := m.a-spent-qe, m.c-spent<<16
	symbol := x.likely
	next := x.onLikely
	if c>>16 < qe {
		if a >= qe {
			symbol, next = 1-symbol, x.onOther
		}
		a = qe
	} else {
		c -= qe << 16
		if a < qe {
			symbol, next = 1-symbol, x.onOther
		}
	}
	*x = states[next]
	shift := bits.LeadingZeros16(uint16(a))
	a <<= shift
	for {
		if m.ct == 0 {
			m.c = c
			m.byteIn()
			c = m.c
		}
		step := min(shift, m.ct)
		c <<= step
		m.ct -= step
		shift -= step
		if shift == 0 {
			break
		}
	}
	m.a, m.c = a, c
	m.reserve = min(int32(a)-0x8000, int32(c>>16))
	m.granted = m.reserve
	return symbol
}

// rawBits reads the bypassed passes (T.800 D.6): plain bits, seven in the byte after
// 0xFF.
type rawBits struct {
	data []byte
	at   int
	held uint32
	left int
}

func (r *rawBits) bit() uint8 {
	if r.left == 0 {
		stuffed := r.held == 0xFF
		r.held = 0xFF // beyond the end; what the encoder dropped reads as ones
		if r.at < len(r.data) {
			r.held = uint32(r.data[r.at])
			r.at++
		}
		r.left = 8
		if stuffed {
			r.left = 7
		}
	}
	r.left--
	return uint8(r.held>>r.left) & 1
}
