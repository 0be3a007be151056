//go:build linux && !amd64 && !arm64

package sandbox

import (
	"fmt"
	"runtime"
)

// FilterCalls says that this processor's calls are not numbered here.
func FilterCalls(bool) error {
	return fmt.Errorf("there is no system call filter for %s", runtime.GOARCH)
}
