package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandExplainsItselfWithAnExample(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || (c.Example == "" && !c.Hidden) {
			t.Errorf("%s: short text %q, example %q: want both", c.CommandPath(), c.Short, c.Example)
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(newRoot(nil, nil))
}

func TestExitCodesAndNextSteps(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no arguments show help":        {nil, exitOK, ""},
		"unknown command":               {[]string{"claim"}, exitUsage, "--help"},
		"mistyped command":              {[]string{"modle"}, exitUsage, "medhive model"},
		"unknown flag":                  {[]string{"probe", "--quick-and-dirty"}, exitUsage, "medhive probe --help"},
		"unknown word":                  {[]string{"version", "please"}, exitUsage, "--help"},
		"no study":                      {[]string{"clinic", "submit"}, exitUsage, "clinic submit --help"},
		"no task to cancel":             {[]string{"clinic", "cancel"}, exitUsage, "clinic tasks"},
		"no such task":                  {[]string{"clinic", "cancel", "abcd"}, exitFailure, "medhive clinic tasks"},
		"nothing to watch":              {[]string{"clinic", "tasks", "--watch"}, exitFailure, "medhive clinic run"},
		"no clinic yet":                 {[]string{"clinic", "tasks"}, exitOK, ""},
		"two ways at once":              {[]string{"clinic", "submit", "x.zip", "--hedge", "--replicas", "2"}, exitUsage, "choose one"},
		"too many replicas":             {[]string{"clinic", "submit", "x.zip", "--replicas", "9"}, exitUsage, "want 1 to"},
		"a fallback too late":           {[]string{"clinic", "submit", "x.zip", "--local-by", "1h"}, exitUsage, "--within"},
		"a node to drain":               {[]string{"node", "drain"}, exitFailure, "--name"},
		"no network yet":                {[]string{"node", "run"}, exitFailure, "medhive chain dev"},
		"no epoch":                      {[]string{"coordinator", "verify", "nowhere"}, exitFailure, "inputs.json"},
		"no such model":                 {[]string{"model", "show", "heart"}, exitFailure, "t1-tissue@1.0.0"},
		"a node that does not run":      {[]string{"node", "status"}, exitFailure, "--name"},
		"a duration that is none":       {[]string{"chain", "advance", "tomorrow"}, exitUsage, "24h"},
		"a chain must stay on loopback": {[]string{"chain", "dev", "--listen", "0.0.0.0:0"}, exitFailure, "loopback"},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, code := newPerson(t).run(test.args...)
			if code != test.code || !strings.Contains(stderr, test.says) {
				t.Errorf("exit %d, want %d; stderr %q, want %q in it", code, test.code, stderr, test.says)
			}
		})
	}
}

func TestModelListShowAndVersion(t *testing.T) {
	p := newPerson(t)
	var manifests []struct{ ID, License string }
	p.ask(&manifests, "model", "list")
	if len(manifests) != 3 || manifests[2].ID != "t1-tissue" || manifests[2].License != "Apache-2.0" {
		t.Errorf("models %+v, want the composed ones and the reference model", manifests)
	}
	card, _, code := p.run("model", "show", "t1-tissue")
	if code != exitOK || !strings.Contains(strings.ToUpper(card), "NOT FOR CLINICAL USE") {
		t.Errorf("exit %d; the card must say that it is not for clinical use:\n%s", code, card)
	}
	var v struct{ Version, Go string }
	p.ask(&v, "version")
	if v.Version == "" || v.Go == "" {
		t.Errorf("version %+v", v)
	}
}

func TestRunnerRefusesGarbage(t *testing.T) {
	var out, errs bytes.Buffer
	code := execute(t.Context(), []string{"runner"}, strings.NewReader("GET / HTTP/1.1\r\n\r\n"), &out, &errs)
	if code != exitFailure {
		t.Errorf("exit %d, want %d: %s", code, exitFailure, &errs)
	}
}
