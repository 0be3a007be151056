package audit

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"
)

// How a shipper behaves where its settings say nothing.
const (
	DefaultSettle    = 15 * time.Second
	DefaultFirstWait = time.Second
	DefaultMostWait  = 5 * time.Minute

	dialTime    = 20 * time.Second
	sendTime    = 30 * time.Second
	partTime    = 5 * time.Second // for the other side to take what is on its way when we end
	marksAWhile = 8               // marks in one Settle

	leastUnheard = 5 * time.Second // a working network may take so long to acknowledge
)

// ShipperConfig is what a shipper needs.
type ShipperConfig struct {
	Log     *Log
	Address string      // host:port of the audit record repository; IANA's port is 6514
	TLS     *tls.Config // with a client certificate where the repository wants one (ATNA)
	Cursor  string      // file in which lies what was shipped
	Host    string      // this machine's name, for the header
	How     Reporting

	// Settle is how long a connection must live on before what was sent on it counts as
	// arrived: syslog has no acknowledgement (RFC 5425 5), so that what was on its way when a
	// connection broke is sent again.
	Settle              time.Duration
	FirstWait, MostWait time.Duration // between tries to connect
	Now                 func() time.Time
	Logger              *slog.Logger
}

// Shipper sends the lines of a log to an audit record repository as DICOM audit messages over
// syslog and TLS. The log itself is the queue: nothing is lost while the repository is away,
// however long, and nothing is sent before it is durable. A line may arrive twice.
type Shipper struct {
	conf ShipperConfig
	keys keys
	part time.Duration // how long a goodbye may take
}

// NewShipper checks the settings and connects nowhere yet.
func NewShipper(conf ShipperConfig) (*Shipper, error) {
	switch {
	case conf.Log == nil || conf.Cursor == "":
		return nil, errors.New("ship the audit log: there is no log or no file for what was shipped")
	case conf.TLS == nil:
		return nil, errors.New("ship the audit log: it leaves by TLS alone, name the certificates")
	}
	if _, _, err := net.SplitHostPort(conf.Address); err != nil {
		return nil, fmt.Errorf("ship the audit log to %.80q: %w; write host:6514", conf.Address, err)
	}
	for _, d := range []struct {
		set     *time.Duration
		usually time.Duration
	}{{&conf.Settle, DefaultSettle}, {&conf.FirstWait, DefaultFirstWait}, {&conf.MostWait, DefaultMostWait}} {
		if *d.set <= 0 {
			*d.set = d.usually
		}
	}
	if conf.Now == nil {
		conf.Now = time.Now
	}
	if conf.Logger == nil {
		conf.Logger = slog.New(slog.DiscardHandler)
	}
	k, err := deriveKeys(conf.Log.conf.Key)
	return &Shipper{conf: conf, keys: k, part: partTime}, err
}

// Behind is how many lines wait, or are on their way and not known to have arrived.
func (s *Shipper) Behind() (uint64, error) {
	cursor, last, err := s.shipped()
	return last - cursor, err
}

// shipped is the last line that arrived, and the last that is durable. A cursor beyond that is
// of a log that was there before this one: then nothing of this one was shipped.
func (s *Shipper) shipped() (cursor, last uint64, err error) {
	cursor, err = s.load()
	if last = s.conf.Log.Head().Sequence; err != nil || cursor > last {
		cursor = 0
	}
	return cursor, last, err
}

// Run ships until ctx ends, and then gives what is on its way a moment to arrive. It returns
// early if the log or the cursor can't be read.
func (s *Shipper) Run(ctx context.Context) error {
	wait, away := s.conf.FirstWait, false
	for {
		if _, err := s.conf.Log.Wait(ctx, 0); err != nil {
			return nil // it ended before anything was written
		}
		sent, err := s.connection(ctx)
		if ctx.Err() != nil && !errors.Is(err, ErrBroken) {
			return nil
		}
		var fatal *fatalError
		if errors.As(err, &fatal) {
			return fatal.error
		}
		if sent {
			wait, away = s.conf.FirstWait, false
		}
		if !away {
			s.conf.Logger.Warn("the audit record repository is away; lines wait in the audit log", "error", netReason(err))
			away = true
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		wait = min(2*wait, s.conf.MostWait)
	}
}

// fatalError is a fault that another connection does not mend.
type fatalError struct{ error }

// netReason is an error of the network without addresses.
func netReason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Op + ": " + op.Err.Error()
	}
	if err == nil {
		return "it closed the connection"
	}
	return err.Error()
}

// connection ships on one connection until it breaks; sent says whether anything was
// confirmed on it.
func (s *Shipper) connection(ctx context.Context) (sent bool, err error) {
	cursor, _, err := s.shipped()
	if err != nil {
		return false, &fatalError{err}
	}
	dialing, cancel := context.WithTimeout(ctx, dialTime)
	conn, err := s.dialer().DialContext(dialing, "tcp", s.conf.Address)
	cancel()
	if err != nil {
		return false, err
	}
	c := &shipment{Shipper: s, conn: conn, gone: make(chan struct{}), follow: follower{keys: s.keys, folder: s.conf.Log.folder, after: cursor}}
	go func() {
		defer close(c.gone)
		var nothing [64]byte
		for {
			if _, err := conn.Read(nothing[:]); err != nil { // a repository says nothing
				c.closed = errors.Is(err, io.EOF)
				return
			}
		}
	}()
	err = c.run(ctx)
	c.follow.close()
	if ctx.Err() != nil && err == nil {
		err = c.leave()
	}
	err = errors.Join(err, ignoreClosed(conn.Close()))
	<-c.gone
	return c.confirmed, err
}

