// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package jobescrow

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

// JobEscrowVoucher is an auto generated low-level Go binding around an user-defined struct.
type JobEscrowVoucher struct {
	Clinic    common.Address
	Node      common.Address
	TotalGwei uint64
	SignedAt  uint64
	R         [32]byte
	Vs        [32]byte
}

// JobEscrowMetaData contains all meta data concerning the JobEscrow contract.
var JobEscrowMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"contractIHive\",\"name\":\"token_\",\"type\":\"address\"},{\"internalType\":\"contractINodeRegistry\",\"name\":\"registry_\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"thawDelay_\",\"type\":\"uint64\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"available\",\"type\":\"uint256\"}],\"name\":\"DepositTooSmall\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"InvalidShortString\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"nodes\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"amounts\",\"type\":\"uint256\"}],\"name\":\"LengthsDiffer\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"NodeNotRegistered\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"}],\"name\":\"NotSignedByClinic\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"NothingThawing\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"redeemedGwei\",\"type\":\"uint64\"}],\"name\":\"NothingToRedeem\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"bits\",\"type\":\"uint8\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"SafeCastOverflowedUintDowncast\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"thawedAt\",\"type\":\"uint64\"}],\"name\":\"StillThawing\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"string\",\"name\":\"str\",\"type\":\"string\"}],\"name\":\"StringTooLong\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"delay\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"minimum\",\"type\":\"uint64\"}],\"name\":\"ThawDelayTooShort\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"lines\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"limit\",\"type\":\"uint256\"}],\"name\":\"TooManyLines\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroAddress\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroAmount\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"payer\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"Deposited\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"EIP712DomainChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"redeemedGwei\",\"type\":\"uint64\"}],\"name\":\"Redeemed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"Reserved\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"thawedAt\",\"type\":\"uint64\"}],\"name\":\"Thawing\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"Withdrawn\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"MAX_LINES\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MIN_THAW_DELAY\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"VOUCHER_TYPEHASH\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"}],\"name\":\"balanceOf\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"deposit\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"depositFor\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"eip712Domain\",\"outputs\":[{\"internalType\":\"bytes1\",\"name\":\"fields\",\"type\":\"bytes1\"},{\"internalType\":\"string\",\"name\":\"name\",\"type\":\"string\"},{\"internalType\":\"string\",\"name\":\"version\",\"type\":\"string\"},{\"internalType\":\"uint256\",\"name\":\"chainId\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"verifyingContract\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"salt\",\"type\":\"bytes32\"},{\"internalType\":\"uint256[]\",\"name\":\"extensions\",\"type\":\"uint256[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"}],\"name\":\"freeOf\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"totalGwei\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"signedAt\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"r\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"vs\",\"type\":\"bytes32\"}],\"internalType\":\"structJobEscrow.Voucher\",\"name\":\"voucher\",\"type\":\"tuple\"},{\"internalType\":\"bytes\",\"name\":\"walletSignature\",\"type\":\"bytes\"}],\"name\":\"redeem\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"totalGwei\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"signedAt\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"r\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"vs\",\"type\":\"bytes32\"}],\"internalType\":\"structJobEscrow.Voucher[]\",\"name\":\"vouchers\",\"type\":\"tuple[]\"},{\"internalType\":\"bytes[]\",\"name\":\"walletSignatures\",\"type\":\"bytes[]\"}],\"name\":\"redeemMany\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"total\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"redeemedOf\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"registry\",\"outputs\":[{\"internalType\":\"contractINodeRegistry\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"reserve\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address[]\",\"name\":\"nodes\",\"type\":\"address[]\"},{\"internalType\":\"uint256[]\",\"name\":\"amounts\",\"type\":\"uint256[]\"}],\"name\":\"reserveMany\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"reservedOf\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"thaw\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"thawDelay\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"thawingOf\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"uint64\",\"name\":\"thawedAt\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"token\",\"outputs\":[{\"internalType\":\"contractIHive\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"clinic\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"totalGwei\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"signedAt\",\"type\":\"uint64\"}],\"name\":\"voucherDigest\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"withdraw\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "7f8fddd08a1c91c987a7e5a2d6b3d73157",
	Bin: "0x6101c0806040523461023157606081612b3d80380380916100208285610235565b8339810103126102315780516001600160a01b038116908181036102315760208301516001600160a01b038116939092908484036102315760400151936001600160401b038516918286036102315760405161007d604082610235565b600781526020810190664d65644869766560c81b8252604051916100a2604084610235565b600183526020830191603160f81b83526100bb8161026c565b610120526100c88461026c565b61014052519020918260e05251902080610100524660a0526040519060208201927f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f8452604083015260608201524660808201523060a082015260a0815261013160c082610235565b5190206080523060c05215908115610228575b5061021957620151808110610200575061016052610180526101a05260405161286590816102d8823960805181611c51015260a05181611d0e015260c05181611c22015260e05181611ca001526101005181611cc601526101205181610e6301526101405181610e8f01526101605181818161014a0152818161046c01528181610c1b015281816113210152611a2b0152610180518181816103e401528181610b8c0152610f7e01526101a05181818161062801526110660152f35b63e27a051d60e01b5f526004526201518060245260445ffd5b63d92e233d60e01b5f5260045ffd5b9050155f610144565b5f80fd5b601f909101601f19168101906001600160401b0382119082101761025857604052565b634e487b7160e01b5f52604160045260245ffd5b601f815111610297576020815191015160208210610288571790565b5f198260200360031b1b161790565b604460209160405192839163305a27a960e01b83528160048401528051918291826024860152018484015e5f828201840152601f01601f19168101030190fdfe60806040526004361015610011575f80fd5b5f3560e01c80631bea88bd146115815780632f4f21e2146114f957806333e25bb91461146f578063349e0a49146113d657806351cff8d9146111c157806370a082311461114257806371ece3aa14610fa25780637b10399914610f3457806384b0196e14610e2d578063861c967414610a7557806394739e8714610a1d578063a0f67f30146108fe578063a909b042146107d4578063ac55c5d614610706578063b6b55f25146106cb578063cc47a40b14610686578063d025d3aa1461064c578063d3a64fc6146105ea578063e3245554146105af578063f61eb610146101725763fc0c546a14610100575f80fd5b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b5f80fd5b3461016e577ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360160e0811261016e5760c01361016e5760c43567ffffffffffffffff811161016e573660238201121561016e5780600401359067ffffffffffffffff821161016e57366024838301011161016e5760043573ffffffffffffffffffffffffffffffffffffffff81169182820361016e576024359073ffffffffffffffffffffffffffffffffffffffff82169485830361016e57845f52600260205260405f20865f5260205267ffffffffffffffff60405f205460801c168067ffffffffffffffff6102626118e6565b16111561057c5750610272611c0b565b6044359067ffffffffffffffff8216820361016e576064359167ffffffffffffffff8316830361016e57604080517f6251b18c60ffbf6ebdf3f0b9b7f5f98f5dedce1945c16b36c53408cb9c44e2b16020820190815273ffffffffffffffffffffffffffffffffffffffff8a811693830193909352918816606082015267ffffffffffffffff92831660808201529390911660a084015261037e926103428160c081015b037fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe081018352826117cc565b51902090604291604051917f19010000000000000000000000000000000000000000000000000000000000008352600283015260228201522090565b6084358061056657506024610395930190856125db565b1561053a57604051937f695b7f2300000000000000000000000000000000000000000000000000000000855280600486015260208560248173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000165afa94851561052f575f956104f3575b5073ffffffffffffffffffffffffffffffffffffffff8516156104c857506104469184916104406118e6565b91611ee0565b90811561049957506104918160209373ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016611b4a565b604051908152f35b7fd349f50e000000000000000000000000000000000000000000000000000000005f526004525f60245260445ffd5b7f9c3baaed000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b9094506020813d602011610527575b8161050f602093836117cc565b8101031261016e576105209061192f565b9385610414565b3d9150610502565b6040513d5f823e3d90fd5b827febfffd59000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b610577935060a4359250908561253f565b610395565b86867f1d55ced5000000000000000000000000000000000000000000000000000000005f5260045260245260445260645ffd5b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576020604051620151808152f35b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57602060405167ffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5760206040516101008152f35b3461016e5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576106c96106c06115cb565b60243590612449565b005b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576106c960043533611981565b3461016e5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5761073d6115cb565b6107456115ee565b73ffffffffffffffffffffffffffffffffffffffff5f92165f52600260205273ffffffffffffffffffffffffffffffffffffffff60405f2091165f5260205260405f2061079181611950565b90816107bb575b506040805191825267ffffffffffffffff909216602082015290819081015b0390f35b6001015460801c67ffffffffffffffff16915082610798565b3461016e5760807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5761080b6115cb565b6108136115ee565b6044359167ffffffffffffffff8316830361016e576064359267ffffffffffffffff8416840361016e57604080517f6251b18c60ffbf6ebdf3f0b9b7f5f98f5dedce1945c16b36c53408cb9c44e2b1602082810191825273ffffffffffffffffffffffffffffffffffffffff9586169383019390935293909416606085015267ffffffffffffffff9182166080850152931660a0830152610491916108bb8160c08101610316565b5190206108c6611c0b565b604291604051917f19010000000000000000000000000000000000000000000000000000000000008352600283015260228201522090565b3461016e5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5760043567ffffffffffffffff811161016e5761094d903690600401611687565b9060243567ffffffffffffffff811161016e5761096e903690600401611687565b9061010084116109eb578184036109bb575f5b84811061098a57005b806109b56109a361099e600194898961191f565b6118c5565b6109ae83878761191f565b3590612449565b01610981565b50827f658b7abb000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b837fa66fa4df000000000000000000000000000000000000000000000000000000005f5260045261010060245260445ffd5b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5760206040517f6251b18c60ffbf6ebdf3f0b9b7f5f98f5dedce1945c16b36c53408cb9c44e2b18152f35b3461016e5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5760043567ffffffffffffffff811161016e573660238201121561016e5780600401359067ffffffffffffffff821161016e5760248101906024369160c0850201011161016e5760243567ffffffffffffffff811161016e57610b0a903690600401611687565b90915f926101008511610dfb57610b1f611c0b565b610b2886611825565b5f5b878110610db95750905f610b7392604051809481927f541567b9000000000000000000000000000000000000000000000000000000008352602060048401526024830190611d34565b038173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000165afa91821561052f575f92610d1e575b50604051946060860186811067ffffffffffffffff821117610cf1576040959493929195526060865260208601606081525f6040880152610bfc89611825565b8752610c0789611825565b90525f945b888610610c40576020886104917f00000000000000000000000000000000000000000000000000000000000000008a612375565b909192939496610c51888a88611874565b9073ffffffffffffffffffffffffffffffffffffffff610c718a876118b1565b51169182158015610cde575b610cd3578281610c8f610ca8936118c5565b906104406040610ca1602084016118c5565b92016118fd565b918215610cd35791610cc691610cc1826001958c612259565b611912565b975b019493929190610c0c565b509760019150610cc8565b50610ceb84888388611d7d565b15610c7d565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b9091503d805f833e610d3081836117cc565b81019060208183031261016e5780519067ffffffffffffffff821161016e57019080601f8301121561016e578151610d678161180d565b92610d7560405194856117cc565b81845260208085019260051b82010192831161016e57602001905b828210610da1575050509087610bbc565b60208091610dae8461192f565b815201910190610d90565b80610dd26020610dcc6001948c8a611874565b016118c5565b73ffffffffffffffffffffffffffffffffffffffff610df183866118b1565b9116905201610b2a565b847fa66fa4df000000000000000000000000000000000000000000000000000000005f5260045261010060245260445ffd5b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57610f06610e877f000000000000000000000000000000000000000000000000000000000000000061277f565b6107b7610eb37f000000000000000000000000000000000000000000000000000000000000000061277f565b610f1460405191610ec56020846117cc565b5f83525f3681376040519586957f0f00000000000000000000000000000000000000000000000000000000000000875260e0602088015260e0870190611611565b908582036040870152611611565b904660608501523060808501525f60a085015283820360c0850152611654565b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b3461016e5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57610fd96115cb565b602435335f52600260205260405f2073ffffffffffffffffffffffffffffffffffffffff83165f5260205260405f206fffffffffffffffffffffffffffffffff815416808311611113575073ffffffffffffffffffffffffffffffffffffffff6001936110f37fc2118143281eb772b2d388ef714e12785f9880549edd36fb6fdebd2b5079deb5936110957f000000000000000000000000000000000000000000000000000000000000000067ffffffffffffffff42166117aa565b960180547fffffffffffffffff000000000000000000000000000000000000000000000000166fffffffffffffffffffffffffffffffff871617608088901b77ffffffffffffffff0000000000000000000000000000000016179055565b6040805194855267ffffffffffffffff95909516602085015216923392a3005b7fd349f50e000000000000000000000000000000000000000000000000000000005f523360045260245260445ffd5b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5773ffffffffffffffffffffffffffffffffffffffff61118e6115cb565b165f52600260205260405f205f805260205260206fffffffffffffffffffffffffffffffff60405f205416604051908152f35b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576111f86115cb565b335f52600260205260405f2073ffffffffffffffffffffffffffffffffffffffff82165f5260205260405f209061122e82611950565b908115611390576001830167ffffffffffffffff815460801c169384421061134657602094506fffffffffffffffffffffffffffffffff61127481861682845416611778565b167fffffffffffffffffffffffffffffffff000000000000000000000000000000008254161790557fffffffffffffffffffffffffffffffff00000000000000000000000000000000815416905573ffffffffffffffffffffffffffffffffffffffff6040519183835216907fd1c19fbcd4551a5edfb66d43d2e337c04837afda3482b42bdf569a8fccdae5fb843392a3610491813373ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016611b4a565b8473ffffffffffffffffffffffffffffffffffffffff847f43faeea1000000000000000000000000000000000000000000000000000000005f52336004521660245260445260645ffd5b73ffffffffffffffffffffffffffffffffffffffff907fca8cd0e2000000000000000000000000000000000000000000000000000000005f52336004521660245260445ffd5b3461016e5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5761140d6115cb565b73ffffffffffffffffffffffffffffffffffffffff61142a6115ee565b91165f52600260205273ffffffffffffffffffffffffffffffffffffffff60405f2091165f52602052602067ffffffffffffffff60405f205460801c16604051908152f35b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5773ffffffffffffffffffffffffffffffffffffffff6114bb6115cb565b165f52600260205260405f205f8052602052602061049160405f206114f36fffffffffffffffffffffffffffffffff82541691611950565b906116b8565b3461016e5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576115306115cb565b73ffffffffffffffffffffffffffffffffffffffff811615611559576106c99060243590611981565b7fd92e233d000000000000000000000000000000000000000000000000000000005f5260045ffd5b3461016e5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5760206104916115bd6115cb565b6115c56115ee565b906116f2565b6004359073ffffffffffffffffffffffffffffffffffffffff8216820361016e57565b6024359073ffffffffffffffffffffffffffffffffffffffff8216820361016e57565b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f602080948051918291828752018686015e5f8582860101520116010190565b90602080835192838152019201905f5b8181106116715750505090565b8251845260209384019390920191600101611664565b9181601f8401121561016e5782359167ffffffffffffffff831161016e576020808501948460051b01011161016e57565b919082039182116116c557565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b73ffffffffffffffffffffffffffffffffffffffff8216156117725773ffffffffffffffffffffffffffffffffffffffff165f52600260205273ffffffffffffffffffffffffffffffffffffffff60405f2091165f5260205261176f60405f206114f36fffffffffffffffffffffffffffffffff82541691611950565b90565b50505f90565b906fffffffffffffffffffffffffffffffff809116911603906fffffffffffffffffffffffffffffffff82116116c557565b9067ffffffffffffffff8091169116019067ffffffffffffffff82116116c557565b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff821117610cf157604052565b67ffffffffffffffff8111610cf15760051b60200190565b9061182f8261180d565b61183c60405191826117cc565b8281527fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe061186a829461180d565b0190602036910137565b91908110156118845760c0020190565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52603260045260245ffd5b80518210156118845760209160051b010190565b3573ffffffffffffffffffffffffffffffffffffffff8116810361016e5790565b60443567ffffffffffffffff8116810361016e5790565b3567ffffffffffffffff8116810361016e5790565b919082018092116116c557565b91908110156118845760051b0190565b519073ffffffffffffffffffffffffffffffffffffffff8216820361016e57565b6fffffffffffffffffffffffffffffffff9081806001830154169154168082105f1461197b57501690565b90501690565b8115611b225773ffffffffffffffffffffffffffffffffffffffff16805f52600260205260405f205f805260205260405f206fffffffffffffffffffffffffffffffff8311611af1576119e7906fffffffffffffffffffffffffffffffff8416906126d4565b604051908282527f8752a472e571a816aea92eec8dae9baf628e840f4929fbcc2d155e6233ff68a760203393a373ffffffffffffffffffffffffffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001690604051907f23b872dd000000000000000000000000000000000000000000000000000000005f52336004523060245260445260205f60648180865af19060015f5114821615611ad0575b6040525f60605215611aa55750565b7f5274afe7000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b906001811516611ae857823b15153d15161690611a96565b503d5f823e3d90fd5b827f6dfcc650000000000000000000000000000000000000000000000000000000005f52608060045260245260445ffd5b7f1f2a2005000000000000000000000000000000000000000000000000000000005f5260045ffd5b9173ffffffffffffffffffffffffffffffffffffffff604051927fa9059cbb000000000000000000000000000000000000000000000000000000005f521660045260245260205f60448180865af19060015f5114821615611bf3575b60405215611bb15750565b73ffffffffffffffffffffffffffffffffffffffff907f5274afe7000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b906001811516611ae857823b15153d15161690611ba6565b73ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016301480611d0b575b15611c73577f000000000000000000000000000000000000000000000000000000000000000090565b60405160208101907f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f82527f000000000000000000000000000000000000000000000000000000000000000060408201527f000000000000000000000000000000000000000000000000000000000000000060608201524660808201523060a082015260a08152611d0560c0826117cc565b51902090565b507f00000000000000000000000000000000000000000000000000000000000000004614611c4a565b90602080835192838152019201905f5b818110611d515750505090565b825173ffffffffffffffffffffffffffffffffffffffff16845260209384019390920191600101611d44565b611e2d9093929193611d8e856118c5565b611d9a602087016118c5565b610342611da9604089016118fd565b91610316611db960608b016118fd565b604051948593602085019788929367ffffffffffffffff8092969573ffffffffffffffffffffffffffffffffffffffff6080958160a089019a7f6251b18c60ffbf6ebdf3f0b9b7f5f98f5dedce1945c16b36c53408cb9c44e2b18a5216602089015216604087015216606085015216910152565b91608084013580611ec4575060a08401359081109384611e4f575b5050505090565b611e58906118c5565b93156118845760051b810135907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe18136030182121561016e57019081359167ffffffffffffffff831161016e5760200190823603821361016e57611ebb936125db565b5f808080611e48565b915050829160a0611ed761176f956118c5565b9301359261253f565b73ffffffffffffffffffffffffffffffffffffffff90949392941690815f52600260205260405f2073ffffffffffffffffffffffffffffffffffffffff82165f5260205260405f209485549567ffffffffffffffff6fffffffffffffffffffffffffffffffff88169760801c16968067ffffffffffffffff84168981111561224c5789900367ffffffffffffffff81116116c55767ffffffffffffffff1698633b9aca008a0299808b04633b9aca0014901517156116c55789838b94821161208e575b50505060609373ffffffffffffffffffffffffffffffffffffffff936fffffffffffffffffffffffffffffffff806120067ffd880cf4c57b12aa56e42bab3e9f22ca60bb469995404a14386e898287054a37999667ffffffffffffffff966116b8565b83547fffffffffffffffff0000000000000000ffffffffffffffffffffffffffffffff16608086901b77ffffffffffffffff000000000000000000000000000000001617845516167fffffffffffffffffffffffffffffffff0000000000000000000000000000000082541617905583604051981688528960208901521660408701521693a3565b9091929350875f52600260205260405f205f805260205260405f20926fffffffffffffffffffffffffffffffff845416926120c98484611912565b1061219f575b50938a7ffd880cf4c57b12aa56e42bab3e9f22ca60bb469995404a14386e898287054a37979467ffffffffffffffff94606098948873ffffffffffffffffffffffffffffffffffffffff998511612133575b50505093509396829650819550611fa3565b6fffffffffffffffffffffffffffffffff9350906114f3612156928594966116b8565b16167fffffffffffffffffffffffffffffffff000000000000000000000000000000008254161790556fffffffffffffffffffffffffffffffff806120068d8092819450612121565b9a509450633b9aca006121b28287611912565b0499633b9aca008b029a808c04633b9aca0014901517156116c5578a1561223e57938a7ffd880cf4c57b12aa56e42bab3e9f22ca60bb469995404a14386e898287054a37979467ffffffffffffffff946060989461222e73ffffffffffffffffffffffffffffffffffffffff9988633b9aca00870416906117aa565b99509493975094509497506120cf565b505f99505050505050505050565b505f985050505050505050565b916040830191825193849182151580612307575b6122b3578160209173ffffffffffffffffffffffffffffffffffffffff612299866122a49796516118b1565b9116905201516118b1565b52600182018092116116c55752565b506020015193919250507fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff81019081116116c5576122fe612304926122f883866118b1565b51611912565b926118b1565b52565b50815192507fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff86018681116116c55761235673ffffffffffffffffffffffffffffffffffffffff9188956118b1565b511673ffffffffffffffffffffffffffffffffffffffff82161461226d565b9081519060406020840151930151908115612443578173ffffffffffffffffffffffffffffffffffffffff92845284521691823b1561016e57612426926123f65f8094604051968795869485937fb7fc6612000000000000000000000000000000000000000000000000000000008552604060048601526044850190611d34565b907ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc848303016024850152611654565b03925af1801561052f576124375750565b5f612441916117cc565b565b50505050565b73ffffffffffffffffffffffffffffffffffffffff1690811561155957335f52600260205260405f205f805260205260405f206fffffffffffffffffffffffffffffffff815416906124a361249d82611950565b836116b8565b808411611113575090612511916fffffffffffffffffffffffffffffffff6124ce8186168094611778565b167fffffffffffffffffffffffffffffffff00000000000000000000000000000000825416179055335f52600260205260405f20845f5260205260405f206126d4565b6040519081527f7c2e21a275247b08274b8f4e84d1a374bceaa1d0fe17270b407f07494059f60c60203392a3565b9290916125789260ff601b7f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff851694821c0116906127d6565b5060048110156125ae5715918261258e57505090565b73ffffffffffffffffffffffffffffffffffffffff919250811691161490565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52602160045260245ffd5b9061080084116126cc578361268e60845f957fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f6020996040519687948c8601997f1626ba7e000000000000000000000000000000000000000000000000000000008b5260248701526040604487015281606487015286860137898582860101520116810103017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe081018352826117cc565b5191620249f0fa601f3d11165f51816126a5575090565b7f1626ba7e0000000000000000000000000000000000000000000000000000000091501490565b505050505f90565b906fffffffffffffffffffffffffffffffff80835416916001840183838254161161274f575b5016016fffffffffffffffffffffffffffffffff81116116c5576fffffffffffffffffffffffffffffffff167fffffffffffffffffffffffffffffffff00000000000000000000000000000000825416179055565b8284167fffffffffffffffffffffffffffffffff000000000000000000000000000000008254161790555f6126fa565b60ff811690601f82116127ae576040519161279b6040846117cc565b6020808452838101919036833783525290565b7fb3512b0c000000000000000000000000000000000000000000000000000000005f5260045ffd5b91907f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0841161285a579160209360809260ff5f9560405194855216868401526040830152606082015282805260015afa1561052f575f5173ffffffffffffffffffffffffffffffffffffffff81161561285057905f905f90565b505f906001905f90565b5050505f916003919056",
}

