package canary

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/agreement"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
)

// MaxOperatorBytes bounds the name of an operator, as the registry has it.
const MaxOperatorBytes = 64

// maxWitnesses is how many results of a class wait for a second operator to agree. The third
// that differs from two others is a class on which nobody can agree.
const maxWitnesses = 4

// wider is how much further than the manifest allows a provider class of its own may lie
// from the CPU's result, before two operators of it are heard. Without a limit two machines
// of one cheater would make any answer right.
const wider = 10

// The buckets, both by ReferenceID: what counts, and what waits for a second operator.
const (
	bucketReferences = "canary.references" // study ‖ model ‖ provider → record
	bucketWitnesses  = "canary.witnesses"  // study ‖ model ‖ provider ‖ operator → record
)

// ReferenceID names the right answer to one question: a study, asked of a model, as a class
// of providers gives it. Providers differ in the last bits, and so in voxels that hang in
// the balance.
type ReferenceID struct {
	Study    [32]byte      // SHA-256 of the tar that the node got
	Model    models.Digest // of the package
	Provider string        // "cpu", "cuda", …; at most MaxProviderBytes
}

func (id ReferenceID) validate() error {
	if id.Study == ([32]byte{}) || id.Model.IsZero() || id.Provider == "" || len(id.Provider) > MaxProviderBytes {
		return errors.New("reference: study, model or provider is empty or too long; name all three")
	}
	return nil
}

// key is fixed-width but for the provider, which stands behind its length.
func (id ReferenceID) key() []byte {
	out := append(append([]byte{}, id.Study[:]...), id.Model[:]...)
	return append(binary.BigEndian.AppendUint16(out, uint16(len(id.Provider))), id.Provider...)
}

// Sample is whose result is judged.
type Sample struct {
	ReferenceID
	Operator string // who runs the node, as the registry has it; at most MaxOperatorBytes
	// Strict gives the class no room of its own: who lies outside of the CPU's tolerance, and of
	// a class's reference where there is one, is wrong.
	Strict bool
}

// Opinion is what a judgement came to. Against is the SHA-256 of the output that the result
// was compared with; zero where there was none.
type Opinion struct {
	Figures   attest.Figures
	Judgement attest.Judgement
	Reason    string // as Compare's
	Against   [32]byte
}

// References keeps the right answers of canaries in a bbolt file. It is safe for concurrent
// use.
type References struct{ db *bbolt.DB }

// NewReferences prepares its buckets in db, which the caller opens and closes.
func NewReferences(db *bbolt.DB) (*References, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{bucketReferences, bucketWitnesses} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open references: %w; check the disk and the file's rights", err)
	}
	return &References{db}, nil
}

// Own makes an output, an encoded result of this checker's own runner, the reference of its
// class. It is durable when Own returns. Another output under the same id is an error: an
// answer that was judged by does not change.
func (r *References) Own(id ReferenceID, output []byte) error {
	if err := id.validate(); err != nil {
		return err
	}
	record, err := pack(output)
	if err != nil {
		return fmt.Errorf("keep reference: %w", err)
	}
	err = r.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucketReferences))
		if old := b.Get(id.key()); old != nil {
			if !bytes.Equal(old[:sha256.Size], record[:sha256.Size]) {
				return errors.New("there is another one already; make a new canary")
			}
			return nil
		}
		return b.Put(id.key(), record)
	})
	if err != nil {
		return fmt.Errorf("keep reference: %w", err)
	}
	return nil
}

