package attest

import "slices"

// CheckReader is a reader's word: a person at the clinic read the delivered result and
// accepted or rejected it. It comes after the clinic's countersignature, perhaps days later.
// Nothing is compared, so it names no other output and no figures; the node's promise stands
// beside it, as beside a lapse, so that nobody speaks of work that no node took.
const CheckReader CheckKind = "reader"

// The reasons why a reader rejects a result. They are published: they say nothing of the
// patient.
const (
	ReaderOutline   = "outline is wrong"
	ReaderMissed    = "a finding is missed"
	ReaderInvented  = "a finding is none"
	ReaderMeasure   = "a measurement is wrong"
	ReaderImage     = "model does not fit the image"
	ReaderDelivered = "result is damaged or of another study"
	ReaderOther     = "other"
)

// ReaderReasons are all of them.
func ReaderReasons() []string {
	return []string{ReaderOutline, ReaderMissed, ReaderInvented, ReaderMeasure, ReaderImage, ReaderDelivered, ReaderOther}
}

// NeedsPromise says that the kind is a clinic's word about one node that no second party saw:
// it is nothing without the node's own.
func (k CheckKind) NeedsPromise() bool { return k == CheckLapse || k == CheckReader }

// compares says that the kind holds one output against another.
func (k CheckKind) compares() bool { return !k.NeedsPromise() }

// validReader checks what a reader's word alone has.
func (v Verdict) validReader(want func(ok bool, format string, args ...any)) {
	if v.Kind != CheckReader {
		return
	}
	want(v.Result != JudgedUnchecked, "a reader accepts or rejects; leave it out where nobody read the result")
	want(v.Figures == (Figures{}) && v.Evidence == [32]byte{}, "a reader's word has neither figures nor evidence")
	want(v.Reason == "" || slices.Contains(ReaderReasons(), v.Reason), "a reader's reason is none of those that are published; use %q", ReaderOther)
}
