package hl7

import (
	"bufio"
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler"
)

var at = time.Date(2026, 7, 15, 10, 0, 0, 0, time.UTC)

// lines joins segments as they travel.
func lines(segments ...string) []byte { return []byte(strings.Join(segments, "\r") + "\r") }

// header is a message's first segment.
func header(kind string) string {
	return `MSH|^~\&|RIS|HOSP|MEDHIVE|AI|20260715100000||` + kind + `|MSG00001|P|2.5.1`
}

const patient = "PID|1||4711^^^HOSP||DOE^JANE||19700101|F"

func TestParseOrders(t *testing.T) {
	orm, omi, oml := header("ORM^O01"), header("OMI^O23^OMI_O23"), header("OML^O21^OML_O21")
	ask := func(accession, study string, class scheduler.Class, stated bool) Order {
		return Order{Accession: accession, StudyUID: study, Control: Place, Priority: class, Stated: stated, At: at}
	}
	for _, c := range []struct {
		name string
		data []byte
		want []Order
	}{
		{"IHE's ORM with ZDS, by ORC-7", lines(orm, patient, "ORC|NW|P1|F1||SC||^^^^^S", `OBR|1|P1|F1|CTHEAD^CT of the head^L||||||||||||||A100`, "ZDS|1.2.3^^Application^DICOM"),
			[]Order{{Accession: "A100", StudyUID: "1.2.3", Procedure: "CTHEAD", Control: Place, Priority: scheduler.STAT, Stated: true, At: at}}},
		{"OMI with TQ1 and IPC", lines(omi, patient, "ORC|NW", "TQ1|1||||||||A", "OBR|1|||MR^MR", "IPC|A101|RP1|1.2.4|SPS1|MR"),
			[]Order{{Accession: "A101", StudyUID: "1.2.4", Procedure: "MR", Control: Place, Priority: scheduler.Urgent, Stated: true, At: at}}},
		{"OML, priority as a word in OBR-5", lines(oml, "ORC|NW", "OBR|1||||STAT|||||||||||||A102"), []Order{ask("A102", "", scheduler.STAT, true)}},
		{"OBR-27", lines(orm, "ORC|NW", "OBR|1|||||||||||||||||A103|||||||||^^^^^R"), []Order{ask("A103", "", scheduler.Routine, true)}},
		{"no priority", lines(orm, "ORC|NW", "OBR|1|||||||||||||||||A104"), []Order{ask("A104", "", scheduler.Routine, false)}},
		{"the highest of several", lines(omi, "ORC|NW||||||^^^^^R~^^^^^A", "TQ1|1||||||||R~S", "IPC|A105"), []Order{ask("A105", "", scheduler.STAT, true)}},
		{"two orders, each its own", lines(omi, "ORC|NW", "TQ1|1||||||||S", "IPC|A1", "ORC|NW", "IPC|A2"), []Order{ask("A1", "", scheduler.STAT, true), ask("A2", "", scheduler.Routine, false)}},
		{"cancelled", lines(orm, "ORC|CA", "OBR|1|||||||||||||||||A106"), []Order{{Accession: "A106", Control: Cancel, At: at}}},
		{"cancelled by status", lines(orm, "ORC|SC||||CA", "OBR|1|||||||||||||||||A106"), []Order{{Accession: "A106", Control: Cancel, At: at}}},
		{"unable to cancel: it stands", lines(orm, "ORC|UC", "OBR|1|||||||||||||||||A106"), []Order{ask("A106", "", scheduler.Routine, false)}},
		{"LF and CRLF between segments", []byte(orm + "\r\nORC|NW\nOBR|1|||||||||||||||||A107\n\n"), []Order{ask("A107", "", scheduler.Routine, false)}},
		{"other separators", lines("MSH$*!%#$RIS$H$$$$$ORM*O01$1$P$2.3", "ORC$NW$$$$$$*****S", "OBR$1$$$$$$$$$$$$$$$$$A%F%8*x"), []Order{ask("A$8", "", scheduler.STAT, true)}},
		{"subcomponents, escapes, spaces", lines(omi, "ORC|NW", `IPC| A\S\9&auth &x^y `), []Order{ask("A^9", "", scheduler.Routine, false)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseOrders(c.data, nil, at)
			if err != nil || !slices.Equal(got, c.want) {
				t.Fatalf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestAccessionStandsWhereTheClinicSays(t *testing.T) {
	data := lines(header("ORM^O01"), "ORC|NW|P1|F1", "OBR|1|P2|F2|||||||||||||||A1")
	for place, want := range map[Field]string{OBR18: "A1", OBR2: "P2", OBR3: "F2", ORC2: "P1", ORC3: "F1"} {
		got, err := ParseOrders(data, []Field{IPC1, place}, at)
		if err != nil || got[0].Accession != want {
			t.Errorf("%s: %+v, %v; want %s", place, got, err, want)
		}
	}
}

func TestParseOrdersRefuses(t *testing.T) {
	orm := header("ORM^O01")
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, ErrMalformed},
		{"no header", lines("PID|1"), ErrMalformed},
		{"separators that are letters", lines("MSHABCDEFGH"), ErrMalformed},
		{"one separator twice", lines("MSH||~\\&|RIS"), ErrMalformed},
		{"a segment without a name", lines(orm, "XY"), ErrMalformed},
		{"a segment with a long name", lines(orm, "PIDX|1"), ErrMalformed},
		{"a result", lines(header("ORU^R01"), "OBR|1"), ErrUnsupported},
		{"another event", lines(header("ORM^O02"), "ORC|NW"), ErrUnsupported},
		{"no type", lines(`MSH|^~\&`), ErrUnsupported},
		{"no order", lines(orm, patient), ErrMalformed},
		{"no names", lines(orm, "ORC|NW", "OBR|1"), ErrIncomplete},
		{"one of two without names", lines(orm, "ORC|NW", "IPC|A1", "ORC|NW"), ErrIncomplete},
		{"deleted accession number", lines(orm, "ORC|NW", `IPC|""`), ErrIncomplete},
		{"a study that is no UID", lines(orm, "ORC|NW", "ZDS|1.2.x"), ErrMalformed},
		{"an endless accession number", lines(orm, "ORC|NW", "IPC|"+strings.Repeat("9", 300)), ErrIncomplete},
		{"too many orders", lines(orm, strings.Repeat("ORC|NW\rIPC|A1\r", maxOrders+1)), ErrMalformed},
		{"too many segments", lines(orm, strings.Repeat("NTE\r", maxSegments)), ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := ParseOrders(c.data, nil, at); !errors.Is(err, c.want) {
				t.Fatalf("%+v, %v; want %v", got, err, c.want)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	conf := Config{Keep: nil, Application: "MED|HIVE", Facility: "AI", Now: func() time.Time { return at }}
	enhanced := func(accept, application string) string {
		return header("ORM^O01") + "|||" + accept + "|" + application
	}
	for _, c := range []struct {
		name, header string
		err          error
		want         []string
	}{
		{"kept", header("ORM^O01"), nil, []string{"MSH|^~\\&|MEDHIVE|AI|RIS|HOSP|20260715100000+0000||ACK^O01^ACK|ID|P|2.5.1\rMSA|AA|MSG00001\r"}},
		{"not kept", header("ORM^O01"), errors.New("disk full"), []string{"MSH|^~\\&|MEDHIVE|AI|RIS|HOSP|20260715100000+0000||ACK^O01^ACK|ID|P|2.5.1\rMSA|AE|MSG00001\rERR|||207^Application internal error^HL70357|E\r"}},
		{"not taken", header("ORU^R01"), ErrUnsupported, []string{"MSH|^~\\&|MEDHIVE|AI|RIS|HOSP|20260715100000+0000||ACK^R01^ACK|ID|P|2.5.1\rMSA|AR|MSG00001\rERR|||200^Unsupported message type^HL70357|E\r"}},
		{"enhanced, accept alone", enhanced("AL", "NE"), nil, []string{"MSA|CA|"}},
		{"enhanced, accept on error alone", enhanced("ER", "NE"), nil, nil},
		{"enhanced, accept on error", enhanced("ER", "NE"), ErrIncomplete, []string{"MSA|CR|"}},
		{"enhanced, both", enhanced("AL", "AL"), nil, []string{"MSA|CA|", "MSA|AA|"}},
		{"enhanced, application on success", enhanced("NE", "SU"), nil, []string{"MSA|AA|"}},
		{"enhanced, not kept", enhanced("AL", "NE"), errors.New("disk full"), []string{"MSA|CE|"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := parseMessage(lines(c.header))
			if err != nil {
				t.Fatal(err)
			}
			got := m.answers(conf, c.err, "ID")
			if len(got) != len(c.want) {
				t.Fatalf("%q", got)
			}
			for i, want := range c.want {
				if !strings.Contains(string(got[i]), want) {
					t.Errorf("%q; want %q", got[i], want)
				}
			}
		})
	}
}

func FuzzParseOrders(f *testing.F) {
	f.Add(lines(header("ORM^O01"), patient, "ORC|NW||||||^^^^^S", `OBR|1|P1|F1|CT||||||||||||||A100`, "ZDS|1.2.3^^Application^DICOM"))
	f.Add(lines(header("OMI^O23"), "ORC|NW", "TQ1|1||||||||S~R", `IPC|A\S\1&x||1.2`))
	f.Add([]byte("MSH$*!%#$"))
	conf := Config{Application: "MEDHIVE", Now: func() time.Time { return at }}
	f.Fuzz(func(t *testing.T, data []byte) {
		orders, err := ParseOrders(data, nil, at)
		if err == nil && (len(orders) == 0 || len(orders) > maxOrders) {
			t.Fatalf("%d orders", len(orders))
		}
		for _, o := range orders {
			if o.Accession == "" && o.StudyUID == "" || len(o.Accession) > maxFieldBytes || len(o.StudyUID) > maxUIDBytes {
				t.Fatalf("%+v", o)
			}
		}
		m, err := parseMessage(data)
		if err != nil {
			return
		}
		for _, answer := range m.answers(conf, err, "ID") {
			if bytes.ContainsAny(answer, "\x0b\x1c\n") {
				t.Fatalf("an answer breaks its frame: %q", answer)
			}
			if _, err := parseMessage(answer); err != nil {
				t.Fatalf("an answer is no message: %v: %q", err, answer)
			}
		}
	})
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("MSH|^~\\&\x1c\x1c\rrest"))
	f.Add(bytes.Repeat([]byte{frameEnd}, 50))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 100
		got, err := readFrame(bufio.NewReaderSize(bytes.NewReader(data), 16), limit)
		end := bytes.Index(data, []byte{frameEnd, frameTail})
		switch {
		case err == nil && (end < 0 || !bytes.Equal(got, data[:end])):
			t.Fatalf("read %q of %q", got, data)
		case err != nil && end >= 0 && end < limit:
			t.Fatalf("did not read %q: %v", data, err)
		}
	})
}
