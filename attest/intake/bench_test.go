package intake

import (
	"bytes"
	"context"
	"encoding/binary"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

// The promise of attest/ingest, and how much stands in the store before.
const (
	ingestGoal     = 15_000 // signed statements a second
	ingestReceipts = 12_000
	ingestBefore   = 100_000 // leases
)

// processorTime is what this process has used so far: other programs on the machine don't
// count, its garbage collector does.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkIngest is attest/ingest: signed statements verified and durably stored a second,
// on one core's processor time. What is counted are statements: a receipt, which is one
// record of the store, is two of them, the node's and the clinic's; "records/s" counts
// records. They come as the frames of one stream of ManyProtocol, of a few clinics and many
// nodes, into a store that holds ingestBefore leases; the transport's own encryption is not
// in it. Every commit is two fsyncs of a real file: "ms/commit" is what its pages and the
// fsyncs took by the clock in the mean. "…/wall" are the same rates by the clock, in which
// the fsyncs and the machine's other work count.
func BenchmarkIngest(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	store, db := openStore(b, filepath.Join(b.TempDir(), "coordinator.db"))
	fillLeases(b, db, ingestBefore)
	var stream bytes.Buffer
	for i := range ingestReceipts {
		name := binary.BigEndian.AppendUint64(nil, uint64(i))
		s := receipt(b, "ingest"+string(name), "node"+string(name[6:]), "clinic"+string(name[7]&7), 1, "")
		data, err := Statement{Receipt: &s}.Encode()
		must(b, err)
		must(b, attest.WriteFrame(&stream, data))
	}
	counted := &countedStore{Store: store}
	server := New(counted, testDomain, Options{})
	var answers bytes.Buffer
	runtime.GC()
	before := db.Stats().TxStats
	used, start := processorTime(b), time.Now()
	must(b, server.takeMany(context.Background(), "", both{&stream, &answers}, func() bool { return true }))
	took, wall := processorTime(b)-used, time.Since(start)
	if stored := bytes.Count(answers.Bytes(), []byte{0, 0, 0, 1, statusStored}); stored != ingestReceipts {
		b.Fatalf("%d of %d are stored", stored, ingestReceipts)
	}
	const statements = 2 * ingestReceipts
	after := db.Stats().TxStats
	commits := float64(counted.puts)
	b.ReportMetric(statements/took.Seconds(), "value")
	b.ReportMetric(ingestGoal, "against")
	b.ReportMetric(ingestReceipts/took.Seconds(), "records/s")
	b.ReportMetric(ingestReceipts/wall.Seconds(), "records/s/wall")
	b.ReportMetric(statements/wall.Seconds(), "statements/s/wall")
	b.ReportMetric(ingestReceipts/commits, "records/commit")
	b.ReportMetric((after.GetWriteTime()-before.GetWriteTime()).Seconds()*1000/commits, "ms/commit")
}

// countedStore counts commits.
type countedStore struct {
	Store
	puts int // only the one goroutine of a stream that stores touches it
}

func (c *countedStore) Put(ctx context.Context, statements []Statement) []error {
	c.puts++
	return c.Store.Put(ctx, statements)
}

// fillLeases puts n leases of other tasks into the index, as the jobs of before would have.
func fillLeases(b *testing.B, db *bbolt.DB, n int) {
	b.Helper()
	_, node := keyOf(b, "node")
	_, clinic := keyOf(b, "clinic")
	const each = 10_000
	for from := 0; from < n; from += each {
		must(b, db.Update(func(tx *bbolt.Tx) error {
			for i := from; i < min(n, from+each); i++ {
				task := models.DigestOf(binary.BigEndian.AppendUint64([]byte("before"), uint64(i)))
				l := lease{digest: task, accepted: true, node: node}
				if err := tx.Bucket([]byte(bucketLeases)).Put(leaseKeyOf(clinic, task, 1), l.value()); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}
