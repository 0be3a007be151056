package binding

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"
	"rsc.io/qr"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
)

var (
	domain = attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0xaa")}
	node   = common.HexToAddress("0x52908400098527886E0F7030069857D2E4169EE7")
)

// screen is a machine that shows its page.
type screen struct {
	t      *testing.T
	offer  Offer
	door   *Door
	server *httptest.Server
	kept   []attest.SignedOwnerBinding
	fault  error // of keeping
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	s := &screen{t: t}
	var err error
	if s.offer, err = NewOffer(node, domain, time.Now()); err != nil {
		t.Fatal(err)
	}
	s.door, err = NewDoor(s.offer, nil, func(b attest.SignedOwnerBinding) error {
		s.kept = append(s.kept, b)
		return s.fault
	})
	if err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewServer(s.door)
	t.Cleanup(s.server.Close)
	return s
}

func (s *screen) get(path string) (int, string) {
	s.t.Helper()
	answer, err := http.Get(s.server.URL + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(answer)
}

func (s *screen) read(answer *http.Response) (int, string) {
	s.t.Helper()
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		s.t.Errorf("the answer has the policy %q", policy)
	}
	return answer.StatusCode, string(text)
}

func (s *screen) post(owner, signature string) (int, string) {
	s.t.Helper()
	answer, err := http.PostForm(s.server.URL+s.offer.Path(), url.Values{"owner": {owner}, "signature": {signature}})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(answer)
}

