// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package noderegistry

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

// NodeRegistryMetaData contains all meta data concerning the NodeRegistry contract.
var NodeRegistryMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"token_\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"bond_\",\"type\":\"uint256\"},{\"internalType\":\"uint64\",\"name\":\"exitThaw_\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"recipientDelay_\",\"type\":\"uint64\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"AlreadyLeaving\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"AlreadyRegistered\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"BondAlreadyWithdrawn\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"withdrawableAt\",\"type\":\"uint64\"}],\"name\":\"BondThawing\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"name\":\"ConsentExpired\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"signer\",\"type\":\"address\"}],\"name\":\"ConsentNotByHotKey\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ECDSAInvalidSignature\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"length\",\"type\":\"uint256\"}],\"name\":\"ECDSAInvalidSignatureLength\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"name\":\"ECDSAInvalidSignatureS\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes2\",\"name\":\"jurisdiction\",\"type\":\"bytes2\"}],\"name\":\"InvalidJurisdiction\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"InvalidShortString\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"NoRecipientProposed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"NotLeaving\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotOperator\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotOperatorOrRecipient\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"NotRegistered\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"RecipientIsHotKey\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"string\",\"name\":\"str\",\"type\":\"string\"}],\"name\":\"StringTooLong\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroAddress\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"bond\",\"type\":\"uint256\"}],\"name\":\"BondWithdrawn\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"EIP712DomainChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"withdrawableAt\",\"type\":\"uint64\"}],\"name\":\"ExitStarted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"proposed\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"address\",\"name\":\"by\",\"type\":\"address\"}],\"name\":\"RecipientProposalCancelled\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"current\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"proposed\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"effectiveAt\",\"type\":\"uint64\"}],\"name\":\"RecipientProposed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"bytes2\",\"name\":\"jurisdiction\",\"type\":\"bytes2\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"voucher\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"bond\",\"type\":\"uint256\"}],\"name\":\"Registered\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"REGISTRATION_TYPEHASH\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"bond\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"cancelRecipient\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"eip712Domain\",\"outputs\":[{\"internalType\":\"bytes1\",\"name\":\"fields\",\"type\":\"bytes1\"},{\"internalType\":\"string\",\"name\":\"name\",\"type\":\"string\"},{\"internalType\":\"string\",\"name\":\"version\",\"type\":\"string\"},{\"internalType\":\"uint256\",\"name\":\"chainId\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"verifyingContract\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"salt\",\"type\":\"bytes32\"},{\"internalType\":\"uint256[]\",\"name\":\"extensions\",\"type\":\"uint256[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"exit\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"exitThaw\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"isActive\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"nodeOf\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"pendingRecipient\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"changeAt\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"registeredAt\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"exitAt\",\"type\":\"uint64\"},{\"internalType\":\"bytes2\",\"name\":\"jurisdiction\",\"type\":\"bytes2\"},{\"internalType\":\"bytes32\",\"name\":\"voucher\",\"type\":\"bytes32\"},{\"internalType\":\"bool\",\"name\":\"withdrawn\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"proposed\",\"type\":\"address\"}],\"name\":\"proposeRecipient\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"recipientDelay\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"recipientOf\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"internalType\":\"bytes2\",\"name\":\"jurisdiction\",\"type\":\"bytes2\"},{\"internalType\":\"bytes32\",\"name\":\"voucher\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"},{\"internalType\":\"bytes\",\"name\":\"consent\",\"type\":\"bytes\"}],\"name\":\"register\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"internalType\":\"bytes2\",\"name\":\"jurisdiction\",\"type\":\"bytes2\"},{\"internalType\":\"bytes32\",\"name\":\"voucher\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"name\":\"registrationDigest\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"token\",\"outputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"withdrawBond\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "7bd3d81a90c562d62f712a827a90447b2f",
	Bin: "0x6101e080604052346101f157608081611d50803803809161002082856101f5565b8339810103126101f15780516001600160a01b03811691908281036101f15760208201519061005d60606100566040860161022c565b940161022c565b9360405161006c6040826101f5565b600781526020810190664d65644869766560c81b8252604051916100916040846101f5565b600183526020830191603160f81b83526100aa81610240565b610120526100b784610240565b61014052519020918260e05251902080610100524660a0526040519060208201927f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f8452604083015260608201524660808201523060a082015260a0815261012060c0826101f5565b5190206080523060c052156101e25761016052610180526101a0526101c052604051611aa490816102ac823960805181611927015260a051816119e4015260c051816118f8015260e051816119760152610100518161199c0152610120518161047c015261014051816104a5015261016051818181610108015281816106d5015261106b01526101805181818161068601528181610a4e015261101201526101a0518181816102710152610aaf01526101c0518181816104220152610ba10152f35b63d92e233d60e01b5f5260045ffd5b5f80fd5b601f909101601f19168101906001600160401b0382119082101761021857604052565b634e487b7160e01b5f52604160045260245ffd5b51906001600160401b03821682036101f157565b601f81511161026b57602081519101516020821061025c571790565b5f198260200360031b1b161790565b604460209160405192839163305a27a960e01b83528160048401528051918291826024860152018484015e5f828201840152601f01601f19168101030190fdfe60806040526004361015610011575f80fd5b5f3560e01c80630a3f7986146112955780630f8547c214610d3a5780631494e2f614610ce25780631dc2692b14610ad357806353a81b4514610a7157806364c9ec6f14610a19578063682a9141146108b6578063695b7f23146108575780637529d9df1461057857806384b0196e1461044657806390e2b019146103e45780639f8a13d714610344578063b42652e9146101d9578063d84e4475146101305763fc0c546a146100be575f80fd5b3461012c575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c57602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b5f80fd5b3461012c5760c07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c5761016761143a565b61016f61145d565b6044359073ffffffffffffffffffffffffffffffffffffffff8216820361012c57606435927fffff0000000000000000000000000000000000000000000000000000000000008416840361012c576020936101d19360a43593608435936115f3565b604051908152f35b3461012c5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c5761021061143a565b600261021b826116d2565b019067ffffffffffffffff825460a01c1661030257602073ffffffffffffffffffffffffffffffffffffffff7fe30b26e88c2e9381e59a221e2e9e24dcadf013b275ded0332260918b64511830926102ed6102a07f000000000000000000000000000000000000000000000000000000000000000067ffffffffffffffff4216611531565b86547fffffffff0000000000000000ffffffffffffffffffffffffffffffffffffffff1660a082901b7bffffffffffffffff00000000000000000000000000000000000000001617909655565b67ffffffffffffffff604051951685521692a2005b73ffffffffffffffffffffffffffffffffffffffff907f3afbd4a3000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b3461012c5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c5773ffffffffffffffffffffffffffffffffffffffff61039061143a565b165f526002602052602060405f2073ffffffffffffffffffffffffffffffffffffffff815416151590816103ca575b506040519015158152f35b67ffffffffffffffff91506002015460a01c1615826103bf565b3461012c575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c57602060405167ffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b3461012c575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c5761051c6104a07f000000000000000000000000000000000000000000000000000000000000000061188a565b6104c97f000000000000000000000000000000000000000000000000000000000000000061188a565b602061052a604051926104dc83856114c3565b5f84525f3681376040519586957f0f00000000000000000000000000000000000000000000000000000000000000875260e08588015260e0870190611480565b908582036040870152611480565b4660608501523060808501525f60a085015283810360c08501528180845192838152019301915f5b82811061056157505050500390f35b835185528695509381019392810192600101610552565b3461012c5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c576105af61143a565b73ffffffffffffffffffffffffffffffffffffffff811690815f52600260205260405f2073ffffffffffffffffffffffffffffffffffffffff8154161561082b5767ffffffffffffffff600282015460a01c1680156107ff578042106107d057506001019081549160ff8360e01c166107a4577c01000000000000000000000000000000000000000000000000000000007fffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffff61066e9416179055611580565b9073ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000921680917f1b6622b92ce16ed648b5b93fe47df1cd4c763fdcafe3281bc1dfd5ff7998a94d6020604051868152a37f000000000000000000000000000000000000000000000000000000000000000091604051917fa9059cbb000000000000000000000000000000000000000000000000000000005f5260045260245260205f60448180865af19060015f5114821615610784575b501561074257005b73ffffffffffffffffffffffffffffffffffffffff907f5274afe7000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b600182151661079c5750813b15153d1516168261073a565b3d5f823e3d90fd5b837f91fd967a000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b837f0ee6f302000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b837f7fb882b2000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b827fbfc6c337000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b3461012c5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c57602061089861089361143a565b611580565b73ffffffffffffffffffffffffffffffffffffffff60405191168152f35b3461012c5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c576101206108f061143a565b73ffffffffffffffffffffffffffffffffffffffff81165f52600260205260ff60405f206001810154907fffff00000000000000000000000000000000000000000000000000000000000067ffffffffffffffff8360a01c169442861192610959815492611580565b968415610a125773ffffffffffffffffffffffffffffffffffffffff600283015416945b15610a025767ffffffffffffffff905b73ffffffffffffffffffffffffffffffffffffffff600383600286015460a01c1694015496816040519b8188168d521660208c01521660408a015216606088015267ffffffffffffffff8260b01c16608088015260a087015260501b1660c085015260e084015260e01c161515610100820152f35b5067ffffffffffffffff5f61098d565b5f9461097d565b3461012c575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c5760206040517f00000000000000000000000000000000000000000000000000000000000000008152f35b3461012c575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c57602060405167ffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b3461012c5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c57610b0a61143a565b610b1261145d565b73ffffffffffffffffffffffffffffffffffffffff610b30836116d2565b9116918215610cba5773ffffffffffffffffffffffffffffffffffffffff811690818414610c8e57602073ffffffffffffffffffffffffffffffffffffffff610b997f716a4b50a4c62f2aa305edc3e9486b20f4bb77dd51c4b6d4c0c8c853d271f37993611580565b610c79610bd07f000000000000000000000000000000000000000000000000000000000000000067ffffffffffffffff4216611531565b8760026001839a01918686167fffffffffffffffffffffffff0000000000000000000000000000000000000000845416178355018a7fffffffffffffffffffffffff0000000000000000000000000000000000000000825416179055907fffffffff0000000000000000ffffffffffffffffffffffffffffffffffffffff7bffffffffffffffff000000000000000000000000000000000000000083549260a01b169116179055565b67ffffffffffffffff604051961686521693a4005b507f048cb5b3000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7fd92e233d000000000000000000000000000000000000000000000000000000005f5260045ffd5b3461012c575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c5760206040517f3e9677c79e7ecf402514f01a06a7fe2c7e5809045f6c4ed7c68f76fcafea91c78152f35b3461012c5760c07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c57610d7161143a565b610d7961145d565b604435907fffff00000000000000000000000000000000000000000000000000000000000082169081830361012c57606435936084359360a43567ffffffffffffffff811161012c573660238201121561012c57806004013567ffffffffffffffff811161012c57366024828401011161012c5773ffffffffffffffffffffffffffffffffffffffff8516968715610cba5773ffffffffffffffffffffffffffffffffffffffff851695868914611269577fff00000000000000000000000000000000000000000000000000000000000000855f1a60f81b167f4100000000000000000000000000000000000000000000000000000000000000811015908161123e575b50806111ec575b8061119a575b1561116e5781421161114257865f52600260205260405f209573ffffffffffffffffffffffffffffffffffffffff87541661111657925f6020610eed610f38958e8a73ffffffffffffffffffffffffffffffffffffffff9a97610f419a336115f3565b92806024837fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f8401160196610f2760405198896114c3565b828852018387013784010152611778565b909291926117b2565b168381036110e7575081547fffff00000000000000000000ffffffffffffffffffffffffffffffffffffffff33167fffff0000000000000000000000000000000000000000000000000000000000009091161760509190911c75ffff000000000000000000000000000000000000000016174260b01b7dffffffffffffffff00000000000000000000000000000000000000000000161781556001810180547fffffffffffffffffffffffff000000000000000000000000000000000000000016851790558490816110dc575b50507f00000000000000000000000000000000000000000000000000000000000000009360405192835260208301528360408301527f4783413a27e23fe27baac6c4524e944d4f544060a7d2092824fb5fc0c26e2a9760603393a47f000000000000000000000000000000000000000000000000000000000000000090604051907f23b872dd000000000000000000000000000000000000000000000000000000005f52336004523060245260445260205f60648180865af19060015f511482161561078457501561074257005b60030155838561100e565b837fb11cc588000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b877f45ed80e9000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b507f992b5308000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b877ff4f743fa000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b507f5a000000000000000000000000000000000000000000000000000000000000007fff000000000000000000000000000000000000000000000000000000000000008660011a60f81b161115610e8a565b507f41000000000000000000000000000000000000000000000000000000000000007fff000000000000000000000000000000000000000000000000000000000000008660011a60f81b161015610e84565b7f5a00000000000000000000000000000000000000000000000000000000000000915011158b610e7d565b867f048cb5b3000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b3461012c5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261012c576112cc61143a565b73ffffffffffffffffffffffffffffffffffffffff811690815f52600260205260405f209073ffffffffffffffffffffffffffffffffffffffff8254163314159081611410575b506113e0576001810167ffffffffffffffff815460a01c1680159081156113d5575b506113a95773ffffffffffffffffffffffffffffffffffffffff91817fffffffff0000000000000000ffffffffffffffffffffffffffffffffffffffff60029354169055015416907f6e121336ec5f821a4f07fe5d1c4d740af34aaa7ede7bec421855ccb39df8fe636020604051338152a3005b827fb5b31061000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b905042101584611335565b507f9667aafe000000000000000000000000000000000000000000000000000000005f526004523360245260445ffd5b73ffffffffffffffffffffffffffffffffffffffff915061143090611580565b1633141583611313565b6004359073ffffffffffffffffffffffffffffffffffffffff8216820361012c57565b6024359073ffffffffffffffffffffffffffffffffffffffff8216820361012c57565b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f602080948051918291828752018686015e5f8582860101520116010190565b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff82111761150457604052565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b9067ffffffffffffffff8091169116019067ffffffffffffffff821161155357565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b73ffffffffffffffffffffffffffffffffffffffff165f52600260205273ffffffffffffffffffffffffffffffffffffffff60405f2060018101549067ffffffffffffffff8260a01c1680151590816115e8575b506115de57501690565b6002915001541690565b90504210155f6115d4565b9390927fffff0000000000000000000000000000000000000000000000000000000000009073ffffffffffffffffffffffffffffffffffffffff6042979481604051978160208a019a7f3e9677c79e7ecf402514f01a06a7fe2c7e5809045f6c4ed7c68f76fcafea91c78c521660408a01521660608801521660808601521660a084015260c083015260e082015260e08152611691610100826114c3565b51902061169c6118e1565b90604051917f19010000000000000000000000000000000000000000000000000000000000008352600283015260228201522090565b73ffffffffffffffffffffffffffffffffffffffff1690815f52600260205260405f209173ffffffffffffffffffffffffffffffffffffffff835416801561174c57330361171d5750565b7f4738d054000000000000000000000000000000000000000000000000000000005f526004523360245260445ffd5b507fbfc6c337000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b81519190604183036117a8576117a19250602082015190606060408401519301515f1a90611a0a565b9192909190565b50505f9160029190565b600481101561185d57806117c4575050565b600181036117f4577ff645eedf000000000000000000000000000000000000000000000000000000005f5260045ffd5b6002810361182857507ffce698f7000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b6003146118325750565b7fd78bce0c000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7f4e487b71000000000000000000000000000000000000000000000000000000005f52602160045260245ffd5b60ff811690601f82116118b957604051916118a66040846114c3565b6020808452838101919036833783525290565b7fb3512b0c000000000000000000000000000000000000000000000000000000005f5260045ffd5b73ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000163014806119e1575b15611949577f000000000000000000000000000000000000000000000000000000000000000090565b60405160208101907f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f82527f000000000000000000000000000000000000000000000000000000000000000060408201527f000000000000000000000000000000000000000000000000000000000000000060608201524660808201523060a082015260a081526119db60c0826114c3565b51902090565b507f00000000000000000000000000000000000000000000000000000000000000004614611920565b91907f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a08411611a99579160209360809260ff5f9560405194855216868401526040830152606082015282805260015afa15611a8e575f5173ffffffffffffffffffffffffffffffffffffffff811615611a8457905f905f90565b505f906001905f90565b6040513d5f823e3d90fd5b5050505f916003919056",
}

