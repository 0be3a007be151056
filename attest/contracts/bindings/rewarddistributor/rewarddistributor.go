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
	Proof         [][32]byte
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
	ABI: "[{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner_\",\"type\":\"address\"},{\"internalType\":\"contractIMintable\",\"name\":\"token_\",\"type\":\"address\"},{\"internalType\":\"contractINodeRegistry\",\"name\":\"registry_\",\"type\":\"address\"},{\"internalType\":\"uint96\",\"name\":\"ratePerSecond_\",\"type\":\"uint96\"},{\"internalType\":\"uint64\",\"name\":\"activationDelay_\",\"type\":\"uint64\"},{\"internalType\":\"address\",\"name\":\"poster_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"guardian_\",\"type\":\"address\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"delay\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"minimum\",\"type\":\"uint64\"}],\"name\":\"ActivationDelayTooShort\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"activeEpoch\",\"type\":\"uint64\"}],\"name\":\"EpochNotNewer\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"cumulativeWei\",\"type\":\"uint256\"}],\"name\":\"InvalidProof\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoActiveRoot\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoPendingRoot\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"NodeNotRegistered\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotGuardian\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotPoster\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"claimed\",\"type\":\"uint256\"}],\"name\":\"NothingToClaim\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"OwnableInvalidOwner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"OwnableUnauthorizedAccount\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"name\":\"PendingRootExists\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"name\":\"PendingRootNotDue\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"PosterIsGuardian\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"}],\"name\":\"RootWasVetoed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"claims\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"limit\",\"type\":\"uint256\"}],\"name\":\"TooManyClaims\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"cumulativeTotal\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"activeTotal\",\"type\":\"uint256\"}],\"name\":\"TotalFell\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"cumulativeTotal\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"allowed\",\"type\":\"uint256\"}],\"name\":\"TotalOverRate\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"name\":\"VetoTooLate\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroAddress\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ZeroRoot\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"recipient\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"cumulativeWei\",\"type\":\"uint256\"}],\"name\":\"Claimed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previous\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"current\",\"type\":\"address\"}],\"name\":\"GuardianChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previousOwner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"OwnershipTransferStarted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previousOwner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"OwnershipTransferred\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previous\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"current\",\"type\":\"address\"}],\"name\":\"PosterChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"minted\",\"type\":\"uint256\"}],\"name\":\"RootActivated\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"cumulativeTotal\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"name\":\"RootPosted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"}],\"name\":\"RootVetoed\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"MAX_CLAIMS\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MIN_ACTIVATION_DELAY\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"acceptOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"activate\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"activationDelay\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"activeEpoch\",\"outputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint128\",\"name\":\"cumulativeTotal\",\"type\":\"uint128\"},{\"internalType\":\"uint64\",\"name\":\"number\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"internalType\":\"structRewardDistributor.Epoch\",\"name\":\"\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"allowedTotal\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"poster_\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"guardian_\",\"type\":\"address\"}],\"name\":\"appoint\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"cumulativeWei\",\"type\":\"uint256\"},{\"internalType\":\"bytes32[]\",\"name\":\"proof\",\"type\":\"bytes32[]\"}],\"name\":\"claim\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"cumulativeWei\",\"type\":\"uint256\"},{\"internalType\":\"bytes32[]\",\"name\":\"proof\",\"type\":\"bytes32[]\"}],\"internalType\":\"structRewardDistributor.Claim[]\",\"name\":\"claims\",\"type\":\"tuple[]\"}],\"name\":\"claimMany\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"total\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"node\",\"type\":\"address\"}],\"name\":\"claimed\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"dismissPoster\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"guardian\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"owner\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pendingEpoch\",\"outputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint128\",\"name\":\"cumulativeTotal\",\"type\":\"uint128\"},{\"internalType\":\"uint64\",\"name\":\"number\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"activeAt\",\"type\":\"uint64\"}],\"internalType\":\"structRewardDistributor.Epoch\",\"name\":\"epoch\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pendingOwner\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"},{\"internalType\":\"uint128\",\"name\":\"cumulativeTotal\",\"type\":\"uint128\"},{\"internalType\":\"uint64\",\"name\":\"epoch\",\"type\":\"uint64\"}],\"name\":\"postRoot\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"poster\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"ratePerSecond\",\"outputs\":[{\"internalType\":\"uint96\",\"name\":\"\",\"type\":\"uint96\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"registry\",\"outputs\":[{\"internalType\":\"contractINodeRegistry\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"renounceOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"startedAt\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"token\",\"outputs\":[{\"internalType\":\"contractIMintable\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"transferOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"}],\"name\":\"veto\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"datasetHash\",\"type\":\"bytes32\"}],\"name\":\"vetoed\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"}]",
	ID:  "b82ac6eabf1bdb7d9782c41649d482a589",
	Bin: "0x610120346102be57601f611f0b38819003918201601f19168301916001600160401b038311848410176102c25780849260e0946040528339810103126102be57610048816102d6565b60208201519091906001600160a01b0381168082036102be5760408301516001600160a01b038116928382036102be576060850151926001600160601b03841684036102be576080860151946001600160401b038616918287036102be576100be60c06100b760a08b016102d6565b99016102d6565b986001600160a01b031680156102ab57600180546001600160a01b03199081169091555f8054918216831781556001600160a01b03909116907f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e09080a3159081156102a2575b5061026957620151808110610289575060805260a05260c05260e052426001600160401b0316610100526001600160a01b03169081158015610278575b610269576001600160a01b031681811461025a5760025460405192806001600160a01b0383167f32487a31d5a41d672510a2a1aa50e214e52d5d25fd9a9e94dfa66f4349f8840f5f80a360035491836001600160a01b0384167fa14fc14d8620a708a896fd11392a235647d99385500a295f0d7da2a258b2e9675f80a36001600160a01b0319908116919091176002551617600355611c2090816102eb8239608051818181610181015281816117df0152611a4a015260a051818181610d0d015261199c015260c051818181610b100152611622015260e05181818161076b015261125f0152610100518181816104ff01526116500152f35b630704c36360e31b5f5260045ffd5b63d92e233d60e01b5f5260045ffd5b506001600160a01b03811615610161565b630203257d60e51b5f526004526201518060245260445ffd5b9050155f610124565b631e4fbdf760e01b5f525f60045260245ffd5b5f80fd5b634e487b7160e01b5f52604160045260245ffd5b51906001600160a01b03821682036102be5756fe60806040526004361015610011575f80fd5b5f3560e01c80630f15f4c0146114155780631ea04de3146112835780633a8c0786146112215780633d13f8741461114e57806340797bbc146110f5578063452a9320146110a45780635210c36414610efb578063715018a614610e3957806379ba509714610d315780637b10399914610cc35780638095972114610c72578063875cbb7514610bbf5780638ab0e24114610b845780638da5cb5b14610b345780638eff1a9814610ace5780639f6b4a3b146109cf578063b66eb55e14610651578063c884ef83146105ee578063cf62ba92146105b4578063de6b142e14610574578063e30c397814610523578063f21f537d146104c1578063f2fde38b14610404578063f552501a14610338578063fb6f93f9146101a95763fc0c546a14610137575f80fd5b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b5f80fd5b346101a55760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a55760043573ffffffffffffffffffffffffffffffffffffffff60035416330361030c57600b5460c01c80158015610300575b6102d857804210156102ad575077ffffffffffffffffffffffffffffffffffffffffffffffff600b5416600b55805f52600560205260405f20600a545f5260205260405f2060017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0082541617905567ffffffffffffffff600b5460801c167f971b2371084edeba42390e4c63a82f4fc90e4f3fb50a3b754a49c6d7825ab0ca5f80a3005b7fe3d5ebbe000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7f2a01895e000000000000000000000000000000000000000000000000000000005f5260045ffd5b50816009541415610209565b7fa252c151000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a55761036e61158a565b600b5460c01c1515806103f5575b6103e2575b6103de9060405191829182919091608067ffffffffffffffff8160a084019580518552602081015160208601526fffffffffffffffffffffffffffffffff6040820151166040860152826060820151166060860152015116910152565b0390f35b506103de6103ee6115b4565b9050610381565b506103fe611c05565b1561037c565b346101a55760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a55773ffffffffffffffffffffffffffffffffffffffff61045061148b565b61045861186b565b16807fffffffffffffffffffffffff0000000000000000000000000000000000000000600154161760015573ffffffffffffffffffffffffffffffffffffffff5f54167f38d16b8cac22d99fc7c124b9cd0de2d3fa1faef420bfe791d8c362d765e227005f80a3005b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557602060405167ffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557602073ffffffffffffffffffffffffffffffffffffffff60015416604051908152f35b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a55760206105ac611613565b604051908152f35b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a55760206040516101008152f35b346101a55760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a55773ffffffffffffffffffffffffffffffffffffffff61063a61148b565b165f526004602052602060405f2054604051908152f35b346101a55760807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557600435602435906044356fffffffffffffffffffffffffffffffff81168091036101a55760643567ffffffffffffffff8116918282036101a55773ffffffffffffffffffffffffffffffffffffffff6002541633036109a3578315801561099b575b61097357835f52600560205260405f20855f5260205260ff60405f2054166109475761070c61168a565b600b548060c01c908161090b57505060085467ffffffffffffffff6fffffffffffffffffffffffffffffffff82169160801c16808511156108dc57508082106108ad5750610758611613565b80821161087e575067ffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001667ffffffffffffffff4216019067ffffffffffffffff8211610851576009859055600a8690556fffffffffffffffffffffffffffffffff811660809390931b77ffffffffffffffff00000000000000000000000000000000169290921760c082901b7fffffffffffffffff0000000000000000000000000000000000000000000000001617600b556040805192835267ffffffffffffffff9190911660208301527f890f6dffcf64c014f6ea7970869eacd97cbd6d34bc28dd86177c09639c71e9b291a4005b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b907f67c675f5000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b907fde2eed35000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b847f94147ca6000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b67ffffffffffffffff907f20684958000000000000000000000000000000000000000000000000000000005f5260801c1660045260245260445ffd5b827fd857f1b3000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7fb263ae73000000000000000000000000000000000000000000000000000000005f5260045ffd5b5084156106e2565b7f6951ee52000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557610a0561158a565b50610a0e611c05565b15610ac4576103de60095b600260405191610a2883611500565b805483526001810154602084015201546fffffffffffffffffffffffffffffffff8116604083015267ffffffffffffffff8160801c16606083015260c01c608082015260405191829182919091608067ffffffffffffffff8160a084019580518552602081015160208601526fffffffffffffffffffffffffffffffff6040820151166040860152826060820151166060860152015116910152565b6103de6006610a19565b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a55760206040516bffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557602073ffffffffffffffffffffffffffffffffffffffff5f5416604051908152f35b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a5576020604051620151808152f35b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a55773ffffffffffffffffffffffffffffffffffffffff60035416330361030c577fffffffffffffffffffffffff00000000000000000000000000000000000000006002545f73ffffffffffffffffffffffffffffffffffffffff82167f32487a31d5a41d672510a2a1aa50e214e52d5d25fd9a9e94dfa66f4349f8840f8280a316600255005b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557602073ffffffffffffffffffffffffffffffffffffffff60025416604051908152f35b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557602060405173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a5573373ffffffffffffffffffffffffffffffffffffffff6001541603610e0d577fffffffffffffffffffffffff0000000000000000000000000000000000000000600154166001555f54337fffffffffffffffffffffffff00000000000000000000000000000000000000008216175f5573ffffffffffffffffffffffffffffffffffffffff3391167f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e05f80a3005b7f118cdaa7000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557610e6f61186b565b7fffffffffffffffffffffffff0000000000000000000000000000000000000000600154166001555f73ffffffffffffffffffffffffffffffffffffffff81547fffffffffffffffffffffffff000000000000000000000000000000000000000081168355167f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e08280a3005b346101a55760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a55760043567ffffffffffffffff81116101a557610f4a9036906004016114ae565b905f9161010081116110735782610f5f61168a565b600654905f937fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa181360301915b84861015611068578560051b820135838112156101a557820173ffffffffffffffffffffffffffffffffffffffff610fc3826114df565b165f52600460205260405f205460208201358181111561105c57610fe6836114df565b926040810135907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe1813603018212156101a557019182359267ffffffffffffffff84116101a557602001918360051b360383136101a557611047948961188b565b810180911161085157600190955b0194610f8c565b50505094600190611055565b602090604051908152f35b7f3d155e0b000000000000000000000000000000000000000000000000000000005f5260045261010060245260445ffd5b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557602073ffffffffffffffffffffffffffffffffffffffff60035416604051908152f35b346101a55760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a5576004355f52600560205260405f206024355f52602052602060ff60405f2054166040519015158152f35b346101a55760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a55761118561148b565b60243560443567ffffffffffffffff81116101a5576111a89036906004016114ae565b916111b161168a565b73ffffffffffffffffffffffffffffffffffffffff841693845f52600460205260405f205494858311156111f15760206105ac868689878760065461188b565b85907f01ac6c1a000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557602060405167ffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000168152f35b346101a55760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a5576112ba61148b565b6024359073ffffffffffffffffffffffffffffffffffffffff82168092036101a55773ffffffffffffffffffffffffffffffffffffffff906112fa61186b565b168015801561140d575b6113e5578181146113bd576002547fffffffffffffffffffffffff0000000000000000000000000000000000000000918073ffffffffffffffffffffffffffffffffffffffff83167f32487a31d5a41d672510a2a1aa50e214e52d5d25fd9a9e94dfa66f4349f8840f5f80a382600354928573ffffffffffffffffffffffffffffffffffffffff85167fa14fc14d8620a708a896fd11392a235647d99385500a295f0d7da2a258b2e9675f80a316176002551617600355005b7f38261b18000000000000000000000000000000000000000000000000000000005f5260045ffd5b7fd92e233d000000000000000000000000000000000000000000000000000000005f5260045ffd5b508115611304565b346101a5575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101a557600b5460c01c80156102d8578042106114605761145e61168a565b005b7ff160a9fb000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b6004359073ffffffffffffffffffffffffffffffffffffffff821682036101a557565b9181601f840112156101a55782359167ffffffffffffffff83116101a5576020808501948460051b0101116101a557565b3573ffffffffffffffffffffffffffffffffffffffff811681036101a55790565b60a0810190811067ffffffffffffffff82111761151c57604052565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff82111761151c57604052565b6040519061159782611500565b5f6080838281528260208201528260408201528260608201520152565b604051906115c182611500565b816009548152600a5460208201526080600b546fffffffffffffffffffffffffffffffff8116604084015267ffffffffffffffff81831c16606084015260c01c910152565b9190820391821161085157565b6bffffffffffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001661167667ffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001642611606565b908181029181830414901517156108515790565b611692611c05565b1561185e5761169f6115b4565b604081016fffffffffffffffffffffffffffffffff8151166fffffffffffffffffffffffffffffffff6008541690036fffffffffffffffffffffffffffffffff81116108515782516006819055602080850151600755925160608501516080958601519581901b77ffffffffffffffff00000000000000000000000000000000166fffffffffffffffffffffffffffffffff9283161760c09690961b7fffffffffffffffff0000000000000000000000000000000000000000000000001695909517600855600b805477ffffffffffffffffffffffffffffffffffffffffffffffff169055604051921680835293909267ffffffffffffffff909116917f9e4dbc3e4b78886ae23dcc1bd3019ad0a9d4f0ca4d92bab214dcdbe63c9ab63e9190a3806117c85750565b73ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016803b156101a5576040517f40c10f1900000000000000000000000000000000000000000000000000000000815230600482015260248101929092525f908290604490829084905af18015611860576118545750565b5f61185e91611549565b565b6040513d5f823e3d90fd5b73ffffffffffffffffffffffffffffffffffffffff5f54163303610e0d57565b9392909591958415611bdd576040805173ffffffffffffffffffffffffffffffffffffffff8316602082019081528183018a90529181526118cd606082611549565b51902060405160208101918252602081526118e9604082611549565b519020945f955b8787101561192e578660051b860135908181105f1461191d575f52602052600160405f205b9601956118f0565b905f52602052600160405f20611915565b929550929550925003611b975773ffffffffffffffffffffffffffffffffffffffff604051917f695b7f23000000000000000000000000000000000000000000000000000000008352169081600482015260208160248173ffffffffffffffffffffffffffffffffffffffff7f0000000000000000000000000000000000000000000000000000000000000000165afa8015611860575f90611b34575b73ffffffffffffffffffffffffffffffffffffffff915016918215611b0857907f2f6639d24651730c7bf57c95ddbf96d66d11477e4ec626876f92c22e5f365e686040611a19859488611606565b96835f52600460205280825f20558151908882526020820152a373ffffffffffffffffffffffffffffffffffffffff7f00000000000000000000000000000000000000000000000000000000000000001690604051907fa9059cbb000000000000000000000000000000000000000000000000000000005f526004528360245260205f60448180865af19060015f5114821615611ae7575b60405215611abc5750565b7f5274afe7000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b906001811516611aff57823b15153d15161690611ab1565b503d5f823e3d90fd5b507f9c3baaed000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b506020813d602011611b8f575b81611b4e60209383611549565b810103126101a5575173ffffffffffffffffffffffffffffffffffffffff811681036101a55773ffffffffffffffffffffffffffffffffffffffff906119cb565b3d9150611b41565b73ffffffffffffffffffffffffffffffffffffffff84917fadbd6512000000000000000000000000000000000000000000000000000000005f521660045260245260445ffd5b7f7a5af78b000000000000000000000000000000000000000000000000000000005f5260045ffd5b600b5460c01c8015159081611c18575090565b90504210159056",
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
// Solidity: constructor(address owner_, address token_, address registry_, uint96 ratePerSecond_, uint64 activationDelay_, address poster_, address guardian_) returns()
func (rewardDistributor *RewardDistributor) PackConstructor(owner_ common.Address, token_ common.Address, registry_ common.Address, ratePerSecond_ *big.Int, activationDelay_ uint64, poster_ common.Address, guardian_ common.Address) []byte {
	enc, err := rewardDistributor.abi.Pack("", owner_, token_, registry_, ratePerSecond_, activationDelay_, poster_, guardian_)
	if err != nil {
		panic(err)
	}
	return enc
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
// the contract method with ID 0x5210c364.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function claimMany((address,uint256,bytes32[])[] claims) returns(uint256 total)
func (rewardDistributor *RewardDistributor) PackClaimMany(claims []RewardDistributorClaim) []byte {
	enc, err := rewardDistributor.abi.Pack("claimMany", claims)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackClaimMany is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5210c364.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function claimMany((address,uint256,bytes32[])[] claims) returns(uint256 total)
func (rewardDistributor *RewardDistributor) TryPackClaimMany(claims []RewardDistributorClaim) ([]byte, error) {
	return rewardDistributor.abi.Pack("claimMany", claims)
}

// UnpackClaimMany is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x5210c364.
//
// Solidity: function claimMany((address,uint256,bytes32[])[] claims) returns(uint256 total)
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
// the contract method with ID 0xb66eb55e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function postRoot(bytes32 root, bytes32 datasetHash, uint128 cumulativeTotal, uint64 epoch) returns()
func (rewardDistributor *RewardDistributor) PackPostRoot(root [32]byte, datasetHash [32]byte, cumulativeTotal *big.Int, epoch uint64) []byte {
	enc, err := rewardDistributor.abi.Pack("postRoot", root, datasetHash, cumulativeTotal, epoch)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPostRoot is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb66eb55e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function postRoot(bytes32 root, bytes32 datasetHash, uint128 cumulativeTotal, uint64 epoch) returns()
func (rewardDistributor *RewardDistributor) TryPackPostRoot(root [32]byte, datasetHash [32]byte, cumulativeTotal *big.Int, epoch uint64) ([]byte, error) {
	return rewardDistributor.abi.Pack("postRoot", root, datasetHash, cumulativeTotal, epoch)
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
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["EpochNotNewer"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackEpochNotNewerError(raw[4:])
	}
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["InvalidProof"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackInvalidProofError(raw[4:])
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
	if bytes.Equal(raw[:4], rewardDistributor.abi.Errors["TooManyClaims"].ID.Bytes()[:4]) {
		return rewardDistributor.UnpackTooManyClaimsError(raw[4:])
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
