package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// boxDiskBytes is the disk of the machine: larger than the image, so that the box must divide it.
const boxDiskBytes = 8 << 30

// boxSerial is what the machine's firmware tells of itself.
const boxSerial = "MH0001"

// endOfGrace is how long a process has to end after it was asked to.
const endOfGrace = 20 * time.Second

// machine is a QEMU with a software TPM: its disk and its TPM outlive its processes.
type machine struct {
	tools, folder string
	log           io.Writer // takes what its console says

	qemu, tpm *exec.Cmd
	console   *console
}

// console keeps what the machine wrote on its serial line.
type console struct {
	mu     sync.Mutex // guards text and news
	text   strings.Builder
	news   chan struct{} // closed at the next line
	ended  chan struct{} // closed once the machine writes no more
	copied io.Writer
}

// escape is what systemd colours its lines with.
var escape = regexp.MustCompile(`\x1b(\[[0-9;?]*[a-zA-Z]|c|\][^\a]*\a)|\r`)

// read takes lines until from ends.
func (c *console) read(from io.Reader) {
	defer close(c.ended)
	lines := bufio.NewReaderSize(from, 1<<16)
	for {
		line, err := lines.ReadString('\n')
		line = escape.ReplaceAllString(line, "")
		c.mu.Lock()
		c.text.WriteString(line)
		close(c.news)
		c.news = make(chan struct{})
		c.mu.Unlock()
		fmt.Fprint(c.copied, line)
		if err != nil {
			return
		}
	}
}

// await returns the first match of pattern behind offset, and where it ends.
func (c *console) await(ctx context.Context, offset int, pattern *regexp.Regexp) (match []string, end int, err error) {
	for {
		c.mu.Lock()
		text, news := c.text.String()[offset:], c.news
		c.mu.Unlock()
		if at := pattern.FindStringSubmatchIndex(text); at != nil {
			return pattern.FindStringSubmatch(text), offset + at[1], nil
		}
		select {
		case <-news:
		case <-c.ended:
			return nil, 0, fmt.Errorf("await %q: the machine ended", pattern)
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("await %q: %w", pattern, context.Cause(ctx))
		}
	}
}

// libraries are the folders where unpacked programs find theirs.
func (m *machine) libraries() string {
	var all []string
	for _, pattern := range []string{"usr/lib/*-linux-gnu", "lib/*-linux-gnu"} {
		found, _ := filepath.Glob(filepath.Join(m.tools, "image/root", pattern)) // the pattern is right
		all = append(all, found...)
	}
	return strings.Join(all, ":")
}

// tool is a program of Debian's, unpacked or installed.
func (m *machine) tool(ctx context.Context, name string, args ...string) *exec.Cmd {
	for _, folder := range []string{"usr/bin", "usr/sbin", "sbin", "bin"} {
		path := filepath.Join(m.tools, "image/root", folder, name)
		if _, err := os.Stat(path); err == nil {
			c := exec.CommandContext(ctx, path, args...)
			c.Env = append(os.Environ(), "LD_LIBRARY_PATH="+m.libraries())
			return c
		}
	}
	if path := filepath.Join(m.tools, "bin", name); exists(path) {
		return exec.CommandContext(ctx, path, args...)
	}
	return exec.CommandContext(ctx, name, args...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// disk is the machine's disk file.
func (m *machine) disk() string { return filepath.Join(m.folder, "disk.img") }

// write puts an image on the machine's disk, as a vendor does, with what the folder given
// holds beside the system.
func (m *machine) write(ctx context.Context, image, given string) error {
	if err := os.RemoveAll(m.disk()); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "cp", "--sparse=always", image, m.disk()).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the image: %w: %s", err, out)
	}
	if err := os.Truncate(m.disk(), boxDiskBytes); err != nil {
		return err
	}
	entries, err := os.ReadDir(given)
	if err != nil {
		return err
	}
	args := []string{"-o", "-s", "-i", m.disk() + "@@1M"}
	for _, e := range entries {
		args = append(args, filepath.Join(given, e.Name()))
	}
	if out, err := m.tool(ctx, "mcopy", append(args, "::medhive/")...).CombinedOutput(); err != nil {
		return fmt.Errorf("put settings beside the system: %w: %s", err, out)
	}
	return nil
}

// read copies a file that the box put beside its system.
func (m *machine) read(ctx context.Context, name, to string) error {
	if out, err := m.tool(ctx, "mcopy", "-n", "-i", m.disk()+"@@1M", "::medhive/"+name, to).CombinedOutput(); err != nil {
		return fmt.Errorf("read what the box put beside its system: %w: %s", err, out)
	}
	return nil
}

