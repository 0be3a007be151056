package clinic

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// realDate is a date that exists, and so moves.
const realDate = "19610228"

// plantedAnew is planted with dates that exist and texts that each VR may hold.
func plantedAnew(tg tag.Tag) *dicom.Element {
	switch vr := dictionaryVR(tg); vr {
	case "DA":
		return textElement(tg, vr, realDate)
	case "DT":
		return textElement(tg, vr, realDate+"034511.25+0100")
	case "CS":
		return textElement(tg, vr, "QUABBELMANN")
	default:
		return planted(tg)
	}
}

// policies are those under which every row is tried.
func policies() map[string]Policy {
	private := []PrivateAttribute{{0x0009, "QUIRKY", 0x01}}
	return map[string]Policy{
		"none": {}, "dates": {RetainDates: true}, "device": {RetainDevice: true}, "characteristics": {RetainCharacteristics: true},
		"private": {Private: private},
		"all":     {RetainDates: true, RetainDevice: true, RetainCharacteristics: true, Private: private, Released: true, Revision: 3},
	}
}

// outcome is what the standard says of an attribute under options.
type outcome int

const (
	byProfile outcome = iota // the Basic Profile's action
	kept
	movedBack // a date of another day, a time as it was
)

// outcomeOf reads the columns of the standard's table.
func (row standardRow) outcomeOf(vr string, p Policy) outcome {
	date := slices.Contains([]string{"DA", "DT", "TM"}, vr)
	switch {
	case date && p.RetainDates && row.ModifiedDates == "C":
		return movedBack
	case date: // never as it stands
		return byProfile
	case vr != "UN" && (p.RetainDevice && row.Device == "K" || p.RetainCharacteristics && row.Characteristics == "K"):
		return kept
	}
	return byProfile
}

// Every row holds under every option, at the top and five sequences deep, in the profile
// and in the bytes that are written.
func TestEveryRowHoldsUnderEveryOption(t *testing.T) {
	names := NewPseudonyms([SecretBytes]byte{1})
	for title, policy := range policies() {
		tried := map[outcome]int{}
		for _, row := range standardTable(t) {
			for _, tg := range tagsOf(t, row) {
				source := plantedAnew(tg)
				want := row.outcomeOf(vrOf(source), policy)
				tried[want]++
				t.Run(fmt.Sprintf("%s/%s %s", title, row.Tag, row.Name), func(t *testing.T) {
					deep := []*dicom.Element{source}
					for range 5 {
						deep = []*dicom.Element{sequence(tag.DerivationImageSequence, deep)}
					}
					out := newProfile(names, policy, deep).apply(deep)
					for range 5 {
						items, ok := itemsOf(out[0])
						if !ok || len(items) != 1 {
							t.Fatal("the sequence around the attribute went")
						}
						out = items[0]
					}
					p := newProfile(names, policy, []*dicom.Element{source})
					for _, got := range []*dicom.Element{find(p.apply([]*dicom.Element{source}), tg), find(out, tg)} {
						checkOutcome(t, row, want, source, got, p.shiftDays)
					}
					checkBytes(t, names, policy, want, source)
				})
			}
		}
		t.Logf("%s: %d rows by the Basic Profile, %d kept, %d dates moved", title, tried[byProfile], tried[kept], tried[movedBack])
	}
}

