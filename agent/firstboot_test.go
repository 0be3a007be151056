package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/agent/device"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/testdata/peers"
)

// vouched is a vendor's voucher for a device on a network.
func vouched(t *testing.T, vendor *identity.Key, facts device.Facts, n Network, issued time.Time) attest.SignedDeviceVoucher {
	t.Helper()
	v := attest.DeviceVoucher{Vendor: vendor.Address(), Endorsement: facts.Endorsement, Device: facts.Key, IssuedAt: issued}
	sig, err := attest.Sign(v.Hash(n.Domain()), vendor.ECDSA())
	if err != nil {
		t.Fatal(err)
	}
	return attest.SignedDeviceVoucher{Voucher: v, VendorSig: sig}
}

func voucherIn(t *testing.T, path string, v attest.SignedDeviceVoucher) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func newVendorKey(t *testing.T) *identity.Key {
	t.Helper()
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestANamedVoucherTakesThePlace: what was kept stands before what lies about, and what
// somebody names before what was kept, even where that can't be read any more.
func TestANamedVoucherTakesThePlace(t *testing.T) {
	chip := peers.SoftwareTPM(t)
	opened, err := device.Open(t.Context(), chip.Socket)
	if err != nil {
		t.Fatal(err)
	}
	folder, state := t.TempDir(), filepath.Join(t.TempDir(), "node")
	first, second := newVendorKey(t), newVendorKey(t)
	issued := time.UnixMilli(1_790_000_000_000)
	lying := voucherIn(t, filepath.Join(folder, "a"), vouched(t, first, opened.Facts(), Network{}, issued))
	named := voucherIn(t, filepath.Join(folder, "b"), vouched(t, second, opened.Facts(), Network{}, issued))
	boot := func(want *identity.Key, conf FirstBootConfig) {
		t.Helper()
		conf.State, conf.TPM = state, chip.Socket
		b, err := RunFirstBoot(t.Context(), conf)
		if err != nil || b.Vendor == nil || *b.Vendor != want.Address() {
			t.Fatalf("%+v, %v; want vendor %s", b, err, want.Address())
		}
	}
	boot(first, FirstBootConfig{Vouchers: []string{lying}})
	boot(first, FirstBootConfig{Vouchers: []string{named}})
	boot(second, FirstBootConfig{Voucher: named})
	boot(second, FirstBootConfig{Vouchers: []string{lying}})
	if err := os.WriteFile(filepath.Join(state, voucherFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := RunFirstBoot(t.Context(), FirstBootConfig{State: state, TPM: chip.Socket}); err == nil || !strings.Contains(err.Error(), "first-boot --voucher") {
		t.Errorf("a broken voucher: %v", err)
	}
	boot(first, FirstBootConfig{Voucher: lying})
	if _, err := RunFirstBoot(t.Context(), FirstBootConfig{State: state, TPM: chip.Socket, Voucher: filepath.Join(folder, "none")}); err == nil || !strings.Contains(err.Error(), "--voucher") {
		t.Errorf("a voucher that is named and not there: %v", err)
	}
}

// TestFirstBootsAtOnce: who makes a machine's key at one time comes to one.
func TestFirstBootsAtOnce(t *testing.T) {
	state := filepath.Join(t.TempDir(), "node")
	if err := makeState(state); err != nil {
		t.Fatal(err)
	}
	chip, err := device.Open(t.Context(), peers.SoftwareTPM(t).Socket) // one: swtpm hears one connection at a time
	if err != nil {
		t.Fatal(err)
	}
	var nodes sync.Map
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			key, err := makeSealedKey(t.Context(), state, chip)
			if err != nil {
				t.Error(err)
				return
			}
			nodes.Store(key.Address(), true)
		})
	}
	group.Wait()
	count := 0
	nodes.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d nodes", count)
	}
	key, sealed, err := firstKey(t.Context(), state, chip)
	if err != nil || !sealed {
		t.Fatalf("afterwards: sealed %t, %v", sealed, err)
	}
	if _, same := nodes.Load(key.Address()); !same {
		t.Error("the key that stands is nobody's")
	}
	if left, err := filepath.Glob(filepath.Join(state, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestAVoucherThatDoesNotFit: a node is registered once, so neither what lies in its folder nor
// what a coordinator gives makes it register with a voucher that can never count.
func TestAVoucherThatDoesNotFit(t *testing.T) {
	chip := peers.SoftwareTPM(t)
	opened, err := device.Open(t.Context(), chip.Socket)
	if err != nil {
		t.Fatal(err)
	}
	vendor, issued := newVendorKey(t), time.UnixMilli(1_790_000_000_000)
	n := Network{Contracts: chain.Addresses{ChainID: 1337}, Vendors: []common.Address{vendor.Address()}}
	elsewhere := Network{Contracts: chain.Addresses{ChainID: 5}}
	otherTPM, otherDevice := opened.Facts(), opened.Facts()
	otherTPM.Endorsement[0]++
	otherDevice.Key = vouchedDevice(t)
	for name, c := range map[string]struct {
		voucher    attest.SignedDeviceVoucher
		kept, told bool // whether it counts from the node's folder, and from a coordinator
	}{
		"right":                      {vouched(t, vendor, opened.Facts(), n, issued), true, true},
		"of another network":         {vouched(t, vendor, opened.Facts(), elsewhere, issued), false, false},
		"of another TPM":             {vouched(t, vendor, otherTPM, n, issued), false, false},
		"of another device":          {vouched(t, vendor, otherDevice, n, issued), false, false},
		"of a vendor that is nobody": {vouched(t, newVendorKey(t), opened.Facts(), n, issued), true, false},
	} {
		conf := NodeConfig{State: t.TempDir(), TPM: chip.Socket, Network: n, Log: slog.New(slog.DiscardHandler)}
		voucherIn(t, filepath.Join(conf.State, voucherFile), c.voucher)
		d, err := openDevice(t.Context(), conf)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if kept := d.voucher != nil; kept != c.kept || kept != (d.unfit == nil) || kept != (d.digest(n.Domain()) != [32]byte{}) {
			t.Errorf("%s: kept %t, unfit %v", name, kept, d.unfit)
		}
		if err := d.takes(c.voucher, n); (err == nil) != c.told {
			t.Errorf("%s, from a coordinator: %v", name, err)
		}
	}
}

// vouchedDevice is a device key outside a TPM.
func vouchedDevice(t *testing.T) (key attest.DeviceKey) {
	t.Helper()
	opened, err := device.Open(t.Context(), peers.SoftwareTPM(t).Socket)
	if err != nil {
		t.Fatal(err)
	}
	return opened.Facts().Key
}

// TestWhoLingersHoldsNoBinding: somebody who begins an answer and never ends it keeps the page
// from closing no longer than it waits, and makes no fault of it.
func TestWhoLingersHoldsNoBinding(t *testing.T) {
	open, err := OpenBind(t.Context(), filepath.Join(t.TempDir(), "node"), device.NoTPM, "127.0.0.1:0", Network{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	host, path, _ := strings.Cut(strings.TrimPrefix(open.Links[0], "http://"), "/")
	stream, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	ask := "POST /" + path + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
	if _, err := stream.Write([]byte(ask)); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stream).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err) // from here on the page waits for the rest
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if err := open.close(impatient); err != nil {
		t.Errorf("the page does not close: %v", err)
	}
}
