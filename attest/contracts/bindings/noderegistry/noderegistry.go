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
	ABI: "[{\"inputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"token_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"disputes_\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"bond_\",\"type\":\"uint256\"},{\"internalType\":\"uint64\",\"name\":\"exitThaw_\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"recipientDelay_\",\"type\":\"uint64\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"AlreadyLeaving\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"AlreadyRegistered\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"BondAlreadyWithdrawn\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"uint32\",\"name\":\"holds\",\"type\":\"uint32\"}],\"name\":\"BondInDispute\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"BondNotHeld\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"withdrawableAt\",\"type\":\"uint64\"}],\"name\":\"BondThawed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"withdrawableAt\",\"type\":\"uint64\"}],\"name\":\"BondThawing\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"left\",\"type\":\"uint256\"}],\"name\":\"BondTooSmall\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"BondWhole\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"name\":\"ConsentExpired\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"signer\",\"type\":\"address\"}],\"name\":\"ConsentNotByHotKey\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ECDSAInvalidSignature\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"length\",\"type\":\"uint256\"}],\"name\":\"ECDSAInvalidSignatureLength\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"name\":\"ECDSAInvalidSignatureS\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes2\",\"name\":\"jurisdiction\",\"type\":\"bytes2\"}],\"name\":\"InvalidJurisdiction\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"InvalidShortString\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"NoRecipientProposed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotDisputes\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"NotLeaving\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotOperator\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotOperatorOrRecipient\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"NotRegistered\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"RecipientIsHotKey\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"string\",\"name\":\"str\",\"type\":\"string\"}],\"name\":\"StringTooLong\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroAddress\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint32\",\"name\":\"holds\",\"type\":\"uint32\"}],\"name\":\"BondHeld\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint32\",\"name\":\"holds\",\"type\":\"uint32\"}],\"name\":\"BondReleased\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"BondRestored\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"beneficiary\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"BondSlashed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"BondWithdrawn\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"EIP712DomainChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"withdrawableAt\",\"type\":\"uint64\"}],\"name\":\"ExitStarted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"proposed\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"address\",\"name\":\"by\",\"type\":\"address\"}],\"name\":\"RecipientProposalCancelled\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"current\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"proposed\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"effectiveAt\",\"type\":\"uint64\"}],\"name\":\"RecipientProposed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"bytes2\",\"name\":\"jurisdiction\",\"type\":\"bytes2\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"voucher\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"bond\",\"type\":\"uint256\"}],\"name\":\"Registered\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"REGISTRATION_TYPEHASH\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"bond\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"cancelRecipient\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"disputes\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"eip712Domain\",\"outputs\":[{\"internalType\":\"bytes1\",\"name\":\"fields\",\"type\":\"bytes1\"},{\"internalType\":\"string\",\"name\":\"name\",\"type\":\"string\"},{\"internalType\":\"string\",\"name\":\"version\",\"type\":\"string\"},{\"internalType\":\"uint256\",\"name\":\"chainId\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"verifyingContract\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"salt\",\"type\":\"bytes32\"},{\"internalType\":\"uint256[]\",\"name\":\"extensions\",\"type\":\"uint256[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"exit\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"exitThaw\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"hold\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"isActive\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"nodeOf\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"pendingRecipient\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"changeAt\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"registeredAt\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"exitAt\",\"type\":\"uint64\"},{\"internalType\":\"bytes2\",\"name\":\"jurisdiction\",\"type\":\"bytes2\"},{\"internalType\":\"bytes32\",\"name\":\"voucher\",\"type\":\"bytes32\"},{\"internalType\":\"bool\",\"name\":\"withdrawn\",\"type\":\"bool\"},{\"internalType\":\"uint256\",\"name\":\"slashed\",\"type\":\"uint256\"},{\"internalType\":\"uint32\",\"name\":\"holds\",\"type\":\"uint32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"proposed\",\"type\":\"address\"}],\"name\":\"proposeRecipient\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"recipientDelay\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"recipientOf\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address[]\",\"name\":\"hotKeys\",\"type\":\"address[]\"}],\"name\":\"recipientsOf\",\"outputs\":[{\"internalType\":\"address[]\",\"name\":\"recipients\",\"type\":\"address[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"internalType\":\"bytes2\",\"name\":\"jurisdiction\",\"type\":\"bytes2\"},{\"internalType\":\"bytes32\",\"name\":\"voucher\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"},{\"internalType\":\"bytes\",\"name\":\"consent\",\"type\":\"bytes\"}],\"name\":\"register\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"internalType\":\"bytes2\",\"name\":\"jurisdiction\",\"type\":\"bytes2\"},{\"internalType\":\"bytes32\",\"name\":\"voucher\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"}],\"name\":\"registrationDigest\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"release\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"restoreBond\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"beneficiary\",\"type\":\"address\"}],\"name\":\"slash\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"token\",\"outputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"hotKey\",\"type\":\"address\"}],\"name\":\"withdrawBond\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "7bd3d81a90c562d62f712a827a90447b2f",
	Bin: "0x61020080604052346102525760a08161275380380380916100208285610256565b8339810103126102525780516001600160a01b03811691908281036102525760208201516001600160a01b0381169182820361025257604084015192610074608061006d6060880161028d565b960161028d565b95604051610083604082610256565b600781526020810190664d65644869766560c81b8252604051916100a8604084610256565b600183526020830191603160f81b83526100c1816102a1565b610120526100ce846102a1565b61014052519020918260e05251902080610100524660a0526040519060208201927f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f8452604083015260608201524660808201523060a082015260a0815261013760c082610256565b5190206080523060c05215908115610249575b5061023a5761016052610180526101a0526101c0526101e052604051612446908161030d8239608051816122c9015260a05181612386015260c0518161229a015260e051816123180152610100518161233e015261012051816109070152610140518161093001526101605181818161014a015281816103ad01528181610b7c01528181611169015261191601526101805181818161024d015281816102cb01528181610640015261146e01526101a05181818161032d01528181610b1201528181610e8701526118bb01526101c05181818161051f015261109601526101e0518181816108ad01526112df0152f35b63d92e233d60e01b5f5260045ffd5b9050155f61014a565b5f80fd5b601f909101601f19168101906001600160401b0382119082101761027957604052565b634e487b7160e01b5f52604160045260245ffd5b51906001600160401b038216820361025257565b601f8151116102cc5760208151910151602082106102bd571790565b5f198260200360031b1b161790565b604460209160405192839163305a27a960e01b83528160048401528051918291826024860152018484015e5f828201840152601f01601f19168101030190fdfe60806040526004361015610011575f80fd5b5f3560e01c80630a3f798614611af35780630f8547c2146115e15780631494e2f61461158957806319165587146114205780631dc2692b14611211578063503c06dc146110ba57806353a81b4514611058578063541567b914610eaa57806364c9ec6f14610e52578063682a914114610cb5578063695b7f2314610c565780637529d9df14610a0357806384b0196e146108d157806390e2b0191461086f5780639f8a13d7146107bc578063a7e21e80146105f2578063b42652e914610487578063bfac599014610271578063d4c5b25214610203578063d84e4475146101725763fc0c546a14610100575f80fd5b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b5f80fd5b3461016e5760c07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576101a9611c98565b6101b1611cbb565b6101b9611cde565b90606435927fffff0000000000000000000000000000000000000000000000000000000000008416840361016e576020936101fb9360a4359360843593611e6c565b604051908152f35b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b3461016e5760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576102a8611c98565b6024356102b3611cde565b9173ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016330361045b5773ffffffffffffffffffffffffffffffffffffffff1691825f52600260205260405f20600281015460e01c1561042f57600401928354610351817f0000000000000000000000000000000000000000000000000000000000000000611e5f565b80851161040057508381018091116103d3576103d19455604051908382527fa415e11b8d5c1f635fcb4d7d46a583f1cf2f5f1d46ef4ebd9ff60f1210cec3c0602073ffffffffffffffffffffffffffffffffffffffff851693a37f000000000000000000000000000000000000000000000000000000000000000061209b565b005b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b827f82aa1cc1000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b837f86af951a000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7fb4a46e64000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576104be611c98565b60026104c982612021565b019067ffffffffffffffff825460a01c166105b057602073ffffffffffffffffffffffffffffffffffffffff7fe30b26e88c2e9381e59a221e2e9e24dcadf013b275ded0332260918b645118309261059b61054e7f000000000000000000000000000000000000000000000000000000000000000067ffffffffffffffff4216611db2565b86547fffffffff0000000000000000ffffffffffffffffffffffffffffffffffffffff1660a082901b7bffffffffffffffff00000000000000000000000000000000000000001617909655565b67ffffffffffffffff604051951685521692a2005b73ffffffffffffffffffffffffffffffffffffffff907f3afbd4a3000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57610629611c98565b73ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016330361045b5773ffffffffffffffffffffffffffffffffffffffff16805f52600260205260405f2073ffffffffffffffffffffffffffffffffffffffff8154161561079057600201805467ffffffffffffffff8160a01c1680151580610786575b610757575060e01c6001019063ffffffff82116103d35780547bffffffffffffffffffffffffffffffffffffffffffffffffffffffff1660e083901b7fffffffff00000000000000000000000000000000000000000000000000000000161790557fe0fb90fb462c4f66d58e9bd5249d1844a428fd5f3bec16f3f4d4453bcd614108906020905b63ffffffff60405191168152a2005b837f7850d1be000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b50804210156106c1565b507fbfc6c337000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5773ffffffffffffffffffffffffffffffffffffffff610808611c98565b165f526002602052602060405f2073ffffffffffffffffffffffffffffffffffffffff81541615159081610855575b81610848575b506040519015158152f35b600491500154158261083d565b600281015460a01c67ffffffffffffffff16159150610837565b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57602060405167ffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576109a761092b7f000000000000000000000000000000000000000000000000000000000000000061222c565b6109547f000000000000000000000000000000000000000000000000000000000000000061222c565b60206109b5604051926109678385611d44565b5f84525f3681376040519586957f0f00000000000000000000000000000000000000000000000000000000000000875260e08588015260e0870190611d01565b908582036040870152611d01565b4660608501523060808501525f60a085015283810360c08501528180845192838152019301915f5b8281106109ec57505050500390f35b8351855286955093810193928101926001016109dd565b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57610a3a611c98565b73ffffffffffffffffffffffffffffffffffffffff8116805f52600260205260405f2073ffffffffffffffffffffffffffffffffffffffff8154161561079057600281015467ffffffffffffffff8160a01c168015610c2a57804210610bfb5750600182019081549060ff8260e01c16610bcf5760e01c80610ba05750610b0d6103d195610b36937c01000000000000000000000000000000000000000000000000000000007fffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffff60049516179055611dec565b9201547f0000000000000000000000000000000000000000000000000000000000000000611e5f565b91604051908382527f1b6622b92ce16ed648b5b93fe47df1cd4c763fdcafe3281bc1dfd5ff7998a94d602073ffffffffffffffffffffffffffffffffffffffff851693a37f000000000000000000000000000000000000000000000000000000000000000061209b565b847fe2394051000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b847f91fd967a000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b837f0ee6f302000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b837f7fb882b2000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576020610c97610c92611c98565b611dec565b73ffffffffffffffffffffffffffffffffffffffff60405191168152f35b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57610160610cef611c98565b73ffffffffffffffffffffffffffffffffffffffff81165f52600260205260405f209060018201549160ff67ffffffffffffffff8460a01c169342851192610d38815495611dec565b958415610e4b5773ffffffffffffffffffffffffffffffffffffffff600283015416945b15610e22577fffff00000000000000000000000000000000000000000000000000000000000090955b67ffffffffffffffff60028401549773ffffffffffffffffffffffffffffffffffffffff6004600387015496015498816040519c8d82881690521660208d01521660408b015216606089015267ffffffffffffffff8160b01c16608089015267ffffffffffffffff8760a01c1660a089015260501b1660c087015260e086015260e01c16151561010084015261012083015260e01c610140820152f35b507fffff0000000000000000000000000000000000000000000000000000000000005f95610d85565b5f94610d5c565b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5760206040517f00000000000000000000000000000000000000000000000000000000000000008152f35b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5760043567ffffffffffffffff811161016e573660238201121561016e57806004013567ffffffffffffffff811161016e573660248260051b8401011161016e57610f2281611dd4565b610f2f6040519182611d44565b818152610f3b82611dd4565b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe06020830191013682375f5b83811015610ffe578060051b906024828701013573ffffffffffffffffffffffffffffffffffffffff8116810361016e57610fa190611dec565b918451821015610fd157602073ffffffffffffffffffffffffffffffffffffffff60019416918601015201610f67565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52603260045260245ffd5b5090604051918291602083019060208452518091526040830191905f5b818110611029575050500390f35b825173ffffffffffffffffffffffffffffffffffffffff1684528594506020938401939092019160010161101b565b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57602060405167ffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e576110f1611c98565b6110fa81612021565b67ffffffffffffffff600282015460a01c166111cf57600401805490811561118d57915f6103d193557fcdd981ae365aabcd7fd1bb88848ac37f3c687c45846a8038fe52db6877972a54602073ffffffffffffffffffffffffffffffffffffffff604051938585521692a230337f0000000000000000000000000000000000000000000000000000000000000000611f4b565b73ffffffffffffffffffffffffffffffffffffffff837fecdf32b3000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b73ffffffffffffffffffffffffffffffffffffffff827f3afbd4a3000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b3461016e5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57611248611c98565b611250611cbb565b73ffffffffffffffffffffffffffffffffffffffff61126e83612021565b91169182156113f85773ffffffffffffffffffffffffffffffffffffffff8116908184146113cc57602073ffffffffffffffffffffffffffffffffffffffff6112d77f716a4b50a4c62f2aa305edc3e9486b20f4bb77dd51c4b6d4c0c8c853d271f37993611dec565b6113b761130e7f000000000000000000000000000000000000000000000000000000000000000067ffffffffffffffff4216611db2565b8760026001839a01918686167fffffffffffffffffffffffff0000000000000000000000000000000000000000845416178355018a7fffffffffffffffffffffffff0000000000000000000000000000000000000000825416179055907fffffffff0000000000000000ffffffffffffffffffffffffffffffffffffffff7bffffffffffffffff000000000000000000000000000000000000000083549260a01b169116179055565b67ffffffffffffffff604051961686521693a4005b507f048cb5b3000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7fd92e233d000000000000000000000000000000000000000000000000000000005f5260045ffd5b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57611457611c98565b73ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016330361045b5773ffffffffffffffffffffffffffffffffffffffff16805f526002602052600260405f2001805460e01c801561155d577f50b753265ed23aad123866d9405ca584ab3663c7579a1ea5bab754d8089da9c9916107487fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff602093018092907bffffffffffffffffffffffffffffffffffffffffffffffffffffffff7fffffffff0000000000000000000000000000000000000000000000000000000083549260e01b169116179055565b827f86af951a000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b3461016e575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e5760206040517f3e9677c79e7ecf402514f01a06a7fe2c7e5809045f6c4ed7c68f76fcafea91c78152f35b3461016e5760c07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57611618611c98565b611620611cbb565b6044357fffff000000000000000000000000000000000000000000000000000000000000811680820361016e57606435926084359260a43567ffffffffffffffff811161016e573660238201121561016e57806004013567ffffffffffffffff811161016e57366024828401011161016e5773ffffffffffffffffffffffffffffffffffffffff84169586156113f85773ffffffffffffffffffffffffffffffffffffffff891694858814611ac7577fff00000000000000000000000000000000000000000000000000000000000000855f1a60f81b167f41000000000000000000000000000000000000000000000000000000000000008110159081611a9c575b5080611a4a575b806119f8575b156119cc578142116119a057855f52600260205260405f209973ffffffffffffffffffffffffffffffffffffffff8b541661197457925f60206117926117dd958d8a73ffffffffffffffffffffffffffffffffffffffff9a976117e69a33611e6c565b92806024837fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f84011601966117cc6040519889611d44565b82885201838701378401015261211a565b90929192612154565b16828103611945575085547fffff00000000000000000000ffffffffffffffffffffffffffffffffffffffff33167fffff0000000000000000000000000000000000000000000000000000000000009091161760509190911c75ffff000000000000000000000000000000000000000016174260b01b7dffffffffffffffff00000000000000000000000000000000000000000000161785556001850180547fffffffffffffffffffffffff000000000000000000000000000000000000000016841790556103d19484908161193a575b50507f00000000000000000000000000000000000000000000000000000000000000009360405192835260208301528360408301527f4783413a27e23fe27baac6c4524e944d4f544060a7d2092824fb5fc0c26e2a9760603393a430337f0000000000000000000000000000000000000000000000000000000000000000611f4b565b6003015583866118b7565b827fb11cc588000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b867f45ed80e9000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b507f992b5308000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b867ff4f743fa000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b507f5a000000000000000000000000000000000000000000000000000000000000007fff000000000000000000000000000000000000000000000000000000000000008660011a60f81b16111561172f565b507f41000000000000000000000000000000000000000000000000000000000000007fff000000000000000000000000000000000000000000000000000000000000008660011a60f81b161015611729565b7f5a00000000000000000000000000000000000000000000000000000000000000915011158b611722565b857f048cb5b3000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b3461016e5760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261016e57611b2a611c98565b73ffffffffffffffffffffffffffffffffffffffff811690815f52600260205260405f209073ffffffffffffffffffffffffffffffffffffffff8254163314159081611c6e575b50611c3e576001810167ffffffffffffffff815460a01c168015908115611c33575b50611c075773ffffffffffffffffffffffffffffffffffffffff91817fffffffff0000000000000000ffffffffffffffffffffffffffffffffffffffff60029354169055015416907f6e121336ec5f821a4f07fe5d1c4d740af34aaa7ede7bec421855ccb39df8fe636020604051338152a3005b827fb5b31061000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b905042101584611b93565b507f9667aafe000000000000000000000000000000000000000000000000000000005f526004523360245260445ffd5b73ffffffffffffffffffffffffffffffffffffffff9150611c8e90611dec565b1633141583611b71565b6004359073ffffffffffffffffffffffffffffffffffffffff8216820361016e57565b6024359073ffffffffffffffffffffffffffffffffffffffff8216820361016e57565b6044359073ffffffffffffffffffffffffffffffffffffffff8216820361016e57565b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f602080948051918291828752018686015e5f8582860101520116010190565b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff821117611d8557604052565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b9067ffffffffffffffff8091169116019067ffffffffffffffff82116103d357565b67ffffffffffffffff8111611d855760051b60200190565b73ffffffffffffffffffffffffffffffffffffffff165f52600260205273ffffffffffffffffffffffffffffffffffffffff60405f2060018101549067ffffffffffffffff8260a01c168015159081611e54575b50611e4a57501690565b6002915001541690565b90504210155f611e40565b919082039182116103d357565b9390927fffff0000000000000000000000000000000000000000000000000000000000009073ffffffffffffffffffffffffffffffffffffffff6042979481604051978160208a019a7f3e9677c79e7ecf402514f01a06a7fe2c7e5809045f6c4ed7c68f76fcafea91c78c521660408a01521660608801521660808601521660a084015260c083015260e082015260e08152611f0a61010082611d44565b519020611f15612283565b90604051917f19010000000000000000000000000000000000000000000000000000000000008352600283015260228201522090565b92909173ffffffffffffffffffffffffffffffffffffffff9081604051947f23b872dd000000000000000000000000000000000000000000000000000000005f52166004521660245260445260205f60648180865af19060015f5114821615612000575b6040525f60605215611fbe5750565b73ffffffffffffffffffffffffffffffffffffffff907f5274afe7000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b90600181151661201857823b15153d15161690611faf565b503d5f823e3d90fd5b73ffffffffffffffffffffffffffffffffffffffff1690815f52600260205260405f209173ffffffffffffffffffffffffffffffffffffffff835416801561079057330361206c5750565b7f4738d054000000000000000000000000000000000000000000000000000000005f526004523360245260445ffd5b9173ffffffffffffffffffffffffffffffffffffffff604051927fa9059cbb000000000000000000000000000000000000000000000000000000005f521660045260245260205f60448180865af19060015f5114821615612102575b60405215611fbe5750565b90600181151661201857823b15153d151616906120f7565b815191906041830361214a576121439250602082015190606060408401519301515f1a906123ac565b9192909190565b50505f9160029190565b60048110156121ff5780612166575050565b60018103612196577ff645eedf000000000000000000000000000000000000000000000000000000005f5260045ffd5b600281036121ca57507ffce698f7000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b6003146121d45750565b7fd78bce0c000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7f4e487b71000000000000000000000000000000000000000000000000000000005f52602160045260245ffd5b60ff811690601f821161225b5760405191612248604084611d44565b6020808452838101919036833783525290565b7fb3512b0c000000000000000000000000000000000000000000000000000000005f5260045ffd5b73ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016301480612383575b156122eb577f000000000000000000000000000000000000000000000000000000000000000090565b60405160208101907f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f82527f000000000000000000000000000000000000000000000000000000000000000060408201527f000000000000000000000000000000000000000000000000000000000000000060608201524660808201523060a082015260a0815261237d60c082611d44565b51902090565b507f000000000000000000000000000000000000000000000000000000000000000046146122c2565b91907f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0841161243b579160209360809260ff5f9560405194855216868401526040830152606082015282805260015afa15612430575f5173ffffffffffffffffffffffffffffffffffffffff81161561242657905f905f90565b505f906001905f90565b6040513d5f823e3d90fd5b5050505f916003919056",
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
// Solidity: constructor(address token_, address disputes_, uint256 bond_, uint64 exitThaw_, uint64 recipientDelay_) returns()
func (nodeRegistry *NodeRegistry) PackConstructor(token_ common.Address, disputes_ common.Address, bond_ *big.Int, exitThaw_ uint64, recipientDelay_ uint64) []byte {
	enc, err := nodeRegistry.abi.Pack("", token_, disputes_, bond_, exitThaw_, recipientDelay_)
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

// PackDisputes is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd4c5b252.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function disputes() view returns(address)
func (nodeRegistry *NodeRegistry) PackDisputes() []byte {
	enc, err := nodeRegistry.abi.Pack("disputes")
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
func (nodeRegistry *NodeRegistry) TryPackDisputes() ([]byte, error) {
	return nodeRegistry.abi.Pack("disputes")
}

// UnpackDisputes is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xd4c5b252.
//
// Solidity: function disputes() view returns(address)
func (nodeRegistry *NodeRegistry) UnpackDisputes(data []byte) (common.Address, error) {
	out, err := nodeRegistry.abi.Unpack("disputes", data)
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

// PackHold is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa7e21e80.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function hold(address hotKey) returns()
func (nodeRegistry *NodeRegistry) PackHold(hotKey common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("hold", hotKey)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackHold is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa7e21e80.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function hold(address hotKey) returns()
func (nodeRegistry *NodeRegistry) TryPackHold(hotKey common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("hold", hotKey)
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
// Solidity: function nodeOf(address hotKey) view returns(address operator, address recipient, address pendingRecipient, uint64 changeAt, uint64 registeredAt, uint64 exitAt, bytes2 jurisdiction, bytes32 voucher, bool withdrawn, uint256 slashed, uint32 holds)
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
// Solidity: function nodeOf(address hotKey) view returns(address operator, address recipient, address pendingRecipient, uint64 changeAt, uint64 registeredAt, uint64 exitAt, bytes2 jurisdiction, bytes32 voucher, bool withdrawn, uint256 slashed, uint32 holds)
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
	Slashed          *big.Int
	Holds            uint32
}

// UnpackNodeOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x682a9141.
//
// Solidity: function nodeOf(address hotKey) view returns(address operator, address recipient, address pendingRecipient, uint64 changeAt, uint64 registeredAt, uint64 exitAt, bytes2 jurisdiction, bytes32 voucher, bool withdrawn, uint256 slashed, uint32 holds)
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
	outstruct.Slashed = abi.ConvertType(out[9], new(big.Int)).(*big.Int)
	outstruct.Holds = *abi.ConvertType(out[10], new(uint32)).(*uint32)
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

// PackRecipientsOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x541567b9.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function recipientsOf(address[] hotKeys) view returns(address[] recipients)
func (nodeRegistry *NodeRegistry) PackRecipientsOf(hotKeys []common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("recipientsOf", hotKeys)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRecipientsOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x541567b9.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function recipientsOf(address[] hotKeys) view returns(address[] recipients)
func (nodeRegistry *NodeRegistry) TryPackRecipientsOf(hotKeys []common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("recipientsOf", hotKeys)
}

// UnpackRecipientsOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x541567b9.
//
// Solidity: function recipientsOf(address[] hotKeys) view returns(address[] recipients)
func (nodeRegistry *NodeRegistry) UnpackRecipientsOf(data []byte) ([]common.Address, error) {
	out, err := nodeRegistry.abi.Unpack("recipientsOf", data)
	if err != nil {
		return *new([]common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new([]common.Address)).(*[]common.Address)
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

// PackRelease is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x19165587.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function release(address hotKey) returns()
func (nodeRegistry *NodeRegistry) PackRelease(hotKey common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("release", hotKey)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRelease is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x19165587.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function release(address hotKey) returns()
func (nodeRegistry *NodeRegistry) TryPackRelease(hotKey common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("release", hotKey)
}

// PackRestoreBond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x503c06dc.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function restoreBond(address hotKey) returns()
func (nodeRegistry *NodeRegistry) PackRestoreBond(hotKey common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("restoreBond", hotKey)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRestoreBond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x503c06dc.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function restoreBond(address hotKey) returns()
func (nodeRegistry *NodeRegistry) TryPackRestoreBond(hotKey common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("restoreBond", hotKey)
}

// PackSlash is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xbfac5990.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function slash(address hotKey, uint256 amount, address beneficiary) returns()
func (nodeRegistry *NodeRegistry) PackSlash(hotKey common.Address, amount *big.Int, beneficiary common.Address) []byte {
	enc, err := nodeRegistry.abi.Pack("slash", hotKey, amount, beneficiary)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSlash is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xbfac5990.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function slash(address hotKey, uint256 amount, address beneficiary) returns()
func (nodeRegistry *NodeRegistry) TryPackSlash(hotKey common.Address, amount *big.Int, beneficiary common.Address) ([]byte, error) {
	return nodeRegistry.abi.Pack("slash", hotKey, amount, beneficiary)
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

// NodeRegistryBondHeld represents a BondHeld event raised by the NodeRegistry contract.
type NodeRegistryBondHeld struct {
	HotKey common.Address
	Holds  uint32
	Raw    *types.Log // Blockchain specific contextual infos
}

const NodeRegistryBondHeldEventName = "BondHeld"

// ContractEventName returns the user-defined event name.
func (NodeRegistryBondHeld) ContractEventName() string {
	return NodeRegistryBondHeldEventName
}

// UnpackBondHeldEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event BondHeld(address indexed hotKey, uint32 holds)
func (nodeRegistry *NodeRegistry) UnpackBondHeldEvent(log *types.Log) (*NodeRegistryBondHeld, error) {
	event := "BondHeld"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryBondHeld)
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

// NodeRegistryBondReleased represents a BondReleased event raised by the NodeRegistry contract.
type NodeRegistryBondReleased struct {
	HotKey common.Address
	Holds  uint32
	Raw    *types.Log // Blockchain specific contextual infos
}

const NodeRegistryBondReleasedEventName = "BondReleased"

// ContractEventName returns the user-defined event name.
func (NodeRegistryBondReleased) ContractEventName() string {
	return NodeRegistryBondReleasedEventName
}

// UnpackBondReleasedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event BondReleased(address indexed hotKey, uint32 holds)
func (nodeRegistry *NodeRegistry) UnpackBondReleasedEvent(log *types.Log) (*NodeRegistryBondReleased, error) {
	event := "BondReleased"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryBondReleased)
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

// NodeRegistryBondRestored represents a BondRestored event raised by the NodeRegistry contract.
type NodeRegistryBondRestored struct {
	HotKey common.Address
	Amount *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const NodeRegistryBondRestoredEventName = "BondRestored"

// ContractEventName returns the user-defined event name.
func (NodeRegistryBondRestored) ContractEventName() string {
	return NodeRegistryBondRestoredEventName
}

// UnpackBondRestoredEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event BondRestored(address indexed hotKey, uint256 amount)
func (nodeRegistry *NodeRegistry) UnpackBondRestoredEvent(log *types.Log) (*NodeRegistryBondRestored, error) {
	event := "BondRestored"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryBondRestored)
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

// NodeRegistryBondSlashed represents a BondSlashed event raised by the NodeRegistry contract.
type NodeRegistryBondSlashed struct {
	HotKey      common.Address
	Beneficiary common.Address
	Amount      *big.Int
	Raw         *types.Log // Blockchain specific contextual infos
}

const NodeRegistryBondSlashedEventName = "BondSlashed"

// ContractEventName returns the user-defined event name.
func (NodeRegistryBondSlashed) ContractEventName() string {
	return NodeRegistryBondSlashedEventName
}

// UnpackBondSlashedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event BondSlashed(address indexed hotKey, address indexed beneficiary, uint256 amount)
func (nodeRegistry *NodeRegistry) UnpackBondSlashedEvent(log *types.Log) (*NodeRegistryBondSlashed, error) {
	event := "BondSlashed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != nodeRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(NodeRegistryBondSlashed)
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

// NodeRegistryBondWithdrawn represents a BondWithdrawn event raised by the NodeRegistry contract.
type NodeRegistryBondWithdrawn struct {
	HotKey    common.Address
	Recipient common.Address
	Amount    *big.Int
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
// Solidity: event BondWithdrawn(address indexed hotKey, address indexed recipient, uint256 amount)
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
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["BondInDispute"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackBondInDisputeError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["BondNotHeld"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackBondNotHeldError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["BondThawed"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackBondThawedError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["BondThawing"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackBondThawingError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["BondTooSmall"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackBondTooSmallError(raw[4:])
	}
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["BondWhole"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackBondWholeError(raw[4:])
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
	if bytes.Equal(raw[:4], nodeRegistry.abi.Errors["NotDisputes"].ID.Bytes()[:4]) {
		return nodeRegistry.UnpackNotDisputesError(raw[4:])
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

// NodeRegistryBondInDispute represents a BondInDispute error raised by the NodeRegistry contract.
type NodeRegistryBondInDispute struct {
	HotKey common.Address
	Holds  uint32
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BondInDispute(address hotKey, uint32 holds)
func NodeRegistryBondInDisputeErrorID() common.Hash {
	return common.HexToHash("0xe2394051e6e315d9b28861bc492ec9b9dd322cbd00eb4543afb043a44a3c6e98")
}

// UnpackBondInDisputeError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BondInDispute(address hotKey, uint32 holds)
func (nodeRegistry *NodeRegistry) UnpackBondInDisputeError(raw []byte) (*NodeRegistryBondInDispute, error) {
	out := new(NodeRegistryBondInDispute)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "BondInDispute", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryBondNotHeld represents a BondNotHeld error raised by the NodeRegistry contract.
type NodeRegistryBondNotHeld struct {
	HotKey common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BondNotHeld(address hotKey)
func NodeRegistryBondNotHeldErrorID() common.Hash {
	return common.HexToHash("0x86af951a5c257bd1ac5ae328efb8773dd568d9184644aa7527a67165ea798bc0")
}

// UnpackBondNotHeldError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BondNotHeld(address hotKey)
func (nodeRegistry *NodeRegistry) UnpackBondNotHeldError(raw []byte) (*NodeRegistryBondNotHeld, error) {
	out := new(NodeRegistryBondNotHeld)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "BondNotHeld", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryBondThawed represents a BondThawed error raised by the NodeRegistry contract.
type NodeRegistryBondThawed struct {
	HotKey         common.Address
	WithdrawableAt uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BondThawed(address hotKey, uint64 withdrawableAt)
func NodeRegistryBondThawedErrorID() common.Hash {
	return common.HexToHash("0x7850d1be6206a1e14f6c081c40348a87526fbd20ff6657b553568dc982384b87")
}

// UnpackBondThawedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BondThawed(address hotKey, uint64 withdrawableAt)
func (nodeRegistry *NodeRegistry) UnpackBondThawedError(raw []byte) (*NodeRegistryBondThawed, error) {
	out := new(NodeRegistryBondThawed)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "BondThawed", raw); err != nil {
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

// NodeRegistryBondTooSmall represents a BondTooSmall error raised by the NodeRegistry contract.
type NodeRegistryBondTooSmall struct {
	HotKey common.Address
	Left   *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BondTooSmall(address hotKey, uint256 left)
func NodeRegistryBondTooSmallErrorID() common.Hash {
	return common.HexToHash("0x82aa1cc1ba505892c1266092b7ccc39096c7e06271019e8d2cd6f9eb67830a6e")
}

// UnpackBondTooSmallError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BondTooSmall(address hotKey, uint256 left)
func (nodeRegistry *NodeRegistry) UnpackBondTooSmallError(raw []byte) (*NodeRegistryBondTooSmall, error) {
	out := new(NodeRegistryBondTooSmall)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "BondTooSmall", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// NodeRegistryBondWhole represents a BondWhole error raised by the NodeRegistry contract.
type NodeRegistryBondWhole struct {
	HotKey common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BondWhole(address hotKey)
func NodeRegistryBondWholeErrorID() common.Hash {
	return common.HexToHash("0xecdf32b3d9691cc57cbcf165cb559d2d8f71484e3389e35c2e904c32b59db2e0")
}

// UnpackBondWholeError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BondWhole(address hotKey)
func (nodeRegistry *NodeRegistry) UnpackBondWholeError(raw []byte) (*NodeRegistryBondWhole, error) {
	out := new(NodeRegistryBondWhole)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "BondWhole", raw); err != nil {
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

// NodeRegistryNotDisputes represents a NotDisputes error raised by the NodeRegistry contract.
type NodeRegistryNotDisputes struct {
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotDisputes(address caller)
func NodeRegistryNotDisputesErrorID() common.Hash {
	return common.HexToHash("0xb4a46e6423db360cef42f96c1f2bc6cdcdbe7eb9fd0ed842d77fef9d933fc095")
}

// UnpackNotDisputesError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotDisputes(address caller)
func (nodeRegistry *NodeRegistry) UnpackNotDisputesError(raw []byte) (*NodeRegistryNotDisputes, error) {
	out := new(NodeRegistryNotDisputes)
	if err := nodeRegistry.abi.UnpackIntoInterface(out, "NotDisputes", raw); err != nil {
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
