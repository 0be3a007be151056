// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package rewarddistributor

import (
	"bytes"
	"errors"
	"math/big"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// Reference imports to suppress errors if they are not otherwise used.
var (
	_ = bytes.Equal
	_ = errors.New
	_ = big.NewInt
	_ = common.Big1
	_ = types.BloomLookup
	_ = abi.ConvertType
)

// RewardDistributorClaim is an auto generated low-level Go binding around an user-defined struct.
type RewardDistributorClaim struct {
	Node          common.Address
	CumulativeWei *big.Int
	Siblings      *big.Int
	Meets         *big.Int
}

// RewardDistributorEpoch is an auto generated low-level Go binding around an user-defined struct.
type RewardDistributorEpoch struct {
	Root            [32]byte
	DatasetHash     [32]byte
	CumulativeTotal *big.Int
	Number          uint64
	ActiveAt        uint64
}

// RewardDistributorMetaData contains all meta data concerning the RewardDistributor contract.
var RewardDistributorMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner_\",\"type\":\"address\"},{\"internalType\":\"contractIHive\",\"name\":\"token_\",\"type\":\"address\"},{\"internalType\":\"contractINodeRegistry\",\"name\":\"registry_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"disputes_\",\"type\":\"address\"},{\"internalType\":\"uint96\",\"name\":\"ratePerSecond_\",\"type\":\"uint96\"},{\"internalType\":\"uint64\",\"name\":\"activationDelay_\",\"type\":\"uint64\"},{\"internalType\":\"uint32\",\"name\":\"breakerWindow_\",\"type\":\"uint32\"},{\"internalType\":\"address\",\"name\":\"poster_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"guardian_\",\"type\":\"address\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"delay\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"minimum\",\"type\":\"uint64\"}],\"name\":\"ActivationDelayTooShort\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"level\",\"type\":\"uint256\"}],\"name\":\"BreakerOpen\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint32\",\"name\":\"window\",\"type\":\"uint32\"},{\"internalType\":\"uint32\",\"name\":\"minimum\",\"type\":\"uint32\"}],\"name\":\"BreakerWindowTooShort\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"dueAt\",\"type\":\"uint64\"}],\"name\":\"ChallengeTooLate\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"cosigner\",\"type\":\"address\"}],\"name\":\"CosignerIsGuardian\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"cosigner\",\"type\":\"address\"}],\"name\":\"CosignerIsPoster\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"cosigner\",\"type\":\"address\"}],\"name\":\"CosignersNotAscending\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ECDSAInvalidSignature\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"length\",\"type\":\"uint256\"}],\"name\":\"ECDSAInvalidSignatureLength\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"name\":\"ECDSAInvalidSignatureS\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"activeEpoch\",\"type\":\"uint64\"}],\"name\":\"EpochNotNewer\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"step\",\"type\":\"uint64\"}],\"name\":\"EpochTooFar\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"line\",\"type\":\"uint256\"}],\"name\":\"InvalidPath\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"cumulativeWei\",\"type\":\"uint256\"}],\"name\":\"InvalidProof\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"InvalidShortString\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoActiveRoot\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoPendingRoot\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"NodeNotRegistered\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"signer\",\"type\":\"address\"}],\"name\":\"NotCosigner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotDisputes\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotGuardian\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotPoster\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"claimed\",\"type\":\"uint256\"}],\"name\":\"NothingToClaim\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"OwnableInvalidOwner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"OwnableUnauthorizedAccount\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"name\":\"PendingRootExists\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"name\":\"PendingRootNotDue\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"PosterIsGuardian\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"}],\"name\":\"RootWasVetoed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"string\",\"name\":\"str\",\"type\":\"string\"}],\"name\":\"StringTooLong\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"threshold\",\"type\":\"uint8\"},{\"internalType\":\"uint256\",\"name\":\"cosigners\",\"type\":\"uint256\"}],\"name\":\"ThresholdTooHigh\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"cosignatures\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"threshold\",\"type\":\"uint8\"}],\"name\":\"TooFewCosignatures\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"claims\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"limit\",\"type\":\"uint256\"}],\"name\":\"TooManyClaims\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"cosigners\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"limit\",\"type\":\"uint256\"}],\"name\":\"TooManyCosigners\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"cumulativeTotal\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"activeTotal\",\"type\":\"uint256\"}],\"name\":\"TotalFell\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"cumulativeTotal\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"allowed\",\"type\":\"uint256\"}],\"name\":\"TotalOverRate\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"name\":\"VetoTooLate\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroAddress\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroRoot\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"cumulativeWei\",\"type\":\"uint256\"}],\"name\":\"Claimed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"address[]\",\"name\":\"cosigners\",\"type\":\"address[]\"},{\"indexed\":false,\"internalType\":\"uint8\",\"name\":\"threshold\",\"type\":\"uint8\"}],\"name\":\"CosignersChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"EIP712DomainChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previous\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"current\",\"type\":\"address\"}],\"name\":\"GuardianChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previousOwner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"OwnershipTransferStarted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previousOwner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"OwnershipTransferred\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previous\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"current\",\"type\":\"address\"}],\"name\":\"PosterChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"minted\",\"type\":\"uint256\"}],\"name\":\"RootActivated\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"}],\"name\":\"RootCancelled\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"name\":\"RootHeld\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"cumulativeTotal\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"name\":\"RootPosted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"name\":\"RootReleased\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"}],\"name\":\"RootVetoed\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"EPOCH_TYPEHASH\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_CLAIMS\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_COSIGNERS\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_EPOCH_STEP\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MIN_ACTIVATION_DELAY\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MIN_BREAKER_WINDOW\",\"outputs\":[{\"internalType\":\"uint32\",\"name\":\"\",\"type\":\"uint32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"acceptOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"activate\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"activationDelay\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"activeEpoch\",\"outputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint128\",\"name\":\"cumulativeTotal\",\"type\":\"uint128\"},{\"internalType\":\"uint64\",\"name\":\"number\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"internalType\":\"structRewardDistributor.Epoch\",\"name\":\"\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"allowedTotal\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"poster_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"guardian_\",\"type\":\"address\"}],\"name\":\"appoint\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"breakerWindow\",\"outputs\":[{\"internalType\":\"uint32\",\"name\":\"\",\"type\":\"uint32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"number\",\"type\":\"uint64\"}],\"name\":\"cancel\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"cumulativeWei\",\"type\":\"uint256\"},{\"internalType\":\"bytes32[]\",\"name\":\"proof\",\"type\":\"bytes32[]\"}],\"name\":\"claim\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"cumulativeWei\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"siblings\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"meets\",\"type\":\"uint256\"}],\"internalType\":\"structRewardDistributor.Claim[]\",\"name\":\"claims\",\"type\":\"tuple[]\"},{\"internalType\":\"bytes32[]\",\"name\":\"siblings\",\"type\":\"bytes32[]\"}],\"name\":\"claimMany\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"total\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"claimed\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"cosigners\",\"outputs\":[{\"internalType\":\"address[]\",\"name\":\"\",\"type\":\"address[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"dismissPoster\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"disputes\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"eip712Domain\",\"outputs\":[{\"internalType\":\"bytes1\",\"name\":\"fields\",\"type\":\"bytes1\"},{\"internalType\":\"string\",\"name\":\"name\",\"type\":\"string\"},{\"internalType\":\"string\",\"name\":\"version\",\"type\":\"string\"},{\"internalType\":\"uint256\",\"name\":\"chainId\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"verifyingContract\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"salt\",\"type\":\"bytes32\"},{\"internalType\":\"uint256[]\",\"name\":\"extensions\",\"type\":\"uint256[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint128\",\"name\":\"cumulativeTotal\",\"type\":\"uint128\"}],\"name\":\"epochDigest\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"guardian\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"until\",\"type\":\"uint64\"}],\"name\":\"hold\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"number\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"number\",\"type\":\"uint64\"}],\"name\":\"holdOf\",\"outputs\":[{\"internalType\":\"uint32\",\"name\":\"open\",\"type\":\"uint32\"},{\"internalType\":\"uint64\",\"name\":\"dueAt\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"isCosigner\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"owner\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pendingEpoch\",\"outputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint128\",\"name\":\"cumulativeTotal\",\"type\":\"uint128\"},{\"internalType\":\"uint64\",\"name\":\"number\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"internalType\":\"structRewardDistributor.Epoch\",\"name\":\"epoch\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pendingOwner\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint128\",\"name\":\"cumulativeTotal\",\"type\":\"uint128\"},{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"bytes[]\",\"name\":\"cosignatures\",\"type\":\"bytes[]\"}],\"name\":\"postRoot\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"poster\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"ratePerSecond\",\"outputs\":[{\"internalType\":\"uint96\",\"name\":\"\",\"type\":\"uint96\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"registry\",\"outputs\":[{\"internalType\":\"contractINodeRegistry\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"number\",\"type\":\"uint64\"}],\"name\":\"release\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"renounceOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"room\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"free\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address[]\",\"name\":\"cosigners_\",\"type\":\"address[]\"},{\"internalType\":\"uint8\",\"name\":\"threshold_\",\"type\":\"uint8\"}],\"name\":\"setCosigners\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"startedAt\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"threshold\",\"outputs\":[{\"internalType\":\"uint8\",\"name\":\"\",\"type\":\"uint8\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"token\",\"outputs\":[{\"internalType\":\"contractIHive\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"transferOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"}],\"name\":\"veto\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"}],\"name\":\"vetoed\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"}]",
	ID:  "b82ac6eabf1bdb7d9782c41649d482a589",
	Bin: "0x61024080604052346104bc57610120816141aa803803809161002182856104c0565b8339810103126104bc57610034816104f7565b60208201519091906001600160a01b0381168082036104bc5760408301516001600160a01b03811692908381036104bc57610071606086016104f7565b6080860151929091906001600160601b03841684036104bc5760a0870151946001600160401b0386168087036104bc5760c08901519763ffffffff891692838a036104bc576100cf6101006100c860e08e016104f7565b9c016104f7565b9b604051906100df6040836104c0565b6007825260208201664d65644869766560c81b8152604051926101036040856104c0565b60018452603160f81b60208501908152926001600160a01b031680156104a957600180546001600160a01b03199081169091555f8054918216831781556001600160a01b03909116907f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e09080a36101798161050b565b610120526101868461050b565b61014052519020918260e05251902080610100524660a0526040519060208201927f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f8452604083015260608201524660808201523060a082015260a081526101ef60c0826104c0565b5190206080523060c052159081156104a0575b50801561048f575b61043d57620151808110610476575062015180811061045d575061016052610180526101a0526101c0526101e05261020052426001600160401b0316610220526001600160a01b0316908115801561044c575b61043d576001600160a01b031681811461042e57815f52600760205260ff60405f20541661041b57805f52600760205260ff60405f2054166104095760045460405192806001600160a01b0383167f32487a31d5a41d672510a2a1aa50e214e52d5d25fd9a9e94dfa66f4349f8840f5f80a360055491836001600160a01b0384167fa14fc14d8620a708a896fd11392a235647d99385500a295f0d7da2a258b2e9675f80a36001600160a01b0319908116919091176004551617600555613c339081610577823960805181613964015260a05181613a1b015260c05181613935015260e051816139b3015261010051816139d901526101205181611687015261014051816116b301526101605181818161023c015281816105230152818161223f01526132ed015261018051818181610497015281816118b201526121dc01526101a051818181610c9501528181611bff01528181611eca015261204601526101c05181818161152a0152818161315801526133ed01526101e051818181610ecd015261242d015261020051818181610b630152613433015261022051818181610b0501526131230152f35b6317f3f1f160e01b5f5260045260245ffd5b50632c80b7c760e11b5f5260045260245ffd5b630704c36360e31b5f5260045ffd5b63d92e233d60e01b5f5260045ffd5b506001600160a01b0381161561025d565b63f614a07b60e01b5f526004526201518060245260445ffd5b630203257d60e51b5f526004526201518060245260445ffd5b506001600160a01b0385161561020a565b9050155f610202565b631e4fbdf760e01b5f525f60045260245ffd5b5f80fd5b601f909101601f19168101906001600160401b038211908210176104e357604052565b634e487b7160e01b5f52604160045260245ffd5b51906001600160a01b03821682036104bc57565b601f815111610536576020815191015160208210610527571790565b5f198260200360031b1b161790565b604460209160405192839163305a27a960e01b83528160048401528051918291826024860152018484015e5f828201840152601f01601f19168101030190fdfe60806040526004361015610011575f80fd5b5f3560e01c80630f15f4c014612a825780631ea04de31461289c578063254df736146124935780633433523e146124515780633a8c0786146123ef5780633d13f874146120ce57806340797bbc1461207557806341fbbc3114611ff857806342cde4e814611fb7578063452a932014611f665780634c125e7914611e7c578063562b9ac814611ba157806359c289ea14611b5457806368f29f8214611aa0578063715018a6146119de57806379ba5097146118d65780637b10399914611868578063809597211461181757806381b2732f146117af578063832b37041461175857806384b0196e14611651578063875cbb751461159e5780638ab0e24114610c105780638da5cb5b1461154e5780638eff1a98146114e85780639a2b3a24146114af5780639f6b4a3b146113b0578063aec2259f14611348578063b50a24011461130e578063c3a7650b14610d56578063c884ef8314610cf3578063cf62ba9214610cb9578063d4c5b25214610c4b578063d566a05814610c10578063de6b142e14610bd8578063e30c397814610b87578063ef80a71f14610b29578063f21f537d14610ac7578063f2fde38b14610a0a578063f552501a14610937578063f88443b91461036c578063fb6f93f9146102645763fc0c546a146101f2575f80fd5b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b5f80fd5b346102605760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605760043573ffffffffffffffffffffffffffffffffffffffff6005541633036103405767ffffffffffffffff600f5416158015610334575b61030c5767ffffffffffffffff600e5460801c167f971b2371084edeba42390e4c63a82f4fc90e4f3fb50a3b754a49c6d7825ab0ca5f80a361030a613604565b005b7f2a01895e000000000000000000000000000000000000000000000000000000005f5260045ffd5b5080600c5414156102ca565b7fa252c151000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b346102605760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605760043567ffffffffffffffff811161026057366023820112156102605780600401359067ffffffffffffffff8211610260576024810190602436918460071b0101116102605760243567ffffffffffffffff811161026057610401903690600401612b20565b915f93610100811161090657610415613190565b60095480156108de5761042661338a565b9290946104328261308c565b5f5b83811061089f5750905f61047e9392604051809581927f541567b9000000000000000000000000000000000000000000000000000000008352602060048401526024830190612b68565b038173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000165afa928315610894575f936107f9575b5096604095949392919551976104dc89612c27565b6060895260208901606081525f60408b01526104f78861308c565b8a526105028861308c565b90525f915f975b8089106105b55760208c6105488d828e81610550575b50507f000000000000000000000000000000000000000000000000000000000000000090613856565b604051908152f35b6105ae9161055d91612d79565b600f5467ffffffffffffffff7fffffffffffffffffffffffffffffffff000000000000000000000000000000006fffffffffffffffff00000000000000004260401b169360801b1691161717600f55565b828561051f565b90919293949596979a6105c98c838b613180565b606081013586811180156107e3575b6107b7576105ea604083013588612d79565b906105f483612d24565b976106046020850135809a613485565b908381116102605787841161026057610626918185039160051b8a01906134c3565b908061074e575089905b03610700579573ffffffffffffffffffffffffffffffffffffffff61065483612d24565b165f52600660205260405f2054918282118015906106f7575b6106eb57926106d68f928f73ffffffffffffffffffffffffffffffffffffffff6106ce8f878f95996106db9a6106c6936106c08b60019f6106b86106b18b92612d24565b978d612d00565b511692613105565b936134f6565b968794612d00565b51169061373a565b612d79565b9b5b019796959493929190610509565b5050509a6001906106dd565b508a841461066d565b8673ffffffffffffffffffffffffffffffffffffffff61071f84612d24565b7fadbd6512000000000000000000000000000000000000000000000000000000005f521660045260245260445ffd5b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff810190811161078a57610783908789612d14565b3590610630565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b8d7fa876f871000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b506107ee8786613105565b6040830135116105d8565b9092503d805f833e61080b8183612c5f565b8101906020818303126102605780519067ffffffffffffffff821161026057019080601f8301121561026057815161084281613074565b926108506040519485612c5f565b81845260208085019260051b82010192831161026057602001905b82821061087c5750505091896104c7565b6020809161088984612d58565b81520191019061086b565b6040513d5f823e3d90fd5b806108b56108b0600193878b613180565b612d24565b73ffffffffffffffffffffffffffffffffffffffff6108d48386612d00565b9116905201610434565b7f7a5af78b000000000000000000000000000000000000000000000000000000005f5260045ffd5b7f3d155e0b000000000000000000000000000000000000000000000000000000005f5260045261010060245260445ffd5b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605761096d6130db565b67ffffffffffffffff600f54161515806109fb575b6109e8575b6109e49060405191829182919091608067ffffffffffffffff8160a084019580518552602081015160208601526fffffffffffffffffffffffffffffffff6040820151166040860152826060820151166060860152015116910152565b0390f35b506109e46109f46136dd565b9050610987565b50610a046135e2565b15610982565b346102605760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605773ffffffffffffffffffffffffffffffffffffffff610a56612afd565b610a5e61336a565b16807fffffffffffffffffffffffff0000000000000000000000000000000000000000600154161760015573ffffffffffffffffffffffffffffffffffffffff5f54167f38d16b8cac22d99fc7c124b9cd0de2d3fa1faef420bfe791d8c362d765e227005f80a3005b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602060405167ffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602060405163ffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602073ffffffffffffffffffffffffffffffffffffffff60015416604051908152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610260576020610548613112565b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610260576020604051620151808152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605760206040516101008152f35b346102605760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605773ffffffffffffffffffffffffffffffffffffffff610d3f612afd565b165f526006602052602060405f2054604051908152f35b346102605760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610260576024356004356044356fffffffffffffffffffffffffffffffff8116808203610260576064359067ffffffffffffffff8216928383036102605760843567ffffffffffffffff811161026057610ddf903690600401612b20565b909173ffffffffffffffffffffffffffffffffffffffff6004541633036112e257861580156112da575b6112b257865f52600860205260405f20885f5260205260ff60405f20541661128657610e33613190565b67ffffffffffffffff600f5416806112485750600b5467ffffffffffffffff6fffffffffffffffffffffffffffffffff82169160801c168088111561121957870367ffffffffffffffff811161078a5767ffffffffffffffff6103e89116116111e7578085106111b85750610ea6613112565b808511611189575060ff60045460a01c169081610fe1575b5050505067ffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001667ffffffffffffffff4216019067ffffffffffffffff821161078a57600c859055600d8690556fffffffffffffffffffffffffffffffff811660809390931b77ffffffffffffffff00000000000000000000000000000000169290921760c082901b7fffffffffffffffff0000000000000000000000000000000000000000000000001617600e55600f80547fffffffffffffffffffffffffffffffffffffffffffffffff00000000000000001667ffffffffffffffff9290921691821790556040805192835260208301919091527f890f6dffcf64c014f6ea7970869eacd97cbd6d34bc28dd86177c09639c71e9b291a4005b610fed90898988612fc4565b9080831061115a5791925f905f947fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe182360301925b85871061103157505050610ebe565b8187101561112d578660051b830135848112156102605783019081359167ffffffffffffffff831161026057602001823603811361026057611080926110779188613a98565b90939193613acc565b73ffffffffffffffffffffffffffffffffffffffff821690815f52600760205260ff60405f205416156111015773ffffffffffffffffffffffffffffffffffffffff168111156110d65750600190960195611022565b7fc1e03e26000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b507f620c1af8000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7f4e487b71000000000000000000000000000000000000000000000000000000005f52603260045260245ffd5b827f5f5e3cfb000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b847f67c675f5000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b847fde2eed35000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b867f28454a4b000000000000000000000000000000000000000000000000000000005f526004526103e860245260445ffd5b877f94147ca6000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b67ffffffffffffffff600e5460801c167f20684958000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b857fd857f1b3000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7fb263ae73000000000000000000000000000000000000000000000000000000005f5260045ffd5b508715610e09565b7f6951ee52000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605760206040516103e88152f35b346102605760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605773ffffffffffffffffffffffffffffffffffffffff611394612afd565b165f526007602052602060ff60405f2054166040519015158152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610260576113e66130db565b506113ef6135e2565b15611458576109e46113ff6136dd565b60405191829182919091608067ffffffffffffffff8160a084019580518552602081015160208601526fffffffffffffffffffffffffffffffff6040820151166040860152826060820151166060860152015116910152565b6109e460405161146781612c43565b6009548152600a546020820152600b546fffffffffffffffffffffffffffffffff8116604083015267ffffffffffffffff8160801c16606083015260c01c60808201526113ff565b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602060405160108152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605760206040516bffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602073ffffffffffffffffffffffffffffffffffffffff5f5416604051908152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605773ffffffffffffffffffffffffffffffffffffffff600554163303610340577fffffffffffffffffffffffff00000000000000000000000000000000000000006004545f73ffffffffffffffffffffffffffffffffffffffff82167f32487a31d5a41d672510a2a1aa50e214e52d5d25fd9a9e94dfa66f4349f8840f8280a316600455005b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605761172a6116ab7f0000000000000000000000000000000000000000000000000000000000000000613a41565b6109e46116d77f0000000000000000000000000000000000000000000000000000000000000000613a41565b611738604051916116e9602084612c5f565b5f83525f3681376040519586957f0f00000000000000000000000000000000000000000000000000000000000000875260e0602088015260e0870190612bb1565b908582036040870152612bb1565b904660608501523060808501525f60a085015283820360c0850152612bf4565b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605760206040517ec2d3175e8100a65c2f58ddd8b40f92406996896bf4a720e77702c0d32b53788152f35b346102605760807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610260576117e6612b51565b606435906fffffffffffffffffffffffffffffffff8216820361026057602091610548916044359060243590612fc4565b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602073ffffffffffffffffffffffffffffffffffffffff60045416604051908152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610260573373ffffffffffffffffffffffffffffffffffffffff60015416036119b2577fffffffffffffffffffffffff0000000000000000000000000000000000000000600154166001555f54337fffffffffffffffffffffffff00000000000000000000000000000000000000008216175f5573ffffffffffffffffffffffffffffffffffffffff3391167f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e05f80a3005b7f118cdaa7000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057611a1461336a565b7fffffffffffffffffffffffff0000000000000000000000000000000000000000600154166001555f73ffffffffffffffffffffffffffffffffffffffff81547fffffffffffffffffffffffff000000000000000000000000000000000000000081168355167f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e08280a3005b346102605760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610260576040611ad9612b51565b5f905f9067ffffffffffffffff601054911667ffffffffffffffff82161480611b42575b611b20575b5067ffffffffffffffff9063ffffffff845193168352166020820152f35b91505067ffffffffffffffff63ffffffff8183851c169260801c169190611b02565b5063ffffffff8160801c161515611afd565b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610260576109e4611b8d612ca0565b604051918291602083526020830190612b68565b346102605760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605760243567ffffffffffffffff81166004358183036102605773ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000163303611e505767ffffffffffffffff600f54169081158015611e44575b61030c5767ffffffffffffffff600e5460801c1692600d5492611c5d612d86565b8567ffffffffffffffff82511603611e23575b602081019667ffffffffffffffff88511680421015611df85750604082019263ffffffff8451169163ffffffff831461078a578189967f5d4001f0736ab8f519c1e226c2c98586c4d10e1ec80a4741d79823a060dc8c4c96611d6867ffffffffffffffff60409e611d248260209b6001829c019663ffffffff88169052511667ffffffffffffffff167fffffffffffffffffffffffffffffffffffffffffffffffff00000000000000006010541617601055565b51167fffffffffffffffffffffffffffffffff0000000000000000ffffffffffffffff6fffffffffffffffff00000000000000006010549260401b16911617601055565b7fffffffffffffffffffffffff00000000ffffffffffffffffffffffffffffffff73ffffffff000000000000000000000000000000006010549260801b1691161760105511611df0575b5016807fffffffffffffffffffffffffffffffffffffffffffffffff0000000000000000600f541617600f558751908152a382519182526020820152f35b905089611db2565b7f866f6169000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b50604051611e3081612c27565b8581528160208201525f6040820152611c70565b5080600c541415611c3c565b7fb4a46e64000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b346102605760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057611eb3612b51565b73ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000163303611e505767ffffffffffffffff600f5416158015611f43575b61030c5767ffffffffffffffff600c5491167f71ca99de3ead132ab7641a84966ed8021364ae49eb7f20188475d27b739d76df5f80a361030a613604565b5067ffffffffffffffff600e5460801c1667ffffffffffffffff82161415611f05565b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602073ffffffffffffffffffffffffffffffffffffffff60055416604051908152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602060ff60045460a01c16604051908152f35b346102605760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605761202f612b51565b73ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000163303611e505761030a90612dc6565b346102605760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610260576004355f52600860205260405f206024355f52602052602060ff60405f2054166040519015158152f35b346102605760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057612105612afd565b6024359060443567ffffffffffffffff811161026057612129903690600401612b20565b90612132613190565b60095480156108de5773ffffffffffffffffffffffffffffffffffffffff841692835f52600660205260405f205492838711156123bf579061217d916121788888613485565b6134c3565b0361238f5761218a61338a565b919094821561236357604051937f695b7f23000000000000000000000000000000000000000000000000000000008552600485015260208460248173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000165afa938415610894575f94612317575b50916122219161055d938561222896976134f6565b8094612d79565b73ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000169173ffffffffffffffffffffffffffffffffffffffff604051927fa9059cbb000000000000000000000000000000000000000000000000000000005f52166004528060245260205f60448180875af160015f51148116156122f8575b82604052156122cc57602092508152f35b827f5274afe7000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b600181151661230e57833b15153d1516166122bb565b823d5f823e3d90fd5b919350916020823d60201161235b575b8161233460209383612c5f565b81010312610260576122289361055d9361235061222194612d58565b95509193509161220c565b3d9150612327565b857fe7c57fad000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b83827fadbd6512000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b83857f01ac6c1a000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602060405167ffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261026057602061248961338a565b9050604051908152f35b346102605760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605760043567ffffffffffffffff8111610260576124e2903690600401612b20565b6024359060ff821690818303610260576124fa61336a565b6010811161286c5780821161283d57612511612ca0565b935f5b8551811015612578578073ffffffffffffffffffffffffffffffffffffffff61253f60019389612d00565b51165f52600760205260405f207fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00815416905501612514565b50835f805b84821061273a57505067ffffffffffffffff831161270d5768010000000000000000831161270d5782601154816011558082106126cc575b50508160115f525f5b8481106126915750507fffffffffffffffffffffff00ffffffffffffffffffffffffffffffffffffffff74ff00000000000000000000000000000000000000006004549260a01b1691161760045560405191806040840160408552526060830191905f905b808210612659577f2fafa4dbbf8dc4771b9f0d8eb845b6186e693f3d99810d81fe058c4da8bc9c738580868960208301520390a1005b90919283359073ffffffffffffffffffffffffffffffffffffffff821680920361026057602081600193829352019401920190612623565b600190602061269f84612d24565b930192817f31ecc21a745e3968a04e9570e4425bc18fa8019c68028196b546d1669c200c680155016125be565b035f5b8181106126de578491506125b5565b5f8582017f31ecc21a745e3968a04e9570e4425bc18fa8019c68028196b546d1669c200c6801556001016126cf565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b6127486108b0838787612d14565b9073ffffffffffffffffffffffffffffffffffffffff80831691168111156110d65773ffffffffffffffffffffffffffffffffffffffff6004541681146128125773ffffffffffffffffffffffffffffffffffffffff6005541681146127e757906001915f52600760205260405f20827fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0082541617905591019061257d565b7f17f3f1f1000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7f59016f8e000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b907ff67667b9000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b7f11b11641000000000000000000000000000000000000000000000000000000005f52600452601060245260445ffd5b346102605760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610260576128d3612afd565b6024359073ffffffffffffffffffffffffffffffffffffffff82168092036102605773ffffffffffffffffffffffffffffffffffffffff9061291361336a565b1680158015612a7a575b612a5257818114612a2a57805f52600760205260ff60405f20541661281257815f52600760205260ff60405f2054166129fe576004547fffffffffffffffffffffffff0000000000000000000000000000000000000000918073ffffffffffffffffffffffffffffffffffffffff83167f32487a31d5a41d672510a2a1aa50e214e52d5d25fd9a9e94dfa66f4349f8840f5f80a382600554928573ffffffffffffffffffffffffffffffffffffffff85167fa14fc14d8620a708a896fd11392a235647d99385500a295f0d7da2a258b2e9675f80a316176004551617600555005b507f17f3f1f1000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7f38261b18000000000000000000000000000000000000000000000000000000005f5260045ffd5b7fd92e233d000000000000000000000000000000000000000000000000000000005f5260045ffd5b50811561291d565b34610260575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102605767ffffffffffffffff600f5416801561030c57804210612ad25761030a613190565b7ff160a9fb000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b6004359073ffffffffffffffffffffffffffffffffffffffff8216820361026057565b9181601f840112156102605782359167ffffffffffffffff8311610260576020808501948460051b01011161026057565b6004359067ffffffffffffffff8216820361026057565b90602080835192838152019201905f5b818110612b855750505090565b825173ffffffffffffffffffffffffffffffffffffffff16845260209384019390920191600101612b78565b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f602080948051918291828752018686015e5f8582860101520116010190565b90602080835192838152019201905f5b818110612c115750505090565b8251845260209384019390920191600101612c04565b6060810190811067ffffffffffffffff82111761270d57604052565b60a0810190811067ffffffffffffffff82111761270d57604052565b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff82111761270d57604052565b60405190601154808352826020810160115f5260205f20925f5b818110612cd1575050612ccf92500383612c5f565b565b845473ffffffffffffffffffffffffffffffffffffffff16835260019485019487945060209093019201612cba565b805182101561112d5760209160051b010190565b919081101561112d5760051b0190565b3573ffffffffffffffffffffffffffffffffffffffff811681036102605790565b8181029291811591840414171561078a57565b519073ffffffffffffffffffffffffffffffffffffffff8216820361026057565b9190820180921161078a57565b60405190612d9382612c27565b81604063ffffffff60105467ffffffffffffffff8116845267ffffffffffffffff81841c16602085015260801c16910152565b600f549067ffffffffffffffff8216158015612fa1575b8015612f93575b612f8f57612df0612d86565b91604083019263ffffffff84511690811561078a57612eca9367ffffffffffffffff9363ffffffff7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff602095011680885215612f11575b5050612e858382511667ffffffffffffffff167fffffffffffffffffffffffffffffffffffffffffffffffff00000000000000006010541617601055565b0151167fffffffffffffffffffffffffffffffff0000000000000000ffffffffffffffff6fffffffffffffffff00000000000000006010549260401b16911617601055565b517fffffffffffffffffffffffff00000000ffffffffffffffffffffffffffffffff73ffffffff000000000000000000000000000000006010549260801b16911617601055565b7fffffffffffffffffffffffffffffffffffffffffffffffff0000000000000000908585850151164281105f14612f885750858042165b169182911617600f557f32391676c79f2b7c1f151dceb48a88ff28fb4dd48ed57f5b30bbffe68095a0b28486600c54946040519485521692a35f80612e47565b8690612f48565b5050565b50612f9c6135e2565b612de4565b5067ffffffffffffffff600e5460801c1667ffffffffffffffff82161415612ddd565b916042936fffffffffffffffffffffffffffffffff916040519367ffffffffffffffff60208601967ec2d3175e8100a65c2f58ddd8b40f92406996896bf4a720e77702c0d32b53788852166040860152606085015260808401521660a082015260a0815261303360c082612c5f565b51902061303e61391e565b90604051917f19010000000000000000000000000000000000000000000000000000000000008352600283015260228201522090565b67ffffffffffffffff811161270d5760051b60200190565b9061309682613074565b6130a36040519182612c5f565b8281527fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe06130d18294613074565b0190602036910137565b604051906130e882612c43565b5f6080838281528260208201528260408201528260608201520152565b9190820391821161078a57565b61317d61314967ffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001642613105565b6bffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016612d45565b90565b919081101561112d5760071b0190565b6131986135e2565b15612ccf576131a56136dd565b604081016fffffffffffffffffffffffffffffffff8151166fffffffffffffffffffffffffffffffff600b541690036fffffffffffffffffffffffffffffffff811161078a5782516009819055602080850151600a55925160608501516080958601519581901b77ffffffffffffffff00000000000000000000000000000000166fffffffffffffffffffffffffffffffff9283161760c09690961b7fffffffffffffffff0000000000000000000000000000000000000000000000001695909517600b55600f80547fffffffffffffffffffffffffffffffffffffffffffffffff0000000000000000169055604051921680835293909267ffffffffffffffff909116917f9e4dbc3e4b78886ae23dcc1bd3019ad0a9d4f0ca4d92bab214dcdbe63c9ab63e9190a3806132d65750565b73ffffffffffffffffffffffffffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001690813b15610260575f916044839260405194859384927f40c10f1900000000000000000000000000000000000000000000000000000000845230600485015260248401525af18015610894576133605750565b5f612ccf91612c5f565b73ffffffffffffffffffffffffffffffffffffffff5f541633036119b257565b5f905f9060405161339a81612c27565b600f5467ffffffffffffffff81168252604067ffffffffffffffff82821c1692836020820152019060801c81526fffffffffffffffffffffffffffffffff61341a6134146bffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000169442613105565b84612d45565b91511681811161346f575b5050613459849163ffffffff7f00000000000000000000000000000000000000000000000000000000000000001690612d45565b818111613464575050565b61317d929350613105565b61345995509061347e91613105565b935f613425565b73ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2060405160208101918252602081526134bd604082612c5f565b51902090565b929160051b81015b8082106134d6575050565b9092602084359182811160051b9081521852602060405f209301906134cb565b91929073ffffffffffffffffffffffffffffffffffffffff90959495169283156135a0578161352491613105565b94808611613597575b506040613589868373ffffffffffffffffffffffffffffffffffffffff613575837f2f6639d24651730c7bf57c95ddbf96d66d11477e4ec626876f92c22e5f365e6897612d79565b961695865f526006602052845f2055612d79565b8151908782526020820152a3565b9450604061352d565b73ffffffffffffffffffffffffffffffffffffffff837f9c3baaed000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b67ffffffffffffffff600f541680151590816135fc575090565b905042101590565b61360c6135e2565b6136a5577fffffffffffffffffffffffffffffffffffffffffffffffff0000000000000000600f5416600f55600c545f52600860205260405f20600d545f5260205260405f2060017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0082541617905567ffffffffffffffff6010541667ffffffffffffffff600e5460801c161461369f57565b5f601055565b67ffffffffffffffff600f54167fe3d5ebbe000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b6136e56130db565b50604051906136f382612c43565b600c548252600d546020830152600e546fffffffffffffffffffffffffffffffff8116604084015267ffffffffffffffff608091821c81166060850152600f541690830152565b9160408301918251938491821515806137e8575b613794578160209173ffffffffffffffffffffffffffffffffffffffff61377a86613785979651612d00565b911690520151612d00565b526001820180921161078a5752565b506020015193919250507fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff810190811161078a576137df6137e5926137d98386612d00565b51612d79565b92612d00565b52565b50815192507fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff860186811161078a5761383773ffffffffffffffffffffffffffffffffffffffff918895612d00565b511673ffffffffffffffffffffffffffffffffffffffff82161461374e565b9081519060406020840151930151908115613918578173ffffffffffffffffffffffffffffffffffffffff92845284521691823b1561026057613907926138d75f8094604051968795869485937fb7fc6612000000000000000000000000000000000000000000000000000000008552604060048601526044850190612b68565b907ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc848303016024850152612bf4565b03925af18015610894576133605750565b50505050565b73ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016301480613a18575b15613986577f000000000000000000000000000000000000000000000000000000000000000090565b60405160208101907f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f82527f000000000000000000000000000000000000000000000000000000000000000060408201527f000000000000000000000000000000000000000000000000000000000000000060608201524660808201523060a082015260a081526134bd60c082612c5f565b507f0000000000000000000000000000000000000000000000000000000000000000461461395d565b60ff811690601f8211613a705760405191613a5d604084612c5f565b6020808452838101919036833783525290565b7fb3512b0c000000000000000000000000000000000000000000000000000000005f5260045ffd5b9060418303613ac257613abb9250602081013591604082359201355f1a90613ba4565b9192909190565b50505f9160029190565b6004811015613b775780613ade575050565b60018103613b0e577ff645eedf000000000000000000000000000000000000000000000000000000005f5260045ffd5b60028103613b4257507ffce698f7000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b600314613b4c5750565b7fd78bce0c000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7f4e487b71000000000000000000000000000000000000000000000000000000005f52602160045260245ffd5b91907f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a08411613c28579160209360809260ff5f9560405194855216868401526040830152606082015282805260015afa15610894575f5173ffffffffffffffffffffffffffffffffffffffff811615613c1e57905f905f90565b505f906001905f90565b5050505f916003919056",
}

