package intake

import (
	"errors"
	"strings"
	"testing"

	"github.com/medhive/medhive/attest"
)

// reading is a clinic's reader's word on a receipt.
func reading(t testing.TB, s attest.SignedReceipt, clinic string, accepted bool) attest.SignedVerdict {
	t.Helper()
	key, _ := keyOf(t, clinic)
	v := verdict(t, s, clinic, attest.JudgedInvalid).Verdict
	v.Kind, v.Against, v.Reason = attest.CheckReader, [32]byte{}, attest.ReaderMissed
	if accepted {
		v.Result, v.Reason = attest.JudgedValid, ""
	}
	signed := signVerdict(t, v, key)
	signed.Promise = promise(t, v, "node")
	return signed
}

// A reader's word waits for the receipt that it is about, is taken once, and never without the
// node's promise.
func TestAReadersWordIsTakenOnce(t *testing.T) {
	d := openDoor(t, Options{})
	s := receipt(t, "scan", "node", "clinic", 1, "")
	word := reading(t, s, "clinic", false)
	if err := Submit(t.Context(), d.peer, d.coordinator, word); !errors.Is(err, ErrBusy) {
		t.Errorf("before its receipt: %v, want ErrBusy", err)
	}
	must(t, Submit(t.Context(), d.peer, d.coordinator, s))
	bare := word
	bare.Promise = attest.Pledge{}
	var refused *Refusal
	if err := Submit(t.Context(), d.peer, d.coordinator, bare); !errors.As(err, &refused) || !strings.Contains(refused.Text, "promise") {
		t.Errorf("without the node's promise: %v", err)
	}
	for range 2 {
		must(t, Submit(t.Context(), d.peer, d.coordinator, word))
	}
	if err := Submit(t.Context(), d.peer, d.coordinator, reading(t, s, "clinic", true)); !errors.As(err, &refused) {
		t.Errorf("another word about the same result: %v", err)
	}
	if w, err := d.store.Seal(1); err != nil || len(w.Verdicts) != 1 || w.Verdicts[0] != word {
		t.Errorf("the window's verdicts: %+v, %v", w.Verdicts, err)
	}
}
