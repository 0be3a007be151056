package route

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/settings"
)

// Bounds of a set of rules.
const (
	maxRules        = 500
	maxNameBytes    = 64
	maxModelBytes   = 256
	maxDestinations = 32
	maxPrivate      = 256
	// Odd groups below it belong to nobody (PS3.5 7.8).
	firstPrivateGroup = 0x0009
	minWithin         = time.Second
	maxWithin         = 30 * 24 * time.Hour
)

// Rules are checked and ready to decide.
type Rules struct {
	rules []compiled
	zone  *time.Location
}

// compiled is one rule with its patterns ready.
type compiled struct {
	Rule
	match, unless conditions
	route         Route
	atMost        scheduler.Class
	heed          []string
}

// Compile checks rules and makes them ready. Zone is that of hours, days and budgets where
// a rule names none; nil is UTC. Every fault is reported, each with its rule.
func Compile(rules []Rule, zone *time.Location) (Rules, error) {
	if zone == nil {
		zone = time.UTC
	}
	if len(rules) > maxRules {
		return Rules{}, fmt.Errorf("%d rules: at most %d are taken", len(rules), maxRules)
	}
	out := Rules{zone: zone, rules: make([]compiled, 0, len(rules))}
	var faults []error
	seen := map[string]bool{}
	for i, rule := range rules {
		label := fmt.Sprintf("rule %q", bounded(rule.Name, maxNameBytes))
		if !validName(rule.Name) {
			label = fmt.Sprintf("rule %d", i+1)
			faults = append(faults, fmt.Errorf("%s: name %.70q: want up to %d small letters, digits and dashes", label, rule.Name, maxNameBytes))
		} else if seen[rule.Name] {
			faults = append(faults, fmt.Errorf("%s: another rule has this name; the audit and the budgets go by it, choose another", label))
		}
		seen[rule.Name] = true
		c, errs := compileRule(rule, zone)
		for _, err := range errs {
			faults = append(faults, fmt.Errorf("%s: %w", label, err))
		}
		out.rules = append(out.rules, c)
	}
	if len(faults) > 0 {
		return Rules{}, errors.Join(faults...)
	}
	return out, nil
}

