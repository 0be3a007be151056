package runner

import (
	"errors"
	"runtime/debug"

	"github.com/medhive/medhive/inference/runner/sandbox"
)

// shed drops from this process what can go before a library is loaded, and states what
// went. closing is why files could not be closed, if they could not.
func shed(device bool, memory int64, closing error) sandbox.Facts {
	f := sandbox.Facts{Device: device}
	abi, err := sandbox.LandlockABI()
	if closing != nil {
		err = closing
	} else if err == nil && !sandbox.FilesClosed() {
		err = errors.New("whoever started this runner did not ask for it")
	}
	f.LandlockABI, f.LandlockError = abi, said(err)
	err = sandbox.DropDumps()
	f.Dumps, f.DumpsError = err == nil, said(err)
	if !device {
		_ = sandbox.DropFileWriting() // the filter says the same more strictly
	}
	if err = sandbox.LimitMemory(memory); err == nil {
		f.MemoryBytes = memory
	}
	f.MemoryError = said(err)
	debug.SetMemoryLimit(int64(goShare * float64(memory)))
	return f
}

// filter takes the system calls, once everything is loaded, and tries what is closed.
func filter(f *sandbox.Facts) {
	err := sandbox.FilterCalls(f.Device)
	f.Filter, f.FilterError = err == nil, said(err)
	f.FilesClosed, f.SocketsClosed = sandbox.FilesClosed(), sandbox.SocketsClosed()
}

// said is an error's text for the facts, "" for none.
func said(err error) string {
	if err == nil {
		return ""
	}
	return printable(err.Error())
}
