package challenge

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference/ort"
)

// asChild makes this test binary a child that proves, or one that is broken.
const asChild = "MEDHIVE_TEST_AS_PROVER"

func TestMain(m *testing.M) {
	switch os.Getenv(asChild) {
	case "":
		os.Exit(m.Run())
	case "sound":
		if err := Serve(context.Background(), os.Stdin, os.Stdout, func() { os.Exit(1) }); err != nil {
			os.Exit(1)
		}
	case "dying":
		_, _ = os.Stdout.WriteString("a library that talks\n")
	case "hanging":
		_, _ = os.Stdin.Read(make([]byte, 1))
		select {}
	}
}

func child(t *testing.T, how string) Child {
	t.Helper()
	t.Setenv(asChild, how)
	lib, err := ort.Locate("")
	must(t, err)
	return Child{Command: []string{os.Args[0]}, Library: lib, Provider: ort.CPU}
}

func TestAChildProvesAsItsParentWould(t *testing.T) {
	r, err := child(t, "sound").Start(t.Context())
	must(t, err)
	defer func() { must(t, r.Close()) }()
	if r.Path() == "" {
		t.Error("the child has no path")
	}
	w, seed, nonce := Work{Kind: Compute, Width: 512, Layers: 1, Rows: minRows}, Seed{1}, nonceOf("nonce")
	answer, err := r.Prove(t.Context(), w, seed)
	must(t, err)
	opening, err := answer.Open(t.Context(), nonce)
	must(t, err)
	must(t, Verify(w, seed, [32]byte{}, answer.Root(), nonce, opening))

	w = Work{Kind: Memory, Width: 512, Layers: 1, Rows: minRows, Passes: 2}
	walk, err := r.Fill(t.Context(), w, seed)
	if errors.Is(err, ErrUnable) {
		t.Log("this machine's fastest path keeps no table") // as on a CPU without int8 products
		return
	}
	must(t, err)
	answer, err = walk(t.Context(), nonceOf("start"))
	must(t, err)
	opening, err = answer.Open(t.Context(), nonce)
	must(t, err)
	must(t, Verify(w, seed, nonceOf("start"), answer.Root(), nonce, opening))
	if _, err := r.Prove(t.Context(), Work{}, seed); err == nil || !strings.Contains(err.Error(), "gave up") {
		t.Errorf("a work out of bounds: %v", err)
	}
}

func TestAChildThatIsUnableDiesOrHangs(t *testing.T) {
	unable := child(t, "sound")
	unable.Provider = "no such provider"
	if _, err := unable.Start(t.Context()); !errors.Is(err, ErrUnable) {
		t.Errorf("without a provider: %v", err)
	}
	if _, err := child(t, "dying").Start(t.Context()); err == nil || !strings.Contains(err.Error(), "died") {
		t.Errorf("a child that dies: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan error)
	hanging := child(t, "hanging")
	go func() {
		_, err := hanging.Start(ctx)
		started <- err
	}()
	cancel()
	if err := <-started; !errors.Is(err, context.Canceled) {
		t.Errorf("a child that hangs: %v", err)
	}
	if _, err := (Child{}).Start(t.Context()); err == nil {
		t.Error("a child without a program started")
	}
}
