package dicomweb_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/testdata/peers"
)

func TestOrthancKeepsAndGivesBackStudies(t *testing.T) {
	archive := peers.Orthanc(t)
	client := dicomweb.Client{Base: archive.Web}
	study := smallStudy(t)
	ours := ourResults(t)
	sent := append(slices.Clone(study), ours.files...)

	stored, err := client.Store(t.Context(), "", objects(study))
	if err != nil {
		t.Fatal(err)
	}
	for n, s := range stored {
		if s.Err != nil || s.SOPInstanceUID == "" {
			t.Errorf("slice %d: %+v", n, s)
		}
	}
	for range 2 { // to send again changes nothing
		if _, err := client.Store(t.Context(), ours.study, objects(ours.files)); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(archive.Instances(t)); got != len(sent) {
		t.Errorf("Orthanc holds %d instances, want %d", got, len(sent))
	}

	found, err := client.Search(t.Context(), dicomweb.Query{StudyUID: ours.study})
	if err != nil || len(found) != 1 {
		t.Fatalf("search: %v, %v", found, err)
	}
	slices.Sort(found[0].Modalities)
	// All that we made is of one study with the slices.
	if got := found[0]; got.StudyUID != ours.study || got.PatientID == "" || got.PatientName == "" || !slices.Equal(got.Modalities, []string{"DOC", "MR", "OT", "SEG", "SR"}) {
		t.Errorf("search finds %+v", got)
	}
	if none, err := client.Search(t.Context(), dicomweb.Query{PatientID: "nobody"}); err != nil || len(none) != 0 {
		t.Errorf("search for nobody: %v, %v", none, err)
	}

	var back [][]byte
	n, err := client.Retrieve(t.Context(), ours.study, func(r io.Reader) error {
		data, err := io.ReadAll(r)
		back = append(back, data)
		return err
	})
	if err != nil || n != len(sent) {
		t.Fatalf("retrieve: %d of %d objects, %v", n, len(sent), err)
	}
	slices.SortFunc(sent, bytes.Compare)
	slices.SortFunc(back, bytes.Compare)
	for n := range sent {
		if !bytes.Equal(sent[n], back[n]) {
			t.Errorf("object %d comes back with other bytes", n)
		}
	}
	if _, err := client.Retrieve(t.Context(), "1.2.3.4", nil); statusOf(err) != http.StatusNotFound {
		t.Errorf("retrieve of no study: %v", err)
	}
}

// TestOrthancKeepsEverySyntax sends real files of many devices and brings them back, byte for
// byte: nothing is transcoded on the way.
func TestOrthancKeepsEverySyntax(t *testing.T) {
	archive := peers.Orthanc(t)
	client := dicomweb.Client{Base: archive.Web}
	syntaxes := map[string]bool{}
	for _, file := range realFiles(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Store(t.Context(), "", []dicomweb.Object{memory(data)}); err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		came := false
		_, err = client.Retrieve(t.Context(), attribute(t, data, "0020000D"), func(r io.Reader) error {
			back, err := io.ReadAll(r)
			came = came || bytes.Equal(back, data)
			return err
		})
		if err != nil || !came {
			t.Errorf("%s does not come back as it was (%v)", filepath.Base(file), err)
		}
		syntaxes[attribute(t, data, "00020010")] = true
	}
	if len(syntaxes) < 9 {
		t.Errorf("only %d transfer syntaxes were tried", len(syntaxes))
	}
}

func statusOf(err error) int {
	if status, ok := errors.AsType[*dicomweb.StatusError](err); ok {
		return status.Status
	}
	return 0
}

func TestWhatOrthancCannotReadKeepsNothingElseOut(t *testing.T) {
	archive := peers.Orthanc(t)
	client := dicomweb.Client{Base: archive.Web}
	study := smallStudy(t)
	unreadable := slices.Concat(study[1][:400], bytes.Repeat([]byte{0xFF}, 100))                                   // 400 for all that came with it
	nameless := bytes.Replace(study[2], []byte{0x20, 0, 0x0D, 0, 'U', 'I'}, []byte{0x20, 0, 0x0C, 0, 'U', 'I'}, 1) // no Study Instance UID: C000
	stored, err := client.Store(t.Context(), "", objects([][]byte{study[0], unreadable, study[3]}))
	if err == nil || stored[0].Err != nil || statusOf(stored[1].Err) != http.StatusBadRequest || stored[2].Err != nil {
		t.Errorf("%v; %v, %v, %v", err, stored[0].Err, stored[1].Err, stored[2].Err)
	}
	stored, err = client.Store(t.Context(), "", objects([][]byte{nameless, study[4]}))
	refused, ok := errors.AsType[*dicomweb.RefusedError](err)
	if !ok || refused.Reason != 0xC000 || refused.Temporary() || stored[0].Err == nil || stored[1].Err != nil {
		t.Errorf("%v; %v, %v", err, stored[0].Err, stored[1].Err)
	}
	if got := len(archive.Instances(t)); got != 3 {
		t.Errorf("Orthanc holds %d instances, want three", got)
	}
}

// mangle is a proxy that changes the type of the parts: Orthanc then takes nothing and
// answers 200.
type mangle struct{}

func (mangle) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte("Type: application/dicom\r"), []byte("Type: application/other\r"))))
	return http.DefaultTransport.RoundTrip(r)
}

