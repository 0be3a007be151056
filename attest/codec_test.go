package attest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/models"
)

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSignedReceiptRoundTrip(t *testing.T) {
	want := signedReceipt(t)
	data := encode(t, want)
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string][]byte{"compact": data, "indented": indented.Bytes()} {
		got, err := DecodeSignedReceipt(form)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	var plain SignedReceipt
	if err := json.Unmarshal(data, &plain); err != nil || plain != want {
		t.Errorf("json.Unmarshal: got %+v, %v", plain, err)
	}
}

func TestDecodeSignedReceiptRefuses(t *testing.T) {
	text := string(encode(t, signedReceipt(t)))
	cases := map[string]string{
		"empty":              "",
		"too long":           text + strings.Repeat(" ", MaxReceiptBytes),
		"two values":         text + text,
		"unknown key":        strings.Replace(text, `"fence":`, `"tip":1,"fence":`, 1),
		"key given twice":    strings.Replace(text, `"fence":3`, `"fence":9,"fence":3`, 1),
		"other letter case":  strings.Replace(text, `"fence":`, `"Fence":`, 1),
		"missing key":        strings.Replace(text, `"deadline_ms":1790000060123,`, ``, 1),
		"number as text":     strings.Replace(text, `"fence":3`, `"fence":"3"`, 1),
		"fraction":           strings.Replace(text, `"fence":3`, `"fence":3.0`, 1),
		"negative time":      strings.Replace(text, `"started_at_ms":1790000000123`, `"started_at_ms":-1`, 1),
		"signature too long": strings.Replace(text, `"node_sig":"0x`, `"node_sig":"0x00`, 1),
		"null":               "null",
	}
	for name, given := range cases {
		if got, err := DecodeSignedReceipt([]byte(given)); err == nil {
			t.Errorf("%s was read as %+v", name, got)
		}
	}
}

func FuzzDecodeSignedReceipt(f *testing.F) {
	f.Add(encode(f, signedReceipt(f)))
	f.Add([]byte(`{"receipt":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeSignedReceipt(data)
		if err != nil {
			return
		}
		again, err := DecodeSignedReceipt(encode(t, s))
		if err != nil || again != s {
			t.Fatalf("decoded, encoded and decoded differs: %v", err)
		}
		_ = s.Verify(testDomain) // must not panic
	})
}

func FuzzDecodeSignedUptime(f *testing.F) {
	key, node := keyOf(f, 1)
	s := SignedUptime{Uptime: Uptime{Node: node, Seq: 1, At: time.UnixMilli(3).UTC()}}
	s.NodeSig = sign(f, s.Uptime.Hash(testDomain), key)
	f.Add(encode(f, s))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeSignedUptime(data)
		if err != nil {
			return
		}
		if again, err := DecodeSignedUptime(encode(t, s)); err != nil || again != s {
			t.Fatalf("decoded, encoded and decoded differs: %v", err)
		}
		_ = s.Verify(testDomain)
	})
}

func FuzzDecodeSignedProfile(f *testing.F) {
	key, node := keyOf(f, 1)
	profile := json.RawMessage(`{"tier":1}`)
	s := SignedProfile{Statement: ProfileStatement{Node: node, ProfileDigest: models.DigestOf(profile), Profile: profile, At: time.UnixMilli(3).UTC()}}
	s.NodeSig = sign(f, s.Statement.Hash(testDomain), key)
	f.Add(encode(f, s))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeSignedProfile(data)
		if err != nil {
			return
		}
		again, err := DecodeSignedProfile(encode(t, s))
		if err != nil || !bytes.Equal(encode(t, again), encode(t, s)) {
			t.Fatalf("decoded, encoded and decoded differs: %v", err)
		}
		_ = s.Verify(testDomain)
	})
}
