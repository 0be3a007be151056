package chain

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/medhive/medhive/attest/contracts/bindings/disputes"
	"github.com/medhive/medhive/attest/contracts/bindings/hivetoken"
	"github.com/medhive/medhive/attest/contracts/bindings/jobescrow"
	"github.com/medhive/medhive/attest/contracts/bindings/noderegistry"
	"github.com/medhive/medhive/attest/contracts/bindings/rewarddistributor"
	"github.com/medhive/medhive/attest/contracts/bindings/timelock"
)

// selectorBytes is the length of a custom error's selector.
const selectorBytes = 4

// Refusal is a contract's no, in words. Name is the Solidity error's, for the
// callers that decide on it (see Refused).
type Refusal struct {
	Name string // for example "NothingToClaim"
	What string // what the contract found
	Do   string // what to do next; may be empty
}

// Error is "what; do".
func (r *Refusal) Error() string {
	if r.Do == "" {
		return r.What
	}
	return r.What + "; " + r.Do
}

// Refused says whether err is a contract's refusal of that name.
func Refused(err error, name string) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Name == name
}

// refusals turns revert data into Refusals. It is immutable after newRefusals.
type refusals struct{ abis []abi.ABI }

func newRefusals() refusals {
	return refusals{[]abi.ABI{
		rewarddistributor.NewRewardDistributor().GetABI(),
		noderegistry.NewNodeRegistry().GetABI(),
		jobescrow.NewJobEscrow().GetABI(),
		disputes.NewDisputes().GetABI(),
		timelock.NewTimelock().GetABI(),
		hivetoken.NewHiveToken().GetABI(),
	}}
}

// explain replaces an RPC error that carries revert data by a *Refusal, and
// leaves any other error but for its URL.
func (r refusals) explain(err error) error {
	if err == nil {
		return nil
	}
	var withData rpc.DataError
	if errors.As(err, &withData) {
		if text, ok := withData.ErrorData().(string); ok {
			if data, decodeErr := hexutil.Decode(text); decodeErr == nil {
				if refusal := r.decode(data); refusal != nil {
					return refusal
				}
			}
		}
	}
	if withoutFunds(err) {
		return fmt.Errorf("%w; send ether to the account that pays for the transaction", withoutURL(err))
	}
	return withoutURL(err)
}

// decode reads revert data; nil if it is none of the contracts' errors.
func (r refusals) decode(data []byte) *Refusal {
	if len(data) < selectorBytes {
		return nil
	}
	if reason, err := abi.UnpackRevert(data); err == nil {
		return &Refusal{Name: "Error", What: "contract refused: " + reason}
	}
	for _, contract := range r.abis {
		definition, err := contract.ErrorByID([4]byte(data[:selectorBytes]))
		if err != nil {
			continue
		}
		arguments, err := definition.Inputs.Unpack(data[selectorBytes:])
		if err != nil {
			return nil
		}
		refusal := &Refusal{Name: definition.Name}
		if sentence, ok := sentences(definition.Name); ok && strings.Count(sentence.what, "%s") == len(arguments) {
			words := make([]any, len(arguments))
			for i, argument := range arguments {
				words[i] = inWords(definition.Inputs[i].Name, argument)
			}
			refusal.What, refusal.Do = fmt.Sprintf(sentence.what, words...), sentence.do
			return refusal
		}
		refusal.What = "contract refused: " + definition.Name
		for i, argument := range arguments {
			refusal.What += fmt.Sprintf(" %s=%s", definition.Inputs[i].Name, inWords(definition.Inputs[i].Name, argument))
		}
		return refusal
	}
	return nil
}

// inWords writes one argument of a custom error; names tell times from amounts.
func inWords(name string, argument any) string {
	switch value := argument.(type) {
	case common.Address:
		return value.Hex()
	case [2]byte:
		return fmt.Sprintf("%q", value[:])
	case *big.Int:
		if name == "deadline" && value.IsInt64() {
			return time.Unix(value.Int64(), 0).UTC().Format(time.RFC3339)
		}
		return value.String()
	case uint64:
		switch name {
		case "activeAt", "withdrawableAt", "dueAt", "thawedAt", "deadline":
			return time.Unix(int64(value), 0).UTC().Format(time.RFC3339)
		case "delay", "minimum", "limit":
			return (time.Duration(value) * time.Second).String()
		}
		return fmt.Sprint(value)
	case uint32:
		if name == "window" || name == "minimum" {
			return (time.Duration(value) * time.Second).String()
		}
	case [32]byte:
		return common.Hash(value).Hex()
	}
	return fmt.Sprint(argument)
}

// withoutFunds reports whether a server refused a transaction because its account
// can't pay. JSON-RPC carries words only.
func withoutFunds(err error) bool {
	return strings.Contains(err.Error(), "insufficient funds")
}
