package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// hostAsSeen is this machine's loopback as a guest of QEMU's user-mode network reaches it.
const hostAsSeen = "10.0.2.2"

// host is what the box works with: chain, coordinator and clinic, on this machine's loopback.
type host struct {
	medhive, home string
	vendor        string // home folder of the vendor
	log           io.Writer
	roles         []*exec.Cmd
	updates       *http.Server
	// updatesURL is where the box finds the folder updatesFolder.
	updatesURL, updatesFolder string
}

// command is a command of the program on this machine.
func (h *host) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, h.medhive, append(args, "--home", h.home)...)
	c.Stderr = h.log
	return c
}

// start brings up chain, coordinator and the server of updates.
func (h *host) start(ctx context.Context) error {
	if err := os.MkdirAll(h.updatesFolder, 0o755); err != nil {
		return err
	}
	for _, role := range []struct {
		args  []string
		ready func(network) bool
	}{
		{[]string{"chain", "dev", "--listen", "127.0.0.1:0"}, func(n network) bool { return n.RPC != "" }},
		{[]string{"coordinator", "run", "--listen", "/ip4/127.0.0.1/tcp/0", "--epoch", "1h"}, func(n network) bool { return len(n.Coordinator) > 0 }},
	} {
		c := h.command(context.Background(), role.args...) // stop ends it
		c.Stdout = h.log
		if err := c.Start(); err != nil {
			return fmt.Errorf("start %s: %w", role.args[0], err)
		}
		h.roles = append(h.roles, c)
		if err := h.awaitNetwork(ctx, role.ready); err != nil {
			return fmt.Errorf("await %s: %w", role.args[0], err)
		}
		if role.args[0] == "chain" {
			if err := h.trustVendor(ctx); err != nil {
				return err
			}
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return err
	}
	h.updatesURL = "http://" + net.JoinHostPort(hostAsSeen, port)
	h.updates = &http.Server{Handler: http.FileServer(http.Dir(h.updatesFolder)), ReadHeaderTimeout: time.Minute}
	go h.updates.Serve(listener) //nolint:errcheck // ends by Close
	return nil
}

// network is what this test reads of a network file.
type network struct {
	RPC             string   `json:"rpc"`
	Coordinator     []string `json:"coordinator"`
	DevelopmentKeys string   `json:"development_keys"`
}

// awaitNetwork waits until a role has written itself into the network file.
func (h *host) awaitNetwork(ctx context.Context, ready func(network) bool) error {
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	ticks := time.NewTicker(200 * time.Millisecond)
	defer ticks.Stop()
	for {
		var n network
		text, err := os.ReadFile(filepath.Join(h.home, "network.json"))
		if err == nil && json.Unmarshal(text, &n) == nil && ready(n) {
			return nil
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return fmt.Errorf("%w; look at %s", ctx.Err(), h.home)
		}
	}
}

// trustVendor has the network file name the vendor, before the coordinator reads it.
func (h *host) trustVendor(ctx context.Context) error {
	c := exec.CommandContext(ctx, h.medhive, "vendor", "init", "--json", "--home", h.vendor)
	c.Stderr = h.log
	text, err := c.Output()
	if err != nil {
		return fmt.Errorf("ask for the vendor's address: %w", err)
	}
	var vendor struct {
		Vendor string `json:"vendor"`
	}
	if err := json.Unmarshal(text, &vendor); err != nil {
		return err
	}
	path := filepath.Join(h.home, "network.json")
	if text, err = os.ReadFile(path); err != nil {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	fields["vendors"] = []string{vendor.Vendor}
	if text, err = json.MarshalIndent(fields, "", "  "); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// vouch has the vendor vouch for a device by what it exported.
func (h *host) vouch(ctx context.Context, export, folder string) error {
	c := exec.CommandContext(ctx, h.medhive, "vendor", "issue", export, "--out", folder, "--home", h.vendor, "--network", filepath.Join(h.home, "network.json"))
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("vouch for the box: %w: %s", err, out)
	}
	return os.Rename(filepath.Join(folder, "voucher-"+boxSerial+".json"), filepath.Join(folder, "voucher.json"))
}

// give writes what a vendor would put beside the system: the network as the box reaches it,
// with the development chain's play money, settings and where updates are.
func (h *host) give(folder string) error {
	text, err := os.ReadFile(filepath.Join(h.home, "network.json"))
	if err != nil {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	keys, _ := fields["development_keys"].(string) // a development chain's network file has it
	if keys == "" {
		return errors.New("the chain's network file names no development keys: was it made by `medhive chain dev`?")
	}
	fields["development_keys"] = "development"
	// Spelled as `medhive` spells it, a line a field, as the box's check reads it.
	seen, err := json.MarshalIndent(fields, "", "  ")
	if err != nil {
		return err
	}
	seen = bytes.ReplaceAll(seen, []byte("/ip4/127.0.0.1/"), []byte("/ip4/"+hostAsSeen+"/"))
	seen = bytes.ReplaceAll(seen, []byte("//127.0.0.1:"), []byte("//"+hostAsSeen+":"))
	if err := os.MkdirAll(filepath.Join(folder, "development"), 0o700); err != nil {
		return err
	}
	play, err := os.ReadFile(filepath.Join(h.home, keys, "faucet.key"))
	if err != nil {
		return err
	}
	for name, content := range map[string]string{
		"network.json":           string(seen) + "\n",
		"development/faucet.key": string(play),
		"image.conf":             fmt.Sprintf("url = %s\nevery = 1min\n", h.updatesURL),
		// A machine that is emulated is slow: it promises less, and measures itself shortly.
		"node.toml": strings.Join([]string{
			`listen = ["/ip4/0.0.0.0/tcp/9401"]`,
			`behind-nat = true`,
			`promise = "20m"`,
			`probe-duration = "2s"`,
		}, "\n") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// offer makes the files that the box finds at its place of updates copies of those in folder;
// alter, if given, then changes them. They are there all at once.
func (h *host) offer(ctx context.Context, folder string, alter func(folder string) error) error {
	files, err := filepath.Glob(filepath.Join(folder, "medhive-box*"))
	if err != nil {
		return err
	}
	fresh := h.updatesFolder + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.Mkdir(fresh, 0o755)); err != nil {
		return err
	}
	for _, path := range files {
		if strings.HasSuffix(path, ".img") {
			continue
		}
		if out, err := exec.CommandContext(ctx, "cp", path, fresh).CombinedOutput(); err != nil {
			return fmt.Errorf("offer an update: %w: %s", err, out)
		}
	}
	if alter != nil {
		if err := alter(fresh); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(h.updatesFolder), os.Rename(fresh, h.updatesFolder))
}

// report is what `medhive clinic submit --json` says of a job.
type report struct {
	Winner string `json:"winner"` // address of the node
}

// submit has the clinic's study analysed and returns who did it.
func (h *host) submit(ctx context.Context, study, out string) (report, error) {
	c := h.command(ctx, "clinic", "submit", study, "--out", out, "--behind-nat", "--lease", "3m", "--within", "1h", "--json")
	text, err := c.Output()
	if err != nil {
		return report{}, fmt.Errorf("submit a study: %w: %s", err, text)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return report{}, fmt.Errorf("read the clinic's report: %w: %s", err, text)
	}
	files, err := os.ReadDir(out)
	if err != nil || len(files) == 0 {
		return report{}, fmt.Errorf("the clinic wrote no results into %s", out)
	}
	return r, nil
}

// stop ends what start began, last first.
func (h *host) stop() error {
	var faults []error
	if h.updates != nil {
		faults = append(faults, h.updates.Close())
	}
	for i := len(h.roles) - 1; i >= 0; i-- {
		faults = append(faults, end(h.roles[i]))
	}
	return errors.Join(faults...)
}
