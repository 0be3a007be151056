package route

import (
	"strings"
	"testing"

	"github.com/medhive/medhive/scheduler/settings"
)

// Every fault of a file is named, with what to write in its place.
func TestParseRefuses(t *testing.T) {
	const ok = "[[rule]]\nname = \"a\"\nmodel = \"m\"\n"
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", ok + "modle = \"x\"", `rule.modle is not known; did you mean "model"?`},
		{"unknown key of conditions", ok + "match.modalty = [\"MR\"]", `rule.match.modalty is not known; did you mean "modality"?`},
		{"unknown key far from all", ok + "budget.xyzzyxyzzy = 1", "rule.budget.xyzzyxyzzy is not known; known here are day-count"},
		{"unknown table", ok + "[rule.macth]\nmodality = [\"MR\"]", `rule.macth is not known; did you mean "match"?`},
		{"unknown key at the top", ok + "[zones]\na = 1", `zones is not known; did you mean "zone"?`},
		{"no TOML", "[[rule]\n", "line 2"},
		{"another type", "[[rule]]\nname = 5", "incompatible types"},
		{"no name", "[[rule]]\nmodel = \"m\"", "rule 1: name"},
		{"name with capitals", "[[rule]]\nname = \"A\"\nmodel = \"m\"", "rule 1: name"},
		{"same name twice", ok + ok, `rule "a": another rule has this name`},
		{"no model", "[[rule]]\nname = \"a\"", "name one as id or id@version"},
		{"model and ignore", ok + "ignore = true", "one of them must go"},
		{"continue and ignore", "[[rule]]\nname = \"a\"\nignore = true\ncontinue = true", "what goes on is not ignored"},
		{"priority", ok + "priority = \"now\"", "want routine, urgent or stat"},
		{"at-most below", ok + "priority = \"stat\"\nat-most = \"urgent\"", "below the rule's own priority"},
		{"heed", ok + "heed = [\"dims\"]", `did you mean "dimse"?`},
		{"residency", ok + "residency = [\"de\"]", "two capital letters"},
		{"within without unit", ok + "within = 10", "with its unit"},
		{"within too long", ok + "within = \"1000h\"", "want 1s to"},
		{"copying", ok + "copying = \"twice\"", "want one of once, hedged, replicated"},
		{"copies alone", ok + "copies = 2", "without copying"},
		{"too many copies", ok + "copying = \"hedged\"\ncopies = 9", "want 2 to 4"},
		{"forms", ok + "forms = [\"pdff\"]", `did you mean "pdf"?`},
		{"on-failure", ok + "on-failure = \"notce\"", `did you mean "notice"?`},
		{"silent and destinations", ok + "silent = true\ndestinations = [\"pacs\"]", "one of them must go"},
		{"private", ok + "deidentify.private = [\"0018,X,0C\"]", "want odd group"},
		{"private without creator", ok + "deidentify.private = [\"0019,,0C\"]", "want odd group"},
		{"private of a file's group", ok + "deidentify.private = [\"0007,X,0C\"]", "want odd group"},
		{"age", ok + "match.age = [\"18\"]", "want a number and d, w, m or y"},
		{"age backwards", ok + "match.age = [\"18y-6m\"]", "ends before it begins"},
		{"hours", ok + "match.hours = [\"8-18\"]", "want a window"},
		{"days", ok + "match.days = [\"monday\"]", "want mon, tue"},
		{"zone", "zone = \"Europe/Berlni\"\n" + ok, "write an IANA name"},
		{"zone of this machine", "zone = \"Local\"\n" + ok, "the same on every machine"},
		{"zone of nothing", ok + "match.zone = \"Europe/Berlin\"", "has no meaning"},
		{"way", ok + "match.way = [\"dicom\"]", "want one of dimse"},
		{"expression", ok + "match.study-description = [\"re:(\"]", "missing closing"},
		{"empty pattern", ok + "unless.modality = [\" \"]", "unless modality: pattern \" \" matches nothing"},
		{"instances", ok + "match.instances = [\"20-10\"]", "want numbers"},
		{"budget without ceiling", ok + "budget.day-gwei = 5", "write one"},
		{"budget below one study", ok + "price-ceiling-gwei = 10\nbudget.day-gwei = 5", "nothing would ever be analysed"},
		{"budget then", ok + "budget = { day-count = 1, then = \"wait\" }", "budget then"},
		{"budget below zero", ok + "budget.day-count = -1", "below zero"},
		{"a long pattern", ok + "match.modality = [\"" + strings.Repeat("x", 300) + "\"]", "at most 256"},
		{"a long file", strings.Repeat("#", settings.MaxBytes+1), "at most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v; want it to say %q", err, c.want)
			}
		})
	}
}

func TestParseNamesEveryFault(t *testing.T) {
	_, err := Parse([]byte("[[rule]]\nname = \"a\"\nmodel = \"m\"\npriority = \"x\"\n[[rule]]\nname = \"b\"\n"))
	if err == nil || !strings.Contains(err.Error(), `rule "a": priority`) || !strings.Contains(err.Error(), `rule "b": model`) {
		t.Fatal(err)
	}
}
