package update

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// askWithin is how long a package manager may take to say whose a file is.
const askWithin = 20 * time.Second

// Manager is a package manager that owns the installed program.
type Manager struct {
	Name    string `json:"name"`    // dpkg, rpm or apk
	Command string `json:"command"` // what a person runs instead
}

// managers are those that are asked, with the question to which only the owner says yes.
func managers() []struct {
	Manager
	ask []string
} {
	return []struct {
		Manager
		ask []string
	}{
		{Manager{"dpkg", "sudo apt update && sudo apt install medhive"}, []string{"dpkg", "-S"}},
		{Manager{"rpm", "sudo dnf upgrade medhive"}, []string{"rpm", "-qf"}},
		{Manager{"apk", "sudo apk update && sudo apk add --upgrade medhive"}, []string{"apk", "info", "--who-owns"}},
	}
}

// Ask runs a program of this machine and says whether it ended well.
type Ask func(ctx context.Context, argv []string) bool

// Asked is the Ask of this machine.
func Asked(ctx context.Context, argv []string) bool {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return exec.CommandContext(ctx, path, argv[1:]...).Run() == nil
}

// Owner is the package manager that the program belongs to, if one does. On a system where /bin is
// /usr/bin, a file is known by either name.
func Owner(ctx context.Context, program string, ask Ask) (Manager, bool) {
	paths := []string{program}
	if real, err := filepath.EvalSymlinks(program); err == nil && real != program {
		paths = append(paths, real)
	}
	for _, path := range paths {
		if inUsr, is := strings.CutPrefix(path, "/usr/bin/"); is {
			paths = append(paths, "/bin/"+inUsr)
		}
	}
	for _, m := range managers() {
		for _, path := range paths {
			if ask(ctx, append(m.ask, path)) {
				return m.Manager, true
			}
		}
	}
	return Manager{}, false
}
