package config

import (
	"time"

	"github.com/medhive/medhive/agent/notify"
	"github.com/medhive/medhive/agent/warning"
)

// Notices are how an operator is told of warnings, the same in every role.
type Notices struct {
	Webhook       string // URL
	WebhookSecret string // path
	MailServer    string
	MailSecurity  string
	MailFrom      string
	MailTo        []string
	MailUser      string
	MailPassword  string // path
	Ntfy          string // URL
	NtfyToken     string // path
	Authority     string // path
	Least         string
	After         time.Duration
	Again         time.Duration
	Hourly        int
	Mute          []string
}

// Settings are the same as agent/notify has them.
func (n Notices) Settings() notify.Settings {
	s := notify.Settings{
		Webhook: notify.Webhook{URL: n.Webhook, SecretFile: n.WebhookSecret, Authority: n.Authority},
		Mail: notify.Mail{Server: n.MailServer, Security: n.MailSecurity, From: n.MailFrom, To: n.MailTo, User: n.MailUser,
			PasswordFile: n.MailPassword, Authority: n.Authority},
		Ntfy:  notify.Ntfy{URL: n.Ntfy, TokenFile: n.NtfyToken, Authority: n.Authority},
		Rules: notify.Rules{Least: warning.Severity(n.Least), After: n.After, Again: n.Again, Hourly: n.Hourly},
	}
	for _, code := range n.Mute {
		s.Rules.Mute = append(s.Rules.Mute, warning.Code(code))
	}
	return s
}

// keys adds them to a role's table, and to what is looked at as a whole.
func (n *Notices) keys(t *Table) {
	t.group("Who is told of warnings", "A message goes out when a warning has held for a while, and when it has passed. `medhive notify test ROLE` tries every way. What is sent names no patient and no key.")
	t.text(&n.Webhook, "notify-webhook", "", "address that gets a POST of JSON for each message; https, but to this machine", private)
	t.secret(&n.WebhookSecret, "notify-webhook-secret", "file of the key that signs it: X-MedHive-Signature is sha256= and the HMAC of the body")
	t.text(&n.MailServer, "notify-mail-server", "", "mail server, host or host:port")
	t.text(&n.MailSecurity, "notify-mail-security", notify.StartTLS, "starttls (port 587), tls (port 465), or none for a server on this machine")
	t.text(&n.MailFrom, "notify-mail-from", "", "sender of the mail, such as MedHive <node@example.org>")
	t.texts(&n.MailTo, "notify-mail-to", nil, "who gets the mail")
	t.text(&n.MailUser, "notify-mail-user", "", "login at the mail server", absent("no login"))
	t.secret(&n.MailPassword, "notify-mail-password", "file of its password")
	t.text(&n.Ntfy, "notify-ntfy", "", "topic of ntfy, such as https://ntfy.sh/a-topic-that-nobody-guesses; who knows the topic reads it", private)
	t.secret(&n.NtfyToken, "notify-ntfy-token", "file of an access token of ntfy")
	t.path(&n.Authority, "notify-authority", "", "PEM file of who vouches for these servers", absent("the system's"))
	t.text(&n.Least, "notify-least", string(warning.Caution), "the mildest severity that is told: notice, warning or critical")
	t.duration(&n.After, "notify-after", notify.DefaultAfter, "how long a warning must hold before it is told, and must be gone before that is; critical ones are told four times as soon")
	t.duration(&n.Again, "notify-again", notify.DefaultAgain, "when a warning that still holds is told once more")
	t.count(&n.Hourly, "notify-hourly", notify.DefaultHourly, "the most messages an hour by each way; what is more comes as one, later", unit("messages"))
	t.texts(&n.Mute, "notify-mute", nil, "codes of warnings that are never told; `medhive warnings` lists them")
	before := t.whole
	t.whole = func() error {
		if before != nil {
			if err := before(); err != nil {
				return err
			}
		}
		return n.Settings().Check()
	}
}
