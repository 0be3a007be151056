package runner

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
)

func TestFrameRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		payload := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(rt, "payload")
		k := rapid.SampledFrom([]kind{kindJob, kindResult, kindProgress}).Draw(rt, "kind")
		var stream bytes.Buffer
		if err := writeFrame(&stream, k, payload); err != nil {
			rt.Fatal(err)
		}
		got, back, err := readFrame(&stream, kindJob, kindResult, kindProgress)
		if err != nil || got != k || !bytes.Equal(back, payload) {
			rt.Fatalf("%q %d bytes, %v", got, len(back), err)
		}
	})
}

func TestFrameLimits(t *testing.T) {
	if err := writeFrame(io.Discard, kindProgress, make([]byte, maxShortBytes+1)); err == nil {
		t.Error("an overlong message was sent")
	}
	long := bytes.Repeat([]byte("abcdefg"), 1_000_000) // several pieces
	var stream bytes.Buffer
	if err := writeFrame(&stream, kindJob, long); err != nil {
		t.Fatal(err)
	}
	if _, back, err := readFrame(&stream, kindJob); err != nil || !bytes.Equal(back, long) {
		t.Errorf("a long frame: %v", err)
	}
	for name, c := range map[string]struct {
		in   string
		want error
	}{
		"end":             {"", io.EOF},
		"half a header":   {"J\x00", io.ErrUnexpectedEOF},
		"other kind":      {"P\x00\x00\x00\x00", errFrame},
		"unknown kind":    {"\x00\x00\x00\x00\x00", errFrame},
		"over the limit":  {"J\xff\xff\xff\xff", errFrame},
		"claims a lot":    {"J\x3f\xff\xff\xff" + "x", io.ErrUnexpectedEOF},
		"payload missing": {"J\x00\x00\x00\x01", io.ErrUnexpectedEOF},
	} {
		if _, _, err := readFrame(strings.NewReader(c.in), kindJob); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
}

// Whatever weights a package may have, a runner gets them.
func TestFrameHoldsWeights(t *testing.T) {
	if kindWeights.limit() < models.MaxWeightsBytes {
		t.Errorf("a frame holds %d bytes; a package's weights have up to %d", kindWeights.limit(), models.MaxWeightsBytes)
	}
	header := binary.BigEndian.AppendUint32([]byte{byte(kindWeights)}, models.MaxWeightsBytes)
	if _, _, err := readFrame(bytes.NewReader(header), kindWeights); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the largest weights, of which none arrive: %v", err)
	}
	for _, k := range []kind{kindInit, kindWeights, kindJob, kindTurn, kindReady, kindProgress, kindFailure, kindResult} {
		if limit := k.limit(); limit < 0 || limit > math.MaxUint32 {
			t.Errorf("kind %q: a limit of %d does not fit into a header", rune(k), limit)
		}
	}
}

// A model that no frame can hold is an error at once, in words, and not a child that is
// waited for.
func TestUnsendableModelFailsAtOnce(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Command: []string{program, "trial-stranger", "mute"}, Provider: ort.CPU, MemoryBytes: 1 << 30}
	o.Package.Manifest.ID = strings.Repeat("x", maxMessageBytes)
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	_, err = open(t.Context(), o, false, time.Hour)
	if !errors.Is(err, errUnsendable) || !strings.Contains(err.Error(), "the limit is") {
		t.Errorf("%.200v; want the limit", err)
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("J\x00\x00\x00\x01x"))
	f.Add([]byte("O\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		k, payload, err := readFrame(bytes.NewReader(in), kindProgress, kindResult, kindFailure)
		if err == nil && (int64(len(payload)) > k.limit() || len(payload) > len(in)) {
			t.Fatalf("%d bytes out of %d", len(payload), len(in))
		}
	})
}

func FuzzFailureOf(f *testing.F) {
	f.Add([]byte(`{"reason": "refused", "what": "slice is missing", "where": "slice 3", "do": "send it"}`))
	f.Add([]byte(`{"reason": "memory", "detail": "\u001b[31m"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		failure := failureOf(in)
		if !slices.Contains([]Reason{Refused, Memory, Timeout, Protocol, Broken}, failure.Reason) {
			t.Fatalf("reason %q", failure.Reason)
		}
		if text := failure.Error(); strings.ContainsAny(text, "\x1b\n\r\x00") || len(text) > 4*maxDetail+200 {
			t.Fatalf("%q", text)
		}
	})
}

func TestCauseHoldsNoData(t *testing.T) {
	for stderr, want := range map[string]string{
		"": "",
		"panic: Doe^John\n\ngoroutine 7 [running]:\nruntime.x()\ngithub.com/medhive/medhive/inference/volume.Resample({0xc0, 0x1})\n\t/src/x.go:7": "panic in inference/volume.Resample",
		"SIGSEGV: segmentation violation\nPC=0x0":                        "SIGSEGV",
		"fatal error: all goroutines are asleep\n":                       "fatal error",
		"panic: x\ngithub.com/medhive/medhive/inference.(*T).F(0x1)\n":   "panic in inference.(*T).F",
		"some library's chatter about Doe^John\n":                        "",
		"chatter\npanic: runtime error: index out of range [3]\nother\n": "panic",
	} {
		if got := cause(stderr); got != want {
			t.Errorf("%q: %q; want %q", stderr, got, want)
		}
	}
}

func TestComplaintIsBounded(t *testing.T) {
	var c complaint
	for range 100 {
		if n, err := c.Write(make([]byte, 4096)); n != 4096 || err != nil {
			t.Fatal(n, err)
		}
	}
	if len(c.String()) != maxStderr {
		t.Errorf("%d bytes kept", len(c.String()))
	}
}