// Forget drops everything about a study whose canaries are over.
func (r *References) Forget(study [32]byte) error {
	err := r.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{bucketReferences, bucketWitnesses} {
			c := tx.Bucket([]byte(name)).Cursor()
			for k, _ := c.Seek(study[:]); bytes.HasPrefix(k, study[:]); k, _ = c.Next() {
				if err := c.Delete(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget references: %w", err)
	}
	return nil
}

// Judge judges an output. Who agrees with the CPU's reference is right, whatever its class:
// that one is the checker's own, and two operators of one class must not be able to make a
// third one wrong. Else the reference of the class decides, where there is one. Where there
// is none, who lies far from the CPU is wrong. In between, a class may just compute
// otherwise; it is unchecked until a second operator of the class gives the same, whose
// agreement then makes it the class's reference. Errors are the store's.
func (r *References) Judge(m models.Manifest, s Sample, output []byte) (Opinion, error) {
	if err := s.validate(); err != nil {
		return Opinion{}, err
	}
	if s.Operator == "" || len(s.Operator) > MaxOperatorBytes {
		return Opinion{}, errors.New("reference: the operator is empty or too long; name it as the registry does")
	}
	own, base, err := r.find(s.ReferenceID)
	if err != nil {
		return Opinion{}, err
	}
	result, err := inference.DecodeResult(output)
	if err != nil {
		if own == nil {
			own = base
		}
		if own == nil {
			return Opinion{Judgement: attest.JudgedUnchecked, Reason: ReasonNoReference}, nil
		}
		return Opinion{Judgement: attest.JudgedInvalid, Reason: ReasonUnreadable, Against: own.digest}, nil
	}
	if own == nil && base == nil {
		return Opinion{Judgement: attest.JudgedUnchecked, Reason: ReasonNoReference}, nil
	}
	if base == nil {
		return own.judge(m, bounds(m), result), nil
	}
	opinion := base.judge(m, bounds(m), result)
	switch {
	case opinion.Judgement != attest.JudgedInvalid:
		return opinion, nil
	case own != nil && own.digest != base.digest:
		return own.judge(m, bounds(m), result), nil
	case own != nil || s.Strict || !roomy(s.Provider) || base.judge(m, wide(m), result).Judgement == attest.JudgedInvalid:
		return opinion, nil
	}
	return r.witness(m, s, output, result, opinion)
}

// JudgeAlone judges an output by the CPU's reference, with nothing kept: it is for answers to
// studies of patients. A class that lies no further off than one of its own may is unchecked,
// as References.Judge has the first of a class.
func JudgeAlone(m models.Manifest, provider string, strict bool, answer, output []byte) (Opinion, error) {
	right, err := inference.DecodeResult(answer)
	if err != nil {
		return Opinion{}, fmt.Errorf("read a reference: %w", err)
	}
	base := &reference{digest: sha256.Sum256(answer), result: right}
	result, err := inference.DecodeResult(output)
	if err != nil {
		return Opinion{Judgement: attest.JudgedInvalid, Reason: ReasonUnreadable, Against: base.digest}, nil
	}
	opinion := base.judge(m, bounds(m), result)
	if opinion.Judgement != attest.JudgedInvalid || strict || !roomy(provider) || base.judge(m, wide(m), result).Judgement == attest.JudgedInvalid {
		return opinion, nil
	}
	return Opinion{Figures: opinion.Figures, Judgement: attest.JudgedUnchecked, Reason: ReasonOneWitness}, nil
}

// roomy are the classes of providers that compute otherwise than the CPU: a name that
// somebody made up gives no room.
func roomy(provider string) bool {
	return provider != ort.CPU && slices.Contains(ort.KnownProviders(), provider)
}

// wide bounds what a class of its own may be.
func wide(m models.Manifest) agreement.Bounds {
	b := bounds(m)
	b.Dice = max(0, 1-wider*(1-b.Dice))
	b.Value *= wider
	b.Spare *= wider
	b.FloorHU *= wider
	b.Margin = 0
	return b
}

// witness asks the other operators of a class that has no reference yet.
func (r *References) witness(m models.Manifest, s Sample, output []byte, result inference.Result, apart Opinion) (Opinion, error) {
	record, err := pack(output)
	if err != nil {
		return Opinion{}, fmt.Errorf("keep witness: %w", err)
	}
	opinion := Opinion{Figures: apart.Figures, Judgement: attest.JudgedUnchecked, Reason: ReasonOneWitness}
	prefix := s.key()
	err = r.db.Update(func(tx *bbolt.Tx) error {
		witnesses := tx.Bucket([]byte(bucketWitnesses))
		others := 0
		c := witnesses.Cursor()
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			others++
			if string(k[len(prefix):]) == s.Operator {
				continue
			}
			other, err := unpack(v)
			if err != nil {
				return err
			}
			if o := other.judge(m, bounds(m), result); o.Judgement == attest.JudgedValid {
				opinion = o
				return tx.Bucket([]byte(bucketReferences)).Put(prefix, slices.Clone(v))
			}
		}
		place := append(slices.Clone(prefix), s.Operator...)
		if others >= maxWitnesses || witnesses.Get(place) != nil {
			return nil
		}
		return witnesses.Put(place, record)
	})
	if err != nil {
		return Opinion{}, fmt.Errorf("ask the witnesses of a provider class: %w", err)
	}
	return opinion, nil
}

// Keep forgets all studies but these: those of canaries that ended with their process.
func (r *References) Keep(studies [][32]byte) error {
	kept := map[[32]byte]bool{}
	for _, study := range studies {
		kept[study] = true
	}
	err := r.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{bucketReferences, bucketWitnesses} {
			bucket := tx.Bucket([]byte(name))
			var over [][]byte
			err := bucket.ForEach(func(k, _ []byte) error {
				if len(k) < sha256.Size || !kept[[32]byte(k[:sha256.Size])] {
					over = append(over, slices.Clone(k))
				}
				return nil
			})
			if err != nil {
				return err
			}
			for _, k := range over {
				if err := bucket.Delete(k); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget references: %w", err)
	}
	return nil
}

// find reads the references of the class and of the CPU; nil where there is none.
func (r *References) find(id ReferenceID) (own, base *reference, err error) {
	err = r.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucketReferences))
		read := func(id ReferenceID) (*reference, error) {
			v := b.Get(id.key())
			if v == nil {
				return nil, nil
			}
			return unpack(v)
		}
		if own, err = read(id); err != nil {
			return err
		}
		id.Provider = ort.CPU
		base, err = read(id)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read reference: %w", err)
	}
	return own, base, nil
}

