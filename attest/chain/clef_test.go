package chain

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/identity"
)

// clefPassword opens the key in clef's keystore.
const clefPassword = "correct horse battery staple"

// clefProgram is where packaging/test-clef.sh puts it.
func clefProgram() string {
	if path, err := exec.LookPath("clef"); err == nil {
		return path
	}
	if found, err := filepath.Glob("../../.tools/bin/clef"); err == nil && len(found) == 1 {
		return found[0]
	}
	return ""
}

// person sits before clef and answers what it asks.
type person struct {
	t     *testing.T
	mu    sync.Mutex // guards the fields below
	allow bool       // transactions
	asked []string   // methods, in order
}

// clefQuestion is what clef asks its user interface, a JSON-RPC request.
type clefQuestion struct {
	ID     json.RawMessage   `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
}

// answer is what a person says to a question; nil: nothing is asked.
func (p *person) answer(q clefQuestion) any {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, q.Method)
	var about struct {
		Transaction json.RawMessage `json:"transaction"`
		Accounts    json.RawMessage `json:"accounts"`
	}
	if len(q.Params) > 0 {
		_ = json.Unmarshal(q.Params[0], &about) // what is no object has neither
	}
	switch q.Method {
	case "ui_approveListing":
		return map[string]any{"accounts": about.Accounts}
	case "ui_approveTx":
		return map[string]any{"transaction": about.Transaction, "approved": p.allow}
	case "ui_onInputRequired":
		return map[string]any{"text": clefPassword}
	}
	return nil
}

// attend answers on clef's standard streams until it ends.
func (p *person) attend(out io.Reader, in io.Writer) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var q clefQuestion
		if json.Unmarshal(lines.Bytes(), &q) != nil || q.Method == "" {
			continue
		}
		said := p.answer(q)
		if said == nil || len(q.ID) == 0 {
			continue
		}
		data, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": q.ID, "result": said})
		if err != nil {
			p.t.Errorf("answer %s: %v", q.Method, err)
			return
		}
		if _, err := fmt.Fprintf(in, "%s\n", data); err != nil {
			return // clef has ended
		}
	}
}

// realClef starts clef with one key, before a person; "" says that there is no clef here.
func realClef(t *testing.T, key *identity.Key, chainID *big.Int) (endpoint string, p *person) {
	t.Helper()
	program := clefProgram()
	if program == "" {
		return "", nil
	}
	folder, err := os.MkdirTemp("", "clef") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	keys := keystore.NewKeyStore(filepath.Join(folder, "keys"), keystore.LightScryptN, keystore.LightScryptP)
	if _, err := keys.ImportECDSA(key.ECDSA(), clefPassword); err != nil {
		t.Fatal(err)
	}
	endpoint = filepath.Join(folder, "clef.ipc")
	clef := exec.Command(program, "--stdio-ui", "--suppress-bootwarn", "--nousb", "--lightkdf", "--chainid", chainID.String(), "--keystore", filepath.Join(folder, "keys"),
		"--configdir", folder, "--ipcpath", folder, "--4bytedb-custom", filepath.Join(folder, "4byte.json"), "--auditlog", filepath.Join(folder, "audit.log"))
	in, err := clef.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := clef.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	clef.Stderr = &said
	if err := clef.Start(); err != nil {
		t.Fatal(err)
	}
	p = &person{t: t, allow: true}
	done := make(chan struct{})
	go func() { defer close(done); p.attend(out, in) }()
	t.Cleanup(func() {
		_ = clef.Process.Kill() // it has nothing to lose
		<-done
		_ = clef.Wait()
	})
	for deadline := time.Now().Add(time.Minute); ; {
		if socket, err := net.Dial("unix", endpoint); err == nil {
			_ = socket.Close()
			return endpoint, p
		}
		if time.Now().After(deadline) {
			t.Fatalf("clef opens no socket: %s", said.String())
		}
		<-time.After(20 * time.Millisecond)
	}
}

// The real clef, with a person before it: what the person approves is signed and sent, what
// not is not, and clef's key never comes here.
func TestTheRealClefSignsWhatAPersonApproves(t *testing.T) {
	n := newNetwork(t)
	endpoint, p := realClef(t, n.outside, n.client.sender.chainID)
	if p == nil {
		t.Log("there is no clef here: `make test-tools` builds it")
		return
	}
	to := common.Address{0xcb}
	clef, err := DialClef(endpoint, common.Address{})
	if err != nil || clef.Address() != n.outside.Address() {
		t.Fatalf("%v, %v", clef, err)
	}
	n.must(n.client.Fund(n.ctx, clef, to, big.NewInt(3)))
	if paid := balanceOf(t, n.dev, to); paid != 3 {
		t.Errorf("%d wei were paid, want 3", paid)
	}
	p.mu.Lock()
	p.allow = false
	asked := strings.Join(p.asked, " ")
	p.mu.Unlock()
	if !strings.Contains(asked, "ui_approveTx") || !strings.Contains(asked, "ui_onInputRequired") {
		t.Errorf("the person was asked %s", asked)
	}
	if _, err := n.client.Fund(n.ctx, clef, to, big.NewInt(4)); err == nil || !strings.Contains(err.Error(), "did not sign") {
		t.Errorf("a transaction that the person refused: %v", err)
	}
	if paid := balanceOf(t, n.dev, to); paid != 3 {
		t.Errorf("%d wei were paid, want 3 still", paid)
	}
}
