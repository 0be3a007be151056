package agent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/medhive/medhive/scheduler/clinic"
)

// checkReader starts the process in which a clinic has studies and results parsed. A
// machine without it can be a node, but no clinic.
func checkReader(ctx context.Context, command []string) Check {
	check := Check{Name: "reader", State: CheckOK}
	fault := func(err error) Check {
		check.State, check.What, check.Cause, check.Fix = CheckWarn, "it does not start, so no study can be submitted from here", err.Error(), "install medhive anew"
		return check
	}
	if len(command) == 0 {
		var err error
		if command, err = ownReader(); err != nil {
			return fault(err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorStart)
	defer cancel()
	started := time.Now()
	confinement, err := clinic.Confine{Command: command}.Try(ctx)
	if err != nil {
		return fault(err)
	}
	check.What = fmt.Sprintf("a clinic's studies and results are parsed apart, in a process that starts in %v", time.Since(started).Round(time.Millisecond))
	var missing, fixes []string
	for _, m := range confinement.Missing() {
		missing, fixes = append(missing, m.Words), append(fixes, m.Fix)
	}
	if len(missing) > 0 {
		check.State, check.Cause, check.Fix = CheckWarn, strings.Join(missing, "; "), strings.Join(fixes, "; ")
	}
	return check
}
