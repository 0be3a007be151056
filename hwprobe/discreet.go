package hwprobe

import (
	"regexp"
	"strings"
)

// somePath is what looks like an absolute path, a home or an address, up to the next
// colon or quote: a folder's name may hold spaces.
var somePath = regexp.MustCompile(`(^|[\s"'(=:\[])(?:~|\.{1,2}|[A-Za-z]:)?[\\/](?:[^:"'\n]*[\\/])?[^\s:"']*`)

// maxWords bounds a reason: the runtime's errors can be long.
const maxWords = 300

// discreet is text without paths, which may name a person, and bounded: profiles are
// published.
func discreet(text string) string {
	text = somePath.ReplaceAllString(text, "${1}…")
	return strings.ToValidUTF8(text[:min(len(text), maxWords)], "")
}
