package intake

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/medhive/medhive/attest"
)

// wallets is a chain whose every contract says the same.
type wallets struct {
	stands bool
	err    error
	asked  int
}

func (w *wallets) IsValidSignature(context.Context, common.Address, [32]byte, []byte) (bool, error) {
	w.asked++
	return w.stands, w.err
}

func TestManyOnOneStream(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coordinator.db")
	store, db := openStore(t, path)
	d := openDoorOn(t, store, Options{Burst: 5000})
	first := receipt(t, "scan", "node", "clinic", 1, "")
	judged := verdict(t, first, "clinic", attest.JudgedInvalid)
	described := profile(t, "node", `{"version":1}`, 10)
	forged := receipt(t, "scan 2", "node", "clinic", 1, "")
	forged.NodeSig[5]++
	statements := []Statement{{Receipt: &first}, {Verdict: &judged}, {Profile: &described}, {Receipt: &forged}, {Receipt: &first}}
	for n := range maxPending + 50 { // more than one commit
		s := receipt(t, fmt.Sprint("more ", n), "node", "clinic", 1, "")
		statements = append(statements, Statement{Receipt: &s})
	}
	errs := SubmitAll(t.Context(), d.peer, d.coordinator, statements)
	var refused *Refusal
	for i, err := range errs {
		if forgery := statements[i].Receipt == &forged; forgery != (err != nil) || forgery && !errors.As(err, &refused) {
			t.Errorf("statement %d: %v", i, err)
		}
	}
	for i, err := range SubmitAll(t.Context(), d.peer, d.coordinator, statements[:3]) {
		if err != nil {
			t.Errorf("statement %d again: %v", i, err)
		}
	}
	d.server.Close()
	must(t, db.Close())
	again, _ := openStore(t, path)
	w, err := again.Seal(1)
	must(t, err)
	if len(w.Receipts) != 1+maxPending+50 || len(w.Verdicts) != 1 || len(w.Profiles) != 1 || w.Receipts[0] != first || w.Verdicts[0] != judged {
		t.Fatalf("after a restart the window holds %d receipts, %d verdicts and %d profiles", len(w.Receipts), len(w.Verdicts), len(w.Profiles))
	}
}

// TestManyArePutOffBeyondTheRate: what is over the rate is put off, what is under it kept.
func TestManyArePutOffBeyondTheRate(t *testing.T) {
	now := time.UnixMilli(1_790_000_000_000)
	d := openDoor(t, Options{Burst: 3, PerSecond: 1e-9, Now: func() time.Time { return now }})
	var statements []Statement
	for n := range 5 {
		s := receipt(t, fmt.Sprint("scan ", n), "node", "clinic", 1, "")
		statements = append(statements, Statement{Receipt: &s})
	}
	for i, err := range SubmitAll(t.Context(), d.peer, d.coordinator, statements) {
		if i < 3 && err != nil || i >= 3 && !errors.Is(err, ErrBusy) {
			t.Errorf("statement %d: %v", i, err)
		}
	}
}

func TestManyHostileStreams(t *testing.T) {
	d := openDoor(t, Options{Burst: 1000})
	open := func() network.Stream {
		stream, err := d.peer.NewStream(t.Context(), d.coordinator, ManyProtocol)
		must(t, err)
		return stream
	}
	answer := func(frame []byte) []byte {
		stream := open()
		defer func() { _ = stream.Reset() }()
		must(t, attest.WriteFrame(stream, frame))
		must(t, stream.CloseWrite())
		data, err := attest.ReadFrame(stream, maxReply)
		must(t, err)
		return data
	}
	for name, frame := range map[string][]byte{
		"empty": {}, "unknown kind": {77, 1}, "no receipt": {frameReceipt}, "no verdict": {frameVerdict, 1, 2}, "no profile": []byte("p{}"),
	} {
		if data := answer(frame); len(data) < 2 || data[0] != statusRefused {
			t.Errorf("%s was answered by %q", name, data)
		}
	}
	absurd := open()
	if _, err := absurd.Write([]byte{0xff, 0xff, 0xff, 0xff}); err != nil {
		t.Fatal(err)
	}
	if _, err := attest.ReadFrame(absurd, maxReply); err == nil {
		t.Error("an absurd length was answered")
	}
	// One that stops within a frame gets what came before answered, if it still listens.
	good := receipt(t, "scan", "node", "clinic", 1, "")
	data, err := Statement{Receipt: &good}.Encode()
	must(t, err)
	cut := open()
	must(t, attest.WriteFrame(cut, data))
	if _, err := cut.Write(binary.BigEndian.AppendUint32(nil, 100)); err != nil {
		t.Fatal(err)
	}
	if got, err := attest.ReadFrame(cut, maxReply); err != nil || !bytes.Equal(got, []byte{statusStored}) {
		t.Errorf("the whole frame before was answered by %q, %v", got, err)
	}
	_ = cut.Reset()
	s := receipt(t, "scan 2", "node", "clinic", 1, "")
	must(t, d.receipt(t, s)) // it lives on
}

