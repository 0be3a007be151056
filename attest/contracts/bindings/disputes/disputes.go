// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package disputes

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

// DisputesDispute is an auto generated low-level Go binding around an user-defined struct.
type DisputesDispute struct {
	Challenger  common.Address
	Deadline    uint64
	State       uint8
	Node        common.Address
	Epoch       uint64
	Subject     [32]byte
	Evidence    [32]byte
	DatasetHash [32]byte
}

// DisputesMetaData contains all meta data concerning the Disputes contract.
var DisputesMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"token_\",\"type\":\"address\"},{\"internalType\":\"contractIBonds\",\"name\":\"registry_\",\"type\":\"address\"},{\"internalType\":\"contractIRoots\",\"name\":\"distributor_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"arbiter_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"treasury_\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"bond_\",\"type\":\"uint256\"},{\"internalType\":\"uint64\",\"name\":\"resolveWithin_\",\"type\":\"uint64\"},{\"internalType\":\"uint256\",\"name\":\"challengerShareBps_\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"internalType\":\"uint64\",\"name\":\"deadline\",\"type\":\"uint64\"}],\"name\":\"DeadlineAhead\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"internalType\":\"uint64\",\"name\":\"deadline\",\"type\":\"uint64\"}],\"name\":\"DeadlinePassed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"name\":\"DisputeExists\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotArbiter\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"contract_\",\"type\":\"address\"}],\"name\":\"NotNamedBy\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"name\":\"NotOpen\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"}],\"name\":\"ReceiptSettled\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"delay\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"limit\",\"type\":\"uint64\"}],\"name\":\"ResolveWithinOutOfRange\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"name\":\"RootsAreNotSlashed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"share\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"limit\",\"type\":\"uint256\"}],\"name\":\"ShareTooHigh\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroAddress\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroEvidence\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"name\":\"Lapsed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"challenger\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"evidence\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"deadline\",\"type\":\"uint64\"}],\"name\":\"NodeChallenged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"bool\",\"name\":\"upheld\",\"type\":\"bool\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"slashed\",\"type\":\"uint256\"}],\"name\":\"Resolved\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"challenger\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"evidence\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"deadline\",\"type\":\"uint64\"}],\"name\":\"RootChallenged\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"MAX_RESOLVE_WITHIN\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_SHARE_BPS\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"arbiter\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"bond\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"evidence\",\"type\":\"bytes32\"}],\"name\":\"challengeNode\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"evidence\",\"type\":\"bytes32\"}],\"name\":\"challengeRoot\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"challengerShareBps\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"count\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"evidence\",\"type\":\"bytes32\"}],\"name\":\"disputeAbout\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"name\":\"disputeOf\",\"outputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"challenger\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"deadline\",\"type\":\"uint64\"},{\"internalType\":\"enumDisputes.State\",\"name\":\"state\",\"type\":\"uint8\"},{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"subject\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"evidence\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"}],\"internalType\":\"structDisputes.Dispute\",\"name\":\"\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"distributor\",\"outputs\":[{\"internalType\":\"contractIRoots\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"name\":\"lapse\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"registry\",\"outputs\":[{\"internalType\":\"contractIBonds\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"internalType\":\"bool\",\"name\":\"upheld\",\"type\":\"bool\"},{\"internalType\":\"uint256\",\"name\":\"slashWei\",\"type\":\"uint256\"}],\"name\":\"resolve\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"resolveWithin\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"}],\"name\":\"settled\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"token\",\"outputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"treasury\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"}]",
	ID:  "8b471b0b0b61944f346617cc4d6455277a",
	Bin: "0x610180806040523461029757610100816120c580380380916100218285610357565b8339810103126102975780516001600160a01b03811691908281036102975760208201516001600160a01b038116918282036102975760408401516001600160a01b038116928382036102975761007a6060870161038e565b926100876080880161038e565b9460a08801519660c08901519860018060401b038a1690818b036102975760e001519a158015610346575b8015610335575b610326578015801561031a575b61030157506113888a116102e857604051636a62d92960e11b8152602081600481855afa9081156102a3575f916102ae575b50306001600160a01b03909116036102535750604051636a62d92960e11b8152602081600481855afa9081156102a3575f91610265575b50306001600160a01b0390911603610253575060805260a05260c05260e05261010052610120526101405261016052604051611d2290816103a382396080518181816101a0015281816103f20152818161098b01528181610f3b01526116ac015260a051818181610513015281816108f801528181610fb40152818161108c015261178e015260c0518181816104390152818161063e01528181610b6a0152818161158b0152611b22015260e05181818161012e0152610df0015261010051818181610f650152818161110b015261188e0152610120518181816103d00152818161096801528181610f1901528181611689015261182101526101405181818161076301528181610afb01526114320152610160518181816101fa01526110410152f35b63715b6d7d60e01b5f5260045260245ffd5b90506020813d60201161029b575b8161028060209383610357565b81010312610297576102919061038e565b5f61012f565b5f80fd5b3d9150610273565b6040513d5f823e3d90fd5b90506020813d6020116102e0575b816102c960209383610357565b81010312610297576102da9061038e565b5f6100f8565b3d91506102bc565b8963c5f096df60e01b5f5260045261138860245260445ffd5b636f2a2b2d60e11b5f526004526212750060245260445ffd5b506212750081116100c6565b63d92e233d60e01b5f5260045ffd5b506001600160a01b038816156100b9565b506001600160a01b038716156100b2565b601f909101601f19168101906001600160401b0382119082101761037a57604052565b634e487b7160e01b5f52604160045260245ffd5b51906001600160a01b03821682036102975756fe6080806040526004361015610012575f80fd5b5f905f3560e01c90816306661abd146118b25750806361d027b31461184457806364c9ec6f146117ec57806365f267be146117b25780637b103999146117445780638531211c146113bc57806386efd7ea14611345578063a8fc138c14610d94578063b1eb0fb714610b8e578063bfe1092814610b1f578063c6acdd5e14610abc578063cac0daaf146106af578063dd91d923146102a6578063e8f88f0e1461026a578063eda381031461021d578063eecf3fed146101c4578063fc0c546a146101555763fe25e00a146100e4575f80fd5b3461015257807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261015257602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b80fd5b503461015257807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261015257602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b503461015257807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101525760206040517f00000000000000000000000000000000000000000000000000000000000000008152f35b503461015257604060209173ffffffffffffffffffffffffffffffffffffffff610246366118e9565b92909116835260018552838320908352845282822090825283522054604051908152f35b503461015257807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610152576020604051621275008152f35b50346101525760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261015257600435906102e382611ab7565b6001810173ffffffffffffffffffffffffffffffffffffffff81541693600283015490851595869283976105e8575b67ffffffffffffffff865460a01c16804210806105e0575b6105b057508697879697507c04000000000000000000000000000000000000000000000000000000007fffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffff895416178855604051937f88344b28ea2eae83d1e391bb32c2833c4d7381e6757e7fce3a11385863781a108880a2156104d15750505015610419575b505073ffffffffffffffffffffffffffffffffffffffff610416915b54167f0000000000000000000000000000000000000000000000000000000000000000907f0000000000000000000000000000000000000000000000000000000000000000611ca3565b80f35b67ffffffffffffffff73ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016915460a01c16813b156104cd5782916024839260405194859384927f41fbbc3100000000000000000000000000000000000000000000000000000000845260048401525af180156104c257156103b057816104b391611988565b6104be57815f6103b0565b5080fd5b6040513d84823e3d90fd5b8280fd5b9193508092508452600160205260408420908452602052604083206003850154845260205282604081205573ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016803b156105ac5760248385819381957f1916558700000000000000000000000000000000000000000000000000000000845260048401525af180156104c257610597575b505073ffffffffffffffffffffffffffffffffffffffff610416916103cc565b816105a191611988565b6104be57815f610577565b8380fd5b87604491857f85bccb33000000000000000000000000000000000000000000000000000000008352600452602452fd5b50841561032a565b92506004850154604051907f40797bbc000000000000000000000000000000000000000000000000000000008252846004830152602482015260208160448173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000165afa9081156106a4578791610675575b5092610312565b610697915060203d60201161069d575b61068f8183611988565b8101906119c9565b5f61066e565b503d610685565b6040513d89823e3d90fd5b5034610152576106be366118e9565b9181158015610ab4575b610a8c5773ffffffffffffffffffffffffffffffffffffffff169081845260016020526040842081855260205260408420838552602052604084205480610a61575081845260026020526040842081855260205260ff604085205416610a315783547fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8114610a04576001019283855567ffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001667ffffffffffffffff4216019067ffffffffffffffff82116109d75784865260036020818152604080892080547fffffff000000000000000000ffffffffffffffffffffffffffffffffffffffff339081167fffffff0000000000000000000000000000000000000000000000000000000000909216919091177bffffffffffffffff000000000000000000000000000000000000000060a089901b16177c0100000000000000000000000000000000000000000000000000000000178255600180830180547fffffffffffffffffffffffff0000000000000000000000000000000000000000168b1790556002830189905591909401859055878a528252808920868a528252808920848a52825280892088905580519586529085019290925267ffffffffffffffff90921690830152849291829085907ff5dba3373925ee0c585eaf7bd5ba8edb04f9aaefaf4999491c80136d595e8c1490606090a473ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016803b156104cd576024839260405194859384927fa7e21e8000000000000000000000000000000000000000000000000000000000845260048401525af180156109cc576109b7575b6020826109af7f000000000000000000000000000000000000000000000000000000000000000030337f00000000000000000000000000000000000000000000000000000000000000006119e1565b604051908152f35b6109c2838092611988565b6104be5781610960565b6040513d85823e3d90fd5b6024867f4e487b710000000000000000000000000000000000000000000000000000000081526011600452fd5b6024857f4e487b710000000000000000000000000000000000000000000000000000000081526011600452fd5b83906044927f846eb47d000000000000000000000000000000000000000000000000000000008352600452602452fd5b7ffb21bd74000000000000000000000000000000000000000000000000000000008552600452602484fd5b6004847fd1894cc8000000000000000000000000000000000000000000000000000000008152fd5b5082156106c8565b503461015257807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261015257602060405167ffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b503461015257807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261015257602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b50346101525760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610152578060e0604051610bcd8161193e565b8281528260208201528260408201528260608201528260808201528260a08201528260c08201520152600435815260036020526040812060405190610c118261193e565b80549073ffffffffffffffffffffffffffffffffffffffff8216835260ff602084019267ffffffffffffffff8160a01c16845260e01c1660408401906005811015610d67578152600182015494606085019073ffffffffffffffffffffffffffffffffffffffff8716825267ffffffffffffffff608087019760a01c16875260028401549260a0870193845267ffffffffffffffff600460038701549660c08a0197885201549660e0890197885273ffffffffffffffffffffffffffffffffffffffff60405199511689525116602088015251906005821015610d3a57509573ffffffffffffffffffffffffffffffffffffffff67ffffffffffffffff9261010098604089015251166060870152511660808501525160a08401525160c08301525160e0820152f35b807f4e487b7100000000000000000000000000000000000000000000000000000000602492526021600452fd5b6024867f4e487b710000000000000000000000000000000000000000000000000000000081526021600452fd5b50346111ff5760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126111ff5760243580159081156004358183036111ff5760443573ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016330361131957610e1f82611ab7565b9081549067ffffffffffffffff8260a01c16804210156112ea575073ffffffffffffffffffffffffffffffffffffffff806001850154169216966112e3575b811580806112da575b6112ae5786156112a6576002945b6005861015611279577f98d01e41ab28de30b3efc3cac6df77e3eab0eeb663e8d3ea0cbec83833f225f860408b988a987fffffff00ffffffffffffffffffffffffffffffffffffffffffffffffffffffff7cff000000000000000000000000000000000000000000000000000000008a549260e01b1691161788558151908152856020820152a215610f89575050610f0d9250611b0b565b15610f5f57610416905b7f0000000000000000000000000000000000000000000000000000000000000000907f0000000000000000000000000000000000000000000000000000000000000000611ca3565b506104167f0000000000000000000000000000000000000000000000000000000000000000610f17565b919092611230575b508015801561103b575b505073ffffffffffffffffffffffffffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001690813b156104cd5782916024839260405194859384927f1916558700000000000000000000000000000000000000000000000000000000845260048401525af180156104c257611026575b5050610f0d565b8161103091611988565b6104cd57825f61101f565b909192507f000000000000000000000000000000000000000000000000000000000000000090818302918383041417156112035761271090049073ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000169082810390811161120357813b156111ff576040517fbfac599000000000000000000000000000000000000000000000000000000000815273ffffffffffffffffffffffffffffffffffffffff858116600483015260248201929092527f000000000000000000000000000000000000000000000000000000000000000090911660448201525f8160648183865af180156111f4576111db575b50908592918115610f9b57803b156105ac576040517fbfac599000000000000000000000000000000000000000000000000000000000815273ffffffffffffffffffffffffffffffffffffffff84811660048301526024820193909352918616604483015283908290606490829084905af19081156109cc57839115610f9b57816111d091611988565b6104be57815f610f9b565b6111ea91939296505f90611988565b5f9490915f611146565b6040513d5f823e3d90fd5b5f80fd5b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b825f526002602052600260405f209101545f5260205260405f2060017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff008254161790555f610f91565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52602160045260245ffd5b600394610e75565b847ffb9a6822000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b50811515610e67565b505f610e5e565b847f6f0a3482000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b7f720c75c2000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b346111ff5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126111ff5760043573ffffffffffffffffffffffffffffffffffffffff81168091036111ff575f52600260205260405f206024355f52602052602060ff60405f2054166040519015158152f35b346111ff5760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126111ff57600435602435801561171c575f547fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff81146112035760010190815f5567ffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001667ffffffffffffffff4216019267ffffffffffffffff8411611203575f83815260036020819052604080832080547fffffff000000000000000000ffffffffffffffffffffffffffffffffffffffff33167fffffff0000000000000000000000000000000000000000000000000000000000909116177bffffffffffffffff000000000000000000000000000000000000000060a08a901b16177c01000000000000000000000000000000000000000000000000000000001781556001810180547fffffffffffffffffffffffff00000000000000000000000000000000000000001690556002810185905590910184905580517f562b9ac80000000000000000000000000000000000000000000000000000000081526004810184905267ffffffffffffffff871660248201529391849060449082907f000000000000000000000000000000000000000000000000000000000000000073ffffffffffffffffffffffffffffffffffffffff165af180156111f4575f935f916116d0575b5060209585927f0f6ee3b7e21d29aa6d36af05e9f07c4b9c914085494fdb9cd740a99d4b38c84f92845f5260038952600460405f2061165b8960018301907fffffffff0000000000000000ffffffffffffffffffffffffffffffffffffffff7bffffffffffffffff000000000000000000000000000000000000000083549260a01b169116179055565b015560408051958652602086019190915267ffffffffffffffff9182169085015233941692606090a46109af7f000000000000000000000000000000000000000000000000000000000000000030337f00000000000000000000000000000000000000000000000000000000000000006119e1565b9350506040833d604011611714575b816116ec60409383611988565b810103126111ff5782519267ffffffffffffffff841684036111ff57602090810151906115d1565b3d91506116df565b7fd1894cc8000000000000000000000000000000000000000000000000000000005f5260045ffd5b346111ff575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126111ff57602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b346111ff575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126111ff5760206040516113888152f35b346111ff575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126111ff5760206040517f00000000000000000000000000000000000000000000000000000000000000008152f35b346111ff575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126111ff57602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b346111ff575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126111ff576020905f548152f35b7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc60609101126111ff5760043573ffffffffffffffffffffffffffffffffffffffff811681036111ff57906024359060443590565b610100810190811067ffffffffffffffff82111761195b57604052565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff82111761195b57604052565b908160209103126111ff575180151581036111ff5790565b92909173ffffffffffffffffffffffffffffffffffffffff9081604051947f23b872dd000000000000000000000000000000000000000000000000000000005f52166004521660245260445260205f60648180865af19060015f5114821615611a96575b6040525f60605215611a545750565b73ffffffffffffffffffffffffffffffffffffffff907f5274afe7000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b906001811516611aae57823b15153d15161690611a45565b503d5f823e3d90fd5b90815f52600360205260405f209160ff835460e01c16600581101561127957600103611ae05750565b7f341b372a000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b73ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016906002810154925f936004830154604051917f40797bbc00000000000000000000000000000000000000000000000000000000835260048301526024820152602081604481875afa9081156111f4575f91611c84575b50611c7e5715611c12576001015460a01c67ffffffffffffffff16813b156104cd5782916024839260405194859384927f4c125e7900000000000000000000000000000000000000000000000000000000845260048401525af180156104c257611c00575050565b611c0b828092611988565b6101525750565b67ffffffffffffffff9192506001015460a01c16813b156111ff575f916024839260405194859384927f41fbbc3100000000000000000000000000000000000000000000000000000000845260048401525af180156111f457611c725750565b5f611c7c91611988565b565b50505050565b611c9d915060203d60201161069d5761068f8183611988565b5f611b98565b9173ffffffffffffffffffffffffffffffffffffffff604051927fa9059cbb000000000000000000000000000000000000000000000000000000005f521660045260245260205f60448180865af19060015f5114821615611d0a575b60405215611a545750565b906001811516611aae57823b15153d15161690611cff56",
}

