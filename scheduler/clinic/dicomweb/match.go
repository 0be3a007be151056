package dicomweb

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of a search among work items.
const (
	defaultFound = 100
	maxFound     = 1000
	maxKeys      = 32
	maxKeyValue  = 1024 // characters
	maxTimeRange = 64   // characters of a range of DT, which has at most 53 (PS3.5 section 6.2)
	// maxFoundBytes bounds what one answer holds; the rest can be asked for with offset.
	maxFoundBytes = 16 << 20
)

// keywords are the names under which a search may give an attribute; any may stand as its
// tag (PS3.18 section 8.3.4.1).
var keywords = map[string]string{
	"SOPInstanceUID": tagSOPInstance, "SOPClassUID": tagSOPClass, "ProcedureStepState": tagState,
	"ScheduledProcedureStepPriority": tagPriority, "ProcedureStepLabel": tagStepLabel, "WorklistLabel": tagWorklistLabel,
	"ScheduledProcedureStepStartDateTime": tagScheduledStart, "ScheduledProcedureStepModificationDateTime": tagModified,
	"ExpectedCompletionDateTime": "00404011", "InputReadinessState": tagReadiness,
	"ScheduledWorkitemCodeSequence": tagScheduledCodes, "CodeValue": tagCodeValue, "CodingSchemeDesignator": tagCodeScheme, "CodeMeaning": tagCodeMeaning,
	"ScheduledStationNameCodeSequence": "00404025", "ScheduledStationClassCodeSequence": "00404026",
	"ScheduledStationGeographicLocationCodeSequence": "00404027", "ScheduledHumanPerformersSequence": "00404034", "HumanPerformerCodeSequence": "00404009",
	"PatientName": tagPatientName, "PatientID": tagPatientID, "PatientBirthDate": "00100030", "PatientSex": "00100040",
	"IssuerOfPatientID": "00100021", "AdmissionID": "00380010", "StudyInstanceUID": tagStudyUID,
	"InputInformationSequence": tagInputInformation, "ReferencedRequestSequence": tagReferencedRequests,
	"AccessionNumber": tagAccessionNumber, "RequestedProcedureID": "00401001", "RequestingService": "00321033",
}

// key is one condition of a search: a path of tags, each but the last a sequence, and the
// value wanted there.
type key struct {
	path []string
	want string
}

// search is what a request asks of the list.
type search struct {
	keys          []key
	offset, limit int
}

// readSearch reads the query of a search (PS3.18 section 8.3.4). What it does not know it
// refuses: a condition passed over would give more than was asked for.
func readSearch(query url.Values) (search, error) {
	s := search{limit: defaultFound}
	for name, values := range query {
		if len(values) > maxKeys || len(query) > maxKeys {
			return search{}, fmt.Errorf("more than %d conditions", maxKeys)
		}
		var err error
		switch name {
		case "includefield", "fuzzymatching": // all attributes are given; none is matched by sound
		case "limit":
			s.limit, err = strconv.Atoi(values[0])
		case "offset":
			s.offset, err = strconv.Atoi(values[0])
		default:
			var k key
			if k.path, err = readPath(name); err == nil {
				k.want = strings.Join(values, ",")
				s.keys = append(s.keys, k)
			}
			if len(k.want) > maxKeyValue {
				err = errors.New("too long")
			}
		}
		if err != nil || s.limit < 0 || s.offset < 0 {
			return search{}, fmt.Errorf("the query parameter %q cannot be used here; want an attribute's keyword or tag, limit or offset", name)
		}
	}
	s.limit = min(s.limit, maxFound)
	return s, nil
}

func readPath(name string) ([]string, error) {
	parts := strings.Split(name, ".")
	if len(parts) > maxDepth {
		return nil, errors.New("too deep")
	}
	for n, part := range parts {
		if tag, known := keywords[part]; known {
			parts[n] = tag
		} else if upper := strings.ToUpper(part); tagForm.MatchString(upper) {
			parts[n] = upper
		} else {
			return nil, errors.New("no attribute")
		}
	}
	return parts, nil
}

// matches says whether a data set meets all conditions.
func (s search) matches(set Dataset) bool {
	for _, k := range s.keys {
		if !matchPath(set, k.path, k.want) {
			return false
		}
	}
	return true
}

func matchPath(set Dataset, path []string, want string) bool {
	e, there := set[path[0]]
	if len(path) > 1 {
		return slices.ContainsFunc(e.Items, func(item Dataset) bool { return matchPath(item, path[1:], want) }) || want == ""
	}
	switch {
	case want == "", want == "*": // whatever it is (PS3.4 section C.2.2.2.3)
		return true
	case !there:
		return false
	}
	return slices.ContainsFunc(e.Strings, func(have string) bool { return matchValue(e.VR, have, want) })
}

