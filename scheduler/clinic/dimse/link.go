package dimse

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// defaultPDU is the longest P-DATA PDU that we take and make, in bytes: what dcmtk has at
// most, and enough that its head costs nothing.
const defaultPDU = 128 << 10

// smallestPDU is the least that we put up with from a peer; PS3.8 has no lower bound, and
// below this a head would stand before every few bytes.
const smallestPDU = 1 << 10

// hangUp is how long a last word to a peer may take.
const hangUp = 2 * time.Second

// slowestPeer is the least that a peer may send within a message, in bytes a second. Who
// sends less, and a byte now and then, would else hold a place for ever, and with it the
// study that the object belongs to.
const slowestPeer = 1 << 10

// errTooSlow ends the association of such a peer.
var errTooSlow = fmt.Errorf("peer sends less than %d bytes a second", slowestPeer)

// silence is a connection that gives up when its peer is silent, or all but silent, for too
// long.
type silence struct {
	net.Conn
	longest time.Duration

	waited time.Duration // for the peer, since the message began or the pace was judged
	came   int64         // bytes in that time
}

// Read implements io.Reader.
func (s *silence) Read(p []byte) (int, error) {
	begun := time.Now()
	if err := s.SetReadDeadline(begun.Add(s.longest)); err != nil {
		return 0, err
	}
	n, err := s.Conn.Read(p)
	s.waited += time.Since(begun)
	s.came += int64(n)
	if s.waited > s.longest {
		if err == nil && float64(s.came) < slowestPeer*s.waited.Seconds() {
			err = errTooSlow
		}
		s.anew()
	}
	return n, err
}

// anew forgets the pace so far.
func (s *silence) anew() { s.waited, s.came = 0, 0 }

func (s *silence) Write(p []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(s.longest)); err != nil {
		return 0, err
	}
	return s.Conn.Write(p)
}

// link carries messages over an established association (PS3.8 annex E). It is for one
// goroutine.
type link struct {
	conn    net.Conn // plain, without the silence
	patient *silence
	in      *bufio.Reader
	limit   uint32 // longest P-DATA PDU taken
	left    uint32 // of the current P-DATA PDU: what follows the fragment being read
	out     []byte // one PDU, and the command before it
	most    int    // longest P-DATA PDU that the peer takes
	copying []byte // between network and a writer, made when first used
	sending []byte // between an object and the network, made when first used
}

func newLink(conn net.Conn, longest time.Duration, limit uint32) *link {
	if tcp, ok := conn.(*net.TCPConn); ok {
		// A message ends in a short packet: waiting to fill it costs 40 ms each. A failure
		// costs only that.
		_ = tcp.SetNoDelay(true)
	}
	patient := &silence{Conn: conn, longest: longest}
	return &link{conn: conn, patient: patient, in: bufio.NewReaderSize(patient, 16<<10), limit: limit}
}

// takesAtMost sets the peer's longest P-DATA PDU (0: any).
func (l *link) takesAtMost(length uint32) error {
	if length > 0 && length < smallestPDU {
		return breach(abortInvalidParameter, "it takes %d bytes at a time", length)
	}
	l.most = defaultPDU
	if length > 0 {
		l.most = min(l.most, int(length))
	}
	l.most -= l.most % 2 // fragments are of even length
	return nil
}

// pduStart reads the head of a PDU.
func (l *link) pduStart() (kind byte, length uint32, err error) {
	var head [pduHead]byte
	if _, err := io.ReadFull(l.in, head[:]); err != nil {
		return 0, 0, fmt.Errorf("read from the peer: %w", err)
	}
	return head[0], binary.BigEndian.Uint32(head[2:]), nil
}

