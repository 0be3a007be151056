package transfer

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"testing"
)

// stubborn is a store that does not delete one name.
type stubborn struct {
	*Folder
	name string
}

var errStubborn = errors.New("not this one")

func (s stubborn) Delete(ctx context.Context, name string) error {
	if name == s.name {
		return errStubborn
	}
	return s.Folder.Delete(ctx, name)
}

func TestSweep(t *testing.T) {
	f, err := NewFolderWithin(t.TempDir(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"1.payload", "2.payload", "3.payload", "4.payload", "5.result", "notes"} {
		if err := put(t, f, name, 10); err != nil {
			t.Fatal(err)
		}
	}
	ours, needed := regexp.MustCompile(`^[0-9]\.payload$`), map[string]bool{"1.payload": true, "9.payload": true}
	deleted, err := Sweep(t.Context(), stubborn{f, "2.payload"}, ours, needed)
	if deleted != 2 || !errors.Is(err, errStubborn) {
		t.Errorf("%d were deleted: %v", deleted, err)
	}
	if deleted, err = Sweep(t.Context(), f, ours, needed); deleted != 1 || err != nil {
		t.Errorf("%d were deleted the second time: %v", deleted, err)
	}
	names, err := f.List(t.Context())
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"1.payload", "5.result", "notes"}) || f.used != 30 {
		t.Errorf("left: %v, %d bytes in use: %v", names, f.used, err)
	}
}
