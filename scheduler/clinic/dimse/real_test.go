package dimse

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/testdata/peers"
)

// corpus finds pydicom's real files, which `make test-tools` brings.
func corpus(t *testing.T) string {
	t.Helper()
	const debian = "usr/lib/python3/dist-packages/pydicom/data/test_files"
	for _, folder := range []string{"/" + debian, "../../../.tools/deb/root/" + debian} {
		if _, err := os.Stat(folder); err == nil {
			return folder
		}
	}
	t.Fatal("pydicom's test files are missing: run `make test-tools`, and try again")
	return ""
}

// realObjects are the corpus's storable objects, one for each instance, with their hashes.
func realObjects(t *testing.T) (objects []Object, hashes map[string][sha256.Size]byte) {
	t.Helper()
	hashes = map[string][sha256.Size]byte{}
	err := filepath.WalkDir(corpus(t), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		o, err := FileObject(path)
		if err != nil || !storage(o.SOPClassUID) || !storable(o.TransferSyntaxUID) {
			return nil // no object, or none that is sent
		}
		if _, twice := hashes[o.SOPInstanceUID]; twice {
			return nil
		}
		hashes[o.SOPInstanceUID] = hashOf(t, o)
		objects = append(objects, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return objects, hashes
}

func hashOf(t *testing.T, o Object) [sha256.Size]byte {
	t.Helper()
	content, err := o.Open()
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.New()
	size, err := io.Copy(digest, content)
	if err != nil {
		t.Fatal(err)
	}
	if size%2 == 1 {
		digest.Write([]byte{0}) // on the wire it is padded
	}
	if err := content.Close(); err != nil {
		t.Fatal(err)
	}
	return [sha256.Size]byte(digest.Sum(nil))
}

// TestRealFilesInEverySyntax: real objects go to dcmtk's storescp and to our own server bit
// for bit, each in its own transfer syntax.
func TestRealFilesInEverySyntax(t *testing.T) {
	objects, hashes := realObjects(t)
	syntaxes := map[string]int{}
	for _, o := range objects {
		syntaxes[o.TransferSyntaxUID]++
	}
	t.Logf("%d objects in %d transfer syntaxes: %v", len(objects), len(syntaxes), syntaxes)
	if len(objects) < 40 || len(syntaxes) < 9 {
		t.Fatal("the corpus is not what it was")
	}
	received := &shelf{}
	remote, _ := serve(t, Config{Receiver: received})
	sent, err := Send(t.Context(), remote, objects, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n, s := range sent {
		if s.Err != nil {
			t.Errorf("object %d: %v", n, s.Err)
		}
	}
	arrived(t, received, hashes)
	for _, o := range objects {
		if k := received.all()[o.SOPInstanceUID]; k.TransferSyntaxUID != o.TransferSyntaxUID || k.SOPClassUID != o.SOPClassUID {
			t.Errorf("%s arrived in %s", o.TransferSyntaxUID, k.TransferSyntaxUID)
		}
	}

	store := peers.StoreSCP(t)
	if sent, err = Send(t.Context(), Remote{Address: store.Address, CalledAE: store.AETitle, CallingAE: "MEDHIVE", Timeout: time.Minute}, objects, nil); err != nil {
		t.Fatal(err)
	}
	stored := map[string][sha256.Size]byte{}
	for _, path := range store.Files(t) {
		o, err := FileObject(path)
		if err != nil {
			t.Fatal(err)
		}
		stored[o.SOPInstanceUID] = hashOf(t, o)
	}
	took := 0
	for n, s := range sent {
		if s.Err != nil {
			continue // its own word on that class or syntax
		}
		took++
		if stored[objects[n].SOPInstanceUID] != hashes[objects[n].SOPInstanceUID] {
			t.Errorf("storescp has another object %d", n)
		}
	}
	if took < 40 {
		t.Errorf("storescp took %d of %d objects", took, len(objects))
	}
}

// says whether a data set has a UID as the value of (0008,element), in either byte order.
func says(data []byte, element byte, uid string) bool {
	for _, tag := range [][]byte{{8, 0, element, 0}, {0, 8, 0, element}} {
		if n := bytes.Index(data, tag); n >= 0 && bytes.HasPrefix(data[n+8:], []byte(uid)) {
			next := data[n+8+len(uid)] // padding, or the next element
			return next < '.'
		}
	}
	return false
}

// TestDcmsendOfRealFiles: dcmtk offers each file's own syntax, and we take it.
func TestDcmsendOfRealFiles(t *testing.T) {
	objects, _ := realObjects(t)
	want := map[string]string{} // an instance of each syntax
	folder := t.TempDir()
	for _, o := range objects {
		content, err := o.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(content)
		if err := errors.Join(err, content.Close()); err != nil {
			t.Fatal(err)
		}
		// Some of the files have another head than data set, and are for other tests.
		if want[o.TransferSyntaxUID] == "" && (o.TransferSyntaxUID == deflatedExplicit || says(data, 0x16, o.SOPClassUID) && says(data, 0x18, o.SOPInstanceUID)) {
			want[o.TransferSyntaxUID] = o.SOPInstanceUID
			part10(t, folder, o, data)
		}
	}
	received := &shelf{}
	_, port := serve(t, Config{Receiver: received})
	out, err := peers.Run(t, "dcmsend", "-v", "-aec", "MEDHIVE", "--decompress-never", "+sd", "127.0.0.1", port, folder)
	if err != nil {
		t.Errorf("dcmsend: %v\n%s", err, out)
	}
	got := received.all()
	compressed := 0
	for syntax, instance := range want {
		packed := strings.HasPrefix(syntax, encapsulatedPrefix) || syntax == rleLossless
		k, ok := got[instance]
		if !ok || packed && k.TransferSyntaxUID != syntax { // dcmsend itself changes one plain syntax into another
			t.Errorf("%s: arrived %v, in %s\n%s", syntax, ok, k.TransferSyntaxUID, out)
		}
		if packed {
			compressed++
		}
	}
	if compressed < 5 {
		t.Errorf("%d compressed syntaxes were tried", compressed)
	}
}

// TestOrthancThereAndBack: sent, asked for, found, fetched; bit for bit.
func TestOrthancThereAndBack(t *testing.T) {
	listener, port := listen(t)
	received := &shelf{}
	serveOn(t, listener, Config{Receiver: received})
	archive := peers.Orthanc(t, peers.Destination{AETitle: "MEDHIVE", Port: port})
	remote := Remote{Address: archive.Address, CalledAE: archive.AETitle, CallingAE: "MEDHIVE", Timeout: time.Minute}
	if err := Echo(t.Context(), remote); err != nil {
		t.Fatal(err)
	}
	_, objects, hashes := study(t, "1.2.80", 5, 30_000)
	if _, err := Send(t.Context(), remote, objects, nil); err != nil {
		t.Fatal(err)
	}
	found, err := Find(t.Context(), remote, Query{PatientID: "PID7"})
	if err != nil || len(found) != 1 || found[0].StudyUID != "1.2.80" || found[0].Instances != 5 || !slices.Equal(found[0].Modalities, []string{"CT"}) {
		t.Fatalf("find: %v, %+v", err, found)
	}
	result, err := Move(t.Context(), remote, MoveRequest{StudyUID: "1.2.80", SeriesUID: "1.2.80.1", Destination: "MEDHIVE", Priority: High})
	if err != nil || result.Completed != 5 {
		t.Fatalf("move: %v, %+v", err, result)
	}
	arrived(t, received, hashes)
}
