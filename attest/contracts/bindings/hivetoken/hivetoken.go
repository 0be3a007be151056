// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package hivetoken

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

// CheckpointsCheckpoint208 is an auto generated low-level Go binding around an user-defined struct.
type CheckpointsCheckpoint208 struct {
	Key   *big.Int
	Value *big.Int
}

// HiveTokenMetaData contains all meta data concerning the HiveToken contract.
var HiveTokenMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"address\",\"name\":\"admin\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"treasury\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"initialSupply\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[],\"name\":\"AccessControlBadConfirmation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"neededRole\",\"type\":\"bytes32\"}],\"name\":\"AccessControlUnauthorizedAccount\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"CheckpointUnorderedInsertion\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ECDSAInvalidSignature\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"length\",\"type\":\"uint256\"}],\"name\":\"ECDSAInvalidSignatureLength\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"name\":\"ECDSAInvalidSignatureS\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"increasedSupply\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"cap\",\"type\":\"uint256\"}],\"name\":\"ERC20ExceededSafeSupply\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"allowance\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"needed\",\"type\":\"uint256\"}],\"name\":\"ERC20InsufficientAllowance\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"balance\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"needed\",\"type\":\"uint256\"}],\"name\":\"ERC20InsufficientBalance\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"approver\",\"type\":\"address\"}],\"name\":\"ERC20InvalidApprover\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"receiver\",\"type\":\"address\"}],\"name\":\"ERC20InvalidReceiver\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"ERC20InvalidSender\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"}],\"name\":\"ERC20InvalidSpender\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"name\":\"ERC2612ExpiredSignature\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"signer\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"ERC2612InvalidSigner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"timepoint\",\"type\":\"uint256\"},{\"internalType\":\"uint48\",\"name\":\"clock\",\"type\":\"uint48\"}],\"name\":\"ERC5805FutureLookup\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"currentNonce\",\"type\":\"uint256\"}],\"name\":\"InvalidAccountNonce\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"InvalidShortString\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"receivers\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"amounts\",\"type\":\"uint256\"}],\"name\":\"LengthsDiffer\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"bits\",\"type\":\"uint8\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"SafeCastOverflowedUintDowncast\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"string\",\"name\":\"str\",\"type\":\"string\"}],\"name\":\"StringTooLong\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"receivers\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"limit\",\"type\":\"uint256\"}],\"name\":\"TooManyTransfers\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"expiry\",\"type\":\"uint256\"}],\"name\":\"VotesExpiredSignature\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"Approval\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"delegator\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"fromDelegate\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"toDelegate\",\"type\":\"address\"}],\"name\":\"DelegateChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"delegate\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"previousVotes\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"newVotes\",\"type\":\"uint256\"}],\"name\":\"DelegateVotesChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"EIP712DomainChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"previousAdminRole\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"newAdminRole\",\"type\":\"bytes32\"}],\"name\":\"RoleAdminChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleGranted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleRevoked\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"Transfer\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"CLOCK_MODE\",\"outputs\":[{\"internalType\":\"string\",\"name\":\"\",\"type\":\"string\"}],\"stateMutability\":\"pure\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"DEFAULT_ADMIN_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"DOMAIN_SEPARATOR\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_TRANSFERS\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MINTER_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"}],\"name\":\"allowance\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"approve\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"balanceOf\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"uint32\",\"name\":\"pos\",\"type\":\"uint32\"}],\"name\":\"checkpoints\",\"outputs\":[{\"components\":[{\"internalType\":\"uint48\",\"name\":\"_key\",\"type\":\"uint48\"},{\"internalType\":\"uint208\",\"name\":\"_value\",\"type\":\"uint208\"}],\"internalType\":\"structCheckpoints.Checkpoint208\",\"name\":\"\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"clock\",\"outputs\":[{\"internalType\":\"uint48\",\"name\":\"\",\"type\":\"uint48\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"decimals\",\"outputs\":[{\"internalType\":\"uint8\",\"name\":\"\",\"type\":\"uint8\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"delegatee\",\"type\":\"address\"}],\"name\":\"delegate\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"delegatee\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"nonce\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"expiry\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"v\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"r\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"name\":\"delegateBySig\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"delegates\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"eip712Domain\",\"outputs\":[{\"internalType\":\"bytes1\",\"name\":\"fields\",\"type\":\"bytes1\"},{\"internalType\":\"string\",\"name\":\"name\",\"type\":\"string\"},{\"internalType\":\"string\",\"name\":\"version\",\"type\":\"string\"},{\"internalType\":\"uint256\",\"name\":\"chainId\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"verifyingContract\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"salt\",\"type\":\"bytes32\"},{\"internalType\":\"uint256[]\",\"name\":\"extensions\",\"type\":\"uint256[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"timepoint\",\"type\":\"uint256\"}],\"name\":\"getPastTotalSupply\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"timepoint\",\"type\":\"uint256\"}],\"name\":\"getPastVotes\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"}],\"name\":\"getRoleAdmin\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"getVotes\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"grantRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"hasRole\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"mint\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"name\",\"outputs\":[{\"internalType\":\"string\",\"name\":\"\",\"type\":\"string\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"nonces\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"numCheckpoints\",\"outputs\":[{\"internalType\":\"uint32\",\"name\":\"\",\"type\":\"uint32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"spender\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"v\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"r\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"name\":\"permit\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"callerConfirmation\",\"type\":\"address\"}],\"name\":\"renounceRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"revokeRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes4\",\"name\":\"interfaceId\",\"type\":\"bytes4\"}],\"name\":\"supportsInterface\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"symbol\",\"outputs\":[{\"internalType\":\"string\",\"name\":\"\",\"type\":\"string\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"totalSupply\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"transfer\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"transferFrom\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address[]\",\"name\":\"to\",\"type\":\"address[]\"},{\"internalType\":\"uint256[]\",\"name\":\"amounts\",\"type\":\"uint256[]\"}],\"name\":\"transferMany\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "1f50d36b750e3d8c404b398269dc0a1a8d",
	Bin: "0x610160604052346100975760606139a2803803809161001d826100af565b61016039126100975761004661003161010f565b61003c610180610126565b6101a05191610189565b604051612de29081610b60823960805181611e09015260a05181611ec6015260c05181611dda015260e05181611e5801526101005181611e7e01526101205181610dc101526101405181610dea0152f35b5f80fd5b634e487b7160e01b5f52604160045260245ffd5b610160601f91909101601f19168101906001600160401b038211908210176100d657604052565b61009b565b601f909101601f19168101906001600160401b038211908210176100d657604052565b6040519061010d6040836100db565b565b61016051906001600160a01b038216820361009757565b51906001600160a01b038216820361009757565b604051906101496040836100db565b60048252565b6040519061015e6040836100db565b60018252565b604051906101736040836100db565b60078252664d65644869766560c81b6020830152565b929190610194610164565b9361019d610164565b946101a661013a565b90634849564560e01b60208301526101bc61014f565b906020820192603160f81b8452885160018060401b0381116100d6576101ec816101e7600354610317565b61034f565b6020601f8211600114610286579161022a8261023293610275999897969561010d9d9e5f9261027b575b50508160011b915f199060031b1c19161790565b60035561040c565b61023b8161061a565b610120526102488261061a565b610140526020815191012060e052519020610100524660a052610269610685565b6080523060c0526104e5565b5061056e565b015190505f80610216565b60035f52601f1982169a7fc2575a0e9e593c00f959f8c92f12db2869c3395a3b0502d05e2516446f71f85b9b5f5b8181106102ff57509261010d9b9c6102759998979695936001938361023297106102e7575b505050811b0160035561040c565b01515f1960f88460031b161c191690555f80806102d9565b838301518e556001909d019c602093840193016102b4565b90600182811c92168015610345575b602083101461033157565b634e487b7160e01b5f52602260045260245ffd5b91607f1691610326565b90601f821161035c575050565b808211610367575050565b60035f5260205f206020601f830160051c92106103a6575b81601f9101920160051c03905f5b82811061039957505050565b5f8282015560010161038d565b5f915061037f565b919091601f83116103bf575b505050565b8183116103cb57505050565b5f5260205f206020601f830160051c9210610404575b81601f9101920160051c03905f5b828110156103ba575f828201556001016103ef565b5f91506103e1565b80519091906001600160401b0381116100d6576104358161042e600454610317565b60046103ae565b602092601f821160011461046957610464929382915f9261027b5750508160011b915f199060031b1c19161790565b600455565b60045f52601f198216937f8a35acfbc15ff81a39ae7d344fd709f28e8600b4aa8c65c6b64bfe7fe36bd19b915f5b8681106104cd57508360019596106104b5575b505050811b01600455565b01515f1960f88460031b161c191690555f80806104aa565b91926020600181928685015181550194019201610497565b6001600160a01b0381165f9081525f5160206139625f395f51905f52602052604090205460ff16610569576001600160a01b03165f8181525f5160206139625f395f51905f5260205260408120805460ff191660011790553391907f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d8180a4600190565b505f90565b91906001600160a01b038316801561060757600254828101809111610602576002555f81815260208181526040808320805486019055518481527fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef9190a3600254926001600160d01b038085116105eb575061010d9293506106f7565b630e58ae9360e11b5f52600485905260245260445ffd5b6106e3565b63ec442f0560e01b5f525f60045260245ffd5b601f815111610645576020815191015160208210610636571790565b5f198260200360031b1b161790565b604460209160405192839163305a27a960e01b83528160048401528051918291826024860152018484015e5f828201840152601f01601f19168101030190fd5b60e051610100516040519060208201927f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f8452604083015260608201524660808201523060a082015260a081526106dd60c0826100db565b51902090565b634e487b7160e01b5f52601160045260245ffd5b90610701816107d0565b600a54806107a957505f905b6001600160d01b0391821690821601929083116106025761010d9261073c904265ffffffffffff16600a610a89565b50506001600160a01b03168015610791575b60086020527f5eff886ea0ce6ca488a3d6e336d6c0f75f46d19b42c06ce5ee98e42c96d256c7545f9182526040909120546001600160a01b039081169116610918565b6107a261079d836107d0565b610801565b505061074e565b805f1981011161060257600a5f525f5160206139425f395f51905f52015460301c9061070d565b6001600160d01b0381116107ea576001600160d01b031690565b6306dfcc6560e41b5f5260d060045260245260445ffd5b600a548061083e57505f905b6001600160d01b03908116918116919091039081116106025761083a904265ffffffffffff16600a610a89565b9091565b805f1981011161060257600a5f525f5160206139425f395f51905f52015460301c9061080d565b90815480155f146108a057505f905b6001600160d01b03908116918116919091039081116106025761083a9165ffffffffffff421690610a89565b805f19810111610602575f83815260209020015f19015460301c90610874565b90815480155f146108f857505f905b6001600160d01b03918216908216019081116106025761083a9165ffffffffffff421690610a89565b805f19810111610602575f83815260209020015f19015460301c906108cf565b6001600160a01b03808316939291908116908185141580610a0b575b610940575b5050505050565b816109b1575b505082610955575b8080610939565b6001600160a01b03165f9081526009602052604090205f5160206139825f395f51905f529161098e9161098890916107d0565b906108c0565b604080516001600160d01b039384168152919092166020820152a25f808061094e565b6001600160a01b03165f9081526009602052604090205f5160206139825f395f51905f52906109e9906109e3866107d0565b90610865565b604080516001600160d01b039384168152919092166020820152a25f80610946565b50831515610934565b5f1981019190821161060257565b908154680100000000000000008110156100d65760018101808455811015610a75575f9283526020928390208251929093015160301b65ffffffffffff191665ffffffffffff9290921691909117910155565b634e487b7160e01b5f52603260045260245ffd5b80549293928015610b3557610aa0610aab91610a14565b825f5260205f200190565b8054603081901c9365ffffffffffff91821692918116808411610b2657879303610af25750610aee92509065ffffffffffff82549181199060301b169116179055565b9190565b915050610aee91610b12610b046100fe565b65ffffffffffff9093168352565b6001600160d01b0386166020830152610a22565b632520601d60e01b5f5260045ffd5b5090610b5a91610b46610b046100fe565b6001600160d01b0385166020830152610a22565b5f919056fe60806040526004361015610011575f80fd5b5f3560e01c806301ffc9a71461023457806306fdde031461022f578063095ea7b31461022a57806318160ddd1461022557806323b872dd14610220578063248a9ca31461021b5780632b9b7573146102165780632f2ff15d14610211578063313ce5671461020c5780633644e5151461020757806336568abe146102025780633a46b1a8146101fd57806340c10f19146101f85780634bf5d7e9146101f3578063587cde1e146101ee5780635c19a95c146101e95780636fcfff45146101e457806370a08231146101df5780637ecebe00146101da57806384b0196e146101d55780638e539e8c146101d057806391d14854146101cb57806391ddadf4146101c657806395d89b41146101c15780639ab24eb0146101bc578063a217fddf146101b7578063a9059cbb146101b2578063b7fc6612146101ad578063c3cda520146101a8578063d505accf146101a3578063d53913931461019e578063d547741f14610199578063dd62ed3e146101945763f1127ed81461018f575f80fd5b61186a565b6117d1565b611772565b61171a565b611559565b6113c9565b611289565b611210565b6111d8565b61114e565b61107b565b61103b565b610fbd565b610ee0565b610d8b565b610d24565b610cc0565b610c16565b610bd2565b610b55565b610ad8565b61097a565b610854565b6107c8565b610790565b610757565b6106f1565b6106b7565b610666565b610542565b610507565b6104b4565b61034e565b346102f35760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f3576004357fffffffff0000000000000000000000000000000000000000000000000000000081168091036102f357807f7965db0b00000000000000000000000000000000000000000000000000000000602092149081156102c9575b506040519015158152f35b7f01ffc9a7000000000000000000000000000000000000000000000000000000009150145f6102be565b5f80fd5b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f602080948051918291828752018686015e5f8582860101520116010190565b90602061034b9281815201906102f7565b90565b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f3576040515f6003548060011c906001811690811561048c575b60208310821461045f57828552602085019190811561042857506001146103d6575b6103d2846103c6818603826119dd565b6040519182918261033a565b0390f35b60035f9081529250907fc2575a0e9e593c00f959f8c92f12db2869c3395a3b0502d05e2516446f71f85b5b818410610414575050016103c6826103b6565b805484840152602090930192600101610401565b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff001682525090151560051b0190506103c6826103b6565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52602260045260245ffd5b91607f1691610394565b73ffffffffffffffffffffffffffffffffffffffff8116036102f357565b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f3576104fc6004356104f281610496565b60243590336121fb565b602060405160018152f35b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f3576020600254604051908152f35b346102f35760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760043561057d81610496565b60243561058981610496565b6044359073ffffffffffffffffffffffffffffffffffffffff83165f5260016020526105d63360405f209073ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2090565b54927fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8410610616575b61060a9350611a93565b60405160018152602090f35b8284106106325761062d8361060a950333836122f0565b610600565b82847ffb8f41b2000000000000000000000000000000000000000000000000000000005f523360045260245260445260645ffd5b346102f35760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760206106af6004355f52600b602052600160405f20015490565b604051908152f35b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760206040516101008152f35b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35761075560243560043561073282610496565b61075061074b825f52600b602052600160405f20015490565b611c76565b611ce4565b005b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f357602060405160128152f35b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760206106af611dc3565b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760043560243561080681610496565b3373ffffffffffffffffffffffffffffffffffffffff82160361082c5761075591611eec565b7f6697b232000000000000000000000000000000000000000000000000000000005f5260045ffd5b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760043561088f81610496565b73ffffffffffffffffffffffffffffffffffffffff60243591165f5260096020526108bd60405f2091611fc3565b8154905f829160058411610922575b6108d793508461250a565b908161090757505060205f5b79ffffffffffffffffffffffffffffffffffffffffffffffffffff60405191168152f35b61091260209261204c565b905f52815f20015460301c6108e3565b919261092d81612395565b8103908111610975576108d793855f5265ffffffffffff8260205f2001541665ffffffffffff8516105f146109635750916108cc565b92915061096f90612079565b906108cc565b611962565b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f3576004356109b581610496565b6024356109c0611bee565b73ffffffffffffffffffffffffffffffffffffffff82168015610aac576109f16109ec83600254612087565b600255565b610a188373ffffffffffffffffffffffffffffffffffffffff165f525f60205260405f2090565b8054830190556040518281525f907fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef90602090a36002549179ffffffffffffffffffffffffffffffffffffffffffffffffffff808411610a7c576107558383612ae0565b7f1cb15d26000000000000000000000000000000000000000000000000000000005f52600484905260245260445ffd5b7fec442f05000000000000000000000000000000000000000000000000000000005f525f60045260245ffd5b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f3576103d2604051610b176040826119dd565b600e81527f6d6f64653d74696d657374616d7000000000000000000000000000000000000060208201526040519182916020835260208301906102f7565b346102f35760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35773ffffffffffffffffffffffffffffffffffffffff600435610ba581610496565b165f526008602052602073ffffffffffffffffffffffffffffffffffffffff60405f205416604051908152f35b346102f35760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f357610755600435610c1081610496565b33612094565b346102f35760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35773ffffffffffffffffffffffffffffffffffffffff600435610c6681610496565b165f52600960205260405f205463ffffffff8111610c905760405163ffffffff9091168152602090f35b7f6dfcc650000000000000000000000000000000000000000000000000000000005f52602060045260245260445ffd5b346102f35760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760206106af600435610d0081610496565b73ffffffffffffffffffffffffffffffffffffffff165f525f60205260405f205490565b346102f35760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35773ffffffffffffffffffffffffffffffffffffffff600435610d7481610496565b165f526007602052602060405f2054604051908152f35b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f357610e87610de57f00000000000000000000000000000000000000000000000000000000000000006126ea565b610e0e7f00000000000000000000000000000000000000000000000000000000000000006126ea565b6020604051610e1d82826119dd565b5f815281610e95818301947fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe083013687376040519788977f0f00000000000000000000000000000000000000000000000000000000000000895260e0858a015260e08901906102f7565b9087820360408901526102f7565b914660608701523060808701525f60a087015285830360c087015251918281520192915f5b828110610ec957505050500390f35b835185528695509381019392810192600101610eba565b346102f35760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f357610f1a600435611fc3565b600a54905f829160058411610f69575b610f369350600a61250a565b80610f4757506040515f8152602090f35b610f64610f5560209261204c565b600a5f52825f20015460301c90565b6108e3565b9192610f7481612395565b810390811161097557610f3693600a5f5265ffffffffffff8260205f2001541665ffffffffffff8516105f14610fab575091610f2a565b929150610fb790612079565b90610f2a565b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f357602060ff61102f60243560043561100282610496565b5f52600b845260405f209073ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2090565b54166040519015158152f35b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f357602060405165ffffffffffff42168152f35b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f3576040515f6004548060011c9060018116908115611144575b60208310821461045f57828552602085019190811561042857506001146110f2576103d2846103c6818603826119dd565b60045f9081529250907f8a35acfbc15ff81a39ae7d344fd709f28e8600b4aa8c65c6b64bfe7fe36bd19b5b818410611130575050016103c6826103b6565b80548484015260209093019260010161111d565b91607f16916110c1565b346102f35760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35773ffffffffffffffffffffffffffffffffffffffff60043561119e81610496565b165f526009602052602079ffffffffffffffffffffffffffffffffffffffffffffffffffff6111cf60405f20612144565b16604051908152f35b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760206040515f8152f35b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f3576104fc60043561124e81610496565b6024359033611a93565b9181601f840112156102f35782359167ffffffffffffffff83116102f3576020808501948460051b0101116102f357565b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760043567ffffffffffffffff81116102f3576112d8903690600401611258565b9060243567ffffffffffffffff81116102f3576112f9903690600401611258565b90610100841161137757818403611347575f5b84811061131557005b8061134161132e6113296001948989611a5c565b611a71565b611339838787611a5c565b359033611a93565b0161130c565b50827f658b7abb000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b837f953c45a6000000000000000000000000000000000000000000000000000000005f5260045261010060245260445ffd5b6064359060ff821682036102f357565b6084359060ff821682036102f357565b346102f35760c07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760043561140481610496565b602435906044356114136113a9565b6084359060a4359280421161152e57916114a6939161149861149d9460405160208101917fe48329057bfd03d55e49b547132e39cffd9c1820ad7b9d4c5307691425d15adf835273ffffffffffffffffffffffffffffffffffffffff8a1660408301528a606083015260808201526080815261149060a0826119dd565b5190206121ab565b612741565b90929192612812565b6114d78173ffffffffffffffffffffffffffffffffffffffff165f52600760205260405f2080549060018201905590565b8093036114e8576107559250612094565b73ffffffffffffffffffffffffffffffffffffffff91507f752d88c0000000000000000000000000000000000000000000000000000000005f521660045260245260445ffd5b7f4683af0e000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b346102f35760e07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760043561159481610496565b6024356115a081610496565b60443590606435926115b06113b9565b60a43560c435908642116116ee576116809261167b6115f68673ffffffffffffffffffffffffffffffffffffffff165f52600760205260405f2080549060018201905590565b9860405160208101917f6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9835273ffffffffffffffffffffffffffffffffffffffff89169b8c604084015273ffffffffffffffffffffffffffffffffffffffff8b1660608401528b608084015260a083015260c082015260c0815261149060e0826119dd565b6121ec565b9373ffffffffffffffffffffffffffffffffffffffff8516036116a75761075593506121fb565b7f4b800e46000000000000000000000000000000000000000000000000000000005f5273ffffffffffffffffffffffffffffffffffffffff8085166004521660245260445ffd5b867f62791302000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b346102f3575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f35760206040517f9f2df0fed2c77648de5860a4cc508cd0818c85b8b8a1ab4ceeef8d981c8956a68152f35b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f3576107556024356004356117b382610496565b6117cc61074b825f52600b602052600160405f20015490565b611eec565b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f357602061186160043561181181610496565b73ffffffffffffffffffffffffffffffffffffffff6024359161183383610496565b165f526001835260405f209073ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2090565b54604051908152f35b346102f35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102f3576004356118a581610496565b6024359063ffffffff821682036102f3576103d29173ffffffffffffffffffffffffffffffffffffffff6118ff926118db611a7b565b506118e4611a7b565b50165f52600960205260405f206118f9611a7b565b506128d9565b506040519061190d826119bc565b5465ffffffffffff8116825260301c602082015260405191829182919091602079ffffffffffffffffffffffffffffffffffffffffffffffffffff81604084019565ffffffffffff8151168552015116910152565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b6040810190811067ffffffffffffffff8211176119d857604052565b61198f565b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff8211176119d857604052565b60405190611a2d6040836119dd565b565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52603260045260245ffd5b9190811015611a6c5760051b0190565b611a2f565b3561034b81610496565b60405190611a88826119bc565b5f6020838281520152565b92919073ffffffffffffffffffffffffffffffffffffffff8416938415611bc25773ffffffffffffffffffffffffffffffffffffffff82168015610aac57611af88273ffffffffffffffffffffffffffffffffffffffff165f525f60205260405f2090565b54848110611b8e579584611a2d969703611b2f8473ffffffffffffffffffffffffffffffffffffffff165f525f60205260405f2090565b55611b578473ffffffffffffffffffffffffffffffffffffffff165f525f60205260405f2090565b8054860190556040518581527fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef90602090a3612b7d565b8490877fe450d38c000000000000000000000000000000000000000000000000000000005f5260045260245260445260645ffd5b7f96c6fd1e000000000000000000000000000000000000000000000000000000005f525f60045260245ffd5b335f9081527ff70e363b3d7895af770c4a138460777d52eebd3cb9962ccc6b58721f6127bbc8602052604090205460ff1615611c2657565b7fe2517d3f000000000000000000000000000000000000000000000000000000005f52336004527f9f2df0fed2c77648de5860a4cc508cd0818c85b8b8a1ab4ceeef8d981c8956a660245260445ffd5b805f52600b60205260ff611cab3360405f209073ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2090565b541615611cb55750565b7fe2517d3f000000000000000000000000000000000000000000000000000000005f523360045260245260445ffd5b805f52600b60205260ff611d198360405f209073ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2090565b5416611dbd57805f52600b602052611d528260405f209073ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2090565b60017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0082541617905573ffffffffffffffffffffffffffffffffffffffff339216907f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d5f80a4600190565b50505f90565b73ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016301480611ec3575b15611e2b577f000000000000000000000000000000000000000000000000000000000000000090565b60405160208101907f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f82527f000000000000000000000000000000000000000000000000000000000000000060408201527f000000000000000000000000000000000000000000000000000000000000000060608201524660808201523060a082015260a08152611ebd60c0826119dd565b51902090565b507f00000000000000000000000000000000000000000000000000000000000000004614611e02565b805f52600b60205260ff611f218360405f209073ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2090565b541615611dbd57805f52600b602052611f5b8260405f209073ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2090565b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00815416905573ffffffffffffffffffffffffffffffffffffffff339216907ff6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b5f80a4600190565b65ffffffffffff42168082101561201d575065ffffffffffff8111611fed5765ffffffffffff1690565b7f6dfcc650000000000000000000000000000000000000000000000000000000005f52603060045260245260445ffd5b907fecd3f81e000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff820191821161097557565b906001820180921161097557565b9190820180921161097557565b73ffffffffffffffffffffffffffffffffffffffff8181165f81815260086020526040812080548685167fffffffffffffffffffffffff000000000000000000000000000000000000000082168117909255611a2d9694169461213e9390928691907f3134e8a2e6d97e929a7e54011ea5485d7d196dd5f0ba4d4ef95803e8e3fc257f9080a473ffffffffffffffffffffffffffffffffffffffff165f525f60205260405f205490565b91612563565b8054806121515750505f90565b807fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff810111610975577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff915f5260205f2001015460301c90565b6042906121b6611dc3565b90604051917f19010000000000000000000000000000000000000000000000000000000000008352600283015260228201522090565b9161034b939161149d93612741565b73ffffffffffffffffffffffffffffffffffffffff169081156122c45773ffffffffffffffffffffffffffffffffffffffff8116928315612298578061228b7f8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b92593855f52600160205260405f209073ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2090565b55604051908152602090a3565b7f94280d62000000000000000000000000000000000000000000000000000000005f525f60045260245ffd5b7fe602df05000000000000000000000000000000000000000000000000000000005f525f60045260245ffd5b73ffffffffffffffffffffffffffffffffffffffff169081156122c45773ffffffffffffffffffffffffffffffffffffffff8116156122985761235b915f52600160205260405f209073ffffffffffffffffffffffffffffffffffffffff165f5260205260405f2090565b55565b8115612368570490565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601260045260245ffd5b600181111561034b578060017001000000000000000000000000000000008310156124c8575b61246e61246461245a61245061244661243c61242b6124759760048a6801000000000000000061247a9c10156124bb575b6401000000008110156124ae575b620100008110156124a1575b610100811015612494575b6010811015612487575b101561247f575b60030260011c90565b612435818b61235e565b0160011c90565b612435818a61235e565b612435818961235e565b612435818861235e565b612435818761235e565b612435818661235e565b809361235e565b821190565b900390565b60011b612422565b60041c9160021b9161241b565b60081c9160041b91612411565b60101c9160081b91612406565b60201c9160101b916123fa565b60401c9160201b916123ec565b505061247a61247561246e61246461245a61245061244661243c61242b6124ef8a60801c90565b98506801000000000000000097506123bb9650505050505050565b9065ffffffffffff165b8383106125215750505090565b90919280841860011c8185160190835f528265ffffffffffff8360205f20015416115f146125535750925b9190612514565b935061255e90612079565b61254c565b919073ffffffffffffffffffffffffffffffffffffffff81169273ffffffffffffffffffffffffffffffffffffffff81169084821415806126e1575b6125ab575b5050505050565b8161265e575b5050826125c0575b80806125a4565b61265361263a7fdec2bacdd2f05b59de34da9b523dff8be42e5e38e818c82fdb0bae774387a7249361263461262e79ffffffffffffffffffffffffffffffffffffffffffffffffffff9573ffffffffffffffffffffffffffffffffffffffff165f52600960205260405f2090565b916128ee565b906129c1565b6040805192851683529316602082015291829190820190565b0390a25f80806125b9565b79ffffffffffffffffffffffffffffffffffffffffffffffffffff6126d761263a6126c87fdec2bacdd2f05b59de34da9b523dff8be42e5e38e818c82fdb0bae774387a7249473ffffffffffffffffffffffffffffffffffffffff165f52600960205260405f2090565b6126d1886128ee565b9061295e565b0390a25f806125b1565b5083151561259f565b60ff811690601f821161271957604051916127066040846119dd565b6020808452838101919036833783525290565b7fb3512b0c000000000000000000000000000000000000000000000000000000005f5260045ffd5b91907f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a084116127d0579160209360809260ff5f9560405194855216868401526040830152606082015282805260015afa156127c5575f5173ffffffffffffffffffffffffffffffffffffffff8116156127bb57905f905f90565b505f906001905f90565b6040513d5f823e3d90fd5b5050505f9160039190565b600411156127e557565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52602160045260245ffd5b61281b816127db565b80612824575050565b61282d816127db565b6001810361285d577ff645eedf000000000000000000000000000000000000000000000000000000005f5260045ffd5b612866816127db565b6002810361289a57507ffce698f7000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b806128a66003926127db565b146128ae5750565b7fd78bce0c000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b8054821015611a6c575f5260205f2001905f90565b79ffffffffffffffffffffffffffffffffffffffffffffffffffff811161292e5779ffffffffffffffffffffffffffffffffffffffffffffffffffff1690565b7f6dfcc650000000000000000000000000000000000000000000000000000000005f5260d060045260245260445ffd5b9079ffffffffffffffffffffffffffffffffffffffffffffffffffff8061298484612144565b921691160379ffffffffffffffffffffffffffffffffffffffffffffffffffff8111610975576129bd9165ffffffffffff421690612caf565b9091565b9079ffffffffffffffffffffffffffffffffffffffffffffffffffff806129e784612144565b921691160179ffffffffffffffffffffffffffffffffffffffffffffffffffff8111610975576129bd9165ffffffffffff421690612caf565b79ffffffffffffffffffffffffffffffffffffffffffffffffffff80612a46600a612144565b921691160179ffffffffffffffffffffffffffffffffffffffffffffffffffff8111610975576129bd904265ffffffffffff16600a612caf565b79ffffffffffffffffffffffffffffffffffffffffffffffffffff80612aa6600a612144565b921691160379ffffffffffffffffffffffffffffffffffffffffffffffffffff8111610975576129bd904265ffffffffffff16600a612caf565b9073ffffffffffffffffffffffffffffffffffffffff611a2d92612b0b612b06846128ee565b612a20565b5050168015612b65575b60086020527f5eff886ea0ce6ca488a3d6e336d6c0f75f46d19b42c06ce5ee98e42c96d256c7545f91825260409091205473ffffffffffffffffffffffffffffffffffffffff9081169116612563565b612b76612b71836128ee565b612a80565b5050612b15565b9073ffffffffffffffffffffffffffffffffffffffff80611a2d949316918215612c09575b16908115612bf6575b5f52600860205273ffffffffffffffffffffffffffffffffffffffff60405f205416905f52600860205273ffffffffffffffffffffffffffffffffffffffff60405f20541690612563565b612c02612b71846128ee565b5050612bab565b612c15612b06856128ee565b5050612ba2565b8054680100000000000000008110156119d857612c3e916001820181556128d9565b612c835781516020929092015160301b7fffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000001665ffffffffffff92909216919091179055565b7f4e487b71000000000000000000000000000000000000000000000000000000005f525f60045260245ffd5b80549293928015612da557612cc6612cd19161204c565b825f5260205f200190565b8054603081901c9365ffffffffffff91821692918116808411612d7d57879303612d365750612d3292509065ffffffffffff7fffffffffffffffffffffffffffffffffffffffffffffffffffff00000000000083549260301b169116179055565b9190565b915050612d3291612d56612d48611a1e565b65ffffffffffff9093168352565b79ffffffffffffffffffffffffffffffffffffffffffffffffffff86166020830152612c1c565b7f2520601d000000000000000000000000000000000000000000000000000000005f5260045ffd5b5090612ddd91612db6612d48611a1e565b79ffffffffffffffffffffffffffffffffffffffffffffffffffff85166020830152612c1c565b5f919056c65a7bb8d6351c1cf70c95a316cc6a92839c986682d98bc35f958f4883f9d2a7df7de25b7f1fd6d0b5205f0e18f1f35bd7b8d84cce336588d184533ce43a6f76dec2bacdd2f05b59de34da9b523dff8be42e5e38e818c82fdb0bae774387a724",
}