func checkOutcome(t *testing.T, row standardRow, want outcome, source, got *dicom.Element, days int) {
	t.Helper()
	if source.Tag.Group <= 0x0004 {
		want = byProfile
	}
	switch want {
	case byProfile:
		checkRow(t, row, source, got)
	case kept:
		if got == nil || says([]*dicom.Element{got}) != says([]*dicom.Element{source}) && vrOf(source) != "SQ" {
			t.Fatalf("want it kept, got %v", got)
		}
		if vrOf(source) == "SQ" && strings.Contains(says([]*dicom.Element{got}), markerUID) {
			t.Fatal("what a kept sequence holds is not under the profile")
		}
	case movedBack:
		want := "034511.25"
		if vrOf(source) != "TM" {
			day, err := time.Parse("20060102", realDate)
			if err != nil {
				t.Fatal(err)
			}
			want = day.AddDate(0, 0, days).Format("20060102") + map[string]string{"DA": "", "DT": want}[vrOf(source)]
		}
		if got == nil || first([]*dicom.Element{got}, source.Tag) != want || days > -leastShiftDays {
			t.Fatalf("got %v, want %s, moved by %d days", got, want, days)
		}
	}
}

// checkBytes writes an object that holds source at the top and deep inside, under a manifest
// that allows it, and looks for what it told.
func checkBytes(t *testing.T, names Pseudonyms, policy Policy, want outcome, source *dicom.Element) {
	t.Helper()
	if source.Tag.Group <= 0x0004 || slices.Contains([]tag.Tag{tag.SOPInstanceUID, tag.SeriesInstanceUID, tag.StudyInstanceUID}, source.Tag) {
		return // no data set of a file holds them, or none is without
	}
	deep := []*dicom.Element{source}
	for range 5 {
		deep = []*dicom.Element{sequence(tag.DerivationImageSequence, deep)}
	}
	ds := slice(append(deep, source)...)
	if source.Tag == tag.DerivationImageSequence {
		ds = slice(source)
	}
	keywords := []string{"DerivationImageSequence"}
	if info, err := tag.Find(source.Tag); err == nil && info.Keyword != "" {
		keywords = append(keywords, info.Keyword)
	}
	out, err := Deidentify(ds, names, policy, mustAllow(t, keywords...))
	if err != nil {
		t.Fatal(err)
	}
	data, err := dcm.Encode(out.Dataset, []byte{1, 0, 2, 0, 3, 0, 4, 0})
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{markerUID, realDate}
	if want != kept {
		secrets = append(secrets, marker, "QUABBELMANN", fmt.Sprint(markerNumber))
	} else if vrOf(source) == "UI" { // a device's own UID
		secrets = secrets[1:]
	}
	for _, secret := range secrets {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%q is in the bytes", secret)
		}
	}
}

