package route

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of patterns and of what they are held against: rules are the clinic's own, facts a stranger's.
const (
	maxPatternBytes  = 256
	maxFactBytes     = 1024 // the rest of a longer value is not looked at
	maxFactValues    = 1000 // series of one study
	maxListEntries   = 200  // of one condition
	regexpPrefix     = "re:"
	nothing          = "nothing"
	maxExplainedText = 200 // bytes of what a condition saw, for a person
)

// pattern is one text condition: a glob, or a regular expression.
type pattern struct {
	glob   []rune // folded; nil where expression is set
	expr   *regexp.Regexp
	source string
}

func compilePattern(source string) (pattern, error) {
	p := pattern{source: source}
	if len(source) > maxPatternBytes {
		return p, fmt.Errorf("pattern of %d bytes: at most %d are taken", len(source), maxPatternBytes)
	}
	if !utf8.ValidString(source) {
		return p, fmt.Errorf("pattern %q is not UTF-8", source)
	}
	if expression, ok := strings.CutPrefix(source, regexpPrefix); ok {
		expr, err := regexp.Compile("(?i)(?:" + expression + ")")
		if err != nil {
			return p, fmt.Errorf("pattern %q: %w", source, err)
		}
		p.expr = expr
		return p, nil
	}
	p.glob = []rune(fold(source))
	if len(p.glob) == 0 {
		return p, fmt.Errorf("pattern %q matches nothing; write * for any text that is there", source)
	}
	return p, nil
}

// matches holds the pattern against a value. An empty value is not known and meets none.
func (p pattern) matches(value string) bool {
	value = bounded(value, maxFactBytes)
	folded := fold(value)
	if folded == "" {
		return false
	}
	if p.expr != nil {
		return p.expr.MatchString(strings.ToValidUTF8(strings.Trim(value, " \x00"), "\uFFFD"))
	}
	return globMatches(p.glob, []rune(folded))
}

// globMatches walks both once, going back only to the last star, so that it takes at most
// len(glob) × len(text) steps.
func globMatches(glob, text []rune) bool {
	g, t := 0, 0
	star, resume := -1, 0
	for t < len(text) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, resume = g, t
			g++
		case g < len(glob) && (glob[g] == '?' || glob[g] == text[t]):
			g++
			t++
		case star >= 0:
			resume++
			g, t = star+1, resume
		default:
			return false
		}
	}
	for g < len(glob) && glob[g] == '*' {
		g++
	}
	return g == len(glob)
}

// fold makes texts comparable: no outer spaces or padding, runs of spaces as one, the
// smallest letter of each set of letters that differ by case alone.
func fold(text string) string {
	text = strings.ToValidUTF8(strings.Trim(text, " \x00"), "\uFFFD")
	return strings.Map(foldRune, strings.Join(strings.Fields(text), " "))
}

func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// bounded cuts a text at a rune's start.
func bounded(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
