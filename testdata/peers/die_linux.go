package peers

import "syscall"

// dieWithUs lets the kernel end a server whose test was killed before it could clean up.
func dieWithUs(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGKILL }
