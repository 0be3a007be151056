// Stamp writes the digest and size of a model's weights into its manifest, beside which
// they lie. In: a folder with manifest.json. Out: the same file with weights.sha256 and
// weights.bytes corrected; nothing else in it changes. Run it after training, and record
// the example anew after it (go generate does both).
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/medhive/medhive/models"
)

var (
	weightsBlock = regexp.MustCompile(`"weights":\s*\{[^}]*\}`)
	fileField    = regexp.MustCompile(`"file":\s*"([^"]+)"`)
	digestField  = regexp.MustCompile(`("sha256":\s*)"[^"]*"`)
	bytesField   = regexp.MustCompile(`("bytes":\s*)[0-9]+`)
)

func main() {
	dir := flag.String("dir", ".", "folder with manifest.json and the weights")
	flag.Parse()
	if err := stamp(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "stamp:", err)
		os.Exit(1)
	}
}

func stamp(dir string) error {
	path := filepath.Join(dir, "manifest.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	at := weightsBlock.FindIndex(text)
	if at == nil {
		return fmt.Errorf("%s has no weights; add them", path)
	}
	block := text[at[0]:at[1]]
	file := fileField.FindSubmatch(block)
	if file == nil {
		return fmt.Errorf("%s names no weights.file; add it", path)
	}
	weights, err := os.ReadFile(filepath.Join(dir, filepath.Base(string(file[1]))))
	if err != nil {
		return err
	}
	block = digestField.ReplaceAll(block, fmt.Appendf(nil, `${1}"%s"`, models.DigestOf(weights)))
	block = bytesField.ReplaceAll(block, fmt.Appendf(nil, `${1}%d`, len(weights)))
	text = slices.Concat(text[:at[0]], block, text[at[1]:])
	if _, err := models.ParseManifest(text); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
