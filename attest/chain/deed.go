package chain

import (
	"bytes"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/attest/contracts/bindings/disputes"
	"github.com/medhive/medhive/attest/contracts/bindings/hivetoken"
	"github.com/medhive/medhive/attest/contracts/bindings/jobescrow"
	"github.com/medhive/medhive/attest/contracts/bindings/noderegistry"
	"github.com/medhive/medhive/attest/contracts/bindings/rewarddistributor"
	"github.com/medhive/medhive/attest/contracts/bindings/timelock"
)

// Deed is a call in words: what a person reads before a key signs it.
type Deed struct {
	To common.Address `json:"to"`
	// Contract is what the address book calls To. Without a book it is what the
	// method alone tells, which an attacker can choose; then Guessed is set.
	Contract  string        `json:"contract,omitempty"`
	Guessed   bool          `json:"contract_guessed,omitempty"`
	Method    string        `json:"method,omitempty"` // with its types; empty: ether is sent, or the call is not Known
	Arguments []Argument    `json:"arguments,omitempty"`
	EtherWei  *big.Int      `json:"ether_wei"`        // wei of ether that go along
	Inner     []Deed        `json:"inner,omitempty"`  // what a timelock is asked to do
	Data      hexutil.Bytes `json:"data,omitempty"`   // of a call that is not Known
	Unread    string        `json:"unread,omitempty"` // why the call is not Known
}

// Argument is one argument of a call in words; lists take several.
type Argument struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// maxInnerDeeds bounds how deep a timelock's calls are read: one that schedules
// another on itself has no use.
const maxInnerDeeds = 3

// Known says whether the whole call, with all that it makes others do, is one of
// the contracts' and could be read.
func (d Deed) Known() bool {
	if d.Unread != "" {
		return false
	}
	for _, inner := range d.Inner {
		if !inner.Known() {
			return false
		}
	}
	return true
}

// Describe reads a call that carries etherWei, for whoever has to sign or stop it.
// No chain is asked. With an address book, only its contracts are known, each by
// its own methods; a zero book knows every contract by its methods alone.
func Describe(call Call, etherWei *big.Int, book Addresses) Deed {
	return newMethods().describe(call, etherWei, book, 0)
}

func (m methods) describe(call Call, etherWei *big.Int, book Addresses, depth int) Deed {
	d := Deed{To: call.To, EtherWei: etherWei}
	unread := func(why string) Deed {
		d.Unread, d.Data = why, call.Data
		return d
	}
	if call.To == (common.Address{}) {
		return unread("it names no receiver")
	}
	booked := book != Addresses{}
	if booked {
		d.Contract = book.name(call.To)
	}
	if len(call.Data) == 0 && d.Contract == "" {
		return d // ether for an account
	}
	if booked && d.Contract == "" {
		return unread("the receiver is none of the network's contracts")
	}
	if len(call.Data) < selectorBytes {
		return unread("it names no method")
	}
	method, known := m.find(d.Contract, [selectorBytes]byte(call.Data[:selectorBytes]))
	if !known {
		return unread("the contracts have no such method")
	}
	values, err := method.Inputs.Unpack(call.Data[selectorBytes:])
	if err != nil {
		return unread("its arguments can't be read")
	}
	// What is read must be all there is: nothing hides behind the arguments.
	if again, err := method.Inputs.Pack(values...); err != nil || !bytes.Equal(again, call.Data[selectorBytes:]) {
		return unread("its arguments are not encoded as the contracts' are")
	}
	d.Contract, d.Guessed, d.Method = method.contract, !booked, method.Sig
	for i, input := range method.Inputs {
		d.Arguments = appendArgument(d.Arguments, method.contract, input.Name, input.Type, reflect.ValueOf(values[i]))
	}
	inner := innerCalls(method.contract, method.RawName, values)
	if len(inner) > 0 && depth == maxInnerDeeds {
		return unread("its calls lie too deep in one another")
	}
	for _, one := range inner {
		d.Inner = append(d.Inner, m.describe(one.Call, one.etherWei, book, depth+1))
	}
	return d
}

