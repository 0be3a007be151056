package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler"
)

// clinicRules are those of a made-up clinic.
const clinicRules = `
zone = "Europe/Berlin"

[[rule]]
name = "not-phantoms"
ignore = true
match.study-description = ["*phantom*", "re:^qa\\b"]

[[rule]]
name = "head-at-night"
group = "head"
model = "t1-tissue@1.2.0"
priority = "urgent"
residency = ["DE", "FR"]
price-ceiling-gwei = 5000
within = "10m"
local-after = "5m"
destinations = ["pacs"]
on-failure = "silent"
match.modality = ["MR"]
match.body-part = ["HEAD", "BRAIN"]
match.hours = ["20:00-06:00"]
match.age = ["18y-"]
unless.calling-ae = ["RESEARCH*"]

[[rule]]
name = "head"
group = "head"
model = "t1-tissue"
at-most = "urgent"
copying = "replicated"
copies = 3
price-ceiling-gwei = 1000
forms = ["sr", "pdf"]
destinations = ["pacs", "ehr"]
match.modality = ["MR"]
match.body-part = ["HEAD", "BRAIN"]
deidentify = { retain-dates = true, private = ["0019,SIEMENS MR HEADER,0C"], deface = true }
budget = { day-count = 2, month-gwei = 9000, stat-passes = true }

[[rule]]
name = "head-research"
group = "head"
model = "t1-lesion"
silent = true
match.modality = ["MR"]

[[rule]]
name = "chest"
group = "chest"
continue = true
model = "chest-ct"
match.modality = ["CT"]

[[rule]]
name = "no-spines"
group = "chest"
ignore = true
match.body-part = ["*SPINE*"]

[[rule]]
name = "chest-too"
group = "chest"
model = "nodules"
match.modality = ["CT"]
match.instances = ["20-"]
`

func mustParse(t testing.TB, text string) Rules {
	t.Helper()
	rules, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// noon is a Wednesday's in Berlin.
var noon = time.Date(2026, 7, 15, 10, 0, 0, 0, time.UTC)

func head() Facts {
	return Facts{
		Way: "dimse", CallingAE: "MR1", CalledAE: "MEDHIVE", Modalities: []string{"MR"}, BodyParts: []string{"Brain "},
		StudyDescription: "T1 tissue", SeriesDescriptions: []string{"t1_mprage", "localizer"},
		Age: ParseAge("045Y"), Sex: "F", InstanceCount: 176,
	}
}

func TestDecide(t *testing.T) {
	rules := mustParse(t, clinicRules)
	with := func(change func(*Facts)) Facts {
		f := head()
		change(&f)
		return f
	}
	ct := Facts{Modalities: []string{"CT", "SEG"}, InstanceCount: 300}
	for _, c := range []struct {
		name  string
		facts Facts
		now   time.Time
		spent Spent
		want  string // rules that are taken, then those that are stopped after a slash
	}{
		{"by day", head(), noon, nil, "head"},
		{"by night", head(), noon.Add(12 * time.Hour), nil, "head-at-night"},
		{"by night, a child", with(func(f *Facts) { f.Age = ParseAge("017Y") }), noon.Add(12 * time.Hour), nil, "head"},
		{"by night, age not known", with(func(f *Facts) { f.Age = Age{} }), noon.Add(12 * time.Hour), nil, "head"},
		{"by night, from research", with(func(f *Facts) { f.CallingAE = "research7" }), noon.Add(12 * time.Hour), nil, "head"},
		{"a phantom is not analysed by any group", with(func(f *Facts) { f.StudyDescription = "QA weekly" }), noon, nil, ""},
		{"a spine is ignored by its own group alone", Facts{Modalities: []string{"CT"}, BodyParts: []string{"SPINE"}, InstanceCount: 300}, noon, nil, "chest"},
		{"a knee", with(func(f *Facts) { f.BodyParts = []string{"KNEE"} }), noon, nil, "head-research"},
		{"body part not known", with(func(f *Facts) { f.BodyParts = nil }), noon, nil, "head-research"},
		{"ultrasound", with(func(f *Facts) { f.Modalities = []string{"US"} }), noon, nil, ""},
		{"nothing known", Facts{}, noon, nil, ""},
		{"both of a group that goes on", ct, noon, nil, "chest chest-too"},
		{"few slices", Facts{Modalities: []string{"CT"}, InstanceCount: 19}, noon, nil, "chest"},
		{"budget of the day is spent", head(), noon, Spent{"head": {DayCount: 2}}, "/head"},
		{"budget of the month can't bear three copies", head(), noon, Spent{"head": {MonthGwei: 6001}}, "/head"},
		{"budget of the month bears just three copies", head(), noon, Spent{"head": {MonthGwei: 6000}}, "head"},
		{"another model was asked for", with(func(f *Facts) { f.AskedModel = "t1-lesion" }), noon, nil, "head-research"},
		{"a model was asked for without its version", with(func(f *Facts) { f.AskedModel = "t1-tissue" }), noon.Add(12 * time.Hour), nil, "head-at-night"},
		{"a rule was asked for", with(func(f *Facts) { f.AskedModel = "head" }), noon.Add(12 * time.Hour), nil, "head"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decide(rules, c.facts, c.now, c.spent)
			var taken, stopped []string
			for _, r := range d.Routes {
				taken = append(taken, r.Rule)
			}
			for _, s := range d.Stopped {
				stopped = append(stopped, s.Rule)
			}
			got := strings.Join(taken, " ")
			if len(stopped) > 0 {
				got += "/" + strings.Join(stopped, " ")
			}
			if got != c.want {
				t.Fatalf("%q; want %q\n%v", got, c.want, d.Explain)
			}
			if len(d.Explain) != rules.Len() {
				t.Fatalf("%d lines explain %d rules", len(d.Explain), rules.Len())
			}
		})
	}
}

