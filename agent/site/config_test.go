package site

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/route"
)

func TestTheExampleIsTheDefaults(t *testing.T) {
	got, err := Parse(Example())
	if err != nil {
		t.Fatal(err)
	}
	if got.DICOM.Listen != "127.0.0.1:11112" {
		t.Errorf("the example listens on %q", got.DICOM.Listen)
	}
	// Every commented line of the example is one that can be uncommented.
	var whole []string
	for line := range strings.Lines(Example()) {
		if rest, ok := strings.CutPrefix(line, "# "); ok && (strings.HasPrefix(rest, "[") || strings.Contains(rest, " = ")) {
			line = rest
		}
		whole = append(whole, line)
	}
	full, err := Parse(strings.Join(whole, ""))
	if err != nil {
		t.Fatalf("uncommented: %v", err)
	}
	want := defaults()
	if full.Intake != want.Intake || full.Delivery != want.Delivery || full.Workers != want.Workers || full.Rules != want.Rules || !reflect.DeepEqual(full.Market, want.Market) ||
		full.DICOM.AETitle != want.DICOM.AETitle || full.DICOM.Idle != want.DICOM.Idle || full.DICOM.MaxAssociations != want.DICOM.MaxAssociations || full.Audit.FileMiB != want.Audit.FileMiB ||
		!slices.Equal(full.HL7.Accession, want.HL7.Accession) {
		t.Errorf("the example shows other defaults than those in force:\n%+v\n%+v", full, want)
	}
	if len(full.Destinations) != 2 || len(full.Archives) != 2 || full.Watch[0].Every != 2*time.Second || full.DICOM.Peers[0].AETitle != "CT1" {
		t.Errorf("uncommented: %+v", full)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"unknown key":         {"[dicom]\nlisen = \"127.0.0.1:1\"", `dicom.lisen is not known; did you mean "listen"?`},
		"unknown table":       {"[intakes]\nquiet = \"1s\"", `intakes is not known; did you mean "intake"?`},
		"unknown in a list":   {"[[destination]]\nname = \"a\"\nknd = \"dicom\"", `did you mean "kind"?`},
		"no time":             {"[intake]\nquiet = 5", "quiet"},
		"open web":            {"[web]\nlisten = \"0.0.0.0:80\"", "open to other machines"},
		"open web, all ports": {"[web]\nlisten = \":80\"", "open to other machines"},
		"open hl7":            {"[hl7]\nlisten = \"10.0.0.1:80\"", "open to other machines"},
		"accession number":    {"[hl7]\naccession = [\"OBR-3\", \"PID-3\"]", "want each of IPC-1"},
		"accession twice":     {"[hl7]\naccession = [\"OBR-3\", \"OBR-3\"]", "once at most"},
		"half a certificate":  {"[dicom.tls]\ncertificate = \"a.pem\"", "belong together"},
		"quiet beyond wait":   {"[intake]\nquiet = \"1h\"", "below longest-wait"},
		"conflict":            {"[intake]\nconflict = \"last\"", `want "first" or "hold"`},
		"destination kind":    {"[[destination]]\nname = \"a\"\nkind = \"ftp\"", "want dicom, stow, folder or fhir"},
		"destination address": {"[[destination]]\nname = \"a\"\nkind = \"dicom\"\naddress = \"pacs\"\ncalled-ae = \"P\"", "host:port"},
		"destination twice":   {"[[destination]]\nname = \"a\"\nkind = \"folder\"\nfolder = \"f\"\n[[destination]]\nname = \"a\"\nkind = \"folder\"\nfolder = \"g\"", "twice"},
		"user in a URL":       {"[[destination]]\nname = \"a\"\nkind = \"fhir\"\nurl = \"https://u:p@h/fhir\"", "url"},
		"peer":                {"[[dicom.peer]]\nae-title = \"CT\"\naddress = \"ten\"", "10.1.0.0/16"},
		"report-to":           {"[[dicom.peer]]\nae-title = \"CT\"\nreport-to = \"ct\"", "host:port"},
		"keep for ever":       {"[intake]\nkeep = \"5000h\"", "at most"},
		"long AE title":       {"[dicom]\nae-title = \"SEVENTEENLETTERSX\"", "1 to 16 characters"},
		"syslog in the clear": {"[audit]\nsyslog = \"h:1\"", "under TLS only"},
		"workers":             {"workers = 0", "want 1 to 64"},
		"archive":             {"[[archive]]\nname = \"a\"", "want url, or address"},
	} {
		if _, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: says %v, want %q", name, err, c.says)
		}
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "site.toml")
	text := "[web.tls]\ncertificate = \"a.pem\"\nkey = \"/keys/a.key\"\n[[watch]]\nfolder = \"in\"\n[[destination]]\nname = \"d\"\nkind = \"folder\"\nfolder = \"out\""
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		c.Rules: "rules.toml", c.Web.TLS.Certificate: "a.pem", c.Watch[0].Folder: "in", c.Destinations[0].Folder: "out",
	} {
		if got != filepath.Join(folder, want) {
			t.Errorf("%s became %s", want, got)
		}
	}
	if c.Web.TLS.Key != "/keys/a.key" || c.Web.Tokens != "" {
		t.Errorf("an absolute path became %s, an empty one %q", c.Web.TLS.Key, c.Web.Tokens)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Example())
	f.Add("[dicom]\nlisen = \"127.0.0.1:1\"")
	f.Add("[[destination]]\nname = \"a\"\nkind = \"dicom\"")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		if err := c.check(); err != nil {
			t.Errorf("a file that was taken does not hold: %v", err)
		}
	})
}

func TestTheExampleRulesAreRules(t *testing.T) {
	rules, err := route.Parse([]byte(ExampleRules()))
	if err != nil || rules.Len() != 1 {
		t.Fatalf("%d rules, %v", rules.Len(), err)
	}
	var whole []string
	for line := range strings.Lines(ExampleRules()) {
		if rest, ok := strings.CutPrefix(line, "# "); ok && strings.Contains(rest, " = ") && !strings.HasPrefix(rest, "match") {
			line = rest
		}
		whole = append(whole, line)
	}
	if rules, err = route.Parse([]byte(strings.Join(whole, ""))); err != nil || len(rules.Destinations()) != 1 {
		t.Fatalf("uncommented: %v", err)
	}
}
