package chain

import (
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/medhive/medhive/attest/contracts/bindings/disputes"
	"github.com/medhive/medhive/attest/contracts/bindings/hivetoken"
	"github.com/medhive/medhive/attest/contracts/bindings/jobescrow"
	"github.com/medhive/medhive/attest/contracts/bindings/noderegistry"
	"github.com/medhive/medhive/attest/contracts/bindings/rewarddistributor"
	"github.com/medhive/medhive/attest/contracts/bindings/timelock"
)

func book() Addresses {
	return Addresses{ChainID: 1, Token: common.Address{1}, Registry: common.Address{2}, Distributor: common.Address{3}, Disputes: common.Address{4}, Escrow: common.Address{5}, Timelock: common.Address{6}}
}

// What a thief would have a cold key sign is told from a claim.
func TestACallIsReadBeforeItIsSigned(t *testing.T) {
	a, thief := book(), common.Address{0xbb}
	token, distributor, lock := hivetoken.NewHiveToken(), rewarddistributor.NewRewardDistributor(), timelock.NewTimelock()
	claim := distributor.PackClaim(common.Address{9}, hive(12), [][32]byte{{7}})
	transfer := token.PackTransfer(thief, hive(1000))
	scheduled := func(call Call) []byte {
		return lock.PackSchedule(call.To, new(big.Int), call.Data, [32]byte{}, [32]byte{}, big.NewInt(86400))
	}
	nested := Call{a.Token, transfer}
	for range maxInnerDeeds + 1 {
		nested = Call{a.Timelock, scheduled(nested)}
	}
	for name, c := range map[string]struct {
		call  Call
		ether *big.Int
		book  Addresses
		known bool
		says  []string
	}{
		"a claim":                {Call{a.Distributor, claim}, new(big.Int), a, true, []string{"claim(address,uint256,bytes32[]) of RewardDistributor at " + a.Distributor.Hex(), "cumulativeWei: 12 HIVE", "recipient that the registry names"}},
		"a claim, without book":  {Call{a.Distributor, claim}, new(big.Int), Addresses{}, true, []string{"a contract with the methods of RewardDistributor"}},
		"a theft":                {Call{a.Token, transfer}, new(big.Int), a, true, []string{"transfer(address,uint256) of HiveToken", "to: " + thief.Hex(), "value: 1000 HIVE"}},
		"a theft for later":      {Call{a.Token, token.PackApprove(thief, abi.MaxUint256)}, new(big.Int), a, true, []string{"spender: " + thief.Hex(), "all HIVE, without limit"}},
		"a theft of ether":       {Call{thief, nil}, hive(3), a, true, []string{"sends ether to account " + thief.Hex(), "ether: 3"}},
		"ether that goes along":  {Call{a.Distributor, claim}, hive(3), a, true, []string{"ether: 3"}},
		"a role":                 {Call{a.Token, token.PackGrantRole(roleID("MINTER_ROLE"), thief)}, new(big.Int), a, true, []string{"role: MINTER_ROLE", "account: " + thief.Hex()}},
		"a scheduled theft":      {Call{a.Timelock, scheduled(Call{a.Token, transfer})}, new(big.Int), a, true, []string{"delay: 24h0m0s", "    calls transfer(address,uint256) of HiveToken", "value: 1000 HIVE"}},
		"a batch":                {Call{a.Timelock, lock.PackExecuteBatch([]common.Address{a.Token, a.Distributor}, []*big.Int{new(big.Int), new(big.Int)}, [][]byte{transfer, claim}, [32]byte{}, [32]byte{})}, new(big.Int), a, true, []string{"1000 HIVE", "12 HIVE"}},
		"a voucher":              {Call{a.Escrow, jobescrow.NewJobEscrow().PackRedeemMany([]jobescrow.JobEscrowVoucher{{Clinic: thief, TotalGwei: 5e9}}, nil)}, new(big.Int), a, true, []string{"vouchers[0].clinic: " + thief.Hex(), "vouchers[0].totalGwei: 5 HIVE since the beginning", "walletSignatures: none"}},
		"scheduled, not known":   {Call{a.Timelock, scheduled(Call{thief, []byte("whatever")})}, new(big.Int), a, false, []string{"none of the network's contracts"}},
		"scheduled in schedules": {nested, new(big.Int), a, false, []string{"too deep"}},
		"another receiver":       {Call{thief, claim}, new(big.Int), a, false, []string{"none of the network's contracts"}},
		"another's method":       {Call{a.Registry, transfer}, new(big.Int), a, false, []string{"no such method"}},
		"no method":              {Call{thief, []byte("wxyz")}, new(big.Int), Addresses{}, false, []string{"no such method"}},
		"half a method":          {Call{a.Token, transfer[:3]}, new(big.Int), a, false, []string{"names no method"}},
		"half a call":            {Call{a.Token, transfer[:40]}, new(big.Int), a, false, []string{"can't be read"}},
		"something behind it":    {Call{a.Token, slices.Concat(transfer, []byte{1})}, new(big.Int), a, false, []string{"not encoded as"}},
		"a view":                 {Call{a.Token, token.PackBalanceOf(thief)}, new(big.Int), a, false, []string{"no such method"}},
		"no receiver":            {Call{common.Address{}, transfer}, new(big.Int), Addresses{}, false, []string{"no receiver"}},
	} {
		deed := Describe(c.call, c.ether, c.book)
		said := strings.Join(deed.Lines(), "\n")
		if deed.Known() != c.known {
			t.Errorf("%s: known %t\n%s", name, deed.Known(), said)
		}
		for _, want := range c.says {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %q in\n%s", name, want, said)
			}
		}
	}
}

