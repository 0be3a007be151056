package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/agent/warning"
)

// usualWidth is how many characters a line has where no screen tells: two terminals side by
// side show so many.
const usualWidth = 100

// narrowest is as far as text is squeezed.
const narrowest = 40

// width is how many characters a line of w has.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 {
			return max(narrowest, int(size.Col))
		}
	}
	return usualWidth
}

// printWarnings gives each warning its lines: what, since when, and what to do.
func printWarnings(w io.Writer, list []warning.Warning, now time.Time, columns int) (err error) {
	for _, one := range list {
		head := fmt.Sprintf("%-8s  ", one.Severity)
		_, err = fmt.Fprintf(w, "%s%s\n%s%s\n", head, wrap(fmt.Sprintf("%s (%s, %s)", one.Text, one.Code, since(one.Since, now)), columns, len(head)),
			strings.Repeat(" ", len(head)), wrap("fix: "+one.Fix, columns, len(head)))
	}
	return err
}

// since is how long something has lasted, for a person.
func since(begin, now time.Time) string {
	d := now.Sub(begin)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("for %d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("for %d h", int(d.Hours()))
	default:
		return fmt.Sprintf("for %d days", int(d.Hours()/24))
	}
}

// wrap breaks text between words so that lines have at most so many columns; the first begins
// at indent already, and the others are indented as far.
func wrap(text string, columns, indent int) string {
	var b strings.Builder
	at := indent
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > columns:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}
