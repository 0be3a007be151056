package agent

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/testdata/peers"
	"github.com/medhive/medhive/testdata/planted"
)

// beside holds our de-identification against others, on the same files.
type beside struct {
	studies []planted.Study
	find    *planted.Finder
}

// print logs how many identifiers of each kind are left by whom; left is what left the clinic.
func (b beside) print(t *testing.T, left map[planted.ID]bool) {
	t.Helper()
	columns := []struct {
		name  string
		found map[planted.ID]bool
	}{
		{"MedHive", left}, {"profile", b.each(t, b.profile)}, {"gdcmanon", b.each(t, b.gdcmanon(t))}, {"Orthanc", b.each(t, b.orthanc(t))},
	}
	sums := map[string][]int{}
	for n, s := range b.studies {
		for m, p := range s.Plants {
			for _, kind := range []string{p.Kind, "~all"} {
				if sums[kind] == nil {
					sums[kind] = make([]int, 1+len(columns))
				}
				sums[kind][0]++
				for c, column := range columns {
					if column.found[planted.ID{Study: n, Plant: m}] {
						sums[kind][1+c]++
					}
				}
			}
		}
	}
	table := fmt.Sprintf("%-32s %8s", "identifiers found after", "planted")
	for _, c := range columns {
		table += fmt.Sprintf(" %9s", c.name)
	}
	for _, kind := range slices.Sorted(maps.Keys(sums)) {
		table += fmt.Sprintf("\n%-32s", strings.TrimPrefix(kind, "~"))
		for _, n := range sums[kind] {
			table += fmt.Sprintf(" %9d", n)
		}
	}
	t.Logf("\n%s\nMedHive: the whole way, with text in pixels held back or blacked out. profile: our PS3.15 profile alone, where a manifest would allow every attribute, and nobody looks at pixels. gdcmanon: -e. Orthanc: /anonymize, as it comes.", table)
	for _, c := range columns[2:] {
		if len(c.found) == 0 {
			t.Errorf("nothing is found after %s: the comparison compares nothing", c.name)
		}
	}
}

// each runs one tool on the file of each study that bears its plants.
func (b beside) each(t *testing.T, clean func(t *testing.T, file []byte) []byte) map[planted.ID]bool {
	t.Helper()
	found := map[planted.ID]bool{}
	for n, s := range b.studies {
		data, err := os.ReadFile(s.Files[planted.BearingSlice])
		if err != nil {
			t.Fatal(err)
		}
		for id := range b.find.In(clean(t, data)) {
			if id.Study == n {
				found[id] = true
			}
		}
	}
	return found
}

// profile is our own, where the manifest allows all that a data dictionary knows of the
// file's attributes.
func (b beside) profile(t *testing.T, file []byte) []byte {
	t.Helper()
	object, err := dicom.Parse(dicom.File{Name: "planted", Data: file}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	keywords := []string{"SourceImageSequence", "PatientName", "CodeMeaning", "TextValue", "ReferencedImageSequence", "MAC"}
	for _, e := range object.Dataset.Elements {
		if info, err := tag.Find(e.Tag); err == nil && info.Keyword != "" {
			keywords = append(keywords, info.Keyword)
		}
	}
	keywords = slices.DeleteFunc(keywords, func(k string) bool { _, err := tag.FindByKeyword(k); return err != nil })
	allow, err := clinic.NewAllowList(keywords)
	if err != nil {
		t.Fatal(err)
	}
	clean, err := clinic.Deidentify(object.Dataset, clinic.NewPseudonyms([clinic.SecretBytes]byte{1}), clinic.Policy{Released: true}, allow)
	if err != nil {
		t.Fatal(err)
	}
	data, err := dicom.Encode(clean.Dataset, object.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// gdcmanon applies "PS 3.15 / E.1 / Basic Application Level Confidentiality Profile".
func (b beside) gdcmanon(t *testing.T) func(*testing.T, []byte) []byte {
	t.Helper()
	folder, tool := t.TempDir(), peers.Tool(t, "gdcmanon")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := filepath.Join(folder, "certificate.pem")
	if err := os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, file []byte) []byte {
		in, out := filepath.Join(folder, "in.dcm"), filepath.Join(folder, "out.dcm")
		if err := os.WriteFile(in, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(out); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if said, err := exec.CommandContext(t.Context(), tool, "-e", "-c", certificate, "-i", in, "-o", out).CombinedOutput(); err != nil {
			t.Logf("gdcmanon takes a file not: %v: %s", err, said)
			return nil
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
}

// orthanc stores a file, has its study anonymized, and fetches it.
func (b beside) orthanc(t *testing.T) func(*testing.T, []byte) []byte {
	t.Helper()
	archive := peers.Orthanc(t)
	return func(t *testing.T, file []byte) []byte {
		answer, err := http.Post(archive.REST.JoinPath("instances").String(), "application/dicom", bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		said, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusOK {
			t.Logf("Orthanc takes a file not: %s", said)
			return nil
		}
		var stored struct{ ParentStudy string }
		var made struct{ ID string }
		var instances []struct{ ID string }
		if err := json.Unmarshal(said, &stored); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(archive.Ask(t, http.MethodPost, "studies/"+stored.ParentStudy+"/anonymize", "{}"), &made); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(archive.Ask(t, http.MethodGet, "studies/"+made.ID+"/instances", ""), &instances); err != nil || len(instances) != 1 {
			t.Fatalf("%d instances, %v", len(instances), err)
		}
		return archive.Ask(t, http.MethodGet, "instances/"+instances[0].ID+"/file", "")
	}
}
