// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {INodeRegistry} from "./INodeRegistry.sol";

/// @title A token that the distributor may mint.
interface IMintable is IERC20 {
    /// @notice Creates `amount` wei for `to`.
    function mint(address to, uint256 amount) external;
}

/// @title Pays nodes what an epoch's Merkle root says they have earned.
/// @notice Each epoch the poster posts one root over leaves (node, cumulative
/// wei earned since the beginning), with the hash of the data set from which
/// anyone can recompute it. It waits `activationDelay` as the pending root,
/// where the guardian can veto it, and then is the one active root. Leaves are
/// cumulative, so a node that skips an epoch loses nothing.
///
/// A leaf names the node and not who is paid: the money goes to the recipient
/// that the operator set in the NodeRegistry, as it stands when the claim is
/// made. So neither the poster nor whoever sends the claim has a say in where
/// earnings go, and a change of recipient takes the registry's delay.
///
/// The budget is minted to this contract once an epoch, when its root becomes
/// active, and claims are plain transfers. It is not funded beforehand, because
/// then a treasury's key could starve honest claims, and does not mint at each
/// claim, because that would write a voting checkpoint of the total supply each
/// time. What is minted over all time is the active root's `cumulativeTotal`,
/// which is at most `ratePerSecond` x elapsed; leaves that add up to more find
/// an empty contract, never a larger supply.
/// @dev Immutable: no upgrade, no pause, no way to take tokens out but a claim.
/// A stolen poster key can propose a root, is vetoed and dismissed by the
/// guardian within the delay, and gains at most the budget of the elapsed time.
/// A stolen guardian key can delay payment. The owner, a timelock, appoints
/// both; the two must differ.
contract RewardDistributor is Ownable2Step {
    using SafeERC20 for IMintable;

    /// @dev `activeAt` is 0 in an empty pending slot; its other words are then
    /// left as they were, since clearing and refilling them costs three times
    /// what overwriting does.
    struct Epoch {
        bytes32 root;
        bytes32 datasetHash;
        uint128 cumulativeTotal;
        uint64 number;
        uint64 activeAt;
    }

    /// @notice One line of `claimMany`.
    struct Claim {
        address node;
        uint256 cumulativeWei;
        bytes32[] proof;
    }

    /// @notice No deployment can wait less than this, in seconds.
    uint64 public constant MIN_ACTIVATION_DELAY = 24 hours;
    /// @notice Most lines in one `claimMany`.
    uint256 public constant MAX_CLAIMS = 256;

    /// @notice What is paid and minted.
    IMintable public immutable token;
    /// @notice Who says where a node's earnings go.
    INodeRegistry public immutable registry;
    /// @notice Upper bound of emission, in wei a second since `startedAt`.
    uint96 public immutable ratePerSecond;
    /// @notice Seconds between posting a root and its becoming active.
    uint64 public immutable activationDelay;
    /// @notice When the budget began to accrue.
    uint64 public immutable startedAt;

    /// @notice May post roots; zero after a dismissal.
    address public poster;
    /// @notice May veto the pending root and dismiss the poster.
    address public guardian;

    /// @notice Wei that each node has been paid since the beginning.
    mapping(address node => uint256) public claimed;

    /// @notice What the guardian refused: it can't be posted again, so that a
    /// coordinator that starts anew does not repeat its mistake.
    mapping(bytes32 root => mapping(bytes32 datasetHash => bool)) public vetoed;

    Epoch private _active;
    Epoch private _pending;

    /// @notice A root was posted and waits for `activeAt`.
    event RootPosted(
        uint64 indexed epoch, bytes32 indexed root, bytes32 indexed datasetHash, uint256 cumulativeTotal, uint64 activeAt
    );
    /// @notice A root became the one to claim by, and `minted` wei were created.
    event RootActivated(uint64 indexed epoch, bytes32 indexed root, uint256 minted);
    /// @notice The guardian refused a pending root.
    event RootVetoed(uint64 indexed epoch, bytes32 indexed root);
    /// @notice A node's earnings were paid out.
    event Claimed(address indexed node, address indexed recipient, uint256 amount, uint256 cumulativeWei);
    /// @notice The poster changed; zero is a dismissal.
    event PosterChanged(address indexed previous, address indexed current);
    /// @notice The guardian changed.
    event GuardianChanged(address indexed previous, address indexed current);

    error ZeroAddress();
    error ZeroRoot();
    error ActivationDelayTooShort(uint64 delay, uint64 minimum);
    error PosterIsGuardian();
    error NotPoster(address caller);
    error NotGuardian(address caller);
    error PendingRootExists(uint64 epoch, uint64 activeAt);
    error NoPendingRoot();
    error PendingRootNotDue(uint64 activeAt);
    error VetoTooLate(uint64 activeAt);
    error RootWasVetoed(uint64 epoch);
    error EpochNotNewer(uint64 epoch, uint64 activeEpoch);
    error TotalFell(uint256 cumulativeTotal, uint256 activeTotal);
    error TotalOverRate(uint256 cumulativeTotal, uint256 allowed);
    error NoActiveRoot();
    error NodeNotRegistered(address node);
    error NothingToClaim(address node, uint256 claimed);
    error InvalidProof(address node, uint256 cumulativeWei);
    error TooManyClaims(uint256 claims, uint256 limit);

    /// @param owner_ appoints poster and guardian; meant to be a timelock.
    /// @param token_ what is paid; this contract needs its minter role.
    /// @param registry_ who says where a node's earnings go.
    /// @param ratePerSecond_ upper bound of emission, in wei a second.
    /// @param activationDelay_ seconds that a root waits; at least 24 h.
    /// @param poster_ posts roots.
    /// @param guardian_ vetoes them; another address than the poster.
    constructor(
        address owner_,
        IMintable token_,
        INodeRegistry registry_,
        uint96 ratePerSecond_,
        uint64 activationDelay_,
        address poster_,
        address guardian_
    ) Ownable(owner_) {
        if (address(token_) == address(0) || address(registry_) == address(0)) revert ZeroAddress();
        if (activationDelay_ < MIN_ACTIVATION_DELAY) {
            revert ActivationDelayTooShort(activationDelay_, MIN_ACTIVATION_DELAY);
        }
        token = token_;
        registry = registry_;
        ratePerSecond = ratePerSecond_;
        activationDelay = activationDelay_;
        startedAt = uint64(block.timestamp);
        _appoint(poster_, guardian_);
    }

    /// @notice Posts the next epoch's root, which waits `activationDelay`.
    /// Refused while another root waits, so that what watchers are checking
    /// can't change under them and the wait can't be restarted for ever.
    /// @param root over leaves keccak256(keccak256(abi.encode(address node,
    /// uint256 cumulativeWei))), pairs sorted.
    /// @param datasetHash of the published inputs that give this root.
    /// @param cumulativeTotal budget since the beginning, in wei: at least the
    /// sum of all leaves, never falling, at most rate x elapsed.
    /// @param epoch its number, above the active one's; the first is at least 1.
    function postRoot(bytes32 root, bytes32 datasetHash, uint128 cumulativeTotal, uint64 epoch) external {
        if (msg.sender != poster) revert NotPoster(msg.sender);
        if (root == 0 || datasetHash == 0) revert ZeroRoot();
        if (vetoed[root][datasetHash]) revert RootWasVetoed(epoch);
        _activateIfDue();
        Epoch storage pending = _pending;
        if (pending.activeAt != 0) revert PendingRootExists(pending.number, pending.activeAt);
        (uint128 activeTotal, uint64 activeNumber) = (_active.cumulativeTotal, _active.number);
        if (epoch <= activeNumber) revert EpochNotNewer(epoch, activeNumber);
        if (cumulativeTotal < activeTotal) revert TotalFell(cumulativeTotal, activeTotal);
        uint256 allowed = allowedTotal();
        if (cumulativeTotal > allowed) revert TotalOverRate(cumulativeTotal, allowed);

        uint64 activeAt = uint64(block.timestamp) + activationDelay;
        pending.root = root;
        pending.datasetHash = datasetHash;
        pending.cumulativeTotal = cumulativeTotal;
        pending.number = epoch;
        pending.activeAt = activeAt;
        emit RootPosted(epoch, root, datasetHash, cumulativeTotal, activeAt);
    }

    /// @notice Makes a pending root that is due the active one. Anyone may call
    /// it; a claim or the next post does it by itself.
    function activate() external {
        uint64 activeAt = _pending.activeAt;
        if (activeAt == 0) revert NoPendingRoot();
        if (block.timestamp < activeAt) revert PendingRootNotDue(activeAt);
        _activateIfDue();
    }

    /// @notice Refuses the pending root before it is due; its epoch may then be
    /// posted again, corrected.
    /// @param root the root that is meant, so that a veto can't hit its successor.
    function veto(bytes32 root) external {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        Epoch storage pending = _pending;
        uint64 activeAt = pending.activeAt;
        if (activeAt == 0 || pending.root != root) revert NoPendingRoot();
        if (block.timestamp >= activeAt) revert VetoTooLate(activeAt);
        pending.activeAt = 0;
        vetoed[root][pending.datasetHash] = true;
        emit RootVetoed(pending.number, root);
    }

    /// @notice Takes the poster's right away at once, when its key is stolen.
    /// Only the owner can appoint another.
    function dismissPoster() external {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        emit PosterChanged(poster, address(0));
        poster = address(0);
    }

    /// @notice Appoints poster and guardian.
    function appoint(address poster_, address guardian_) external onlyOwner {
        _appoint(poster_, guardian_);
    }

    /// @notice Pays `node`'s recipient what the active root says and was not
    /// paid yet. Anyone may call it.
    /// @param node the node's hot key.
    /// @param cumulativeWei its leaf in the active root.
    /// @param proof siblings from the leaf up.
    /// @return amount wei paid.
    function claim(address node, uint256 cumulativeWei, bytes32[] calldata proof) external returns (uint256 amount) {
        _activateIfDue();
        uint256 before = claimed[node];
        if (cumulativeWei <= before) revert NothingToClaim(node, before);
        return _claim(_active.root, node, cumulativeWei, before, proof);
    }

    /// @notice Claims for up to MAX_CLAIMS nodes. A line that was paid already
    /// is passed over, so that nobody can spoil a batch by claiming one line of
    /// it first; any other fault refuses the whole batch.
    /// @return total wei paid.
    function claimMany(Claim[] calldata claims) external returns (uint256 total) {
        if (claims.length > MAX_CLAIMS) revert TooManyClaims(claims.length, MAX_CLAIMS);
        _activateIfDue();
        bytes32 root = _active.root;
        for (uint256 i = 0; i < claims.length; ++i) {
            Claim calldata line = claims[i];
            uint256 before = claimed[line.node];
            if (line.cumulativeWei <= before) continue;
            total += _claim(root, line.node, line.cumulativeWei, before, line.proof);
        }
    }

    /// @notice The epoch that a claim made now is checked against; zeros if none.
    function activeEpoch() external view returns (Epoch memory) {
        return _isDue() ? _pending : _active;
    }

    /// @notice The epoch that still waits; zeros if none.
    function pendingEpoch() external view returns (Epoch memory epoch) {
        if (_pending.activeAt != 0 && !_isDue()) epoch = _pending;
    }

    /// @notice Largest `cumulativeTotal` that may be posted now: rate x elapsed.
    function allowedTotal() public view returns (uint256) {
        return uint256(ratePerSecond) * (block.timestamp - startedAt);
    }

    function _claim(bytes32 root, address node, uint256 cumulativeWei, uint256 before, bytes32[] calldata proof)
        private
        returns (uint256 amount)
    {
        if (root == 0) revert NoActiveRoot();
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(node, cumulativeWei))));
        if (!MerkleProof.verifyCalldata(proof, root, leaf)) revert InvalidProof(node, cumulativeWei);
        address recipient = registry.recipientOf(node);
        if (recipient == address(0)) revert NodeNotRegistered(node);
        amount = cumulativeWei - before;
        claimed[node] = cumulativeWei;
        emit Claimed(node, recipient, amount, cumulativeWei);
        token.safeTransfer(recipient, amount);
    }

    function _activateIfDue() private {
        if (!_isDue()) return;
        Epoch memory next = _pending;
        uint256 minted = next.cumulativeTotal - _active.cumulativeTotal;
        _active = next;
        _pending.activeAt = 0;
        emit RootActivated(next.number, next.root, minted);
        if (minted != 0) token.mint(address(this), minted);
    }

    function _isDue() private view returns (bool) {
        uint64 activeAt = _pending.activeAt;
        return activeAt != 0 && activeAt <= block.timestamp;
    }

    function _appoint(address poster_, address guardian_) private {
        if (poster_ == address(0) || guardian_ == address(0)) revert ZeroAddress();
        if (poster_ == guardian_) revert PosterIsGuardian();
        emit PosterChanged(poster, poster_);
        emit GuardianChanged(guardian, guardian_);
        poster = poster_;
        guardian = guardian_;
    }
}
