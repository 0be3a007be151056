package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/testdata/peers"
)

// makers writes the certificates of who made a TPM into a folder.
func (p *person) makers(chip *peers.TPM) string {
	p.t.Helper()
	folder := filepath.Join(p.home, "makers")
	if err := os.Mkdir(folder, 0o700); err != nil {
		p.t.Fatal(err)
	}
	for i, path := range chip.Authority {
		data, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, string(rune('a'+i))+".pem"), data, 0o600)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return folder
}

// awaitTrust waits until the newest epochs give the node that trust.
func (w *town) awaitTrust(node string, want score.Trust) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		var newest uint64
		var trust score.Trust
		for _, b := range w.epochs() {
			for _, l := range b.Summary.Lines {
				if b.Summary.Number > newest && l.Node == common.HexToAddress(node) {
					newest, trust = b.Summary.Number, l.Trust
				}
			}
		}
		if trust == want {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("epoch %d gives node %s the trust %q, want %q", newest, node, trust, want)
		}
	}
}

// TestADeviceFromItsFactoryToItsTrust: a vendor tries a box out, vouches for it and sends the
// voucher to the coordinator; the box starts for the first time, finds its voucher there,
// registers with it, proves itself, and the epochs trust it as a device, which anybody can
// recompute. Then the vendor takes the voucher back.
func TestADeviceFromItsFactoryToItsTrust(t *testing.T) {
	chip := peers.SoftwareTPM(t)
	w := &town{person: newPerson(t)}
	vendor := w.person
	w.start("chain", "chain", "dev", "--listen", "127.0.0.1:0").await("medhive coordinator run")
	var made struct{ Vendor common.Address }
	vendor.ask(&made, "vendor", "init")
	path := agent.NetworkPath(w.home)
	network, err := agent.ReadNetwork(path)
	if err == nil {
		network.Vendors = []common.Address{made.Vendor}
		err = agent.WriteNetwork(path, network)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.coordinate()

	roots := w.makers(chip)
	var tested agent.Examination
	vendor.ask(&tested, "vendor", "test", "--tpm", chip.Socket, "--roots", roots)
	for _, name := range []string{"tpm", "endorsement", "activation", "quote", "sealing"} {
		found := false
		for _, c := range tested.Checks {
			found = found || c.Name == name && c.State == agent.CheckOK
		}
		if !found {
			t.Errorf("the factory test does not pass %s: %+v", name, tested.Checks)
		}
	}
	export := w.file("A1.json", []byte(vendor.must("vendor", "export", "--tpm", chip.Socket, "--serial", "A1")))
	vendor.must("vendor", "issue", export, "--roots", roots, "--out", w.home, "--send")
	if _, stderr, code := vendor.run("vendor", "issue", export, "--out", w.home); code != exitFailure || !strings.Contains(stderr, "medhive vendor revoke") {
		t.Errorf("a second voucher: exit %d, %s", code, stderr)
	}

	var boot agent.FirstBoot
	w.ask(&boot, "node", "first-boot", "--tpm", chip.Socket)
	if !boot.Sealed || boot.Device == nil || boot.Trust != score.TrustSoftware {
		t.Fatalf("first boot %+v", boot)
	}
	node := w.start("node", append(nodeArgs("node"), "--tpm", chip.Socket)...)
	node.await("the device is proved")
	w.awaitTrust(boot.Node.Hex(), score.TrustDevice)
	w.must("coordinator", "verify", filepath.Join(agent.CoordinatorState(w.home), "epochs"))
	if status := w.status("node"); status.Device == nil || status.Device.Vendor == nil || *status.Device.Vendor != made.Vendor {
		t.Errorf("status tells of the device %+v", status.Device)
	}

	vendor.must("vendor", "revoke", "A1", "--out", w.home)
	vendor.must("vendor", "revoke", "A1", "--out", w.home, "--send") // what was not sent yet
	w.awaitTrust(boot.Node.Hex(), score.TrustSoftware)
	if out := vendor.must("vendor", "list"); !strings.Contains(out, "issued") || !strings.Contains(out, "revoked") {
		t.Errorf("the ledger says %s", out)
	}
}

// TestACopiedDiskIsOfNoUse: on another machine, or without its TPM, the disk of a box starts
// no node; a disk that was wiped is a new node of the same device.
func TestACopiedDiskIsOfNoUse(t *testing.T) {
	chip, other := peers.SoftwareTPM(t), peers.SoftwareTPM(t)
	box := newPerson(t)
	var boot, again, anew agent.FirstBoot
	box.ask(&boot, "node", "first-boot", "--tpm", chip.Socket)
	box.ask(&again, "node", "first-boot", "--tpm", chip.Socket)
	if again.Node != boot.Node || again.Sealed != boot.Sealed {
		t.Errorf("done again it is %+v, before %+v", again, boot)
	}
	for name, tpm := range map[string]string{"another machine": other.Socket, "no TPM": "none"} {
		_, stderr, code := box.run("node", "first-boot", "--tpm", tpm)
		if code != exitFailure || !strings.Contains(stderr, "run the node in its own machine") {
			t.Errorf("on %s: exit %d, %s", name, code, stderr)
		}
	}
	entries, err := os.ReadDir(agent.NodeState(box.home, "node"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == "node.key" {
			t.Error("a plain key lies beside the sealed one")
		}
	}
	if err := os.RemoveAll(agent.NodeState(box.home, "node")); err != nil {
		t.Fatal(err)
	}
	box.ask(&anew, "node", "first-boot", "--tpm", chip.Socket)
	if anew.Node == boot.Node || *anew.Device != *boot.Device || *anew.Endorsement != *boot.Endorsement {
		t.Errorf("a wiped disk is %+v, before %+v", anew, boot)
	}
}

func TestFirstBootWithoutATPM(t *testing.T) {
	p := newPerson(t)
	var boot agent.FirstBoot
	p.ask(&boot, "node", "first-boot", "--tpm", "none")
	if boot.Sealed || boot.Device != nil || boot.Trust != score.TrustSoftware || boot.Why == "" {
		t.Errorf("%+v", boot)
	}
	if out := p.must("node", "first-boot", "--tpm", "none"); !strings.Contains(out, boot.Node.Hex()) {
		t.Errorf("another node: %s", out)
	}
	wrong := p.file("voucher.json", []byte(`{"voucher":1}`))
	chip := peers.SoftwareTPM(t)
	if _, stderr, code := newPerson(t).run("node", "first-boot", "--tpm", chip.Socket, "--voucher", wrong); code != exitFailure || !strings.Contains(stderr, "voucher.json") {
		t.Errorf("a broken voucher: exit %d, %s", code, stderr)
	}
}

// TestAnOwnerBindsTheNode: the link that the machine shows leads to a page on which a wallet
// signs; the node then knows whose it is.
func TestAnOwnerBindsTheNode(t *testing.T) {
	p := newPerson(t)
	p.start("chain", "chain", "dev", "--listen", "127.0.0.1:0").await("medhive coordinator run")
	bind := p.start("bind", "node", "bind", "--tpm", "none", "--listen", "127.0.0.1:0")
	link := strings.TrimSpace(bind.await("http://127.0.0.1:", "/bind/"))
	if said := bind.said(); !strings.Contains(said, "█▀") && !strings.Contains(said, "██") {
		t.Errorf("no picture: %s", said)
	}
	wallet, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(link + "/typed-data?owner=" + wallet.Address().Hex())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	var typed apitypes.TypedData
	if err != nil || json.Unmarshal(text, &typed) != nil {
		t.Fatalf("typed data %s, %v", text, err)
	}
	digest, _, err := apitypes.TypedDataAndHash(typed)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := crypto.Sign(digest, wallet.ECDSA())
	if err != nil {
		t.Fatal(err)
	}
	posted, err := http.PostForm(link, url.Values{"owner": {wallet.Address().Hex()}, "signature": {hexutil.Encode(signature)}})
	if err != nil {
		t.Fatal(err)
	}
	defer posted.Body.Close()
	if posted.StatusCode != http.StatusOK {
		t.Fatalf("the page answers %s", posted.Status)
	}
	bind.await("belongs to", wallet.Address().Hex())
	select {
	case <-bind.done:
	case <-time.After(patience):
		t.Fatal("the page stays open")
	}
	if out := p.must("node", "bind", "--tpm", "none"); !strings.Contains(out, wallet.Address().Hex()) {
		t.Errorf("asked again: %s", out)
	}
	var consent struct{ Operator, Recipient common.Address }
	if err := json.Unmarshal([]byte(p.must("node", "consent")), &consent); err != nil || consent.Operator != wallet.Address() || consent.Recipient != wallet.Address() {
		t.Errorf("consent %+v, %v", consent, err)
	}
}

// TestStatementsOfTwoSerials: makers write slashes into serial numbers, and no two devices
// share a file.
func TestStatementsOfTwoSerials(t *testing.T) {
	names := map[string]string{}
	for _, serial := range []string{"A0001", "/ABC/CN1/", "/DEF/CN1/", "_DEF_CN1_", "CN1", "..", "a%2Fb", "a/b"} {
		name := statementName("voucher", serial)
		if name != filepath.Base(name) || names[name] != "" {
			t.Errorf("%q is written to %q, as is %q", serial, name, names[name])
		}
		names[name] = serial
	}
	if name := statementName("voucher", "A0001"); name != "voucher-A0001.json" {
		t.Errorf("a plain serial is written to %s", name)
	}
}

func TestVendorSignsAnImage(t *testing.T) {
	p := newPerson(t)
	if _, stderr, code := p.run("vendor", "list"); code != exitFailure || !strings.Contains(stderr, "medhive vendor init") {
		t.Errorf("without a vendor: exit %d, %s", code, stderr)
	}
	var made struct {
		ImageKey string `json:"image_key"`
	}
	p.ask(&made, "vendor", "init")
	content := make([]byte, 1<<20)
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	image := p.file("image", content)
	p.must("vendor", "sign-image", image)
	signature, err := os.ReadFile(image + ".minisig")
	if err != nil {
		t.Fatal(err)
	}
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(made.ImageKey)); err != nil || !minisign.Verify(key, content, signature) {
		t.Errorf("the signature does not hold: %v", err)
	}
	if minisign.Verify(key, bytes.Repeat([]byte{1}, len(content)), signature) {
		t.Error("another image is taken")
	}
}