// body reads the rest of a PDU that is not P-DATA.
func (l *link) body(length uint32, most int) ([]byte, error) {
	if length > uint32(most) {
		return nil, breach(abortInvalidParameter, "a PDU of %d bytes, want at most %d", length, most)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(l.in, body); err != nil {
		return nil, fmt.Errorf("read from the peer: %w", err)
	}
	return body, nil
}

// AbortedError says that the peer broke an association off (PS3.8 section 9.3.8).
type AbortedError struct{ Source, Reason byte }

// Error implements error.
func (e *AbortedError) Error() string {
	return fmt.Sprintf("peer aborted the association (source %d, reason %d): see its log for why", e.Source, e.Reason)
}

// fragment is the head of a presentation data value (PS3.8 section 9.3.5.1).
type fragment struct {
	context       byte
	command, last bool
	length        uint32
}

// nextFragment reads on to the next one, whose bytes the caller then takes. At the peer's
// wish to end it gives errReleased.
func (l *link) nextFragment() (fragment, error) {
	for l.left == 0 {
		kind, length, err := l.pduStart()
		if err != nil {
			return fragment{}, err
		}
		switch kind {
		case pduData:
			if length < fragmentHead || length > l.limit {
				return fragment{}, breach(abortInvalidParameter, "P-DATA of %d bytes, want %d to %d", length, fragmentHead, l.limit)
			}
			l.left = length
		case pduReleaseRQ:
			if _, err := l.body(length, shortPDU); err != nil {
				return fragment{}, err
			}
			return fragment{}, errReleased
		case pduAbort:
			body, err := l.body(length, shortPDU)
			if err != nil {
				return fragment{}, err
			}
			aborted := &AbortedError{}
			if len(body) == shortPDU {
				aborted.Source, aborted.Reason = body[2], body[3]
			}
			return fragment{}, aborted
		case pduAssociateRQ, pduAssociateAC, pduAssociateRJ, pduReleaseRP:
			return fragment{}, breach(abortUnexpected, "PDU %02X within an association", kind)
		default:
			return fragment{}, breach(abortUnrecognized, "PDU of unknown kind %02X", kind)
		}
	}
	if l.left < fragmentHead {
		return fragment{}, breach(abortInvalidParameter, "%d bytes of P-DATA where a fragment should be", l.left)
	}
	var head [fragmentHead]byte
	if _, err := io.ReadFull(l.in, head[:]); err != nil {
		return fragment{}, fmt.Errorf("read from the peer: %w", err)
	}
	length := binary.BigEndian.Uint32(head[:])
	if length < 2 || length > l.left-4 {
		return fragment{}, breach(abortInvalidParameter, "fragment of %d bytes in %d of P-DATA", length, l.left)
	}
	l.left -= 4 + length
	return fragment{context: head[4], command: head[5]&1 != 0, last: head[5]&2 != 0, length: length - 2}, nil
}

// readCommand reads the next message's command set. The time between messages, in which a
// peer may be silent, has no part in the pace of either.
func (l *link) readCommand() (c command, context byte, err error) {
	l.patient.anew()
	if _, err := l.in.Peek(1); err != nil {
		return command{}, 0, fmt.Errorf("read from the peer: %w", err)
	}
	l.patient.anew()
	var set []byte
	for begun := false; ; begun = true {
		f, err := l.nextFragment()
		if err != nil {
			if begun && errors.Is(err, errReleased) {
				err = breach(abortUnexpected, "release within a message")
			}
			return command{}, 0, err
		}
		if !f.command || begun && f.context != context {
			return command{}, 0, breach(abortUnexpected, "fragment of something else where a command should be")
		}
		context = f.context
		if len(set)+int(f.length) > maxCommand {
			return command{}, 0, breach(abortInvalidParameter, "command of more than %d bytes", maxCommand)
		}
		start := len(set)
		set = append(set, make([]byte, f.length)...)
		if _, err := io.ReadFull(l.in, set[start:]); err != nil {
			return command{}, 0, fmt.Errorf("read from the peer: %w", err)
		}
		if f.last {
			c, err := parseCommand(set)
			return c, context, err
		}
	}
}

// data is the data set of a message, as a stream. Its errors are the link's end.
type data struct {
	link    *link
	context byte
	left    uint32 // of the current fragment
	last    bool   // no fragment follows
	taken   int64  // bytes read
	err     error
}

// data gives the data set that follows a command.
func (l *link) data(context byte) *data { return &data{link: l, context: context} }

// advance goes on to bytes of the data set; false at its end or an error.
func (d *data) advance() bool {
	for d.err == nil && d.left == 0 && !d.last {
		f, err := d.link.nextFragment()
		switch {
		case errors.Is(err, errReleased):
			d.err = breach(abortUnexpected, "release within a message")
		case err != nil:
			d.err = cutOff(err)
		case f.command || f.context != d.context:
			d.err = breach(abortUnexpected, "fragment of something else within a data set")
		default:
			d.left, d.last = f.length, f.last
		}
	}
	return d.err == nil && d.left > 0
}

// cutOff makes sure that a connection's end cannot be taken for the data set's.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("read from the peer: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// Read implements io.Reader.
func (d *data) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, d.err
	}
	if !d.advance() {
		if d.err != nil {
			return 0, d.err
		}
		return 0, io.EOF
	}
	n, err := d.link.in.Read(p[:min(len(p), int(d.left))])
	d.left -= uint32(n)
	d.taken += int64(n)
	if err != nil {
		d.err = cutOff(fmt.Errorf("read from the peer: %w", err))
		if n > 0 {
			return n, nil
		}
	}
	return n, d.err
}

