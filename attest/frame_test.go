package attest

import (
	"bytes"
	"strings"
	"testing"
)

func TestFrames(t *testing.T) {
	var stream bytes.Buffer
	for _, text := range []string{"", "one", "two"} {
		if err := WriteFrame(&stream, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"", "one", "two"} {
		if got, err := ReadFrame(&stream, 3); err != nil || string(got) != want {
			t.Errorf("read %q, %v; want %q", got, err, want)
		}
	}
	for name, raw := range map[string]string{"absurd length": "\xff\xff\xff\xffx", "cut": "\x00\x00\x00\x03ab", "cut head": "\x00\x00", "one too many": "\x00\x00\x00\x04abcd"} {
		if got, err := ReadFrame(strings.NewReader(raw), 3); err == nil {
			t.Errorf("%s: read %q", name, got)
		}
	}
}
