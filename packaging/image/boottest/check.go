package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// check is one run: what it was told, and what it works with.
type check struct {
	tools, medhive, vendor, images, study, work string
	patience                                    time.Duration

	host    *host
	box     *machine
	begun   time.Time
	node    string // address of the box's node
	device  string // its device, by the TPM
	offset  int    // how much of the console was read
	booting time.Time
}

// What the box says on its console.
var (
	sayVersion  = regexp.MustCompile(`medhive: this box runs version (\S+)`)
	sayDevice   = regexp.MustCompile(`device +(\S+) \(TPM by`)
	sayNode     = regexp.MustCompile(`node +(0x[0-9a-fA-F]{40})`)
	sayExported = regexp.MustCompile(`is in device\.json beside the system`)
	sayVouched  = regexp.MustCompile(`trust +device, by vendor (0x[0-9a-fA-F]{40})`)
	sayReady    = regexp.MustCompile(`medhive: the node is ready`)
	sayUnsigned = regexp.MustCompile(`is not signed by a key of this image's vendor`)
	sayAltered  = regexp.MustCompile(`is not what the vendor signed`)
	sayOlder    = regexp.MustCompile(`is older than \S+; nothing was changed`)
	sayLies     = regexp.MustCompile(`version (\S+) lies beside \S+ and starts once the node is idle`)
	sayStays    = regexp.MustCompile(`medhive: this version stays`)
	sayRefused  = regexp.MustCompile(`medhive: this version is refused`)
	sayKnown    = regexp.MustCompile(`version \S+ was tried here and did not come up`)
	sayResumed  = regexp.MustCompile(`medhive: the node takes work again`)
	sayNewest   = regexp.MustCompile(`medhive: update: \S+ is the newest version`)
)

// run is the whole story of a box.
func (c *check) run(ctx context.Context) (err error) {
	for _, path := range []*string{&c.tools, &c.medhive, &c.vendor, &c.images, &c.study, &c.work} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(c.work); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(c.work, "home"), 0o700); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(c.work, "console.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	roles, err := os.Create(filepath.Join(c.work, "roles.log"))
	if err != nil {
		return err
	}
	defer roles.Close()
	c.host = &host{medhive: c.medhive, vendor: c.vendor, home: filepath.Join(c.work, "home"), log: roles, updatesFolder: filepath.Join(c.work, "updates")}
	c.box = &machine{tools: c.tools, folder: c.work, log: log}
	c.begun = time.Now()
	defer func() { err = errors.Join(err, c.box.stop(), c.host.stop()) }()
	for _, step := range []func(context.Context) error{c.prepare, c.firstBoot, c.job, c.badUpdates, c.update, c.brokenUpdate, c.writtenAnew} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	c.tell("all of it")
	return nil
}

// tell prints what was seen, with the time since the start.
func (c *check) tell(format string, args ...any) {
	fmt.Printf("%7.0f s  %s\n", time.Since(c.begun).Seconds(), fmt.Sprintf(format, args...))
}

// await waits for what the box says next.
func (c *check) await(ctx context.Context, pattern *regexp.Regexp) (string, error) {
	ctx, stop := context.WithTimeoutCause(ctx, c.patience, fmt.Errorf("nothing of it in %s", c.patience))
	defer stop()
	match, end, err := c.box.console.await(ctx, c.offset, pattern)
	if err != nil {
		return "", err
	}
	c.offset = end
	return match[len(match)-1], nil
}

// awaitAll waits for several things that the box says in whatever order.
func (c *check) awaitAll(ctx context.Context, patterns ...*regexp.Regexp) error {
	from, last := c.offset, c.offset
	for _, p := range patterns {
		c.offset = from
		if _, err := c.await(ctx, p); err != nil {
			return err
		}
		last = max(last, c.offset)
	}
	c.offset = last
	return nil
}

// awaitVersion waits until the box has started, and holds it to a version.
func (c *check) awaitVersion(ctx context.Context, folder string) error {
	want, err := versionOf(filepath.Join(c.images, folder))
	if err != nil {
		return err
	}
	got, err := c.await(ctx, sayVersion)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("the box runs version %s; want %s", got, want)
	}
	c.tell("version %s is up, %.0f s after its start", got, time.Since(c.booting).Seconds())
	return nil
}

