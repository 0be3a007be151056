package attest

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/crypto/secp256k1"

	"github.com/medhive/medhive/models"
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

// BenchmarkVerify is attest/verify: signatures a second in whole receipts, everything that
// Verify does included, against libsecp256k1's bare verification of as many signatures with
// the public keys known, turn by turn. Of the rounds the median ratio counts.
func BenchmarkVerify(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const receipts, rounds, signatures = 2000, 15, 2
	nodeKey, _ := keyOf(b, 1)
	clinicKey, _ := keyOf(b, 2)
	nodePublic, clinicPublic := crypto.FromECDSAPub(&nodeKey.PublicKey), crypto.FromECDSAPub(&clinicKey.PublicKey)
	type bare struct{ node, clinic [32]byte }
	domain := testDomain.Remember(2)
	list, hashes := make([]SignedReceipt, receipts), make([]bare, receipts)
	for i := range list {
		s := signedReceipt(b)
		s.Receipt.Task = models.DigestOf(fmt.Append(nil, i))
		hashes[i].node = s.Receipt.Hash(testDomain)
		s.Acceptance.Receipt = hashes[i].node
		hashes[i].clinic = s.Acceptance.Hash(testDomain)
		s.NodeSig, s.ClinicSig = sign(b, hashes[i].node, nodeKey), sign(b, hashes[i].clinic, clinicKey)
		list[i] = s
	}
	type round struct{ whole, bare float64 } // signatures a second
	var all []round
	for range rounds {
		start := processorTime(b)
		for i := range list {
			if err := list[i].Verify(domain); err != nil {
				b.Fatal(err)
			}
		}
		middle := processorTime(b)
		for i := range list {
			if !secp256k1.VerifySignature(nodePublic, hashes[i].node[:], list[i].NodeSig[:64]) || !secp256k1.VerifySignature(clinicPublic, hashes[i].clinic[:], list[i].ClinicSig[:64]) {
				b.Fatal("a signature was refused")
			}
		}
		end := processorTime(b)
		all = append(all, round{signatures * receipts / (middle - start).Seconds(), signatures * receipts / (end - middle).Seconds()})
	}
	slices.SortFunc(all, func(x, y round) int {
		if x.whole*y.bare < y.whole*x.bare {
			return -1
		}
		return 1
	})
	b.ReportMetric(all[rounds/2].whole, "value")
	b.ReportMetric(all[rounds/2].bare, "against")
	b.ReportMetric(all[rounds/2].whole/all[rounds/2].bare, "ratio")
}
