package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyTheSameProgramIsNotRunAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chaos.json")
	like := outcome{Binary: "b1", Network: "namespaces", Asked: 20}
	for _, o := range []outcome{
		{Cell: "same", Binary: "b1", Network: "namespaces", Asked: 20, Runs: 20},
		{Cell: "another program", Binary: "b0", Network: "namespaces", Asked: 20},
		{Cell: "another network", Binary: "b1", Network: "loopback", Asked: 20},
		{Cell: "another number", Binary: "b1", Network: "namespaces", Asked: 2},
		{Cell: "not run", Binary: "b1", Network: "namespaces", Asked: 20, NotRun: "no nft"},
	} {
		if err := record(path, o); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"cell":"cut short by a ki`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	done, err := earlier(path, like)
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != 1 || done["same"].Runs != 20 {
		t.Errorf("on file are %v, want one cell", done)
	}
	if none, err := earlier(path+".other", like); err != nil || len(none) != 0 {
		t.Errorf("no file gives %v, %v", none, err)
	}
}

func TestTheTableFailsWithItsCells(t *testing.T) {
	good := outcome{Cell: "kill/node/bid", Asked: 2, Runs: 2, Delivered: 2, Paid: 2, Landed: map[step]int{bidTaken: 2}}
	lost, unrun, missed := good, good, good
	lost.Delivered, lost.Paid, lost.Lost = 1, 1, 1
	unrun.NotRun = "no nft here"
	missed.Runs, missed.Delivered, missed.Paid, missed.Missed = 1, 1, 1, 1
	for name, c := range map[string]struct {
		cells []outcome
		says  []string
		fails string
	}{
		"all hold":    {[]outcome{good, good}, []string{"4 runs in 2 cells: 4 delivered, 0 lost, 0 delivered twice, 0 fences"}, ""},
		"one lost":    {[]outcome{good, lost}, []string{"4 runs in 2 cells: 3 delivered, 1 lost"}, "1 of 2 cells do not hold"},
		"one not run": {[]outcome{good, unrun}, []string{"2 runs in 1 cells", "NOT RUN: no nft here"}, "1 of 2 cells were not run"},
		"one missed":  {[]outcome{missed}, []string{"1 of 2", "1 runs missed their step"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			err := present(&text, c.cells)
			for _, want := range c.says {
				if !strings.Contains(text.String(), want) {
					t.Errorf("no %q in\n%s", want, &text)
				}
			}
			if (c.fails == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("ends with %v, want %q", err, c.fails)
			}
		})
	}
}

func TestCellsAreChosenByTheBeginningOfTheirNames(t *testing.T) {
	all := matrix()
	names := map[string]bool{}
	for _, c := range all {
		if names[c.String()] {
			t.Errorf("%s stands twice in the matrix", c)
		}
		names[c.String()] = true
	}
	for _, r := range []role{node, clinic, standing, coordinator} {
		for _, s := range jobSteps() {
			if !names[cell{kill, r, s}.String()] {
				t.Errorf("%s is killed at no %s", r, s)
			}
		}
	}
	some, err := chosen(all, []string{"kill/clinic/", "cut"})
	if err != nil || len(some) != len(jobSteps())+2 {
		t.Errorf("chose %v, %v", some, err)
	}
	if _, err := chosen(all, []string{"explode"}); err == nil || !strings.Contains(err.Error(), "--list") {
		t.Errorf("an unknown cell gives %v", err)
	}
}
