package chain

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
)

// dataError is an RPC error with revert data, as geth sends it.
type dataError struct{ data any }

func (e dataError) Error() string  { return "execution reverted" }
func (e dataError) ErrorData() any { return e.data }

// Every custom error of our own contracts has words that fit its arguments.
func TestEveryCustomErrorHasWords(t *testing.T) {
	inherited := map[string]bool{ // never reached by this client's calls
		"ECDSAInvalidSignature": true, "ECDSAInvalidSignatureLength": true, "ECDSAInvalidSignatureS": true,
		"InvalidShortString": true, "StringTooLong": true, "SafeERC20FailedOperation": true,
		"OwnableInvalidOwner": true, "SafeCastOverflowedUintDowncast": true, "AccessControlBadConfirmation": true,
		"CheckpointUnorderedInsertion": true, "ERC20ExceededSafeSupply": true, "ERC20InvalidApprover": true, "ERC20InvalidReceiver": true,
		"ERC20InvalidSender": true, "ERC20InvalidSpender": true, "ERC2612ExpiredSignature": true, "ERC2612InvalidSigner": true,
		"ERC5805FutureLookup": true, "InvalidAccountNonce": true, "VotesExpiredSignature": true,
	}
	r := newRefusals()
	for _, contract := range r.abis {
		for name, definition := range contract.Errors {
			if inherited[name] {
				continue
			}
			if _, ok := sentences(name); !ok {
				t.Errorf("%s has no words", name)
			}
			refusal := r.decode(encode(t, definition))
			if refusal == nil || refusal.Name != name {
				t.Errorf("%s decodes to %+v", name, refusal)
				continue
			}
			if strings.Contains(refusal.Error(), "contract refused") || strings.Contains(refusal.Error(), "%!") {
				t.Errorf("%s: words don't fit: %s", name, refusal)
			}
			t.Log(refusal)
		}
	}
}

// encode is revert data of an error with some argument of each type.
func encode(t *testing.T, definition abi.Error) []byte {
	t.Helper()
	var arguments []any
	for _, input := range definition.Inputs {
		switch input.Type.String() {
		case "address":
			arguments = append(arguments, common.Address{19: 1})
		case "uint256":
			arguments = append(arguments, big.NewInt(1_800_000_000))
		case "uint64":
			arguments = append(arguments, uint64(86_400))
		case "uint8":
			arguments = append(arguments, uint8(2))
		case "uint32":
			arguments = append(arguments, uint32(3))
		case "uint48":
			arguments = append(arguments, big.NewInt(4))
		case "string":
			arguments = append(arguments, "text")
		case "bytes32":
			arguments = append(arguments, [32]byte{5})
		case "bytes2":
			arguments = append(arguments, [2]byte{'x', 'y'})
		default:
			t.Fatalf("%s has an argument of type %s", definition.Name, input.Type)
		}
	}
	packed, err := definition.Inputs.Pack(arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return append(definition.ID.Bytes()[:selectorBytes:selectorBytes], packed...)
}

func TestExplainLeavesOtherErrors(t *testing.T) {
	r := newRefusals()
	plain := errors.New("connection refused")
	for name, err := range map[string]error{
		"no data":          plain,
		"not a string":     dataError{7},
		"not hex":          dataError{"0xzz"},
		"too short":        dataError{"0x01"},
		"unknown selector": dataError{"0x01020304"},
		"cut arguments":    dataError{hexutil.Encode(r.abis[0].Errors["NotPoster"].ID.Bytes()[:selectorBytes])},
	} {
		var refusal *Refusal
		if got := r.explain(err); got == nil || errors.As(got, &refusal) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if r.explain(nil) != nil {
		t.Error("nil became an error")
	}
	if err := r.explain(errors.New("insufficient funds for gas * price + value")); !strings.Contains(err.Error(), "send ether") {
		t.Errorf("no advice in %v", err)
	}
}

func FuzzDecodeRevertData(f *testing.F) {
	r := newRefusals()
	for _, contract := range r.abis {
		for _, definition := range contract.Errors {
			f.Add(append(definition.ID.Bytes()[:selectorBytes:selectorBytes], make([]byte, 96)...))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if refusal := r.decode(data); refusal != nil && refusal.Name == "" {
			t.Fatal("a refusal without a name")
		}
	})
}
