package main

import (
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/testdata"
)

// tokens is an amount as a person writes it, in wei.
func tokens(t *testing.T, text string) *big.Int {
	t.Helper()
	wei, err := chain.ParseHive(text)
	if err != nil {
		t.Fatal(err)
	}
	return wei
}

// funds is what the clinic's command says of its money.
func (w *town) funds() (f agent.ClinicFunds) {
	w.t.Helper()
	w.ask(&f, "clinic", "funds")
	return f
}

// earned waits until a node's command tells of so many gwei by voucher.
func (w *town) earned(name string, gwei uint64) agent.Earnings {
	w.t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for range 200 { // ten seconds: the node reads its receipt as the clinic reports
		var e agent.Earnings
		w.ask(&e, "node", "earnings", "--name", name)
		if e.Vouchers != nil && e.Vouchers.VoucheredGwei == gwei {
			return e
		}
		<-ticker.C
	}
	w.t.Fatalf("node %s holds no voucher over %d gwei", name, gwei)
	return agent.Earnings{}
}

// TestMoneyFromTheTerminal: a clinic that runs pays a node by voucher, keeps a part of its
// deposit for it, and takes another part out after its thaw; it may be asked when it has ended.
func TestMoneyFromTheTerminal(t *testing.T) {
	const price = 1_000_000 // gwei, a node's default
	w := newTown(t, "anna")
	clinic := w.start("clinic", "clinic", "run", "--lease", "3s", "--keep-free") // what it reserves is said here
	clinic.await("deposited play money")
	var report agent.Report
	w.ask(&report, w.submitArgs(w.file("small.zip", testdata.SmallStudy()))...)

	e := w.earned("anna", price)
	if len(e.Lines) != 1 || e.Lines[0].Receipts != 1 || e.Lines[0].Clinics != 1 || e.Lines[0].Gwei != price || !strings.HasPrefix(e.Lines[0].Model, "t1-tissue@") {
		t.Errorf("earnings %+v; want one study of t1-tissue", e.Lines)
	}
	if v := e.Vouchers; v.OwedGwei != price || v.UnsignedGwei != 0 || v.RedeemedGwei != 0 || v.Stopped != 0 {
		t.Errorf("vouchers %+v", v)
	}
	if e.Rewards.ClaimedWei == nil {
		t.Errorf("the rewards are not known: %v", e.Notes)
	}
	f := w.funds()
	if f.FreeWei.Cmp(tokens(t, "100")) != 0 || f.DueWei.Cmp(tokens(t, "0.001")) != 0 || len(f.Nodes) != 1 || f.Nodes[0].Node.Hex() != report.Winner {
		t.Errorf("funds %+v; want a deposit of 100 and one voucher over 0.001 HIVE", f)
	}
	w.does("reserved 2.5 HIVE", "clinic", "reserve", report.Winner, "2.5")
	w.does("5 HIVE thaw until", "clinic", "withdraw", "5")
	w.fails("it thaws until", "clinic", "withdraw")
	if f = w.funds(); f.FreeWei.Cmp(tokens(t, "92.5")) != 0 || f.ThawingWei.Cmp(tokens(t, "5")) != 0 || f.Nodes[0].ReservedWei.Cmp(tokens(t, "2.5")) != 0 {
		t.Errorf("funds %+v after a reservation of 2.5 and a withdrawal of 5 of 100 HIVE", f)
	}
	w.does("clock shows", "chain", "advance", (f.Thaw + time.Hour).String())
	if code := clinic.stop(shutdown); code != exitOK {
		t.Errorf("the clinic ended with %d", code)
	}
	w.does("withdrew 5 HIVE", "clinic", "withdraw")
	w.does("deposited 1 HIVE", "clinic", "deposit", "1")
	if f = w.funds(); f.WalletWei.Cmp(tokens(t, "4")) != 0 || f.FreeWei.Cmp(tokens(t, "93.5")) != 0 || f.DueWei.Cmp(tokens(t, "0.001")) != 0 {
		t.Errorf("funds %+v of a clinic that has ended", f)
	}
	// Any account pays for any clinic, and only where it is named.
	w.does("deposited 0.5 HIVE", "clinic", "deposit", "0.5", "--for", f.Clinic, "--key", filepath.Join(w.home, "clinic", "clinic.key"), "--yes")
	if f = w.funds(); f.WalletWei.Cmp(tokens(t, "3.5")) != 0 || f.FreeWei.Cmp(tokens(t, "94")) != 0 {
		t.Errorf("funds %+v after a deposit by address", f)
	}
	w.does("reserved 0.5 HIVE", "clinic", "reserve", report.Winner, "0.5")
	if page, _, code := w.run("clinic", "funds"); code != exitOK || !strings.Contains(page, "93.5 HIVE free") || !strings.Contains(page, report.Winner) {
		t.Errorf("exit %d:\n%s", code, page)
	}
	if page, _, code := w.run("node", "earnings", "--name", "anna"); code != exitOK || !strings.Contains(page, "0.001 HIVE by receipts of 1 clinics") {
		t.Errorf("exit %d:\n%s", code, page)
	}
}

// does wants a command to succeed and to say so.
func (w *town) does(said string, args ...string) {
	w.t.Helper()
	out, stderr, code := w.run(args...)
	if code != exitOK || !strings.Contains(out, said) {
		w.t.Errorf("medhive %s: exit %d, want %q:\n%s%s", strings.Join(args, " "), code, said, out, stderr)
	}
}

// fails wants a command to fail with these words.
func (w *town) fails(said string, args ...string) {
	w.t.Helper()
	if _, stderr, code := w.run(args...); code != exitFailure || !strings.Contains(stderr, said) {
		w.t.Errorf("medhive %s: exit %d, want %q: %s", strings.Join(args, " "), code, said, stderr)
	}
}

func TestMoneyCommandsKnowWhatIsNoAmount(t *testing.T) {
	p := newPerson(t)
	for _, args := range [][]string{
		{"clinic", "deposit"}, {"clinic", "deposit", "0"}, {"clinic", "deposit", "-1"}, {"clinic", "deposit", "much"}, {"clinic", "withdraw", "0.0"},
		{"clinic", "withdraw", "5", "--stop"}, {"clinic", "deposit", "5", "--for", "0x52908400098527886E0F7030069857D2E4169EE7"}, {"clinic", "deposit", "5", "--for", "anna", "--key", "some.key"}, {"clinic", "reserve", "anna", "5"}, {"clinic", "reserve", "0x52908400098527886E0F7030069857D2E4169EE7"},
	} {
		if _, stderr, code := p.run(args...); code != exitUsage {
			t.Errorf("medhive %s: exit %d, %s", strings.Join(args, " "), code, stderr)
		}
	}
}