func TestOrthancsSilenceIsNotTakenForKeeping(t *testing.T) {
	archive := peers.Orthanc(t)
	client := dicomweb.Client{Base: archive.Web, HTTP: &http.Client{Transport: mangle{}}}
	if _, err := client.Store(t.Context(), "", objects(smallStudy(t)[:2])); !errors.Is(err, dicomweb.ErrNotAcknowledged) {
		t.Errorf("an answer that names nothing: %v", err)
	}
	if got := len(archive.Instances(t)); got != 0 {
		t.Errorf("Orthanc holds %d instances, want none", got)
	}
}

func TestOrthancShowsOurPictures(t *testing.T) {
	archive := peers.Orthanc(t)
	client := dicomweb.Client{Base: archive.Web}
	ours := ourResults(t)
	if _, err := client.Store(t.Context(), ours.study, objects(ours.files)); err != nil {
		t.Fatal(err)
	}
	capture := rendered(t, archive, ours.study, ours.captureSeries, ours.captureInstance, "")
	if capture.Bounds().Size() != ours.picture.Bounds().Size() {
		t.Fatalf("the capture is shown as %v, want %v", capture.Bounds(), ours.picture.Bounds())
	}
	bounds := capture.Bounds()
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			r, g, b, _ := capture.At(bounds.Min.X+x, bounds.Min.Y+y).RGBA()
			want := ours.picture.RGBAAt(x, y)
			if byte(r>>8) != want.R || byte(g>>8) != want.G || byte(b>>8) != want.B {
				t.Fatalf("pixel %d,%d is shown in another colour", x, y)
			}
		}
	}
	// What is equal to our picture holds the warning and the finding's colour; that they are
	// on it is looked at too.
	const band = 40 // rows at the foot, with text alone
	foot := image.Rect(0, bounds.Max.Y-band, bounds.Max.X, bounds.Max.Y)
	if ink := count(capture, foot, func(r, g, b uint32) bool { return max(r, g, b) > 0xB0 }); ink < 300 || ink > foot.Dx()*band/2 {
		t.Errorf("the band below the picture has %d bright pixels of %d: no warning is to be read", ink, foot.Dx()*band)
	}
	above := image.Rect(0, 0, bounds.Max.X, bounds.Max.Y-band)
	if n := count(capture, above, func(r, _, b uint32) bool { return r > b+0x30 }); n < 100 { // white matter is drawn in yellow
		t.Errorf("a structure is marked in %d pixels of the capture", n)
	}
	seg := rendered(t, archive, ours.study, ours.series, ours.segInstance, "/frames/20")
	lit := count(seg, seg.Bounds(), func(r, _, _ uint32) bool { return r > 0x80 })
	if whole := seg.Bounds().Dx() * seg.Bounds().Dy(); lit == 0 || lit == whole {
		t.Errorf("the segmentation's frame shows %d of %d pixels lit: it is blank", lit, whole)
	}
}

// rendered is Orthanc's picture of an instance or a frame.
func rendered(t *testing.T, archive *peers.Archive, study, series, instance, frame string) image.Image {
	t.Helper()
	place := archive.Web.String() + "/studies/" + study + "/series/" + series + "/instances/" + instance + frame + "/rendered"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, place, nil)
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
		t.Fatalf("rendered answers %d", answer.StatusCode)
	}
	picture, _, err := image.Decode(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// count counts the pixels within an area whose colours, 0 to 255, are as wanted.
func count(shown image.Image, area image.Rectangle, wanted func(r, g, b uint32) bool) (n int) {
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if r, g, b, _ := shown.At(x, y).RGBA(); wanted(r>>8, g>>8, b>>8) {
				n++
			}
		}
	}
	return n
}

// shelf is a Receiver that keeps files by instance.
type shelf struct {
	mu    sync.Mutex // guards what follows
	files map[string][]byte
	fault error
}

func (s *shelf) Receive(_ context.Context, in dicomweb.Incoming, data io.Reader) error {
	content, err := io.ReadAll(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		err = s.fault
	}
	if err == nil {
		s.files[in.SOPInstanceUID] = content
	}
	return err
}

// Orthanc sends to us as it sends to any archive.
func TestOrthancStoresInOurServer(t *testing.T) {
	archive := peers.Orthanc(t)
	client := dicomweb.Client{Base: archive.Web}
	study := append(smallStudy(t), ourResults(t).files...)
	if _, err := client.Store(t.Context(), "", objects(study)); err != nil {
		t.Fatal(err)
	}
	kept := &shelf{files: map[string][]byte{}}
	server, err := dicomweb.NewServer(dicomweb.Config{Receiver: kept, Base: "/web"})
	if err != nil {
		t.Fatal(err)
	}
	host := httptest.NewServer(server)
	defer host.Close()
	archive.Ask(t, http.MethodPut, "dicom-web/servers/site", `{"Url":"`+host.URL+`/web"}`)
	resources := `{"Resources":["` + strings.Join(archive.Instances(t), `","`) + `"],"Synchronous":true}`
	archive.Ask(t, http.MethodPost, "dicom-web/servers/site/stow", resources)
	if len(kept.files) != len(study) {
		t.Fatalf("%d of %d objects came", len(kept.files), len(study))
	}
	for _, file := range study {
		_, instance := uids(t, file)
		if !bytes.Equal(kept.files[instance], file) {
			t.Error("an object came with other bytes")
		}
	}

	// A full disk is told to the sender, whose job fails.
	kept.mu.Lock()
	kept.fault = dicomweb.ErrOutOfResources
	kept.mu.Unlock()
	place, err := url.JoinPath(archive.REST.String(), "dicom-web/servers/site/stow")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(place, "application/json", strings.NewReader(resources))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		t.Error("Orthanc believes that a full disk took its objects")
	}
}