// versionOf reads the version of the images in a folder.
func versionOf(folder string) (string, error) {
	text, err := os.ReadFile(filepath.Join(folder, "medhive-box.sums"))
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	version, ok := strings.CutPrefix(first, "# medhive-box ")
	if !ok {
		return "", fmt.Errorf("%s/medhive-box.sums names no version", folder)
	}
	return version, nil
}

// prepare brings up what the box works with, and makes its TPM.
func (c *check) prepare(ctx context.Context) error {
	if err := c.host.start(ctx); err != nil {
		return err
	}
	if err := c.host.give(filepath.Join(c.work, "given")); err != nil {
		return err
	}
	if err := c.box.newTPM(ctx); err != nil {
		return err
	}
	c.tell("chain, coordinator and a TPM are there")
	return nil
}

// boot writes an image on the disk and switches the box on.
func (c *check) boot(ctx context.Context, folder string) error {
	version, err := versionOf(filepath.Join(c.images, folder))
	if err != nil {
		return err
	}
	if err := c.box.write(ctx, filepath.Join(c.images, folder, "medhive-box_"+version+".img"), filepath.Join(c.work, "given")); err != nil {
		return err
	}
	c.offset, c.booting = 0, time.Now()
	return c.box.start()
}

// firstBoot: from a keyless disk to a node that is enrolled and bids.
func (c *check) firstBoot(ctx context.Context) error {
	if err := c.boot(ctx, "v1"); err != nil {
		return err
	}
	if err := c.awaitVersion(ctx, "v1"); err != nil {
		return err
	}
	var err error
	if c.node, err = c.await(ctx, sayNode); err != nil {
		return err
	}
	if c.device, err = c.await(ctx, sayDevice); err != nil {
		return err
	}
	c.tell("device %s, node %s", c.device, c.node)
	if _, err := c.await(ctx, sayExported); err != nil {
		return err
	}
	export := filepath.Join(c.work, "device.json")
	if err := c.box.read(ctx, "device.json", export); err != nil {
		return err
	}
	// For later: a disk written anew is given the voucher of the device that this box is now.
	if err := c.host.vouch(ctx, export, filepath.Join(c.work, "given")); err != nil {
		return err
	}
	c.tell("the vendor vouched for it")
	if _, err := c.await(ctx, sayReady); err != nil {
		return err
	}
	c.tell("the node is ready, %.0f s after the start", time.Since(c.booting).Seconds())
	return nil
}

// job: a clinic's study is done by the box.
func (c *check) job(ctx context.Context) error {
	begun := time.Now()
	r, err := c.host.submit(ctx, c.study, filepath.Join(c.work, "results"))
	if err != nil {
		return err
	}
	if !strings.EqualFold(r.Winner, c.node) {
		return fmt.Errorf("the study was done by %s; want the box, %s", r.Winner, c.node)
	}
	c.tell("a study was analysed by the box in %.0f s", time.Since(begun).Seconds())
	return nil
}

// badUpdates: what the vendor did not sign, or not so, changes nothing.
func (c *check) badUpdates(ctx context.Context) error {
	for _, bad := range []struct {
		name    string
		folder  string
		says    *regexp.Regexp
		altered func(folder string) error
	}{
		{"a list that was changed after it was signed", "v2", sayUnsigned, func(folder string) error {
			return appendTo(filepath.Join(folder, "medhive-box.sums"), "\n")
		}},
		{"an older version", "v0", sayOlder, func(string) error { return nil }},
		{"a system that was changed after it was signed", "v2", sayAltered, func(folder string) error {
			roots, err := filepath.Glob(filepath.Join(folder, "*.root"))
			if err != nil || len(roots) != 1 {
				return fmt.Errorf("one system in %s: found %d: %v", folder, len(roots), err)
			}
			return changeByte(roots[0], changedAt)
		}},
	} {
		if err := c.host.offer(ctx, filepath.Join(c.images, bad.folder), bad.altered); err != nil {
			return err
		}
		if _, err := c.await(ctx, bad.says); err != nil {
			return fmt.Errorf("%s: %w", bad.name, err)
		}
		c.tell("refused: %s", bad.name)
	}
	return nil
}

