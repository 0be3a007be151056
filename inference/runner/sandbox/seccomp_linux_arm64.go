package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// sameOnThisProcessor has nothing: every harmless call is in the common list.
func sameOnThisProcessor() []rule { return calls(allowed) }

// opensOnThisProcessor are the other ways to open or change a file.
func opensOnThisProcessor() []rule { return calls(fails(unix.EACCES), unix.SYS_OPENAT2) }

// forbiddenOnThisProcessor has nothing: there is no fork beside clone here, and no call
// has an older name.
func forbiddenOnThisProcessor() []rule { return nil }