func wallet(t *testing.T) *identity.Key {
	t.Helper()
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign is what a wallet does with the typed data that the page gives it.
func (s *screen) sign(key *identity.Key) string {
	s.t.Helper()
	code, text := s.get(s.offer.Path() + "/typed-data?owner=" + key.Address().Hex())
	var typed apitypes.TypedData
	if err := json.Unmarshal([]byte(text), &typed); code != http.StatusOK || err != nil {
		s.t.Fatalf("typed data: %d, %v: %s", code, err, text)
	}
	digest, _, err := apitypes.TypedDataAndHash(typed)
	if err != nil {
		s.t.Fatal(err)
	}
	signature, err := crypto.Sign(digest, key.ECDSA())
	if err != nil {
		s.t.Fatal(err)
	}
	return hexutil.Encode(signature)
}

// TestAWalletBindsTheMachine: what the page gives to a wallet and what the node checks are
// one statement, and only the first right answer counts.
func TestAWalletBindsTheMachine(t *testing.T) {
	s, owner := newScreen(t), wallet(t)
	if code, page := s.get(s.offer.Path()); code != http.StatusOK || !strings.Contains(page, node.Hex()) {
		t.Fatalf("%d: %s", code, page)
	}
	for _, part := range []string{"/script.js", "/style.css"} {
		if code, text := s.get(s.offer.Path() + part); code != http.StatusOK || text == "" {
			t.Errorf("%s: %d", part, code)
		}
	}
	if code, page := s.post(owner.Address().Hex(), s.sign(owner)); code != http.StatusOK || !strings.Contains(page, "It is bound") {
		t.Fatalf("%d: %s", code, page)
	}
	select {
	case signed := <-s.door.Done():
		if signed.Binding.Owner != owner.Address() || signed.Verify(t.Context(), domain, nil) != nil || len(s.kept) != 1 {
			t.Fatalf("%+v", signed)
		}
	default:
		t.Fatal("nobody is told")
	}
	thief := wallet(t)
	if code, _ := s.post(thief.Address().Hex(), s.sign(thief)); code != http.StatusConflict || len(s.kept) != 1 {
		t.Errorf("a second wallet: %d, %d kept", code, len(s.kept))
	}
}

func TestThePageRefuses(t *testing.T) {
	s, owner, other := newScreen(t), wallet(t), wallet(t)
	good := s.sign(owner)
	for name, c := range map[string]struct {
		owner, signature string
		want             int
	}{
		"no address":             {"", good, http.StatusBadRequest},
		"no signature":           {owner.Address().Hex(), "", http.StatusBadRequest},
		"no hex digits":          {owner.Address().Hex(), "0xzz", http.StatusBadRequest},
		"another's signature":    {other.Address().Hex(), good, http.StatusForbidden},
		"a wallet without chain": {owner.Address().Hex(), "0x" + strings.Repeat("ab", 100), http.StatusForbidden},
		"the node itself":        {node.Hex(), good, http.StatusForbidden},
	} {
		if code, page := s.post(c.owner, c.signature); code != c.want || !strings.Contains(page, "alert") {
			t.Errorf("%s: %d, want %d", name, code, c.want)
		}
	}
	for _, path := range []string{"/", "/bind/", "/bind/" + strings.Repeat("0", 32), s.offer.Path() + "x", s.offer.Path() + "/other", s.offer.Path()[:20]} {
		if code, page := s.get(path); code != http.StatusNotFound || strings.Contains(page, node.Hex()) {
			t.Errorf("%s: %d", path, code)
		}
	}
	if code, _ := s.get(s.offer.Path() + "/typed-data?owner=x"); code != http.StatusBadRequest {
		t.Errorf("typed data for nobody: %d", code)
	}
	if code, _ := s.post(owner.Address().Hex(), "0x"+strings.Repeat("ab", maxAnswerBytes)); code != http.StatusBadRequest {
		t.Errorf("an endless answer: %d", code)
	}
	if len(s.kept) != 0 {
		t.Errorf("%d answers were kept", len(s.kept))
	}
	s.door.now = func() time.Time { return s.offer.Deadline.Add(time.Second) }
	if code, page := s.post(owner.Address().Hex(), good); code != http.StatusForbidden || !strings.Contains(page, "the code is over") {
		t.Errorf("after its end: %d", code)
	}
}

// contract is a wallet of one owner, whose signatures have 65 bytes as a key's do.
type contract struct {
	at    common.Address
	owner *identity.Key
	fault error
}

func (c contract) IsValidSignature(_ context.Context, wallet common.Address, hash [32]byte, sig []byte) (bool, error) {
	if c.fault != nil {
		return false, c.fault
	}
	key, err := crypto.SigToPub(hash[:], sig)
	return err == nil && wallet == c.at && crypto.PubkeyToAddress(*key) == c.owner.Address(), nil
}

// TestAContractWalletOfOneOwner: 65 bytes that are not the address's own key's are its
// contract's, if that says so.
func TestAContractWalletOfOneOwner(t *testing.T) {
	now := time.Now()
	offer, err := NewOffer(node, domain, now)
	if err != nil {
		t.Fatal(err)
	}
	one := contract{at: common.HexToAddress("0xc0ffee"), owner: wallet(t)}
	typed := func(owner common.Address, key *identity.Key) []byte {
		digest, _, err := apitypes.TypedDataAndHash(offer.TypedData(owner))
		if err != nil {
			t.Fatal(err)
		}
		signature, err := crypto.Sign(digest, key.ECDSA())
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
	signed, err := offer.Accept(t.Context(), one.at, typed(one.at, one.owner), one, now)
	if err != nil || signed.WalletSig == "" || !signed.OwnerSig.IsZero() || signed.Verify(t.Context(), domain, one) != nil {
		t.Fatalf("%+v, %v", signed, err)
	}
	if signed, err := offer.Accept(t.Context(), one.owner.Address(), typed(one.owner.Address(), one.owner), one, now); err != nil || signed.WalletSig != "" {
		t.Errorf("the key's own: %+v, %v", signed, err)
	}
	if _, err := offer.Accept(t.Context(), one.at, typed(one.at, wallet(t)), one, now); !errors.Is(err, attest.ErrSignature) {
		t.Errorf("a stranger's: %v", err)
	}
	if _, err := offer.Accept(t.Context(), one.at, typed(one.at, one.owner), nil, now); err == nil {
		t.Error("a contract is believed that nobody asked")
	}
	one.fault = errors.New("no chain")
	if _, err := offer.Accept(t.Context(), one.at, typed(one.at, one.owner), one, now); !errors.Is(err, attest.ErrUnchecked) {
		t.Errorf("without an answer: %v", err)
	}
}

// TestWhatIsNotKeptIsNotAcknowledged: a full disk leaves the machine unbound and the page open.
func TestWhatIsNotKeptIsNotAcknowledged(t *testing.T) {
	s, owner := newScreen(t), wallet(t)
	s.fault = errors.New("the disk is full")
	if code, page := s.post(owner.Address().Hex(), s.sign(owner)); code != http.StatusConflict || strings.Contains(page, "It is bound") {
		t.Fatalf("%d: %s", code, page)
	}
	s.fault = nil
	if code, _ := s.post(owner.Address().Hex(), s.sign(owner)); code != http.StatusOK {
		t.Fatalf("once there is room: %d", code)
	}
}

// TestPictures: both pictures show the very modules of the code, with a margin.
func TestPictures(t *testing.T) {
	const text = "http://192.168.1.20:9404/bind/00112233445566778899aabbccddeeff"
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := Picture(text)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(picture, "\n"), "\n")
	if want := (code.Size + 2*quiet + 1) / 2; len(lines) != want {
		t.Fatalf("%d lines, want %d", len(lines), want)
	}
	for y, line := range lines {
		for x, cell := range []rune(line) {
			for half, light := range [2]bool{cell == '█' || cell == '▀', cell == '█' || cell == '▄'} {
				mx, my := x-quiet, 2*y+half-quiet
				dark := mx >= 0 && my >= 0 && mx < code.Size && my < code.Size && code.Black(mx, my)
				if light == dark {
					t.Fatalf("module %d, %d is wrong", mx, my)
				}
			}
		}
	}
	svg, err := SVG(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.NewDecoder(bytes.NewBufferString(svg)).Decode(new(struct{ XMLName xml.Name })); err != nil {
		t.Fatal(err)
	}
	if _, err := Picture(strings.Repeat("x", 5000)); err == nil {
		t.Error("more than a code holds is drawn")
	}
}