// HiveToken is an auto generated Go binding around an Ethereum contract.
type HiveToken struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *HiveToken) GetABI() abi.ABI {
	return c.abi
}

// NewHiveToken creates a new instance of HiveToken.
func NewHiveToken() *HiveToken {
	parsed, err := HiveTokenMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &HiveToken{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *HiveToken) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address admin, address treasury, uint256 initialSupply) returns()
func (hiveToken *HiveToken) PackConstructor(admin common.Address, treasury common.Address, initialSupply *big.Int) []byte {
	enc, err := hiveToken.abi.Pack("", admin, treasury, initialSupply)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackCLOCKMODE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x4bf5d7e9.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function CLOCK_MODE() pure returns(string)
func (hiveToken *HiveToken) PackCLOCKMODE() []byte {
	enc, err := hiveToken.abi.Pack("CLOCK_MODE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCLOCKMODE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x4bf5d7e9.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function CLOCK_MODE() pure returns(string)
func (hiveToken *HiveToken) TryPackCLOCKMODE() ([]byte, error) {
	return hiveToken.abi.Pack("CLOCK_MODE")
}

// UnpackCLOCKMODE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x4bf5d7e9.
//
// Solidity: function CLOCK_MODE() pure returns(string)
func (hiveToken *HiveToken) UnpackCLOCKMODE(data []byte) (string, error) {
	out, err := hiveToken.abi.Unpack("CLOCK_MODE", data)
	if err != nil {
		return *new(string), err
	}
	out0 := *abi.ConvertType(out[0], new(string)).(*string)
	return out0, nil
}

// PackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (hiveToken *HiveToken) PackDEFAULTADMINROLE() []byte {
	enc, err := hiveToken.abi.Pack("DEFAULT_ADMIN_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (hiveToken *HiveToken) TryPackDEFAULTADMINROLE() ([]byte, error) {
	return hiveToken.abi.Pack("DEFAULT_ADMIN_ROLE")
}

// UnpackDEFAULTADMINROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa217fddf.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (hiveToken *HiveToken) UnpackDEFAULTADMINROLE(data []byte) ([32]byte, error) {
	out, err := hiveToken.abi.Unpack("DEFAULT_ADMIN_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackDOMAINSEPARATOR is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3644e515.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function DOMAIN_SEPARATOR() view returns(bytes32)
func (hiveToken *HiveToken) PackDOMAINSEPARATOR() []byte {
	enc, err := hiveToken.abi.Pack("DOMAIN_SEPARATOR")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDOMAINSEPARATOR is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3644e515.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function DOMAIN_SEPARATOR() view returns(bytes32)
func (hiveToken *HiveToken) TryPackDOMAINSEPARATOR() ([]byte, error) {
	return hiveToken.abi.Pack("DOMAIN_SEPARATOR")
}

// UnpackDOMAINSEPARATOR is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3644e515.
//
// Solidity: function DOMAIN_SEPARATOR() view returns(bytes32)
func (hiveToken *HiveToken) UnpackDOMAINSEPARATOR(data []byte) ([32]byte, error) {
	out, err := hiveToken.abi.Unpack("DOMAIN_SEPARATOR", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackMAXTRANSFERS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2b9b7573.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_TRANSFERS() view returns(uint256)
func (hiveToken *HiveToken) PackMAXTRANSFERS() []byte {
	enc, err := hiveToken.abi.Pack("MAX_TRANSFERS")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXTRANSFERS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2b9b7573.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_TRANSFERS() view returns(uint256)
func (hiveToken *HiveToken) TryPackMAXTRANSFERS() ([]byte, error) {
	return hiveToken.abi.Pack("MAX_TRANSFERS")
}

// UnpackMAXTRANSFERS is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x2b9b7573.
//
// Solidity: function MAX_TRANSFERS() view returns(uint256)
func (hiveToken *HiveToken) UnpackMAXTRANSFERS(data []byte) (*big.Int, error) {
	out, err := hiveToken.abi.Unpack("MAX_TRANSFERS", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackMINTERROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd5391393.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MINTER_ROLE() view returns(bytes32)
func (hiveToken *HiveToken) PackMINTERROLE() []byte {
	enc, err := hiveToken.abi.Pack("MINTER_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMINTERROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd5391393.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MINTER_ROLE() view returns(bytes32)
func (hiveToken *HiveToken) TryPackMINTERROLE() ([]byte, error) {
	return hiveToken.abi.Pack("MINTER_ROLE")
}

// UnpackMINTERROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xd5391393.
//
// Solidity: function MINTER_ROLE() view returns(bytes32)
func (hiveToken *HiveToken) UnpackMINTERROLE(data []byte) ([32]byte, error) {
	out, err := hiveToken.abi.Unpack("MINTER_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackAllowance is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xdd62ed3e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function allowance(address owner, address spender) view returns(uint256)
func (hiveToken *HiveToken) PackAllowance(owner common.Address, spender common.Address) []byte {
	enc, err := hiveToken.abi.Pack("allowance", owner, spender)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAllowance is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xdd62ed3e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function allowance(address owner, address spender) view returns(uint256)
func (hiveToken *HiveToken) TryPackAllowance(owner common.Address, spender common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("allowance", owner, spender)
}

// UnpackAllowance is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xdd62ed3e.
//
// Solidity: function allowance(address owner, address spender) view returns(uint256)
func (hiveToken *HiveToken) UnpackAllowance(data []byte) (*big.Int, error) {
	out, err := hiveToken.abi.Unpack("allowance", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackApprove is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x095ea7b3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function approve(address spender, uint256 value) returns(bool)
func (hiveToken *HiveToken) PackApprove(spender common.Address, value *big.Int) []byte {
	enc, err := hiveToken.abi.Pack("approve", spender, value)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackApprove is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x095ea7b3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function approve(address spender, uint256 value) returns(bool)
func (hiveToken *HiveToken) TryPackApprove(spender common.Address, value *big.Int) ([]byte, error) {
	return hiveToken.abi.Pack("approve", spender, value)
}

// UnpackApprove is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x095ea7b3.
//
// Solidity: function approve(address spender, uint256 value) returns(bool)
func (hiveToken *HiveToken) UnpackApprove(data []byte) (bool, error) {
	out, err := hiveToken.abi.Unpack("approve", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackBalanceOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70a08231.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function balanceOf(address account) view returns(uint256)
func (hiveToken *HiveToken) PackBalanceOf(account common.Address) []byte {
	enc, err := hiveToken.abi.Pack("balanceOf", account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBalanceOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70a08231.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function balanceOf(address account) view returns(uint256)
func (hiveToken *HiveToken) TryPackBalanceOf(account common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("balanceOf", account)
}

// UnpackBalanceOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x70a08231.
//
// Solidity: function balanceOf(address account) view returns(uint256)
func (hiveToken *HiveToken) UnpackBalanceOf(data []byte) (*big.Int, error) {
	out, err := hiveToken.abi.Unpack("balanceOf", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackCheckpoints is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf1127ed8.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function checkpoints(address account, uint32 pos) view returns((uint48,uint208))
func (hiveToken *HiveToken) PackCheckpoints(account common.Address, pos uint32) []byte {
	enc, err := hiveToken.abi.Pack("checkpoints", account, pos)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCheckpoints is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf1127ed8.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function checkpoints(address account, uint32 pos) view returns((uint48,uint208))
func (hiveToken *HiveToken) TryPackCheckpoints(account common.Address, pos uint32) ([]byte, error) {
	return hiveToken.abi.Pack("checkpoints", account, pos)
}

// UnpackCheckpoints is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf1127ed8.
//
// Solidity: function checkpoints(address account, uint32 pos) view returns((uint48,uint208))
func (hiveToken *HiveToken) UnpackCheckpoints(data []byte) (CheckpointsCheckpoint208, error) {
	out, err := hiveToken.abi.Unpack("checkpoints", data)
	if err != nil {
		return *new(CheckpointsCheckpoint208), err
	}
	out0 := *abi.ConvertType(out[0], new(CheckpointsCheckpoint208)).(*CheckpointsCheckpoint208)
	return out0, nil
}

// PackClock is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91ddadf4.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function clock() view returns(uint48)
func (hiveToken *HiveToken) PackClock() []byte {
	enc, err := hiveToken.abi.Pack("clock")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackClock is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91ddadf4.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function clock() view returns(uint48)
func (hiveToken *HiveToken) TryPackClock() ([]byte, error) {
	return hiveToken.abi.Pack("clock")
}

// UnpackClock is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x91ddadf4.
//
// Solidity: function clock() view returns(uint48)
func (hiveToken *HiveToken) UnpackClock(data []byte) (*big.Int, error) {
	out, err := hiveToken.abi.Unpack("clock", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackDecimals is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x313ce567.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function decimals() view returns(uint8)
func (hiveToken *HiveToken) PackDecimals() []byte {
	enc, err := hiveToken.abi.Pack("decimals")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDecimals is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x313ce567.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function decimals() view returns(uint8)
func (hiveToken *HiveToken) TryPackDecimals() ([]byte, error) {
	return hiveToken.abi.Pack("decimals")
}

// UnpackDecimals is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x313ce567.
//
// Solidity: function decimals() view returns(uint8)
func (hiveToken *HiveToken) UnpackDecimals(data []byte) (uint8, error) {
	out, err := hiveToken.abi.Unpack("decimals", data)
	if err != nil {
		return *new(uint8), err
	}
	out0 := *abi.ConvertType(out[0], new(uint8)).(*uint8)
	return out0, nil
}

// PackDelegate is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5c19a95c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function delegate(address delegatee) returns()
func (hiveToken *HiveToken) PackDelegate(delegatee common.Address) []byte {
	enc, err := hiveToken.abi.Pack("delegate", delegatee)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDelegate is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5c19a95c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function delegate(address delegatee) returns()
func (hiveToken *HiveToken) TryPackDelegate(delegatee common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("delegate", delegatee)
}

// PackDelegateBySig is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc3cda520.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function delegateBySig(address delegatee, uint256 nonce, uint256 expiry, uint8 v, bytes32 r, bytes32 s) returns()
func (hiveToken *HiveToken) PackDelegateBySig(delegatee common.Address, nonce *big.Int, expiry *big.Int, v uint8, r [32]byte, s [32]byte) []byte {
	enc, err := hiveToken.abi.Pack("delegateBySig", delegatee, nonce, expiry, v, r, s)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDelegateBySig is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc3cda520.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function delegateBySig(address delegatee, uint256 nonce, uint256 expiry, uint8 v, bytes32 r, bytes32 s) returns()
func (hiveToken *HiveToken) TryPackDelegateBySig(delegatee common.Address, nonce *big.Int, expiry *big.Int, v uint8, r [32]byte, s [32]byte) ([]byte, error) {
	return hiveToken.abi.Pack("delegateBySig", delegatee, nonce, expiry, v, r, s)
}

// PackDelegates is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x587cde1e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function delegates(address account) view returns(address)
func (hiveToken *HiveToken) PackDelegates(account common.Address) []byte {
	enc, err := hiveToken.abi.Pack("delegates", account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDelegates is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x587cde1e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function delegates(address account) view returns(address)
func (hiveToken *HiveToken) TryPackDelegates(account common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("delegates", account)
}

// UnpackDelegates is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x587cde1e.
//
// Solidity: function delegates(address account) view returns(address)
func (hiveToken *HiveToken) UnpackDelegates(data []byte) (common.Address, error) {
	out, err := hiveToken.abi.Unpack("delegates", data)
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
func (hiveToken *HiveToken) PackEip712Domain() []byte {
	enc, err := hiveToken.abi.Pack("eip712Domain")
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
func (hiveToken *HiveToken) TryPackEip712Domain() ([]byte, error) {
	return hiveToken.abi.Pack("eip712Domain")
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
func (hiveToken *HiveToken) UnpackEip712Domain(data []byte) (Eip712DomainOutput, error) {
	out, err := hiveToken.abi.Unpack("eip712Domain", data)
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

// PackGetPastTotalSupply is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8e539e8c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function getPastTotalSupply(uint256 timepoint) view returns(uint256)
func (hiveToken *HiveToken) PackGetPastTotalSupply(timepoint *big.Int) []byte {
	enc, err := hiveToken.abi.Pack("getPastTotalSupply", timepoint)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGetPastTotalSupply is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8e539e8c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function getPastTotalSupply(uint256 timepoint) view returns(uint256)
func (hiveToken *HiveToken) TryPackGetPastTotalSupply(timepoint *big.Int) ([]byte, error) {
	return hiveToken.abi.Pack("getPastTotalSupply", timepoint)
}

// UnpackGetPastTotalSupply is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8e539e8c.
//
// Solidity: function getPastTotalSupply(uint256 timepoint) view returns(uint256)
func (hiveToken *HiveToken) UnpackGetPastTotalSupply(data []byte) (*big.Int, error) {
	out, err := hiveToken.abi.Unpack("getPastTotalSupply", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackGetPastVotes is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3a46b1a8.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function getPastVotes(address account, uint256 timepoint) view returns(uint256)
func (hiveToken *HiveToken) PackGetPastVotes(account common.Address, timepoint *big.Int) []byte {
	enc, err := hiveToken.abi.Pack("getPastVotes", account, timepoint)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGetPastVotes is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3a46b1a8.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function getPastVotes(address account, uint256 timepoint) view returns(uint256)
func (hiveToken *HiveToken) TryPackGetPastVotes(account common.Address, timepoint *big.Int) ([]byte, error) {
	return hiveToken.abi.Pack("getPastVotes", account, timepoint)
}

// UnpackGetPastVotes is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3a46b1a8.
//
// Solidity: function getPastVotes(address account, uint256 timepoint) view returns(uint256)
func (hiveToken *HiveToken) UnpackGetPastVotes(data []byte) (*big.Int, error) {
	out, err := hiveToken.abi.Unpack("getPastVotes", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (hiveToken *HiveToken) PackGetRoleAdmin(role [32]byte) []byte {
	enc, err := hiveToken.abi.Pack("getRoleAdmin", role)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (hiveToken *HiveToken) TryPackGetRoleAdmin(role [32]byte) ([]byte, error) {
	return hiveToken.abi.Pack("getRoleAdmin", role)
}

// UnpackGetRoleAdmin is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x248a9ca3.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (hiveToken *HiveToken) UnpackGetRoleAdmin(data []byte) ([32]byte, error) {
	out, err := hiveToken.abi.Unpack("getRoleAdmin", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackGetVotes is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9ab24eb0.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function getVotes(address account) view returns(uint256)
func (hiveToken *HiveToken) PackGetVotes(account common.Address) []byte {
	enc, err := hiveToken.abi.Pack("getVotes", account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGetVotes is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9ab24eb0.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function getVotes(address account) view returns(uint256)
func (hiveToken *HiveToken) TryPackGetVotes(account common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("getVotes", account)
}

// UnpackGetVotes is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x9ab24eb0.
//
// Solidity: function getVotes(address account) view returns(uint256)
func (hiveToken *HiveToken) UnpackGetVotes(data []byte) (*big.Int, error) {
	out, err := hiveToken.abi.Unpack("getVotes", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (hiveToken *HiveToken) PackGrantRole(role [32]byte, account common.Address) []byte {
	enc, err := hiveToken.abi.Pack("grantRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (hiveToken *HiveToken) TryPackGrantRole(role [32]byte, account common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("grantRole", role, account)
}

// PackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (hiveToken *HiveToken) PackHasRole(role [32]byte, account common.Address) []byte {
	enc, err := hiveToken.abi.Pack("hasRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (hiveToken *HiveToken) TryPackHasRole(role [32]byte, account common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("hasRole", role, account)
}

// UnpackHasRole is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x91d14854.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (hiveToken *HiveToken) UnpackHasRole(data []byte) (bool, error) {
	out, err := hiveToken.abi.Unpack("hasRole", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackMint is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x40c10f19.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function mint(address to, uint256 amount) returns()
func (hiveToken *HiveToken) PackMint(to common.Address, amount *big.Int) []byte {
	enc, err := hiveToken.abi.Pack("mint", to, amount)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMint is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x40c10f19.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function mint(address to, uint256 amount) returns()
func (hiveToken *HiveToken) TryPackMint(to common.Address, amount *big.Int) ([]byte, error) {
	return hiveToken.abi.Pack("mint", to, amount)
}

// PackName is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x06fdde03.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function name() view returns(string)
func (hiveToken *HiveToken) PackName() []byte {
	enc, err := hiveToken.abi.Pack("name")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackName is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x06fdde03.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function name() view returns(string)
func (hiveToken *HiveToken) TryPackName() ([]byte, error) {
	return hiveToken.abi.Pack("name")
}

// UnpackName is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x06fdde03.
//
// Solidity: function name() view returns(string)
func (hiveToken *HiveToken) UnpackName(data []byte) (string, error) {
	out, err := hiveToken.abi.Unpack("name", data)
	if err != nil {
		return *new(string), err
	}
	out0 := *abi.ConvertType(out[0], new(string)).(*string)
	return out0, nil
}

// PackNonces is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7ecebe00.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function nonces(address owner) view returns(uint256)
func (hiveToken *HiveToken) PackNonces(owner common.Address) []byte {
	enc, err := hiveToken.abi.Pack("nonces", owner)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackNonces is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7ecebe00.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function nonces(address owner) view returns(uint256)
func (hiveToken *HiveToken) TryPackNonces(owner common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("nonces", owner)
}

// UnpackNonces is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x7ecebe00.
//
// Solidity: function nonces(address owner) view returns(uint256)
func (hiveToken *HiveToken) UnpackNonces(data []byte) (*big.Int, error) {
	out, err := hiveToken.abi.Unpack("nonces", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackNumCheckpoints is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x6fcfff45.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function numCheckpoints(address account) view returns(uint32)
func (hiveToken *HiveToken) PackNumCheckpoints(account common.Address) []byte {
	enc, err := hiveToken.abi.Pack("numCheckpoints", account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackNumCheckpoints is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x6fcfff45.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function numCheckpoints(address account) view returns(uint32)
func (hiveToken *HiveToken) TryPackNumCheckpoints(account common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("numCheckpoints", account)
}

// UnpackNumCheckpoints is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x6fcfff45.
//
// Solidity: function numCheckpoints(address account) view returns(uint32)
func (hiveToken *HiveToken) UnpackNumCheckpoints(data []byte) (uint32, error) {
	out, err := hiveToken.abi.Unpack("numCheckpoints", data)
	if err != nil {
		return *new(uint32), err
	}
	out0 := *abi.ConvertType(out[0], new(uint32)).(*uint32)
	return out0, nil
}

// PackPermit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd505accf.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) returns()
func (hiveToken *HiveToken) PackPermit(owner common.Address, spender common.Address, value *big.Int, deadline *big.Int, v uint8, r [32]byte, s [32]byte) []byte {
	enc, err := hiveToken.abi.Pack("permit", owner, spender, value, deadline, v, r, s)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPermit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd505accf.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) returns()
func (hiveToken *HiveToken) TryPackPermit(owner common.Address, spender common.Address, value *big.Int, deadline *big.Int, v uint8, r [32]byte, s [32]byte) ([]byte, error) {
	return hiveToken.abi.Pack("permit", owner, spender, value, deadline, v, r, s)
}

// PackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function renounceRole(bytes32 role, address callerConfirmation) returns()
func (hiveToken *HiveToken) PackRenounceRole(role [32]byte, callerConfirmation common.Address) []byte {
	enc, err := hiveToken.abi.Pack("renounceRole", role, callerConfirmation)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function renounceRole(bytes32 role, address callerConfirmation) returns()
func (hiveToken *HiveToken) TryPackRenounceRole(role [32]byte, callerConfirmation common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("renounceRole", role, callerConfirmation)
}

// PackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (hiveToken *HiveToken) PackRevokeRole(role [32]byte, account common.Address) []byte {
	enc, err := hiveToken.abi.Pack("revokeRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (hiveToken *HiveToken) TryPackRevokeRole(role [32]byte, account common.Address) ([]byte, error) {
	return hiveToken.abi.Pack("revokeRole", role, account)
}

// PackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (hiveToken *HiveToken) PackSupportsInterface(interfaceId [4]byte) []byte {
	enc, err := hiveToken.abi.Pack("supportsInterface", interfaceId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (hiveToken *HiveToken) TryPackSupportsInterface(interfaceId [4]byte) ([]byte, error) {
	return hiveToken.abi.Pack("supportsInterface", interfaceId)
}

// UnpackSupportsInterface is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x01ffc9a7.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (hiveToken *HiveToken) UnpackSupportsInterface(data []byte) (bool, error) {
	out, err := hiveToken.abi.Unpack("supportsInterface", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackSymbol is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x95d89b41.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function symbol() view returns(string)
func (hiveToken *HiveToken) PackSymbol() []byte {
	enc, err := hiveToken.abi.Pack("symbol")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSymbol is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x95d89b41.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function symbol() view returns(string)
func (hiveToken *HiveToken) TryPackSymbol() ([]byte, error) {
	return hiveToken.abi.Pack("symbol")
}

// UnpackSymbol is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x95d89b41.
//
// Solidity: function symbol() view returns(string)
func (hiveToken *HiveToken) UnpackSymbol(data []byte) (string, error) {
	out, err := hiveToken.abi.Unpack("symbol", data)
	if err != nil {
		return *new(string), err
	}
	out0 := *abi.ConvertType(out[0], new(string)).(*string)
	return out0, nil
}

// PackTotalSupply is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x18160ddd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function totalSupply() view returns(uint256)
func (hiveToken *HiveToken) PackTotalSupply() []byte {
	enc, err := hiveToken.abi.Pack("totalSupply")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTotalSupply is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x18160ddd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function totalSupply() view returns(uint256)
func (hiveToken *HiveToken) TryPackTotalSupply() ([]byte, error) {
	return hiveToken.abi.Pack("totalSupply")
}

// UnpackTotalSupply is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x18160ddd.
//
// Solidity: function totalSupply() view returns(uint256)
func (hiveToken *HiveToken) UnpackTotalSupply(data []byte) (*big.Int, error) {
	out, err := hiveToken.abi.Unpack("totalSupply", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackTransfer is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa9059cbb.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function transfer(address to, uint256 value) returns(bool)
func (hiveToken *HiveToken) PackTransfer(to common.Address, value *big.Int) []byte {
	enc, err := hiveToken.abi.Pack("transfer", to, value)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTransfer is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa9059cbb.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function transfer(address to, uint256 value) returns(bool)
func (hiveToken *HiveToken) TryPackTransfer(to common.Address, value *big.Int) ([]byte, error) {
	return hiveToken.abi.Pack("transfer", to, value)
}

// UnpackTransfer is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa9059cbb.
//
// Solidity: function transfer(address to, uint256 value) returns(bool)
func (hiveToken *HiveToken) UnpackTransfer(data []byte) (bool, error) {
	out, err := hiveToken.abi.Unpack("transfer", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackTransferFrom is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x23b872dd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function transferFrom(address from, address to, uint256 value) returns(bool)
func (hiveToken *HiveToken) PackTransferFrom(from common.Address, to common.Address, value *big.Int) []byte {
	enc, err := hiveToken.abi.Pack("transferFrom", from, to, value)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTransferFrom is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x23b872dd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function transferFrom(address from, address to, uint256 value) returns(bool)
func (hiveToken *HiveToken) TryPackTransferFrom(from common.Address, to common.Address, value *big.Int) ([]byte, error) {
	return hiveToken.abi.Pack("transferFrom", from, to, value)
}

// UnpackTransferFrom is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x23b872dd.
//
// Solidity: function transferFrom(address from, address to, uint256 value) returns(bool)
func (hiveToken *HiveToken) UnpackTransferFrom(data []byte) (bool, error) {
	out, err := hiveToken.abi.Unpack("transferFrom", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackTransferMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb7fc6612.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function transferMany(address[] to, uint256[] amounts) returns()
func (hiveToken *HiveToken) PackTransferMany(to []common.Address, amounts []*big.Int) []byte {
	enc, err := hiveToken.abi.Pack("transferMany", to, amounts)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTransferMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb7fc6612.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function transferMany(address[] to, uint256[] amounts) returns()
func (hiveToken *HiveToken) TryPackTransferMany(to []common.Address, amounts []*big.Int) ([]byte, error) {
	return hiveToken.abi.Pack("transferMany", to, amounts)
}

// HiveTokenApproval represents a Approval event raised by the HiveToken contract.
type HiveTokenApproval struct {
	Owner   common.Address
	Spender common.Address
	Value   *big.Int
	Raw     *types.Log // Blockchain specific contextual infos
}

const HiveTokenApprovalEventName = "Approval"

// ContractEventName returns the user-defined event name.
func (HiveTokenApproval) ContractEventName() string {
	return HiveTokenApprovalEventName
}

// UnpackApprovalEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Approval(address indexed owner, address indexed spender, uint256 value)
func (hiveToken *HiveToken) UnpackApprovalEvent(log *types.Log) (*HiveTokenApproval, error) {
	event := "Approval"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != hiveToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HiveTokenApproval)
	if len(log.Data) > 0 {
		if err := hiveToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range hiveToken.abi.Events[event].Inputs {
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

// HiveTokenDelegateChanged represents a DelegateChanged event raised by the HiveToken contract.
type HiveTokenDelegateChanged struct {
	Delegator    common.Address
	FromDelegate common.Address
	ToDelegate   common.Address
	Raw          *types.Log // Blockchain specific contextual infos
}

const HiveTokenDelegateChangedEventName = "DelegateChanged"

// ContractEventName returns the user-defined event name.
func (HiveTokenDelegateChanged) ContractEventName() string {
	return HiveTokenDelegateChangedEventName
}

// UnpackDelegateChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event DelegateChanged(address indexed delegator, address indexed fromDelegate, address indexed toDelegate)
func (hiveToken *HiveToken) UnpackDelegateChangedEvent(log *types.Log) (*HiveTokenDelegateChanged, error) {
	event := "DelegateChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != hiveToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HiveTokenDelegateChanged)
	if len(log.Data) > 0 {
		if err := hiveToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range hiveToken.abi.Events[event].Inputs {
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

// HiveTokenDelegateVotesChanged represents a DelegateVotesChanged event raised by the HiveToken contract.
type HiveTokenDelegateVotesChanged struct {
	Delegate      common.Address
	PreviousVotes *big.Int
	NewVotes      *big.Int
	Raw           *types.Log // Blockchain specific contextual infos
}

const HiveTokenDelegateVotesChangedEventName = "DelegateVotesChanged"

// ContractEventName returns the user-defined event name.
func (HiveTokenDelegateVotesChanged) ContractEventName() string {
	return HiveTokenDelegateVotesChangedEventName
}

// UnpackDelegateVotesChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event DelegateVotesChanged(address indexed delegate, uint256 previousVotes, uint256 newVotes)
func (hiveToken *HiveToken) UnpackDelegateVotesChangedEvent(log *types.Log) (*HiveTokenDelegateVotesChanged, error) {
	event := "DelegateVotesChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != hiveToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HiveTokenDelegateVotesChanged)
	if len(log.Data) > 0 {
		if err := hiveToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range hiveToken.abi.Events[event].Inputs {
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

// HiveTokenEIP712DomainChanged represents a EIP712DomainChanged event raised by the HiveToken contract.
type HiveTokenEIP712DomainChanged struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const HiveTokenEIP712DomainChangedEventName = "EIP712DomainChanged"

// ContractEventName returns the user-defined event name.
func (HiveTokenEIP712DomainChanged) ContractEventName() string {
	return HiveTokenEIP712DomainChangedEventName
}

// UnpackEIP712DomainChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event EIP712DomainChanged()
func (hiveToken *HiveToken) UnpackEIP712DomainChangedEvent(log *types.Log) (*HiveTokenEIP712DomainChanged, error) {
	event := "EIP712DomainChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != hiveToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HiveTokenEIP712DomainChanged)
	if len(log.Data) > 0 {
		if err := hiveToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range hiveToken.abi.Events[event].Inputs {
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

// HiveTokenRoleAdminChanged represents a RoleAdminChanged event raised by the HiveToken contract.
type HiveTokenRoleAdminChanged struct {
	Role              [32]byte
	PreviousAdminRole [32]byte
	NewAdminRole      [32]byte
	Raw               *types.Log // Blockchain specific contextual infos
}

const HiveTokenRoleAdminChangedEventName = "RoleAdminChanged"

// ContractEventName returns the user-defined event name.
func (HiveTokenRoleAdminChanged) ContractEventName() string {
	return HiveTokenRoleAdminChangedEventName
}

// UnpackRoleAdminChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)
func (hiveToken *HiveToken) UnpackRoleAdminChangedEvent(log *types.Log) (*HiveTokenRoleAdminChanged, error) {
	event := "RoleAdminChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != hiveToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HiveTokenRoleAdminChanged)
	if len(log.Data) > 0 {
		if err := hiveToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range hiveToken.abi.Events[event].Inputs {
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

// HiveTokenRoleGranted represents a RoleGranted event raised by the HiveToken contract.
type HiveTokenRoleGranted struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const HiveTokenRoleGrantedEventName = "RoleGranted"

// ContractEventName returns the user-defined event name.
func (HiveTokenRoleGranted) ContractEventName() string {
	return HiveTokenRoleGrantedEventName
}

// UnpackRoleGrantedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)
func (hiveToken *HiveToken) UnpackRoleGrantedEvent(log *types.Log) (*HiveTokenRoleGranted, error) {
	event := "RoleGranted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != hiveToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HiveTokenRoleGranted)
	if len(log.Data) > 0 {
		if err := hiveToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range hiveToken.abi.Events[event].Inputs {
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

// HiveTokenRoleRevoked represents a RoleRevoked event raised by the HiveToken contract.
type HiveTokenRoleRevoked struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const HiveTokenRoleRevokedEventName = "RoleRevoked"

// ContractEventName returns the user-defined event name.
func (HiveTokenRoleRevoked) ContractEventName() string {
	return HiveTokenRoleRevokedEventName
}

// UnpackRoleRevokedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)
func (hiveToken *HiveToken) UnpackRoleRevokedEvent(log *types.Log) (*HiveTokenRoleRevoked, error) {
	event := "RoleRevoked"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != hiveToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HiveTokenRoleRevoked)
	if len(log.Data) > 0 {
		if err := hiveToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range hiveToken.abi.Events[event].Inputs {
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

// HiveTokenTransfer represents a Transfer event raised by the HiveToken contract.
type HiveTokenTransfer struct {
	From  common.Address
	To    common.Address
	Value *big.Int
	Raw   *types.Log // Blockchain specific contextual infos
}

const HiveTokenTransferEventName = "Transfer"

// ContractEventName returns the user-defined event name.
func (HiveTokenTransfer) ContractEventName() string {
	return HiveTokenTransferEventName
}

// UnpackTransferEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Transfer(address indexed from, address indexed to, uint256 value)
func (hiveToken *HiveToken) UnpackTransferEvent(log *types.Log) (*HiveTokenTransfer, error) {
	event := "Transfer"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != hiveToken.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(HiveTokenTransfer)
	if len(log.Data) > 0 {
		if err := hiveToken.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range hiveToken.abi.Events[event].Inputs {
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
func (hiveToken *HiveToken) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["AccessControlBadConfirmation"].ID.Bytes()[:4]) {
		return hiveToken.UnpackAccessControlBadConfirmationError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["AccessControlUnauthorizedAccount"].ID.Bytes()[:4]) {
		return hiveToken.UnpackAccessControlUnauthorizedAccountError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["CheckpointUnorderedInsertion"].ID.Bytes()[:4]) {
		return hiveToken.UnpackCheckpointUnorderedInsertionError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ECDSAInvalidSignature"].ID.Bytes()[:4]) {
		return hiveToken.UnpackECDSAInvalidSignatureError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ECDSAInvalidSignatureLength"].ID.Bytes()[:4]) {
		return hiveToken.UnpackECDSAInvalidSignatureLengthError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ECDSAInvalidSignatureS"].ID.Bytes()[:4]) {
		return hiveToken.UnpackECDSAInvalidSignatureSError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ERC20ExceededSafeSupply"].ID.Bytes()[:4]) {
		return hiveToken.UnpackERC20ExceededSafeSupplyError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ERC20InsufficientAllowance"].ID.Bytes()[:4]) {
		return hiveToken.UnpackERC20InsufficientAllowanceError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ERC20InsufficientBalance"].ID.Bytes()[:4]) {
		return hiveToken.UnpackERC20InsufficientBalanceError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ERC20InvalidApprover"].ID.Bytes()[:4]) {
		return hiveToken.UnpackERC20InvalidApproverError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ERC20InvalidReceiver"].ID.Bytes()[:4]) {
		return hiveToken.UnpackERC20InvalidReceiverError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ERC20InvalidSender"].ID.Bytes()[:4]) {
		return hiveToken.UnpackERC20InvalidSenderError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ERC20InvalidSpender"].ID.Bytes()[:4]) {
		return hiveToken.UnpackERC20InvalidSpenderError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ERC2612ExpiredSignature"].ID.Bytes()[:4]) {
		return hiveToken.UnpackERC2612ExpiredSignatureError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ERC2612InvalidSigner"].ID.Bytes()[:4]) {
		return hiveToken.UnpackERC2612InvalidSignerError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["ERC5805FutureLookup"].ID.Bytes()[:4]) {
		return hiveToken.UnpackERC5805FutureLookupError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["InvalidAccountNonce"].ID.Bytes()[:4]) {
		return hiveToken.UnpackInvalidAccountNonceError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["InvalidShortString"].ID.Bytes()[:4]) {
		return hiveToken.UnpackInvalidShortStringError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["LengthsDiffer"].ID.Bytes()[:4]) {
		return hiveToken.UnpackLengthsDifferError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["SafeCastOverflowedUintDowncast"].ID.Bytes()[:4]) {
		return hiveToken.UnpackSafeCastOverflowedUintDowncastError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["StringTooLong"].ID.Bytes()[:4]) {
		return hiveToken.UnpackStringTooLongError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["TooManyTransfers"].ID.Bytes()[:4]) {
		return hiveToken.UnpackTooManyTransfersError(raw[4:])
	}
	if bytes.Equal(raw[:4], hiveToken.abi.Errors["VotesExpiredSignature"].ID.Bytes()[:4]) {
		return hiveToken.UnpackVotesExpiredSignatureError(raw[4:])
	}
	return nil, errors.New("unknown error")
}

// HiveTokenAccessControlBadConfirmation represents a AccessControlBadConfirmation error raised by the HiveToken contract.
type HiveTokenAccessControlBadConfirmation struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlBadConfirmation()
func HiveTokenAccessControlBadConfirmationErrorID() common.Hash {
	return common.HexToHash("0x6697b23232a647058342c0724fe7c415cab25915b54e5dbc03f233173d37b41c")
}

// UnpackAccessControlBadConfirmationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlBadConfirmation()
func (hiveToken *HiveToken) UnpackAccessControlBadConfirmationError(raw []byte) (*HiveTokenAccessControlBadConfirmation, error) {
	out := new(HiveTokenAccessControlBadConfirmation)
	if err := hiveToken.abi.UnpackIntoInterface(out, "AccessControlBadConfirmation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenAccessControlUnauthorizedAccount represents a AccessControlUnauthorizedAccount error raised by the HiveToken contract.
type HiveTokenAccessControlUnauthorizedAccount struct {
	Account    common.Address
	NeededRole [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func HiveTokenAccessControlUnauthorizedAccountErrorID() common.Hash {
	return common.HexToHash("0xe2517d3fbfae6f8515ef5ff1ccedc3933ab0cbbda0b492c06eb54ad10ef03b3e")
}

// UnpackAccessControlUnauthorizedAccountError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func (hiveToken *HiveToken) UnpackAccessControlUnauthorizedAccountError(raw []byte) (*HiveTokenAccessControlUnauthorizedAccount, error) {
	out := new(HiveTokenAccessControlUnauthorizedAccount)
	if err := hiveToken.abi.UnpackIntoInterface(out, "AccessControlUnauthorizedAccount", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenCheckpointUnorderedInsertion represents a CheckpointUnorderedInsertion error raised by the HiveToken contract.
type HiveTokenCheckpointUnorderedInsertion struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error CheckpointUnorderedInsertion()
func HiveTokenCheckpointUnorderedInsertionErrorID() common.Hash {
	return common.HexToHash("0x2520601d9d60b717c34a36ad270857824c5a1ebbfd08ff39aba6930089495cfa")
}

// UnpackCheckpointUnorderedInsertionError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error CheckpointUnorderedInsertion()
func (hiveToken *HiveToken) UnpackCheckpointUnorderedInsertionError(raw []byte) (*HiveTokenCheckpointUnorderedInsertion, error) {
	out := new(HiveTokenCheckpointUnorderedInsertion)
	if err := hiveToken.abi.UnpackIntoInterface(out, "CheckpointUnorderedInsertion", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenECDSAInvalidSignature represents a ECDSAInvalidSignature error raised by the HiveToken contract.
type HiveTokenECDSAInvalidSignature struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignature()
func HiveTokenECDSAInvalidSignatureErrorID() common.Hash {
	return common.HexToHash("0xf645eedf0193584640b6b90cb9477e4c95b98636c148a891d4c0a146dc46e75a")
}

// UnpackECDSAInvalidSignatureError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignature()
func (hiveToken *HiveToken) UnpackECDSAInvalidSignatureError(raw []byte) (*HiveTokenECDSAInvalidSignature, error) {
	out := new(HiveTokenECDSAInvalidSignature)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ECDSAInvalidSignature", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenECDSAInvalidSignatureLength represents a ECDSAInvalidSignatureLength error raised by the HiveToken contract.
type HiveTokenECDSAInvalidSignatureLength struct {
	Length *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignatureLength(uint256 length)
func HiveTokenECDSAInvalidSignatureLengthErrorID() common.Hash {
	return common.HexToHash("0xfce698f7e8e5342cd615f641317bc45fe7e1e4a8b0a14dd1383ff8dc9c41917f")
}

// UnpackECDSAInvalidSignatureLengthError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignatureLength(uint256 length)
func (hiveToken *HiveToken) UnpackECDSAInvalidSignatureLengthError(raw []byte) (*HiveTokenECDSAInvalidSignatureLength, error) {
	out := new(HiveTokenECDSAInvalidSignatureLength)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ECDSAInvalidSignatureLength", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenECDSAInvalidSignatureS represents a ECDSAInvalidSignatureS error raised by the HiveToken contract.
type HiveTokenECDSAInvalidSignatureS struct {
	S [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignatureS(bytes32 s)
func HiveTokenECDSAInvalidSignatureSErrorID() common.Hash {
	return common.HexToHash("0xd78bce0cccb935155ed6428d1c13e50b7f3550fd2b66b9fe266006fea4a5e1eb")
}

// UnpackECDSAInvalidSignatureSError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignatureS(bytes32 s)
func (hiveToken *HiveToken) UnpackECDSAInvalidSignatureSError(raw []byte) (*HiveTokenECDSAInvalidSignatureS, error) {
	out := new(HiveTokenECDSAInvalidSignatureS)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ECDSAInvalidSignatureS", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenERC20ExceededSafeSupply represents a ERC20ExceededSafeSupply error raised by the HiveToken contract.
type HiveTokenERC20ExceededSafeSupply struct {
	IncreasedSupply *big.Int
	Cap             *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20ExceededSafeSupply(uint256 increasedSupply, uint256 cap)
func HiveTokenERC20ExceededSafeSupplyErrorID() common.Hash {
	return common.HexToHash("0x1cb15d26dea6ae78228522d00b5965f950275bea9a67abeec04cb99806defd4c")
}

// UnpackERC20ExceededSafeSupplyError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20ExceededSafeSupply(uint256 increasedSupply, uint256 cap)
func (hiveToken *HiveToken) UnpackERC20ExceededSafeSupplyError(raw []byte) (*HiveTokenERC20ExceededSafeSupply, error) {
	out := new(HiveTokenERC20ExceededSafeSupply)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ERC20ExceededSafeSupply", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenERC20InsufficientAllowance represents a ERC20InsufficientAllowance error raised by the HiveToken contract.
type HiveTokenERC20InsufficientAllowance struct {
	Spender   common.Address
	Allowance *big.Int
	Needed    *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)
func HiveTokenERC20InsufficientAllowanceErrorID() common.Hash {
	return common.HexToHash("0xfb8f41b23e99d2101d86da76cdfa87dd51c82ed07d3cb62cbc473e469dbc75c3")
}

// UnpackERC20InsufficientAllowanceError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)
func (hiveToken *HiveToken) UnpackERC20InsufficientAllowanceError(raw []byte) (*HiveTokenERC20InsufficientAllowance, error) {
	out := new(HiveTokenERC20InsufficientAllowance)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ERC20InsufficientAllowance", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenERC20InsufficientBalance represents a ERC20InsufficientBalance error raised by the HiveToken contract.
type HiveTokenERC20InsufficientBalance struct {
	Sender  common.Address
	Balance *big.Int
	Needed  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)
func HiveTokenERC20InsufficientBalanceErrorID() common.Hash {
	return common.HexToHash("0xe450d38cd8d9f7d95077d567d60ed49c7254716e6ad08fc9872816c97e0ffec6")
}

// UnpackERC20InsufficientBalanceError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)
func (hiveToken *HiveToken) UnpackERC20InsufficientBalanceError(raw []byte) (*HiveTokenERC20InsufficientBalance, error) {
	out := new(HiveTokenERC20InsufficientBalance)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ERC20InsufficientBalance", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenERC20InvalidApprover represents a ERC20InvalidApprover error raised by the HiveToken contract.
type HiveTokenERC20InvalidApprover struct {
	Approver common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InvalidApprover(address approver)
func HiveTokenERC20InvalidApproverErrorID() common.Hash {
	return common.HexToHash("0xe602df05cc75712490294c6c104ab7c17f4030363910a7a2626411c6d3118847")
}

// UnpackERC20InvalidApproverError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InvalidApprover(address approver)
func (hiveToken *HiveToken) UnpackERC20InvalidApproverError(raw []byte) (*HiveTokenERC20InvalidApprover, error) {
	out := new(HiveTokenERC20InvalidApprover)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ERC20InvalidApprover", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenERC20InvalidReceiver represents a ERC20InvalidReceiver error raised by the HiveToken contract.
type HiveTokenERC20InvalidReceiver struct {
	Receiver common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InvalidReceiver(address receiver)
func HiveTokenERC20InvalidReceiverErrorID() common.Hash {
	return common.HexToHash("0xec442f055133b72f3b2f9f0bb351c406b178527de2040a7d1feb4e058771f613")
}

// UnpackERC20InvalidReceiverError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InvalidReceiver(address receiver)
func (hiveToken *HiveToken) UnpackERC20InvalidReceiverError(raw []byte) (*HiveTokenERC20InvalidReceiver, error) {
	out := new(HiveTokenERC20InvalidReceiver)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ERC20InvalidReceiver", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenERC20InvalidSender represents a ERC20InvalidSender error raised by the HiveToken contract.
type HiveTokenERC20InvalidSender struct {
	Sender common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InvalidSender(address sender)
func HiveTokenERC20InvalidSenderErrorID() common.Hash {
	return common.HexToHash("0x96c6fd1edd0cd6ef7ff0ecc0facdf53148dc0048b57fe58af65755250a7a96bd")
}

// UnpackERC20InvalidSenderError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InvalidSender(address sender)
func (hiveToken *HiveToken) UnpackERC20InvalidSenderError(raw []byte) (*HiveTokenERC20InvalidSender, error) {
	out := new(HiveTokenERC20InvalidSender)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ERC20InvalidSender", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenERC20InvalidSpender represents a ERC20InvalidSpender error raised by the HiveToken contract.
type HiveTokenERC20InvalidSpender struct {
	Spender common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC20InvalidSpender(address spender)
func HiveTokenERC20InvalidSpenderErrorID() common.Hash {
	return common.HexToHash("0x94280d62c347d8d9f4d59a76ea321452406db88df38e0c9da304f58b57b373a2")
}

// UnpackERC20InvalidSpenderError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC20InvalidSpender(address spender)
func (hiveToken *HiveToken) UnpackERC20InvalidSpenderError(raw []byte) (*HiveTokenERC20InvalidSpender, error) {
	out := new(HiveTokenERC20InvalidSpender)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ERC20InvalidSpender", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenERC2612ExpiredSignature represents a ERC2612ExpiredSignature error raised by the HiveToken contract.
type HiveTokenERC2612ExpiredSignature struct {
	Deadline *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC2612ExpiredSignature(uint256 deadline)
func HiveTokenERC2612ExpiredSignatureErrorID() common.Hash {
	return common.HexToHash("0x627913023c184eaad13735d5a3d2657ae76ec9a872a70e0fc57522ef1a114d58")
}

// UnpackERC2612ExpiredSignatureError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC2612ExpiredSignature(uint256 deadline)
func (hiveToken *HiveToken) UnpackERC2612ExpiredSignatureError(raw []byte) (*HiveTokenERC2612ExpiredSignature, error) {
	out := new(HiveTokenERC2612ExpiredSignature)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ERC2612ExpiredSignature", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenERC2612InvalidSigner represents a ERC2612InvalidSigner error raised by the HiveToken contract.
type HiveTokenERC2612InvalidSigner struct {
	Signer common.Address
	Owner  common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC2612InvalidSigner(address signer, address owner)
func HiveTokenERC2612InvalidSignerErrorID() common.Hash {
	return common.HexToHash("0x4b800e463b323b1d856edf9dec70329a639d13874a57f5c28219ff57128756db")
}

// UnpackERC2612InvalidSignerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC2612InvalidSigner(address signer, address owner)
func (hiveToken *HiveToken) UnpackERC2612InvalidSignerError(raw []byte) (*HiveTokenERC2612InvalidSigner, error) {
	out := new(HiveTokenERC2612InvalidSigner)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ERC2612InvalidSigner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenERC5805FutureLookup represents a ERC5805FutureLookup error raised by the HiveToken contract.
type HiveTokenERC5805FutureLookup struct {
	Timepoint *big.Int
	Clock     *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC5805FutureLookup(uint256 timepoint, uint48 clock)
func HiveTokenERC5805FutureLookupErrorID() common.Hash {
	return common.HexToHash("0xecd3f81ef0a2e77b4e11bb288f0a162344834f778af7e47bdbee611607f14457")
}

// UnpackERC5805FutureLookupError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC5805FutureLookup(uint256 timepoint, uint48 clock)
func (hiveToken *HiveToken) UnpackERC5805FutureLookupError(raw []byte) (*HiveTokenERC5805FutureLookup, error) {
	out := new(HiveTokenERC5805FutureLookup)
	if err := hiveToken.abi.UnpackIntoInterface(out, "ERC5805FutureLookup", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenInvalidAccountNonce represents a InvalidAccountNonce error raised by the HiveToken contract.
type HiveTokenInvalidAccountNonce struct {
	Account      common.Address
	CurrentNonce *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidAccountNonce(address account, uint256 currentNonce)
func HiveTokenInvalidAccountNonceErrorID() common.Hash {
	return common.HexToHash("0x752d88c0de02638abf10e8e31861e4c68dc1f3a1e7d840e580683f2c282bfc7a")
}

// UnpackInvalidAccountNonceError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidAccountNonce(address account, uint256 currentNonce)
func (hiveToken *HiveToken) UnpackInvalidAccountNonceError(raw []byte) (*HiveTokenInvalidAccountNonce, error) {
	out := new(HiveTokenInvalidAccountNonce)
	if err := hiveToken.abi.UnpackIntoInterface(out, "InvalidAccountNonce", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenInvalidShortString represents a InvalidShortString error raised by the HiveToken contract.
type HiveTokenInvalidShortString struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidShortString()
func HiveTokenInvalidShortStringErrorID() common.Hash {
	return common.HexToHash("0xb3512b0c6163e5f0bafab72bb631b9d58cd7a731b082f910338aa21c83d5c274")
}

// UnpackInvalidShortStringError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidShortString()
func (hiveToken *HiveToken) UnpackInvalidShortStringError(raw []byte) (*HiveTokenInvalidShortString, error) {
	out := new(HiveTokenInvalidShortString)
	if err := hiveToken.abi.UnpackIntoInterface(out, "InvalidShortString", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenLengthsDiffer represents a LengthsDiffer error raised by the HiveToken contract.
type HiveTokenLengthsDiffer struct {
	Receivers *big.Int
	Amounts   *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error LengthsDiffer(uint256 receivers, uint256 amounts)
func HiveTokenLengthsDifferErrorID() common.Hash {
	return common.HexToHash("0x658b7abb5ae7392cba64d6a291654ab1d98faa47c6dd0e607f7fab0f4b4fc8e2")
}

// UnpackLengthsDifferError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error LengthsDiffer(uint256 receivers, uint256 amounts)
func (hiveToken *HiveToken) UnpackLengthsDifferError(raw []byte) (*HiveTokenLengthsDiffer, error) {
	out := new(HiveTokenLengthsDiffer)
	if err := hiveToken.abi.UnpackIntoInterface(out, "LengthsDiffer", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenSafeCastOverflowedUintDowncast represents a SafeCastOverflowedUintDowncast error raised by the HiveToken contract.
type HiveTokenSafeCastOverflowedUintDowncast struct {
	Bits  uint8
	Value *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func HiveTokenSafeCastOverflowedUintDowncastErrorID() common.Hash {
	return common.HexToHash("0x6dfcc6503a32754ce7a89698e18201fc5294fd4aad43edefee786f88423b1a12")
}

// UnpackSafeCastOverflowedUintDowncastError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func (hiveToken *HiveToken) UnpackSafeCastOverflowedUintDowncastError(raw []byte) (*HiveTokenSafeCastOverflowedUintDowncast, error) {
	out := new(HiveTokenSafeCastOverflowedUintDowncast)
	if err := hiveToken.abi.UnpackIntoInterface(out, "SafeCastOverflowedUintDowncast", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenStringTooLong represents a StringTooLong error raised by the HiveToken contract.
type HiveTokenStringTooLong struct {
	Str string
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StringTooLong(string str)
func HiveTokenStringTooLongErrorID() common.Hash {
	return common.HexToHash("0x305a27a93f8e33b7392df0a0f91d6fc63847395853c45991eec52dbf24d72381")
}

// UnpackStringTooLongError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StringTooLong(string str)
func (hiveToken *HiveToken) UnpackStringTooLongError(raw []byte) (*HiveTokenStringTooLong, error) {
	out := new(HiveTokenStringTooLong)
	if err := hiveToken.abi.UnpackIntoInterface(out, "StringTooLong", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenTooManyTransfers represents a TooManyTransfers error raised by the HiveToken contract.
type HiveTokenTooManyTransfers struct {
	Receivers *big.Int
	Limit     *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TooManyTransfers(uint256 receivers, uint256 limit)
func HiveTokenTooManyTransfersErrorID() common.Hash {
	return common.HexToHash("0x953c45a65986e187d4ee46c9f71c44a66b9fbb36557808b0e40d8675402e44ec")
}

// UnpackTooManyTransfersError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TooManyTransfers(uint256 receivers, uint256 limit)
func (hiveToken *HiveToken) UnpackTooManyTransfersError(raw []byte) (*HiveTokenTooManyTransfers, error) {
	out := new(HiveTokenTooManyTransfers)
	if err := hiveToken.abi.UnpackIntoInterface(out, "TooManyTransfers", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// HiveTokenVotesExpiredSignature represents a VotesExpiredSignature error raised by the HiveToken contract.
type HiveTokenVotesExpiredSignature struct {
	Expiry *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error VotesExpiredSignature(uint256 expiry)
func HiveTokenVotesExpiredSignatureErrorID() common.Hash {
	return common.HexToHash("0x4683af0ecae671986a1b991272ba6e7bcb633f179b33ccfb3beb636962b1efde")
}

// UnpackVotesExpiredSignatureError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error VotesExpiredSignature(uint256 expiry)
func (hiveToken *HiveToken) UnpackVotesExpiredSignatureError(raw []byte) (*HiveTokenVotesExpiredSignature, error) {
	out := new(HiveTokenVotesExpiredSignature)
	if err := hiveToken.abi.UnpackIntoInterface(out, "VotesExpiredSignature", raw); err != nil {
		return nil, err
	}
	return out, nil
}