// name is what the book calls an address; empty if it is none of the book's.
func (a Addresses) name(address common.Address) string {
	for _, contract := range []struct {
		name string
		at   common.Address
	}{
		{"HiveToken", a.Token}, {"NodeRegistry", a.Registry}, {"RewardDistributor", a.Distributor},
		{"Disputes", a.Disputes}, {"JobEscrow", a.Escrow}, {"Timelock", a.Timelock},
	} {
		if contract.at == address && address != (common.Address{}) {
			return contract.name
		}
	}
	return ""
}

// method is one that changes something, of a contract.
type method struct {
	contract string
	abi.Method
}

// methods are those of all contracts by their selectors. Where two contracts share
// one, as HiveToken and Timelock do AccessControl's, both stand there.
type methods map[[selectorBytes]byte][]method

func newMethods() methods {
	all := make(methods)
	for _, contract := range []struct {
		name string
		abi  abi.ABI
	}{
		{"RewardDistributor", rewarddistributor.NewRewardDistributor().GetABI()},
		{"HiveToken", hivetoken.NewHiveToken().GetABI()},
		{"NodeRegistry", noderegistry.NewNodeRegistry().GetABI()},
		{"JobEscrow", jobescrow.NewJobEscrow().GetABI()},
		{"Disputes", disputes.NewDisputes().GetABI()},
		{"Timelock", timelock.NewTimelock().GetABI()},
	} {
		for _, one := range contract.abi.Methods {
			if selector := [selectorBytes]byte(one.ID); !one.IsConstant() {
				all[selector] = append(all[selector], method{contract.name, one})
			}
		}
	}
	return all
}

// find is the method under a selector, of the contract of that name, or of the
// first of all that has it where the name is empty.
func (m methods) find(contract string, selector [selectorBytes]byte) (method, bool) {
	for _, one := range m[selector] {
		if contract == "" || contract == one.contract {
			return one, true
		}
	}
	return method{}, false
}

// innerCall is what a timelock is asked to do.
type innerCall struct {
	Call
	etherWei *big.Int
}

// innerCalls are the calls in the arguments of a timelock's method.
func innerCalls(contract, method string, values []any) []innerCall {
	if contract != "Timelock" {
		return nil
	}
	switch method {
	case "schedule", "execute":
		return []innerCall{{Call{values[0].(common.Address), values[2].([]byte)}, values[1].(*big.Int)}}
	case "scheduleBatch", "executeBatch":
		targets, ether, payloads := values[0].([]common.Address), values[1].([]*big.Int), values[2].([][]byte)
		var calls []innerCall
		for i := range min(len(targets), len(ether), len(payloads)) {
			calls = append(calls, innerCall{Call{targets[i], payloads[i]}, ether[i]})
		}
		return calls
	}
	return nil
}

// appendArgument adds one argument, a line for each element of a list and each
// field of a struct.
func appendArgument(list []Argument, contract, name string, kind abi.Type, value reflect.Value) []Argument {
	switch kind.T {
	case abi.SliceTy, abi.ArrayTy:
		if value.Len() == 0 {
			return append(list, Argument{name, "none"})
		}
		for i := range value.Len() {
			list = appendArgument(list, contract, fmt.Sprintf("%s[%d]", name, i), *kind.Elem, value.Index(i))
		}
		return list
	case abi.TupleTy:
		for i, field := range kind.TupleRawNames {
			list = appendArgument(list, contract, name+"."+field, *kind.TupleElems[i], value.Field(i))
		}
		return list
	}
	return append(list, Argument{name, valueInWords(contract, name, value.Interface())})
}