// TestASilentStreamOfManyDoesNotHoldUpClose: neither does it keep its slot.
func TestASilentStreamOfManyDoesNotHoldUpClose(t *testing.T) {
	d := openDoor(t, Options{})
	stream, err := d.peer.NewStream(t.Context(), d.coordinator, ManyProtocol)
	must(t, err)
	if _, err := stream.Write([]byte{0, 0}); err != nil {
		t.Fatal(err)
	}
	d.server.Close()
}

// TestAStoreThatFailsAnswersAgain: nothing of the batch is acknowledged, nothing refused.
func TestAStoreThatFailsAnswersAgain(t *testing.T) {
	d := openDoorOn(t, brokenStore{}, Options{})
	a, b := receipt(t, "scan", "node", "clinic", 1, ""), receipt(t, "scan 2", "node", "clinic", 1, "")
	for i, err := range SubmitAll(t.Context(), d.peer, d.coordinator, []Statement{{Receipt: &a}, {Receipt: &b}}) {
		if !errors.Is(err, ErrBusy) {
			t.Errorf("statement %d: %v, want ErrBusy", i, err)
		}
	}
}

// TestNobodyThere: each statement is told that it may go again.
func TestNobodyThere(t *testing.T) {
	d := openDoor(t, Options{})
	d.server.Close()
	a := receipt(t, "scan", "node", "clinic", 1, "")
	errs := SubmitAll(t.Context(), d.peer, d.coordinator, []Statement{{Receipt: &a}, {Receipt: &a}})
	for i, err := range errs {
		if err == nil || !strings.Contains(err.Error(), "safe to send it again") {
			t.Errorf("statement %d: %v", i, err)
		}
	}
	if len(errs) != 2 {
		t.Errorf("%d errors for 2 statements", len(errs))
	}
}

func TestLifeIsAnotherOneForEachStart(t *testing.T) {
	d := openDoor(t, Options{})
	first, err := Life(t.Context(), d.peer, d.coordinator)
	must(t, err)
	if again, err := Life(t.Context(), d.peer, d.coordinator); err != nil || again != first || first == "" {
		t.Fatalf("asked again: %q, before %q: %v", again, first, err)
	}
	if other := New(brokenStore{}, testDomain, Options{}); other.life == first {
		t.Error("two servers live one life")
	}
}

func FuzzTakeMany(f *testing.F) {
	r := receipt(f, "scan", "node", "clinic", 1, "")
	v, p := verdict(f, r, "clinic", attest.JudgedValid), profile(f, "node", `{"version":1}`, 10)
	var whole bytes.Buffer
	for _, s := range []Statement{{Receipt: &r}, {Verdict: &v}, {Profile: &p}} {
		data, err := s.Encode()
		must(f, err)
		must(f, attest.WriteFrame(&whole, data))
	}
	f.Add(whole.Bytes())
	f.Add([]byte{0, 0, 0, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		store := &memoryStore{}
		server := New(store, testDomain, Options{})
		var answers bytes.Buffer
		_ = server.takeMany(t.Context(), "", both{bytes.NewReader(data), &answers}, func() bool { return true })
		stored := 0
		for {
			frame, err := attest.ReadFrame(&answers, maxReply)
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			if frame[0] == statusStored {
				stored++
			}
		}
		if stored > store.kept {
			t.Fatalf("%d acknowledged, %d kept", stored, store.kept)
		}
	})
}

// both is a stream of what is read and what is written.
type both struct {
	io.Reader
	io.Writer
}

// memoryStore keeps nothing but a count.
type memoryStore struct{ kept int }

func (m *memoryStore) Put(_ context.Context, statements []Statement) []error {
	m.kept += len(statements)
	return make([]error, len(statements))
}
