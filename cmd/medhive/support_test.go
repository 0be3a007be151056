package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/logbook"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// planted are what must not leave, each as it stands where the test plants it.
type planted struct{ key, token, rpc, hook, mail, patient, id, uid, unlisted string }

// plant lays a node, a clinic with a worklist, settings and a network file into a home, with
// secrets and a patient in everything that the bundle reads.
func plant(t *testing.T, p *person) planted {
	t.Helper()
	secret := planted{token: "tok-0f9e8d7c6b5a", rpc: "rpcprojectid4711", hook: "T0HOOK/B0HOOK/xyzzy", mail: "mail-horse-battery", patient: "Sonnenschein^Clara", id: "PAT-0815-47",
		uid: "1.2.826.0.1.3680043.8.498.4711", unlisted: strings.Repeat("c0ffee11", 8)}
	node, clinic := agent.NodeState(p.home, "node"), agent.ClinicState(p.home, "clinic")
	for _, folder := range []string{node, clinic, site.Folder(clinic), filepath.Dir(logbook.Path(node)), filepath.Dir(logbook.Path(clinic))} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{filepath.Join(node, "node.key"), filepath.Join(clinic, "clinic.key")} {
		if _, err := identity.LoadOrCreate(path); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(node, "node.key"))
	if err != nil {
		t.Fatal(err)
	}
	secret.key = strings.TrimSpace(string(data))
	p.file("web.tokens", []byte(secret.token+" scanner\n"))
	p.file("mail.password", []byte(secret.mail+"\n"))
	p.file("node.toml", []byte("notify-webhook = \"https://hooks.example.org/services/"+secret.hook+"\"\nnotify-mail-server = \"mail.example.org\"\nnotify-mail-from = \"a@example.org\"\nnotify-mail-to = [\"b@example.org\"]\nnotify-mail-user = \"a\"\nnotify-mail-password = \""+filepath.Join(p.home, "mail.password")+"\"\n"))
	p.file("network.json", []byte(`{"rpc":"https://rpc.example.org/v3/`+secret.rpc+`","contracts":{"chain_id":1}}`))
	for _, path := range []string{logbook.Path(node), logbook.Path(clinic)} {
		text := strings.Join([]string{"level=INFO msg=bidding task=0a0b0c0d", "level=ERROR msg=bad key=" + secret.key + " other=" + secret.unlisted, "token is " + secret.token, "dial https://rpc.example.org/v3/" + secret.rpc + ": EOF",
			"the password was " + secret.mail, "patient " + secret.patient + " " + secret.id + " Clara SONNENSCHEIN", "study " + secret.uid, ""}, "\n")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return secret
}

// words are every planted secret in the forms in which they may show.
func (s planted) words() []string {
	return []string{s.key, s.token, s.rpc, "xyzzy", s.mail, "Sonnenschein", "SONNENSCHEIN", "Clara", s.id, s.uid, s.unlisted}
}

// serveWorklist opens a site's local door, as far as the bundle asks it.
func serveWorklist(t *testing.T, clinic string, s planted) {
	t.Helper()
	one := site.Entry{Case: worklist.Case{Subject: worklist.Subject{PatientName: s.patient, PatientID: s.id}}}
	door, err := api.Serve(site.Folder(clinic), map[string]api.Handler{}, api.Page{Pattern: "GET /cases", Handler: api.Answer(func(*http.Request) (any, error) { return []site.Entry{one}, nil })})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := door.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestASupportBundleHoldsNoKeyAndNoPatient(t *testing.T) {
	p := newPerson(t)
	s := plant(t, p)
	serveWorklist(t, agent.ClinicState(p.home, "clinic"), s)
	out := filepath.Join(t.TempDir(), "bundle.tar.gz")
	stdout, stderr, code := p.run("support-bundle", "--doctor=false", "--yes", "--out", out)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	items := unpack(t, out)
	for name, text := range items {
		for _, word := range s.words() {
			if strings.Contains(text, word) {
				t.Errorf("%s holds %q:\n%s", name, word, text)
			}
		}
	}
	for _, name := range []string{"about.txt", "network.json", "config/node.json", "status/node-node.json", "log/node-node.log", "log/clinic-clinic.log", "files/node-node.txt"} {
		if _, is := items["bundle/"+name]; !is || !strings.Contains(stdout, name) {
			t.Errorf("%s is missing, or not in the list:\n%s", name, stdout)
		}
	}
	for name, want := range map[string]string{"log/node-node.log": "task=0a0b0c0d", "log/clinic-clinic.log": "task=0a0b0c0d", "network.json": "https://rpc.example.org", "config/node.json": "notify-mail-server", "files/node-node.txt": "node.key"} {
		if !strings.Contains(items["bundle/"+name], want) {
			t.Errorf("%s lacks %q, which helps:\n%s", name, want, items["bundle/"+name])
		}
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestTheLogOfAClinicStaysOutWhereItsPatientsAreNotKnown(t *testing.T) {
	p := newPerson(t)
	s := plant(t, p) // nothing answers at the site's door
	stdout, stderr, code := p.run("support-bundle", "--doctor=false", "--show", "log/clinic-clinic.log")
	if code != exitOK || !strings.Contains(stdout, "it stays out") || strings.Contains(stdout, s.id) || strings.Contains(stdout, "task=") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
}

func TestABundleIsShownBeforeItIsWritten(t *testing.T) {
	p := newPerson(t)
	out := filepath.Join(p.home, "bundle.tar.gz")
	stdout, _, code := p.run("support-bundle", "--doctor=false", "--out", out) // nobody answers
	if _, err := os.Stat(out); code != exitOK || !errors.Is(err, os.ErrNotExist) || !containsAll(stdout, []string{"about.txt", "[y/N]", "nothing was written"}) {
		t.Errorf("exit %d, %v: %s", code, err, stdout)
	}
	if _, stderr, code := p.run("support-bundle", "--doctor=false", "--show", "abuot.txt"); code != exitUsage || !strings.Contains(stderr, "about.txt") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func unpack(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packed, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	items := map[string]string{}
	for archive := tar.NewReader(packed); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return items
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		items[head.Name] = string(data)
		if strings.HasSuffix(head.Name, ".json") && strings.HasPrefix(head.Name, "bundle/config") && !json.Valid(data) {
			t.Errorf("%s is no JSON: %s", head.Name, data)
		}
	}
}
