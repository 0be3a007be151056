// Package notify tells an operator who is not looking: it watches a board of warnings and
// sends what holds for long enough, is bad enough and is new by webhook, e-mail or ntfy, and
// what has passed as well. In: a role's board, and where to send to. Out: messages, each
// again until it is taken, and never more in an hour than a person reads. A message says what
// the board says, which holds no patient's data and no key.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/agent/redaction"
	"github.com/medhive/medhive/agent/warning"
)

// Settings are what an operator says of notifications. The zero value sends none.
type Settings struct {
	Webhook Webhook
	Mail    Mail
	Ntfy    Ntfy
	Rules   Rules
}

// Rules say what is worth a message.
type Rules struct {
	// Least is the mildest severity that is told; empty: warning.Caution.
	Least warning.Severity
	// After is how long a warning must hold before it is told, and must have passed before that
	// is: what comes and goes is nobody's alarm. Critical ones are told four times as soon.
	// 0: DefaultAfter.
	After time.Duration
	// Again is when a warning that still holds is told once more; 0: DefaultAgain.
	Again time.Duration
	// Hourly is the most messages an hour by each way; more are told as one, later. 0:
	// DefaultHourly.
	Hourly int
	// Mute are codes that are never told.
	Mute []warning.Code
}

// The rules where nobody says otherwise.
const (
	DefaultAfter  = 2 * time.Minute
	DefaultAgain  = 24 * time.Hour
	DefaultHourly = 10
)

// sooner is how much sooner critical warnings are told.
const sooner = 4

func (r Rules) orDefault() Rules {
	if r.Least == "" {
		r.Least = warning.Caution
	}
	if r.After <= 0 {
		r.After = DefaultAfter
	}
	if r.Again <= 0 {
		r.Again = DefaultAgain
	}
	if r.Hourly <= 0 {
		r.Hourly = DefaultHourly
	}
	return r
}

// Check says what can't be meant.
func (s Settings) Check() error {
	for _, complaint := range []error{s.Webhook.check(), s.Mail.check(), s.Ntfy.check(), s.Rules.check()} {
		if complaint != nil {
			return complaint
		}
	}
	return nil
}

func (r Rules) check() error {
	if r.Least != "" && r.Least.Rank() == 0 {
		return fmt.Errorf("notify: least %q: want notice, warning or critical", redaction.Line(string(r.Least), 40))
	}
	for _, code := range r.Mute {
		if _, known := warning.Find(code); !known {
			return fmt.Errorf("notify: mute %q: no warning has this code; `medhive warnings` lists them", redaction.Line(string(code), 40))
		}
	}
	if r.After < 0 || r.Again < 0 || r.Hourly < 0 {
		return fmt.Errorf("notify: after, again and hourly must not be below 0")
	}
	return nil
}

// Any reports whether there is any way to send by.
func (s Settings) Any() bool {
	return s.Webhook.URL != "" || s.Mail.Server != "" || s.Ntfy.URL != ""
}

// Message is what is sent: what is new, what still holds, and what has passed.
type Message struct {
	Role    string            `json:"role"`
	Name    string            `json:"name"` // of the role's folder, or what its operator calls it
	Machine string            `json:"machine"`
	Time    time.Time         `json:"time"`
	Raised  []warning.Warning `json:"raised,omitempty"`
	Still   []warning.Warning `json:"still,omitempty"` // told before, and holds on
	Passed  []warning.Warning `json:"passed,omitempty"`
	Test    bool              `json:"test,omitempty"` // sent by hand, to try the way
}

// Severity is the worst of what is new or holds on; Notice where all has passed.
func (m Message) Severity() warning.Severity {
	if worst := warning.Worst(append(slices.Clone(m.Raised), m.Still...)); worst != "" {
		return worst
	}
	return warning.Notice
}

// Title is the message in one line.
func (m Message) Title() string {
	who := m.Role
	if m.Name != "" && m.Name != m.Role {
		who += " " + m.Name
	}
	if m.Machine != "" {
		who += " on " + m.Machine
	}
	const most = 180
	switch {
	case m.Test:
		return redaction.Line("MedHive "+who+": a test message", most)
	case len(m.Raised) == 1 && len(m.Still) == 0:
		return redaction.Line(fmt.Sprintf("MedHive %s: %s: %s", who, m.Raised[0].Severity, m.Raised[0].Code), most)
	case len(m.Raised) > 0:
		return redaction.Line(fmt.Sprintf("MedHive %s: %d new warnings", who, len(m.Raised)), most)
	case len(m.Still) > 0:
		return redaction.Line(fmt.Sprintf("MedHive %s: %d warnings hold on", who, len(m.Still)), most)
	case len(m.Passed) == 1:
		return redaction.Line(fmt.Sprintf("MedHive %s: %s has passed", who, m.Passed[0].Code), most)
	}
	return redaction.Line(fmt.Sprintf("MedHive %s: %d warnings have passed", who, len(m.Passed)), most)
}

// maxLines bounds the warnings that one message spells out.
const maxLines = 20

// Text is the message for a person.
func (m Message) Text() string {
	var b strings.Builder
	if m.Test {
		b.WriteString("This way of notification works.\n")
	}
	left := maxLines
	say := func(heading string, list []warning.Warning, fix bool) {
		for i, w := range list {
			if i == 0 {
				b.WriteString(heading + "\n")
			}
			if left--; left < 0 {
				fmt.Fprintf(&b, "  and %d more; see `medhive status`\n", len(list)-i)
				return
			}
			fmt.Fprintf(&b, "- %s (%s, since %s): %s\n", w.Severity, w.Code, w.Since.UTC().Format("2006-01-02 15:04 UTC"), w.Text)
			if fix {
				fmt.Fprintf(&b, "  what to do: %s\n", w.Fix)
			}
		}
	}
	say("New:", m.Raised, true)
	say("Still so:", m.Still, true)
	say("Passed:", m.Passed, false)
	return b.String()
}

// Way sends messages.
type Way interface {
	// Name is a word for logs.
	Name() string
	// Send returns once the message is taken. An error is tried again unless it is final.
	Send(ctx context.Context, m Message) error
}

// Final marks an error that trying again does not mend, such as a refused password.
type Final struct{ error }

func (f Final) Unwrap() error { return f.error }

// Ways are those that the settings name.
func (s Settings) Ways() []Way {
	var list []Way
	if s.Webhook.URL != "" {
		list = append(list, s.Webhook)
	}
	if s.Mail.Server != "" {
		list = append(list, s.Mail)
	}
	if s.Ntfy.URL != "" {
		list = append(list, s.Ntfy)
	}
	return list
}

// Who is whose board it is.
type Who struct{ Role, Name, Machine string }

// message is an empty message of this sender.
func (w Who) message(now time.Time) Message {
	return Message{Role: w.Role, Name: w.Name, Machine: w.Machine, Time: now.UTC().Truncate(time.Second)}
}

// Try sends a test message by every way, once, and says how each went.
func Try(ctx context.Context, s Settings, who Who, now time.Time) map[string]error {
	m := who.message(now)
	m.Test = true
	outcome := map[string]error{}
	for _, way := range s.Ways() {
		sending, cancel := context.WithTimeout(ctx, sendTimeout)
		outcome[way.Name()] = way.Send(sending, m)
		cancel()
	}
	return outcome
}

// quiet is a logger for nobody, where a caller gave none.
func quiet(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}
