package main

import (
	"strings"
	"testing"

	"github.com/medhive/medhive/agent"
)

func TestACoordinatorWithoutAnAddressIsAWrongCommandLine(t *testing.T) {
	for _, value := range []string{"", ","} {
		_, stderr, code := newPerson(t).run("coordinator", "run", "--listen", value)
		if code != exitUsage || !strings.Contains(stderr, "--listen") {
			t.Errorf("--listen %q: exit %d, %s", value, code, stderr)
		}
	}
}

func TestWhatWasNotComparedDoesNotPassForAgreement(t *testing.T) {
	for name, test := range map[string]struct {
		verdict agent.Verdict
		onChain bool
		says    string
	}{
		"files agree":                {agent.Verdict{}, false, ""},
		"files differ":               {agent.Verdict{Differences: []string{"root"}}, false, "do not trust"},
		"the chain agrees":           {agent.Verdict{OnChain: []uint64{3}}, true, ""},
		"the chain differs":          {agent.Verdict{OnChain: []uint64{3}, Differences: []string{"root"}}, true, "do not trust"},
		"the chain has another":      {agent.Verdict{Chain: []string{"the chain's active root is of epoch 5"}}, true, "of epoch 5"},
		"the chain agrees to nought": {agent.Verdict{Chain: []string{"the chain holds no root"}}, true, "no root"},
	} {
		err := judge(test.verdict, test.onChain)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
