package site

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	dcmlib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
	"github.com/medhive/medhive/testdata/peers"
)

// way is one by which a study comes in.
type way struct {
	name   string
	source string // what the worklist says of where it came from
	bring  func(h *hospital, s study)
}

// ways are all of them; the first needs a DICOM door with TLS, and comes before the others.
var ways = []way{
	{"C-STORE by storescu over TLS with a client certificate", "dimse STORESCU", func(h *hospital, s study) {
		h.tool("storescu", "+tls", h.secure.ClientKey, h.secure.Client, "+cf", h.secure.Authority, "-rc", "-aec", "MEDHIVE", "+sd", "-xe", "127.0.0.1", strconv.Itoa(h.port), s.folder)
	}},
	{"C-STORE by dcmsend", "dimse DCMSEND", func(h *hospital, s study) {
		h.tool("dcmsend", "-aec", "MEDHIVE", "+sd", "127.0.0.1", strconv.Itoa(h.port), s.folder)
	}},
	{"STOW-RS by Orthanc", "stow this-machine", func(h *hospital, s study) {
		h.archive.Send(h.t, s.folder)
		h.archive.Ask(h.t, http.MethodPut, "dicom-web/servers/site", fmt.Sprintf(`{"Url":"http://%s%s"}`, h.Site.web.Addr(), webBase))
		h.archive.Ask(h.t, http.MethodPost, "dicom-web/servers/site/stow", fmt.Sprintf(`{"Resources":[%q],"Synchronous":true}`, h.lookUp(h.archive, s.uid)))
	}},
	{"a watched folder", "folder", func(h *hospital, s study) {
		for n, data := range h.read(s.folder) {
			if err := os.WriteFile(filepath.Join(h.home, "drop", fmt.Sprintf("%d.dcm", n)), data, 0o600); err != nil {
				h.t.Fatal(err)
			}
		}
	}},
	{"import of a folder", "submit", func(h *hospital, s study) { h.imports(s.folder) }},
	{"import of a zip", "submit", func(h *hospital, s study) {
		path := filepath.Join(h.home, "study.zip")
		var packed bytes.Buffer
		archive := zip.NewWriter(&packed)
		for n, data := range h.read(s.folder) {
			f, err := archive.Create(fmt.Sprintf("IM%d", n))
			if err == nil {
				_, err = f.Write(data)
			}
			if err != nil {
				h.t.Fatal(err)
			}
		}
		if err := archive.Close(); err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
			h.t.Fatal(err)
		}
		h.imports(path)
	}},
	{"C-MOVE from Orthanc", "fetch ORTHANC", func(h *hospital, s study) {
		h.archive.Send(h.t, s.folder)
		h.fetches(s, "orthanc")
	}},
	{"C-MOVE from dcmqrscp", "fetch TESTPACS", func(h *hospital, s study) {
		h.query.Send(h.t, s.folder)
		h.fetches(s, "dcmqrscp")
	}},
	{"WADO-RS from Orthanc", "fetch wado", func(h *hospital, s study) {
		h.archive.Send(h.t, s.folder)
		h.fetches(s, "wado")
	}},
}

// wayPatience bounds the wait for one result, with all the others before it.
const wayPatience = 4 * time.Minute

// TestAStudyComesInAndItsResultGoesBackByEachWay has a real node analyse what each way brings,
// and looks at the result where each destination has it, with the tools that clinics trust.
func TestAStudyComesInAndItsResultGoesBackByEachWay(t *testing.T) {
	h := newHospital(t)
	studies := make([]study, len(ways))
	for n := range ways {
		studies[n] = h.sibling(n)
	}
	h.open(TLS{Certificate: h.secure.Server, Key: h.secure.ServerKey, Authority: h.secure.Authority})
	ways[0].bring(h, studies[0])
	h.await(studies[0], func(worklist.State) bool { return true })
	h.shut() // the study goes on behind another door
	h.open(TLS{})
	for n := range ways[1:] {
		ways[n+1].bring(h, studies[n+1])
	}
	delivered := func(s worklist.State) bool { return s == worklist.Delivered }
	for n, w := range ways {
		c := h.await(studies[n], delivered)
		if c.Subject.Source != w.source || c.Subject.Instances != len(h.read(studies[n].folder)) || c.Outcome != "completed" || c.PriceGwei == 0 {
			t.Errorf("%s: %+v, outcome %s, %d gwei", w.name, c.Subject, c.Outcome, c.PriceGwei)
		}
		h.arrived(c)
		h.shows(c)
	}
	stored, shared := index(t, h.store.Files(t)), index(t, dicomFiles(t, h.share))
	for n, w := range ways {
		t.Run(w.name, func(t *testing.T) { h.looksAt(t, studies[n], stored[studies[n].uid], shared[studies[n].uid]) })
	}
	h.records.edit(map[string]any{"status": "final"})
	d, err := h.conf.DestinationNamed("fhir")
	if err != nil {
		t.Fatal(err)
	}
	listening, err := h.listener(d)
	if err != nil {
		t.Fatal(err)
	}
	listening.round(t.Context())
	for _, s := range studies {
		if c := h.await(s, func(s worklist.State) bool { return s == worklist.Accepted }); c.Reading.By != "fhir:fhir" {
			t.Errorf("read by %q", c.Reading.By)
		}
	}
	cases, err := h.book.List(worklist.Filter{})
	if err != nil || len(cases) != len(ways) {
		t.Errorf("%d cases of %d studies: results that came back were taken for studies (%v)", len(cases), len(ways), err)
	}
	h.shut()
	h.saysNothing()
}