func TestTermsAreThoseOfTheRule(t *testing.T) {
	rules := mustParse(t, clinicRules)
	night := Decide(rules, head(), noon.Add(12*time.Hour), nil).Routes[0]
	if night.Model != "t1-tissue@1.2.0" || night.Priority != scheduler.Urgent || night.PriorityBy != "rule" || !slices.Equal(night.Residency, []string{"DE", "FR"}) ||
		night.PriceCeilingGwei != 5000 || night.Within != 10*time.Minute || night.LocalAfter != 5*time.Minute || night.OnFailure != Silent ||
		!slices.Equal(night.Forms, usualForms) || night.Copying != scheduler.Once || night.MostGwei() != 5000 {
		t.Fatalf("%+v", night)
	}
	day := Decide(rules, head(), noon, nil).Routes[0]
	want := Deidentify{RetainDates: true, Deface: true, Private: []PrivateAttribute{{"SIEMENS MR HEADER", 0x0019, 0x0C}}}
	if day.Copying != scheduler.Replicated || day.Copies != 3 || day.MostGwei() != 3000 || !slices.Equal(day.Forms, []Form{SR, PDF}) ||
		!slices.Equal(day.Destinations, []string{"pacs", "ehr"}) || day.OnFailure != Notice ||
		day.Deidentify.RetainDates != want.RetainDates || day.Deidentify.Deface != want.Deface || !slices.Equal(day.Deidentify.Private, want.Private) {
		t.Fatalf("%+v", day)
	}
	if !slices.Equal(rules.Models(), []string{"t1-tissue@1.2.0", "t1-tissue", "t1-lesion", "chest-ct", "nodules"}) || !slices.Equal(rules.Destinations(), []string{"pacs", "ehr"}) {
		t.Fatal(rules.Models(), rules.Destinations())
	}
}

func TestPriorityIsRaisedByWhomTheRuleHeeds(t *testing.T) {
	const text = "[[rule]]\nname = \"a\"\nmodel = \"m\"\n"
	for _, c := range []struct {
		name, more string
		facts      Facts
		want       scheduler.Class
		by         string
	}{
		{"nobody asks", "", Facts{}, scheduler.Routine, "rule"},
		{"STAT by an order", "", Facts{OrderPriority: "STAT"}, scheduler.STAT, "order"},
		{"urgent by an order", "", Facts{OrderPriority: "urgent"}, scheduler.Urgent, "order"},
		{"STAT by DIMSE", "", Facts{DIMSEPriority: "high"}, scheduler.STAT, "dimse"},
		{"medium by DIMSE", "", Facts{DIMSEPriority: "medium"}, scheduler.Routine, "rule"},
		{"STAT by the requested procedure", "", Facts{RequestedPriority: "STAT "}, scheduler.STAT, "requested"},
		{"high by the requested procedure", "", Facts{RequestedPriority: "HIGH"}, scheduler.Urgent, "requested"},
		{"the higher counts", "", Facts{RequestedPriority: "HIGH", DIMSEPriority: "high"}, scheduler.STAT, "dimse"},
		{"a low word lowers nothing", `priority = "urgent"`, Facts{RequestedPriority: "LOW", DIMSEPriority: "low"}, scheduler.Urgent, "rule"},
		{"no further than allowed", `at-most = "urgent"`, Facts{OrderPriority: "STAT"}, scheduler.Urgent, "order"},
		{"a scanner that cries wolf", `heed = ["order", "requested"]`, Facts{DIMSEPriority: "high"}, scheduler.Routine, "rule"},
		{"nobody is heeded", `heed = []`, Facts{OrderPriority: "STAT"}, scheduler.Routine, "rule"},
		{"garbage", "", Facts{OrderPriority: "!", RequestedPriority: "?", DIMSEPriority: "x"}, scheduler.Routine, "rule"},
	} {
		t.Run(c.name, func(t *testing.T) {
			routes := Decide(mustParse(t, text+c.more), c.facts, noon, nil).Routes
			if len(routes) != 1 || routes[0].Priority != c.want || routes[0].PriorityBy != c.by {
				t.Fatalf("%+v; want %s by %s", routes, c.want, c.by)
			}
		})
	}
}

