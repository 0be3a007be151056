package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TPM is a TPM 2.0 in software (swtpm) with an endorsement key and its certificate, until the
// test ends. Its state lies in a folder, so that another one of the same folder is the same
// TPM after a power cut.
type TPM struct {
	Socket    string   // path of the socket that takes commands
	Authority []string // PEM files of who signed the endorsement certificate: the root, then the one below it

	folder string
	cancel context.CancelFunc
	ended  chan struct{}
}

// SoftwareTPM makes a TPM and starts it.
func SoftwareTPM(t testing.TB) *TPM {
	t.Helper()
	folder, err := os.MkdirTemp("", "tpm") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) }) // a temporary folder
	p := &TPM{folder: folder, Socket: filepath.Join(folder, "tpm.sock"), Authority: []string{
		filepath.Join(folder, "ca", "swtpm-localca-rootca-cert.pem"), filepath.Join(folder, "ca", "issuercert.pem"),
	}}
	p.manufacture(t)
	p.Start(t)
	return p
}

// manufacture makes the seeds, the endorsement key and its certificate.
func (p *TPM) manufacture(t testing.TB) {
	t.Helper()
	swtpm, localca := Tool(t, "swtpm"), Tool(t, "swtpm_localca")
	at := func(name string) string { return filepath.Join(p.folder, name) }
	for _, folder := range []string{"state", "ca"} {
		if err := os.Mkdir(at(folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"ca.conf":    fmt.Sprintf("statedir = %[1]s\nsigningkey = %[1]s/signkey.pem\nissuercert = %[1]s/issuercert.pem\ncertserial = %[1]s/certserial\n", at("ca")),
		"ca.options": "--platform-manufacturer Example\n--platform-version 1\n--platform-model Box\n",
		"setup.conf": fmt.Sprintf("create_certs_tool = %s\ncreate_certs_tool_config = %s\ncreate_certs_tool_options = %s\nactive_pcr_banks = sha256\n", localca, at("ca.conf"), at("ca.options")),
	} {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	setup := exec.CommandContext(ctx, Tool(t, "swtpm_setup"), "--tpm2", "--tpmstate", at("state"), "--create-ek-cert", "--create-platform-cert",
		"--lock-nvram", "--overwrite", "--config", at("setup.conf"), "--tpm", swtpm+" socket")
	if said, err := setup.CombinedOutput(); err != nil {
		t.Fatalf("make a TPM: %v: %s", err, said)
	}
}

// Start powers the TPM on.
func (p *TPM) Start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	process := exec.CommandContext(ctx, Tool(t, "swtpm"), "socket", "--tpm2", "--tpmstate", "dir="+filepath.Join(p.folder, "state"),
		"--server", "type=unixio,path="+p.Socket, "--ctrl", "type=unixio,path="+p.Socket+".ctrl", "--flags", "not-need-init,startup-clear")
	process.SysProcAttr = &syscall.SysProcAttr{}
	dieWithUs(process.SysProcAttr)
	process.Cancel = func() error { return process.Process.Signal(syscall.SIGTERM) }
	process.WaitDelay = patience
	var said strings.Builder
	process.Stdout, process.Stderr = &said, &said
	_ = os.Remove(p.Socket) // of the power cycle before, if any
	if err := process.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = process.Wait(); close(ended) }() // how it ended is of no matter: it is stopped by a signal
	p.cancel, p.ended = cancel, ended
	t.Cleanup(p.Stop)
	if err := p.await(); err != nil {
		p.Stop()
		t.Fatalf("start a TPM: %v: %s", err, said.String())
	}
}

// await waits until commands are taken.
func (p *TPM) await() error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := net.Dial("unix", p.Socket); err == nil {
			return c.Close()
		}
		select {
		case <-p.ended:
			return errors.New("it ended")
		case <-deadline.C:
			return errors.New("it does not listen")
		case <-tick.C:
		}
	}
}

// Stop powers it off. Seeds and non-volatile memory stay; what was loaded is gone.
func (p *TPM) Stop() {
	p.cancel()
	<-p.ended
}