// validName says whether a rule's name may stand in logs, the audit and on a command line.
func validName(name string) bool {
	return name != "" && len(name) <= maxNameBytes && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Len is the number of rules.
func (r Rules) Len() int { return len(r.rules) }

// Models are the models that rules name, once each, in order, so that a clinic can see at its
// start that it has them.
func (r Rules) Models() []string {
	var models []string
	for _, rule := range r.rules {
		if !rule.Ignore && !rule.Off && !slices.Contains(models, rule.Model) {
			models = append(models, rule.Model)
		}
	}
	return models
}

// Destinations are the destinations that rules name, once each, in order.
func (r Rules) Destinations() []string {
	var names []string
	for _, rule := range r.rules {
		for _, name := range rule.Destinations {
			if !rule.Off && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Local is the first rule that has the clinic's own runner begin after a while; empty: none
// does.
func (r Rules) Local() string {
	for _, rule := range r.rules {
		if !rule.Ignore && !rule.Off && rule.LocalAfter > 0 {
			return rule.Name
		}
	}
	return ""
}

// Since is when the day and the month of the budgets began, at now, in the rules' zone.
func (r Rules) Since(now time.Time) (day, month time.Time) {
	zone := r.zone
	if zone == nil {
		zone = time.UTC
	}
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, 1, 0, 0, 0, 0, zone)
}

func compileRule(rule Rule, zone *time.Location) (compiled, []error) {
	c := compiled{Rule: rule}
	var faults []error
	check := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	if len(rule.Group) > maxNameBytes {
		check(fmt.Errorf("group of %d bytes: at most %d are taken", len(rule.Group), maxNameBytes))
	}
	var errs []error
	c.match, errs = compileMatch(rule.Match, "", zone)
	faults = append(faults, errs...)
	c.unless, errs = compileMatch(rule.Unless, "unless ", zone)
	faults = append(faults, errs...)
	if rule.Ignore {
		if rule.Model != "" {
			check(errors.New("it has a model and ignore: one of them must go"))
		}
		if rule.Continue {
			check(errors.New("it has continue and ignore: what goes on is not ignored, one of them must go"))
		}
		return c, faults
	}
	if rule.Model == "" || len(rule.Model) > maxModelBytes || strings.ContainsAny(rule.Model, " \t\n") {
		check(fmt.Errorf("model %.70q: name one as id or id@version, or write ignore = true", rule.Model))
	}
	c.heed = rule.Heed
	if rule.Heed == nil {
		c.heed = askers
	}
	for _, who := range rule.Heed {
		check(oneOf("heed", who, askers))
	}
	var err error
	c.route, err = rule.terms()
	check(err)
	if c.atMost, err = classOr(rule.AtMost, scheduler.STAT); err != nil {
		check(fmt.Errorf("at-most: %w", err))
	} else if c.atMost < c.route.Priority {
		check(fmt.Errorf("at-most %s is below the rule's own priority %s", c.atMost, c.route.Priority))
	}
	check(rule.Budget.check(rule.PriceCeilingGwei))
	return c, faults
}

// terms are the terms of what the rule takes.
func (r Rule) terms() (Route, error) {
	route := Route{
		Rule: r.Name, Model: r.Model, Residency: r.Residency, PriceCeilingGwei: r.PriceCeilingGwei,
		Within: r.Within, LocalAfter: r.LocalAfter, Silent: r.Silent, Destinations: r.Destinations,
	}
	var faults []error
	check := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	var err error
	route.Priority, err = classOr(r.Priority, scheduler.Routine)
	check(err)
	if len(r.Residency) > scheduler.MaxRegions {
		check(fmt.Errorf("residency of %d regions: at most %d are taken", len(r.Residency), scheduler.MaxRegions))
	}
	for _, region := range r.Residency {
		if !scheduler.ValidRegion(region) {
			check(fmt.Errorf("residency %.10q: want two capital letters of ISO 3166-1, as in DE", region))
		}
	}
	check(checkSpan("within", r.Within))
	check(checkSpan("local-after", r.LocalAfter))
	route.Copying, route.Copies, err = r.copying()
	check(err)
	route.Forms, err = r.forms()
	check(err)
	if len(r.Destinations) > maxDestinations {
		check(fmt.Errorf("%d destinations: at most %d are taken", len(r.Destinations), maxDestinations))
	}
	if r.Silent && len(r.Destinations) > 0 {
		check(errors.New("it is silent and has destinations: one of them must go"))
	}
	route.OnFailure = Notice
	if r.OnFailure != "" {
		check(oneOf("on-failure", r.OnFailure, []string{string(Notice), string(Silent)}))
		route.OnFailure = OnFailure(r.OnFailure)
	}
	route.Deidentify, err = r.Deidentify.parse()
	check(err)
	return route, errors.Join(faults...)
}

// checkSpan refuses what can only be a slip: a number without a unit is read as nanoseconds.
func checkSpan(key string, d time.Duration) error {
	if d == 0 || d >= minWithin && d <= maxWithin {
		return nil
	}
	return fmt.Errorf("%s %s: want %s to %s, with its unit as in \"10m\"", key, d, minWithin, maxWithin)
}

func (r Rule) copying() (scheduler.Copying, int, error) {
	copying := scheduler.Once
	switch {
	case r.Copying == "" || r.Copying == scheduler.Once.String():
		if r.Copies > 1 {
			return copying, 0, fmt.Errorf("copies = %d without copying: write hedged (they race) or replicated (they are compared)", r.Copies)
		}
		return copying, 0, nil
	case r.Copying == scheduler.Hedged.String():
		copying = scheduler.Hedged
	case r.Copying == scheduler.Replicated.String():
		copying = scheduler.Replicated
	default:
		return copying, 0, oneOf("copying", r.Copying, []string{"once", "hedged", "replicated"})
	}
	if r.Copies != 0 && (r.Copies < 2 || r.Copies > scheduler.MaxCopies) {
		return copying, 0, fmt.Errorf("copies = %d: want 2 to %d", r.Copies, scheduler.MaxCopies)
	}
	return copying, r.Copies, nil
}

// everyForm are all forms, and usualForms those of a rule that names none.
var (
	everyForm  = []string{string(SEG), string(SR), string(SC), string(PDF), string(FHIR)}
	usualForms = []Form{SEG, SR, SC, FHIR}
)

func (r Rule) forms() ([]Form, error) {
	if r.Forms == nil {
		return slices.Clone(usualForms), nil
	}
	forms := []Form{}
	for _, form := range r.Forms {
		if err := oneOf("forms", form, everyForm); err != nil {
			return nil, err
		}
		if !slices.Contains(forms, Form(form)) {
			forms = append(forms, Form(form))
		}
	}
	return forms, nil
}

// parse reads the choices.
func (d DeidentifyChoices) parse() (Deidentify, error) {
	out := Deidentify{RetainDates: d.RetainDates, RetainDevice: d.RetainDevice, RetainCharacteristics: d.RetainCharacteristics, Deface: d.Deface}
	if len(d.Private) > maxPrivate {
		return out, fmt.Errorf("%d private attributes: at most %d are taken", len(d.Private), maxPrivate)
	}
	for _, text := range d.Private {
		attribute, err := parsePrivate(text)
		if err != nil {
			return out, err
		}
		out.Private = append(out.Private, attribute)
	}
	return out, nil
}

// parsePrivate reads the text form that the de-identification's policy has too.
func parsePrivate(text string) (PrivateAttribute, error) {
	fault := fmt.Errorf("private %.80q: want odd group, creator and the element's last byte, as in \"0019,SIEMENS MR HEADER,0C\"", text)
	group, rest, found := strings.Cut(text, ",")
	last := strings.LastIndexByte(rest, ',')
	if !found || last < 0 {
		return PrivateAttribute{}, fault
	}
	creator, element := rest[:last], rest[last+1:]
	g, err := strconv.ParseUint(group, 16, 16)
	e, err2 := strconv.ParseUint(element, 16, 8)
	switch {
	case err != nil || err2 != nil || len(group) != 4 || len(element) != 2,
		g%2 == 0 || g < firstPrivateGroup || g == 0xFFFF,
		creator == "" || creator != strings.TrimSpace(creator) || len(creator) > maxNameBytes || strings.ContainsAny(creator, "\\\x00\x1b"):
		return PrivateAttribute{}, fault
	}
	return PrivateAttribute{Creator: creator, Group: uint16(g), Element: uint8(e)}, nil
}

// classOr reads a class; nothing is the given one.
func classOr(name string, otherwise scheduler.Class) (scheduler.Class, error) {
	if name == "" {
		return otherwise, nil
	}
	return scheduler.ParseClass(name)
}

// oneOf refuses a word that is not among those known.
func oneOf(key, word string, known []string) error {
	if slices.Contains(known, word) {
		return nil
	}
	if near := settings.Nearest(word, known); near != "" {
		return fmt.Errorf("%s %.40q is not known; did you mean %q?", key, word, near)
	}
	return fmt.Errorf("%s %.40q is not known; want one of %s", key, word, strings.Join(known, ", "))
}