// Disputes is an auto generated Go binding around an Ethereum contract.
type Disputes struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *Disputes) GetABI() abi.ABI {
	return c.abi
}

// NewDisputes creates a new instance of Disputes.
func NewDisputes() *Disputes {
	parsed, err := DisputesMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &Disputes{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *Disputes) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address token_, address registry_, address distributor_, address arbiter_, address treasury_, uint256 bond_, uint64 resolveWithin_, uint256 challengerShareBps_) returns()
func (disputes *Disputes) PackConstructor(token_ common.Address, registry_ common.Address, distributor_ common.Address, arbiter_ common.Address, treasury_ common.Address, bond_ *big.Int, resolveWithin_ uint64, challengerShareBps_ *big.Int) []byte {
	enc, err := disputes.abi.Pack("", token_, registry_, distributor_, arbiter_, treasury_, bond_, resolveWithin_, challengerShareBps_)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackMAXRESOLVEWITHIN is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe8f88f0e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_RESOLVE_WITHIN() view returns(uint64)
func (disputes *Disputes) PackMAXRESOLVEWITHIN() []byte {
	enc, err := disputes.abi.Pack("MAX_RESOLVE_WITHIN")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXRESOLVEWITHIN is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe8f88f0e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_RESOLVE_WITHIN() view returns(uint64)
func (disputes *Disputes) TryPackMAXRESOLVEWITHIN() ([]byte, error) {
	return disputes.abi.Pack("MAX_RESOLVE_WITHIN")
}

// UnpackMAXRESOLVEWITHIN is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe8f88f0e.
//
// Solidity: function MAX_RESOLVE_WITHIN() view returns(uint64)
func (disputes *Disputes) UnpackMAXRESOLVEWITHIN(data []byte) (uint64, error) {
	out, err := disputes.abi.Unpack("MAX_RESOLVE_WITHIN", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackMAXSHAREBPS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x65f267be.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_SHARE_BPS() view returns(uint256)
func (disputes *Disputes) PackMAXSHAREBPS() []byte {
	enc, err := disputes.abi.Pack("MAX_SHARE_BPS")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXSHAREBPS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x65f267be.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_SHARE_BPS() view returns(uint256)
func (disputes *Disputes) TryPackMAXSHAREBPS() ([]byte, error) {
	return disputes.abi.Pack("MAX_SHARE_BPS")
}

// UnpackMAXSHAREBPS is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x65f267be.
//
// Solidity: function MAX_SHARE_BPS() view returns(uint256)
func (disputes *Disputes) UnpackMAXSHAREBPS(data []byte) (*big.Int, error) {
	out, err := disputes.abi.Unpack("MAX_SHARE_BPS", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackArbiter is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfe25e00a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function arbiter() view returns(address)
func (disputes *Disputes) PackArbiter() []byte {
	enc, err := disputes.abi.Pack("arbiter")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackArbiter is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfe25e00a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function arbiter() view returns(address)
func (disputes *Disputes) TryPackArbiter() ([]byte, error) {
	return disputes.abi.Pack("arbiter")
}

// UnpackArbiter is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xfe25e00a.
//
// Solidity: function arbiter() view returns(address)
func (disputes *Disputes) UnpackArbiter(data []byte) (common.Address, error) {
	out, err := disputes.abi.Unpack("arbiter", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackBond is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x64c9ec6f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function bond() view returns(uint256)
func (disputes *Disputes) PackBond() []byte {
	enc, err := disputes.abi.Pack("bond")
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
func (disputes *Disputes) TryPackBond() ([]byte, error) {
	return disputes.abi.Pack("bond")
}

// UnpackBond is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x64c9ec6f.
//
// Solidity: function bond() view returns(uint256)
func (disputes *Disputes) UnpackBond(data []byte) (*big.Int, error) {
	out, err := disputes.abi.Unpack("bond", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackChallengeNode is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcac0daaf.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function challengeNode(address node, bytes32 receipt, bytes32 evidence) returns(uint256 id)
func (disputes *Disputes) PackChallengeNode(node common.Address, receipt [32]byte, evidence [32]byte) []byte {
	enc, err := disputes.abi.Pack("challengeNode", node, receipt, evidence)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackChallengeNode is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcac0daaf.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function challengeNode(address node, bytes32 receipt, bytes32 evidence) returns(uint256 id)
func (disputes *Disputes) TryPackChallengeNode(node common.Address, receipt [32]byte, evidence [32]byte) ([]byte, error) {
	return disputes.abi.Pack("challengeNode", node, receipt, evidence)
}

// UnpackChallengeNode is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xcac0daaf.
//
// Solidity: function challengeNode(address node, bytes32 receipt, bytes32 evidence) returns(uint256 id)
func (disputes *Disputes) UnpackChallengeNode(data []byte) (*big.Int, error) {
	out, err := disputes.abi.Unpack("challengeNode", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackChallengeRoot is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8531211c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function challengeRoot(bytes32 root, bytes32 evidence) returns(uint256 id)
func (disputes *Disputes) PackChallengeRoot(root [32]byte, evidence [32]byte) []byte {
	enc, err := disputes.abi.Pack("challengeRoot", root, evidence)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackChallengeRoot is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8531211c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function challengeRoot(bytes32 root, bytes32 evidence) returns(uint256 id)
func (disputes *Disputes) TryPackChallengeRoot(root [32]byte, evidence [32]byte) ([]byte, error) {
	return disputes.abi.Pack("challengeRoot", root, evidence)
}

// UnpackChallengeRoot is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8531211c.
//
// Solidity: function challengeRoot(bytes32 root, bytes32 evidence) returns(uint256 id)
func (disputes *Disputes) UnpackChallengeRoot(data []byte) (*big.Int, error) {
	out, err := disputes.abi.Unpack("challengeRoot", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackChallengerShareBps is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xeecf3fed.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function challengerShareBps() view returns(uint256)
func (disputes *Disputes) PackChallengerShareBps() []byte {
	enc, err := disputes.abi.Pack("challengerShareBps")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackChallengerShareBps is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xeecf3fed.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function challengerShareBps() view returns(uint256)
func (disputes *Disputes) TryPackChallengerShareBps() ([]byte, error) {
	return disputes.abi.Pack("challengerShareBps")
}

// UnpackChallengerShareBps is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xeecf3fed.
//
// Solidity: function challengerShareBps() view returns(uint256)
func (disputes *Disputes) UnpackChallengerShareBps(data []byte) (*big.Int, error) {
	out, err := disputes.abi.Unpack("challengerShareBps", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackCount is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x06661abd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function count() view returns(uint256)
func (disputes *Disputes) PackCount() []byte {
	enc, err := disputes.abi.Pack("count")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCount is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x06661abd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function count() view returns(uint256)
func (disputes *Disputes) TryPackCount() ([]byte, error) {
	return disputes.abi.Pack("count")
}

// UnpackCount is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x06661abd.
//
// Solidity: function count() view returns(uint256)
func (disputes *Disputes) UnpackCount(data []byte) (*big.Int, error) {
	out, err := disputes.abi.Unpack("count", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackDisputeAbout is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xeda38103.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function disputeAbout(address node, bytes32 receipt, bytes32 evidence) view returns(uint256 id)
func (disputes *Disputes) PackDisputeAbout(node common.Address, receipt [32]byte, evidence [32]byte) []byte {
	enc, err := disputes.abi.Pack("disputeAbout", node, receipt, evidence)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDisputeAbout is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xeda38103.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function disputeAbout(address node, bytes32 receipt, bytes32 evidence) view returns(uint256 id)
func (disputes *Disputes) TryPackDisputeAbout(node common.Address, receipt [32]byte, evidence [32]byte) ([]byte, error) {
	return disputes.abi.Pack("disputeAbout", node, receipt, evidence)
}

// UnpackDisputeAbout is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xeda38103.
//
// Solidity: function disputeAbout(address node, bytes32 receipt, bytes32 evidence) view returns(uint256 id)
func (disputes *Disputes) UnpackDisputeAbout(data []byte) (*big.Int, error) {
	out, err := disputes.abi.Unpack("disputeAbout", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackDisputeOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb1eb0fb7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function disputeOf(uint256 id) view returns((address,uint64,uint8,address,uint64,bytes32,bytes32,bytes32))
func (disputes *Disputes) PackDisputeOf(id *big.Int) []byte {
	enc, err := disputes.abi.Pack("disputeOf", id)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDisputeOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb1eb0fb7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function disputeOf(uint256 id) view returns((address,uint64,uint8,address,uint64,bytes32,bytes32,bytes32))
func (disputes *Disputes) TryPackDisputeOf(id *big.Int) ([]byte, error) {
	return disputes.abi.Pack("disputeOf", id)
}

// UnpackDisputeOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xb1eb0fb7.
//
// Solidity: function disputeOf(uint256 id) view returns((address,uint64,uint8,address,uint64,bytes32,bytes32,bytes32))
func (disputes *Disputes) UnpackDisputeOf(data []byte) (DisputesDispute, error) {
	out, err := disputes.abi.Unpack("disputeOf", data)
	if err != nil {
		return *new(DisputesDispute), err
	}
	out0 := *abi.ConvertType(out[0], new(DisputesDispute)).(*DisputesDispute)
	return out0, nil
}

// PackDistributor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xbfe10928.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function distributor() view returns(address)
func (disputes *Disputes) PackDistributor() []byte {
	enc, err := disputes.abi.Pack("distributor")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDistributor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xbfe10928.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function distributor() view returns(address)
func (disputes *Disputes) TryPackDistributor() ([]byte, error) {
	return disputes.abi.Pack("distributor")
}

// UnpackDistributor is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xbfe10928.
//
// Solidity: function distributor() view returns(address)
func (disputes *Disputes) UnpackDistributor(data []byte) (common.Address, error) {
	out, err := disputes.abi.Unpack("distributor", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackLapse is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xdd91d923.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function lapse(uint256 id) returns()
func (disputes *Disputes) PackLapse(id *big.Int) []byte {
	enc, err := disputes.abi.Pack("lapse", id)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackLapse is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xdd91d923.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function lapse(uint256 id) returns()
func (disputes *Disputes) TryPackLapse(id *big.Int) ([]byte, error) {
	return disputes.abi.Pack("lapse", id)
}

// PackRegistry is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7b103999.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function registry() view returns(address)
func (disputes *Disputes) PackRegistry() []byte {
	enc, err := disputes.abi.Pack("registry")
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
func (disputes *Disputes) TryPackRegistry() ([]byte, error) {
	return disputes.abi.Pack("registry")
}

// UnpackRegistry is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x7b103999.
//
// Solidity: function registry() view returns(address)
func (disputes *Disputes) UnpackRegistry(data []byte) (common.Address, error) {
	out, err := disputes.abi.Unpack("registry", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackResolve is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa8fc138c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function resolve(uint256 id, bool upheld, uint256 slashWei) returns()
func (disputes *Disputes) PackResolve(id *big.Int, upheld bool, slashWei *big.Int) []byte {
	enc, err := disputes.abi.Pack("resolve", id, upheld, slashWei)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackResolve is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa8fc138c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function resolve(uint256 id, bool upheld, uint256 slashWei) returns()
func (disputes *Disputes) TryPackResolve(id *big.Int, upheld bool, slashWei *big.Int) ([]byte, error) {
	return disputes.abi.Pack("resolve", id, upheld, slashWei)
}

// PackResolveWithin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc6acdd5e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function resolveWithin() view returns(uint64)
func (disputes *Disputes) PackResolveWithin() []byte {
	enc, err := disputes.abi.Pack("resolveWithin")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackResolveWithin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc6acdd5e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function resolveWithin() view returns(uint64)
func (disputes *Disputes) TryPackResolveWithin() ([]byte, error) {
	return disputes.abi.Pack("resolveWithin")
}

// UnpackResolveWithin is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xc6acdd5e.
//
// Solidity: function resolveWithin() view returns(uint64)
func (disputes *Disputes) UnpackResolveWithin(data []byte) (uint64, error) {
	out, err := disputes.abi.Unpack("resolveWithin", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackSettled is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x86efd7ea.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function settled(address node, bytes32 receipt) view returns(bool)
func (disputes *Disputes) PackSettled(node common.Address, receipt [32]byte) []byte {
	enc, err := disputes.abi.Pack("settled", node, receipt)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSettled is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x86efd7ea.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function settled(address node, bytes32 receipt) view returns(bool)
func (disputes *Disputes) TryPackSettled(node common.Address, receipt [32]byte) ([]byte, error) {
	return disputes.abi.Pack("settled", node, receipt)
}

// UnpackSettled is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x86efd7ea.
//
// Solidity: function settled(address node, bytes32 receipt) view returns(bool)
func (disputes *Disputes) UnpackSettled(data []byte) (bool, error) {
	out, err := disputes.abi.Unpack("settled", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackToken is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xfc0c546a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function token() view returns(address)
func (disputes *Disputes) PackToken() []byte {
	enc, err := disputes.abi.Pack("token")
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
func (disputes *Disputes) TryPackToken() ([]byte, error) {
	return disputes.abi.Pack("token")
}

// UnpackToken is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xfc0c546a.
//
// Solidity: function token() view returns(address)
func (disputes *Disputes) UnpackToken(data []byte) (common.Address, error) {
	out, err := disputes.abi.Unpack("token", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackTreasury is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x61d027b3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function treasury() view returns(address)
func (disputes *Disputes) PackTreasury() []byte {
	enc, err := disputes.abi.Pack("treasury")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTreasury is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x61d027b3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function treasury() view returns(address)
func (disputes *Disputes) TryPackTreasury() ([]byte, error) {
	return disputes.abi.Pack("treasury")
}

// UnpackTreasury is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x61d027b3.
//
// Solidity: function treasury() view returns(address)
func (disputes *Disputes) UnpackTreasury(data []byte) (common.Address, error) {
	out, err := disputes.abi.Unpack("treasury", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// DisputesLapsed represents a Lapsed event raised by the Disputes contract.
type DisputesLapsed struct {
	Id  *big.Int
	Raw *types.Log // Blockchain specific contextual infos
}

const DisputesLapsedEventName = "Lapsed"

// ContractEventName returns the user-defined event name.
func (DisputesLapsed) ContractEventName() string {
	return DisputesLapsedEventName
}

// UnpackLapsedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Lapsed(uint256 indexed id)
func (disputes *Disputes) UnpackLapsedEvent(log *types.Log) (*DisputesLapsed, error) {
	event := "Lapsed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != disputes.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DisputesLapsed)
	if len(log.Data) > 0 {
		if err := disputes.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range disputes.abi.Events[event].Inputs {
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

// DisputesNodeChallenged represents a NodeChallenged event raised by the Disputes contract.
type DisputesNodeChallenged struct {
	Id         *big.Int
	Node       common.Address
	Challenger common.Address
	Receipt    [32]byte
	Evidence   [32]byte
	Deadline   uint64
	Raw        *types.Log // Blockchain specific contextual infos
}

const DisputesNodeChallengedEventName = "NodeChallenged"

// ContractEventName returns the user-defined event name.
func (DisputesNodeChallenged) ContractEventName() string {
	return DisputesNodeChallengedEventName
}

// UnpackNodeChallengedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event NodeChallenged(uint256 indexed id, address indexed node, address indexed challenger, bytes32 receipt, bytes32 evidence, uint64 deadline)
func (disputes *Disputes) UnpackNodeChallengedEvent(log *types.Log) (*DisputesNodeChallenged, error) {
	event := "NodeChallenged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != disputes.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DisputesNodeChallenged)
	if len(log.Data) > 0 {
		if err := disputes.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range disputes.abi.Events[event].Inputs {
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

// DisputesResolved represents a Resolved event raised by the Disputes contract.
type DisputesResolved struct {
	Id      *big.Int
	Upheld  bool
	Slashed *big.Int
	Raw     *types.Log // Blockchain specific contextual infos
}

const DisputesResolvedEventName = "Resolved"

// ContractEventName returns the user-defined event name.
func (DisputesResolved) ContractEventName() string {
	return DisputesResolvedEventName
}

// UnpackResolvedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Resolved(uint256 indexed id, bool upheld, uint256 slashed)
func (disputes *Disputes) UnpackResolvedEvent(log *types.Log) (*DisputesResolved, error) {
	event := "Resolved"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != disputes.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DisputesResolved)
	if len(log.Data) > 0 {
		if err := disputes.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range disputes.abi.Events[event].Inputs {
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

// DisputesRootChallenged represents a RootChallenged event raised by the Disputes contract.
type DisputesRootChallenged struct {
	Id         *big.Int
	Epoch      uint64
	Challenger common.Address
	Root       [32]byte
	Evidence   [32]byte
	Deadline   uint64
	Raw        *types.Log // Blockchain specific contextual infos
}

const DisputesRootChallengedEventName = "RootChallenged"

// ContractEventName returns the user-defined event name.
func (DisputesRootChallenged) ContractEventName() string {
	return DisputesRootChallengedEventName
}

// UnpackRootChallengedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RootChallenged(uint256 indexed id, uint64 indexed epoch, address indexed challenger, bytes32 root, bytes32 evidence, uint64 deadline)
func (disputes *Disputes) UnpackRootChallengedEvent(log *types.Log) (*DisputesRootChallenged, error) {
	event := "RootChallenged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != disputes.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DisputesRootChallenged)
	if len(log.Data) > 0 {
		if err := disputes.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range disputes.abi.Events[event].Inputs {
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
func (disputes *Disputes) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], disputes.abi.Errors["DeadlineAhead"].ID.Bytes()[:4]) {
		return disputes.UnpackDeadlineAheadError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["DeadlinePassed"].ID.Bytes()[:4]) {
		return disputes.UnpackDeadlinePassedError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["DisputeExists"].ID.Bytes()[:4]) {
		return disputes.UnpackDisputeExistsError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["NotArbiter"].ID.Bytes()[:4]) {
		return disputes.UnpackNotArbiterError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["NotNamedBy"].ID.Bytes()[:4]) {
		return disputes.UnpackNotNamedByError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["NotOpen"].ID.Bytes()[:4]) {
		return disputes.UnpackNotOpenError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["ReceiptSettled"].ID.Bytes()[:4]) {
		return disputes.UnpackReceiptSettledError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["ResolveWithinOutOfRange"].ID.Bytes()[:4]) {
		return disputes.UnpackResolveWithinOutOfRangeError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["RootsAreNotSlashed"].ID.Bytes()[:4]) {
		return disputes.UnpackRootsAreNotSlashedError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["SafeERC20FailedOperation"].ID.Bytes()[:4]) {
		return disputes.UnpackSafeERC20FailedOperationError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["ShareTooHigh"].ID.Bytes()[:4]) {
		return disputes.UnpackShareTooHighError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["ZeroAddress"].ID.Bytes()[:4]) {
		return disputes.UnpackZeroAddressError(raw[4:])
	}
	if bytes.Equal(raw[:4], disputes.abi.Errors["ZeroEvidence"].ID.Bytes()[:4]) {
		return disputes.UnpackZeroEvidenceError(raw[4:])
	}
	return nil, errors.New("unknown error")
}

// DisputesDeadlineAhead represents a DeadlineAhead error raised by the Disputes contract.
type DisputesDeadlineAhead struct {
	Id       *big.Int
	Deadline uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error DeadlineAhead(uint256 id, uint64 deadline)
func DisputesDeadlineAheadErrorID() common.Hash {
	return common.HexToHash("0x85bccb335368f33af7073feb40b4ed116643cc1278af6711847de6f24de7412f")
}

// UnpackDeadlineAheadError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error DeadlineAhead(uint256 id, uint64 deadline)
func (disputes *Disputes) UnpackDeadlineAheadError(raw []byte) (*DisputesDeadlineAhead, error) {
	out := new(DisputesDeadlineAhead)
	if err := disputes.abi.UnpackIntoInterface(out, "DeadlineAhead", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesDeadlinePassed represents a DeadlinePassed error raised by the Disputes contract.
type DisputesDeadlinePassed struct {
	Id       *big.Int
	Deadline uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error DeadlinePassed(uint256 id, uint64 deadline)
func DisputesDeadlinePassedErrorID() common.Hash {
	return common.HexToHash("0x6f0a34828df90908cf3774b174f2452672331db746c88a2ea16ec99853e591b9")
}

// UnpackDeadlinePassedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error DeadlinePassed(uint256 id, uint64 deadline)
func (disputes *Disputes) UnpackDeadlinePassedError(raw []byte) (*DisputesDeadlinePassed, error) {
	out := new(DisputesDeadlinePassed)
	if err := disputes.abi.UnpackIntoInterface(out, "DeadlinePassed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesDisputeExists represents a DisputeExists error raised by the Disputes contract.
type DisputesDisputeExists struct {
	Id *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error DisputeExists(uint256 id)
func DisputesDisputeExistsErrorID() common.Hash {
	return common.HexToHash("0xfb21bd74bdebacf8a6cc44db364dadc94e6efb824392ebfd3cdfb8c8e941c89a")
}

// UnpackDisputeExistsError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error DisputeExists(uint256 id)
func (disputes *Disputes) UnpackDisputeExistsError(raw []byte) (*DisputesDisputeExists, error) {
	out := new(DisputesDisputeExists)
	if err := disputes.abi.UnpackIntoInterface(out, "DisputeExists", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesNotArbiter represents a NotArbiter error raised by the Disputes contract.
type DisputesNotArbiter struct {
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotArbiter(address caller)
func DisputesNotArbiterErrorID() common.Hash {
	return common.HexToHash("0x720c75c28bf729d07d907a7cb2128014dd379623a8d7da4275d1c2374b21e016")
}

// UnpackNotArbiterError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotArbiter(address caller)
func (disputes *Disputes) UnpackNotArbiterError(raw []byte) (*DisputesNotArbiter, error) {
	out := new(DisputesNotArbiter)
	if err := disputes.abi.UnpackIntoInterface(out, "NotArbiter", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesNotNamedBy represents a NotNamedBy error raised by the Disputes contract.
type DisputesNotNamedBy struct {
	Contract common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotNamedBy(address contract_)
func DisputesNotNamedByErrorID() common.Hash {
	return common.HexToHash("0x715b6d7d6fa5fa70df9f1c55d379c494822585d5b623521445c8536d74e8fc38")
}

// UnpackNotNamedByError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotNamedBy(address contract_)
func (disputes *Disputes) UnpackNotNamedByError(raw []byte) (*DisputesNotNamedBy, error) {
	out := new(DisputesNotNamedBy)
	if err := disputes.abi.UnpackIntoInterface(out, "NotNamedBy", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesNotOpen represents a NotOpen error raised by the Disputes contract.
type DisputesNotOpen struct {
	Id *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotOpen(uint256 id)
func DisputesNotOpenErrorID() common.Hash {
	return common.HexToHash("0x341b372afd90a6d43f9bc234e4fc4c4b6378987f90b3c1d91800bdf4e8ce31b8")
}

// UnpackNotOpenError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotOpen(uint256 id)
func (disputes *Disputes) UnpackNotOpenError(raw []byte) (*DisputesNotOpen, error) {
	out := new(DisputesNotOpen)
	if err := disputes.abi.UnpackIntoInterface(out, "NotOpen", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesReceiptSettled represents a ReceiptSettled error raised by the Disputes contract.
type DisputesReceiptSettled struct {
	Node    common.Address
	Receipt [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ReceiptSettled(address node, bytes32 receipt)
func DisputesReceiptSettledErrorID() common.Hash {
	return common.HexToHash("0x846eb47d2ff3b7e994f7e752c2faaa8069acaefe774cac934831e9657e36abcf")
}

// UnpackReceiptSettledError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ReceiptSettled(address node, bytes32 receipt)
func (disputes *Disputes) UnpackReceiptSettledError(raw []byte) (*DisputesReceiptSettled, error) {
	out := new(DisputesReceiptSettled)
	if err := disputes.abi.UnpackIntoInterface(out, "ReceiptSettled", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesResolveWithinOutOfRange represents a ResolveWithinOutOfRange error raised by the Disputes contract.
type DisputesResolveWithinOutOfRange struct {
	Delay uint64
	Limit uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ResolveWithinOutOfRange(uint64 delay, uint64 limit)
func DisputesResolveWithinOutOfRangeErrorID() common.Hash {
	return common.HexToHash("0xde54565acb622e255ea91d3f33e862db029f5cb65a89f8b77ac10da480036b8e")
}

// UnpackResolveWithinOutOfRangeError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ResolveWithinOutOfRange(uint64 delay, uint64 limit)
func (disputes *Disputes) UnpackResolveWithinOutOfRangeError(raw []byte) (*DisputesResolveWithinOutOfRange, error) {
	out := new(DisputesResolveWithinOutOfRange)
	if err := disputes.abi.UnpackIntoInterface(out, "ResolveWithinOutOfRange", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesRootsAreNotSlashed represents a RootsAreNotSlashed error raised by the Disputes contract.
type DisputesRootsAreNotSlashed struct {
	Id *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error RootsAreNotSlashed(uint256 id)
func DisputesRootsAreNotSlashedErrorID() common.Hash {
	return common.HexToHash("0xfb9a6822d6e87ea65c55be368c43429f19914ce57b4e479e69da24408f253af3")
}

// UnpackRootsAreNotSlashedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error RootsAreNotSlashed(uint256 id)
func (disputes *Disputes) UnpackRootsAreNotSlashedError(raw []byte) (*DisputesRootsAreNotSlashed, error) {
	out := new(DisputesRootsAreNotSlashed)
	if err := disputes.abi.UnpackIntoInterface(out, "RootsAreNotSlashed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesSafeERC20FailedOperation represents a SafeERC20FailedOperation error raised by the Disputes contract.
type DisputesSafeERC20FailedOperation struct {
	Token common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeERC20FailedOperation(address token)
func DisputesSafeERC20FailedOperationErrorID() common.Hash {
	return common.HexToHash("0x5274afe73c98b4749fc91ffae6b7b574e7842cb2144a159e9377a5f20b32edf9")
}

// UnpackSafeERC20FailedOperationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeERC20FailedOperation(address token)
func (disputes *Disputes) UnpackSafeERC20FailedOperationError(raw []byte) (*DisputesSafeERC20FailedOperation, error) {
	out := new(DisputesSafeERC20FailedOperation)
	if err := disputes.abi.UnpackIntoInterface(out, "SafeERC20FailedOperation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesShareTooHigh represents a ShareTooHigh error raised by the Disputes contract.
type DisputesShareTooHigh struct {
	Share *big.Int
	Limit *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ShareTooHigh(uint256 share, uint256 limit)
func DisputesShareTooHighErrorID() common.Hash {
	return common.HexToHash("0xc5f096df83a6c1a15ac8ed91c7a5086b7904c494a3ad82efb645de99c28ca5fd")
}

// UnpackShareTooHighError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ShareTooHigh(uint256 share, uint256 limit)
func (disputes *Disputes) UnpackShareTooHighError(raw []byte) (*DisputesShareTooHigh, error) {
	out := new(DisputesShareTooHigh)
	if err := disputes.abi.UnpackIntoInterface(out, "ShareTooHigh", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesZeroAddress represents a ZeroAddress error raised by the Disputes contract.
type DisputesZeroAddress struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ZeroAddress()
func DisputesZeroAddressErrorID() common.Hash {
	return common.HexToHash("0xd92e233df2717d4a40030e20904abd27b68fcbeede117eaaccbbdac9618c8c73")
}

// UnpackZeroAddressError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ZeroAddress()
func (disputes *Disputes) UnpackZeroAddressError(raw []byte) (*DisputesZeroAddress, error) {
	out := new(DisputesZeroAddress)
	if err := disputes.abi.UnpackIntoInterface(out, "ZeroAddress", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DisputesZeroEvidence represents a ZeroEvidence error raised by the Disputes contract.
type DisputesZeroEvidence struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ZeroEvidence()
func DisputesZeroEvidenceErrorID() common.Hash {
	return common.HexToHash("0xd1894cc842980e0db7effa38dfe2aee442e6b265ce81aa13f2523188ce2a852b")
}

// UnpackZeroEvidenceError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ZeroEvidence()
func (disputes *Disputes) UnpackZeroEvidenceError(raw []byte) (*DisputesZeroEvidence, error) {
	out := new(DisputesZeroEvidence)
	if err := disputes.abi.UnpackIntoInterface(out, "ZeroEvidence", raw); err != nil {
		return nil, err
	}
	return out, nil
}