// RewardDistributor is an auto generated Go binding around an Ethereum contract.
type RewardDistributor struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *RewardDistributor) GetABI() abi.ABI {
	return c.abi
}

// NewRewardDistributor creates a new instance of RewardDistributor.
func NewRewardDistributor() *RewardDistributor {
	parsed, err := RewardDistributorMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &RewardDistributor{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *RewardDistributor) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address owner_, address token_, address registry_, address disputes_, uint96 ratePerSecond_, uint64 activationDelay_, uint32 breakerWindow_, address poster_, address guardian_) returns()
func (rewardDistributor *RewardDistributor) PackConstructor(owner_ common.Address, token_ common.Address, registry_ common.Address, disputes_ common.Address, ratePerSecond_ *big.Int, activationDelay_ uint64, breakerWindow_ uint32, poster_ common.Address, guardian_ common.Address) []byte {
	enc, err := rewardDistributor.abi.Pack("", owner_, token_, registry_, disputes_, ratePerSecond_, activationDelay_, breakerWindow_, poster_, guardian_)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackEPOCHTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x832b3704.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function EPOCH_TYPEHASH() view returns(bytes32)
func (rewardDistributor *RewardDistributor) PackEPOCHTYPEHASH() []byte {
	enc, err := rewardDistributor.abi.Pack("EPOCH_TYPEHASH")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackEPOCHTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x832b3704.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function EPOCH_TYPEHASH() view returns(bytes32)
func (rewardDistributor *RewardDistributor) TryPackEPOCHTYPEHASH() ([]byte, error) {
	return rewardDistributor.abi.Pack("EPOCH_TYPEHASH")
}

// UnpackEPOCHTYPEHASH is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x832b3704.
//
// Solidity: function EPOCH_TYPEHASH() view returns(bytes32)
func (rewardDistributor *RewardDistributor) UnpackEPOCHTYPEHASH(data []byte) ([32]byte, error) {
	out, err := rewardDistributor.abi.Unpack("EPOCH_TYPEHASH", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackMAXCLAIMS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcf62ba92.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_CLAIMS() view returns(uint256)
func (rewardDistributor *RewardDistributor) PackMAXCLAIMS() []byte {
	enc, err := rewardDistributor.abi.Pack("MAX_CLAIMS")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXCLAIMS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcf62ba92.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_CLAIMS() view returns(uint256)
func (rewardDistributor *RewardDistributor) TryPackMAXCLAIMS() ([]byte, error) {
	return rewardDistributor.abi.Pack("MAX_CLAIMS")
}

// UnpackMAXCLAIMS is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xcf62ba92.
//
// Solidity: function MAX_CLAIMS() view returns(uint256)
func (rewardDistributor *RewardDistributor) UnpackMAXCLAIMS(data []byte) (*big.Int, error) {
	out, err := rewardDistributor.abi.Unpack("MAX_CLAIMS", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackMAXCOSIGNERS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9a2b3a24.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_COSIGNERS() view returns(uint256)
func (rewardDistributor *RewardDistributor) PackMAXCOSIGNERS() []byte {
	enc, err := rewardDistributor.abi.Pack("MAX_COSIGNERS")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXCOSIGNERS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9a2b3a24.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_COSIGNERS() view returns(uint256)
func (rewardDistributor *RewardDistributor) TryPackMAXCOSIGNERS() ([]byte, error) {
	return rewardDistributor.abi.Pack("MAX_COSIGNERS")
}

// UnpackMAXCOSIGNERS is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x9a2b3a24.
//
// Solidity: function MAX_COSIGNERS() view returns(uint256)
func (rewardDistributor *RewardDistributor) UnpackMAXCOSIGNERS(data []byte) (*big.Int, error) {
	out, err := rewardDistributor.abi.Unpack("MAX_COSIGNERS", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackMAXEPOCHSTEP is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb50a2401.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_EPOCH_STEP() view returns(uint64)
func (rewardDistributor *RewardDistributor) PackMAXEPOCHSTEP() []byte {
	enc, err := rewardDistributor.abi.Pack("MAX_EPOCH_STEP")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXEPOCHSTEP is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb50a2401.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_EPOCH_STEP() view returns(uint64)
func (rewardDistributor *RewardDistributor) TryPackMAXEPOCHSTEP() ([]byte, error) {
	return rewardDistributor.abi.Pack("MAX_EPOCH_STEP")
}

// UnpackMAXEPOCHSTEP is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xb50a2401.
//
// Solidity: function MAX_EPOCH_STEP() view returns(uint64)
func (rewardDistributor *RewardDistributor) UnpackMAXEPOCHSTEP(data []byte) (uint64, error) {
	out, err := rewardDistributor.abi.Unpack("MAX_EPOCH_STEP", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackMINACTIVATIONDELAY is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8ab0e241.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MIN_ACTIVATION_DELAY() view returns(uint64)
func (rewardDistributor *RewardDistributor) PackMINACTIVATIONDELAY() []byte {
	enc, err := rewardDistributor.abi.Pack("MIN_ACTIVATION_DELAY")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMINACTIVATIONDELAY is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8ab0e241.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MIN_ACTIVATION_DELAY() view returns(uint64)
func (rewardDistributor *RewardDistributor) TryPackMINACTIVATIONDELAY() ([]byte, error) {
	return rewardDistributor.abi.Pack("MIN_ACTIVATION_DELAY")
}

// UnpackMINACTIVATIONDELAY is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8ab0e241.
//
// Solidity: function MIN_ACTIVATION_DELAY() view returns(uint64)
func (rewardDistributor *RewardDistributor) UnpackMINACTIVATIONDELAY(data []byte) (uint64, error) {
	out, err := rewardDistributor.abi.Unpack("MIN_ACTIVATION_DELAY", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackMINBREAKERWINDOW is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd566a058.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MIN_BREAKER_WINDOW() view returns(uint32)
func (rewardDistributor *RewardDistributor) PackMINBREAKERWINDOW() []byte {
	enc, err := rewardDistributor.abi.Pack("MIN_BREAKER_WINDOW")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMINBREAKERWINDOW is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd566a058.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MIN_BREAKER_WINDOW() view returns(uint32)
func (rewardDistributor *RewardDistributor) TryPackMINBREAKERWINDOW() ([]byte, error) {
	return rewardDistributor.abi.Pack("MIN_BREAKER_WINDOW")
}

// UnpackMINBREAKERWINDOW is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xd566a058.
//
// Solidity: function MIN_BREAKER_WINDOW() view returns(uint32)
func (rewardDistributor *RewardDistributor) UnpackMINBREAKERWINDOW(data []byte) (uint32, error) {
	out, err := rewardDistributor.abi.Unpack("MIN_BREAKER_WINDOW", data)
	if err != nil {
		return *new(uint32), err
	}
	out0 := *abi.ConvertType(out[0], new(uint32)).(*uint32)
	return out0, nil
}

// PackAcceptOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x79ba5097.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function acceptOwnership() returns()
func (rewardDistributor *RewardDistributor) PackAcceptOwnership() []byte {
	enc, err := rewardDistributor.abi.Pack("acceptOwnership")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAcceptOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x79ba5097.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function acceptOwnership() returns()
func (rewardDistributor *RewardDistributor) TryPackAcceptOwnership() ([]byte, error) {
	return rewardDistributor.abi.Pack("acceptOwnership")
}

// PackActivate is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0f15f4c0.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function activate() returns()
func (rewardDistributor *RewardDistributor) PackActivate() []byte {
	enc, err := rewardDistributor.abi.Pack("activate")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackActivate is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0f15f4c0.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function activate() returns()
func (rewardDistributor *RewardDistributor) TryPackActivate() ([]byte, error) {
	return rewardDistributor.abi.Pack("activate")
}

// PackActivationDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3a8c0786.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function activationDelay() view returns(uint64)
func (rewardDistributor *RewardDistributor) PackActivationDelay() []byte {
	enc, err := rewardDistributor.abi.Pack("activationDelay")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackActivationDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3a8c0786.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function activationDelay() view returns(uint64)
func (rewardDistributor *RewardDistributor) TryPackActivationDelay() ([]byte, error) {
	return rewardDistributor.abi.Pack("activationDelay")
}

// UnpackActivationDelay is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3a8c0786.
//
// Solidity: function activationDelay() view returns(uint64)
func (rewardDistributor *RewardDistributor) UnpackActivationDelay(data []byte) (uint64, error) {
	out, err := rewardDistributor.abi.Unpack("activationDelay", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackActiveEpoch is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9f6b4a3b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function activeEpoch() view returns((bytes32,bytes32,uint128,uint64,uint64))
func (rewardDistributor *RewardDistributor) PackActiveEpoch() []byte {
	enc, err := rewardDistributor.abi.Pack("activeEpoch")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackActiveEpoch is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9f6b4a3b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function activeEpoch() view returns((bytes32,bytes32,uint128,uint64,uint64))
func (rewardDistributor *RewardDistributor) TryPackActiveEpoch() ([]byte, error) {
	return rewardDistributor.abi.Pack("activeEpoch")
}

// UnpackActiveEpoch is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x9f6b4a3b.
//
// Solidity: function activeEpoch() view returns((bytes32,bytes32,uint128,uint64,uint64))
func (rewardDistributor *RewardDistributor) UnpackActiveEpoch(data []byte) (RewardDistributorEpoch, error) {
	out, err := rewardDistributor.abi.Unpack("activeEpoch", data)
	if err != nil {
		return *new(RewardDistributorEpoch), err
	}
	out0 := *abi.ConvertType(out[0], new(RewardDistributorEpoch)).(*RewardDistributorEpoch)
	return out0, nil
}

// PackAllowedTotal is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xde6b142e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function allowedTotal() view returns(uint256)
func (rewardDistributor *RewardDistributor) PackAllowedTotal() []byte {
	enc, err := rewardDistributor.abi.Pack("allowedTotal")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAllowedTotal is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xde6b142e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function allowedTotal() view returns(uint256)
func (rewardDistributor *RewardDistributor) TryPackAllowedTotal() ([]byte, error) {
	return rewardDistributor.abi.Pack("allowedTotal")
}

// UnpackAllowedTotal is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xde6b142e.
//
// Solidity: function allowedTotal() view returns(uint256)
func (rewardDistributor *RewardDistributor) UnpackAllowedTotal(data []byte) (*big.Int, error) {
	out, err := rewardDistributor.abi.Unpack("allowedTotal", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackAppoint is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1ea04de3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function appoint(address poster_, address guardian_) returns()
func (rewardDistributor *RewardDistributor) PackAppoint(poster common.Address, guardian common.Address) []byte {
	enc, err := rewardDistributor.abi.Pack("appoint", poster, guardian)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAppoint is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1ea04de3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function appoint(address poster_, address guardian_) returns()
func (rewardDistributor *RewardDistributor) TryPackAppoint(poster common.Address, guardian common.Address) ([]byte, error) {
	return rewardDistributor.abi.Pack("appoint", poster, guardian)
}

// PackBreakerWindow is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xef80a71f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function breakerWindow() view returns(uint32)
func (rewardDistributor *RewardDistributor) PackBreakerWindow() []byte {
	enc, err := rewardDistributor.abi.Pack("breakerWindow")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBreakerWindow is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xef80a71f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function breakerWindow() view returns(uint32)
func (rewardDistributor *RewardDistributor) TryPackBreakerWindow() ([]byte, error) {
	return rewardDistributor.abi.Pack("breakerWindow")
}

// UnpackBreakerWindow is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xef80a71f.
//
// Solidity: function breakerWindow() view returns(uint32)
func (rewardDistributor *RewardDistributor) UnpackBreakerWindow(data []byte) (uint32, error) {
	out, err := rewardDistributor.abi.Unpack("breakerWindow", data)
	if err != nil {
		return *new(uint32), err
	}
	out0 := *abi.ConvertType(out[0], new(uint32)).(*uint32)
	return out0, nil
}

// PackCancel is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x4c125e79.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function cancel(uint64 number) returns()
func (rewardDistributor *RewardDistributor) PackCancel(number uint64) []byte {
	enc, err := rewardDistributor.abi.Pack("cancel", number)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCancel is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x4c125e79.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function cancel(uint64 number) returns()
func (rewardDistributor *RewardDistributor) TryPackCancel(number uint64) ([]byte, error) {
	return rewardDistributor.abi.Pack("cancel", number)
}

// PackClaim is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3d13f874.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function claim(address node, uint256 cumulativeWei, bytes32[] proof) returns(uint256 amount)
func (rewardDistributor *RewardDistributor) PackClaim(node common.Address, cumulativeWei *big.Int, proof [][32]byte) []byte {
	enc, err := rewardDistributor.abi.Pack("claim", node, cumulativeWei, proof)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackClaim is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3d13f874.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function claim(address node, uint256 cumulativeWei, bytes32[] proof) returns(uint256 amount)
func (rewardDistributor *RewardDistributor) TryPackClaim(node common.Address, cumulativeWei *big.Int, proof [][32]byte) ([]byte, error) {
	return rewardDistributor.abi.Pack("claim", node, cumulativeWei, proof)
}

// UnpackClaim is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3d13f874.
//
// Solidity: function claim(address node, uint256 cumulativeWei, bytes32[] proof) returns(uint256 amount)
func (rewardDistributor *RewardDistributor) UnpackClaim(data []byte) (*big.Int, error) {
	out, err := rewardDistributor.abi.Unpack("claim", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackClaimMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf88443b9.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function claimMany((address,uint256,uint256,uint256)[] claims, bytes32[] siblings) returns(uint256 total)
func (rewardDistributor *RewardDistributor) PackClaimMany(claims []RewardDistributorClaim, siblings [][32]byte) []byte {
	enc, err := rewardDistributor.abi.Pack("claimMany", claims, siblings)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackClaimMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf88443b9.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function claimMany((address,uint256,uint256,uint256)[] claims, bytes32[] siblings) returns(uint256 total)
func (rewardDistributor *RewardDistributor) TryPackClaimMany(claims []RewardDistributorClaim, siblings [][32]byte) ([]byte, error) {
	return rewardDistributor.abi.Pack("claimMany", claims, siblings)
}

// UnpackClaimMany is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf88443b9.
//
// Solidity: function claimMany((address,uint256,uint256,uint256)[] claims, bytes32[] siblings) returns(uint256 total)
func (rewardDistributor *RewardDistributor) UnpackClaimMany(data []byte) (*big.Int, error) {
	out, err := rewardDistributor.abi.Unpack("claimMany", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackClaimed is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc884ef83.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function claimed(address node) view returns(uint256)
func (rewardDistributor *RewardDistributor) PackClaimed(node common.Address) []byte {
	enc, err := rewardDistributor.abi.Pack("claimed", node)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackClaimed is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc884ef83.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function claimed(address node) view returns(uint256)
func (rewardDistributor *RewardDistributor) TryPackClaimed(node common.Address) ([]byte, error) {
	return rewardDistributor.abi.Pack("claimed", node)
}

// UnpackClaimed is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xc884ef83.
//
// Solidity: function claimed(address node) view returns(uint256)
func (rewardDistributor *RewardDistributor) UnpackClaimed(data []byte) (*big.Int, error) {
	out, err := rewardDistributor.abi.Unpack("claimed", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackCosigners is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x59c289ea.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function cosigners() view returns(address[])
func (rewardDistributor *RewardDistributor) PackCosigners() []byte {
	enc, err := rewardDistributor.abi.Pack("cosigners")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCosigners is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x59c289ea.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function cosigners() view returns(address[])
func (rewardDistributor *RewardDistributor) TryPackCosigners() ([]byte, error) {
	return rewardDistributor.abi.Pack("cosigners")
}

// UnpackCosigners is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x59c289ea.
//
// Solidity: function cosigners() view returns(address[])
func (rewardDistributor *RewardDistributor) UnpackCosigners(data []byte) ([]common.Address, error) {
	out, err := rewardDistributor.abi.Unpack("cosigners", data)
	if err != nil {
		return *new([]common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new([]common.Address)).(*[]common.Address)
	return out0, nil
}

// PackDismissPoster is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x875cbb75.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function dismissPoster() returns()
func (rewardDistributor *RewardDistributor) PackDismissPoster() []byte {
	enc, err := rewardDistributor.abi.Pack("dismissPoster")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDismissPoster is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x875cbb75.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function dismissPoster() returns()
func (rewardDistributor *RewardDistributor) TryPackDismissPoster() ([]byte, error) {
	return rewardDistributor.abi.Pack("dismissPoster")
}

// PackDisputes is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd4c5b252.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function disputes() view returns(address)
func (rewardDistributor *RewardDistributor) PackDisputes() []byte {
	enc, err := rewardDistributor.abi.Pack("disputes")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDisputes is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd4c5b252.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function disputes() view returns(address)
func (rewardDistributor *RewardDistributor) TryPackDisputes() ([]byte, error) {
	return rewardDistributor.abi.Pack("disputes")
}

// UnpackDisputes is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xd4c5b252.
//
// Solidity: function disputes() view returns(address)
func (rewardDistributor *RewardDistributor) UnpackDisputes(data []byte) (common.Address, error) {
	out, err := rewardDistributor.abi.Unpack("disputes", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackEip712Domain is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x84b0196e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (rewardDistributor *RewardDistributor) PackEip712Domain() []byte {
	enc, err := rewardDistributor.abi.Pack("eip712Domain")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackEip712Domain is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x84b0196e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (rewardDistributor *RewardDistributor) TryPackEip712Domain() ([]byte, error) {
	return rewardDistributor.abi.Pack("eip712Domain")
}

// Eip712DomainOutput serves as a container for the return parameters of contract
// method Eip712Domain.
type Eip712DomainOutput struct {
	Fields            [1]byte
	Name              string
	Version           string
	ChainId           *big.Int
	VerifyingContract common.Address
	Salt              [32]byte
	Extensions        []*big.Int
}

// UnpackEip712Domain is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x84b0196e.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (rewardDistributor *RewardDistributor) UnpackEip712Domain(data []byte) (Eip712DomainOutput, error) {
	out, err := rewardDistributor.abi.Unpack("eip712Domain", data)
	outstruct := new(Eip712DomainOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Fields = *abi.ConvertType(out[0], new([1]byte)).(*[1]byte)
	outstruct.Name = *abi.ConvertType(out[1], new(string)).(*string)
	outstruct.Version = *abi.ConvertType(out[2], new(string)).(*string)
	outstruct.ChainId = abi.ConvertType(out[3], new(big.Int)).(*big.Int)
	outstruct.VerifyingContract = *abi.ConvertType(out[4], new(common.Address)).(*common.Address)
	outstruct.Salt = *abi.ConvertType(out[5], new([32]byte)).(*[32]byte)
	outstruct.Extensions = *abi.ConvertType(out[6], new([]*big.Int)).(*[]*big.Int)
	return *outstruct, nil
}

// PackEpochDigest is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x81b2732f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function epochDigest(uint64 epoch, bytes32 root, bytes32 datasetHash, uint128 cumulativeTotal) view returns(bytes32)
func (rewardDistributor *RewardDistributor) PackEpochDigest(epoch uint64, root [32]byte, datasetHash [32]byte, cumulativeTotal *big.Int) []byte {
	enc, err := rewardDistributor.abi.Pack("epochDigest", epoch, root, datasetHash, cumulativeTotal)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackEpochDigest is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x81b2732f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function epochDigest(uint64 epoch, bytes32 root, bytes32 datasetHash, uint128 cumulativeTotal) view returns(bytes32)
func (rewardDistributor *RewardDistributor) TryPackEpochDigest(epoch uint64, root [32]byte, datasetHash [32]byte, cumulativeTotal *big.Int) ([]byte, error) {
	return rewardDistributor.abi.Pack("epochDigest", epoch, root, datasetHash, cumulativeTotal)
}

// UnpackEpochDigest is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x81b2732f.
//
// Solidity: function epochDigest(uint64 epoch, bytes32 root, bytes32 datasetHash, uint128 cumulativeTotal) view returns(bytes32)
func (rewardDistributor *RewardDistributor) UnpackEpochDigest(data []byte) ([32]byte, error) {
	out, err := rewardDistributor.abi.Unpack("epochDigest", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackGuardian is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x452a9320.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function guardian() view returns(address)
func (rewardDistributor *RewardDistributor) PackGuardian() []byte {
	enc, err := rewardDistributor.abi.Pack("guardian")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGuardian is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x452a9320.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function guardian() view returns(address)
func (rewardDistributor *RewardDistributor) TryPackGuardian() ([]byte, error) {
	return rewardDistributor.abi.Pack("guardian")
}

// UnpackGuardian is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x452a9320.
//
// Solidity: function guardian() view returns(address)
func (rewardDistributor *RewardDistributor) UnpackGuardian(data []byte) (common.Address, error) {
	out, err := rewardDistributor.abi.Unpack("guardian", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackHold is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x562b9ac8.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function hold(bytes32 root, uint64 until) returns(uint64 number, bytes32 datasetHash)
func (rewardDistributor *RewardDistributor) PackHold(root [32]byte, until uint64) []byte {
	enc, err := rewardDistributor.abi.Pack("hold", root, until)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackHold is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x562b9ac8.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function hold(bytes32 root, uint64 until) returns(uint64 number, bytes32 datasetHash)
func (rewardDistributor *RewardDistributor) TryPackHold(root [32]byte, until uint64) ([]byte, error) {
	return rewardDistributor.abi.Pack("hold", root, until)
}

// HoldOutput serves as a container for the return parameters of contract
// method Hold.
type HoldOutput struct {
	Number      uint64
	DatasetHash [32]byte
}

// UnpackHold is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x562b9ac8.
//
// Solidity: function hold(bytes32 root, uint64 until) returns(uint64 number, bytes32 datasetHash)
func (rewardDistributor *RewardDistributor) UnpackHold(data []byte) (HoldOutput, error) {
	out, err := rewardDistributor.abi.Unpack("hold", data)
	outstruct := new(HoldOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Number = *abi.ConvertType(out[0], new(uint64)).(*uint64)
	outstruct.DatasetHash = *abi.ConvertType(out[1], new([32]byte)).(*[32]byte)
	return *outstruct, nil
}

// PackHoldOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x68f29f82.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function holdOf(uint64 number) view returns(uint32 open, uint64 dueAt)
func (rewardDistributor *RewardDistributor) PackHoldOf(number uint64) []byte {
	enc, err := rewardDistributor.abi.Pack("holdOf", number)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackHoldOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x68f29f82.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function holdOf(uint64 number) view returns(uint32 open, uint64 dueAt)
func (rewardDistributor *RewardDistributor) TryPackHoldOf(number uint64) ([]byte, error) {
	return rewardDistributor.abi.Pack("holdOf", number)
}

// HoldOfOutput serves as a container for the return parameters of contract
// method HoldOf.
type HoldOfOutput struct {
	Open  uint32
	DueAt uint64
}

// UnpackHoldOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x68f29f82.
//
// Solidity: function holdOf(uint64 number) view returns(uint32 open, uint64 dueAt)
func (rewardDistributor *RewardDistributor) UnpackHoldOf(data []byte) (HoldOfOutput, error) {
	out, err := rewardDistributor.abi.Unpack("holdOf", data)
	outstruct := new(HoldOfOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Open = *abi.ConvertType(out[0], new(uint32)).(*uint32)
	outstruct.DueAt = *abi.ConvertType(out[1], new(uint64)).(*uint64)
	return *outstruct, nil
}

// PackIsCosigner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xaec2259f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function isCosigner(address account) view returns(bool)
func (rewardDistributor *RewardDistributor) PackIsCosigner(account common.Address) []byte {
	enc, err := rewardDistributor.abi.Pack("isCosigner", account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackIsCosigner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xaec2259f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function isCosigner(address account) view returns(bool)
func (rewardDistributor *RewardDistributor) TryPackIsCosigner(account common.Address) ([]byte, error) {
	return rewardDistributor.abi.Pack("isCosigner", account)
}

// UnpackIsCosigner is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xaec2259f.
//
// Solidity: function isCosigner(address account) view returns(bool)
func (rewardDistributor *RewardDistributor) UnpackIsCosigner(data []byte) (bool, error) {
	out, err := rewardDistributor.abi.Unpack("isCosigner", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8da5cb5b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function owner() view returns(address)
func (rewardDistributor *RewardDistributor) PackOwner() []byte {
	enc, err := rewardDistributor.abi.Pack("owner")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8da5cb5b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function owner() view returns(address)
func (rewardDistributor *RewardDistributor) TryPackOwner() ([]byte, error) {
	return rewardDistributor.abi.Pack("owner")
}

// UnpackOwner is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8da5cb5b.
//
// Solidity: function owner() view returns(address)
func (rewardDistributor *RewardDistributor) UnpackOwner(data []byte) (common.Address, error) {
	out, err := rewardDistributor.abi.Unpack("owner", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackPendingEpoch is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf552501a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pendingEpoch() view returns((bytes32,bytes32,uint128,uint64,uint64) epoch)
func (rewardDistributor *RewardDistributor) PackPendingEpoch() []byte {
	enc, err := rewardDistributor.abi.Pack("pendingEpoch")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPendingEpoch is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf552501a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pendingEpoch() view returns((bytes32,bytes32,uint128,uint64,uint64) epoch)
func (rewardDistributor *RewardDistributor) TryPackPendingEpoch() ([]byte, error) {
	return rewardDistributor.abi.Pack("pendingEpoch")
}

// UnpackPendingEpoch is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf552501a.
//
// Solidity: function pendingEpoch() view returns((bytes32,bytes32,uint128,uint64,uint64) epoch)
func (rewardDistributor *RewardDistributor) UnpackPendingEpoch(data []byte) (RewardDistributorEpoch, error) {
	out, err := rewardDistributor.abi.Unpack("pendingEpoch", data)
	if err != nil {
		return *new(RewardDistributorEpoch), err
	}
	out0 := *abi.ConvertType(out[0], new(RewardDistributorEpoch)).(*RewardDistributorEpoch)
	return out0, nil
}

// PackPendingOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe30c3978.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pendingOwner() view returns(address)
func (rewardDistributor *RewardDistributor) PackPendingOwner() []byte {
	enc, err := rewardDistributor.abi.Pack("pendingOwner")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPendingOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe30c3978.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pendingOwner() view returns(address)
func (rewardDistributor *RewardDistributor) TryPackPendingOwner() ([]byte, error) {
	return rewardDistributor.abi.Pack("pendingOwner")
}

// UnpackPendingOwner is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe30c3978.
//
// Solidity: function pendingOwner() view returns(address)
func (rewardDistributor *RewardDistributor) UnpackPendingOwner(data []byte) (common.Address, error) {
	out, err := rewardDistributor.abi.Unpack("pendingOwner", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackPostRoot is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc3a7650b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function postRoot(bytes32 root, bytes32 datasetHash, uint128 cumulativeTotal, uint64 epoch, bytes[] cosignatures) returns()
func (rewardDistributor *RewardDistributor) PackPostRoot(root [32]byte, datasetHash [32]byte, cumulativeTotal *big.Int, epoch uint64, cosignatures [][]byte) []byte {
	enc, err := rewardDistributor.abi.Pack("postRoot", root, datasetHash, cumulativeTotal, epoch, cosignatures)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPostRoot is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc3a7650b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function postRoot(bytes32 root, bytes32 datasetHash, uint128 cumulativeTotal, uint64 epoch, bytes[] cosignatures) returns()
func (rewardDistributor *RewardDistributor) TryPackPostRoot(root [32]byte, datasetHash [32]byte, cumulativeTotal *big.Int, epoch uint64, cosignatures [][]byte) ([]byte, error) {
	return rewardDistributor.abi.Pack("postRoot", root, datasetHash, cumulativeTotal, epoch, cosignatures)
}

// PackPoster is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x80959721.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function poster() view returns(address)
func (rewardDistributor *RewardDistributor) PackPoster() []byte {
	enc, err := rewardDistributor.abi.Pack("poster")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPoster is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x80959721.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function poster() view returns(address)
func (rewardDistributor *RewardDistributor) TryPackPoster() ([]byte, error) {
	return rewardDistributor.abi.Pack("poster")
}

// UnpackPoster is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x80959721.
//
// Solidity: function poster() view returns(address)
func (rewardDistributor *RewardDistributor) UnpackPoster(data []byte) (common.Address, error) {
	out, err := rewardDistributor.abi.Unpack("poster", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackRatePerSecond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8eff1a98.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function ratePerSecond() view returns(uint96)
func (rewardDistributor *RewardDistributor) PackRatePerSecond() []byte {
	enc, err := rewardDistributor.abi.Pack("ratePerSecond")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRatePerSecond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8eff1a98.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function ratePerSecond() view returns(uint96)
func (rewardDistributor *RewardDistributor) TryPackRatePerSecond() ([]byte, error) {
	return rewardDistributor.abi.Pack("ratePerSecond")
}

// UnpackRatePerSecond is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8eff1a98.
//
// Solidity: function ratePerSecond() view returns(uint96)
func (rewardDistributor *RewardDistributor) UnpackRatePerSecond(data []byte) (*big.Int, error) {
	out, err := rewardDistributor.abi.Unpack("ratePerSecond", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackRegistry is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7b103999.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function registry() view returns(address)
func (rewardDistributor *RewardDistributor) PackRegistry() []byte {
	enc, err := rewardDistributor.abi.Pack("registry")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRegistry is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7b103999.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function registry() view returns(address)
func (rewardDistributor *RewardDistributor) TryPackRegistry() ([]byte, error) {
	return rewardDistributor.abi.Pack("registry")
}

// UnpackRegistry is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x7b103999.
//
// Solidity: function registry() view returns(address)
func (rewardDistributor *RewardDistributor) UnpackRegistry(data []byte) (common.Address, error) {
	out, err := rewardDistributor.abi.Unpack("registry", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackRelease is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x41fbbc31.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function release(uint64 number) returns()
func (rewardDistributor *RewardDistributor) PackRelease(number uint64) []byte {
	enc, err := rewardDistributor.abi.Pack("release", number)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRelease is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x41fbbc31.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function release(uint64 number) returns()
func (rewardDistributor *RewardDistributor) TryPackRelease(number uint64) ([]byte, error) {
	return rewardDistributor.abi.Pack("release", number)
}

// PackRenounceOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x715018a6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function renounceOwnership() returns()
func (rewardDistributor *RewardDistributor) PackRenounceOwnership() []byte {
	enc, err := rewardDistributor.abi.Pack("renounceOwnership")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRenounceOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x715018a6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function renounceOwnership() returns()
func (rewardDistributor *RewardDistributor) TryPackRenounceOwnership() ([]byte, error) {
	return rewardDistributor.abi.Pack("renounceOwnership")
}

// PackRoom is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3433523e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function room() view returns(uint256 free)
func (rewardDistributor *RewardDistributor) PackRoom() []byte {
	enc, err := rewardDistributor.abi.Pack("room")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRoom is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3433523e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function room() view returns(uint256 free)
func (rewardDistributor *RewardDistributor) TryPackRoom() ([]byte, error) {
	return rewardDistributor.abi.Pack("room")
}

// UnpackRoom is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3433523e.
//
// Solidity: function room() view returns(uint256 free)
func (rewardDistributor *RewardDistributor) UnpackRoom(data []byte) (*big.Int, error) {
	out, err := rewardDistributor.abi.Unpack("room", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackSetCosigners is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x254df736.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function setCosigners(address[] cosigners_, uint8 threshold_) returns()
func (rewardDistributor *RewardDistributor) PackSetCosigners(cosigners []common.Address, threshold uint8) []byte {
	enc, err := rewardDistributor.abi.Pack("setCosigners", cosigners, threshold)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSetCosigners is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x254df736.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function setCosigners(address[] cosigners_, uint8 threshold_) returns()
func (rewardDistributor *RewardDistributor) TryPackSetCosigners(cosigners []common.Address, threshold uint8) ([]byte, error) {
	return rewardDistributor.abi.Pack("setCosigners", cosigners, threshold)
}

// PackStartedAt is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf21f537d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function startedAt() view returns(uint64)
func (rewardDistributor *RewardDistributor) PackStartedAt() []byte {
	enc, err := rewardDistributor.abi.Pack("startedAt")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackStartedAt is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf21f537d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function startedAt() view returns(uint64)
func (rewardDistributor *RewardDistributor) TryPackStartedAt() ([]byte, error) {
	return rewardDistributor.abi.Pack("startedAt")
}

// UnpackStartedAt is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf21f537d.
//
// Solidity: function startedAt() view returns(uint64)
func (rewardDistributor *RewardDistributor) UnpackStartedAt(data []byte) (uint64, error) {
	out, err := rewardDistributor.abi.Unpack("startedAt", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackThreshold is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x42cde4e8.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function threshold() view returns(uint8)
func (rewardDistributor *RewardDistributor) PackThreshold() []byte {
	enc, err := rewardDistributor.abi.Pack("threshold")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackThreshold is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x42cde4e8.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function threshold() view returns(uint8)
func (rewardDistributor *RewardDistributor) TryPackThreshold() ([]byte, error) {
	return rewardDistributor.abi.Pack("threshold")
}

// UnpackThreshold is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x42cde4e8.
//
// Solidity: function threshold() view returns(uint8)
func (rewardDistributor *RewardDistributor) UnpackThreshold(data []byte) (uint8, error) {
	out, err := rewardDistributor.abi.Unpack("threshold", data)
	if err != nil {
		return *new(uint8), err
	}
	out0 := *abi.ConvertType(out[0], new(uint8)).(*uint8)
	return out0, nil
}

// PackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function token() view returns(address)
func (rewardDistributor *RewardDistributor) PackToken() []byte {
	enc, err := rewardDistributor.abi.Pack("token")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function token() view returns(address)
func (rewardDistributor *RewardDistributor) TryPackToken() ([]byte, error) {
	return rewardDistributor.abi.Pack("token")
}

// UnpackToken is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xfc0c546a.
//
// Solidity: function token() view returns(address)
func (rewardDistributor *RewardDistributor) UnpackToken(data []byte) (common.Address, error) {
	out, err := rewardDistributor.abi.Unpack("token", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackTransferOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf2fde38b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function transferOwnership(address newOwner) returns()
func (rewardDistributor *RewardDistributor) PackTransferOwnership(newOwner common.Address) []byte {
	enc, err := rewardDistributor.abi.Pack("transferOwnership", newOwner)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTransferOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf2fde38b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function transferOwnership(address newOwner) returns()
func (rewardDistributor *RewardDistributor) TryPackTransferOwnership(newOwner common.Address) ([]byte, error) {
	return rewardDistributor.abi.Pack("transferOwnership", newOwner)
}

// PackVeto is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfb6f93f9.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function veto(bytes32 root) returns()
func (rewardDistributor *RewardDistributor) PackVeto(root [32]byte) []byte {
	enc, err := rewardDistributor.abi.Pack("veto", root)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVeto is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfb6f93f9.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function veto(bytes32 root) returns()
func (rewardDistributor *RewardDistributor) TryPackVeto(root [32]byte) ([]byte, error) {
	return rewardDistributor.abi.Pack("veto", root)
}

// PackVetoed is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x40797bbc.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function vetoed(bytes32 root, bytes32 datasetHash) view returns(bool)
func (rewardDistributor *RewardDistributor) PackVetoed(root [32]byte, datasetHash [32]byte) []byte {
	enc, err := rewardDistributor.abi.Pack("vetoed", root, datasetHash)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVetoed is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x40797bbc.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function vetoed(bytes32 root, bytes32 datasetHash) view returns(bool)
func (rewardDistributor *RewardDistributor) TryPackVetoed(root [32]byte, datasetHash [32]byte) ([]byte, error) {
	return rewardDistributor.abi.Pack("vetoed", root, datasetHash)
}

// UnpackVetoed is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x40797bbc.
//
// Solidity: function vetoed(bytes32 root, bytes32 datasetHash) view returns(bool)
func (rewardDistributor *RewardDistributor) UnpackVetoed(data []byte) (bool, error) {
	out, err := rewardDistributor.abi.Unpack("vetoed", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// RewardDistributorClaimed represents a Claimed event raised by the RewardDistributor contract.
type RewardDistributorClaimed struct {
	Node          common.Address
	Recipient     common.Address
	Amount        *big.Int
	CumulativeWei *big.Int
	Raw           *types.Log // Blockchain specific contextual infos
}

const RewardDistributorClaimedEventName = "Claimed"

// ContractEventName returns the user-defined event name.
func (RewardDistributorClaimed) ContractEventName() string {
	return RewardDistributorClaimedEventName
}

// UnpackClaimedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Claimed(address indexed node, address indexed recipient, uint256 amount, uint256 cumulativeWei)
func (rewardDistributor *RewardDistributor) UnpackClaimedEvent(log *types.Log) (*RewardDistributorClaimed, error) {
	event := "Claimed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorClaimed)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorCosignersChanged represents a CosignersChanged event raised by the RewardDistributor contract.
type RewardDistributorCosignersChanged struct {
	Cosigners []common.Address
	Threshold uint8
	Raw       *types.Log // Blockchain specific contextual infos
}

const RewardDistributorCosignersChangedEventName = "CosignersChanged"

// ContractEventName returns the user-defined event name.
func (RewardDistributorCosignersChanged) ContractEventName() string {
	return RewardDistributorCosignersChangedEventName
}

// UnpackCosignersChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event CosignersChanged(address[] cosigners, uint8 threshold)
func (rewardDistributor *RewardDistributor) UnpackCosignersChangedEvent(log *types.Log) (*RewardDistributorCosignersChanged, error) {
	event := "CosignersChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorCosignersChanged)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorEIP712DomainChanged represents a EIP712DomainChanged event raised by the RewardDistributor contract.
type RewardDistributorEIP712DomainChanged struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const RewardDistributorEIP712DomainChangedEventName = "EIP712DomainChanged"

// ContractEventName returns the user-defined event name.
func (RewardDistributorEIP712DomainChanged) ContractEventName() string {
	return RewardDistributorEIP712DomainChangedEventName
}

// UnpackEIP712DomainChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event EIP712DomainChanged()
func (rewardDistributor *RewardDistributor) UnpackEIP712DomainChangedEvent(log *types.Log) (*RewardDistributorEIP712DomainChanged, error) {
	event := "EIP712DomainChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorEIP712DomainChanged)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorGuardianChanged represents a GuardianChanged event raised by the RewardDistributor contract.
type RewardDistributorGuardianChanged struct {
	Previous common.Address
	Current  common.Address
	Raw      *types.Log // Blockchain specific contextual infos
}

const RewardDistributorGuardianChangedEventName = "GuardianChanged"

// ContractEventName returns the user-defined event name.
func (RewardDistributorGuardianChanged) ContractEventName() string {
	return RewardDistributorGuardianChangedEventName
}

// UnpackGuardianChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event GuardianChanged(address indexed previous, address indexed current)
func (rewardDistributor *RewardDistributor) UnpackGuardianChangedEvent(log *types.Log) (*RewardDistributorGuardianChanged, error) {
	event := "GuardianChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorGuardianChanged)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorOwnershipTransferStarted represents a OwnershipTransferStarted event raised by the RewardDistributor contract.
type RewardDistributorOwnershipTransferStarted struct {
	PreviousOwner common.Address
	NewOwner      common.Address
	Raw           *types.Log // Blockchain specific contextual infos
}

const RewardDistributorOwnershipTransferStartedEventName = "OwnershipTransferStarted"

// ContractEventName returns the user-defined event name.
func (RewardDistributorOwnershipTransferStarted) ContractEventName() string {
	return RewardDistributorOwnershipTransferStartedEventName
}

// UnpackOwnershipTransferStartedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner)
func (rewardDistributor *RewardDistributor) UnpackOwnershipTransferStartedEvent(log *types.Log) (*RewardDistributorOwnershipTransferStarted, error) {
	event := "OwnershipTransferStarted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorOwnershipTransferStarted)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorOwnershipTransferred represents a OwnershipTransferred event raised by the RewardDistributor contract.
type RewardDistributorOwnershipTransferred struct {
	PreviousOwner common.Address
	NewOwner      common.Address
	Raw           *types.Log // Blockchain specific contextual infos
}

const RewardDistributorOwnershipTransferredEventName = "OwnershipTransferred"

// ContractEventName returns the user-defined event name.
func (RewardDistributorOwnershipTransferred) ContractEventName() string {
	return RewardDistributorOwnershipTransferredEventName
}

// UnpackOwnershipTransferredEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)
func (rewardDistributor *RewardDistributor) UnpackOwnershipTransferredEvent(log *types.Log) (*RewardDistributorOwnershipTransferred, error) {
	event := "OwnershipTransferred"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorOwnershipTransferred)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorPosterChanged represents a PosterChanged event raised by the RewardDistributor contract.
type RewardDistributorPosterChanged struct {
	Previous common.Address
	Current  common.Address
	Raw      *types.Log // Blockchain specific contextual infos
}

const RewardDistributorPosterChangedEventName = "PosterChanged"

// ContractEventName returns the user-defined event name.
func (RewardDistributorPosterChanged) ContractEventName() string {
	return RewardDistributorPosterChangedEventName
}

// UnpackPosterChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event PosterChanged(address indexed previous, address indexed current)
func (rewardDistributor *RewardDistributor) UnpackPosterChangedEvent(log *types.Log) (*RewardDistributorPosterChanged, error) {
	event := "PosterChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorPosterChanged)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorRootActivated represents a RootActivated event raised by the RewardDistributor contract.
type RewardDistributorRootActivated struct {
	Epoch  uint64
	Root   [32]byte
	Minted *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const RewardDistributorRootActivatedEventName = "RootActivated"

// ContractEventName returns the user-defined event name.
func (RewardDistributorRootActivated) ContractEventName() string {
	return RewardDistributorRootActivatedEventName
}

// UnpackRootActivatedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RootActivated(uint64 indexed epoch, bytes32 indexed root, uint256 minted)
func (rewardDistributor *RewardDistributor) UnpackRootActivatedEvent(log *types.Log) (*RewardDistributorRootActivated, error) {
	event := "RootActivated"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorRootActivated)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorRootCancelled represents a RootCancelled event raised by the RewardDistributor contract.
type RewardDistributorRootCancelled struct {
	Epoch uint64
	Root  [32]byte
	Raw   *types.Log // Blockchain specific contextual infos
}

const RewardDistributorRootCancelledEventName = "RootCancelled"

// ContractEventName returns the user-defined event name.
func (RewardDistributorRootCancelled) ContractEventName() string {
	return RewardDistributorRootCancelledEventName
}

// UnpackRootCancelledEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RootCancelled(uint64 indexed epoch, bytes32 indexed root)
func (rewardDistributor *RewardDistributor) UnpackRootCancelledEvent(log *types.Log) (*RewardDistributorRootCancelled, error) {
	event := "RootCancelled"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorRootCancelled)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorRootHeld represents a RootHeld event raised by the RewardDistributor contract.
type RewardDistributorRootHeld struct {
	Epoch    uint64
	Root     [32]byte
	ActiveAt uint64
	Raw      *types.Log // Blockchain specific contextual infos
}

const RewardDistributorRootHeldEventName = "RootHeld"

// ContractEventName returns the user-defined event name.
func (RewardDistributorRootHeld) ContractEventName() string {
	return RewardDistributorRootHeldEventName
}

// UnpackRootHeldEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RootHeld(uint64 indexed epoch, bytes32 indexed root, uint64 activeAt)
func (rewardDistributor *RewardDistributor) UnpackRootHeldEvent(log *types.Log) (*RewardDistributorRootHeld, error) {
	event := "RootHeld"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorRootHeld)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorRootPosted represents a RootPosted event raised by the RewardDistributor contract.
type RewardDistributorRootPosted struct {
	Epoch           uint64
	Root            [32]byte
	DatasetHash     [32]byte
	CumulativeTotal *big.Int
	ActiveAt        uint64
	Raw             *types.Log // Blockchain specific contextual infos
}

const RewardDistributorRootPostedEventName = "RootPosted"

// ContractEventName returns the user-defined event name.
func (RewardDistributorRootPosted) ContractEventName() string {
	return RewardDistributorRootPostedEventName
}

// UnpackRootPostedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RootPosted(uint64 indexed epoch, bytes32 indexed root, bytes32 indexed datasetHash, uint256 cumulativeTotal, uint64 activeAt)
func (rewardDistributor *RewardDistributor) UnpackRootPostedEvent(log *types.Log) (*RewardDistributorRootPosted, error) {
	event := "RootPosted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorRootPosted)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorRootReleased represents a RootReleased event raised by the RewardDistributor contract.
type RewardDistributorRootReleased struct {
	Epoch    uint64
	Root     [32]byte
	ActiveAt uint64
	Raw      *types.Log // Blockchain specific contextual infos
}

const RewardDistributorRootReleasedEventName = "RootReleased"

// ContractEventName returns the user-defined event name.
func (RewardDistributorRootReleased) ContractEventName() string {
	return RewardDistributorRootReleasedEventName
}

// UnpackRootReleasedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RootReleased(uint64 indexed epoch, bytes32 indexed root, uint64 activeAt)
func (rewardDistributor *RewardDistributor) UnpackRootReleasedEvent(log *types.Log) (*RewardDistributorRootReleased, error) {
	event := "RootReleased"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorRootReleased)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// RewardDistributorRootVetoed represents a RootVetoed event raised by the RewardDistributor contract.
type RewardDistributorRootVetoed struct {
	Epoch uint64
	Root  [32]byte
	Raw   *types.Log // Blockchain specific contextual infos
}

const RewardDistributorRootVetoedEventName = "RootVetoed"

// ContractEventName returns the user-defined event name.
func (RewardDistributorRootVetoed) ContractEventName() string {
	return RewardDistributorRootVetoedEventName
}

// UnpackRootVetoedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RootVetoed(uint64 indexed epoch, bytes32 indexed root)
func (rewardDistributor *RewardDistributor) UnpackRootVetoedEvent(log *types.Log) (*RewardDistributorRootVetoed, error) {
	event := "RootVetoed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != rewardDistributor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(RewardDistributorRootVetoed)
	if len(log.Data) > 0 {
		if err := rewardDistributor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range rewardDistributor.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// UnpackError attempts to decode the provided error data using user-defined
// error definitions.
func (rewardDistributor *RewardDistributor) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["ActivationDelayTooShort"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackActivationDelayTooShortError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["BreakerOpen"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackBreakerOpenError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["BreakerWindowTooShort"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackBreakerWindowTooShortError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["ChallengeTooLate"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackChallengeTooLateError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["CosignerIsGuardian"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackCosignerIsGuardianError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["CosignerIsPoster"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackCosignerIsPosterError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["CosignersNotAscending"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackCosignersNotAscendingError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["ECDSAInvalidSignature"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackECDSAInvalidSignatureError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["ECDSAInvalidSignatureLength"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackECDSAInvalidSignatureLengthError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["ECDSAInvalidSignatureS"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackECDSAInvalidSignatureSError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["EpochNotNewer"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackEpochNotNewerError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["EpochTooFar"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackEpochTooFarError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["InvalidPath"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackInvalidPathError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["InvalidProof"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackInvalidProofError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["InvalidShortString"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackInvalidShortStringError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["NoActiveRoot"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackNoActiveRootError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["NoPendingRoot"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackNoPendingRootError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["NodeNotRegistered"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackNodeNotRegisteredError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["NotCosigner"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackNotCosignerError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["NotDisputes"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackNotDisputesError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["NotGuardian"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackNotGuardianError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["NotPoster"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackNotPosterError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["NothingToClaim"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackNothingToClaimError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["OwnableInvalidOwner"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackOwnableInvalidOwnerError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["OwnableUnauthorizedAccount"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackOwnableUnauthorizedAccountError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["PendingRootExists"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackPendingRootExistsError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["PendingRootNotDue"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackPendingRootNotDueError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["PosterIsGuardian"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackPosterIsGuardianError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["RootWasVetoed"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackRootWasVetoedError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["SafeERC20FailedOperation"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackSafeERC20FailedOperationError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["StringTooLong"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackStringTooLongError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["ThresholdTooHigh"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackThresholdTooHighError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["TooFewCosignatures"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackTooFewCosignaturesError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["TooManyClaims"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackTooManyClaimsError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["TooManyCosigners"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackTooManyCosignersError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["TotalFell"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackTotalFellError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["TotalOverRate"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackTotalOverRateError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["VetoTooLate"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackVetoTooLateError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["ZeroAddress"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackZeroAddressError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["ZeroRoot"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackZeroRootError(raw[4:])
	}
	return nil, errors.New("unknown error")
}

// RewardDistributorActivationDelayTooShort represents a ActivationDelayTooShort error raised by the RewardDistributor contract.
type RewardDistributorActivationDelayTooShort struct {
	Delay   uint64
	Minimum uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ActivationDelayTooShort(uint64 delay, uint64 minimum)
func RewardDistributorActivationDelayTooShortErrorID() common.Hash {
	return common.HexToHash("0x4064afa0f50da17b83901f06e23baba963ef3869c43a7efc49e564ba8e52456a")
}

// UnpackActivationDelayTooShortError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ActivationDelayTooShort(uint64 delay, uint64 minimum)
func (rewardDistributor *RewardDistributor) UnpackActivationDelayTooShortError(raw []byte) (*RewardDistributorActivationDelayTooShort, error) {
	out := new(RewardDistributorActivationDelayTooShort)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "ActivationDelayTooShort", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorBreakerOpen represents a BreakerOpen error raised by the RewardDistributor contract.
type RewardDistributorBreakerOpen struct {
	Level *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BreakerOpen(uint256 level)
func RewardDistributorBreakerOpenErrorID() common.Hash {
	return common.HexToHash("0xe7c57fade58b5b99aefa600be56d0fcbf1bab7e99ce8568ebb13e7026b622189")
}

// UnpackBreakerOpenError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BreakerOpen(uint256 level)
func (rewardDistributor *RewardDistributor) UnpackBreakerOpenError(raw []byte) (*RewardDistributorBreakerOpen, error) {
	out := new(RewardDistributorBreakerOpen)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "BreakerOpen", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorBreakerWindowTooShort represents a BreakerWindowTooShort error raised by the RewardDistributor contract.
type RewardDistributorBreakerWindowTooShort struct {
	Window  uint32
	Minimum uint32
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BreakerWindowTooShort(uint32 window, uint32 minimum)
func RewardDistributorBreakerWindowTooShortErrorID() common.Hash {
	return common.HexToHash("0xf614a07bc11e3d6ef5b008f6111feae875c2e48670cc272e1893735b995c4816")
}

// UnpackBreakerWindowTooShortError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BreakerWindowTooShort(uint32 window, uint32 minimum)
func (rewardDistributor *RewardDistributor) UnpackBreakerWindowTooShortError(raw []byte) (*RewardDistributorBreakerWindowTooShort, error) {
	out := new(RewardDistributorBreakerWindowTooShort)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "BreakerWindowTooShort", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorChallengeTooLate represents a ChallengeTooLate error raised by the RewardDistributor contract.
type RewardDistributorChallengeTooLate struct {
	DueAt uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ChallengeTooLate(uint64 dueAt)
func RewardDistributorChallengeTooLateErrorID() common.Hash {
	return common.HexToHash("0x866f616944014a8691c1fcfc967e4ea9fdd0719587791423c9d502b37031c2c4")
}

// UnpackChallengeTooLateError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ChallengeTooLate(uint64 dueAt)
func (rewardDistributor *RewardDistributor) UnpackChallengeTooLateError(raw []byte) (*RewardDistributorChallengeTooLate, error) {
	out := new(RewardDistributorChallengeTooLate)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "ChallengeTooLate", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorCosignerIsGuardian represents a CosignerIsGuardian error raised by the RewardDistributor contract.
type RewardDistributorCosignerIsGuardian struct {
	Cosigner common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error CosignerIsGuardian(address cosigner)
func RewardDistributorCosignerIsGuardianErrorID() common.Hash {
	return common.HexToHash("0x17f3f1f17e682d848a7d40b020b376dba69d6e955ad7a46e8a6222c6a614d2a6")
}

// UnpackCosignerIsGuardianError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error CosignerIsGuardian(address cosigner)
func (rewardDistributor *RewardDistributor) UnpackCosignerIsGuardianError(raw []byte) (*RewardDistributorCosignerIsGuardian, error) {
	out := new(RewardDistributorCosignerIsGuardian)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "CosignerIsGuardian", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorCosignerIsPoster represents a CosignerIsPoster error raised by the RewardDistributor contract.
type RewardDistributorCosignerIsPoster struct {
	Cosigner common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error CosignerIsPoster(address cosigner)
func RewardDistributorCosignerIsPosterErrorID() common.Hash {
	return common.HexToHash("0x59016f8e1c168179261298c74324eb686b6a24e132157683a84c94452c4d6267")
}

// UnpackCosignerIsPosterError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error CosignerIsPoster(address cosigner)
func (rewardDistributor *RewardDistributor) UnpackCosignerIsPosterError(raw []byte) (*RewardDistributorCosignerIsPoster, error) {
	out := new(RewardDistributorCosignerIsPoster)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "CosignerIsPoster", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorCosignersNotAscending represents a CosignersNotAscending error raised by the RewardDistributor contract.
type RewardDistributorCosignersNotAscending struct {
	Cosigner common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error CosignersNotAscending(address cosigner)
func RewardDistributorCosignersNotAscendingErrorID() common.Hash {
	return common.HexToHash("0xc1e03e26560ee9dfc3268f28d7999d2c1b6883eb33605fbe02a19913ec72633e")
}

// UnpackCosignersNotAscendingError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error CosignersNotAscending(address cosigner)
func (rewardDistributor *RewardDistributor) UnpackCosignersNotAscendingError(raw []byte) (*RewardDistributorCosignersNotAscending, error) {
	out := new(RewardDistributorCosignersNotAscending)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "CosignersNotAscending", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorECDSAInvalidSignature represents a ECDSAInvalidSignature error raised by the RewardDistributor contract.
type RewardDistributorECDSAInvalidSignature struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignature()
func RewardDistributorECDSAInvalidSignatureErrorID() common.Hash {
	return common.HexToHash("0xf645eedf0193584640b6b90cb9477e4c95b98636c148a891d4c0a146dc46e75a")
}

// UnpackECDSAInvalidSignatureError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignature()
func (rewardDistributor *RewardDistributor) UnpackECDSAInvalidSignatureError(raw []byte) (*RewardDistributorECDSAInvalidSignature, error) {
	out := new(RewardDistributorECDSAInvalidSignature)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "ECDSAInvalidSignature", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorECDSAInvalidSignatureLength represents a ECDSAInvalidSignatureLength error raised by the RewardDistributor contract.
type RewardDistributorECDSAInvalidSignatureLength struct {
	Length *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignatureLength(uint256 length)
func RewardDistributorECDSAInvalidSignatureLengthErrorID() common.Hash {
	return common.HexToHash("0xfce698f7e8e5342cd615f641317bc45fe7e1e4a8b0a14dd1383ff8dc9c41917f")
}

// UnpackECDSAInvalidSignatureLengthError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignatureLength(uint256 length)
func (rewardDistributor *RewardDistributor) UnpackECDSAInvalidSignatureLengthError(raw []byte) (*RewardDistributorECDSAInvalidSignatureLength, error) {
	out := new(RewardDistributorECDSAInvalidSignatureLength)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "ECDSAInvalidSignatureLength", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorECDSAInvalidSignatureS represents a ECDSAInvalidSignatureS error raised by the RewardDistributor contract.
type RewardDistributorECDSAInvalidSignatureS struct {
	S [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignatureS(bytes32 s)
func RewardDistributorECDSAInvalidSignatureSErrorID() common.Hash {
	return common.HexToHash("0xd78bce0cccb935155ed6428d1c13e50b7f3550fd2b66b9fe266006fea4a5e1eb")
}

// UnpackECDSAInvalidSignatureSError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignatureS(bytes32 s)
func (rewardDistributor *RewardDistributor) UnpackECDSAInvalidSignatureSError(raw []byte) (*RewardDistributorECDSAInvalidSignatureS, error) {
	out := new(RewardDistributorECDSAInvalidSignatureS)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "ECDSAInvalidSignatureS", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorEpochNotNewer represents a EpochNotNewer error raised by the RewardDistributor contract.
type RewardDistributorEpochNotNewer struct {
	Epoch       uint64
	ActiveEpoch uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error EpochNotNewer(uint64 epoch, uint64 activeEpoch)
func RewardDistributorEpochNotNewerErrorID() common.Hash {
	return common.HexToHash("0x94147ca660036d60b37ab1e7aa60d336bac611177fc6321a22c466117756eae2")
}

// UnpackEpochNotNewerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error EpochNotNewer(uint64 epoch, uint64 activeEpoch)
func (rewardDistributor *RewardDistributor) UnpackEpochNotNewerError(raw []byte) (*RewardDistributorEpochNotNewer, error) {
	out := new(RewardDistributorEpochNotNewer)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "EpochNotNewer", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorEpochTooFar represents a EpochTooFar error raised by the RewardDistributor contract.
type RewardDistributorEpochTooFar struct {
	Epoch uint64
	Step  uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error EpochTooFar(uint64 epoch, uint64 step)
func RewardDistributorEpochTooFarErrorID() common.Hash {
	return common.HexToHash("0x28454a4b86190a6216764a04d8971a8d96dcd31856939756d6fb1b6c28f41db7")
}

// UnpackEpochTooFarError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error EpochTooFar(uint64 epoch, uint64 step)
func (rewardDistributor *RewardDistributor) UnpackEpochTooFarError(raw []byte) (*RewardDistributorEpochTooFar, error) {
	out := new(RewardDistributorEpochTooFar)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "EpochTooFar", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorInvalidPath represents a InvalidPath error raised by the RewardDistributor contract.
type RewardDistributorInvalidPath struct {
	Line *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidPath(uint256 line)
func RewardDistributorInvalidPathErrorID() common.Hash {
	return common.HexToHash("0xa876f8713cb9c0189a251800bd9acb3e1fd0862abcf345450757a92bc54ba9e3")
}

// UnpackInvalidPathError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidPath(uint256 line)
func (rewardDistributor *RewardDistributor) UnpackInvalidPathError(raw []byte) (*RewardDistributorInvalidPath, error) {
	out := new(RewardDistributorInvalidPath)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "InvalidPath", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorInvalidProof represents a InvalidProof error raised by the RewardDistributor contract.
type RewardDistributorInvalidProof struct {
	Node          common.Address
	CumulativeWei *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidProof(address node, uint256 cumulativeWei)
func RewardDistributorInvalidProofErrorID() common.Hash {
	return common.HexToHash("0xadbd6512b8ce16af463deab8b932072db98b797407959df0bc4b06f2b77e80f5")
}

// UnpackInvalidProofError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidProof(address node, uint256 cumulativeWei)
func (rewardDistributor *RewardDistributor) UnpackInvalidProofError(raw []byte) (*RewardDistributorInvalidProof, error) {
	out := new(RewardDistributorInvalidProof)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "InvalidProof", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorInvalidShortString represents a InvalidShortString error raised by the RewardDistributor contract.
type RewardDistributorInvalidShortString struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidShortString()
func RewardDistributorInvalidShortStringErrorID() common.Hash {
	return common.HexToHash("0xb3512b0c6163e5f0bafab72bb631b9d58cd7a731b082f910338aa21c83d5c274")
}

// UnpackInvalidShortStringError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidShortString()
func (rewardDistributor *RewardDistributor) UnpackInvalidShortStringError(raw []byte) (*RewardDistributorInvalidShortString, error) {
	out := new(RewardDistributorInvalidShortString)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "InvalidShortString", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorNoActiveRoot represents a NoActiveRoot error raised by the RewardDistributor contract.
type RewardDistributorNoActiveRoot struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoActiveRoot()
func RewardDistributorNoActiveRootErrorID() common.Hash {
	return common.HexToHash("0x7a5af78b574d98183544ad6eeee6048bbaeb93d96b09a70a315961595a21033b")
}

// UnpackNoActiveRootError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoActiveRoot()
func (rewardDistributor *RewardDistributor) UnpackNoActiveRootError(raw []byte) (*RewardDistributorNoActiveRoot, error) {
	out := new(RewardDistributorNoActiveRoot)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "NoActiveRoot", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorNoPendingRoot represents a NoPendingRoot error raised by the RewardDistributor contract.
type RewardDistributorNoPendingRoot struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoPendingRoot()
func RewardDistributorNoPendingRootErrorID() common.Hash {
	return common.HexToHash("0x2a01895ee863735ea8533479c7609527402e57aaebaef575f9a1b9cb21c4beee")
}

// UnpackNoPendingRootError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoPendingRoot()
func (rewardDistributor *RewardDistributor) UnpackNoPendingRootError(raw []byte) (*RewardDistributorNoPendingRoot, error) {
	out := new(RewardDistributorNoPendingRoot)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "NoPendingRoot", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorNodeNotRegistered represents a NodeNotRegistered error raised by the RewardDistributor contract.
type RewardDistributorNodeNotRegistered struct {
	Node common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NodeNotRegistered(address node)
func RewardDistributorNodeNotRegisteredErrorID() common.Hash {
	return common.HexToHash("0x9c3baaedcd13945050d2520b64ddd7584df0bce7a1e1a5e0b36ed0f5159bb7af")
}

// UnpackNodeNotRegisteredError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NodeNotRegistered(address node)
func (rewardDistributor *RewardDistributor) UnpackNodeNotRegisteredError(raw []byte) (*RewardDistributorNodeNotRegistered, error) {
	out := new(RewardDistributorNodeNotRegistered)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "NodeNotRegistered", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorNotCosigner represents a NotCosigner error raised by the RewardDistributor contract.
type RewardDistributorNotCosigner struct {
	Signer common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotCosigner(address signer)
func RewardDistributorNotCosignerErrorID() common.Hash {
	return common.HexToHash("0x620c1af8d0a79e31d7a23f2c52a9bd4e7e4c216b3fbce5ac2c40886169936aa6")
}

// UnpackNotCosignerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotCosigner(address signer)
func (rewardDistributor *RewardDistributor) UnpackNotCosignerError(raw []byte) (*RewardDistributorNotCosigner, error) {
	out := new(RewardDistributorNotCosigner)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "NotCosigner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorNotDisputes represents a NotDisputes error raised by the RewardDistributor contract.
type RewardDistributorNotDisputes struct {
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotDisputes(address caller)
func RewardDistributorNotDisputesErrorID() common.Hash {
	return common.HexToHash("0xb4a46e6423db360cef42f96c1f2bc6cdcdbe7eb9fd0ed842d77fef9d933fc095")
}

// UnpackNotDisputesError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotDisputes(address caller)
func (rewardDistributor *RewardDistributor) UnpackNotDisputesError(raw []byte) (*RewardDistributorNotDisputes, error) {
	out := new(RewardDistributorNotDisputes)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "NotDisputes", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorNotGuardian represents a NotGuardian error raised by the RewardDistributor contract.
type RewardDistributorNotGuardian struct {
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotGuardian(address caller)
func RewardDistributorNotGuardianErrorID() common.Hash {
	return common.HexToHash("0xa252c151cd1ee155ad6a596fd962f839a8b963fd05f5e863eca095de2e0b08a4")
}

// UnpackNotGuardianError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotGuardian(address caller)
func (rewardDistributor *RewardDistributor) UnpackNotGuardianError(raw []byte) (*RewardDistributorNotGuardian, error) {
	out := new(RewardDistributorNotGuardian)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "NotGuardian", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorNotPoster represents a NotPoster error raised by the RewardDistributor contract.
type RewardDistributorNotPoster struct {
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotPoster(address caller)
func RewardDistributorNotPosterErrorID() common.Hash {
	return common.HexToHash("0x6951ee52da6a0da6c56d349a0c3dd0d20b0fd20079112c9b347ea29455477275")
}

// UnpackNotPosterError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotPoster(address caller)
func (rewardDistributor *RewardDistributor) UnpackNotPosterError(raw []byte) (*RewardDistributorNotPoster, error) {
	out := new(RewardDistributorNotPoster)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "NotPoster", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorNothingToClaim represents a NothingToClaim error raised by the RewardDistributor contract.
type RewardDistributorNothingToClaim struct {
	Node    common.Address
	Claimed *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NothingToClaim(address node, uint256 claimed)
func RewardDistributorNothingToClaimErrorID() common.Hash {
	return common.HexToHash("0x01ac6c1a7eefe3bb77b0103be5637bc1149875a3eef79ab1e671f13f98ece98a")
}

// UnpackNothingToClaimError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NothingToClaim(address node, uint256 claimed)
func (rewardDistributor *RewardDistributor) UnpackNothingToClaimError(raw []byte) (*RewardDistributorNothingToClaim, error) {
	out := new(RewardDistributorNothingToClaim)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "NothingToClaim", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorOwnableInvalidOwner represents a OwnableInvalidOwner error raised by the RewardDistributor contract.
type RewardDistributorOwnableInvalidOwner struct {
	Owner common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OwnableInvalidOwner(address owner)
func RewardDistributorOwnableInvalidOwnerErrorID() common.Hash {
	return common.HexToHash("0x1e4fbdf7f3ef8bcaa855599e3abf48b232380f183f08f6f813d9ffa5bd585188")
}

// UnpackOwnableInvalidOwnerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OwnableInvalidOwner(address owner)
func (rewardDistributor *RewardDistributor) UnpackOwnableInvalidOwnerError(raw []byte) (*RewardDistributorOwnableInvalidOwner, error) {
	out := new(RewardDistributorOwnableInvalidOwner)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "OwnableInvalidOwner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorOwnableUnauthorizedAccount represents a OwnableUnauthorizedAccount error raised by the RewardDistributor contract.
type RewardDistributorOwnableUnauthorizedAccount struct {
	Account common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OwnableUnauthorizedAccount(address account)
func RewardDistributorOwnableUnauthorizedAccountErrorID() common.Hash {
	return common.HexToHash("0x118cdaa7a341953d1887a2245fd6665d741c67c8c50581daa59e1d03373fa188")
}

// UnpackOwnableUnauthorizedAccountError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OwnableUnauthorizedAccount(address account)
func (rewardDistributor *RewardDistributor) UnpackOwnableUnauthorizedAccountError(raw []byte) (*RewardDistributorOwnableUnauthorizedAccount, error) {
	out := new(RewardDistributorOwnableUnauthorizedAccount)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "OwnableUnauthorizedAccount", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorPendingRootExists represents a PendingRootExists error raised by the RewardDistributor contract.
type RewardDistributorPendingRootExists struct {
	Epoch    uint64
	ActiveAt uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error PendingRootExists(uint64 epoch, uint64 activeAt)
func RewardDistributorPendingRootExistsErrorID() common.Hash {
	return common.HexToHash("0x206849582d5e5b6d3b8a3c7de7e14c1a242d928ba55f4f780df6022268670597")
}

// UnpackPendingRootExistsError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error PendingRootExists(uint64 epoch, uint64 activeAt)
func (rewardDistributor *RewardDistributor) UnpackPendingRootExistsError(raw []byte) (*RewardDistributorPendingRootExists, error) {
	out := new(RewardDistributorPendingRootExists)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "PendingRootExists", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorPendingRootNotDue represents a PendingRootNotDue error raised by the RewardDistributor contract.
type RewardDistributorPendingRootNotDue struct {
	ActiveAt uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error PendingRootNotDue(uint64 activeAt)
func RewardDistributorPendingRootNotDueErrorID() common.Hash {
	return common.HexToHash("0xf160a9fb899cb7e7979c9a662be2accde50b2d367b7101740225dfe771fec120")
}

// UnpackPendingRootNotDueError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error PendingRootNotDue(uint64 activeAt)
func (rewardDistributor *RewardDistributor) UnpackPendingRootNotDueError(raw []byte) (*RewardDistributorPendingRootNotDue, error) {
	out := new(RewardDistributorPendingRootNotDue)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "PendingRootNotDue", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorPosterIsGuardian represents a PosterIsGuardian error raised by the RewardDistributor contract.
type RewardDistributorPosterIsGuardian struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error PosterIsGuardian()
func RewardDistributorPosterIsGuardianErrorID() common.Hash {
	return common.HexToHash("0x38261b180b3327b0501e83809ab5d1ffe42d32df868e9c130f2e7cf3a69147cd")
}

// UnpackPosterIsGuardianError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error PosterIsGuardian()
func (rewardDistributor *RewardDistributor) UnpackPosterIsGuardianError(raw []byte) (*RewardDistributorPosterIsGuardian, error) {
	out := new(RewardDistributorPosterIsGuardian)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "PosterIsGuardian", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorRootWasVetoed represents a RootWasVetoed error raised by the RewardDistributor contract.
type RewardDistributorRootWasVetoed struct {
	Epoch uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error RootWasVetoed(uint64 epoch)
func RewardDistributorRootWasVetoedErrorID() common.Hash {
	return common.HexToHash("0xd857f1b37e8c80acf34e3ecc2d0fc62a5e5422c3d88bbd92b10bb23bc67c62ff")
}

// UnpackRootWasVetoedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error RootWasVetoed(uint64 epoch)
func (rewardDistributor *RewardDistributor) UnpackRootWasVetoedError(raw []byte) (*RewardDistributorRootWasVetoed, error) {
	out := new(RewardDistributorRootWasVetoed)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "RootWasVetoed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorSafeERC20FailedOperation represents a SafeERC20FailedOperation error raised by the RewardDistributor contract.
type RewardDistributorSafeERC20FailedOperation struct {
	Token common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeERC20FailedOperation(address token)
func RewardDistributorSafeERC20FailedOperationErrorID() common.Hash {
	return common.HexToHash("0x5274afe73c98b4749fc91ffae6b7b574e7842cb2144a159e9377a5f20b32edf9")
}

// UnpackSafeERC20FailedOperationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeERC20FailedOperation(address token)
func (rewardDistributor *RewardDistributor) UnpackSafeERC20FailedOperationError(raw []byte) (*RewardDistributorSafeERC20FailedOperation, error) {
	out := new(RewardDistributorSafeERC20FailedOperation)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "SafeERC20FailedOperation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorStringTooLong represents a StringTooLong error raised by the RewardDistributor contract.
type RewardDistributorStringTooLong struct {
	Str string
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StringTooLong(string str)
func RewardDistributorStringTooLongErrorID() common.Hash {
	return common.HexToHash("0x305a27a93f8e33b7392df0a0f91d6fc63847395853c45991eec52dbf24d72381")
}

// UnpackStringTooLongError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StringTooLong(string str)
func (rewardDistributor *RewardDistributor) UnpackStringTooLongError(raw []byte) (*RewardDistributorStringTooLong, error) {
	out := new(RewardDistributorStringTooLong)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "StringTooLong", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorThresholdTooHigh represents a ThresholdTooHigh error raised by the RewardDistributor contract.
type RewardDistributorThresholdTooHigh struct {
	Threshold uint8
	Cosigners *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ThresholdTooHigh(uint8 threshold, uint256 cosigners)
func RewardDistributorThresholdTooHighErrorID() common.Hash {
	return common.HexToHash("0xf67667b99abc5517b55326b8fcb6ae35cbeb13070e09d654dac9105215395704")
}

// UnpackThresholdTooHighError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ThresholdTooHigh(uint8 threshold, uint256 cosigners)
func (rewardDistributor *RewardDistributor) UnpackThresholdTooHighError(raw []byte) (*RewardDistributorThresholdTooHigh, error) {
	out := new(RewardDistributorThresholdTooHigh)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "ThresholdTooHigh", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorTooFewCosignatures represents a TooFewCosignatures error raised by the RewardDistributor contract.
type RewardDistributorTooFewCosignatures struct {
	Cosignatures *big.Int
	Threshold    uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TooFewCosignatures(uint256 cosignatures, uint8 threshold)
func RewardDistributorTooFewCosignaturesErrorID() common.Hash {
	return common.HexToHash("0x5f5e3cfb0eb524da193a3720b1b26c3a08e6282fd902e42695891099c461e2aa")
}

// UnpackTooFewCosignaturesError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TooFewCosignatures(uint256 cosignatures, uint8 threshold)
func (rewardDistributor *RewardDistributor) UnpackTooFewCosignaturesError(raw []byte) (*RewardDistributorTooFewCosignatures, error) {
	out := new(RewardDistributorTooFewCosignatures)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "TooFewCosignatures", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorTooManyClaims represents a TooManyClaims error raised by the RewardDistributor contract.
type RewardDistributorTooManyClaims struct {
	Claims *big.Int
	Limit  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TooManyClaims(uint256 claims, uint256 limit)
func RewardDistributorTooManyClaimsErrorID() common.Hash {
	return common.HexToHash("0x3d155e0bc7ced273e76d907cfbc4a5f85bbde4bd3adc8b6aa93d3ba0c09b6311")
}

// UnpackTooManyClaimsError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TooManyClaims(uint256 claims, uint256 limit)
func (rewardDistributor *RewardDistributor) UnpackTooManyClaimsError(raw []byte) (*RewardDistributorTooManyClaims, error) {
	out := new(RewardDistributorTooManyClaims)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "TooManyClaims", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorTooManyCosigners represents a TooManyCosigners error raised by the RewardDistributor contract.
type RewardDistributorTooManyCosigners struct {
	Cosigners *big.Int
	Limit     *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TooManyCosigners(uint256 cosigners, uint256 limit)
func RewardDistributorTooManyCosignersErrorID() common.Hash {
	return common.HexToHash("0x11b1164102637e81976a7fff6ef85e33053a1cf18c59dfc85a3f96e06b70a906")
}

// UnpackTooManyCosignersError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TooManyCosigners(uint256 cosigners, uint256 limit)
func (rewardDistributor *RewardDistributor) UnpackTooManyCosignersError(raw []byte) (*RewardDistributorTooManyCosigners, error) {
	out := new(RewardDistributorTooManyCosigners)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "TooManyCosigners", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorTotalFell represents a TotalFell error raised by the RewardDistributor contract.
type RewardDistributorTotalFell struct {
	CumulativeTotal *big.Int
	ActiveTotal     *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TotalFell(uint256 cumulativeTotal, uint256 activeTotal)
func RewardDistributorTotalFellErrorID() common.Hash {
	return common.HexToHash("0xde2eed356dc48472c7e48cf5a7c7059b18aab78c2549b66abfea1ab2b9e4abe5")
}

// UnpackTotalFellError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TotalFell(uint256 cumulativeTotal, uint256 activeTotal)
func (rewardDistributor *RewardDistributor) UnpackTotalFellError(raw []byte) (*RewardDistributorTotalFell, error) {
	out := new(RewardDistributorTotalFell)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "TotalFell", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorTotalOverRate represents a TotalOverRate error raised by the RewardDistributor contract.
type RewardDistributorTotalOverRate struct {
	CumulativeTotal *big.Int
	Allowed         *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TotalOverRate(uint256 cumulativeTotal, uint256 allowed)
func RewardDistributorTotalOverRateErrorID() common.Hash {
	return common.HexToHash("0x67c675f58241a2ffd7452ae89e8b3cd663b2fca8ee60a2b36f4213381ffe4a51")
}

// UnpackTotalOverRateError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TotalOverRate(uint256 cumulativeTotal, uint256 allowed)
func (rewardDistributor *RewardDistributor) UnpackTotalOverRateError(raw []byte) (*RewardDistributorTotalOverRate, error) {
	out := new(RewardDistributorTotalOverRate)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "TotalOverRate", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorVetoTooLate represents a VetoTooLate error raised by the RewardDistributor contract.
type RewardDistributorVetoTooLate struct {
	ActiveAt uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error VetoTooLate(uint64 activeAt)
func RewardDistributorVetoTooLateErrorID() common.Hash {
	return common.HexToHash("0xe3d5ebbec83c5d4c7d0eb79be77d8244fa658f88baa77fd001365a08c14dbe2d")
}

// UnpackVetoTooLateError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error VetoTooLate(uint64 activeAt)
func (rewardDistributor *RewardDistributor) UnpackVetoTooLateError(raw []byte) (*RewardDistributorVetoTooLate, error) {
	out := new(RewardDistributorVetoTooLate)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "VetoTooLate", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorZeroAddress represents a ZeroAddress error raised by the RewardDistributor contract.
type RewardDistributorZeroAddress struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ZeroAddress()
func RewardDistributorZeroAddressErrorID() common.Hash {
	return common.HexToHash("0xd92e233df2717d4a40030e20904abd27b68fcbeede117eaaccbbdac9618c8c73")
}

// UnpackZeroAddressError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ZeroAddress()
func (rewardDistributor *RewardDistributor) UnpackZeroAddressError(raw []byte) (*RewardDistributorZeroAddress, error) {
	out := new(RewardDistributorZeroAddress)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "ZeroAddress", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// RewardDistributorZeroRoot represents a ZeroRoot error raised by the RewardDistributor contract.
type RewardDistributorZeroRoot struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ZeroRoot()
func RewardDistributorZeroRootErrorID() common.Hash {
	return common.HexToHash("0xb263ae738e814ca9af6ee56bb85daa47624e790421913c947dcba2aac07cfdbd")
}

// UnpackZeroRootError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ZeroRoot()
func (rewardDistributor *RewardDistributor) UnpackZeroRootError(raw []byte) (*RewardDistributorZeroRoot, error) {
	out := new(RewardDistributorZeroRoot)
	if err := rewardDistributor.abi.UnpackIntoInterface(out, "ZeroRoot", raw); err != nil {
		return nil, err
	}
	return out, nil
}
