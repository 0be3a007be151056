package site

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// itself is who did what nobody asked for.
const itself = "medhive"

// AuditPlace says where a clinic's audit log lies, and what it is held against.
type AuditPlace struct {
	Folder string
	Key    [secretBytes]byte
	Head   audit.HeadFile
}

// AuditOf finds the audit log of the clinic in a state folder, running or not.
func AuditOf(state string) (AuditPlace, error) {
	keys, err := loadSecrets(filepath.Join(state, "vault-key"))
	if err != nil {
		return AuditPlace{}, err
	}
	return auditOf(state, keys)
}

func auditOf(state string, keys secrets) (AuditPlace, error) {
	key, err := keys.of("audit")
	if err != nil {
		return AuditPlace{}, err
	}
	head, err := audit.NewHeadFile(filepath.Join(state, "vault", "audit.head"), key)
	return AuditPlace{Folder: filepath.Join(Folder(state), "audit"), Key: key, Head: head}, err
}

// openAudit opens the log before anything that is to be recorded.
func (s *Site) openAudit() error {
	place, err := auditOf(s.state, s.keys)
	if err != nil {
		return err
	}
	log, opened, err := audit.Open(place.Folder, audit.Config{
		Key: place.Key, Heads: place.Head, MaxFileBytes: int64(s.conf.Audit.FileMiB) << 20, Log: s.log,
	})
	if err != nil {
		return err
	}
	s.audit = log
	if opened.Gap > 0 || opened.Forgotten {
		s.log.Error("lines of the audit log are missing; see `medhive clinic audit verify`", "missing", opened.Gap, "end_remembered", !opened.Forgotten)
	}
	return s.openShipper()
}

// openShipper sends the log's lines to a collector, where the site file names one.
func (s *Site) openShipper() error {
	a := s.conf.Audit
	if a.Syslog == "" {
		return nil
	}
	secure, err := a.TLS.client()
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = itself
	}
	s.shipper, err = audit.NewShipper(audit.ShipperConfig{
		Log: s.audit, Address: a.Syslog, TLS: secure, Cursor: filepath.Join(s.folder, "audit.shipped"), Host: host, How: s.conf.reporting(), Logger: s.log,
	})
	return err
}

// reporting is how lines are told to other systems.
func (c Config) reporting() audit.Reporting {
	return audit.Reporting{Site: c.Audit.Site, Source: c.DICOM.AETitle, Identify: c.Audit.Identify}
}

// RecordApart writes an entry where no site runs in a state folder. One that runs has the log
// to itself.
func RecordApart(ctx context.Context, state string, e audit.Entry) error {
	place, err := AuditOf(state)
	if err != nil {
		return err
	}
	log, _, err := audit.Open(place.Folder, audit.Config{Key: place.Key, Heads: place.Head})
	if err != nil {
		return err
	}
	return errors.Join(log.Append(ctx, e), log.Close())
}

// unhurried is a context for what was done and has to be noted, though the site closes.
func (s *Site) unhurried() context.Context { return context.WithoutCancel(s.ctx) }

// record writes an entry; it is on disk when it returns. Who did it is the site, unless the
// entry says so.
func (s *Site) record(e audit.Entry) error {
	if e.Actor == "" {
		e.Actor = itself
	}
	if err := s.audit.Append(s.unhurried(), e); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

// entryOf is an entry about a case.
func entryOf(kind audit.Kind, c worklist.Case) audit.Entry {
	e := audit.Entry{
		Kind: kind, Case: c.ID, Rule: c.Rule, Model: c.Model,
		Subject: &audit.Subject{PatientID: c.Subject.PatientID, StudyUID: c.StudyUID, Accession: c.Subject.Accession},
	}
	if !c.Task.IsZero() {
		e.Task = hex.EncodeToString(c.Task[:])
	}
	return e
}

// disclosed writes who is about to get the key of a study. The broker keeps the key where
// this fails.
func (s *Site) disclosed(d broker.Disclosure) error {
	var e audit.Entry
	for _, id := range s.tasks.of(d.Task) {
		if c, err := s.book.Get(id); err == nil {
			e = entryOf(audit.Disclosure, c)
			break
		}
	}
	if e.Kind == "" { // handed over by `medhive clinic submit`, which no rule chose
		e = audit.Entry{Kind: audit.Disclosure, Task: hex.EncodeToString(d.Task[:]), Rule: "submit"}
	}
	e.Peer, e.Hash, e.Basis = d.To.Hex(), hex.EncodeToString(d.Payload[:]), s.conf.Audit.Basis
	switch {
	case d.Recheck:
		e.Reason = "to run the task again"
	case d.Again:
		e.Reason = "the node was restarted"
	}
	return s.record(e)
}
