package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Receive takes one instance. When it returns nil, the instance is on disk for good, also
// if the power is cut; its sender may forget it. An error is one of those above, or what the
// disk said; then nothing of the instance stays.
func (b *Inbox) Receive(ctx context.Context, from Origin, instance Instance, data io.Reader) (Kept, error) {
	if err := b.enter(); err != nil {
		return Kept{}, err
	}
	defer b.receiving.Done()
	kept, err := b.receive(ctx, from, instance, data)
	if err != nil {
		return kept, fmt.Errorf("take in an object: %w", ofDisk(err))
	}
	return kept, nil
}

func (b *Inbox) receive(ctx context.Context, from Origin, instance Instance, data io.Reader) (Kept, error) {
	if err := b.room.check(); err != nil {
		return Kept{}, err
	}
	in, err := look(ctx, instance, data, b.config.MaxInstanceBytes, b.wide)
	if err != nil {
		return Kept{}, err
	}
	defer in.free()
	id := b.seals.id(in.head.study())
	result := Kept{StudyUID: in.head.study(), SOPClassUID: in.head.class(), SOPInstanceUID: in.head.instance(), Key: id.key()}
	if b.config.Ours != nil && b.config.Ours(in.head.instance()) {
		result.Duplicate, result.Ours = true, true
		_, err := in.drain(func([]byte) error { return nil })
		return result, err
	}
	seat, err := b.seat(ctx, id, from, in.head)
	if err != nil {
		return result, err
	}
	if seat.arriving != nil {
		in.cutAt = &seat.arriving.cutAt
	}
	result.Revision, result.Late = seat.revision(), seat.late()
	if seat.known != nil {
		result.Duplicate = true
		return result, b.compare(seat, in)
	}
	result.Bytes, err = b.keep(seat, in, from)
	return result, err
}

// incoming is an object of which the head was read.
type incoming struct {
	head head
	// first are the bytes that were read, and rest the others.
	first []byte
	rest  io.Reader
	ctx   context.Context
	limit int64
	size  int64         // bytes that were counted
	cutAt *atomic.Int64 // of its revision; nil: none
	free  func()        // gives back the place for a wide look
}

// wideLook is from where on a look at a head takes one of few places, of which there are
// wideLooks: it may hold three times maxHeadBytes, and there are many senders.
const (
	wideLook  = 256 << 10
	wideLooks = 4
)

// look reads the head of an object and holds it against what its sender announced. wide has
// the places for those with a long head; the caller gives one back by incoming.free.
func look(ctx context.Context, instance Instance, data io.Reader, limit int64, wide chan struct{}) (in *incoming, err error) {
	if instance.TransferSyntaxUID != "" && !plainUID(instance.TransferSyntaxUID) {
		return nil, ErrUnreadable
	}
	in = &incoming{rest: data, ctx: ctx, limit: limit, free: func() {}}
	defer func() {
		if err != nil {
			in.free()
		}
	}()
	return in, in.look(instance, wide)
}

// widen waits for a place for a wide look.
func (in *incoming) widen(wide chan struct{}) error {
	select {
	case wide <- struct{}{}:
		in.free = sync.OnceFunc(func() { <-wide })
		return nil
	case <-in.ctx.Done():
		return context.Cause(in.ctx)
	}
}

func (in *incoming) look(instance Instance, wide chan struct{}) error {
	for size := firstLook; ; size *= 2 {
		size = min(size, maxHeadBytes)
		if len(in.first) < wideLook && size >= wideLook {
			if err := in.widen(wide); err != nil {
				return err
			}
		}
		all, err := in.more(size)
		if err != nil {
			return err
		}
		in.head, err = readHead(in.first, instance.TransferSyntaxUID, all)
		if errors.Is(err, errMore) && size < maxHeadBytes {
			continue
		}
		known := plainUID(in.head.class()) && plainUID(in.head.instance()) && plainUID(in.head.study())
		if err != nil && !(errors.Is(err, errMore) && known) {
			return ErrUnreadable
		}
		break
	}
	h := in.head
	if instance.SOPClassUID != "" && instance.SOPClassUID != h.class() || instance.SOPInstanceUID != "" && instance.SOPInstanceUID != h.instance() {
		return ErrMismatch
	}
	return nil
}

// more reads until there are size first bytes; all says that there are no others.
func (in *incoming) more(size int) (all bool, err error) {
	have := len(in.first)
	grown := make([]byte, size)
	copy(grown, in.first)
	n, all, err := fill(in.rest, grown[have:])
	in.first = grown[:have+n]
	return all, err
}

// maxIdleReads is how often a reader may give nothing and no reason.
const maxIdleReads = 100