// dialer makes connections that break well within Settle where nobody acknowledges what is
// sent: a machine that vanished would else pass for one that took all.
func (s *Shipper) dialer() *tls.Dialer {
	unheard := max(s.conf.Settle*2/3, leastUnheard)
	return &tls.Dialer{NetDialer: &net.Dialer{Control: breakUnheard(unheard)}, Config: s.conf.TLS}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) || isNetwork(err) {
		return nil // it was broken already
	}
	return err
}

func isNetwork(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}

// shipment is the work on one connection.
type shipment struct {
	*Shipper
	conn      net.Conn
	gone      chan struct{} // closed when the other side has closed or the connection broke
	closed    bool          // the other side has closed in good order; set before gone
	follow    follower
	marks     []mark // oldest first: what has not settled
	confirmed bool
}

// mark says that all lines up to one were sent by a time.
type mark struct {
	upTo    uint64
	began   time.Time
	written time.Time
}

// run sends lines as they come and confirms those that have settled.
func (c *shipment) run(ctx context.Context) error {
	for {
		var line Line
		var ok bool
		var err error
		if c.conf.Log.Head().Sequence > c.follow.after { // what stands behind the head may still be taken back
			line, ok, err = c.follow.next()
		}
		if err != nil {
			return &fatalError{err}
		}
		if ok {
			if err := c.send(line); err != nil {
				return err
			}
		}
		if err := c.settle(); err != nil {
			return err
		}
		if ok {
			select {
			case <-c.gone:
				return nil
			case <-ctx.Done():
				return nil
			default:
				continue
			}
		}
		if err := c.idle(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-c.gone:
			return nil
		default:
		}
	}
}

// idle waits for a line, for something to settle, or for the end.
func (c *shipment) idle(ctx context.Context) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	grown := make(chan struct{})
	go func() {
		defer close(grown)
		_, _ = c.conf.Log.Wait(waiting, c.follow.after) // it ends by a line or by cancel
	}()
	defer func() { cancel(); <-grown }()
	var settled <-chan time.Time
	if len(c.marks) > 0 {
		timer := time.NewTimer(max(0, c.marks[0].written.Add(c.conf.Settle).Sub(c.conf.Now())))
		defer timer.Stop()
		settled = timer.C
	}
	select {
	case <-grown:
	case <-settled:
	case <-c.gone:
	case <-ctx.Done():
	}
	return nil
}

// send writes one line and marks it.
func (c *shipment) send(line Line) error {
	message, err := c.conf.How.message(line)
	if err != nil {
		return &fatalError{err}
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return err
	}
	if _, err := c.conn.Write(syslogMessage(c.conf.Host, os.Getpid(), line.At, message)); err != nil {
		return err
	}
	now := c.conf.Now()
	if n := len(c.marks); n > 0 && now.Sub(c.marks[n-1].began) < c.conf.Settle/marksAWhile {
		c.marks[n-1].upTo, c.marks[n-1].written = line.Sequence, now
	} else {
		c.marks = append(c.marks, mark{line.Sequence, now, now})
	}
	return nil
}

// settle moves the cursor over what was sent long enough ago on a connection that still stands.
func (c *shipment) settle() error {
	select {
	case <-c.gone:
		return nil
	default:
	}
	n := 0
	for n < len(c.marks) && c.conf.Now().Sub(c.marks[n].written) >= c.conf.Settle {
		n++
	}
	if n == 0 {
		return nil
	}
	upTo := c.marks[n-1].upTo
	if err := c.save(upTo); err != nil {
		return err
	}
	c.marks, c.confirmed = c.marks[n:], true
	return nil
}

// leave says goodbye and waits until the other side has read all and closes too, which counts
// as arrived.
func (c *shipment) leave() error {
	secured, ok := c.conn.(*tls.Conn)
	if !ok || len(c.marks) == 0 {
		return nil
	}
	select {
	case <-c.gone:
		return nil // it broke: what is on its way is sent again
	default:
	}
	if err := secured.CloseWrite(); err != nil {
		return err
	}
	timer := time.NewTimer(c.Shipper.part)
	defer timer.Stop()
	select {
	case <-c.gone:
		if c.closed {
			return c.save(c.marks[len(c.marks)-1].upTo)
		}
		return nil
	case <-timer.C:
		return nil
	}
}

// cursor is the file's content.
type cursor struct {
	Shipped uint64 `json:"shipped"` // number of the last line that arrived
}

func (s *Shipper) load() (uint64, error) {
	data, err := os.ReadFile(s.conf.Cursor)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	var c cursor
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		return 0, fmt.Errorf("read what was shipped of the audit log: %w; remove the file to ship all of it again", pathless(err))
	}
	return c.Shipped, nil
}

// save replaces the file, so that a crash leaves the old number or the new one.
func (s *Shipper) save(shipped uint64) error {
	data, err := json.Marshal(cursor{shipped})
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(s.conf.Cursor), ".shipped.*")
	if err != nil {
		return fmt.Errorf("note what was shipped of the audit log: %w", pathless(err))
	}
	defer os.Remove(temporary.Name()) // fails once renamed, as it should
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), s.conf.Cursor)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(s.conf.Cursor))
	}
	if err != nil {
		return fmt.Errorf("note what was shipped of the audit log: %w", pathless(err))
	}
	return nil
}
