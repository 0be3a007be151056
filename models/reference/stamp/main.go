// Stamp writes the digest and size of a model's weights into its manifest, beside which
// they lie. In: a folder with manifest.json. Out: the same file with weights.sha256 and
// weights.bytes corrected; nothing else in it changes. Run it after training.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/medhive/medhive/models"
)

var (
	fileField   = regexp.MustCompile(`"file":\s*"([^"]+)"`)
	digestField = regexp.MustCompile(`("sha256":\s*)"[^"]*"`)
	bytesField  = regexp.MustCompile(`("bytes":\s*)[0-9]+`)
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
	file := fileField.FindSubmatch(text)
	if file == nil {
		return fmt.Errorf("%s names no weights.file; add it", path)
	}
	weights, err := os.ReadFile(filepath.Join(dir, filepath.Base(string(file[1]))))
	if err != nil {
		return err
	}
	text = digestField.ReplaceAll(text, fmt.Appendf(nil, `${1}"%s"`, models.DigestOf(weights)))
	text = bytesField.ReplaceAll(text, fmt.Appendf(nil, `${1}%d`, len(weights)))
	if _, err := models.ParseManifest(text); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
