// Command generate writes the studies in testdata from one public head scan.
// In: the path of mricron-data's ch2.nii.gz. Out: t1-study.zip, small-study.zip,
// bad/* and identifiers.json beside this folder, byte for byte the same each
// time. The patient is invented. It shares no code with the product, so that a
// mistake in the product's reader cannot hide in its own test data. It needs
// Debian's mricron-data and advancecomp, and two minutes.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// sourceSHA256 is ch2.nii.gz of Debian's mricron-data 1.2.20211006+dfsg-4.
const sourceSHA256 = "a009051127f64dc3dd554d5f5b589870ea72106d9642c21b4e7093e478cfc309"

func main() {
	source := flag.String("source", "/usr/share/mricron/templates/ch2.nii.gz", "ch2.nii.gz from Debian's mricron-data")
	target := flag.String("out", "testdata", "folder that receives the files")
	flag.Parse()
	if err := run(*source, *target); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(source, target string) error {
	packed, err := os.ReadFile(source)
	if err != nil {
		return fmt.Errorf("read source: %w; install it with apt-get install mricron-data", err)
	}
	if sum := sha256.Sum256(packed); hex.EncodeToString(sum[:]) != sourceSHA256 {
		return fmt.Errorf("source has sha256 %x, want %s; take ch2.nii.gz from Debian's mricron-data 1.2.20211006", sum, sourceSHA256)
	}
	head, err := readNIfTI(packed)
	if err != nil {
		return err
	}
	head = head.withoutAirNoise()
	if err := os.MkdirAll(filepath.Join(target, "bad"), 0o755); err != nil {
		return fmt.Errorf("make output folder: %w", err)
	}
	files := map[string][]byte{
		"t1-study.zip":     zipStudy(series(head, 1)),
		"identifiers.json": identifiers(),
	}
	small := head.halved().cropped([3]int{13, 36, 30}, [3]int{64, 36, 36})
	files["small-study.zip"] = zipStudy(series(small, 2))
	for name, data := range badStudies(small) {
		files[filepath.Join("bad", name)] = data
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(target, name), data, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return squeeze(target, files)
}

// squeeze deflates the zips again with zopfli, which saves the last tenth.
func squeeze(target string, files map[string][]byte) error {
	args := []string{"--recompress", "--shrink-insane", "--iter=15"}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if filepath.Ext(name) == ".zip" {
			args = append(args, filepath.Join(target, name))
		}
	}
	out, err := exec.Command("advzip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("squeeze zips: %w: %s; install it with apt-get install advancecomp", err, out)
	}
	fmt.Printf("%s", out)
	return nil
}
