package chain

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
)

func consented(t *testing.T) (attest.Domain, Consent, string) {
	t.Helper()
	hot, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	domain := attest.Domain{ChainID: big.NewInt(1337), Registry: common.Address{5}}
	c := Consent{Registration: Registration{
		Operator: common.Address{1}, HotKey: hot.Address(), Recipient: common.Address{3}, Jurisdiction: "DE", Voucher: [32]byte{4},
		Deadline: time.Unix(1_800_000_000, 0).UTC(),
	}}
	if c.Signature, err = c.Registration.Sign(domain, hot.ECDSA()); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return domain, c, string(text)
}

func TestAConsentTravelsAsItWasSigned(t *testing.T) {
	domain, want, text := consented(t)
	got, err := DecodeConsent([]byte(text), domain)
	if err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	other := domain
	other.Registry = common.Address{6}
	if _, err := DecodeConsent([]byte(text), other); err == nil {
		t.Error("a consent for another network was taken")
	}
	for name, bad := range map[string]string{
		"another recipient": strings.Replace(text, "0x0300", "0x0301", 1),
		"another country":   strings.Replace(text, `"DE"`, `"FR"`, 1),
		"no country":        strings.Replace(text, `"DE"`, `"de"`, 1),
		"later":             strings.Replace(text, "2027", "2028", 1),
		"unknown field":     strings.Replace(text, "{", `{"bond":1,`, 1),
		"nothing":           "{}",
		"no JSON":           "x",
		"huge":              text + strings.Repeat(" ", maxConsentBytes),
	} {
		if bad == text {
			t.Fatalf("%s: the text was not changed", name)
		}
		if _, err := DecodeConsent([]byte(bad), domain); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func FuzzDecodeConsent(f *testing.F) {
	f.Add([]byte(`{"operator":"0x0000000000000000000000000000000000000001","jurisdiction":"DE"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := DecodeConsent(text, attest.Domain{}); err == nil && c.Registration.Validate() != nil {
			t.Fatal("an invalid consent was taken")
		}
	})
}

func FuzzDecodeUnsigned(f *testing.F) {
	f.Add([]byte(`{"chainId":"0x1","from":"0x0000000000000000000000000000000000000001","maxFeePerGas":"0x1","maxPriorityFeePerGas":"0x1","value":"0x0","data":"0x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		u, err := DecodeUnsigned(text)
		if err != nil {
			return
		}
		if _, err := json.Marshal(u); err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
	})
}
