package clinic

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// childFolder names the folder in which this test binary plays a clinic that is killed.
const childFolder = "CLINIC_TEST_CHILD"

// childRotates has that clinic change its vault's key all the while.
const childRotates = "CLINIC_TEST_ROTATES"

// TestMain also lets the binary be a door's confined child, or one that misbehaves.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "reader") {
		if err := playReader(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(childFolder); dir != "" {
		fmt.Fprintln(os.Stderr, playClinic(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func taskNumber(n int) models.Digest {
	return models.DigestOf(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func identityNumber(n int) Identity {
	id := someIdentity()
	id.StudyUID = fmt.Sprintf("1.2.3.%d", n)
	return id
}

// playClinic vaults and delivers one task after the other and says after each
// step what it acknowledges, until it is killed.
func playClinic(dir string) error {
	v, err := OpenVault(filepath.Join(dir, "vault.db"), filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	d, err := NewDelivery(v, filepath.Join(dir, "results"))
	if err != nil {
		return err
	}
	if os.Getenv(childRotates) != "" {
		go func() { // ends with the process
			for {
				if err := v.Rotate(context.Background()); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
			}
		}()
	}
	for n := 0; ; n++ {
		if err := v.Put(taskNumber(n), identityNumber(n)); err != nil {
			return err
		}
		fmt.Println("vaulted", n)
		if _, err := d.Deliver(taskNumber(n), someFiles()); err != nil {
			return err
		}
		fmt.Println("delivered", n)
	}
}

// What the clinic acknowledged before a SIGKILL is there afterwards, and nothing
// that was delivered is delivered again.
func TestKilledClinicKeepsWhatItAcknowledged(t *testing.T) {
	for lines := 1; lines <= 12; lines += 2 {
		t.Run(fmt.Sprintf("after %d acknowledgements", lines), func(t *testing.T) {
			dir := t.TempDir()
			vaulted, delivered := killAfter(t, dir, lines)
			v := open(t, dir)
			defer closed(t, v)
			for n := range vaulted {
				if id, err := v.Get(taskNumber(n)); err != nil || id.StudyUID != identityNumber(n).StudyUID {
					t.Errorf("task %d: %v, %v", n, id, err)
				}
			}
			d, err := NewDelivery(v, filepath.Join(dir, "results"))
			if err != nil {
				t.Fatal(err)
			}
			for n := range vaulted {
				done := deliver(t, d, taskNumber(n))
				if n < delivered && !done.Again {
					t.Errorf("task %d is delivered twice", n)
				}
				for _, f := range someFiles() {
					if data, err := os.ReadFile(filepath.Join(done.Folder, f.Name)); err != nil || string(data) != string(f.Data) {
						t.Errorf("task %d, %s: %q, %v", n, f.Name, data, err)
					}
				}
			}
		})
	}
}

// killAfter runs a clinic in dir, kills it at the given line of its output and
// counts what it acknowledged.
func killAfter(t *testing.T, dir string, lines int) (vaulted, delivered int) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFolder+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	for n := 0; said.Scan(); n++ {
		var step string
		var task int
		if _, err := fmt.Sscan(said.Text(), &step, &task); err != nil {
			t.Fatal(err)
		}
		if step == "vaulted" {
			vaulted = task + 1
		} else {
			delivered = task + 1
		}
		if n+1 == lines {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // it was killed
	if vaulted+delivered < lines {
		t.Fatalf("the clinic ended by itself after %d acknowledgements", vaulted+delivered)
	}
	return vaulted, delivered
}

// A clinic that was restarted between sending and result restores as if it had not been.
func TestRestoreAfterARestart(t *testing.T) {
	dir, pkg := t.TempDir(), measuring(t, nil)
	v := open(t, dir)
	ready := prepare(t, NewDoor(v, dcm.DefaultLimits(), time.Now), takeIn(t, smallStudy, pkg), pkg)
	result := reported(t, ready.Payload, pkg)
	want := restored(t, NewDoor(v, dcm.DefaultLimits(), time.Now), ready.Task, result)
	closed(t, v)
	v = open(t, dir)
	defer closed(t, v)
	got := restored(t, NewDoor(v, dcm.DefaultLimits(), time.Now), ready.Task, result)
	for name, data := range want {
		if string(got[name]) != string(data) {
			t.Errorf("%s is another one after the restart", name)
		}
	}
}
