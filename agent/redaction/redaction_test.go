package redaction

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// secret is in every case below what must go.
const secret = "s3cr3t-Pa55phrase"

func TestSecretsAreTakenOut(t *testing.T) {
	for name, text := range map[string]string{
		"a setting":               "password=" + secret,
		"a setting with spaces":   "password = " + secret + " and more",
		"a prefixed setting":      "MEDHIVE_NODE_SMTP_PASSWORD=" + secret,
		"JSON":                    `{"user":"a","api_key":"` + secret + `","b":1}`,
		"JSON with an escape":     `{"token":"a\"` + secret + `"}`,
		"TOML":                    "token = '" + secret + "'",
		"a header":                "Authorization: Bearer " + secret,
		"a bearer anywhere":       "sent bearer " + secret + " to it",
		"an address's password":   "dial https://me:" + secret + "@example.org/x: refused",
		"an address's path":       "Post \"https://rpc.example.org/v3/" + secret + "\": EOF",
		"an address's query":      "GET wss://example.org?key=" + secret,
		"an address of a webhook": "<https://hooks.example.org/services/T0/B0/" + secret + ">",
		"a broken address":        "dial https://[::1/" + secret,
		"a private key":           "-----BEGIN EC PRIVATE KEY-----\n" + secret + "\n-----END EC PRIVATE KEY-----",
		"half a private key":      "-----BEGIN PRIVATE KEY-----\n" + secret,
	} {
		for kind, r := range map[string]*Redactor{"operator": New(), "stranger": Strict()} {
			if got := r.Text(text); strings.Contains(got, secret) {
				t.Errorf("%s, for the %s: %s", name, kind, got)
			}
		}
	}
}

func TestStrangersSeeNoKnownWordNorKeyNorUID(t *testing.T) {
	key := strings.Repeat("0a", 32)
	r := Strict("Doe^Jane", "Doe", "Jane", "ID-4711", "", "ab")
	got := r.Text("study 1.2.826.0.1.3680043.8.498.12345 of Doe^Jane (ID-4711), key 0x" + key + " " + key + ", syntax 1.2.840.10008.1.2.1 from 192.168.10.20, ab")
	for _, word := range []string{"826", "Doe", "Jane", "4711", key} {
		if strings.Contains(got, word) {
			t.Errorf("%q is left in %q", word, got)
		}
	}
	for _, word := range []string{"1.2.840.10008.1.2.1", "192.168.10.20", "ab"} {
		if !strings.Contains(got, word) {
			t.Errorf("%q is gone from %q, and names nobody", word, got)
		}
	}
}

func TestWhatExplainsAFaultStays(t *testing.T) {
	for _, text := range []string{
		"dial tcp 127.0.0.1:8545: connect: connection refused",
		"the newest block is of 2026-11-22T05:00:00Z, 1h0m0s ago",
		"model t1-tissue@1.0.0 is not offered: it did not pass",
		"task 0a0b0c0d of 0x52908400098527886E0F7030069857D2E4169EE7",
		"https://ntfy.sh answers 403 Forbidden",
	} {
		if got := New().Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestLinesAreBoundedAndPlain(t *testing.T) {
	for text, want := range map[string]string{
		"two\nlines\tand  spaces": "two lines and spaces",
		"\x1b[31mred":             "�[31mred",
		"\xff":                    "�",
	} {
		if got := Line(text, 100); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a long text with ümlauts", 10)
	f.Add("\x00\x1b\u2028", 3)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = min(max(most, 0), 1<<16)
		got := Line(text, most)
		if len(got) > most || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x1b\x00") {
			t.Errorf("%d bytes of %q: %q", most, text, got)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("https://a.example.org/x", "password: ", " end")
	f.Add("{\"token\":\"", "x", "\"}")
	f.Add("-----BEGIN PRIVATE KEY-----", "\n", "-----END")
	f.Fuzz(func(t *testing.T, before, between, after string) {
		r := Strict(secret)
		got := r.Text(before + secret + between + secret + after)
		if strings.Contains(got, secret) || !utf8.ValidString(got) {
			t.Errorf("%q", got)
		}
	})
}
