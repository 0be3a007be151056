package runner

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner/sandbox"
)

// spawn starts the child with as much around it as this machine grants: first a cgroup
// and a namespace, then without the one and without the other.
func (p *Process) spawn() error {
	program, err := exec.LookPath(p.o.Command[0])
	if err != nil {
		return err
	}
	if program, err = filepath.Abs(program); err != nil {
		return err
	}
	own, err := sandbox.OwnCgroup()
	if err == nil {
		p.group, err = sandbox.NewCgroup(sandbox.CgroupRoot, own, p.o.MemoryBytes)
	}
	if err != nil {
		p.facts.CgroupError = err.Error()
	}
	if p.group != nil {
		if err = p.tryNamespace(program); err == nil {
			p.facts.Cgroup = true
			return nil
		}
		p.facts.CgroupError = "a process can't be started inside it"
		p.sweep()
		p.group = nil
	}
	return p.tryNamespace(program)
}

// tryNamespace starts the child without a network, or with one where the kernel refuses.
func (p *Process) tryNamespace(program string) error {
	if canNamespace {
		err := p.launch(program, attributes(true, p.group))
		if err == nil {
			p.facts.Namespace = true
			return nil
		}
		p.facts.NamespaceError = errnoText(err)
	}
	return p.launch(program, attributes(false, p.group))
}

// errnoText is the kernel's reason alone, without the path that os adds to it.
func errnoText(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return "it could not be asked for"
}

// launch starts the program and the goroutine that reaps it.
func (p *Process) launch(program string, attr *syscall.SysProcAttr) (err error) {
	var pipes [4]*os.File // child's stdin, our end; our end, child's stdout
	defer func() {
		closeAll(pipes[0], pipes[3]) // the child has its own copies
		if err != nil {
			closeAll(pipes[1], pipes[2])
		}
	}()
	if pipes[0], pipes[1], err = os.Pipe(); err != nil {
		return err
	}
	if pipes[2], pipes[3], err = os.Pipe(); err != nil {
		return err
	}
	p.stderr = &complaint{}
	p.cmd = &exec.Cmd{Path: program, Args: p.o.Command, Env: environment(p.o), Dir: "/",
		Stdin: pipes[0], Stdout: pipes[3], Stderr: p.stderr, SysProcAttr: attr, WaitDelay: closeGrace}
	if err = p.cmd.Start(); err != nil {
		return err
	}
	p.in, p.out = pipes[1], pipes[2]
	go func() { // ends with the child, which kill, EOF or its watchdog ends; release waits
		_ = p.cmd.Wait() // how it ended stands in cmd.ProcessState, for postMortem
		close(p.dead)
	}()
	return nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// environment is all that a child gets: what it needs to close itself in, and what a
// vendor's library needs to be found on a device. No token of the daemon's own environment
// passes.
func environment(o Options) []string {
	device := o.Provider != ort.CPU
	env := append([]string{}, sandbox.Ask(o.Library, device)...) // not nil: that would mean ours
	if !device {
		return env
	}
	for _, name := range []string{"LD_LIBRARY_PATH", "VK_ICD_FILENAMES", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
