package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"

	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/scheduler/clinic/dimse"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
)

// Fetched is what came of asking an archive for a study.
type Fetched struct {
	Study     string `json:"study"` // its UID
	Archive   string `json:"archive"`
	Instances int    `json:"instances"` // that the archive sent
}

// plainUID is a UID (PS3.5 section 9.1).
var plainUID = regexp.MustCompile(`^[0-9]+(\.[0-9]+)+$`)

// maxUID is how long a UID may be (PS3.5 section 9.1).
const maxUID = 64

// IsUID says that a text is a UID.
func IsUID(text string) bool { return len(text) <= maxUID && plainUID.MatchString(text) }

// Fetch has an archive send a study to the inbox, by C-MOVE or WADO-RS; it then goes the way
// of any other. from is the archive's name, empty for the only one.
func (s *Site) Fetch(ctx context.Context, studyUID, from string) (Fetched, error) {
	if !IsUID(studyUID) {
		return Fetched{}, fmt.Errorf("fetch %.70q: it is no Study Instance UID", studyUID)
	}
	a, err := s.conf.ArchiveNamed(from)
	if err != nil {
		return Fetched{}, err
	}
	got := Fetched{Study: studyUID, Archive: a.Name}
	if a.URL != "" {
		got.Instances, err = s.retrieve(ctx, a, studyUID)
	} else {
		got.Instances, err = s.move(ctx, a, studyUID)
	}
	if err != nil {
		return got, fmt.Errorf("fetch from %s: %w", a.Name, err)
	}
	if err := s.inbox.Finish(studyUID); !errors.Is(err, inbox.ErrUnknownStudy) {
		return got, err
	}
	return got, nil // nothing of it was new, or it was complete by its count
}

// move asks for a C-MOVE to this site.
func (s *Site) move(ctx context.Context, a Archive, studyUID string) (int, error) {
	if s.dicom == nil {
		return 0, errors.New("the DICOM door is shut, so that the archive can't send anything; set dicom.listen in site.toml")
	}
	remote, err := remoteOf(a.Address, a.CalledAE, s.conf.DICOM.AETitle, a.TLS, s.conf.Delivery.Timeout)
	if err != nil {
		return 0, err
	}
	found, err := dimse.Find(ctx, remote, dimse.Query{StudyUID: studyUID, Limit: 1})
	if err != nil {
		return 0, err
	}
	if len(found) == 0 {
		return 0, errNoStudy
	}
	if found[0].Instances > 0 {
		if err := s.inbox.Expect(studyUID, found[0].Instances); err != nil {
			return 0, err
		}
	}
	result, err := dimse.Move(ctx, remote, dimse.MoveRequest{StudyUID: studyUID, Destination: s.conf.DICOM.AETitle, Priority: dimse.High})
	sent := result.Completed + result.Warnings
	switch {
	case err != nil:
		return sent, fmt.Errorf("%w; does the archive know this site's AE title and address?", err)
	case result.Failed > 0:
		return sent, fmt.Errorf("%d of %d instances could not be sent; see the archive's log", result.Failed, sent+result.Failed)
	case sent == 0:
		return 0, errNoStudy
	}
	return sent, nil
}

var errNoStudy = errors.New("the archive has no such study")

// retrieve asks for a study by WADO-RS.
func (s *Site) retrieve(ctx context.Context, a Archive, studyUID string) (int, error) {
	peer, err := webPeerOf(a.URL, a.Token, a.Login, a.TLS)
	if err != nil {
		return 0, err
	}
	n, err := s.webClient(peer, a.Plain).Retrieve(ctx, studyUID, func(data io.Reader) error {
		_, err := s.inbox.Receive(ctx, inbox.Origin{Way: inbox.WayFetch, CallingAE: a.Name}, inbox.Instance{}, data)
		return err
	})
	if status := (*dicomweb.StatusError)(nil); errors.As(err, &status) && status.Status == 404 {
		return n, errNoStudy
	}
	return n, err
}

// Echo asks a destination or an archive whether it answers: by C-ECHO, or by a request that
// changes nothing.
func Echo(ctx context.Context, conf Config, name string) (said string, err error) {
	s := &Site{conf: conf}
	if d, err := conf.DestinationNamed(name); err == nil {
		return s.echoDestination(ctx, d)
	}
	a, err := conf.ArchiveNamed(name)
	if err != nil {
		return "", fmt.Errorf("nothing is called %.40q in site.toml: it names the destinations %s and the archives %s", name, listed(namesOf(conf.Destinations)), listed(namesOf(conf.Archives)))
	}
	if a.URL == "" {
		remote, err := remoteOf(a.Address, a.CalledAE, conf.DICOM.AETitle, a.TLS, conf.Delivery.Timeout)
		if err != nil {
			return "", err
		}
		return "it answers C-ECHO", dimse.Echo(ctx, remote)
	}
	peer, err := webPeerOf(a.URL, a.Token, a.Login, a.TLS)
	if err != nil {
		return "", err
	}
	return s.searches(ctx, peer, a.Plain)
}

func namesOf[T Destination | Archive](list []T) (names []string) {
	for _, one := range list {
		switch v := any(one).(type) {
		case Destination:
			names = append(names, v.Name)
		case Archive:
			names = append(names, v.Name)
		}
	}
	return names
}

// echoUID is a UID that no study has: one that stands for the format "UUID", of the value 0.
const echoUID = "2.25.0"

// echoDestination asks a destination whether it answers.
func (s *Site) echoDestination(ctx context.Context, d Destination) (string, error) {
	switch d.Kind {
	case KindDICOM:
		remote, err := s.remote(d)
		if err != nil {
			return "", err
		}
		return "it answers C-ECHO", dimse.Echo(ctx, remote)
	case KindFolder:
		return "the folder is there", writable(d.Folder)
	}
	if d.Kind == KindFHIR {
		if _, err := recordServer(d); err != nil { // its credentials must not travel where results may not
			return "", err
		}
	}
	peer, err := webPeerOf(d.URL, d.Token, d.Login, d.TLS)
	if err != nil {
		return "", err
	}
	if d.Kind == KindSTOW {
		return s.searches(ctx, peer, d.Plain)
	}
	return "it shows its capabilities", capabilities(ctx, peer)
}

// writable wants a folder that files can be put into.
func writable(folder string) error {
	f, err := os.CreateTemp(folder, ".medhive-*")
	if err != nil {
		return fmt.Errorf("write into the folder: %w; make it, or mount it", pathless(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// capabilities asks a FHIR server for its statement (FHIR R4, RESTful API, capabilities).
func capabilities(ctx context.Context, p webPeer) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base.JoinPath("metadata").String(), nil)
	if err != nil {
		return errors.New("its url can't be asked")
	}
	r.Header.Set("Accept", "application/fhir+json")
	if p.authorization != nil {
		header, err := p.authorization()
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", header)
	}
	answer, err := p.http.Do(r)
	if err != nil {
		return fmt.Errorf("it does not answer: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %d; look at its address and credentials", answer.StatusCode)
	}
	return nil
}

// searches looks for a study that there is not: whatever the answer, the service is there.
func (s *Site) searches(ctx context.Context, p webPeer, plain bool) (string, error) {
	_, err := s.webClient(p, plain).Search(ctx, dicomweb.Query{StudyUID: echoUID, Limit: 1})
	if err != nil {
		return "", err
	}
	return "it answers a search", nil
}
