package support

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func source(name, text string) Source {
	return Source{Name: name, What: "of the test", Read: func(context.Context) ([]byte, error) { return []byte(text), nil }}
}

func TestKnownWordsLeaveInNoForm(t *testing.T) {
	home := t.TempDir()
	raw := []byte{0xde, 0xad, 0xbe, 0xef, 0x01, 0x02, 0x03, 0x04, 0x05}
	for path, data := range map[string][]byte{"node/node.key": raw, "clinic/vault-key/current": []byte("vault-secret-1234\n"), "api-tokens": []byte("tok-abcdefghij operator\n"), "node/notes.txt": []byte("public words")} {
		full := filepath.Join(home, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var w Words
	if err := w.Secrets(home, filepath.Join(home, "nowhere")); err != nil {
		t.Fatal(err)
	}
	w.Text("Müller^Änne", "PID 77/1", "1956-01-30")
	text := strings.Join([]string{hex.EncodeToString(raw), "0x" + strings.ToUpper(hex.EncodeToString(raw)), "vault-secret-1234", "tok-abcdefghij", "Müller^Änne", "MÜLLER", "müller, änne",
		`{"name":"M\u00fcller"}`, "PID+77%2F1", "PID 77/1", "born 1956-01-30", "public words"}, "\n")
	items, err := Gather(t.Context(), []Source{source("log", text)}, w)
	if err != nil {
		t.Fatal(err)
	}
	got := string(items[0].Data)
	for _, word := range []string{"deadbeef", "DEADBEEF", "vault-secret", "tok-abc", "üller", "ÜLLER", "77/1", "77%2F1", "1956"} {
		if strings.Contains(got, word) {
			t.Errorf("%q is left:\n%s", word, got)
		}
	}
	if !strings.Contains(got, "public words") {
		t.Errorf("what is no secret is gone:\n%s", got)
	}
	if err := Check(items, w); err != nil {
		t.Error(err)
	}
	if err := Check([]Item{{Name: "log", Data: []byte("so says Änne")}}, w); !errors.Is(err, ErrLeak) || strings.Contains(err.Error(), "Änne") {
		t.Errorf("a word that is left is not noticed, or told: %v", err)
	}
}

func TestNoKnownWordSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Words
		known := rapid.SliceOfN(rapid.StringMatching(`[A-Za-z0-9^ äß"<&\\/_-]{4,20}`), 1, 5).Draw(t, "known")
		w.Text(known...)
		var text strings.Builder
		for range rapid.IntRange(1, 10).Draw(t, "pieces") {
			text.WriteString(rapid.SampledFrom(append(known, quoted(known[0]), strings.ToUpper(known[0]), " ", "\n", "=", "://", "password=", `"`, "x")).Draw(t, "piece"))
		}
		items, err := Gather(context.Background(), []Source{source("log", text.String())}, w)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(items, w); err != nil {
			t.Fatalf("%v: %q of %q with %q", err, items[0].Data, text.String(), known)
		}
	})
}

func TestASourceThatFailsIsToldAndALongOneIsCut(t *testing.T) {
	items, err := Gather(t.Context(), []Source{
		{Name: "status", Read: func(context.Context) ([]byte, error) { return nil, errors.New("nothing answers") }},
		source("log", strings.Repeat("a line of a log\n", maxItem/8)+"the end\n"),
	}, Words{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(items[0].Data), "nothing answers") {
		t.Errorf("%s", items[0].Data)
	}
	if n := len(items[1].Data); n > maxItem+100 || !strings.HasSuffix(string(items[1].Data), "the end\n") || !strings.HasPrefix(string(items[1].Data), "(the beginning") {
		t.Errorf("%d bytes", n)
	}
}

func TestTheArchiveIsReadByOthers(t *testing.T) {
	var b bytes.Buffer
	at := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	if err := Write(&b, "bundle", []Item{{Name: "about.txt", Data: []byte("version")}, {Name: "log/node.log", Data: []byte("line\n")}}, at); err != nil {
		t.Fatal(err)
	}
	packed, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	archive, seen := tar.NewReader(packed), ""
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil || head.Mode != 0o600 || !head.ModTime.Equal(at) {
			t.Errorf("%+v, %v", head, err)
		}
		seen += head.Name + "=" + string(data) + ";"
	}
	if seen != "bundle/about.txt=version;bundle/log/node.log=line\n;" {
		t.Error(seen)
	}
}
