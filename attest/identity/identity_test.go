package identity

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	ethcrypto "github.com/ethereum/go-ethereum/crypto"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"pgregory.net/rapid"
)

// goldenHex is a widely published development key, with a well-known address.
const (
	goldenHex     = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
	goldenAddress = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
)

func TestKeyIsOneKeyInThreeGuises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scalar := rapid.SliceOfN(rapid.Byte(), scalarBytes, scalarBytes).Draw(t, "scalar")
		key, err := fromScalar(scalar)
		if err != nil {
			return // zero or beyond the curve's order
		}
		address, err := AddressOf(key.PeerID())
		if err != nil {
			t.Fatal(err)
		}
		if address != key.Address() || address != ethcrypto.PubkeyToAddress(key.ECDSA().PublicKey) {
			t.Fatalf("address by peer id %s, by key %s", address, key.Address())
		}
		if !key.PeerID().MatchesPrivateKey(key.Libp2p()) {
			t.Fatal("peer id does not match the libp2p key")
		}
	})
}

func TestLoadReadsAPublishedKey(t *testing.T) {
	for name, text := range map[string]string{
		"plain": goldenHex, "newline": goldenHex + "\n", "prefixed": "0x" + goldenHex, "upper case": strings.ToUpper(goldenHex),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(text), fileMode); err != nil {
				t.Fatal(err)
			}
			key, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if key.Address() != common.HexToAddress(goldenAddress) {
				t.Fatalf("address %s, want %s", key.Address(), goldenAddress)
			}
		})
	}
}

func TestLoadOrCreateKeepsTheKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node", "key")
	first, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	if first.Address() != second.Address() {
		t.Fatal("a second call made another key")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != fileMode {
		t.Fatalf("mode %#o, want %#o", info.Mode().Perm(), fileMode)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d files beside the key (%v), want only the key", len(entries), err)
	}
}

func TestLoadOrCreateByManyAtOnceGivesOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	const callers = 8
	addresses := make([]common.Address, callers)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			key, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
				return
			}
			addresses[i] = key.Address()
		})
	}
	group.Wait()
	for _, address := range addresses {
		if address != addresses[0] {
			t.Fatal("two callers ended with different keys")
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode fs.FileMode
		want string
	}{
		"group readable":         {goldenHex, 0o640, "chmod 600"},
		"world readable":         {goldenHex, 0o604, "chmod 600"},
		"group writable":         {goldenHex, 0o620, "chmod 600"},
		"empty":                  {"", fileMode, "hex digits belong"},
		"short":                  {goldenHex[:62], fileMode, "hex digits belong"},
		"not hex":                {strings.Repeat("zz", scalarBytes), fileMode, "not hex digits"},
		"zero":                   {strings.Repeat("00", scalarBytes), fileMode, "not a secp256k1 private key"},
		"beyond the curve order": {strings.Repeat("ff", scalarBytes), fileMode, "not a secp256k1 private key"},
		"huge":                   {strings.Repeat("a", 1<<20), fileMode, "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(c.text), fileMode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := LoadOrCreate(path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if len(c.text) > 60 && strings.Contains(err.Error(), c.text[:20]) {
				t.Fatal("the error quotes the key")
			}
			if strings.Contains(err.Error(), filepath.Dir(path)) {
				t.Fatal("the error holds a full path")
			}
			if strings.Contains(c.want, "chmod") && !errors.Is(err, ErrLoosePermissions) {
				t.Fatal("the error is not ErrLoosePermissions")
			}
		})
	}
	t.Run("folder", func(t *testing.T) {
		if _, err := LoadOrCreate(t.TempDir()); err == nil {
			t.Fatal("a folder was taken for a key file")
		}
	})
}

func TestAddressOfRefusesOtherKinds(t *testing.T) {
	_, ed, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edID, err := peer.IDFromPublicKey(ed)
	if err != nil {
		t.Fatal(err)
	}
	_, rsa, err := crypto.GenerateRSAKeyPair(2048, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaID, err := peer.IDFromPublicKey(rsa)
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]peer.ID{"ed25519": edID, "rsa": rsaID, "empty": "", "garbage": "not a peer id"} {
		if _, err := AddressOf(id); !errors.Is(err, ErrNotSecp256k1) {
			t.Errorf("%s: error %v, want ErrNotSecp256k1", name, err)
		}
	}
}

func TestPrintingAKeyShowsNoSecret(t *testing.T) {
	key, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(key), fmt.Sprintf("%+v", key), fmt.Sprintf("%#v", key), fmt.Sprint(*key), fmt.Sprintf("%+v", *key)} {
		if strings.Contains(text, key.ECDSA().D.String()) || strings.Contains(text, key.ECDSA().D.Text(16)) {
			t.Fatalf("the secret shows in %q", text)
		}
	}
}

func FuzzAddressOf(f *testing.F) {
	key, err := Generate()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(key.PeerID()))
	f.Add([]byte{0, 2, 8, 2})
	f.Fuzz(func(t *testing.T, id []byte) {
		address, err := AddressOf(peer.ID(id))
		if err == nil && address == (common.Address{}) {
			t.Fatal("no error and no address")
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(goldenHex))
	f.Add([]byte("0x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		scalar, err := parse(text)
		if err != nil {
			return
		}
		if _, err := fromScalar(scalar); err != nil {
			t.Fatalf("parse took what fromScalar refuses: %v", err)
		}
	})
}
