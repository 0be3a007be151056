package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"
)

// Mail is a message by SMTP (RFC 5321) under TLS.
type Mail struct {
	Server string // host, or host:port
	// Security is starttls (RFC 3207; the default, port 587), tls (RFC 8314; port 465), or none,
	// which is for a server on this machine alone.
	Security     string
	From         string
	To           []string
	User         string // empty: no login
	PasswordFile string
	Authority    string // PEM file of who vouches for the server; empty: the system's
}

// How a connection to a mail server is secured.
const (
	StartTLS = "starttls"
	TLS      = "tls"
	Plain    = "none"
)

// maxRecipients is more people than look after one machine.
const maxRecipients = 20

func (m Mail) check() error {
	if m.Server == "" {
		return nil
	}
	host, _ := splitServer(m.Server, "")
	switch {
	case m.Security != "" && m.Security != StartTLS && m.Security != TLS && m.Security != Plain:
		return fmt.Errorf("notify: mail: security %.20q: want starttls, tls or none", m.Security)
	case m.Security == Plain && !loopback(host):
		return errors.New("notify: mail: security none is for a server on this machine; want starttls or tls")
	case m.Security == Plain && m.User != "":
		return errors.New("notify: mail: a password is sent under TLS only; want starttls or tls")
	case (m.User == "") != (m.PasswordFile == ""):
		return errors.New("notify: mail: user and password-file belong together")
	case len(m.To) == 0 || len(m.To) > maxRecipients:
		return fmt.Errorf("notify: mail: want 1 to %d addresses in to", maxRecipients)
	}
	for _, text := range append([]string{m.From}, m.To...) {
		if _, err := mail.ParseAddress(text); err != nil || strings.ContainsAny(text, "\r\n") {
			return fmt.Errorf("notify: mail: %.80q is no address; want one like operator@example.org", text)
		}
	}
	return nil
}

// Name implements Way.
func (Mail) Name() string { return "mail" }

// Send implements Way. A refusal for good (5xx) is final.
func (m Mail) Send(ctx context.Context, message Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	client, err := m.dial(ctx)
	if err == nil {
		err = m.deliver(client, message)
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("mail: %w", err)
	var said *textproto.Error
	if errors.As(err, &said) && said.Code >= 500 {
		return Final{err}
	}
	return err
}

// dial connects, secures the connection and logs in.
func (m Mail) dial(ctx context.Context) (*smtp.Client, error) {
	port := "587"
	if m.Security == TLS {
		port = "465"
	}
	host, address := splitServer(m.Server, port)
	trust, err := trusting(m.Authority)
	if err != nil {
		return nil, err
	}
	trust.ServerName = host
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if deadline, bounded := ctx.Deadline(); bounded {
		if err := connection.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, connection.Close())
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = connection.Close() }) // who waits for it sees an error
	defer stop()
	if m.Security == TLS {
		connection = tls.Client(connection, trust)
	}
	client, err := smtp.NewClient(connection, host)
	if err != nil {
		_ = connection.Close() // likewise
		return nil, err
	}
	if err := m.login(client, host, trust); err != nil {
		_ = client.Close() // why it is given up says more
		return nil, err
	}
	return client, nil
}

func (m Mail) login(client *smtp.Client, host string, trust *tls.Config) error {
	if m.Security == "" || m.Security == StartTLS {
		if offers, _ := client.Extension("STARTTLS"); !offers {
			return errors.New("the server offers no STARTTLS; want security tls, or another port")
		}
		if err := client.StartTLS(trust); err != nil {
			return err
		}
	}
	if m.User == "" {
		return nil
	}
	password, err := readSecret(m.PasswordFile)
	if err != nil {
		return fmt.Errorf("read the password: %w", err)
	}
	return client.Auth(smtp.PlainAuth("", m.User, password, host))
}

// deliver hands the message over, and takes leave. The server has it when it has answered the
// data; how the leave goes changes nothing.
func (m Mail) deliver(client *smtp.Client, message Message) error {
	defer client.Close()
	from, err := mail.ParseAddress(m.From)
	if err != nil {
		return err
	}
	if err := client.Mail(from.Address); err != nil {
		return err
	}
	for _, text := range m.To {
		to, err := mail.ParseAddress(text)
		if err != nil {
			return err
		}
		if err := client.Rcpt(to.Address); err != nil {
			return err
		}
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	letter, err := m.letter(message)
	if err != nil {
		return err
	}
	if _, err = w.Write(letter); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = client.Quit()
	return nil
}

// letter is the message as RFC 5322 and RFC 2045 want it.
func (m Mail) letter(message Message) ([]byte, error) {
	var b bytes.Buffer
	from, err := mail.ParseAddress(m.From)
	if err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	to := make([]string, len(m.To))
	for i, text := range m.To {
		one, err := mail.ParseAddress(text)
		if err != nil {
			return nil, err
		}
		to[i] = one.String()
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	for _, header := range [][2]string{
		{"From", from.String()}, // which encodes a name beyond ASCII
		{"To", strings.Join(to, ", ")},
		{"Subject", mime.QEncoding.Encode("utf-8", message.Title())},
		{"Date", message.Time.Format(time.RFC1123Z)},
		{"Message-ID", "<" + hex.EncodeToString(id) + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no answering machine answers it
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", header[0], header[1])
	}
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	_, err = body.Write([]byte(strings.ReplaceAll(message.Text(), "\n", "\r\n")))
	return b.Bytes(), errors.Join(err, body.Close())
}
