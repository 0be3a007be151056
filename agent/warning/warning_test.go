package warning

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the reference of warnings anew")

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// clock is a time that a test sets.
type clock struct{ now time.Time }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

func board(t *testing.T, path string, c *clock) *Board {
	t.Helper()
	return Open(Options{Path: path, Now: func() time.Time { return c.now }})
}

func TestTheCatalogueIsWhole(t *testing.T) {
	shape, seen := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`), map[Code]bool{}
	for _, k := range Catalogue() {
		if !shape.MatchString(string(k.Code)) || seen[k.Code] || k.Severity.Rank() == 0 || len(k.Roles) == 0 || k.Means == "" || k.Fix == "" {
			t.Errorf("%+v", k)
		}
		seen[k.Code] = true
		if strings.Contains(k.Means+k.Fix, "|") || len(k.Fix) > maxFix {
			t.Errorf("%s: the text does not fit into the reference", k.Code)
		}
	}
}

func TestTheReferenceIsFresh(t *testing.T) {
	const path = "../../packaging/docs/warnings.md"
	if *update {
		if err := os.WriteFile(path, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != Reference() {
		t.Errorf("%s is not what the catalogue says (%v); write it anew with `go test ./agent/warning -update`", filepath.Base(path), err)
	}
}

func TestSinceWhenSurvivesARestart(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), File), &clock{noon}
	first := board(t, path, c)
	first.Raise(Of(DiskLow, "", "1 GiB is free"))
	first.Raise(Of(NoPeers, "", "no peer is connected"))
	c.pass(3 * time.Hour)
	first.Clear(NoPeers, "")

	second := board(t, path, c)
	if list := second.List(); len(list) != 0 {
		t.Errorf("%+v is up before anybody looked", list)
	}
	c.pass(time.Minute)
	second.Raise(Of(DiskLow, "", "0.9 GiB are free"))
	second.Raise(Of(NoPeers, "", "no peer is connected"))
	list := second.List()
	if len(list) != 2 || list[0].Code != NoPeers || !list[0].Since.Equal(c.now) || !list[1].Since.Equal(noon) {
		t.Errorf("%+v; want the peers since now and the disk since noon", list)
	}

	// A third life in which nobody raises it for an hour: it was mended meanwhile.
	third := board(t, path, c)
	c.pass(2 * afterStart)
	third.Raise(Of(DiskLow, "", "1 GiB is free"))
	if list := third.List(); len(list) != 1 || !list[0].Since.Equal(c.now) {
		t.Errorf("%+v; want it since now", list)
	}
}

func TestASourceHoldsExactlyWhatItSays(t *testing.T) {
	c := &clock{noon}
	b := board(t, "", c)
	b.Raise(Of(NotifyFails, "mail", "refused"))
	b.Hold("models", []Warning{Of(ModelLeftOut, "a", "not offered"), Of(ModelLeftOut, "b", "not offered")})
	b.Hold("disk", []Warning{Of(DiskLow, "", "1 GiB")})
	c.pass(time.Hour)
	b.Hold("models", []Warning{Of(ModelLeftOut, "b", "not offered still"), Of(ModelLeftOut, "c", "not offered")})
	var said []string
	for _, w := range b.List() {
		said = append(said, string(w.Code)+" "+w.Subject+" "+w.Since.Format("15"))
	}
	slices.Sort(said)
	if got := strings.Join(said, "; "); got != "disk-low  12; model-left-out b 12; model-left-out c 13; notify-fails mail 12" {
		t.Error(got)
	}
}

func TestWhatAnEarlierLifeLeftIsAwaitedUntilItsSourceLooks(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), File), &clock{noon}
	first := board(t, path, c)
	first.Hold("epoch", []Warning{Of(EpochFails, "", "closing the epoch failed")})
	first.Hold("disk", []Warning{Of(DiskLow, "", "1 GiB is free")})
	first.Raise(Of(NotifyFails, "mail", "refused"))

	c.pass(time.Minute)
	second := board(t, path, c)
	awaited := func(want ...Code) {
		t.Helper()
		for _, w := range []Warning{Of(EpochFails, "", ""), Of(DiskLow, "", ""), Of(NotifyFails, "mail", "")} {
			if _, is := second.Awaited(w.Code, w.Subject); is != slices.Contains(want, w.Code) {
				t.Errorf("%s: awaited %t, want %v", w.Code, is, want)
			}
		}
	}
	awaited(EpochFails, DiskLow, NotifyFails)
	heard := second.Changed()
	second.Hold("disk", nil) // it has looked, and there is room
	select {
	case <-heard:
	default:
		t.Error("nobody heard that the disk has room again")
	}
	awaited(EpochFails, NotifyFails)
	second.Clear(NotifyFails, "mail")
	awaited(EpochFails)
	c.pass(afterStart)
	awaited()
}

func TestWaitersHearOfChangesAlone(t *testing.T) {
	b := board(t, "", &clock{noon})
	changed := func(do func()) bool {
		heard := b.Changed()
		do()
		select {
		case <-heard:
			return true
		default:
			return false
		}
	}
	low := Of(DiskLow, "", "1 GiB is free")
	steps := []struct {
		name string
		do   func()
		want bool
	}{
		{"raised", func() { b.Raise(low) }, true},
		{"raised again", func() { b.Raise(low) }, false},
		{"reworded", func() { b.Raise(Of(DiskLow, "", "0.5 GiB are free")) }, true},
		{"held as it is", func() { b.Hold("disk", []Warning{Of(DiskLow, "", "0.5 GiB are free")}) }, false},
		{"let go", func() { b.Hold("disk", nil) }, true},
		{"cleared though nothing is up", func() { b.Clear(DiskLow, "") }, false},
	}
	for _, s := range steps {
		if got := changed(s.do); got != s.want {
			t.Errorf("%s: heard %t, want %t", s.name, got, s.want)
		}
	}
}

func TestWhatIsShownIsBoundedAndHoldsNoSecret(t *testing.T) {
	b := board(t, "", &clock{noon})
	b.Raise(Warning{Code: ChainUnreachable, Subject: "a\x1b[31mb", Text: "Post \"https://mainnet.example.org/v3/0123456789abcdef?x=1\": refused\npassword=hunter2 " + strings.Repeat("é", 2000)})
	w := b.List()[0]
	for _, secret := range []string{"0123456789abcdef", "hunter2", "\x1b", "\n"} {
		if strings.Contains(w.Text+w.Subject, secret) {
			t.Errorf("%q is shown in %q, %q", secret, w.Text, w.Subject)
		}
	}
	if !strings.Contains(w.Text, "https://mainnet.example.org/…") || len(w.Text) > maxText || w.Fix == "" || w.Severity != Caution {
		t.Errorf("%+v", w)
	}
	for n := range 3 * maxActive {
		b.Raise(Of(ModelLeftOut, strings.Repeat("m", n%100)+string(rune('a'+n%26))+time.Duration(n).String(), "not offered"))
	}
	if n := len(b.List()); n != maxActive {
		t.Errorf("%d warnings are up, %d may be", n, maxActive)
	}
}

func TestADamagedFileIsBegunAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	for _, text := range []string{"{", "[1]", `[{"code":"disk-low","since":"2999-01-01T00:00:00Z"}]`, strings.Repeat(" ", maxFile+1)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b := board(t, path, &clock{noon})
		b.Raise(Of(DiskLow, "", "1 GiB is free"))
		if list := b.List(); len(list) != 1 || !list[0].Since.Equal(noon) {
			t.Errorf("%.20q: %+v", text, list)
		}
	}
}

// TestABoardIsWhatItsSourcesSaid holds a board against a plain map under any history.
func TestABoardIsWhatItsSourcesSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		b := Open(Options{Now: func() time.Time { return now }})
		type entry struct {
			source string
			since  time.Time
		}
		want := map[key]entry{}
		sources, subjects := []string{"x", "y"}, []string{"", "a", "b"}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Minute)
			source := rapid.SampledFrom(sources).Draw(t, "source")
			var list []Warning
			said := map[key]bool{}
			for _, s := range rapid.SliceOfDistinct(rapid.SampledFrom(subjects), rapid.ID[string]).Draw(t, "subjects") {
				list = append(list, Of(DiskLow, s, "low"))
				said[key{DiskLow, s}] = true
			}
			b.Hold(source, list)
			for k, e := range want {
				if e.source == source && !said[k] {
					delete(want, k)
				}
			}
			for k := range said {
				e, up := want[k]
				if !up {
					e.since = now
				}
				want[k] = entry{source, e.since}
			}
			got := b.List()
			if len(got) != len(want) {
				t.Fatalf("%d are up, want %d", len(got), len(want))
			}
			for i, w := range got {
				if e, up := want[key{w.Code, w.Subject}]; !up || !e.since.Equal(w.Since) {
					t.Fatalf("%+v, want %+v", w, e)
				}
				if i > 0 && byUrgency(got[i-1], w) > 0 {
					t.Fatal("the list is out of order")
				}
			}
		}
	})
}
