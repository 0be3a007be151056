package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"

	"github.com/medhive/medhive/agent/vendor"
)

// The box's programs that its script update calls and that this machine lacks, or must not
// run, are this test's own program under their names.
var stand = map[string]func(args []string) int{
	"minisign": standMinisign,
	"curl":     standCurl,
	"findmnt":  func([]string) int { fmt.Println("/dev/box2"); return 0 },
	"lsblk":    standLsblk,
	"sfdisk":   standSfdisk,
	"blockdev": func(args []string) int {
		if args[0] == "--getsize64" {
			fmt.Println(slotBytes)
		}
		return 0
	},
	"systemctl": func(args []string) int { return note("systemctl " + strings.Join(args, " ")) },
	"medhive":   func(args []string) int { return note("medhive " + strings.Join(args, " ")) },
}

const slotBytes = 1 << 20

func TestMain(m *testing.M) {
	if act, ok := stand[filepath.Base(os.Args[0])]; ok {
		os.Exit(act(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// note writes down what the script asked for.
func note(line string) int {
	f, err := os.OpenFile(os.Getenv("BOX")+"/asked", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	defer f.Close()
	fmt.Fprintln(f, line)
	return 0
}

// standMinisign is `minisign -Vqm FILE -x SIGNATURE -p KEY`.
func standMinisign(args []string) int {
	if len(args) != 6 || args[0] != "-Vqm" || args[2] != "-x" || args[4] != "-p" {
		return 2
	}
	key, err := minisign.PublicKeyFromFile(args[5])
	if err != nil {
		return 1
	}
	message, err := os.ReadFile(args[1])
	if err != nil {
		return 1
	}
	signature, err := os.ReadFile(args[3])
	if err != nil || !minisign.Verify(key, message, signature) {
		return 1
	}
	return 0
}

// standCurl is curl with its exit codes for a refused and for a too large file.
func standCurl(args []string) int {
	most := int64(0)
	for i, a := range args {
		if a == "--max-filesize" {
			fmt.Sscan(args[i+1], &most)
		}
	}
	answer, err := http.Get(args[len(args)-1])
	if err != nil {
		return 7
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode >= http.StatusBadRequest:
		return 22
	case answer.ContentLength > most:
		return 63
	}
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		return 18
	}
	return 0
}

func standLsblk(args []string) int {
	if args[1] == "PKNAME" {
		fmt.Println("box")
		return 0
	}
	const root = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
	fmt.Printf("/dev/box\n/dev/box1 c12a7328-f81f-11d2-ba4b-00a0c93ec93b\n/dev/box2 %s\n%s/slot %s\n/dev/box4 0fc63daf-8483-4772-8e79-3d69d8477de4\n", root, os.Getenv("BOX"), root)
	return 0
}

func standSfdisk(args []string) int {
	if args[0] == "--part-label" {
		fmt.Println("medhive_0.8")
		return 0
	}
	return note("label " + args[len(args)-1])
}

// boxOf is a box's places in a folder: version 1.0 runs, 0.8 lies in the other slot.
type boxOf struct {
	folder string
	script string
}

func newBox(t *testing.T, bench *vendor.Bench) boxOf {
	t.Helper()
	b := boxOf{folder: t.TempDir()}
	for _, folder := range []string{"programs", "entries", "keys", "state", "sys"} {
		if err := os.Mkdir(filepath.Join(b.folder, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name := range stand {
		if err := os.Symlink(self, filepath.Join(b.folder, "programs", name)); err != nil {
			t.Fatal(err)
		}
	}
	key, err := bench.ImageKey()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../root/usr/lib/medhive/box/update")
	if err != nil {
		t.Fatal(err)
	}
	b.script = strings.NewReplacer(
		"/boot/EFI/Linux", b.folder+"/entries", "/usr/share/medhive/image-keys", b.folder+"/keys",
		"/var/lib/medhive-box", b.folder+"/state", "/usr/lib/os-release", b.folder+"/os-release",
		"/etc/medhive/image.conf", b.folder+"/conf", `/sys/class/block/${slot##*/}`, b.folder+"/sys",
	).Replace(string(text))
	for name, content := range map[string]string{
		"entries/medhive_1.0.efi": "running", "entries/medhive_0.8.efi": "old", "os-release": "ID=debian\nIMAGE_VERSION=1.0\n",
		"keys/vendor.pub": "untrusted comment: vendor\n" + key + "\n", "sys/partition": "3\n", "slot": strings.Repeat("\x00", slotBytes),
	} {
		b.put(t, name, content)
	}
	return b
}

func (b boxOf) put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.folder, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// update runs the script against a place of updates, and returns what it says.
func (b boxOf) update(t *testing.T, url string) string {
	t.Helper()
	b.put(t, "conf", "url = "+url+"\n")
	c := exec.CommandContext(t.Context(), "bash", "-c", b.script)
	c.Env = append(os.Environ(), "PATH="+b.folder+"/programs:"+os.Getenv("PATH"), "BOX="+b.folder)
	said, err := c.CombinedOutput()
	t.Logf("%v: %s", err, said)
	return string(said)
}

// entries are the names of what the firmware's menu would show.
func (b boxOf) entries(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(b.folder, "entries/*.efi"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return strings.Join(found, " ")
}

func (b boxOf) asked(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.folder, "asked"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

// publish makes a version as a vendor does, with the vendor's own tools.
func publish(t *testing.T, bench *vendor.Bench, version string) string {
	t.Helper()
	folder := t.TempDir()
	system := strings.Repeat("system of "+version+"\n", 1000)
	kernel := "kernel of " + version
	for name, content := range map[string]string{"root": system, "efi": kernel} {
		if err := os.WriteFile(filepath.Join(folder, "medhive-box_"+version+"."+name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), "sha256sum", "medhive-box_"+version+".root", "medhive-box_"+version+".efi")
	c.Dir = folder
	sums, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(folder, "medhive-box.sums")
	if err := os.WriteFile(list, fmt.Appendf(nil, "# medhive-box %s\n# system of %d bytes\n%s", version, len(system), sums), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bench.SignImage(list, time.Now()); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestUpdateTakesOnlyWhatTheVendorSigned(t *testing.T) {
	bench, err := vendor.Init(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := vendor.Init(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tail := func(name string) func(*testing.T, boxOf, string) {
		return func(t *testing.T, _ boxOf, folder string) {
			if err := appendTo(filepath.Join(folder, name), "x"); err != nil {
				t.Fatal(err)
			}
		}
	}
	const untouched, emptied = "medhive_0.8.efi medhive_1.0.efi", "medhive_1.0.efi"
	for _, c := range []struct {
		name, version string
		by            *vendor.Bench
		spoil         func(t *testing.T, b boxOf, folder string)
		says, entries string
	}{
		{"a newer version", "1.1", bench, nil, "version 1.1 lies beside 1.0", "medhive_1.0.efi medhive_1.1+2.efi"},
		{"ten is newer than nine", "1.0.10", bench, nil, "version 1.0.10 lies beside 1.0", "medhive_1.0.10+2.efi medhive_1.0.efi"},
		{"the same version", "1.0", bench, nil, "1.0 is the newest version", untouched},
		{"an older version", "0.9", bench, nil, "version 0.9 is older than 1.0", untouched},
		{"a preview of the running version", "1.0~rc1", bench, nil, "version 1.0~rc1 is older than 1.0", untouched},
		{"a stranger's signature", "1.1", stranger, nil, "is not signed by a key of this image's vendor", untouched},
		{"a list changed after signing", "1.1", bench, tail("medhive-box.sums"), "is not signed by a key of this image's vendor", untouched},
		{"no signature", "1.1", bench, func(t *testing.T, _ boxOf, folder string) {
			if err := os.Remove(filepath.Join(folder, "medhive-box.sums.minisig")); err != nil {
				t.Fatal(err)
			}
		}, "has no signature beside medhive-box.sums", untouched},
		{"a system with a byte more", "1.1", bench, tail("medhive-box_1.1.root"), "could not be fetched whole", emptied},
		{"a system with another byte", "1.1", bench, func(t *testing.T, _ boxOf, folder string) {
			if err := changeByte(filepath.Join(folder, "medhive-box_1.1.root"), 5000); err != nil {
				t.Fatal(err)
			}
		}, "is not what the vendor signed", emptied},
		{"a system cut short", "1.1", bench, func(t *testing.T, _ boxOf, folder string) {
			if err := os.Truncate(filepath.Join(folder, "medhive-box_1.1.root"), 5000); err != nil {
				t.Fatal(err)
			}
		}, "is not what the vendor signed", emptied},
		{"another kernel", "1.1", bench, tail("medhive-box_1.1.efi"), "the kernel is not what the vendor signed", emptied},
		{"a version that did not come up here", "1.1", bench, func(t *testing.T, b boxOf, _ string) {
			b.put(t, "entries/medhive_1.1+0-2.efi", "bad")
		}, "version 1.1 was tried here and did not come up", "medhive_0.8.efi medhive_1.0.efi medhive_1.1+0-2.efi"},
		{"while this version is on trial", "1.1", bench, func(t *testing.T, b boxOf, _ string) {
			if err := os.Rename(filepath.Join(b.folder, "entries/medhive_1.0.efi"), filepath.Join(b.folder, "entries/medhive_1.0+1-1.efi")); err != nil {
				t.Fatal(err)
			}
		}, "version 1.0 is still on trial", "medhive_0.8.efi medhive_1.0+1-1.efi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := publish(t, c.by, c.version)
			b := newBox(t, bench)
			if c.spoil != nil {
				c.spoil(t, b, folder)
			}
			place := httptest.NewServer(http.FileServer(http.Dir(folder)))
			defer place.Close()
			if said := b.update(t, place.URL); !strings.Contains(said, c.says) {
				t.Errorf("it says %q; want %q", said, c.says)
			}
			if got := b.entries(t); got != c.entries {
				t.Errorf("the firmware finds %q; want %q", got, c.entries)
			}
			asked, started := b.asked(t), strings.Contains(c.says, "lies beside")
			if got := strings.Contains(asked, "systemctl --no-block reboot"); got != started {
				t.Errorf("it starts again: %t; want %t; it asked for %q", got, started, asked)
			}
			if started && !strings.Contains(asked, "medhive node drain --wait\n") {
				t.Errorf("it does not let the node end its jobs first; it asked for %q", asked)
			}
			if labelled := strings.HasSuffix(strings.Split(asked, "systemctl")[0], "label medhive_"+c.version+"\n"); labelled != started {
				t.Errorf("the slot bears the version's name: %t; want %t; it asked for %q", labelled, started, asked)
			}
		})
	}
}