// fill reads until buffer is full or the reader says that it is at its end. Any other word
// of the reader is an error, so that a connection that broke off is not taken for the end of
// the object; io.ReadFull can't tell the two apart.
func fill(from io.Reader, buffer []byte) (n int, end bool, err error) {
	for idle := 0; n < len(buffer); idle++ {
		if idle > maxIdleReads {
			return n, false, io.ErrNoProgress
		}
		part, err := from.Read(buffer[n:])
		if part > 0 {
			n, idle = n+part, 0
		}
		if errors.Is(err, io.EOF) {
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}

// copyBytes is how much is taken from a sender, or read from disk, at a time.
const copyBytes = 256 << 10

// copyBuffers are used again by the next instance.
var copyBuffers = sync.Pool{New: func() any { return new([copyBytes]byte) }}

// count counts n more bytes of the object, and refuses those that are too many or too late.
func (in *incoming) count(n int) error {
	if in.size += int64(n); in.size > in.limit {
		return ErrTooLarge
	}
	return in.ctx.Err()
}

// drain hands all of the object to use, in parts, and returns how many bytes it has.
func (in *incoming) drain(use func(part []byte) error) (size int64, err error) {
	counted := func(part []byte) error {
		if err := in.count(len(part)); err != nil {
			return err
		}
		return use(part)
	}
	if err := counted(in.first); err != nil {
		return in.size, err
	}
	in.begun()
	return in.size, in.whole(eachPart(in, counted))
}

// pour reads all of the object into pages, without a copy between. took hears of each part
// before it is written.
func (in *incoming) pour(out *pages, took func(n int) error) error {
	counted := func(n int) error {
		if err := in.count(n); err != nil {
			return err
		}
		return took(n)
	}
	err := counted(len(in.first))
	if err == nil {
		_, err = out.Write(in.first)
	}
	in.begun()
	for end := false; err == nil && !end; {
		var n int
		if n, end, err = fill(in, out.space()); err == nil {
			err = counted(n)
		}
		if err == nil {
			err = out.filled(n)
		}
	}
	return in.whole(err)
}

// begun gives back what the look at the head took: it may be long, and the rest take its time.
func (in *incoming) begun() {
	in.first = nil
	in.free()
}

// whole refuses an object that was read without an error and was cut off all the same.
func (in *incoming) whole(err error) error {
	if err == nil && in.size < in.head.pixelsEnd {
		return ErrUnreadable
	}
	return err
}

// Read implements io.Reader for what follows the first bytes.
func (in *incoming) Read(p []byte) (int, error) {
	if in.tooSlow() {
		return 0, ErrTooSlow
	}
	return in.rest.Read(p)
}

// tooSlow says that a study waits for the object and for no other one any more.
func (in *incoming) tooSlow() bool {
	if in.cutAt == nil {
		return false
	}
	at := in.cutAt.Load()
	return at != 0 && time.Now().UnixNano() > at
}

// eachPart hands all that a reader gives to use.
func eachPart(from io.Reader, use func(part []byte) error) error {
	buffer := copyBuffers.Get().(*[copyBytes]byte)
	defer copyBuffers.Put(buffer)
	for {
		n, end, err := fill(from, buffer[:])
		if err != nil {
			return err
		}
		if err := use(buffer[:n]); err != nil || end {
			return err
		}
	}
}

// compare reads an object whose instance lies here already.
func (b *Inbox) compare(at seat, in *incoming) error {
	same, err := b.same(at, in)
	if err == nil && !same {
		err = b.conflict(at)
	}
	b.rise(at, err == nil)
	return err
}

// same says whether an object is the one that lies here: byte by byte in the same transfer
// syntax, else by what the two have in common.
func (b *Inbox) same(at seat, in *incoming) (bool, error) {
	if in.head.syntax != at.known.Syntax {
		_, err := in.drain(func([]byte) error { return nil })
		return in.head.likeness() == at.known.Likeness, err
	}
	file, err := os.Open(filepath.Join(b.studies(), at.place().folder(), imagesFolder, fileName(at.known.Number)))
	if err != nil {
		return false, err
	}
	defer file.Close() // only read from
	if _, err := file.Seek(int64(at.known.Skip), io.SeekStart); err != nil {
		return false, err
	}
	stored := copyBuffers.Get().(*[copyBytes]byte)
	defer copyBuffers.Put(stored)
	same, skip := true, in.head.meta // the preamble and group 0002 are the sender's own
	size, err := in.drain(func(part []byte) error {
		part, skip = part[min(skip, len(part)):], 0
		for same && len(part) > 0 {
			n, _, err := fill(file, stored[:min(len(part), copyBytes)])
			if err != nil {
				return err
			}
			same = n > 0 && bytes.Equal(stored[:n], part[:n])
			part = part[n:]
		}
		return nil
	})
	return same && size-int64(in.head.meta) == at.known.Bytes-int64(at.known.Skip), err
}

// conflict records that an instance came with other content.
func (b *Inbox) conflict(at seat) error {
	r := at.arriving
	b.log.Warn("an object came a second time with other content; the first one was kept", "study", at.key())
	if r == nil {
		return ErrConflict
	}
	_, err := r.journal.append(record{Conflict: true})
	if err == nil {
		err = r.journal.sync()
	}
	b.mu.Lock()
	r.conflicts++
	b.mu.Unlock()
	return errors.Join(ErrConflict, ofDisk(err))
}

// castagnoli is the polynomial of CRC-32C, which processors have an instruction for.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once by the package

// pages are a file on its way to disk: writes of one size, aligned to it, cost the system
// least. What was written begins to go to disk while more comes in.
type pages struct {
	file    diskFile
	buffer  *[copyBytes]byte
	have    int
	written int64
	check   uint32 // CRC-32C of what was written
}

// Write implements io.Writer.
func (p *pages) Write(part []byte) (int, error) {
	taken := 0
	for taken < len(part) {
		n := copy(p.space(), part[taken:])
		taken += n
		if err := p.filled(n); err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// space is where the next bytes are put; filled says how many were.
func (p *pages) space() []byte { return p.buffer[p.have:] }

func (p *pages) filled(n int) error {
	if p.have += n; p.have < len(p.buffer) {
		return nil
	}
	return p.flush()
}

// flush writes what is there.
func (p *pages) flush() error {
	p.check = crc32.Update(p.check, castagnoli(), p.buffer[:p.have])
	n, err := p.file.Write(p.buffer[:p.have])
	if err == nil {
		hasten(p.file, p.written, int64(n))
	}
	p.written, p.have = p.written+int64(n), 0
	return err
}

// keep writes an object to the file of its seat and makes it safe.
func (b *Inbox) keep(at seat, in *incoming, from Origin) (size int64, err error) {
	r, e := at.arriving, at.entry
	path := filepath.Join(r.images(), fileName(e.Number))
	var file diskFile
	taken := int64(0) // of the room
	defer func() {
		if err != nil && file != nil {
			_ = file.Close() // it goes
			if gone := os.Remove(path); gone != nil {
				b.log.Warn("a file that could not be kept can't be removed; it goes at the next start", "study", at.key(), "error", ofDisk(gone))
			}
		}
		if err != nil {
			b.room.give(taken)
		}
		b.leave(at, err == nil)
	}()
	file, named, err := b.openSeat(r, e.Number, path)
	if err != nil {
		return 0, err
	}
	k := kept{
		Number: e.Number, UID: in.head.instance(), Class: in.head.class(), Syntax: in.head.syntax, Likeness: in.head.likeness(),
		Skip: in.head.meta, Series: in.head.text(tagSeries), Priority: from.Priority, At: b.now(), Late: r.base > 0,
	}
	if err = b.write(file, in, &k, from, &taken); err != nil {
		return 0, err
	}
	if err = b.commit(r, k, in.head, file, named); err != nil {
		return 0, err
	}
	e.kept = k
	if closed := file.Close(); closed != nil {
		b.log.Warn("close a file that is safe", "study", at.key(), "error", ofDisk(closed))
	}
	return k.Bytes, nil
}

// openSeat opens the file of a number. named says that its name is on disk already.
func (b *Inbox) openSeat(r *revision, number int, path string) (file diskFile, named bool, err error) {
	if r.blanks.take(number) {
		named = true
		if file, err = b.disk.reopen(path, 0); err != nil {
			err = errors.Join(err, os.Remove(path)) // nobody else takes it, and it is no image
		}
	} else {
		file, err = b.disk.create(path)
	}
	if err != nil {
		return nil, named, err // what a disk returns beside an error is no file
	}
	if more := r.blanks.prepare(b.disk, r.images(), b.log); more != nil {
		b.receiving.Go(more)
	}
	return file, named, err
}

// write writes an object to its file, and fills in what is known of k only then. taken counts
// what it took of the room, also where it fails.
func (b *Inbox) write(file diskFile, in *incoming, k *kept, from Origin, taken *int64) error {
	out := pages{file: file, buffer: copyBuffers.Get().(*[copyBytes]byte)}
	defer copyBuffers.Put(out.buffer)
	took := func(n int) error {
		*taken += int64(n)
		return b.room.take(int64(n))
	}
	if in.head.meta == 0 {
		top := part10Head(in.head.syntax, k.Class, k.UID, from.CallingAE)
		k.Skip = len(top)
		if err := took(len(top)); err != nil {
			return err
		}
		if _, err := out.Write(top); err != nil {
			return err
		}
	}
	if err := in.pour(&out, took); err != nil {
		return err
	}
	if err := out.flush(); err != nil {
		return err
	}
	k.Bytes, k.Check = *taken, out.check
	return nil
}
