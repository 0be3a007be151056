//go:build !linux

package peers

import "syscall"

// dieWithUs is Linux's alone: elsewhere a server outlives a test that was killed.
func dieWithUs(*syscall.SysProcAttr) {}
