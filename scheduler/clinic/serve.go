package clinic

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Serve is the whole program of a door's confined child: it reads one study, one payload, one
// image or one result for its parent over stdin and stdout. Call it first thing, and let the process
// end when it returns; see runner.ServeCell.
func Serve(stdin io.Reader, stdout io.Writer) error {
	return runner.ServeCell(stdin, stdout, serve)
}

// serve answers one conversation and returns at its end.
func serve(in io.Reader, out io.Writer) error {
	kind, payload, err := hear(in, dcm.DefaultLimits(), wordIntake, wordInspect, wordView, wordRestore)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	case kind == wordIntake:
		var m intakeMessage
		if err := json.Unmarshal(payload, &m); err != nil {
			return err
		}
		return serveStudy(in, out, m)
	case kind == wordInspect:
		t, err := inspectionOf(payload)
		if err != nil {
			return err
		}
		return serveInspection(in, out, t)
	case kind == wordView:
		var m viewMessage
		if err := json.Unmarshal(payload, &m); err != nil {
			return err
		}
		return serveView(in, out, m)
	}
	var o restoration
	if err := json.Unmarshal(payload, &o); err != nil {
		return err
	}
	return serveResult(in, out, o)
}

// serveStudy reads a study, and strips it as often as it is told to.
func serveStudy(in io.Reader, out io.Writer, m intakeMessage) error {
	lim := m.Limits.OrDefault()
	files, err := heard(in, lim)
	var refusal *dcm.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	if m.Bearer {
		return errors.Join(sendBearer(out, files, err, m.Selection, lim), untilEnd(in))
	}
	ctx := context.Background() // the parent's end is the process's
	var r *reading
	if err == nil {
		m.Limits = lim
		r, err = read(ctx, files, m)
	}
	if err != nil {
		return errors.Join(sendRefusal(out, err), untilEnd(in))
	}
	if err := sendJSON(out, wordFacts, r.facts()); err != nil {
		return err
	}
	for {
		_, payload, err := hear(in, lim, wordOrder)
		if errors.Is(err, io.EOF) {
			return nil
		}
		var o order
		if err == nil {
			err = json.Unmarshal(payload, &o)
		}
		if err != nil {
			return err
		}
		err = r.strip(ctx, o, func(data []byte) error { return send(out, wordInstance, data) })
		if err == nil {
			err = send(out, wordDone, nil)
		} else {
			err = sendRefusal(out, err)
		}
		if err != nil {
			return err
		}
	}
}

// sendBearer tells whose study the files are, or why that can't be told.
func sendBearer(out io.Writer, files []dcm.File, fault error, want models.Selection, lim dcm.Limits) error {
	if fault != nil {
		return sendRefusal(out, fault)
	}
	b, err := bearerOf(files, want, lim)
	if err != nil {
		return sendRefusal(out, err)
	}
	return sendJSON(out, wordFacts, b)
}

// sendRefusal tells why a study stays: with what a person has to look at, if that is why.
func sendRefusal(out io.Writer, err error) error {
	var held *heldMessage
	if errors.As(err, &held) {
		return sendJSON(out, wordHeld, held)
	}
	return sendJSON(out, wordRefusal, messageOf(err))
}

// heard receives the files of a study.
func heard(in io.Reader, lim dcm.Limits) (files []dcm.File, err error) {
	var whole []byte
	for {
		kind, payload, err := hear(in, lim, wordObject, wordArchive, wordAll)
		switch {
		case err != nil:
			return nil, err
		case kind == wordAll && whole != nil:
			return dcm.LoadBytes("study", whole, lim)
		case kind == wordAll:
			return files, nil
		case kind == wordArchive:
			whole = payload
		default:
			files = append(files, dcm.File{Data: payload})
		}
	}
}

// serveResult restores a result and hands its files over.
func serveResult(in io.Reader, out io.Writer, o restoration) error {
	_, payload, err := hear(in, o.Limits, wordResult)
	if err != nil {
		return err
	}
	var files []dcm.File
	result, err := inference.DecodeResult(payload)
	if err == nil {
		files, err = o.restore(result)
	}
	if err != nil {
		return errors.Join(sendJSON(out, wordRefusal, messageOf(err)), untilEnd(in))
	}
	for _, f := range files {
		if err := errors.Join(send(out, wordName, []byte(f.Name)), send(out, wordInstance, f.Data)); err != nil {
			return err
		}
	}
	return errors.Join(send(out, wordDone, nil), untilEnd(in))
}

// untilEnd waits until the parent needs no more.
func untilEnd(in io.Reader) error {
	_, err := io.Copy(io.Discard, in)
	return err
}
