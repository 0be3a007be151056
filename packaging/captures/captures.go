// Package captures pins two libraries for what their tests carry: /sys and /proc as they
// were read on real machines. Our probes' tests read them too, so that formats are those
// of hardware and not only ours. Nothing of it is built into medhive.
package captures

import (
	_ "github.com/jaypipes/ghw"
	_ "github.com/prometheus/procfs/sysfs"
)
