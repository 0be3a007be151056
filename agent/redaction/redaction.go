// Package redaction takes out of text what must not leave a machine: what an address
// carries beside its host (a provider's key is often its path), the words after a
// password's name, private keys, long secrets, and words that the caller knows. In: text that
// errors and logs are made of. Out: the same text, bounded and of one line where that is
// wanted, with marks where something was. It can't know a secret that looks like a plain
// word: nobody may write one, or a patient's name, into a log in the first place.
package redaction

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mark stands where something was taken out.
const Mark = "[removed]"

// patterns are what secrets look like.
type patterns struct{ address, named, bearer, pem, hexes, uid *regexp.Regexp }

// secretNames are what settings and headers with secrets are called.
const secretNames = `pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|mnemonic|seed[_-]?phrase|credentials?|cookie|authorization|signature`

func newPatterns() patterns {
	return patterns{
		address: regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]{1,15}://[^\s"'<>\\\x60]+`),
		// name = value, name: value, "name": "value"; a quoted value whole, any other to its end.
		named:  regexp.MustCompile(`(?i)((?:` + secretNames + `)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;}&]+)`),
		bearer: regexp.MustCompile(`(?i)\b(bearer|basic|digest)\s+[a-z0-9+/=._~-]{6,}`),
		pem:    regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*(?:PRIVATE KEY|SECRET)[A-Z0-9 ]*-----.*?(?:-----END [A-Z0-9 ]*-----|\z)`),
		hexes:  regexp.MustCompile(`\b(?:0x)?[0-9a-fA-F]{64,}\b`),
		// A DICOM UID (PS3.5 chapter 9) of six parts and more: an address of IPv4 has four.
		uid: regexp.MustCompile(`\b[0-2](?:\.(?:0|[1-9][0-9]{0,38})){5,}`),
	}
}

// Redactor takes secrets out of text. It is safe for concurrent use.
type Redactor struct {
	patterns
	known  *strings.Replacer
	strict bool
}

// shortestKnown is the shortest word that is worth looking for: shorter ones are in half of
// all text by chance.
const shortestKnown = 4

// New is a redactor for the role's own operator, who may see hashes of tasks and blocks.
func New() *Redactor { return &Redactor{patterns: newPatterns()} }

// Strict is a redactor for strangers. It also takes out the known words (keys that lie in
// files, names that a person gave); every number of 64 hexadecimal digits, since private keys
// look like the hashes of tasks; and every DICOM UID but the standard's own.
func Strict(known ...string) *Redactor {
	known = slices.DeleteFunc(slices.Clone(known), func(word string) bool { return utf8.RuneCountInString(strings.TrimSpace(word)) < shortestKnown })
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) }) // the longest first: one may contain another
	pairs := make([]string, 0, 2*len(known))
	for _, word := range slices.Compact(known) {
		pairs = append(pairs, word, Mark)
	}
	r := &Redactor{patterns: newPatterns(), strict: true}
	if len(pairs) > 0 {
		r.known = strings.NewReplacer(pairs...)
	}
	return r
}

// Text is text without secrets.
func (r *Redactor) Text(text string) string {
	text = strings.ToValidUTF8(text, "�")
	if r.known != nil {
		text = r.known.Replace(text)
	}
	text = r.pem.ReplaceAllString(text, Mark)
	text = r.address.ReplaceAllStringFunc(text, Address)
	text = r.bearer.ReplaceAllString(text, "$1 "+Mark)
	text = r.named.ReplaceAllString(text, "${1}"+Mark)
	if r.strict {
		text = r.hexes.ReplaceAllString(text, Mark)
		text = r.uid.ReplaceAllStringFunc(text, foreignUID)
	}
	return text
}

// standardUIDs begins the UIDs that the standard itself gives out (PS3.6 Annex A): syntaxes and
// classes, which name nobody.
const standardUIDs = "1.2.840.10008."

func foreignUID(uid string) string {
	if strings.HasPrefix(uid, standardUIDs) {
		return uid
	}
	return Mark
}

// Address is an URL as far as its host, which is what says where the fault lies.
func Address(text string) string {
	at, err := url.Parse(text)
	if err != nil {
		scheme, _, _ := strings.Cut(text, "://")
		return scheme + "://" + Mark
	}
	short := at.Scheme + "://" + at.Host
	if at.User == nil && at.RawQuery == "" && (at.Path == "" || at.Path == "/") {
		return short + at.Path
	}
	return short + "/…"
}

// Line is text as one line of at most so many bytes: no control characters reach a terminal,
// a header or a notification.
func Line(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '�'
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= most {
		return text
	}
	const dots = "…"
	cut := max(0, most-len(dots))
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	if most < len(dots) {
		return ""
	}
	return text[:cut] + dots
}