// changedAt is a byte in the midst of a system's data.
const changedAt = 100 << 20

// changeByte turns the bits of one byte.
func changeByte(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	var one [1]byte
	_, err = f.ReadAt(one[:], at)
	if err == nil {
		one[0] = ^one[0]
		_, err = f.WriteAt(one[:], at)
	}
	return errors.Join(err, f.Close())
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// update: a newer version comes, starts and stays.
func (c *check) update(ctx context.Context) error {
	begun := time.Now()
	if err := c.host.offer(ctx, filepath.Join(c.images, "v2"), nil); err != nil {
		return err
	}
	if _, err := c.await(ctx, sayLies); err != nil {
		return err
	}
	c.booting = time.Now()
	c.tell("the update was fetched and written in %.0f s", time.Since(begun).Seconds())
	if err := c.awaitVersion(ctx, "v2"); err != nil {
		return err
	}
	if err := c.awaitSame(ctx); err != nil {
		return err
	}
	if err := c.awaitAll(ctx, sayStays, sayResumed); err != nil {
		return err
	}
	c.tell("the update stays, %.0f s after it was offered", time.Since(begun).Seconds())
	return nil
}

// awaitSame holds the box to the device and node that it was.
func (c *check) awaitSame(ctx context.Context) error {
	node, err := c.await(ctx, sayNode)
	if err != nil {
		return err
	}
	device, err := c.await(ctx, sayDevice)
	if err != nil {
		return err
	}
	if device != c.device || node != c.node {
		return fmt.Errorf("the box is device %s, node %s now; it was %s, %s", device, node, c.device, c.node)
	}
	return nil
}

// brokenUpdate: a signed version whose node does not start is left again by the box alone.
func (c *check) brokenUpdate(ctx context.Context) error {
	if _, err := c.await(ctx, sayNewest); err != nil {
		return err
	}
	begun := time.Now()
	if err := c.host.offer(ctx, filepath.Join(c.images, "broken"), nil); err != nil {
		return err
	}
	if _, err := c.await(ctx, sayLies); err != nil {
		return err
	}
	for try := range triesOfAVersion {
		c.booting = time.Now()
		if err := c.awaitVersion(ctx, "broken"); err != nil {
			return err
		}
		if _, err := c.await(ctx, sayRefused); err != nil {
			return err
		}
		c.tell("try %d of the broken version was given up", try+1)
	}
	c.booting = time.Now()
	if err := c.awaitVersion(ctx, "v2"); err != nil {
		return err
	}
	if err := c.awaitSame(ctx); err != nil {
		return err
	}
	from := c.offset
	if _, err := c.await(ctx, sayReady); err != nil {
		return err
	}
	c.tell("the version before is back and its node ready, %.0f s after the broken one was offered", time.Since(begun).Seconds())
	c.offset = from // it may have looked for updates before
	if _, err := c.await(ctx, sayKnown); err != nil {
		return err
	}
	c.tell("the broken version is not tried again")
	return nil
}

// triesOfAVersion is how often a box starts a version that does not come up; its script update
// has the same number.
const triesOfAVersion = 2

// writtenAnew: a disk that is written anew in a box with a TPM makes the same device.
func (c *check) writtenAnew(ctx context.Context) error {
	if err := c.box.stop(); err != nil {
		return err
	}
	// A box with an empty memory would try the broken version again, and leave it again.
	if err := c.host.offer(ctx, filepath.Join(c.images, "v2"), nil); err != nil {
		return err
	}
	if err := c.boot(ctx, "v2"); err != nil {
		return err
	}
	if err := c.awaitVersion(ctx, "v2"); err != nil {
		return err
	}
	device, err := c.await(ctx, sayDevice)
	if err != nil {
		return err
	}
	if device != c.device {
		return fmt.Errorf("the box is device %s once its disk was written anew; it was %s", device, c.device)
	}
	vendor, err := c.await(ctx, sayVouched)
	if err != nil {
		return err
	}
	c.tell("the vendor's voucher of before holds for it: %s", vendor)
	if _, err := c.await(ctx, sayReady); err != nil {
		return err
	}
	c.tell("written anew, it is device %s again and its node ready", device)
	return nil
}