// What an option keeps reaches the node if the manifest names it, and only then.
func TestOptionsReachTheObject(t *testing.T) {
	names := NewPseudonyms([SecretBytes]byte{1})
	ds := slice(
		textElement(tag.StudyDate, "DA", "20240311"), textElement(tag.StudyTime, "TM", "101530.5"), textElement(tag.AcquisitionDateTime, "DT", "20240311101530+0100"),
		textElement(tag.PatientBirthDate, "DA", "19310704"), textElement(tag.PatientAge, "AS", "092Y"), textElement(tag.PatientSex, "CS", "F"),
		textElement(tag.PatientWeight, "DS", "61.5"), textElement(tag.EthnicGroup, "SH", "Nordic"),
		textElement(tag.StationName, "SH", "MRZ-KELLER"), textElement(tag.DeviceSerialNumber, "LO", "SN4711-8815"), textElement(tag.InstitutionName, "LO", "Spital Bogen"),
	)
	all := mustAllow(t, "StudyDate", "StudyTime", "AcquisitionDateTime", "PatientBirthDate", "PatientAge", "PatientSex", "PatientWeight", "EthnicGroup",
		"StationName", "DeviceSerialNumber", "InstitutionName")
	tell := func(policy Policy, allow AllowList) string {
		out := mustDeidentifyUnder(t, ds, names, policy, allow).Dataset.Elements
		var b strings.Builder
		for _, tg := range []tag.Tag{tag.StudyDate, tag.StudyTime, tag.AcquisitionDateTime, tag.PatientBirthDate, tag.PatientAge, tag.PatientSex,
			tag.PatientWeight, tag.EthnicGroup, tag.StationName, tag.DeviceSerialNumber, tag.InstitutionName} {
			fmt.Fprintf(&b, "%s|", first(out, tg))
		}
		return b.String()
	}
	days := names.shiftOf(headerOf(ds.Elements))
	moved := time.Date(2024, 3, 11, 0, 0, 0, 0, time.UTC).AddDate(0, 0, days).Format("20060102")
	everything := Policy{RetainDates: true, RetainDevice: true, RetainCharacteristics: true}
	// An institution is no device: the profile's dummy stands for it.
	for name, tc := range map[string]struct {
		policy Policy
		allow  AllowList
		want   string
	}{
		"no option":           {Policy{}, all, "||||||||ANONYMIZED|ANONYMIZED|ANONYMIZED|"},
		"no word in manifest": {everything, mustAllow(t), "|||||||||||"},
		"dates":               {Policy{RetainDates: true}, all, moved + "|101530.5|" + moved + "101530||||||ANONYMIZED|ANONYMIZED|ANONYMIZED|"},
		"device":              {Policy{RetainDevice: true}, all, "||||||||MRZ-KELLER|SN4711-8815|ANONYMIZED|"},
		"characteristics":     {Policy{RetainCharacteristics: true}, all, "||||090Y|F|61.5|Nordic|ANONYMIZED|ANONYMIZED|ANONYMIZED|"},
		"all of them":         {everything, all, moved + "|101530.5|" + moved + "101530||090Y|F|61.5|Nordic|MRZ-KELLER|SN4711-8815|ANONYMIZED|"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tell(tc.policy, tc.allow); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func mustDeidentifyUnder(t interface{ Fatal(...any) }, ds dicom.Dataset, names Pseudonyms, policy Policy, allow AllowList) Deidentified {
	out, err := Deidentify(ds, names, policy, allow)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMarksNameTheOptions(t *testing.T) {
	for name, tc := range map[string]struct {
		policy Policy
		codes  string
		dates  string
		face   string
	}{
		"none":            {Policy{}, "113100", "REMOVED", ""},
		"released":        {Policy{Released: true}, "113100", "REMOVED", ""},
		"dates":           {Policy{RetainDates: true}, "113100 113107", "MODIFIED", ""},
		"device":          {Policy{RetainDevice: true}, "113100 113109", "REMOVED", ""},
		"characteristics": {Policy{RetainCharacteristics: true}, "113100 113108", "REMOVED", ""},
		"private":         {Policy{Private: []PrivateAttribute{{0x0009, "QUIRKY", 1}}}, "113100 113111", "REMOVED", ""},
		"pixels and face": {Policy{Redactions: []Redaction{{Width: 1, Height: 1}}, Deface: true}, "113100 113101 113102", "REMOVED", "NO"},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustDeidentifyUnder(t, slice(), NewPseudonyms([SecretBytes]byte{1}), tc.policy, mustAllow(t)).Dataset.Elements
			items, _ := itemsOf(find(out, tag.DeidentificationMethodCodeSequence))
			var codes []string
			for _, item := range items {
				codes = append(codes, first(item, tag.CodeValue))
				if first(item, tag.CodingSchemeDesignator) != "DCM" || len(first(item, tag.CodeMeaning)) > longestText("LO") {
					t.Errorf("a code is %v", item)
				}
			}
			if got := strings.Join(codes, " "); got != tc.codes {
				t.Errorf("codes %s, want %s", got, tc.codes)
			}
			if methods := textOf(find(out, tag.DeidentificationMethod)); len(methods) != len(codes) || slices.ContainsFunc(methods, func(m string) bool { return len(m) > longestText("LO") }) {
				t.Errorf("methods are %q", methods)
			}
			for tg, want := range map[tag.Tag]string{
				tag.LongitudinalTemporalInformationModified: tc.dates, tag.BurnedInAnnotation: "NO", tag.RecognizableVisualFeatures: tc.face, tag.PatientIdentityRemoved: "YES",
			} {
				if got := first(out, tg); got != want {
					t.Errorf("%v is %q, want %q", tg, got, want)
				}
			}
		})
	}
}

// The time between a patient's studies stays what it was, and no other patient's or clinic's
// dates move alike.
func TestDatesMoveTogether(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		day := func(label string) time.Time {
			return time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 60_000).Draw(rt, label))
		}
		one, two := day("one"), day("two")
		days := -rapid.IntRange(leastShiftDays, leastShiftDays+shiftRangeDays-1).Draw(rt, "days")
		back := func(d time.Time) time.Time {
			got, err := time.Parse("20060102", movedDate(d.Format("20060102"), days))
			if err != nil {
				rt.Fatal(err)
			}
			return got
		}
		if back(one).Sub(back(two)) != one.Sub(two) {
			rt.Fatalf("%v and %v became %v and %v", one, two, back(one), back(two))
		}
		if again := movedDate(back(one).Format("20060102"), -days); again != one.Format("20060102") {
			rt.Fatalf("%v comes back as %s", one, again)
		}
	})
	here, there := NewPseudonyms([SecretBytes]byte{1}), NewPseudonyms([SecretBytes]byte{2})
	patient := header{PatientID: "HGS-7741902", StudyUID: "1.2.3"}
	later := header{PatientID: "HGS-7741902", PatientName: "other spelling", StudyUID: "1.2.4"}
	if here.shiftOf(patient) != here.shiftOf(later) {
		t.Error("two studies of one patient move by different days")
	}
	shifts := map[int]int{}
	for n := range 2000 {
		days := here.shiftOf(header{PatientID: fmt.Sprint(n)})
		if days > -leastShiftDays || days <= -leastShiftDays-shiftRangeDays {
			t.Fatalf("%d days", days)
		}
		shifts[days]++
	}
	if len(shifts) < 1000 { // of 2,000 draws from 3,650 some 1,540 differ
		t.Errorf("2000 patients move by %d different numbers of days", len(shifts))
	}
	if here.shiftOf(patient) == there.shiftOf(patient) {
		t.Error("two clinics move a patient's dates alike")
	}
}

