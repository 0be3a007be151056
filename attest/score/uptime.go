package score

import (
	"encoding/base64"
	"fmt"
)

// MaxUptimeWindows is how far the mean of uptime can reach back.
const MaxUptimeWindows = 60

// Uptime is what uptime challenges found in the last windows of Parameters.WindowSeconds.
type Uptime struct {
	Newest   int64        `json:"newest"` // number of the newest window: unix seconds / WindowSeconds
	Asked    uint32       `json:"asked"`  // in the newest window, which is still open
	Answered uint32       `json:"answered"`
	Closed   ClosedShares `json:"closed,omitzero"` // the windows before
}

// ClosedShares are shares of windows, the last one that of the window before the newest.
// Zero is a window in which nobody asked, 1 + n a share of n/254. As text it is base64
// without the empty windows at its beginning.
type ClosedShares [MaxUptimeWindows - 1]byte

// MarshalText implements encoding.TextMarshaler.
func (c ClosedShares) MarshalText() ([]byte, error) {
	first := 0
	for first < len(c) && c[first] == 0 {
		first++
	}
	return base64.RawStdEncoding.AppendEncode(nil, c[first:]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. Only what MarshalText writes is read.
func (c *ClosedShares) UnmarshalText(text []byte) error {
	if limit := base64.RawStdEncoding.EncodedLen(len(c)); len(text) > limit {
		return fmt.Errorf("uptime: %d letters; want at most %d, take the state of the epoch before", len(text), limit)
	}
	data, err := base64.RawStdEncoding.Strict().DecodeString(string(text))
	newlines := base64.RawStdEncoding.EncodedLen(len(data)) != len(text) // the decoder passes over them
	if err != nil || newlines || len(data) > 0 && data[0] == 0 {
		return fmt.Errorf("uptime %.90q: want base64 without empty windows before; take the state of the epoch before", text)
	}
	*c = ClosedShares{}
	copy(c[len(c)-len(data):], data)
	return nil
}

// fullShare is what a share of One is written as, less one.
const fullShare = 254

// closing is the share of the open window as it is kept: to the nearest of 1/254, 0 when
// nobody asked.
func (u *Uptime) closing() byte {
	if u.Asked == 0 {
		return 0
	}
	asked, answered := uint64(u.Asked), uint64(min(u.Answered, u.Asked))
	return byte(1 + (2*fullShare*answered+asked)/(2*asked))
}

// until closes every window before number at. What knows of no window any more becomes
// the zero Uptime.
func (u *Uptime) until(at int64) {
	by := at - u.Newest
	if by <= 0 || *u == (Uptime{}) {
		return
	}
	if by <= int64(len(u.Closed)) {
		open := u.closing()
		copy(u.Closed[:], u.Closed[by:])
		clear(u.Closed[len(u.Closed)-int(by):])
		u.Closed[len(u.Closed)-int(by)] = open
	} else {
		u.Closed = ClosedShares{}
	}
	u.Newest, u.Asked, u.Answered = at, 0, 0
	if u.Closed == (ClosedShares{}) {
		*u = Uptime{}
	}
}

// Enter takes in an epoch's windows, in the order of their numbers, at a time
// that lies in window now. What comes late, out of a window that is closed already, counts
// in the newest: a challenge that an epoch's end overtook is minutes old, not days.
func (u *Uptime) Enter(windows []Window, now int64) {
	for _, w := range windows {
		if w.Asked == 0 {
			continue
		}
		u.until(w.At)
		if *u == (Uptime{}) { // nothing is known, or all of it is older than the mean reaches
			u.Newest = w.At
		}
		const most = 1 << 31 // counts from a file must not run over
		u.Asked = uint32(min(uint64(u.Asked)+min(w.Asked, most), most))
		u.Answered = uint32(min(uint64(u.Answered)+min(w.Answered, w.Asked, most), most))
	}
	u.until(now)
}

// Mean is the mean over the newest windows in which somebody asked,
//
//	Σ answered/asked / windows asked in
//
// reaching back so many windows; known is false when nobody asked in any.
func (u *Uptime) Mean(windows uint64) (mean Parts, known bool) {
	var sum, count uint64
	if u.Asked > 0 {
		sum, count = uint64(ratio(uint64(u.Answered), uint64(u.Asked))), 1
	}
	back := int(min(max(windows, 1), MaxUptimeWindows)) - 1
	for _, share := range u.Closed[len(u.Closed)-back:] {
		if share > 0 {
			sum += uint64(ratio(uint64(share)-1, fullShare))
			count++
		}
	}
	if count == 0 {
		return 0, false
	}
	return Parts(sum / count), true
}