// valueInWords writes one value of a call; names tell amounts from times.
func valueInWords(contract, name string, value any) string {
	name, _, _ = strings.Cut(name[strings.LastIndex(name, ".")+1:], "[")
	switch v := value.(type) {
	case *big.Int:
		switch name {
		case "amount", "amounts", "value", "values", "cumulativeWei", "cumulativeTotal", "slashWei":
			coin := "HIVE"
			if contract == "Timelock" {
				coin = "ether"
			}
			if v.Cmp(abi.MaxUint256) == 0 {
				return "all " + coin + ", without limit"
			}
			return FormatHive(v) + " " + coin
		case "delay", "newDelay":
			if v.IsInt64() && v.Int64() < int64(maxSpan/time.Second) {
				return (time.Duration(v.Int64()) * time.Second).String()
			}
		case "expiry":
			name = "deadline"
		}
		return inWords(name, v)
	case uint64:
		switch name {
		case "totalGwei":
			wei := new(big.Int).SetUint64(v)
			return FormatHive(wei.Mul(wei, big.NewInt(gweiWei))) + " HIVE since the beginning"
		case "until":
			name = "deadline"
		}
		return inWords(name, v)
	case [32]byte:
		if word, known := roleWords()[v]; name == "role" && known {
			return word
		}
		return inWords(name, v)
	case [2]byte:
		return inWords(name, v)
	case []byte:
		return fmt.Sprintf("%d bytes, keccak256 %s", len(v), crypto.Keccak256Hash(v))
	}
	return inWords(name, value)
}

// maxSpan is the longest time that a time.Duration holds, rounded down.
const maxSpan = 290 * 365 * 24 * time.Hour

// gweiWei is a gwei in wei.
const gweiWei = 1e9

// roleWords are the roles of OpenZeppelin's AccessControl that the contracts have.
func roleWords() map[[32]byte]string {
	words := map[[32]byte]string{{}: "DEFAULT_ADMIN_ROLE"}
	for _, name := range []string{"MINTER_ROLE", "PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"} {
		words[roleID(name)] = name
	}
	return words
}

// roleID is keccak256 of a role's name, AccessControl's convention.
func roleID(name string) [32]byte { return [32]byte(crypto.Keccak256([]byte(name))) }

// Describe reads what the transaction does.
func (u Unsigned) Describe(book Addresses) Deed {
	return Describe(Call{u.To, u.Data}, u.Value.ToInt(), book)
}

// MaxFeeWei is the most ether, in wei, that its sender pays for gas.
func (u Unsigned) MaxFeeWei() *big.Int {
	gas := new(big.Int).SetUint64(uint64(u.Gas))
	return gas.Mul(gas, u.FeeCap.ToInt())
}

// Lines is the deed for a person: one line a fact, inner calls indented.
func (d Deed) Lines() []string {
	contract := d.Contract
	switch {
	case contract == "":
		contract = "account"
	case d.Guessed:
		contract = "a contract with the methods of " + contract
	}
	var lines []string
	switch {
	case d.Unread != "":
		lines = append(lines, fmt.Sprintf("UNKNOWN call of %s: %s; %d bytes, keccak256 %s", d.To, d.Unread, len(d.Data), crypto.Keccak256Hash(d.Data)))
	case d.Method == "":
		lines = append(lines, fmt.Sprintf("sends ether to account %s", d.To))
	default:
		lines = append(lines, fmt.Sprintf("calls %s of %s at %s", d.Method, contract, d.To))
	}
	if d.EtherWei != nil && d.EtherWei.Sign() > 0 {
		lines = append(lines, fmt.Sprintf("  ether: %s", FormatHive(d.EtherWei)))
	}
	for _, argument := range d.Arguments {
		lines = append(lines, fmt.Sprintf("  %s: %s", argument.Name, argument.Value))
	}
	if d.Method == "claim(address,uint256,bytes32[])" {
		lines = append(lines, "  it pays the recipient that the registry names for the node, whoever sends it")
	}
	for _, inner := range d.Inner {
		for _, line := range inner.Lines() {
			lines = append(lines, "    "+line)
		}
	}
	return lines
}