func TestWhatIsNoDateDoesNotMove(t *testing.T) {
	for _, tc := range []struct{ vr, in, want string }{
		{"DA", "20240229", "20230228"}, {"DA", "", ""}, {"DA", "20230229", "-"}, {"DA", "2024.03.11", "-"}, {"DA", "20240311 ", "20230311"}, {"DA", "Zoe", "-"},
		{"DA", "00010101", "-"}, {"DA", "20240311-20240312", "-"},
		{"TM", "10", "10"}, {"TM", "101530.123456", "101530.123456"}, {"TM", "10:15", "-"}, {"TM", "Zoe", "-"},
		{"DT", "20240311", "20230311"}, {"DT", "2024", "-"}, {"DT", "202403", "-"}, {"DT", "20240311101530.5-0330", "20230311101530.5"}, {"DT", "20240311Zoe", "-"},
	} {
		got := "-"
		if e := moved(textElement(tag.StudyDate, tc.vr, tc.in), -366); e != nil {
			got = first([]*dicom.Element{e}, tag.StudyDate)
		}
		if got != tc.want {
			t.Errorf("%s %q becomes %q, want %q", tc.vr, tc.in, got, tc.want)
		}
	}
	for in, want := range map[string]string{"034Y": "034Y", "089Y": "089Y", "090Y": "090Y", "112Y": "090Y", "999M": "999M", "999W": "999W", "6Y": "-", "Zoe": "-", "": ""} {
		got := "-"
		if e := age(textElement(tag.PatientAge, "AS", in)); e != nil {
			got = first([]*dicom.Element{e}, tag.PatientAge)
		}
		if got != want {
			t.Errorf("age %q becomes %q, want %q", in, got, want)
		}
	}
}