// Whatever the contracts can be asked, a person can read.
func TestEveryMethodIsKnown(t *testing.T) {
	a := book()
	methods := 0
	for name, contract := range map[string]struct {
		at  common.Address
		abi abi.ABI
	}{
		"HiveToken": {a.Token, hivetoken.NewHiveToken().GetABI()}, "NodeRegistry": {a.Registry, noderegistry.NewNodeRegistry().GetABI()},
		"RewardDistributor": {a.Distributor, rewarddistributor.NewRewardDistributor().GetABI()}, "Disputes": {a.Disputes, disputes.NewDisputes().GetABI()},
		"JobEscrow": {a.Escrow, jobescrow.NewJobEscrow().GetABI()}, "Timelock": {a.Timelock, timelock.NewTimelock().GetABI()},
	} {
		for _, method := range contract.abi.Methods {
			if method.IsConstant() {
				continue
			}
			methods++
			var values []any
			for _, input := range method.Inputs {
				values = append(values, example(input.Type.GetType(), a.Token).Interface())
			}
			arguments, err := method.Inputs.Pack(values...)
			if err != nil {
				t.Fatal(err)
			}
			deed := Describe(Call{contract.at, slices.Concat(method.ID, arguments)}, new(big.Int), a)
			if deed.Unread != "" || deed.Contract != name || deed.Method != method.Sig || len(deed.Arguments) < len(method.Inputs) {
				t.Errorf("%s.%s: %+v", name, method.Sig, deed)
			}
		}
	}
	if methods < 50 {
		t.Errorf("only %d methods", methods)
	}
}

// example is a value of a type that the ABI's encoding takes.
func example(kind reflect.Type, account common.Address) reflect.Value {
	value := reflect.New(kind).Elem()
	switch {
	case kind == reflect.TypeFor[*big.Int]():
		value.Set(reflect.ValueOf(big.NewInt(5)))
	case kind == reflect.TypeFor[common.Address]():
		value.Set(reflect.ValueOf(account))
	case kind.Kind() == reflect.Slice:
		value.Set(reflect.MakeSlice(kind, 2, 2))
		for i := range 2 {
			value.Index(i).Set(example(kind.Elem(), account))
		}
	case kind.Kind() == reflect.Struct:
		for i := range kind.NumField() {
			value.Field(i).Set(example(kind.Field(i).Type, account))
		}
	}
	return value
}

func FuzzDescribe(f *testing.F) {
	a := book()
	f.Add(a.Token[:], []byte(hivetoken.NewHiveToken().PackTransfer(a.Escrow, hive(1))))
	f.Add(a.Timelock[:], []byte(timelock.NewTimelock().PackSchedule(a.Timelock, new(big.Int), timelock.NewTimelock().PackCancel([32]byte{1}), [32]byte{}, [32]byte{}, big.NewInt(1))))
	f.Add(a.Escrow[:], []byte(jobescrow.NewJobEscrow().PackRedeemMany(make([]jobescrow.JobEscrowVoucher, 2), [][]byte{{1}})))
	f.Fuzz(func(t *testing.T, to, data []byte) {
		for _, known := range []Addresses{a, {}} {
			deed := Describe(Call{common.BytesToAddress(to), data}, new(big.Int), known)
			if len(deed.Lines()) == 0 {
				t.Fatal("nothing is said")
			}
			if deed.Known() && deed.Method == "" && len(data) > 0 {
				t.Fatalf("a call with %d bytes passes for a payment", len(data))
			}
		}
	})
}

func TestAnUnsignedTransactionTellsItsDearestFee(t *testing.T) {
	u := Unsigned{To: common.Address{1}, Gas: 3, FeeCap: (*hexutil.Big)(big.NewInt(5)), Value: (*hexutil.Big)(hive(2))}
	if fee := u.MaxFeeWei(); fee.Int64() != 15 {
		t.Errorf("%s wei", fee)
	}
	if deed := u.Describe(Addresses{}); !deed.Known() || deed.EtherWei.Cmp(hive(2)) != 0 {
		t.Errorf("%+v", deed)
	}
}