// newTPM makes a TPM with an endorsement certificate, as its maker does.
func (m *machine) newTPM(ctx context.Context) error {
	state := filepath.Join(m.folder, "tpm")
	if err := os.MkdirAll(state, 0o700); err != nil {
		return err
	}
	local := filepath.Join(m.folder, "localca.conf")
	authority := fmt.Sprintf("statedir = %[1]s\nsigningkey = %[1]s/signing.pem\nissuercert = %[1]s/issuer.pem\ncertserial = %[1]s/serial\n", filepath.Join(m.folder, "authority"))
	options := filepath.Join(m.folder, "localca.options")
	setup := filepath.Join(m.folder, "setup.conf")
	for path, text := range map[string]string{
		local:   authority,
		options: "--platform-manufacturer MedHive\n--platform-version 1\n--platform-model box\n",
		setup:   fmt.Sprintf("create_certs_tool = %s\ncreate_certs_tool_config = %s\ncreate_certs_tool_options = %s\n", m.tool(ctx, "swtpm_localca").Path, local, options),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	c := m.tool(ctx, "swtpm_setup", "--tpm2", "--tpmstate", state, "--create-ek-cert", "--create-platform-cert", "--lock-nvram", "--overwrite", "--config", setup)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("make a TPM: %w: %s", err, out)
	}
	return nil
}

// start switches the machine on.
func (m *machine) start() error {
	share := filepath.Join(m.tools, "image/root/usr/share")
	if !exists(filepath.Join(share, "OVMF")) {
		share = "/usr/share"
	}
	variables := filepath.Join(m.folder, "variables.fd")
	if !exists(variables) {
		fresh, err := os.ReadFile(filepath.Join(share, "OVMF/OVMF_VARS_4M.fd"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(variables, fresh, 0o600); err != nil {
			return err
		}
	}
	socket := filepath.Join(m.folder, "tpm.sock")
	ctx := context.Background() // stop ends both
	m.tpm = m.tool(ctx, "swtpm", "socket", "--tpm2", "--tpmstate", "dir="+filepath.Join(m.folder, "tpm"), "--ctrl", "type=unixio,path="+socket, "--terminate")
	m.tpm.Stdout, m.tpm.Stderr = m.log, m.log
	if err := m.tpm.Start(); err != nil {
		return fmt.Errorf("start the TPM: %w", err)
	}
	m.qemu = m.tool(ctx, "qemu-system-x86_64",
		"-L", filepath.Join(share, "qemu"),
		"-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "4096", "-smbios", "type=1,serial="+boxSerial,
		"-nodefaults", "-display", "none", "-monitor", "none", "-serial", "stdio",
		"-drive", "if=pflash,format=raw,readonly=on,file="+filepath.Join(share, "OVMF/OVMF_CODE_4M.fd"),
		"-drive", "if=pflash,format=raw,file="+variables,
		"-drive", "if=none,id=disk,format=raw,cache=unsafe,file="+m.disk(), "-device", "virtio-blk-pci,drive=disk",
		"-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=",
		"-device", "virtio-rng-pci",
		"-chardev", "socket,id=tpm,path="+socket, "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-tis,tpmdev=tpm0")
	m.qemu.Stderr = m.log
	out, err := m.qemu.StdoutPipe()
	if err != nil {
		return err
	}
	if err := awaitFile(socket); err != nil {
		return errors.Join(err, m.stop())
	}
	if err := m.qemu.Start(); err != nil {
		return errors.Join(fmt.Errorf("start QEMU: %w", err), m.stop())
	}
	m.console = &console{news: make(chan struct{}), ended: make(chan struct{}), copied: m.log}
	go m.console.read(out)
	return nil
}

// awaitFile waits until a process that was just started has made its socket.
func awaitFile(path string) error {
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-ticks.C {
		if exists(path) {
			return nil
		}
	}
	return fmt.Errorf("the TPM made no socket %s", path)
}

// stop switches the machine off as a cut of power does.
func (m *machine) stop() error {
	if m.qemu != nil && m.qemu.Process != nil {
		_ = m.qemu.Process.Kill() // it may have ended
		if m.console != nil {
			<-m.console.ended
		}
		_ = m.qemu.Wait() // killed
	}
	err := end(m.tpm)
	m.qemu, m.tpm = nil, nil
	return err
}

// end asks a process to end and waits; one that does not is killed.
func end(c *exec.Cmd) error {
	if c == nil || c.Process == nil {
		return nil
	}
	_ = c.Process.Signal(os.Interrupt) // it may have ended
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	select {
	case <-done:
		return nil
	case <-time.After(endOfGrace):
		_ = c.Process.Kill()
		return errors.Join(fmt.Errorf("%s did not end when asked", filepath.Base(c.Path)), <-done)
	}
}