// arrived wants that every destination has acknowledged every form that it takes, and that
// the archive has promised to keep them.
func (h *hospital) arrived(c worklist.Case) {
	h.t.Helper()
	list, err := h.outbox.Of(c.Task)
	if err != nil {
		h.t.Fatal(err)
	}
	want := map[string]int{"storescp": 4, "committing": 4, "web": 4, "share": 5, "fhir": 1}
	got := map[string]int{}
	for _, d := range list {
		got[d.Destination] = len(d.Items)
		for _, i := range d.Items {
			if d.State != outbox.Delivered || !i.Taken || i.Committed != (d.Destination == "committing") {
				h.t.Errorf("%s: %s is %+v", d.Destination, d.State, i)
			}
		}
	}
	if !maps.Equal(got, want) {
		h.t.Errorf("the destinations have %v files, want %v", got, want)
	}
}

// shows wants that a person sees the case's images: each row's middle one, as a picture made by
// the confined reader.
func (h *hospital) shows(c worklist.Case) {
	h.t.Helper()
	rows, err := board{h.Site}.Rows(c.ID)
	if err != nil || len(rows) == 0 {
		h.t.Fatalf("rows %+v, %v", rows, err)
	}
	data, err := board{h.Site}.Image(h.t.Context(), c.ID, 0, rows[0].Images/2)
	if err != nil {
		h.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		h.t.Fatal(err)
	}
	shades := map[color.Color]bool{}
	for x := range picture.Bounds().Dx() {
		shades[picture.At(x, picture.Bounds().Dy()/2)] = true
	}
	if len(shades) < 8 { // a head is no plain field
		h.t.Errorf("the middle line of the middle image has %d shades", len(shades))
	}
}

