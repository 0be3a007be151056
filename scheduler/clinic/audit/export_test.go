package audit

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// everyLine is a line of each kind, in three outcomes, with and without what may be left out.
func everyLine() []Line {
	var lines []Line
	add := func(e Entry) {
		n := uint64(len(lines) + 1)
		e.At = began.Add(time.Duration(n) * time.Second)
		lines = append(lines, Line{Sequence: n, Entry: e, Sum: fmt.Sprintf("%08x", n) + strings.Repeat("5", 56), File: fileName(1), Number: int(n)})
	}
	for kind := range kinds {
		add(Entry{Kind: kind})
		add(Entry{
			Kind: kind, Outcome: Serious, Case: "0123456789ab", Task: "ff", Actor: "dr-o'hara <x>", Peer: "pacs", Way: "dimse", Rule: "head", Basis: "consent & law",
			Model: "t1@1", Hash: strings.Repeat("ab", 32), Count: 176, Reason: "because \"it\" <did>",
			Subject: &Subject{PatientID: "PAT4711", StudyUID: "1.2.840.4711", Accession: "ACC4711"},
		})
		add(Entry{Kind: kind, Outcome: Minor, Actor: "MR1", Case: "0123456789ab"})
		add(Entry{Kind: kind, Actor: Service, Peer: "MR1", Way: "dimse"})
	}
	slices.SortStableFunc(lines, func(a, b Line) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	return lines
}

func TestEveryKindHasAClass(t *testing.T) {
	for kind := range kinds {
		if c := classes[kind]; c.event.value == "" || c.action == "" || c.meaning == "" {
			t.Errorf("%s: %+v", kind, c)
		}
	}
	if len(classes) != len(kinds) {
		t.Errorf("%d classes, %d kinds", len(classes), len(kinds))
	}
	if _, err := (Reporting{}).eventOf(Line{Entry: Entry{Kind: "gossip"}}); err == nil {
		t.Error("a kind that is none was exported")
	}
}

// What a line says is in each export, and who the patient is only where the clinic wants it.
func TestExportsTellThePatientOnlyOnDemand(t *testing.T) {
	lines := everyLine()
	for _, identify := range []bool{false, true} {
		how := Reporting{Site: "HOSP", Source: "MEDHIVE1", Identify: identify}
		var bundle, messages bytes.Buffer
		f, d := NewFHIRWriter(&bundle, how), NewDICOMWriter(&messages, how)
		for _, line := range lines {
			if err := f.Write(line); err != nil {
				t.Fatal(err)
			}
			if err := d.Write(line); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"FHIR": bundle.String(), "DICOM": messages.String()} {
			for _, secret := range []string{"PAT4711", "1.2.840.4711", "ACC4711"} {
				if strings.Contains(text, secret) != identify {
					t.Errorf("%s, identify %t: %s", name, identify, secret)
				}
			}
			for _, told := range []string{"MEDHIVE1", "HOSP", "pacs", "110106"} {
				if !strings.Contains(text, told) {
					t.Errorf("%s does not say %s", name, told)
				}
			}
		}
		if n := strings.Count(messages.String(), "\n"); n != len(lines) {
			t.Errorf("%d messages of %d lines", n, len(lines))
		}
	}
}

// FHIR's own rules hold for each AuditEvent, by a reader that is not ours.
func TestFHIRIsValid(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	write := func(name string, how Reporting, lines []Line) {
		var b bytes.Buffer
		f := NewFHIRWriter(&b, how)
		for _, line := range lines {
			if err := f.Write(line); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if !json.Valid(b.Bytes()) {
			t.Fatalf("%s is no JSON", name)
		}
		paths = append(paths, filepath.Join(dir, name))
		if err := os.WriteFile(paths[len(paths)-1], b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("identified.json", Reporting{Site: "HOSP", Identify: true}, everyLine())
	write("plain.json", Reporting{}, everyLine())
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is missing: install nodejs, or run make test-tools")
	}
	out, err := exec.Command(node, append([]string{filepath.Join("..", "..", "..", "packaging", "checks", "read.js")}, paths...)...).Output()
	if err != nil {
		t.Fatalf("%v: run packaging/checks/install.sh if a module is missing\n%s\n%s", err, out, faults(err))
	}
	var seen map[string]struct{ Resources, Warnings []string }
	if err := json.Unmarshal(out, &seen); err != nil || len(seen) != len(paths) {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, s := range seen {
		if len(s.Resources) != len(everyLine()) || slices.ContainsFunc(s.Resources, func(r string) bool { return r != "AuditEvent" }) {
			t.Errorf("%s holds %v", name, s.Resources)
		}
		for _, w := range s.Warnings { // the validator has no copies of the code systems
			if !strings.Contains(w, "could not be found") && !strings.Contains(w, "not found in value set") {
				t.Errorf("%s: %s", name, w)
			}
		}
	}
}

func faults(err error) []byte {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.Stderr
	}
	return nil
}

// rule is what the schema of PS3.15 A.5.1.1 (RELAX NG) says of one element.
type rule struct {
	required, optional string            // attributes
	values             map[string]string // attribute -> what it may be
	children           string            // in order, with ? * + as in the schema
}

// schema is PS3.15 A.5.1.1 as far as elements of a message go.
var schema = map[string]rule{
	"AuditMessage":              {children: "EventIdentification ActiveParticipant+ AuditSourceIdentification ParticipantObjectIdentification*"},
	"EventIdentification":       {required: "EventDateTime EventOutcomeIndicator", optional: "EventActionCode", values: map[string]string{"EventActionCode": "C R U D E", "EventOutcomeIndicator": "0 4 8 12"}, children: "EventID EventTypeCode* EventOutcomeDescription?"},
	"EventID":                   coded,
	"EventTypeCode":             coded,
	"EventOutcomeDescription":   {},
	"ActiveParticipant":         {required: "UserID UserIsRequestor", optional: "AlternativeUserID UserName NetworkAccessPointID NetworkAccessPointTypeCode", values: map[string]string{"UserIsRequestor": "true false"}, children: "RoleIDCode* MediaIdentifier?"},
	"RoleIDCode":                coded,
	"AuditSourceIdentification": {required: "AuditSourceID", optional: "AuditEnterpriseSiteID", children: "AuditSourceTypeCode*"},
	"AuditSourceTypeCode":       {required: "csd-code", values: map[string]string{"csd-code": "1 2 3 4 5 6 7 8 9"}},
	"ParticipantObjectIdentification": {required: "ParticipantObjectID", optional: "ParticipantObjectTypeCode ParticipantObjectTypeCodeRole ParticipantObjectDataLifeCycle ParticipantObjectSensitivity",
		values:   map[string]string{"ParticipantObjectTypeCode": "1 2 3 4", "ParticipantObjectTypeCodeRole": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26", "ParticipantObjectDataLifeCycle": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"},
		children: "ParticipantObjectIDTypeCode ParticipantObjectName ParticipantObjectDetail* ParticipantObjectDescription*"},
	"ParticipantObjectIDTypeCode":  coded,
	"ParticipantObjectName":        {},
	"ParticipantObjectDetail":      {required: "type value"},
	"ParticipantObjectDescription": {children: "MPPS* Accession* SOPClass* ParticipantObjectContainsStudy? Encrypted? Anonymized?"},
	"Accession":                    {required: "Number"},
	"SOPClass":                     {required: "NumberOfInstances", optional: "UID", children: "Instance*"},
	"Encrypted":                    {},
	"Anonymized":                   {},
}

var coded = rule{required: "csd-code codeSystemName originalText", optional: "displayName"}

// node is an element as it was read.
type node struct {
	name     string
	attrs    map[string]string
	children []node
}

func readNode(d *xml.Decoder, start xml.StartElement) (node, error) {
	n := node{name: start.Name.Local, attrs: map[string]string{}}
	for _, a := range start.Attr {
		n.attrs[a.Name.Local] = a.Value
	}
	for {
		token, err := d.Token()
		if err != nil {
			return n, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			child, err := readNode(d, token)
			if err != nil {
				return n, err
			}
			n.children = append(n.children, child)
		case xml.EndElement:
			return n, nil
		}
	}
}

// conforms holds an element against the schema.
func (n node) conforms() error {
	r, known := schema[n.name]
	if !known {
		return fmt.Errorf("%s is not in the schema", n.name)
	}
	for _, name := range strings.Fields(r.required) {
		if n.attrs[name] == "" {
			return fmt.Errorf("%s lacks %s", n.name, name)
		}
	}
	for name, value := range n.attrs {
		if !slices.Contains(strings.Fields(r.required+" "+r.optional), name) {
			return fmt.Errorf("%s has %s", n.name, name)
		}
		if allowed := r.values[name]; allowed != "" && !slices.Contains(strings.Fields(allowed), value) {
			return fmt.Errorf("%s: %s is %q", n.name, name, value)
		}
	}
	at := 0
	for _, want := range strings.Fields(r.children) {
		name, least, most := want, 1, 1
		switch want[len(want)-1] {
		case '?':
			name, least = want[:len(want)-1], 0
		case '*':
			name, least, most = want[:len(want)-1], 0, len(n.children)
		case '+':
			name, most = want[:len(want)-1], len(n.children)
		}
		count := 0
		for at < len(n.children) && count < most && n.children[at].name == name {
			if err := n.children[at].conforms(); err != nil {
				return err
			}
			at, count = at+1, count+1
		}
		if count < least {
			return fmt.Errorf("%s lacks %s", n.name, name)
		}
	}
	if at != len(n.children) {
		return fmt.Errorf("%s holds %s out of place", n.name, n.children[at].name)
	}
	return nil
}

func parseMessage(text []byte) (node, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if err != nil {
			return node{}, err
		}
		if start, ok := token.(xml.StartElement); ok {
			return readNode(d, start)
		}
	}
}

func TestDICOMAuditMessagesConform(t *testing.T) {
	for _, line := range everyLine() {
		for _, how := range []Reporting{{}, {Site: "HOSP", Source: "AI", Identify: true}} {
			text, err := how.message(line)
			if err != nil {
				t.Fatal(err)
			}
			n, err := parseMessage(text)
			if err == nil {
				err = n.conforms()
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", line.Kind, err, text)
			}
			requestors := 0
			for _, c := range n.children {
				if c.attrs["UserIsRequestor"] == "true" {
					requestors++
				}
			}
			if requestors != 1 {
				t.Errorf("%s: %d requestors\n%s", line.Kind, requestors, text)
			}
		}
	}
	for _, bad := range []string{`<AuditMessage/>`, `<AuditMessage><ActiveParticipant/></AuditMessage>`, `<Message/>`} {
		if n, err := parseMessage([]byte(bad)); err != nil || n.conforms() == nil {
			t.Errorf("the check takes %s: %v", bad, err)
		}
	}
}

func TestADisclosureAsAMessage(t *testing.T) {
	line := Line{Sequence: 7, Sum: strings.Repeat("0", 64), Entry: Entry{
		At: began, Kind: Disclosure, Case: "0123456789ab", Peer: "0xNODE", Rule: "head", Basis: "consent-7", Hash: "ab", Count: 176,
	}}
	text, err := Reporting{Site: "HOSP"}.message(line)
	if err != nil {
		t.Fatal(err)
	}
	const want = `<AuditMessage><EventIdentification EventActionCode="R" EventDateTime="2026-07-15T10:00:00Z" EventOutcomeIndicator="0">` +
		`<EventID csd-code="110106" codeSystemName="DCM" originalText="Export"></EventID>` +
		`<EventTypeCode csd-code="disclosure" codeSystemName="99MEDHIVE" originalText="De-identified payload disclosed to a node"></EventTypeCode></EventIdentification>` +
		`<ActiveParticipant UserID="MEDHIVE" UserIsRequestor="true"><RoleIDCode csd-code="110153" codeSystemName="DCM" originalText="Source Role ID"></RoleIDCode></ActiveParticipant>` +
		`<ActiveParticipant UserID="0xNODE" UserIsRequestor="false"><RoleIDCode csd-code="110152" codeSystemName="DCM" originalText="Destination Role ID"></RoleIDCode></ActiveParticipant>` +
		`<AuditSourceIdentification AuditEnterpriseSiteID="HOSP" AuditSourceID="MEDHIVE"><AuditSourceTypeCode csd-code="4"></AuditSourceTypeCode></AuditSourceIdentification>` +
		`<ParticipantObjectIdentification ParticipantObjectID="0123456789ab" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="3" ParticipantObjectDataLifeCycle="11">` +
		`<ParticipantObjectIDTypeCode csd-code="case" codeSystemName="99MEDHIVE" originalText="Case of the worklist"></ParticipantObjectIDTypeCode><ParticipantObjectName>Case of the worklist</ParticipantObjectName>` +
		`<ParticipantObjectDescription><SOPClass NumberOfInstances="176"></SOPClass><Encrypted>true</Encrypted><Anonymized>true</Anonymized></ParticipantObjectDescription></ParticipantObjectIdentification>`
	if !strings.HasPrefix(string(text), want) {
		t.Fatalf("%s\nwant\n%s", text, want)
	}
}

// Who asked for it, and who sent what to whom.
func TestParticipants(t *testing.T) {
	for _, c := range []struct {
		name  string
		entry Entry
		want  string // id, role, and ! for who asked
	}{
		{"a scanner sends", Entry{Kind: Intake, Actor: Service, Peer: "MR1"}, "AI/110152 MR1/110153!"},
		{"a scanner sends, as the actor", Entry{Kind: Intake, Actor: "MR1"}, "AI/110152 MR1/110153!"},
		{"a person submits", Entry{Kind: Intake, Actor: "ann", Peer: "folder"}, "AI/110152 folder/110153 ann/110150!"},
		{"a payload leaves", Entry{Kind: Disclosure, Actor: Service, Peer: "0xN"}, "AI/110153! 0xN/110152"},
		{"a person looks", Entry{Kind: View, Actor: "ann"}, "AI/110150 ann/!"},
		{"the service removes", Entry{Kind: Remove}, "AI/110150!"},
		{"the service starts", Entry{Kind: Start, Actor: Service}, "AI/110150!"},
		{"a person logs in from somewhere", Entry{Kind: Login, Actor: "ann", Peer: "10.1.2.3"}, "AI/110150 10.1.2.3/ ann/!"},
	} {
		var got []string
		for _, p := range (Reporting{Source: "AI"}).participants(classes[c.entry.Kind], Line{Entry: c.entry}) {
			text := p.id + "/" + p.role.value
			if p.requestor {
				text += "!"
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s; want %s", c.name, strings.Join(got, " "), c.want)
		}
	}
}