// WriteTo implements io.WriterTo: whole PDUs to a writer, without io.Copy's small buffer.
func (d *data) WriteTo(w io.Writer) (int64, error) {
	if d.link.copying == nil {
		d.link.copying = make([]byte, defaultPDU)
	}
	var written int64
	for {
		filled, err := io.ReadFull(d, d.link.copying)
		if filled > 0 {
			n, problem := w.Write(d.link.copying[:filled])
			written += int64(n)
			if problem != nil {
				return written, problem
			}
		}
		switch {
		case d.err != nil:
			return written, d.err
		case err != nil: // io.EOF or io.ErrUnexpectedEOF: the data set's own end
			return written, nil
		}
	}
}

// skip reads what is left unread and says how much that was.
func (d *data) skip() (int64, error) { return d.WriteTo(io.Discard) }

// all reads a small data set.
func (d *data) all(most int) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(d, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if len(content) > most {
		return nil, breach(abortNotSpecified, "data set of more than %d bytes in a message that needs few", most)
	}
	return content, nil
}

// send sends a message: a command and, where it has one, its data set.
func (l *link) send(context byte, c command, set io.Reader) error {
	l.out = l.out[:0]
	commandSet := c.encode()
	for len(commandSet) > 0 { // one PDU, but for peers that take very little
		n := min(len(commandSet), l.most-fragmentHead)
		l.appendFragment(context, commandSet[:n], true, n == len(commandSet))
		commandSet = commandSet[n:]
	}
	if !c.dataSet {
		return l.flush()
	}
	return l.sendSet(context, set)
}

// errSource marks that our own source of a data set failed, not the link.
var errSource = errors.New("read the object")

// sendSet sends a data set in PDUs as long as the peer takes. One byte is read ahead: the
// last fragment has to say that it is. It has to be of even length too (PS3.8 annex E),
// which only a deflated data set may lack; that is padded (PS3.5 annex A.5).
func (l *link) sendSet(context byte, set io.Reader) error {
	size := l.most - fragmentHead
	if len(l.sending) != size+1 {
		l.sending = make([]byte, size+1)
	}
	chunk := l.sending
	held := 0 // bytes already at the front of chunk
	for {
		n, ended, err := fill(set, chunk[held:])
		n += held
		if err != nil {
			return fmt.Errorf("%w: %w", errSource, err)
		}
		if ended {
			if n == 0 {
				return fmt.Errorf("%w: its data set is empty", errSource)
			}
			if n%2 == 1 { // one byte is free: the chunk was not full
				chunk[n] = 0
				n++
			}
			l.appendFragment(context, chunk[:n], false, true)
			return l.flush()
		}
		l.appendFragment(context, chunk[:size], false, false)
		if err := l.flush(); err != nil {
			return err
		}
		chunk[0], held = chunk[size], 1
	}
}

// fill reads until buffer is full or r has ended. io.ReadFull does not tell r's end from a
// reader's own io.ErrUnexpectedEOF, which is how a broken file says so.
func fill(r io.Reader, buffer []byte) (n int, ended bool, err error) {
	for n < len(buffer) {
		more, err := r.Read(buffer[n:])
		n += more
		if errors.Is(err, io.EOF) {
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}

func (l *link) appendFragment(context byte, content []byte, command, last bool) {
	control := flag(command)
	if last {
		control |= 2
	}
	l.out = append(l.out, pduData, 0)
	l.out = binary.BigEndian.AppendUint32(l.out, uint32(len(content)+fragmentHead))
	l.out = binary.BigEndian.AppendUint32(l.out, uint32(len(content)+2))
	l.out = append(l.out, context, control)
	l.out = append(l.out, content...)
}

func (l *link) flush() error {
	_, err := l.patient.Write(l.out)
	l.out = l.out[:0]
	if err != nil {
		return fmt.Errorf("write to the peer: %w", err)
	}
	return nil
}

// last sends a PDU that needs no answer, on the way out: whether it arrives is not ours to
// care for.
func (l *link) last(pdu []byte) {
	_, _ = (&silence{Conn: l.conn, longest: hangUp}).Write(pdu)
}

// abort tells the peer that the association is over, and why.
func (l *link) abort(cause error) {
	source, reason := byte(abortSourceUser), byte(abortNotSpecified)
	var broken *protocolError
	if errors.As(cause, &broken) {
		source, reason = abortSourceProvider, broken.reason
	}
	l.last([]byte{pduAbort, 0, 0, 0, 0, shortPDU, 0, 0, source, reason})
}

// short makes a PDU with nothing to say but its kind.
func short(kind byte) []byte { return []byte{kind, 0, 0, 0, 0, shortPDU, 0, 0, 0, 0} }
