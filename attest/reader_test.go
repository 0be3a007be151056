package attest

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// A reader's word is a clinic's about work that a node had promised: it has no figures, no
// other output, and a reason that is one of those published.
func TestAReadersWord(t *testing.T) {
	clinic, _ := keyOf(t, 2)
	_, other := keyOf(t, 3)
	for name, c := range map[string]struct {
		alter func(v *Verdict)
		says  string // empty: it is valid
	}{
		"rejected":                 {func(*Verdict) {}, ""},
		"accepted":                 {func(v *Verdict) { v.Result, v.Reason = JudgedValid, "" }, ""},
		"accepted with a reason":   {func(v *Verdict) { v.Result = JudgedValid }, "exactly when it is not valid"},
		"in words of its own":      {func(v *Verdict) { v.Reason = "the liver of mister smith" }, "none of those that are published"},
		"neither":                  {func(v *Verdict) { v.Result = JudgedUnchecked }, "accepts or rejects"},
		"of another clinic's task": {func(v *Verdict) { v.Clinic = other }, "clinic's to judge"},
		"without a receipt":        {func(v *Verdict) { v.Receipt = [32]byte{} }, "names a receipt"},
		"against an output":        {func(v *Verdict) { v.Against = [32]byte{1} }, "not compared with"},
		"with figures":             {func(v *Verdict) { v.Figures.Findings = 1 }, "neither figures"},
		"with evidence":            {func(v *Verdict) { v.Evidence = [32]byte{1} }, "neither figures"},
	} {
		s := signedVerdict(t, CheckReader)
		c.alter(&s.Verdict)
		s.CheckerSig = sign(t, s.Verdict.Hash(testDomain), clinic)
		err := s.Verify(testDomain)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	good := signedVerdict(t, CheckReader)
	stranger, _ := keyOf(t, 3)
	for name, given := range map[string]Pledge{
		"none": {}, "a stranger's": pledge(t, promised(good.Verdict, good.Promise.At), stranger), "of another time": {good.Promise.At.Add(time.Second), good.Promise.NodeSig},
	} {
		s := good
		s.Promise = given
		if err := s.Verify(testDomain); !errors.Is(err, ErrSignature) {
			t.Errorf("a reader's word with the promise %s: %v", name, err)
		}
	}
	for _, reason := range ReaderReasons() {
		if !plainWords(reason) || reason == "" {
			t.Errorf("%q can't be published", reason)
		}
	}
	data, err := good.AppendBinary(nil)
	var back SignedVerdict
	if err == nil {
		err = back.UnmarshalBinary(data)
	}
	if err != nil || back != good {
		t.Errorf("the binary form reads back as %+v, %v", back, err)
	}
}