// matchValue is single value, list of UIDs, wildcard and range matching (PS3.4 section
// C.2.2.2).
func matchValue(vr, have, want string) bool {
	switch vr {
	case "UI":
		return slices.Contains(strings.FieldsFunc(want, func(r rune) bool { return r == ',' || r == '\\' }), have)
	case "DA", "DT":
		return matchTime(have, want)
	case "PN":
		have, want = strings.ToUpper(have), strings.ToUpper(want)
		fallthrough
	case "AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT":
		return wildcard(have, want)
	}
	return have == want
}

// wildcard matches * and ? alone; path.Match has more that is special, which is taken away.
func wildcard(have, want string) bool {
	escaped := strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(want)
	// A slash is nothing special in a value.
	ok, err := path.Match(strings.ReplaceAll(escaped, "/", "\x00"), strings.ReplaceAll(have, "/", "\x00"))
	return err == nil && ok
}

// moment is a DA or DT of PS3.5 section 6.2, as precise as it is.
var moment = regexp.MustCompile(`^([0-9]{4,14})(\.[0-9]{1,6})?([+-][0-9]{4})?$`)

// span of a DA or DT: from its first instant to just before its last. Without a zone it is
// UTC's.
func span(s string) (from, until time.Time, ok bool) {
	parts := moment.FindStringSubmatch(s)
	if parts == nil || len(parts[1])%2 != 0 {
		return from, until, false
	}
	zone := time.UTC
	if z := parts[3]; z != "" {
		hours, _ := strconv.Atoi(z[1:3]) // digits, by the form
		minutes, _ := strconv.Atoi(z[3:])
		seconds := hours*3600 + minutes*60
		if z[0] == '-' {
			seconds = -seconds
		}
		zone = time.FixedZone("", seconds)
	}
	const layout = "20060102150405"
	digits := parts[1]
	from, err := time.ParseInLocation(layout[:len(digits)], digits, zone)
	if err != nil {
		return from, until, false
	}
	switch len(digits) {
	case 4:
		until = from.AddDate(1, 0, 0)
	case 6:
		until = from.AddDate(0, 1, 0)
	case 8:
		until = from.AddDate(0, 0, 1)
	case 10:
		until = from.Add(time.Hour)
	case 12:
		until = from.Add(time.Minute)
	default:
		until = from.Add(time.Second)
	}
	if fraction := parts[2]; fraction != "" && len(digits) == len(layout) {
		part, _ := strconv.ParseFloat("0"+fraction, 64) // digits, by the form
		from = from.Add(time.Duration(part * float64(time.Second)).Round(time.Microsecond))
		until = from.Add(time.Microsecond)
	}
	return from, until, true
}

// matchTime matches one value or a range with an open or closed end; it includes both ends.
func matchTime(have, want string) bool {
	from, until, ok := span(have)
	if !ok {
		return have == want
	}
	if first, last, single := span(want); single {
		return from.Before(last) && until.After(first)
	}
	if len(want) > maxTimeRange {
		return false
	}
	for at, r := range want { // a zone may have a - of its own: try each
		if r != '-' {
			continue
		}
		low, _, lowOK := span(want[:at])
		_, high, highOK := span(want[at+1:])
		if (at == 0 || lowOK) && (at+1 == len(want) || highOK) && (lowOK || highOK) {
			return (at == 0 || until.After(low)) && (at+1 == len(want) || from.Before(high))
		}
	}
	return false
}

// searchWorkitems is PS3.18 section 11.9.
func (s *Server) searchWorkitems(w http.ResponseWriter, r *http.Request) {
	asked, err := readSearch(r.URL.Query())
	if err != nil {
		s.refuseWorkitem(w, r, refuse(http.StatusBadRequest, "search: %v", err))
		return
	}
	if !acceptsJSON(r) {
		s.refuseWorkitem(w, r, refuse(http.StatusNotAcceptable, "work items are given in %s; ask for it with Accept", typeJSON))
		return
	}
	found, bytes, more := []Dataset{}, 0, 0
	err = s.config.Workitems.All(r.Context(), func(item Workitem) bool {
		set := item.answer()
		switch {
		case !asked.matches(set):
		case asked.offset > 0:
			asked.offset--
		case len(found) < asked.limit && bytes < maxFoundBytes && more == 0:
			found, bytes = append(found, set), bytes+set.bytes()
		default:
			more++
		}
		return r.Context().Err() == nil
	})
	switch {
	case err != nil:
		s.refuseWorkitem(w, r, err)
		return
	case more > 0:
		s.warn(w, r, fmt.Sprintf("There are %d additional results that can be requested", more))
	case len(found) == 0:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	writeJSON(w, http.StatusOK, found)
}