func TestBudget(t *testing.T) {
	const text = `
[[rule]]
name = "first"
model = "dear"
price-ceiling-gwei = 100
[rule.budget]
day-count = 3
day-gwei = 250
`
	const second = `
[[rule]]
name = "second"
model = "cheap"
`
	for _, c := range []struct {
		name, more string
		use        Use
		facts      Facts
		want       string
		stopped    int
	}{
		{"unspent", "", Use{}, Facts{}, "dear", 0},
		{"what may be spent fits exactly", "", Use{DayGwei: 150}, Facts{}, "dear", 0},
		{"one gwei too many", "", Use{DayGwei: 151}, Facts{}, "", 1},
		{"a sum beyond 64 bits", "", Use{DayGwei: ^uint64(0)}, Facts{}, "", 1},
		{"the count is spent", "", Use{DayCount: 3}, Facts{}, "", 1},
		{"then the next rule", `then = "next"`, Use{DayCount: 3}, Facts{}, "cheap", 0},
		{"an emergency stops too, by default", "", Use{DayCount: 3}, Facts{OrderPriority: "STAT"}, "", 1},
		{"an emergency passes where it may", `stat-passes = true`, Use{DayCount: 3}, Facts{OrderPriority: "STAT"}, "dear", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decide(mustParse(t, text+c.more+second), c.facts, noon, Spent{"first": c.use})
			got := ""
			if len(d.Routes) > 0 {
				got = d.Routes[0].Model
			}
			if got != c.want || len(d.Stopped) != c.stopped {
				t.Fatalf("%q, %+v", got, d)
			}
		})
	}
}

func TestSinceFollowsTheZone(t *testing.T) {
	rules := mustParse(t, clinicRules)
	day, month := rules.Since(time.Date(2026, 6, 30, 22, 30, 0, 0, time.UTC)) // half past midnight of July 1st in Berlin
	want := time.Date(2026, 6, 30, 22, 0, 0, 0, time.UTC)
	if !day.Equal(want) || !month.Equal(want) {
		t.Fatal(day, month)
	}
	if day, month := (Rules{}).Since(noon); day.Hour() != 0 || month.Day() != 1 {
		t.Fatal(day, month)
	}
}

func TestExplainSaysWhichConditionFailedAndWhatItSaw(t *testing.T) {
	facts := head()
	facts.BodyParts = []string{"KNEE"}
	d := Decide(mustParse(t, clinicRules), facts, noon, nil)
	line := d.Explain[1]
	if line.Rule != "head-at-night" || line.Verdict != Missed {
		t.Fatalf("%+v", line)
	}
	const want = `head-at-night: conditions not met
  met: modality wants MR, saw MR
  failed: body-part wants HEAD, BRAIN, saw KNEE
  met: age wants 18y-, saw 45y
  failed: hours and days wants 20:00-06:00, saw Wed 12:00 CEST
  met: unless calling-ae wants RESEARCH*, saw MR1`
	if line.String() != want {
		t.Fatalf("%s\nwant\n%s", line, want)
	}
	if last := d.Explain[3]; last.Verdict != Taken || last.String() != "head-research: taken (t1-lesion, routine by rule)\n  met: modality wants MR, saw MR" {
		t.Fatal(last)
	}
}

// BenchmarkDecide decides among as many rules as are taken at most, all of which miss.
func BenchmarkDecide(b *testing.B) {
	rules := make([]Rule, maxRules)
	for i := range rules {
		rules[i] = Rule{Name: fmt.Sprintf("r%d", i), Model: "m", Match: Match{
			Modality: []string{"CT"}, SeriesDescription: []string{"*t2*flair*", "re:^dwi"}, Age: []string{"18y-"}, Hours: []string{"22:00-06:00"},
		}}
	}
	set, err := Compile(rules, nil)
	if err != nil {
		b.Fatal(err)
	}
	facts := head()
	for b.Loop() {
		if d := Decide(set, facts, noon, nil); len(d.Routes) > 0 {
			b.Fatal(d.Routes)
		}
	}
}