// reference is a record, opened.
type reference struct {
	digest [sha256.Size]byte // of the output as it was given
	result inference.Result
}

func (r *reference) judge(m models.Manifest, b agreement.Bounds, result inference.Result) Opinion {
	o := Opinion{Against: r.digest}
	o.Figures, o.Judgement, o.Reason = compareWithin(m, b, r.result, result)
	if o.Judgement == attest.JudgedUnchecked {
		o.Against = [32]byte{}
	}
	return o
}

// compared are the files that a comparison reads; pictures and reports are left out.
var compared = [...]string{inference.SegmentationFile, inference.LabelsFile}

// pack is a record: the SHA-256 of the output, then what is compared, in gzip. Masks of a
// body shrink by a factor of some 50.
func pack(output []byte) ([]byte, error) {
	result, err := inference.DecodeResult(output)
	if err != nil {
		return nil, err
	}
	result.Files = slices.DeleteFunc(slices.Clone(result.Files), func(f dicom.File) bool { return !slices.Contains(compared[:], f.Name) })
	plain, err := result.Encode()
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(output)
	out := bytes.NewBuffer(digest[:])
	w := gzip.NewWriter(out)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// unpack opens what pack made.
func unpack(record []byte) (*reference, error) {
	var r reference
	if len(record) < len(r.digest) {
		return nil, errors.New("a reference is damaged; make a new canary")
	}
	copy(r.digest[:], record)
	zip, err := gzip.NewReader(bytes.NewReader(record[len(r.digest):]))
	if err != nil {
		return nil, fmt.Errorf("a reference is damaged: %w; make a new canary", err)
	}
	plain, err := io.ReadAll(io.LimitReader(zip, inference.MaxResultBytes+1))
	if err != nil {
		return nil, fmt.Errorf("a reference is damaged: %w; make a new canary", err)
	}
	r.result, err = inference.DecodeResult(plain)
	return &r, err
}