// dicomFiles lists the DICOM files below a folder by their names.
func dicomFiles(t *testing.T, folder string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && filepath.Ext(path) == ".dcm" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// object is a stored file.
type object struct{ path, series, instance string }

// index is what files hold, by study and modality.
func index(t *testing.T, files []string) map[string]map[string]object {
	t.Helper()
	all := map[string]map[string]object{}
	for _, path := range files {
		set, err := dcmlib.ParseFile(path, nil, dcmlib.SkipPixelData())
		if err != nil {
			t.Fatal(err)
		}
		value := func(at tag.Tag) string {
			e, err := set.FindElementByTag(at)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Trim(fmt.Sprint(e.Value), "[] ")
		}
		study, modality := value(tag.StudyInstanceUID), value(tag.Modality)
		if all[study] == nil {
			all[study] = map[string]object{}
		}
		if twice := all[study][modality]; twice.path != "" {
			t.Errorf("a study has two objects of modality %s", modality)
		}
		all[study][modality] = object{path, value(tag.SeriesInstanceUID), value(tag.SOPInstanceUID)}
	}
	return all
}

// forms of results that are DICOM objects, by modality: segmentation, report, capture and
// document.
var formModalities = []string{"DOC", "OT", "SEG", "SR"}

// looksAt judges the result of one study at each destination.
func (h *hospital) looksAt(t *testing.T, s study, stored, shared map[string]object) {
	for name, got := range map[string]map[string]object{"storescp": stored, "the folder": shared} {
		if kinds := slices.Sorted(maps.Keys(got)); !slices.Equal(kinds, formModalities) {
			t.Fatalf("%s has %v of the study, want %v", name, kinds, formModalities)
		}
	}
	source := filepath.Join(t.TempDir(), "source.dcm")
	if err := os.WriteFile(source, inUTF8(t, h.read(s.folder)[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	paths := []string{source}
	for _, o := range stored {
		paths = append(paths, o.path)
		if out, err := exec.CommandContext(t.Context(), dicom3tool(t, "dciodvfy"), o.path).CombinedOutput(); err != nil || bytes.Contains(out, []byte("Error")) {
			t.Errorf("dciodvfy: %v\n%s", err, out)
		}
	}
	if out, err := exec.CommandContext(t.Context(), dicom3tool(t, "dcentvfy"), paths...).CombinedOutput(); err != nil || bytes.Contains(out, []byte("Error")) {
		t.Errorf("dcentvfy with a slice of the study: %v\n%s", err, out)
	}
	h.looksIntoOrthanc(t, s, shared)
	h.looksIntoRecords(t, s)
}

// looksIntoOrthanc wants the very files that were sent by STOW-RS, the same objects by C-STORE,
// and a capture that shows something.
func (h *hospital) looksIntoOrthanc(t *testing.T, s study, shared map[string]object) {
	for _, o := range shared {
		want, err := os.ReadFile(o.path)
		if err != nil {
			t.Fatal(err)
		}
		var found []struct{ ID string }
		if err := json.Unmarshal(h.web.Ask(t, http.MethodPost, "tools/lookup", o.instance), &found); err != nil || len(found) != 1 {
			t.Fatalf("Orthanc finds %v of an object that came by STOW-RS, %v", found, err)
		}
		if got := h.web.Ask(t, http.MethodGet, "instances/"+found[0].ID+"/file", ""); !bytes.Equal(got, want) {
			t.Error("an object that came by STOW-RS is another than in the folder")
		}
	}
	capture := shared["OT"]
	for name, archive := range map[string]*peers.Archive{"C-STORE": h.archive, "STOW-RS": h.web} {
		var study struct{ Series []string }
		if err := json.Unmarshal(archive.Ask(t, http.MethodGet, "studies/"+h.lookUp(archive, s.uid), ""), &study); err != nil {
			t.Fatal(err)
		}
		// The archive that studies are fetched from has the series of images, too.
		if n := len(study.Series); n != len(formModalities) && (archive != h.archive || n != len(formModalities)+1) {
			t.Errorf("by %s the study has %d series", name, n)
		}
		place := archive.Web.JoinPath("studies", s.uid, "series", capture.series, "instances", capture.instance, "rendered")
		marked(t, name, pictureAt(t, place))
	}
}

// pictureAt is what a DICOMweb server renders.
func pictureAt(t *testing.T, place *url.URL) image.Image {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, place.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "image/png")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the capture is not shown: %s", answer.Status)
	}
	picture, _, err := image.Decode(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// marked wants a picture with grey anatomy, with structures in colour on it, and with bright
// text on the rows below.
func marked(t *testing.T, name string, picture image.Image) {
	t.Helper()
	const footRows, saturated = 40, 0x30
	b := picture.Bounds()
	var grey, coloured, ink, whole int
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := picture.At(x, y).RGBA()
			low, high := min(r, g, bl)>>8, max(r, g, bl)>>8
			whole++
			switch {
			case y >= b.Max.Y-footRows:
				if high > 0xB0 {
					ink++
				}
			case high-low > saturated:
				coloured++
			case high > saturated && high < 0xF0:
				grey++
			}
		}
	}
	if grey < whole/50 || coloured < 100 || coloured > whole/2 || ink < 300 || ink > footRows*b.Dx()/2 {
		t.Errorf("by %s Orthanc shows %v: %d grey, %d coloured pixels and %d of text of %d", name, b, grey, coloured, ink, whole)
	}
}

// looksIntoRecords wants one report of the study, by its UID.
func (h *hospital) looksIntoRecords(t *testing.T, s study) {
	h.records.mu.Lock()
	defer h.records.mu.Unlock()
	found := 0
	for _, r := range h.records.reports {
		text, err := json.Marshal(r["imagingStudy"])
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"urn:oid:`+s.uid+`"`) {
			found++
		}
	}
	if found != 1 {
		t.Errorf("the record system has %d reports of the study", found)
	}
}

// inUTF8 is a slice as dcentvfy, which compares bytes and not characters, can hold it against
// what we write.
func inUTF8(t *testing.T, data []byte) []byte {
	t.Helper()
	slice, err := dicom.Parse(dicom.File{Name: "slice", Data: data}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	written, err := dicom.Encode(slice.Dataset, slice.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// dicom3tool is one of dicom3tools' programs: they lie side by side.
func dicom3tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath("dciodvfy")
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		t.Fatal("dicom3tools are missing: install them, or run make test-tools")
	}
	return filepath.Join(filepath.Dir(path), name)
}