// NodeRegistry is an auto generated Go binding around an Ethereum contract.
type NodeRegistry struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *NodeRegistry) GetABI() abi.ABI {
	return c.abi
}

// NewNodeRegistry creates a new instance of NodeRegistry.
func NewNodeRegistry() *NodeRegistry {
	parsed, err := NodeRegistryMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &NodeRegistry{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *NodeRegistry) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address token_, uint256 bond_, uint64 exitThaw_, uint64 recipientDelay_) returns()
func (nodeRegistry *NodeRegistry) PackConstructor(token_ common.Address, bond_ *big.Int, exitThaw_ uint64, recipientDelay_ uint64) []byte {
	enc, err := nodeRegistry.abi.Pack("", token_, bond_, exitThaw_, recipientDelay_)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackREGISTRATIONTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1494e2f6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function REGISTRATION_TYPEHASH() view returns(bytes32)
func (nodeRegistry *NodeRegistry) PackREGISTRATIONTYPEHASH() []byte {
	enc, err := nodeRegistry.abi.Pack("REGISTRATION_TYPEHASH")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackREGISTRATIONTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1494e2f6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function REGISTRATION_TYPEHASH() view returns(bytes32)
func (nodeRegistry *NodeRegistry) TryPackREGISTRATIONTYPEHASH() ([]byte, error) {
	return nodeRegistry.abi.Pack("REGISTRATION_TYPEHASH")
}

// UnpackREGISTRATIONTYPEHASH is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x1494e2f6.
//
// Solidity: function REGISTRATION_TYPEHASH() view returns(bytes32)
func (nodeRegistry *NodeRegistry) UnpackREGISTRATIONTYPEHASH(data []byte) ([32]byte, error) {
	out, err := nodeRegistry.abi.Unpack("REGISTRATION_TYPEHASH", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackBond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x64c9ec6f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function bond() view returns(uint256)
func (nodeRegistry *NodeRegistry) PackBond() []byte {
	enc, err := nodeRegistry.abi.Pack("bond")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x64c9ec6f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function bond() view returns(uint256)
func (nodeRegistry *NodeRegistry) TryPackBond() ([]byte, error) {
	return nodeRegistry.abi.Pack("bond")
}

// UnpackBond is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x64c9ec6f.
//
// Solidity: function bond() view returns(uint256)
func (nodeRegistry *NodeRegistry) UnpackBond(data []byte) (*big.Int, error) {
	out, err := nodeRegistry.abi.Unpack("bond", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackCancelRecipient is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0a3f7986.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function cancelRecipient(address hotKey) returns()
func (nodeRegistry *NodeRegistry) PackCancelRecipient(hotKey common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("cancelRecipient", hotKey)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCancelRecipient is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0a3f7986.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function cancelRecipient(address hotKey) returns()
func (nodeRegistry *NodeRegistry) TryPackCancelRecipient(hotKey common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("cancelRecipient", hotKey)
}

// PackEip712Domain is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x84b0196e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (nodeRegistry *NodeRegistry) PackEip712Domain() []byte {
	enc, err := nodeRegistry.abi.Pack("eip712Domain")
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
func (nodeRegistry *NodeRegistry) TryPackEip712Domain() ([]byte, error) {
	return nodeRegistry.abi.Pack("eip712Domain")
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
func (nodeRegistry *NodeRegistry) UnpackEip712Domain(data []byte) (Eip712DomainOutput, error) {
	out, err := nodeRegistry.abi.Unpack("eip712Domain", data)
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

// PackExit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb42652e9.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function exit(address hotKey) returns()
func (nodeRegistry *NodeRegistry) PackExit(hotKey common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("exit", hotKey)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackExit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb42652e9.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function exit(address hotKey) returns()
func (nodeRegistry *NodeRegistry) TryPackExit(hotKey common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("exit", hotKey)
}

// PackExitThaw is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x53a81b45.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function exitThaw() view returns(uint64)
func (nodeRegistry *NodeRegistry) PackExitThaw() []byte {
	enc, err := nodeRegistry.abi.Pack("exitThaw")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackExitThaw is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x53a81b45.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function exitThaw() view returns(uint64)
func (nodeRegistry *NodeRegistry) TryPackExitThaw() ([]byte, error) {
	return nodeRegistry.abi.Pack("exitThaw")
}

// UnpackExitThaw is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x53a81b45.
//
// Solidity: function exitThaw() view returns(uint64)
func (nodeRegistry *NodeRegistry) UnpackExitThaw(data []byte) (uint64, error) {
	out, err := nodeRegistry.abi.Unpack("exitThaw", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackIsActive is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9f8a13d7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function isActive(address hotKey) view returns(bool)
func (nodeRegistry *NodeRegistry) PackIsActive(hotKey common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("isActive", hotKey)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackIsActive is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9f8a13d7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function isActive(address hotKey) view returns(bool)
func (nodeRegistry *NodeRegistry) TryPackIsActive(hotKey common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("isActive", hotKey)
}

// UnpackIsActive is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x9f8a13d7.
//
// Solidity: function isActive(address hotKey) view returns(bool)
func (nodeRegistry *NodeRegistry) UnpackIsActive(data []byte) (bool, error) {
	out, err := nodeRegistry.abi.Unpack("isActive", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackNodeOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x682a9141.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function nodeOf(address hotKey) view returns(address operator, address recipient, address pendingRecipient, uint64 changeAt, uint64 registeredAt, uint64 exitAt, bytes2 jurisdiction, bytes32 voucher, bool withdrawn)
func (nodeRegistry *NodeRegistry) PackNodeOf(hotKey common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("nodeOf", hotKey)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackNodeOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x682a9141.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function nodeOf(address hotKey) view returns(address operator, address recipient, address pendingRecipient, uint64 changeAt, uint64 registeredAt, uint64 exitAt, bytes2 jurisdiction, bytes32 voucher, bool withdrawn)
func (nodeRegistry *NodeRegistry) TryPackNodeOf(hotKey common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("nodeOf", hotKey)
}

// NodeOfOutput serves as a container for the return parameters of contract
// method NodeOf.
type NodeOfOutput struct {
	Operator         common.Address
	Recipient        common.Address
	PendingRecipient common.Address
	ChangeAt         uint64
	RegisteredAt     uint64
	ExitAt           uint64
	Jurisdiction     [2]byte
	Voucher          [32]byte
	Withdrawn        bool
}

// UnpackNodeOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x682a9141.
//
// Solidity: function nodeOf(address hotKey) view returns(address operator, address recipient, address pendingRecipient, uint64 changeAt, uint64 registeredAt, uint64 exitAt, bytes2 jurisdiction, bytes32 voucher, bool withdrawn)
func (nodeRegistry *NodeRegistry) UnpackNodeOf(data []byte) (NodeOfOutput, error) {
	out, err := nodeRegistry.abi.Unpack("nodeOf", data)
	outstruct := new(NodeOfOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Operator = *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	outstruct.Recipient = *abi.ConvertType(out[1], new(common.Address)).(*common.Address)
	outstruct.PendingRecipient = *abi.ConvertType(out[2], new(common.Address)).(*common.Address)
	outstruct.ChangeAt = *abi.ConvertType(out[3], new(uint64)).(*uint64)
	outstruct.RegisteredAt = *abi.ConvertType(out[4], new(uint64)).(*uint64)
	outstruct.ExitAt = *abi.ConvertType(out[5], new(uint64)).(*uint64)
	outstruct.Jurisdiction = *abi.ConvertType(out[6], new([2]byte)).(*[2]byte)
	outstruct.Voucher = *abi.ConvertType(out[7], new([32]byte)).(*[32]byte)
	outstruct.Withdrawn = *abi.ConvertType(out[8], new(bool)).(*bool)
	return *outstruct, nil
}

// PackProposeRecipient is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1dc2692b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function proposeRecipient(address hotKey, address proposed) returns()
func (nodeRegistry *NodeRegistry) PackProposeRecipient(hotKey common.Address, proposed common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("proposeRecipient", hotKey, proposed)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackProposeRecipient is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1dc2692b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function proposeRecipient(address hotKey, address proposed) returns()
func (nodeRegistry *NodeRegistry) TryPackProposeRecipient(hotKey common.Address, proposed common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("proposeRecipient", hotKey, proposed)
}

// PackRecipientDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x90e2b019.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function recipientDelay() view returns(uint64)
func (nodeRegistry *NodeRegistry) PackRecipientDelay() []byte {
	enc, err := nodeRegistry.abi.Pack("recipientDelay")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRecipientDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x90e2b019.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function recipientDelay() view returns(uint64)
func (nodeRegistry *NodeRegistry) TryPackRecipientDelay() ([]byte, error) {
	return nodeRegistry.abi.Pack("recipientDelay")
}

// UnpackRecipientDelay is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x90e2b019.
//
// Solidity: function recipientDelay() view returns(uint64)
func (nodeRegistry *NodeRegistry) UnpackRecipientDelay(data []byte) (uint64, error) {
	out, err := nodeRegistry.abi.Unpack("recipientDelay", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackRecipientOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x695b7f23.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function recipientOf(address hotKey) view returns(address)
func (nodeRegistry *NodeRegistry) PackRecipientOf(hotKey common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("recipientOf", hotKey)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRecipientOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x695b7f23.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function recipientOf(address hotKey) view returns(address)
func (nodeRegistry *NodeRegistry) TryPackRecipientOf(hotKey common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("recipientOf", hotKey)
}

// UnpackRecipientOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x695b7f23.
//
// Solidity: function recipientOf(address hotKey) view returns(address)
func (nodeRegistry *NodeRegistry) UnpackRecipientOf(data []byte) (common.Address, error) {
	out, err := nodeRegistry.abi.Unpack("recipientOf", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackRegister is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0f8547c2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function register(address hotKey, address recipient, bytes2 jurisdiction, bytes32 voucher, uint256 deadline, bytes consent) returns()
func (nodeRegistry *NodeRegistry) PackRegister(hotKey common.Address, recipient common.Address, jurisdiction [2]byte, voucher [32]byte, deadline *big.Int, consent []byte) []byte {
	enc, err := nodeRegistry.abi.Pack("register", hotKey, recipient, jurisdiction, voucher, deadline, consent)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRegister is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0f8547c2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function register(address hotKey, address recipient, bytes2 jurisdiction, bytes32 voucher, uint256 deadline, bytes consent) returns()
func (nodeRegistry *NodeRegistry) TryPackRegister(hotKey common.Address, recipient common.Address, jurisdiction [2]byte, voucher [32]byte, deadline *big.Int, consent []byte) ([]byte, error) {
	return nodeRegistry.abi.Pack("register", hotKey, recipient, jurisdiction, voucher, deadline, consent)
}

// PackRegistrationDigest is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd84e4475.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function registrationDigest(address operator, address hotKey, address recipient, bytes2 jurisdiction, bytes32 voucher, uint256 deadline) view returns(bytes32)
func (nodeRegistry *NodeRegistry) PackRegistrationDigest(operator common.Address, hotKey common.Address, recipient common.Address, jurisdiction [2]byte, voucher [32]byte, deadline *big.Int) []byte {
	enc, err := nodeRegistry.abi.Pack("registrationDigest", operator, hotKey, recipient, jurisdiction, voucher, deadline)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRegistrationDigest is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd84e4475.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function registrationDigest(address operator, address hotKey, address recipient, bytes2 jurisdiction, bytes32 voucher, uint256 deadline) view returns(bytes32)
func (nodeRegistry *NodeRegistry) TryPackRegistrationDigest(operator common.Address, hotKey common.Address, recipient common.Address, jurisdiction [2]byte, voucher [32]byte, deadline *big.Int) ([]byte, error) {
	return nodeRegistry.abi.Pack("registrationDigest", operator, hotKey, recipient, jurisdiction, voucher, deadline)
}

// UnpackRegistrationDigest is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xd84e4475.
//
// Solidity: function registrationDigest(address operator, address hotKey, address recipient, bytes2 jurisdiction, bytes32 voucher, uint256 deadline) view returns(bytes32)
func (nodeRegistry *NodeRegistry) UnpackRegistrationDigest(data []byte) ([32]byte, error) {
	out, err := nodeRegistry.abi.Unpack("registrationDigest", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function token() view returns(address)
func (nodeRegistry *NodeRegistry) PackToken() []byte {
	enc, err := nodeRegistry.abi.Pack("token")
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
func (nodeRegistry *NodeRegistry) TryPackToken() ([]byte, error) {
	return nodeRegistry.abi.Pack("token")
}

// UnpackToken is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xfc0c546a.
//
// Solidity: function token() view returns(address)
func (nodeRegistry *NodeRegistry) UnpackToken(data []byte) (common.Address, error) {
	out, err := nodeRegistry.abi.Unpack("token", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackWithdrawBond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7529d9df.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function withdrawBond(address hotKey) returns()
func (nodeRegistry *NodeRegistry) PackWithdrawBond(hotKey common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("withdrawBond", hotKey)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackWithdrawBond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7529d9df.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function withdrawBond(address hotKey) returns()
func (nodeRegistry *NodeRegistry) TryPackWithdrawBond(hotKey common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("withdrawBond", hotKey)
}

// NodeRegistryBondWithdrawn represents a BondWithdrawn event raised by the NodeRegistry contract.
type NodeRegistryBondWithdrawn struct {
	HotKey    common.Address
	Recipient common.Address
	Bond      *big.Int
	Raw       *types.Log // Blockchain specific contextual infos
}

const NodeRegistryBondWithdrawnEventName = "BondWithdrawn"

// ContractEventName returns the user-defined event name.
func (NodeRegistryBondWithdrawn) ContractEventName() string {
	return NodeRegistryBondWithdrawnEventName
}

// UnpackBondWithdrawnEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event BondWithdrawn(address indexed hotKey, address indexed recipient, uint256 bond)
func (nodeRegistry *NodeRegistry) UnpackBondWithdrawnEvent(log *types.Log) (*NodeRegistryBondWithdrawn, error) {
	event := "BondWithdrawn"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryBondWithdrawn)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
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

// NodeRegistryEIP712DomainChanged represents a EIP712DomainChanged event raised by the NodeRegistry contract.
type NodeRegistryEIP712DomainChanged struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const NodeRegistryEIP712DomainChangedEventName = "EIP712DomainChanged"

// ContractEventName returns the user-defined event name.
func (NodeRegistryEIP712DomainChanged) ContractEventName() string {
	return NodeRegistryEIP712DomainChangedEventName
}

// UnpackEIP712DomainChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event EIP712DomainChanged()
func (nodeRegistry *NodeRegistry) UnpackEIP712DomainChangedEvent(log *types.Log) (*NodeRegistryEIP712DomainChanged, error) {
	event := "EIP712DomainChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryEIP712DomainChanged)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
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

// NodeRegistryExitStarted represents a ExitStarted event raised by the NodeRegistry contract.
type NodeRegistryExitStarted struct {
	HotKey         common.Address
	WithdrawableAt uint64
	Raw            *types.Log // Blockchain specific contextual infos
}

const NodeRegistryExitStartedEventName = "ExitStarted"

// ContractEventName returns the user-defined event name.
func (NodeRegistryExitStarted) ContractEventName() string {
	return NodeRegistryExitStartedEventName
}

// UnpackExitStartedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event ExitStarted(address indexed hotKey, uint64 withdrawableAt)
func (nodeRegistry *NodeRegistry) UnpackExitStartedEvent(log *types.Log) (*NodeRegistryExitStarted, error) {
	event := "ExitStarted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryExitStarted)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
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

// NodeRegistryRecipientProposalCancelled represents a RecipientProposalCancelled event raised by the NodeRegistry contract.
type NodeRegistryRecipientProposalCancelled struct {
	HotKey   common.Address
	Proposed common.Address
	By       common.Address
	Raw      *types.Log // Blockchain specific contextual infos
}

const NodeRegistryRecipientProposalCancelledEventName = "RecipientProposalCancelled"

// ContractEventName returns the user-defined event name.
func (NodeRegistryRecipientProposalCancelled) ContractEventName() string {
	return NodeRegistryRecipientProposalCancelledEventName
}

// UnpackRecipientProposalCancelledEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RecipientProposalCancelled(address indexed hotKey, address indexed proposed, address by)
func (nodeRegistry *NodeRegistry) UnpackRecipientProposalCancelledEvent(log *types.Log) (*NodeRegistryRecipientProposalCancelled, error) {
	event := "RecipientProposalCancelled"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryRecipientProposalCancelled)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
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

// NodeRegistryRecipientProposed represents a RecipientProposed event raised by the NodeRegistry contract.
type NodeRegistryRecipientProposed struct {
	HotKey      common.Address
	Current     common.Address
	Proposed    common.Address
	EffectiveAt uint64
	Raw         *types.Log // Blockchain specific contextual infos
}

const NodeRegistryRecipientProposedEventName = "RecipientProposed"

// ContractEventName returns the user-defined event name.
func (NodeRegistryRecipientProposed) ContractEventName() string {
	return NodeRegistryRecipientProposedEventName
}

// UnpackRecipientProposedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RecipientProposed(address indexed hotKey, address indexed current, address indexed proposed, uint64 effectiveAt)
func (nodeRegistry *NodeRegistry) UnpackRecipientProposedEvent(log *types.Log) (*NodeRegistryRecipientProposed, error) {
	event := "RecipientProposed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryRecipientProposed)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
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

// NodeRegistryRegistered represents a Registered event raised by the NodeRegistry contract.
type NodeRegistryRegistered struct {
	HotKey       common.Address
	Operator     common.Address
	Recipient    common.Address
	Jurisdiction [2]byte
	Voucher      [32]byte
	Bond         *big.Int
	Raw          *types.Log // Blockchain specific contextual infos
}

const NodeRegistryRegisteredEventName = "Registered"

// ContractEventName returns the user-defined event name.
func (NodeRegistryRegistered) ContractEventName() string {
	return NodeRegistryRegisteredEventName
}

// UnpackRegisteredEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Registered(address indexed hotKey, address indexed operator, address indexed recipient, bytes2 jurisdiction, bytes32 voucher, uint256 bond)
func (nodeRegistry *NodeRegistry) UnpackRegisteredEvent(log *types.Log) (*NodeRegistryRegistered, error) {
	event := "Registered"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryRegistered)
	if len(log.Data) > 0 {
		if err := nodeRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range nodeRegistry.abi.Events[event].Inputs {
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
func (nodeRegistry *NodeRegistry) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["AlreadyLeaving"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackAlreadyLeavingError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["AlreadyRegistered"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackAlreadyRegisteredError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["BondAlreadyWithdrawn"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackBondAlreadyWithdrawnError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["BondThawing"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackBondThawingError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["ConsentExpired"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackConsentExpiredError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["ConsentNotByHotKey"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackConsentNotByHotKeyError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["ECDSAInvalidSignature"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackECDSAInvalidSignatureError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["ECDSAInvalidSignatureLength"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackECDSAInvalidSignatureLengthError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["ECDSAInvalidSignatureS"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackECDSAInvalidSignatureSError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["InvalidJurisdiction"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackInvalidJurisdictionError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["InvalidShortString"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackInvalidShortStringError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["NoRecipientProposed"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackNoRecipientProposedError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["NotLeaving"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackNotLeavingError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["NotOperator"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackNotOperatorError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["NotOperatorOrRecipient"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackNotOperatorOrRecipientError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["NotRegistered"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackNotRegisteredError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["RecipientIsHotKey"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackRecipientIsHotKeyError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["SafeERC20FailedOperation"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackSafeERC20FailedOperationError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["StringTooLong"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackStringTooLongError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["ZeroAddress"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackZeroAddressError(raw[4:])
	}
	return nil, errors.New("unknown error")
}

// NodeRegistryAlreadyLeaving represents a AlreadyLeaving error raised by the NodeRegistry contract.
type NodeRegistryAlreadyLeaving struct {
	HotKey common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AlreadyLeaving(address hotKey)
func NodeRegistryAlreadyLeavingErrorID() common.Hash {
	return common.HexToHash("0x3afbd4a358919fcc5cf27ee73a654296f61922c9d1a911b1cdb61793f71cf13b")
}

// UnpackAlreadyLeavingError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AlreadyLeaving(address hotKey)
func (nodeRegistry *NodeRegistry) UnpackAlreadyLeavingError(raw []byte) (*NodeRegistryAlreadyLeaving, error) {
	out := new(NodeRegistryAlreadyLeaving)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "AlreadyLeaving", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryAlreadyRegistered represents a AlreadyRegistered error raised by the NodeRegistry contract.
type NodeRegistryAlreadyRegistered struct {
	HotKey common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AlreadyRegistered(address hotKey)
func NodeRegistryAlreadyRegisteredErrorID() common.Hash {
	return common.HexToHash("0x45ed80e9399c87887ea54f615514a1e3dde31e9b6c027ddceb4ffd503b70e428")
}

// UnpackAlreadyRegisteredError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AlreadyRegistered(address hotKey)
func (nodeRegistry *NodeRegistry) UnpackAlreadyRegisteredError(raw []byte) (*NodeRegistryAlreadyRegistered, error) {
	out := new(NodeRegistryAlreadyRegistered)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "AlreadyRegistered", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryBondAlreadyWithdrawn represents a BondAlreadyWithdrawn error raised by the NodeRegistry contract.
type NodeRegistryBondAlreadyWithdrawn struct {
	HotKey common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BondAlreadyWithdrawn(address hotKey)
func NodeRegistryBondAlreadyWithdrawnErrorID() common.Hash {
	return common.HexToHash("0x91fd967ac4971252ff23943f7e8f7a4e5e08f31c6c0b2c8122c4e28932deb44c")
}

// UnpackBondAlreadyWithdrawnError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BondAlreadyWithdrawn(address hotKey)
func (nodeRegistry *NodeRegistry) UnpackBondAlreadyWithdrawnError(raw []byte) (*NodeRegistryBondAlreadyWithdrawn, error) {
	out := new(NodeRegistryBondAlreadyWithdrawn)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "BondAlreadyWithdrawn", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryBondThawing represents a BondThawing error raised by the NodeRegistry contract.
type NodeRegistryBondThawing struct {
	HotKey         common.Address
	WithdrawableAt uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BondThawing(address hotKey, uint64 withdrawableAt)
func NodeRegistryBondThawingErrorID() common.Hash {
	return common.HexToHash("0x0ee6f302367c799de22c9bed2a94a55b68e0fa873a3b3d53fde1c65a0584d4e9")
}

// UnpackBondThawingError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BondThawing(address hotKey, uint64 withdrawableAt)
func (nodeRegistry *NodeRegistry) UnpackBondThawingError(raw []byte) (*NodeRegistryBondThawing, error) {
	out := new(NodeRegistryBondThawing)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "BondThawing", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryConsentExpired represents a ConsentExpired error raised by the NodeRegistry contract.
type NodeRegistryConsentExpired struct {
	Deadline *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ConsentExpired(uint256 deadline)
func NodeRegistryConsentExpiredErrorID() common.Hash {
	return common.HexToHash("0x992b5308712af9917ab2be75cccbf8c07413b7daf833da2b5389c8dc31ed5b50")
}

// UnpackConsentExpiredError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ConsentExpired(uint256 deadline)
func (nodeRegistry *NodeRegistry) UnpackConsentExpiredError(raw []byte) (*NodeRegistryConsentExpired, error) {
	out := new(NodeRegistryConsentExpired)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "ConsentExpired", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryConsentNotByHotKey represents a ConsentNotByHotKey error raised by the NodeRegistry contract.
type NodeRegistryConsentNotByHotKey struct {
	HotKey common.Address
	Signer common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ConsentNotByHotKey(address hotKey, address signer)
func NodeRegistryConsentNotByHotKeyErrorID() common.Hash {
	return common.HexToHash("0xb11cc588a8155b9c1b3a68635fa5a24ded100a4e64f77fd810ab4a096978d9c3")
}

// UnpackConsentNotByHotKeyError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ConsentNotByHotKey(address hotKey, address signer)
func (nodeRegistry *NodeRegistry) UnpackConsentNotByHotKeyError(raw []byte) (*NodeRegistryConsentNotByHotKey, error) {
	out := new(NodeRegistryConsentNotByHotKey)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "ConsentNotByHotKey", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryECDSAInvalidSignature represents a ECDSAInvalidSignature error raised by the NodeRegistry contract.
type NodeRegistryECDSAInvalidSignature struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignature()
func NodeRegistryECDSAInvalidSignatureErrorID() common.Hash {
	return common.HexToHash("0xf645eedf0193584640b6b90cb9477e4c95b98636c148a891d4c0a146dc46e75a")
}

// UnpackECDSAInvalidSignatureError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignature()
func (nodeRegistry *NodeRegistry) UnpackECDSAInvalidSignatureError(raw []byte) (*NodeRegistryECDSAInvalidSignature, error) {
	out := new(NodeRegistryECDSAInvalidSignature)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "ECDSAInvalidSignature", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryECDSAInvalidSignatureLength represents a ECDSAInvalidSignatureLength error raised by the NodeRegistry contract.
type NodeRegistryECDSAInvalidSignatureLength struct {
	Length *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignatureLength(uint256 length)
func NodeRegistryECDSAInvalidSignatureLengthErrorID() common.Hash {
	return common.HexToHash("0xfce698f7e8e5342cd615f641317bc45fe7e1e4a8b0a14dd1383ff8dc9c41917f")
}

// UnpackECDSAInvalidSignatureLengthError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignatureLength(uint256 length)
func (nodeRegistry *NodeRegistry) UnpackECDSAInvalidSignatureLengthError(raw []byte) (*NodeRegistryECDSAInvalidSignatureLength, error) {
	out := new(NodeRegistryECDSAInvalidSignatureLength)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "ECDSAInvalidSignatureLength", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryECDSAInvalidSignatureS represents a ECDSAInvalidSignatureS error raised by the NodeRegistry contract.
type NodeRegistryECDSAInvalidSignatureS struct {
	S [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ECDSAInvalidSignatureS(bytes32 s)
func NodeRegistryECDSAInvalidSignatureSErrorID() common.Hash {
	return common.HexToHash("0xd78bce0cccb935155ed6428d1c13e50b7f3550fd2b66b9fe266006fea4a5e1eb")
}

// UnpackECDSAInvalidSignatureSError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ECDSAInvalidSignatureS(bytes32 s)
func (nodeRegistry *NodeRegistry) UnpackECDSAInvalidSignatureSError(raw []byte) (*NodeRegistryECDSAInvalidSignatureS, error) {
	out := new(NodeRegistryECDSAInvalidSignatureS)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "ECDSAInvalidSignatureS", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryInvalidJurisdiction represents a InvalidJurisdiction error raised by the NodeRegistry contract.
type NodeRegistryInvalidJurisdiction struct {
	Jurisdiction [2]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidJurisdiction(bytes2 jurisdiction)
func NodeRegistryInvalidJurisdictionErrorID() common.Hash {
	return common.HexToHash("0xf4f743fa575263f0840ba142a42019453fef39efb90d1635044d21adb9a10a85")
}

// UnpackInvalidJurisdictionError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidJurisdiction(bytes2 jurisdiction)
func (nodeRegistry *NodeRegistry) UnpackInvalidJurisdictionError(raw []byte) (*NodeRegistryInvalidJurisdiction, error) {
	out := new(NodeRegistryInvalidJurisdiction)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "InvalidJurisdiction", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryInvalidShortString represents a InvalidShortString error raised by the NodeRegistry contract.
type NodeRegistryInvalidShortString struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidShortString()
func NodeRegistryInvalidShortStringErrorID() common.Hash {
	return common.HexToHash("0xb3512b0c6163e5f0bafab72bb631b9d58cd7a731b082f910338aa21c83d5c274")
}

// UnpackInvalidShortStringError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidShortString()
func (nodeRegistry *NodeRegistry) UnpackInvalidShortStringError(raw []byte) (*NodeRegistryInvalidShortString, error) {
	out := new(NodeRegistryInvalidShortString)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "InvalidShortString", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryNoRecipientProposed represents a NoRecipientProposed error raised by the NodeRegistry contract.
type NodeRegistryNoRecipientProposed struct {
	HotKey common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoRecipientProposed(address hotKey)
func NodeRegistryNoRecipientProposedErrorID() common.Hash {
	return common.HexToHash("0xb5b31061959a8c2a4550d6c343ea0b572d75adf537f6ef181ad4fc7772ce2f11")
}

// UnpackNoRecipientProposedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoRecipientProposed(address hotKey)
func (nodeRegistry *NodeRegistry) UnpackNoRecipientProposedError(raw []byte) (*NodeRegistryNoRecipientProposed, error) {
	out := new(NodeRegistryNoRecipientProposed)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "NoRecipientProposed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryNotLeaving represents a NotLeaving error raised by the NodeRegistry contract.
type NodeRegistryNotLeaving struct {
	HotKey common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotLeaving(address hotKey)
func NodeRegistryNotLeavingErrorID() common.Hash {
	return common.HexToHash("0x7fb882b2ddf0b9910254f68ea31272f02d4d16e90aca1bd607253fa4985a8db0")
}

// UnpackNotLeavingError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotLeaving(address hotKey)
func (nodeRegistry *NodeRegistry) UnpackNotLeavingError(raw []byte) (*NodeRegistryNotLeaving, error) {
	out := new(NodeRegistryNotLeaving)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "NotLeaving", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryNotOperator represents a NotOperator error raised by the NodeRegistry contract.
type NodeRegistryNotOperator struct {
	HotKey common.Address
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotOperator(address hotKey, address caller)
func NodeRegistryNotOperatorErrorID() common.Hash {
	return common.HexToHash("0x4738d054fb342362ac3b7f0ca661178b1cf93159ab6884ef2cb88b14760d0f55")
}

// UnpackNotOperatorError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotOperator(address hotKey, address caller)
func (nodeRegistry *NodeRegistry) UnpackNotOperatorError(raw []byte) (*NodeRegistryNotOperator, error) {
	out := new(NodeRegistryNotOperator)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "NotOperator", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryNotOperatorOrRecipient represents a NotOperatorOrRecipient error raised by the NodeRegistry contract.
type NodeRegistryNotOperatorOrRecipient struct {
	HotKey common.Address
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotOperatorOrRecipient(address hotKey, address caller)
func NodeRegistryNotOperatorOrRecipientErrorID() common.Hash {
	return common.HexToHash("0x9667aafe7842b9060ef9d2ebba8e460fa266ebe1b0b5dda979db727647a7758c")
}

// UnpackNotOperatorOrRecipientError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotOperatorOrRecipient(address hotKey, address caller)
func (nodeRegistry *NodeRegistry) UnpackNotOperatorOrRecipientError(raw []byte) (*NodeRegistryNotOperatorOrRecipient, error) {
	out := new(NodeRegistryNotOperatorOrRecipient)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "NotOperatorOrRecipient", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryNotRegistered represents a NotRegistered error raised by the NodeRegistry contract.
type NodeRegistryNotRegistered struct {
	HotKey common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotRegistered(address hotKey)
func NodeRegistryNotRegisteredErrorID() common.Hash {
	return common.HexToHash("0xbfc6c337a80b7b8201f77f0a2a54c6e5f7c6fd9124a749804a482fa16ee8a895")
}

// UnpackNotRegisteredError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotRegistered(address hotKey)
func (nodeRegistry *NodeRegistry) UnpackNotRegisteredError(raw []byte) (*NodeRegistryNotRegistered, error) {
	out := new(NodeRegistryNotRegistered)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "NotRegistered", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryRecipientIsHotKey represents a RecipientIsHotKey error raised by the NodeRegistry contract.
type NodeRegistryRecipientIsHotKey struct {
	HotKey common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error RecipientIsHotKey(address hotKey)
func NodeRegistryRecipientIsHotKeyErrorID() common.Hash {
	return common.HexToHash("0x048cb5b32c3d9439da834becb6e4a3bdb17b6102ecf8793d8460a64421873714")
}

// UnpackRecipientIsHotKeyError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error RecipientIsHotKey(address hotKey)
func (nodeRegistry *NodeRegistry) UnpackRecipientIsHotKeyError(raw []byte) (*NodeRegistryRecipientIsHotKey, error) {
	out := new(NodeRegistryRecipientIsHotKey)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "RecipientIsHotKey", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistrySafeERC20FailedOperation represents a SafeERC20FailedOperation error raised by the NodeRegistry contract.
type NodeRegistrySafeERC20FailedOperation struct {
	Token common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeERC20FailedOperation(address token)
func NodeRegistrySafeERC20FailedOperationErrorID() common.Hash {
	return common.HexToHash("0x5274afe73c98b4749fc91ffae6b7b574e7842cb2144a159e9377a5f20b32edf9")
}

// UnpackSafeERC20FailedOperationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeERC20FailedOperation(address token)
func (nodeRegistry *NodeRegistry) UnpackSafeERC20FailedOperationError(raw []byte) (*NodeRegistrySafeERC20FailedOperation, error) {
	out := new(NodeRegistrySafeERC20FailedOperation)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "SafeERC20FailedOperation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryStringTooLong represents a StringTooLong error raised by the NodeRegistry contract.
type NodeRegistryStringTooLong struct {
	Str string
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StringTooLong(string str)
func NodeRegistryStringTooLongErrorID() common.Hash {
	return common.HexToHash("0x305a27a93f8e33b7392df0a0f91d6fc63847395853c45991eec52dbf24d72381")
}

// UnpackStringTooLongError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StringTooLong(string str)
func (nodeRegistry *NodeRegistry) UnpackStringTooLongError(raw []byte) (*NodeRegistryStringTooLong, error) {
	out := new(NodeRegistryStringTooLong)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "StringTooLong", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryZeroAddress represents a ZeroAddress error raised by the NodeRegistry contract.
type NodeRegistryZeroAddress struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ZeroAddress()
func NodeRegistryZeroAddressErrorID() common.Hash {
	return common.HexToHash("0xd92e233df2717d4a40030e20904abd27b68fcbeede117eaaccbbdac9618c8c73")
}

// UnpackZeroAddressError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ZeroAddress()
func (nodeRegistry *NodeRegistry) UnpackZeroAddressError(raw []byte) (*NodeRegistryZeroAddress, error) {
	out := new(NodeRegistryZeroAddress)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "ZeroAddress", raw); err != nil {
		return nil, err
	}
	return out, nil
}