// JobEscrow is an auto generated Go binding around an Ethereum contract.
type JobEscrow struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *JobEscrow) GetABI() abi.ABI {
	return c.abi
}

// NewJobEscrow creates a new instance of JobEscrow.
func NewJobEscrow() *JobEscrow {
	parsed, err := JobEscrowMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &JobEscrow{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *JobEscrow) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address token_, address registry_, uint64 thawDelay_) returns()
func (jobEscrow *JobEscrow) PackConstructor(token_ common.Address, registry_ common.Address, thawDelay_ uint64) []byte {
	enc, err := jobEscrow.abi.Pack("", token_, registry_, thawDelay_)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackMAXLINES is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd025d3aa.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_LINES() view returns(uint256)
func (jobEscrow *JobEscrow) PackMAXLINES() []byte {
	enc, err := jobEscrow.abi.Pack("MAX_LINES")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXLINES is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd025d3aa.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_LINES() view returns(uint256)
func (jobEscrow *JobEscrow) TryPackMAXLINES() ([]byte, error) {
	return jobEscrow.abi.Pack("MAX_LINES")
}

// UnpackMAXLINES is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xd025d3aa.
//
// Solidity: function MAX_LINES() view returns(uint256)
func (jobEscrow *JobEscrow) UnpackMAXLINES(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("MAX_LINES", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackMINTHAWDELAY is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe3245554.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MIN_THAW_DELAY() view returns(uint64)
func (jobEscrow *JobEscrow) PackMINTHAWDELAY() []byte {
	enc, err := jobEscrow.abi.Pack("MIN_THAW_DELAY")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMINTHAWDELAY is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe3245554.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MIN_THAW_DELAY() view returns(uint64)
func (jobEscrow *JobEscrow) TryPackMINTHAWDELAY() ([]byte, error) {
	return jobEscrow.abi.Pack("MIN_THAW_DELAY")
}

// UnpackMINTHAWDELAY is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe3245554.
//
// Solidity: function MIN_THAW_DELAY() view returns(uint64)
func (jobEscrow *JobEscrow) UnpackMINTHAWDELAY(data []byte) (uint64, error) {
	out, err := jobEscrow.abi.Unpack("MIN_THAW_DELAY", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackVOUCHERTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x94739e87.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function VOUCHER_TYPEHASH() view returns(bytes32)
func (jobEscrow *JobEscrow) PackVOUCHERTYPEHASH() []byte {
	enc, err := jobEscrow.abi.Pack("VOUCHER_TYPEHASH")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVOUCHERTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x94739e87.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function VOUCHER_TYPEHASH() view returns(bytes32)
func (jobEscrow *JobEscrow) TryPackVOUCHERTYPEHASH() ([]byte, error) {
	return jobEscrow.abi.Pack("VOUCHER_TYPEHASH")
}

// UnpackVOUCHERTYPEHASH is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x94739e87.
//
// Solidity: function VOUCHER_TYPEHASH() view returns(bytes32)
func (jobEscrow *JobEscrow) UnpackVOUCHERTYPEHASH(data []byte) ([32]byte, error) {
	out, err := jobEscrow.abi.Unpack("VOUCHER_TYPEHASH", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackBalanceOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70a08231.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function balanceOf(address clinic) view returns(uint256)
func (jobEscrow *JobEscrow) PackBalanceOf(clinic common.Address) []byte {
	enc, err := jobEscrow.abi.Pack("balanceOf", clinic)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBalanceOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70a08231.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function balanceOf(address clinic) view returns(uint256)
func (jobEscrow *JobEscrow) TryPackBalanceOf(clinic common.Address) ([]byte, error) {
	return jobEscrow.abi.Pack("balanceOf", clinic)
}

// UnpackBalanceOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x70a08231.
//
// Solidity: function balanceOf(address clinic) view returns(uint256)
func (jobEscrow *JobEscrow) UnpackBalanceOf(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("balanceOf", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackDeposit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb6b55f25.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function deposit(uint256 amount) returns()
func (jobEscrow *JobEscrow) PackDeposit(amount *big.Int) []byte {
	enc, err := jobEscrow.abi.Pack("deposit", amount)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDeposit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb6b55f25.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function deposit(uint256 amount) returns()
func (jobEscrow *JobEscrow) TryPackDeposit(amount *big.Int) ([]byte, error) {
	return jobEscrow.abi.Pack("deposit", amount)
}

// PackDepositFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f4f21e2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function depositFor(address clinic, uint256 amount) returns()
func (jobEscrow *JobEscrow) PackDepositFor(clinic common.Address, amount *big.Int) []byte {
	enc, err := jobEscrow.abi.Pack("depositFor", clinic, amount)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDepositFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f4f21e2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function depositFor(address clinic, uint256 amount) returns()
func (jobEscrow *JobEscrow) TryPackDepositFor(clinic common.Address, amount *big.Int) ([]byte, error) {
	return jobEscrow.abi.Pack("depositFor", clinic, amount)
}

// PackEip712Domain is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x84b0196e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (jobEscrow *JobEscrow) PackEip712Domain() []byte {
	enc, err := jobEscrow.abi.Pack("eip712Domain")
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
func (jobEscrow *JobEscrow) TryPackEip712Domain() ([]byte, error) {
	return jobEscrow.abi.Pack("eip712Domain")
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
func (jobEscrow *JobEscrow) UnpackEip712Domain(data []byte) (Eip712DomainOutput, error) {
	out, err := jobEscrow.abi.Unpack("eip712Domain", data)
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

// PackFreeOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x33e25bb9.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function freeOf(address clinic) view returns(uint256)
func (jobEscrow *JobEscrow) PackFreeOf(clinic common.Address) []byte {
	enc, err := jobEscrow.abi.Pack("freeOf", clinic)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackFreeOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x33e25bb9.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function freeOf(address clinic) view returns(uint256)
func (jobEscrow *JobEscrow) TryPackFreeOf(clinic common.Address) ([]byte, error) {
	return jobEscrow.abi.Pack("freeOf", clinic)
}

// UnpackFreeOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x33e25bb9.
//
// Solidity: function freeOf(address clinic) view returns(uint256)
func (jobEscrow *JobEscrow) UnpackFreeOf(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("freeOf", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackRedeem is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf61eb610.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function redeem((address,address,uint64,uint64,bytes32,bytes32) voucher, bytes walletSignature) returns(uint256 amount)
func (jobEscrow *JobEscrow) PackRedeem(voucher JobEscrowVoucher, walletSignature []byte) []byte {
	enc, err := jobEscrow.abi.Pack("redeem", voucher, walletSignature)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRedeem is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf61eb610.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function redeem((address,address,uint64,uint64,bytes32,bytes32) voucher, bytes walletSignature) returns(uint256 amount)
func (jobEscrow *JobEscrow) TryPackRedeem(voucher JobEscrowVoucher, walletSignature []byte) ([]byte, error) {
	return jobEscrow.abi.Pack("redeem", voucher, walletSignature)
}

// UnpackRedeem is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf61eb610.
//
// Solidity: function redeem((address,address,uint64,uint64,bytes32,bytes32) voucher, bytes walletSignature) returns(uint256 amount)
func (jobEscrow *JobEscrow) UnpackRedeem(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("redeem", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackRedeemMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x861c9674.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function redeemMany((address,address,uint64,uint64,bytes32,bytes32)[] vouchers, bytes[] walletSignatures) returns(uint256 total)
func (jobEscrow *JobEscrow) PackRedeemMany(vouchers []JobEscrowVoucher, walletSignatures [][]byte) []byte {
	enc, err := jobEscrow.abi.Pack("redeemMany", vouchers, walletSignatures)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRedeemMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x861c9674.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function redeemMany((address,address,uint64,uint64,bytes32,bytes32)[] vouchers, bytes[] walletSignatures) returns(uint256 total)
func (jobEscrow *JobEscrow) TryPackRedeemMany(vouchers []JobEscrowVoucher, walletSignatures [][]byte) ([]byte, error) {
	return jobEscrow.abi.Pack("redeemMany", vouchers, walletSignatures)
}

// UnpackRedeemMany is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x861c9674.
//
// Solidity: function redeemMany((address,address,uint64,uint64,bytes32,bytes32)[] vouchers, bytes[] walletSignatures) returns(uint256 total)
func (jobEscrow *JobEscrow) UnpackRedeemMany(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("redeemMany", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackRedeemedOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x349e0a49.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function redeemedOf(address clinic, address node) view returns(uint64)
func (jobEscrow *JobEscrow) PackRedeemedOf(clinic common.Address, node common.Address) []byte {
	enc, err := jobEscrow.abi.Pack("redeemedOf", clinic, node)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRedeemedOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x349e0a49.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function redeemedOf(address clinic, address node) view returns(uint64)
func (jobEscrow *JobEscrow) TryPackRedeemedOf(clinic common.Address, node common.Address) ([]byte, error) {
	return jobEscrow.abi.Pack("redeemedOf", clinic, node)
}

// UnpackRedeemedOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x349e0a49.
//
// Solidity: function redeemedOf(address clinic, address node) view returns(uint64)
func (jobEscrow *JobEscrow) UnpackRedeemedOf(data []byte) (uint64, error) {
	out, err := jobEscrow.abi.Unpack("redeemedOf", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackRegistry is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7b103999.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function registry() view returns(address)
func (jobEscrow *JobEscrow) PackRegistry() []byte {
	enc, err := jobEscrow.abi.Pack("registry")
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
func (jobEscrow *JobEscrow) TryPackRegistry() ([]byte, error) {
	return jobEscrow.abi.Pack("registry")
}

// UnpackRegistry is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x7b103999.
//
// Solidity: function registry() view returns(address)
func (jobEscrow *JobEscrow) UnpackRegistry(data []byte) (common.Address, error) {
	out, err := jobEscrow.abi.Unpack("registry", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackReserve is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcc47a40b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function reserve(address node, uint256 amount) returns()
func (jobEscrow *JobEscrow) PackReserve(node common.Address, amount *big.Int) []byte {
	enc, err := jobEscrow.abi.Pack("reserve", node, amount)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackReserve is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcc47a40b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function reserve(address node, uint256 amount) returns()
func (jobEscrow *JobEscrow) TryPackReserve(node common.Address, amount *big.Int) ([]byte, error) {
	return jobEscrow.abi.Pack("reserve", node, amount)
}

// PackReserveMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa0f67f30.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function reserveMany(address[] nodes, uint256[] amounts) returns()
func (jobEscrow *JobEscrow) PackReserveMany(nodes []common.Address, amounts []*big.Int) []byte {
	enc, err := jobEscrow.abi.Pack("reserveMany", nodes, amounts)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackReserveMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa0f67f30.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function reserveMany(address[] nodes, uint256[] amounts) returns()
func (jobEscrow *JobEscrow) TryPackReserveMany(nodes []common.Address, amounts []*big.Int) ([]byte, error) {
	return jobEscrow.abi.Pack("reserveMany", nodes, amounts)
}

// PackReservedOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1bea88bd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function reservedOf(address clinic, address node) view returns(uint256)
func (jobEscrow *JobEscrow) PackReservedOf(clinic common.Address, node common.Address) []byte {
	enc, err := jobEscrow.abi.Pack("reservedOf", clinic, node)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackReservedOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1bea88bd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function reservedOf(address clinic, address node) view returns(uint256)
func (jobEscrow *JobEscrow) TryPackReservedOf(clinic common.Address, node common.Address) ([]byte, error) {
	return jobEscrow.abi.Pack("reservedOf", clinic, node)
}

// UnpackReservedOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x1bea88bd.
//
// Solidity: function reservedOf(address clinic, address node) view returns(uint256)
func (jobEscrow *JobEscrow) UnpackReservedOf(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("reservedOf", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackThaw is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x71ece3aa.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function thaw(address node, uint256 amount) returns()
func (jobEscrow *JobEscrow) PackThaw(node common.Address, amount *big.Int) []byte {
	enc, err := jobEscrow.abi.Pack("thaw", node, amount)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackThaw is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x71ece3aa.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function thaw(address node, uint256 amount) returns()
func (jobEscrow *JobEscrow) TryPackThaw(node common.Address, amount *big.Int) ([]byte, error) {
	return jobEscrow.abi.Pack("thaw", node, amount)
}

// PackThawDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd3a64fc6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function thawDelay() view returns(uint64)
func (jobEscrow *JobEscrow) PackThawDelay() []byte {
	enc, err := jobEscrow.abi.Pack("thawDelay")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackThawDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd3a64fc6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function thawDelay() view returns(uint64)
func (jobEscrow *JobEscrow) TryPackThawDelay() ([]byte, error) {
	return jobEscrow.abi.Pack("thawDelay")
}

// UnpackThawDelay is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xd3a64fc6.
//
// Solidity: function thawDelay() view returns(uint64)
func (jobEscrow *JobEscrow) UnpackThawDelay(data []byte) (uint64, error) {
	out, err := jobEscrow.abi.Unpack("thawDelay", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackThawingOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xac55c5d6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function thawingOf(address clinic, address node) view returns(uint256 amount, uint64 thawedAt)
func (jobEscrow *JobEscrow) PackThawingOf(clinic common.Address, node common.Address) []byte {
	enc, err := jobEscrow.abi.Pack("thawingOf", clinic, node)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackThawingOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xac55c5d6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function thawingOf(address clinic, address node) view returns(uint256 amount, uint64 thawedAt)
func (jobEscrow *JobEscrow) TryPackThawingOf(clinic common.Address, node common.Address) ([]byte, error) {
	return jobEscrow.abi.Pack("thawingOf", clinic, node)
}

// ThawingOfOutput serves as a container for the return parameters of contract
// method ThawingOf.
type ThawingOfOutput struct {
	Amount   *big.Int
	ThawedAt uint64
}

// UnpackThawingOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xac55c5d6.
//
// Solidity: function thawingOf(address clinic, address node) view returns(uint256 amount, uint64 thawedAt)
func (jobEscrow *JobEscrow) UnpackThawingOf(data []byte) (ThawingOfOutput, error) {
	out, err := jobEscrow.abi.Unpack("thawingOf", data)
	outstruct := new(ThawingOfOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Amount = abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	outstruct.ThawedAt = *abi.ConvertType(out[1], new(uint64)).(*uint64)
	return *outstruct, nil
}

// PackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function token() view returns(address)
func (jobEscrow *JobEscrow) PackToken() []byte {
	enc, err := jobEscrow.abi.Pack("token")
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
func (jobEscrow *JobEscrow) TryPackToken() ([]byte, error) {
	return jobEscrow.abi.Pack("token")
}

// UnpackToken is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xfc0c546a.
//
// Solidity: function token() view returns(address)
func (jobEscrow *JobEscrow) UnpackToken(data []byte) (common.Address, error) {
	out, err := jobEscrow.abi.Unpack("token", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackVoucherDigest is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa909b042.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function voucherDigest(address clinic, address node, uint64 totalGwei, uint64 signedAt) view returns(bytes32)
func (jobEscrow *JobEscrow) PackVoucherDigest(clinic common.Address, node common.Address, totalGwei uint64, signedAt uint64) []byte {
	enc, err := jobEscrow.abi.Pack("voucherDigest", clinic, node, totalGwei, signedAt)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVoucherDigest is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa909b042.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function voucherDigest(address clinic, address node, uint64 totalGwei, uint64 signedAt) view returns(bytes32)
func (jobEscrow *JobEscrow) TryPackVoucherDigest(clinic common.Address, node common.Address, totalGwei uint64, signedAt uint64) ([]byte, error) {
	return jobEscrow.abi.Pack("voucherDigest", clinic, node, totalGwei, signedAt)
}

// UnpackVoucherDigest is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa909b042.
//
// Solidity: function voucherDigest(address clinic, address node, uint64 totalGwei, uint64 signedAt) view returns(bytes32)
func (jobEscrow *JobEscrow) UnpackVoucherDigest(data []byte) ([32]byte, error) {
	out, err := jobEscrow.abi.Unpack("voucherDigest", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackWithdraw is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x51cff8d9.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function withdraw(address node) returns(uint256 amount)
func (jobEscrow *JobEscrow) PackWithdraw(node common.Address) []byte {
	enc, err := jobEscrow.abi.Pack("withdraw", node)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackWithdraw is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x51cff8d9.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function withdraw(address node) returns(uint256 amount)
func (jobEscrow *JobEscrow) TryPackWithdraw(node common.Address) ([]byte, error) {
	return jobEscrow.abi.Pack("withdraw", node)
}

// UnpackWithdraw is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x51cff8d9.
//
// Solidity: function withdraw(address node) returns(uint256 amount)
func (jobEscrow *JobEscrow) UnpackWithdraw(data []byte) (*big.Int, error) {
	out, err := jobEscrow.abi.Unpack("withdraw", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// JobEscrowDeposited represents a Deposited event raised by the JobEscrow contract.
type JobEscrowDeposited struct {
	Clinic common.Address
	Payer  common.Address
	Amount *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const JobEscrowDepositedEventName = "Deposited"

// ContractEventName returns the user-defined event name.
func (JobEscrowDeposited) ContractEventName() string {
	return JobEscrowDepositedEventName
}

// UnpackDepositedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Deposited(address indexed clinic, address indexed payer, uint256 amount)
func (jobEscrow *JobEscrow) UnpackDepositedEvent(log *types.Log) (*JobEscrowDeposited, error) {
	event := "Deposited"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowDeposited)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
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

// JobEscrowEIP712DomainChanged represents a EIP712DomainChanged event raised by the JobEscrow contract.
type JobEscrowEIP712DomainChanged struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const JobEscrowEIP712DomainChangedEventName = "EIP712DomainChanged"

// ContractEventName returns the user-defined event name.
func (JobEscrowEIP712DomainChanged) ContractEventName() string {
	return JobEscrowEIP712DomainChangedEventName
}

// UnpackEIP712DomainChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event EIP712DomainChanged()
func (jobEscrow *JobEscrow) UnpackEIP712DomainChangedEvent(log *types.Log) (*JobEscrowEIP712DomainChanged, error) {
	event := "EIP712DomainChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowEIP712DomainChanged)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
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

// JobEscrowRedeemed represents a Redeemed event raised by the JobEscrow contract.
type JobEscrowRedeemed struct {
	Clinic       common.Address
	Node         common.Address
	Recipient    common.Address
	Amount       *big.Int
	RedeemedGwei uint64
	Raw          *types.Log // Blockchain specific contextual infos
}

const JobEscrowRedeemedEventName = "Redeemed"

// ContractEventName returns the user-defined event name.
func (JobEscrowRedeemed) ContractEventName() string {
	return JobEscrowRedeemedEventName
}

// UnpackRedeemedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Redeemed(address indexed clinic, address indexed node, address recipient, uint256 amount, uint64 redeemedGwei)
func (jobEscrow *JobEscrow) UnpackRedeemedEvent(log *types.Log) (*JobEscrowRedeemed, error) {
	event := "Redeemed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowRedeemed)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
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

// JobEscrowReserved represents a Reserved event raised by the JobEscrow contract.
type JobEscrowReserved struct {
	Clinic common.Address
	Node   common.Address
	Amount *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const JobEscrowReservedEventName = "Reserved"

// ContractEventName returns the user-defined event name.
func (JobEscrowReserved) ContractEventName() string {
	return JobEscrowReservedEventName
}

// UnpackReservedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Reserved(address indexed clinic, address indexed node, uint256 amount)
func (jobEscrow *JobEscrow) UnpackReservedEvent(log *types.Log) (*JobEscrowReserved, error) {
	event := "Reserved"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowReserved)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
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

// JobEscrowThawing represents a Thawing event raised by the JobEscrow contract.
type JobEscrowThawing struct {
	Clinic   common.Address
	Node     common.Address
	Amount   *big.Int
	ThawedAt uint64
	Raw      *types.Log // Blockchain specific contextual infos
}

const JobEscrowThawingEventName = "Thawing"

// ContractEventName returns the user-defined event name.
func (JobEscrowThawing) ContractEventName() string {
	return JobEscrowThawingEventName
}

// UnpackThawingEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Thawing(address indexed clinic, address indexed node, uint256 amount, uint64 thawedAt)
func (jobEscrow *JobEscrow) UnpackThawingEvent(log *types.Log) (*JobEscrowThawing, error) {
	event := "Thawing"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowThawing)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
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

// JobEscrowWithdrawn represents a Withdrawn event raised by the JobEscrow contract.
type JobEscrowWithdrawn struct {
	Clinic common.Address
	Node   common.Address
	Amount *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const JobEscrowWithdrawnEventName = "Withdrawn"

// ContractEventName returns the user-defined event name.
func (JobEscrowWithdrawn) ContractEventName() string {
	return JobEscrowWithdrawnEventName
}

// UnpackWithdrawnEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Withdrawn(address indexed clinic, address indexed node, uint256 amount)
func (jobEscrow *JobEscrow) UnpackWithdrawnEvent(log *types.Log) (*JobEscrowWithdrawn, error) {
	event := "Withdrawn"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != jobEscrow.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(JobEscrowWithdrawn)
	if len(log.Data) > 0 {
		if err := jobEscrow.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range jobEscrow.abi.Events[event].Inputs {
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
func (jobEscrow *JobEscrow) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["DepositTooSmall"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackDepositTooSmallError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["InvalidShortString"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackInvalidShortStringError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["LengthsDiffer"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackLengthsDifferError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["NodeNotRegistered"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackNodeNotRegisteredError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["NotSignedByClinic"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackNotSignedByClinicError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["NothingThawing"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackNothingThawingError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["NothingToRedeem"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackNothingToRedeemError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["SafeCastOverflowedUintDowncast"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackSafeCastOverflowedUintDowncastError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["SafeERC20FailedOperation"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackSafeERC20FailedOperationError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["StillThawing"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackStillThawingError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["StringTooLong"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackStringTooLongError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["ThawDelayTooShort"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackThawDelayTooShortError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["TooManyLines"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackTooManyLinesError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["ZeroAddress"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackZeroAddressError(raw[4:])
	}
	if bytes.Equal(raw[:4], jobEscrow.abi.Errors["ZeroAmount"].ID.Bytes()[:4]) {
		return jobEscrow.UnpackZeroAmountError(raw[4:])
	}
	return nil, errors.New("unknown error")
}

// JobEscrowDepositTooSmall represents a DepositTooSmall error raised by the JobEscrow contract.
type JobEscrowDepositTooSmall struct {
	Clinic    common.Address
	Available *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error DepositTooSmall(address clinic, uint256 available)
func JobEscrowDepositTooSmallErrorID() common.Hash {
	return common.HexToHash("0xd349f50e4b3c74f3689c3b6978cdc00700ce0aa07cd688b5123eca2d4561fd9e")
}

// UnpackDepositTooSmallError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error DepositTooSmall(address clinic, uint256 available)
func (jobEscrow *JobEscrow) UnpackDepositTooSmallError(raw []byte) (*JobEscrowDepositTooSmall, error) {
	out := new(JobEscrowDepositTooSmall)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "DepositTooSmall", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowInvalidShortString represents a InvalidShortString error raised by the JobEscrow contract.
type JobEscrowInvalidShortString struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidShortString()
func JobEscrowInvalidShortStringErrorID() common.Hash {
	return common.HexToHash("0xb3512b0c6163e5f0bafab72bb631b9d58cd7a731b082f910338aa21c83d5c274")
}

// UnpackInvalidShortStringError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidShortString()
func (jobEscrow *JobEscrow) UnpackInvalidShortStringError(raw []byte) (*JobEscrowInvalidShortString, error) {
	out := new(JobEscrowInvalidShortString)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "InvalidShortString", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowLengthsDiffer represents a LengthsDiffer error raised by the JobEscrow contract.
type JobEscrowLengthsDiffer struct {
	Nodes   *big.Int
	Amounts *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error LengthsDiffer(uint256 nodes, uint256 amounts)
func JobEscrowLengthsDifferErrorID() common.Hash {
	return common.HexToHash("0x658b7abb5ae7392cba64d6a291654ab1d98faa47c6dd0e607f7fab0f4b4fc8e2")
}

// UnpackLengthsDifferError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error LengthsDiffer(uint256 nodes, uint256 amounts)
func (jobEscrow *JobEscrow) UnpackLengthsDifferError(raw []byte) (*JobEscrowLengthsDiffer, error) {
	out := new(JobEscrowLengthsDiffer)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "LengthsDiffer", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowNodeNotRegistered represents a NodeNotRegistered error raised by the JobEscrow contract.
type JobEscrowNodeNotRegistered struct {
	Node common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NodeNotRegistered(address node)
func JobEscrowNodeNotRegisteredErrorID() common.Hash {
	return common.HexToHash("0x9c3baaedcd13945050d2520b64ddd7584df0bce7a1e1a5e0b36ed0f5159bb7af")
}

// UnpackNodeNotRegisteredError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NodeNotRegistered(address node)
func (jobEscrow *JobEscrow) UnpackNodeNotRegisteredError(raw []byte) (*JobEscrowNodeNotRegistered, error) {
	out := new(JobEscrowNodeNotRegistered)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "NodeNotRegistered", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowNotSignedByClinic represents a NotSignedByClinic error raised by the JobEscrow contract.
type JobEscrowNotSignedByClinic struct {
	Clinic common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotSignedByClinic(address clinic)
func JobEscrowNotSignedByClinicErrorID() common.Hash {
	return common.HexToHash("0xebfffd59b1a3a6ea628d099bda6511019c6965a5638f650f311ccc27742d712e")
}

// UnpackNotSignedByClinicError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotSignedByClinic(address clinic)
func (jobEscrow *JobEscrow) UnpackNotSignedByClinicError(raw []byte) (*JobEscrowNotSignedByClinic, error) {
	out := new(JobEscrowNotSignedByClinic)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "NotSignedByClinic", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowNothingThawing represents a NothingThawing error raised by the JobEscrow contract.
type JobEscrowNothingThawing struct {
	Clinic common.Address
	Node   common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NothingThawing(address clinic, address node)
func JobEscrowNothingThawingErrorID() common.Hash {
	return common.HexToHash("0xca8cd0e209cd3a59ad7a4bf1e0c9af254af5389fd46c71a944992ce7b8e7607f")
}

// UnpackNothingThawingError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NothingThawing(address clinic, address node)
func (jobEscrow *JobEscrow) UnpackNothingThawingError(raw []byte) (*JobEscrowNothingThawing, error) {
	out := new(JobEscrowNothingThawing)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "NothingThawing", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowNothingToRedeem represents a NothingToRedeem error raised by the JobEscrow contract.
type JobEscrowNothingToRedeem struct {
	Clinic       common.Address
	Node         common.Address
	RedeemedGwei uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NothingToRedeem(address clinic, address node, uint64 redeemedGwei)
func JobEscrowNothingToRedeemErrorID() common.Hash {
	return common.HexToHash("0x1d55ced55539cf746306bfb2986eb92547f309f1349de7a6bb12394fac777497")
}

// UnpackNothingToRedeemError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NothingToRedeem(address clinic, address node, uint64 redeemedGwei)
func (jobEscrow *JobEscrow) UnpackNothingToRedeemError(raw []byte) (*JobEscrowNothingToRedeem, error) {
	out := new(JobEscrowNothingToRedeem)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "NothingToRedeem", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowSafeCastOverflowedUintDowncast represents a SafeCastOverflowedUintDowncast error raised by the JobEscrow contract.
type JobEscrowSafeCastOverflowedUintDowncast struct {
	Bits  uint8
	Value *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func JobEscrowSafeCastOverflowedUintDowncastErrorID() common.Hash {
	return common.HexToHash("0x6dfcc6503a32754ce7a89698e18201fc5294fd4aad43edefee786f88423b1a12")
}

// UnpackSafeCastOverflowedUintDowncastError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func (jobEscrow *JobEscrow) UnpackSafeCastOverflowedUintDowncastError(raw []byte) (*JobEscrowSafeCastOverflowedUintDowncast, error) {
	out := new(JobEscrowSafeCastOverflowedUintDowncast)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "SafeCastOverflowedUintDowncast", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowSafeERC20FailedOperation represents a SafeERC20FailedOperation error raised by the JobEscrow contract.
type JobEscrowSafeERC20FailedOperation struct {
	Token common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeERC20FailedOperation(address token)
func JobEscrowSafeERC20FailedOperationErrorID() common.Hash {
	return common.HexToHash("0x5274afe73c98b4749fc91ffae6b7b574e7842cb2144a159e9377a5f20b32edf9")
}

// UnpackSafeERC20FailedOperationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeERC20FailedOperation(address token)
func (jobEscrow *JobEscrow) UnpackSafeERC20FailedOperationError(raw []byte) (*JobEscrowSafeERC20FailedOperation, error) {
	out := new(JobEscrowSafeERC20FailedOperation)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "SafeERC20FailedOperation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowStillThawing represents a StillThawing error raised by the JobEscrow contract.
type JobEscrowStillThawing struct {
	Clinic   common.Address
	Node     common.Address
	ThawedAt uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StillThawing(address clinic, address node, uint64 thawedAt)
func JobEscrowStillThawingErrorID() common.Hash {
	return common.HexToHash("0x43faeea11d83802301207d386d347ff96e1945d81b6c19902f3d4292e57bf7b3")
}

// UnpackStillThawingError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StillThawing(address clinic, address node, uint64 thawedAt)
func (jobEscrow *JobEscrow) UnpackStillThawingError(raw []byte) (*JobEscrowStillThawing, error) {
	out := new(JobEscrowStillThawing)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "StillThawing", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowStringTooLong represents a StringTooLong error raised by the JobEscrow contract.
type JobEscrowStringTooLong struct {
	Str string
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StringTooLong(string str)
func JobEscrowStringTooLongErrorID() common.Hash {
	return common.HexToHash("0x305a27a93f8e33b7392df0a0f91d6fc63847395853c45991eec52dbf24d72381")
}

// UnpackStringTooLongError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StringTooLong(string str)
func (jobEscrow *JobEscrow) UnpackStringTooLongError(raw []byte) (*JobEscrowStringTooLong, error) {
	out := new(JobEscrowStringTooLong)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "StringTooLong", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowThawDelayTooShort represents a ThawDelayTooShort error raised by the JobEscrow contract.
type JobEscrowThawDelayTooShort struct {
	Delay   uint64
	Minimum uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ThawDelayTooShort(uint64 delay, uint64 minimum)
func JobEscrowThawDelayTooShortErrorID() common.Hash {
	return common.HexToHash("0xe27a051dee9aa0ff52e1f248b5481358118d5d67f45b30881f61b73ac9a03524")
}

// UnpackThawDelayTooShortError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ThawDelayTooShort(uint64 delay, uint64 minimum)
func (jobEscrow *JobEscrow) UnpackThawDelayTooShortError(raw []byte) (*JobEscrowThawDelayTooShort, error) {
	out := new(JobEscrowThawDelayTooShort)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "ThawDelayTooShort", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowTooManyLines represents a TooManyLines error raised by the JobEscrow contract.
type JobEscrowTooManyLines struct {
	Lines *big.Int
	Limit *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TooManyLines(uint256 lines, uint256 limit)
func JobEscrowTooManyLinesErrorID() common.Hash {
	return common.HexToHash("0xa66fa4dfeb2e1517711e1b22a5affe10dd163f803b6881c3d14474e704cbe665")
}

// UnpackTooManyLinesError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TooManyLines(uint256 lines, uint256 limit)
func (jobEscrow *JobEscrow) UnpackTooManyLinesError(raw []byte) (*JobEscrowTooManyLines, error) {
	out := new(JobEscrowTooManyLines)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "TooManyLines", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowZeroAddress represents a ZeroAddress error raised by the JobEscrow contract.
type JobEscrowZeroAddress struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ZeroAddress()
func JobEscrowZeroAddressErrorID() common.Hash {
	return common.HexToHash("0xd92e233df2717d4a40030e20904abd27b68fcbeede117eaaccbbdac9618c8c73")
}

// UnpackZeroAddressError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ZeroAddress()
func (jobEscrow *JobEscrow) UnpackZeroAddressError(raw []byte) (*JobEscrowZeroAddress, error) {
	out := new(JobEscrowZeroAddress)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "ZeroAddress", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// JobEscrowZeroAmount represents a ZeroAmount error raised by the JobEscrow contract.
type JobEscrowZeroAmount struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ZeroAmount()
func JobEscrowZeroAmountErrorID() common.Hash {
	return common.HexToHash("0x1f2a2005cb66a8e145327e8814e243a0996aec9bfe1e15a495778b1236dbd485")
}

// UnpackZeroAmountError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ZeroAmount()
func (jobEscrow *JobEscrow) UnpackZeroAmountError(raw []byte) (*JobEscrowZeroAmount, error) {
	out := new(JobEscrowZeroAmount)
	if err := jobEscrow.abi.UnpackIntoInterface(out, "ZeroAmount", raw); err != nil {
		return nil, err
	}
	return out, nil
}
