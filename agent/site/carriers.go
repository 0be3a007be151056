package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/scheduler/clinic/dimse"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
)

// commitWait is how long an archive may take to commit itself on the association of the
// request; most call back later.
const commitWait = 5 * time.Second

// archive sends to one DICOM destination.
type archive struct {
	remote   dimse.Remote
	promises *promises
}

// promises knows the commitments whose archive may still answer on the association of the
// request. Most call back on another: then nobody need wait any longer, and the next result
// can go.
type promises struct {
	mu sync.Mutex                    // guards by
	by map[string]context.CancelFunc // by transaction UID
}

// await is a context that ends when the transaction's report has come otherwise.
func (p *promises) await(ctx context.Context, transaction string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[string]context.CancelFunc{}
	}
	p.by[transaction] = cancel
	return ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.by, transaction)
		cancel()
	}
}

// came ends the wait for a report.
func (p *promises) came(transaction string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cancel := p.by[transaction]; cancel != nil {
		cancel()
	}
}

// remoteOf is a peer that a site file names.
func remoteOf(address, called, calling string, secure TLS, timeout time.Duration) (dimse.Remote, error) {
	config, err := secure.client()
	if err != nil {
		return dimse.Remote{}, err
	}
	return dimse.Remote{Address: address, CalledAE: called, CallingAE: calling, TLS: config, Timeout: timeout}, nil
}

// Send implements outbox.Sender.
func (a archive) Send(ctx context.Context, objects []outbox.Object, taken func(n int) error) error {
	list := make([]dimse.Object, len(objects))
	for n, o := range objects {
		var err error
		if list[n], err = dimse.FileObject(o.Path); err != nil {
			return &outbox.Failure{Fault: outbox.FilesChanged, Err: err}
		}
	}
	sent, err := dimse.Send(ctx, a.remote, list, nil)
	for n, one := range sent {
		if n < len(objects) && one.Err == nil && one.SOPInstanceUID == objects[n].SOPInstanceUID {
			if noted := taken(n); noted != nil {
				return noted
			}
		} else if err == nil {
			err = one.Err
		}
	}
	return faultOfDIMSE(err)
}

// RequestCommitment implements outbox.CommitmentRequester.
func (a archive) RequestCommitment(ctx context.Context, transaction string, objects []outbox.Object) (*outbox.Commitment, error) {
	refs := make([]dimse.Reference, len(objects))
	for n, o := range objects {
		refs[n] = dimse.Reference{SOPClassUID: o.SOPClassUID, SOPInstanceUID: o.SOPInstanceUID}
	}
	waiting, done := a.promises.await(ctx, transaction)
	defer done()
	report, err := dimse.RequestCommitment(waiting, a.remote, transaction, refs, commitWait)
	if waiting.Err() != nil && ctx.Err() == nil && report == nil {
		return nil, nil // it came to our door
	}
	if err != nil || report == nil {
		return nil, faultOfDIMSE(err)
	}
	c := commitmentOf(*report)
	return &c, nil
}

func commitmentOf(report dimse.Commitment) outbox.Commitment {
	c := outbox.Commitment{Transaction: report.TransactionUID}
	for _, r := range report.Committed {
		c.Kept = append(c.Kept, r.SOPInstanceUID)
	}
	for _, r := range report.Failed {
		c.Lost = append(c.Lost, r.SOPInstanceUID)
	}
	return c
}

// outOfResources is the first byte of a C-STORE status that asks for another try (PS3.4
// table B.2-1).
const outOfResources = 0xA7

// faultOfDIMSE puts a peer's refusal into the outbox's words.
func faultOfDIMSE(err error) error {
	var rejected *dimse.RejectedError
	var syntax *dimse.RefusedSyntaxError
	var status *dimse.StatusError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &rejected):
		return &outbox.Failure{Fault: outbox.Denied, Err: err}
	case errors.As(err, &syntax):
		return &outbox.Failure{Fault: outbox.SyntaxRefused, Err: err}
	case errors.As(err, &status) && status.Status>>8 == outOfResources:
		return &outbox.Failure{Fault: outbox.NoRoom, Err: err}
	case errors.As(err, &status):
		return &outbox.Failure{Fault: outbox.NotTaken, Err: err}
	}
	return fmt.Errorf("send to the archive: %w", err)
}

// webPeer is how a web service that a site file names is called.
type webPeer struct {
	base          *url.URL
	http          *http.Client
	authorization func() (string, error)
}

