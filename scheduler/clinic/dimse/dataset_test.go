package dimse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// nested is a data set with sequences n deep, without lengths.
func nested(n int) []byte {
	var open, end []byte
	for range n {
		open = append(open, 0x08, 0x00, 0x99, 0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF)
		end = append(end, 0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0)
	}
	return append(open, end...)
}

// TestDamagedDataSets: whatever is wrong with a message's data set is an error, soon.
func TestDamagedDataSets(t *testing.T) {
	good := encodeSet([]element{text(tagTransaction, "UI", "2.25.1")}, implicitLittleEndian)
	for _, c := range []struct {
		name    string
		content []byte
		good    bool
	}{
		{"empty", nil, true},
		{"one element", good, true},
		{"as deep as may be", nested(maxDepth), true},
		{"deeper", nested(maxDepth + 1), false},
		{"very deep", nested(50_000), false},
		{"half a head", good[:6], false},
		{"half a value", good[:10], false},
		{"an item of its own", []byte{0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0}, false},
		{"an end of nothing", []byte{0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0}, false},
		{"a sequence without end", nested(1)[:16], false},
		{"many elements", bytes.Repeat([]byte{0x08, 0, 0x50, 0x11, 0, 0, 0, 0}, maxElements), true},
		{"too many elements", bytes.Repeat([]byte{0x08, 0, 0x50, 0x11, 0, 0, 0, 0}, maxElements+1), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := decodeSet(c.content, implicitLittleEndian)
			if (err == nil) != c.good || err != nil && !errors.Is(err, errDataSet) {
				t.Errorf("%v, want good %v", err, c.good)
			}
		})
	}
}

// TestUnknownSequenceInExplicit: a private sequence of VR UN is in Implicit VR inside, and
// what follows is not.
func TestUnknownSequenceInExplicit(t *testing.T) {
	content := append([]byte{0x09, 0x00, 0x10, 0x10, 'U', 'N', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}, nested(1)[8:]...)
	content = append(content, encodeSet([]element{text(tagStudyUID, "UI", "1.2.3")}, explicitLittleEndian)...)
	s, err := parseStudy(content, explicitLittleEndian)
	if err != nil || s.StudyUID != "1.2.3" {
		t.Errorf("%v, %+v", err, s)
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct{ set, value, want string }{
		{"", "Probe^Peter", "Probe^Peter"},
		{"ISO_IR 192", "M\u00fcller", "M\u00fcller"},
		{"ISO_IR 192", "M\xfcller", "M\uFFFDller"},
		{"ISO_IR 100", "M\xfcller", "M\u00fcller"},
		{"ISO_IR 144", "M\xfcller", "M\uFFFDller"},
	} {
		if got := decodeText(c.value, c.set); got != c.want {
			t.Errorf("%q in %q is %q, want %q", c.value, c.set, got, c.want)
		}
	}
	long := encodeSet([]element{text(tagPatientID, "LO", strings.Repeat("x", 60_000)), text(tagStudyUID, "UI", "1.2.3")}, implicitLittleEndian)
	if s, err := parseStudy(long, implicitLittleEndian); err != nil || len(s.PatientID) != maxText {
		t.Errorf("%v: %d bytes of one text, want %d", err, len(s.PatientID), maxText)
	}
}

// TestCommandsOutOfOrder: what stands twice or out of place could be read in two ways.
func TestCommandsOutOfOrder(t *testing.T) {
	field := appendCommandElement(nil, 0x0100, binary.LittleEndian.AppendUint16(nil, echoRQ))
	kind := appendCommandElement(nil, 0x0800, binary.LittleEndian.AppendUint16(nil, noDataSet))
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	status := appendCommandElement(nil, 0x0900, []byte{0, 0})
	for name, c := range map[string]struct {
		set  []byte
		good bool
	}{
		"in order":                     {join(field, kind), true},
		"backwards":                    {join(kind, field), false},
		"twice":                        {join(field, field, kind), false},
		"without a field":              {kind, false},
		"without a kind":               {field, false},
		"a request with a status":      {join(field, kind, status), false},
		"a number of three bytes":      {join(appendCommandElement(nil, 0x0100, []byte{1, 2, 3}), kind), false},
		"an element of another group":  {append(join(field, kind), 8, 0, 0, 0, 0, 0, 0, 0), false},
		"an element beyond the end":    {append(join(field, kind), 0, 0, 0, 9, 0xFF, 0xFF, 0xFF, 0xFF), false},
		"an unknown element":           {join(field, kind, appendCommandElement(nil, 0x5010, []byte("x "))), true},
		"a UID that is none is nobody": {join(appendCommandElement(nil, 0x0002, []byte("../x")), field, kind), true},
	} {
		got, err := parseCommand(c.set)
		if (err == nil) != c.good || got.class != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestFileOfOddLength is damaged, unless it is deflated.
func TestFileOfOddLength(t *testing.T) {
	folder := t.TempDir()
	for syntax, good := range map[string]bool{explicitLittleEndian: false, deflatedExplicit: true} {
		path := part10(t, folder, Object{SOPClassUID: ctClass, SOPInstanceUID: "1.2.3", TransferSyntaxUID: syntax}, []byte("odd"))
		if _, err := FileObject(path); (err == nil) != good {
			t.Errorf("%s: %v", syntax, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReportOfAnotherRequest on our own association is not ours to take.
func TestReportOfAnotherRequest(t *testing.T) {
	asked := command{field: actionRQ, class: commitmentPush, instance: commitmentInstance, messageID: 1, eventOrAction: actionRequest}
	report := func(transaction string) (command, []byte) {
		c := Commitment{TransactionUID: transaction, Committed: []Reference{{ctClass, "1.2"}}}
		return eventCommand(c, 9), encodeReferences(c, implicitLittleEndian)
	}
	other, others := report("2.25.1")
	own, owns := report("2.25.2")
	conn := &tape{said: bytes.NewReader(wire{}.command(1, asked.respond(statusSuccess)).command(1, other).data(1, others).command(1, own).data(1, owns))}
	c := &call{link: newLink(conn, time.Minute, defaultPDU), ctx: t.Context(), stop: func() bool { return true }}
	if err := c.link.takesAtMost(0); err != nil {
		t.Fatal(err)
	}
	got, err := c.awaitReport("2.25.2", agreed{commitmentPush, implicitLittleEndian}, time.Minute)
	if err != nil || got == nil || got.TransactionUID != "2.25.2" {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, answers, _ := said(t, conn.answers.Bytes()); len(answers) != 2 || answers[0].status != statusArgument || answers[1].status != statusSuccess {
		t.Errorf("answered %+v", answers)
	}
}

// TestAcceptedIsWhatWasOffered: a peer that agrees to something else has agreed to nothing.
func TestAcceptedIsWhatWasOffered(t *testing.T) {
	offers := []offer{{id: 1, class: ctClass, syntaxes: []string{explicitLittleEndian}}}
	for name, answer := range map[string]offer{
		"another syntax":  {id: 1, syntaxes: []string{implicitLittleEndian}},
		"two syntaxes":    {id: 1, syntaxes: []string{explicitLittleEndian, explicitLittleEndian}},
		"none":            {id: 1},
		"another context": {id: 3, syntaxes: []string{explicitLittleEndian}},
		"a refusal":       {id: 1, result: contextNoSuchSyntax, syntaxes: []string{explicitLittleEndian}},
	} {
		if got := accepted(offers, associate{offers: []offer{answer}}); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := accepted(offers, associate{offers: offers}); len(got) != 1 {
		t.Errorf("what was offered: %v", got)
	}
}