func webPeerOf(address, token, login string, secure TLS) (p webPeer, err error) {
	if p.base, err = url.Parse(address); err != nil {
		return p, errors.New("its url can't be read")
	}
	config, err := secure.client()
	if err != nil {
		return p, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.Proxy = config, nil // no other machine is to see what is sent
	p.http = &http.Client{Transport: transport}
	for file, read := range map[string]func(string) func() (string, error){token: dicomweb.BearerFile, login: dicomweb.BasicFile} {
		if file == "" {
			continue
		}
		if err := private(file); err != nil {
			return p, fmt.Errorf("read its credentials: %w", err)
		}
		p.authorization = read(file)
	}
	return p, nil
}

// carrier is how results get to a destination.
func (s *Site) carrier(d Destination) (outbox.Carrier, error) {
	switch d.Kind {
	case KindDICOM:
		remote, err := s.remote(d)
		if err != nil {
			return nil, err
		}
		if d.Commit {
			return outbox.Objects(archive{remote, &s.promises}, archive{remote, &s.promises}), nil
		}
		return outbox.Objects(archive{remote, &s.promises}, nil), nil
	case KindFolder:
		return outbox.Folder(d.Folder), nil
	}
	if d.Kind == KindFHIR {
		server, err := recordServer(d)
		if err != nil {
			return nil, err
		}
		return outbox.FHIR(server), nil
	}
	peer, err := webPeerOf(d.URL, d.Token, d.Login, d.TLS)
	if err != nil {
		return nil, err
	}
	return outbox.Objects(webArchive{s.webClient(peer, d.Plain)}, nil), nil
}

// recordServer is the FHIR server of a destination.
func recordServer(d Destination) (outbox.FHIRServer, error) {
	peer, err := webPeerOf(d.URL, d.Token, d.Login, d.TLS)
	if err != nil {
		return outbox.FHIRServer{}, err
	}
	if peer.base.Scheme == "http" && !d.Plain && !web.OwnHost(peer.base.Host) {
		return outbox.FHIRServer{}, errors.New("its url is not encrypted; use https, or plain = true in a closed network")
	}
	return outbox.FHIRServer{Base: peer.base, HTTP: peer.http, Authorization: peer.authorization, Put: d.Put}, nil
}

func (s *Site) remote(d Destination) (dimse.Remote, error) {
	return remoteOf(d.Address, d.CalledAE, s.conf.DICOM.AETitle, d.TLS, s.conf.Delivery.Timeout)
}

func (s *Site) webClient(p webPeer, plain bool) *dicomweb.Client {
	return &dicomweb.Client{Base: p.base, HTTP: p.http, Authorization: p.authorization, Plain: plain, Idle: s.conf.Delivery.Timeout}
}

// webArchive sends results to one DICOMweb destination: objects that this clinic made, under
// UIDs that it derived.
type webArchive struct{ client *dicomweb.Client }

// Send implements outbox.Sender.
func (w webArchive) Send(ctx context.Context, objects []outbox.Object, taken func(n int) error) error {
	list := make([]dicomweb.Object, len(objects))
	for n, o := range objects {
		var err error
		if list[n], err = dicomweb.FileObject(o.Path); err != nil {
			return &outbox.Failure{Fault: outbox.FilesChanged, Err: err}
		}
		list[n].Derived = true
	}
	stored, err := w.client.Store(ctx, "", list)
	for n, one := range stored {
		if n < len(objects) && one.Err == nil && one.SOPInstanceUID == objects[n].SOPInstanceUID {
			if noted := taken(n); noted != nil {
				return noted
			}
		} else if err == nil {
			err = one.Err
		}
	}
	return faultOfWeb(err)
}

// faultOfWeb puts a web server's refusal into the outbox's words.
func faultOfWeb(err error) error {
	var status *dicomweb.StatusError
	var refused *dicomweb.RefusedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &status) && (status.Status == http.StatusUnauthorized || status.Status == http.StatusForbidden):
		return &outbox.Failure{Fault: outbox.Denied, Err: err}
	case errors.As(err, &status) && status.Status == http.StatusInsufficientStorage:
		return &outbox.Failure{Fault: outbox.NoRoom, Err: err}
	case errors.As(err, &status), errors.As(err, &refused), errors.Is(err, dicomweb.ErrNotAcknowledged):
		return &outbox.Failure{Fault: outbox.NotTaken, Err: err}
	}
	return fmt.Errorf("send to the web archive: %w", err)
}
