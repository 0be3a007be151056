// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IHive} from "./IHive.sol";
import {INodeRegistry} from "./INodeRegistry.sol";
import {IRoots} from "./IRoots.sol";
import {MerklePath} from "./MerklePath.sol";
import {Payments} from "./Payments.sol";

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
///
/// What leaves by claims is bounded too: a bucket of `breakerWindow` seconds'
/// budget that empties at `ratePerSecond`. A claim beyond it is paid in part
/// and the rest stays claimable, so a wrong root that got past everyone drains
/// slowly enough for a corrected one to overtake it, and nobody honest loses.
/// @dev Immutable: no upgrade, no pause, no way to take tokens out but a claim.
/// A stolen poster key can propose a root, which needs the co-signers, is vetoed
/// and dismissed by the guardian within the delay, and gains at most the budget
/// of the elapsed time. A stolen guardian key can delay payment. The owner, a
/// timelock, appoints all of them; poster, guardian and co-signers must differ.
contract RewardDistributor is Ownable2Step, EIP712, IRoots {
    using Payments for Payments.List;
    using SafeERC20 for IHive;

    /// @dev Whether the pending one counts says Gate.dueAt alone: its words are
    /// left as they were when it is spent, since clearing and refilling them
    /// costs three times what overwriting does.
    struct Epoch {
        bytes32 root;
        bytes32 datasetHash;
        uint128 cumulativeTotal;
        uint64 number;
        uint64 activeAt;
    }

    /// @dev How far disputes put off the pending root. It counts for the epoch
    /// `number` alone, so a new root starts without holds and nothing is written.
    struct Hold {
        uint64 number;
        uint64 dueAt; // when the root would have been active without disputes
        uint32 open; // disputes that hold it
    }

    /// @dev All that a claim has to know beside its root, in one slot.
    struct Gate {
        uint64 dueAt; // when the pending root becomes active; 0 = none waits
        uint64 since; // when `level` was right
        uint128 level; // wei that went out by claims and had not decayed by then
    }

    /// @notice One line of `claimMany`.
    /// @dev Proofs of one tree share their upper part, so a line's proof ends
    /// where it meets one before it.
    struct Claim {
        address node;
        uint256 cumulativeWei;
        uint256 siblings; // how many of the batch's siblings are this line's
        uint256 meets; // 0: they lead to the root; n: to the batch's sibling n-1
    }

    /// @notice EIP-712 type of what a co-signer signs; see `epochDigest`.
    bytes32 public constant EPOCH_TYPEHASH =
        keccak256("Epoch(uint64 epoch,bytes32 root,bytes32 datasetHash,uint128 cumulativeTotal)");
    /// @notice No deployment can wait less than this, in seconds.
    uint64 public constant MIN_ACTIVATION_DELAY = 24 hours;
    /// @notice The breaker lets at least this many seconds' budget out at once.
    uint32 public constant MIN_BREAKER_WINDOW = 24 hours;
    /// @notice How far an epoch's number may be above the active one's, so that no
    /// thief of the poster's key can use the numbers up.
    uint64 public constant MAX_EPOCH_STEP = 1000;
    /// @notice Most co-signers.
    uint256 public constant MAX_COSIGNERS = 16;
    /// @notice Most lines in one `claimMany`.
    uint256 public constant MAX_CLAIMS = 256;

    /// @notice What is paid and minted.
    IHive public immutable token;
    /// @notice Who says where a node's earnings go.
    INodeRegistry public immutable registry;
    /// @inheritdoc IRoots
    address public immutable disputes;
    /// @notice Upper bound of emission, in wei a second since `startedAt`.
    uint96 public immutable ratePerSecond;
    /// @notice Seconds between posting a root and its becoming active.
    uint64 public immutable activationDelay;
    /// @notice Seconds of budget that claims may take out at once.
    uint32 public immutable breakerWindow;
    /// @notice When the budget began to accrue.
    uint64 public immutable startedAt;

    /// @notice May post roots; zero after a dismissal.
    address public poster;
    /// @notice How many co-signers a root needs beside the poster.
    uint8 public threshold;
    /// @notice May veto the pending root and dismiss the poster.
    address public guardian;

    /// @notice Wei that each node has been paid since the beginning.
    mapping(address node => uint256) public claimed;

    /// @notice Whether an account may co-sign roots.
    mapping(address account => bool) public isCosigner;

    /// @notice What the guardian or a dispute refused: it can't be posted again,
    /// so that a coordinator that starts anew does not repeat its mistake.
    mapping(bytes32 root => mapping(bytes32 datasetHash => bool)) public vetoed;

    Epoch private _active;
    Epoch private _pending;
    Gate private _gate;
    Hold private _hold;
    address[] private _cosigners;

    /// @notice A root was posted and waits for `activeAt`.
    event RootPosted(
        uint64 indexed epoch, bytes32 indexed root, bytes32 indexed datasetHash, uint256 cumulativeTotal, uint64 activeAt
    );
    /// @notice A root became the one to claim by, and `minted` wei were created.
    event RootActivated(uint64 indexed epoch, bytes32 indexed root, uint256 minted);
    /// @notice The guardian refused a pending root.
    event RootVetoed(uint64 indexed epoch, bytes32 indexed root);
    /// @notice A dispute refused a pending root.
    event RootCancelled(uint64 indexed epoch, bytes32 indexed root);
    /// @notice A dispute puts a root off: it waits until `activeAt`.
    event RootHeld(uint64 indexed epoch, bytes32 indexed root, uint64 activeAt);
    /// @notice No dispute holds a root any more: it waits until `activeAt`.
    event RootReleased(uint64 indexed epoch, bytes32 indexed root, uint64 activeAt);
    /// @notice A node's earnings were paid out, up to `cumulativeWei` in all.
    event Claimed(address indexed node, address indexed recipient, uint256 amount, uint256 cumulativeWei);
    /// @notice The poster changed; zero is a dismissal.
    event PosterChanged(address indexed previous, address indexed current);
    /// @notice The guardian changed.
    event GuardianChanged(address indexed previous, address indexed current);
    /// @notice Who co-signs roots, and how many of them a root needs.
    event CosignersChanged(address[] cosigners, uint8 threshold);

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
    error EpochTooFar(uint64 epoch, uint64 step);
    error TotalFell(uint256 cumulativeTotal, uint256 activeTotal);
    error TotalOverRate(uint256 cumulativeTotal, uint256 allowed);
    error NoActiveRoot();
    error NodeNotRegistered(address node);
    error NothingToClaim(address node, uint256 claimed);
    error InvalidProof(address node, uint256 cumulativeWei);
    error TooManyClaims(uint256 claims, uint256 limit);
    error InvalidPath(uint256 line);
    error BreakerWindowTooShort(uint32 window, uint32 minimum);
    error BreakerOpen(uint256 level);
    error NotDisputes(address caller);
    error ChallengeTooLate(uint64 dueAt);
    error TooManyCosigners(uint256 cosigners, uint256 limit);
    error ThresholdTooHigh(uint8 threshold, uint256 cosigners);
    error CosignersNotAscending(address cosigner);
    error CosignerIsPoster(address cosigner);
    error CosignerIsGuardian(address cosigner);
    error TooFewCosignatures(uint256 cosignatures, uint8 threshold);
    error NotCosigner(address signer);

    modifier onlyDisputes() {
        if (msg.sender != disputes) revert NotDisputes(msg.sender);
        _;
    }

    modifier onlyGuardian() {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        _;
    }

    /// @notice Starts the budget at this moment.
    /// @param owner_ appoints poster, guardian and co-signers; meant to be a
    /// timelock.
    /// @param token_ what is paid; this contract needs its minter role.
    /// @param registry_ who says where a node's earnings go.
    /// @param disputes_ the Disputes contract, which may be deployed after this.
    /// @param ratePerSecond_ upper bound of emission, in wei a second.
    /// @param activationDelay_ seconds that a root waits; at least 24 h.
    /// @param breakerWindow_ seconds of budget that may leave at once; at least
    /// 24 h, and longer than the time between epochs.
    /// @param poster_ posts roots.
    /// @param guardian_ vetoes them; another address than the poster.
    constructor(
        address owner_,
        IHive token_,
        INodeRegistry registry_,
        address disputes_,
        uint96 ratePerSecond_,
        uint64 activationDelay_,
        uint32 breakerWindow_,
        address poster_,
        address guardian_
    ) Ownable(owner_) EIP712("MedHive", "1") {
        if (address(token_) == address(0) || address(registry_) == address(0) || disputes_ == address(0)) {
            revert ZeroAddress();
        }
        if (activationDelay_ < MIN_ACTIVATION_DELAY) {
            revert ActivationDelayTooShort(activationDelay_, MIN_ACTIVATION_DELAY);
        }
        if (breakerWindow_ < MIN_BREAKER_WINDOW) {
            revert BreakerWindowTooShort(breakerWindow_, MIN_BREAKER_WINDOW);
        }
        token = token_;
        registry = registry_;
        disputes = disputes_;
        ratePerSecond = ratePerSecond_;
        activationDelay = activationDelay_;
        breakerWindow = breakerWindow_;
        startedAt = uint64(block.timestamp);
        _appoint(poster_, guardian_);
    }

    /// @notice Posts the next epoch's root, which waits `activationDelay`.
    /// Refused while another root waits, so that what watchers are checking
    /// can't change under them and the wait can't be restarted for ever.
    /// @param root over leaves keccak256(keccak256(abi.encode(address node,
    /// uint256 cumulativeWei))), pairs sorted.
    /// @param datasetHash of the published inputs that give this root.
    /// @param cumulativeTotal budget since the beginning, in wei, never falling
    /// and at most rate x elapsed. To pay everyone it is at least the sum of all
    /// leaves, a leaf that was lowered below what its node was paid counting as
    /// what was paid.
    /// @param epoch its number, above the active one's by MAX_EPOCH_STEP at most;
    /// the first is at least 1.
    /// @param cosignatures over `epochDigest`, ascending by signer, of which the
    /// first `threshold` are read.
    function postRoot(
        bytes32 root,
        bytes32 datasetHash,
        uint128 cumulativeTotal,
        uint64 epoch,
        bytes[] calldata cosignatures
    ) external {
        if (msg.sender != poster) revert NotPoster(msg.sender);
        if (root == 0 || datasetHash == 0) revert ZeroRoot();
        if (vetoed[root][datasetHash]) revert RootWasVetoed(epoch);
        _activateIfDue();
        Epoch storage pending = _pending;
        if (_gate.dueAt != 0) revert PendingRootExists(pending.number, _gate.dueAt);
        (uint128 activeTotal, uint64 activeNumber) = (_active.cumulativeTotal, _active.number);
        if (epoch <= activeNumber) revert EpochNotNewer(epoch, activeNumber);
        if (epoch - activeNumber > MAX_EPOCH_STEP) revert EpochTooFar(epoch, MAX_EPOCH_STEP);
        if (cumulativeTotal < activeTotal) revert TotalFell(cumulativeTotal, activeTotal);
        uint256 allowed = allowedTotal();
        if (cumulativeTotal > allowed) revert TotalOverRate(cumulativeTotal, allowed);
        uint8 needed = threshold;
        if (needed != 0) _checkCosignatures(epochDigest(epoch, root, datasetHash, cumulativeTotal), cosignatures, needed);

        uint64 activeAt = uint64(block.timestamp) + activationDelay;
        pending.root = root;
        pending.datasetHash = datasetHash;
        pending.cumulativeTotal = cumulativeTotal;
        pending.number = epoch;
        pending.activeAt = activeAt;
        _gate.dueAt = activeAt;
        emit RootPosted(epoch, root, datasetHash, cumulativeTotal, activeAt);
    }

    /// @notice Makes a pending root that is due the active one. Anyone may call
    /// it; a claim or the next post does it by itself.
    function activate() external {
        uint64 dueAt = _gate.dueAt;
        if (dueAt == 0) revert NoPendingRoot();
        if (block.timestamp < dueAt) revert PendingRootNotDue(dueAt);
        _activateIfDue();
    }

    /// @notice Refuses the pending root before it is due; its epoch may then be
    /// posted again, corrected.
    /// @param root the root that is meant, so that a veto can't hit its successor.
    function veto(bytes32 root) external onlyGuardian {
        Epoch storage pending = _pending;
        if (_gate.dueAt == 0 || pending.root != root) revert NoPendingRoot();
        emit RootVetoed(pending.number, root);
        _refuse(pending);
    }

    /// @inheritdoc IRoots
    /// @dev Refused from the moment at which the root would have been active
    /// without disputes, so that they can't be lined up to put it off for ever.
    function hold(bytes32 root, uint64 until) external onlyDisputes returns (uint64 number, bytes32 datasetHash) {
        Epoch storage pending = _pending;
        uint64 dueAt = _gate.dueAt;
        if (dueAt == 0 || pending.root != root) revert NoPendingRoot();
        (number, datasetHash) = (pending.number, pending.datasetHash);
        Hold memory held = _hold;
        if (held.number != number) held = Hold(number, dueAt, 0);
        if (block.timestamp >= held.dueAt) revert ChallengeTooLate(held.dueAt);
        ++held.open;
        _hold = held;
        if (until > dueAt) dueAt = until;
        _gate.dueAt = dueAt;
        emit RootHeld(number, root, dueAt);
    }

    /// @inheritdoc IRoots
    function release(uint64 number) external onlyDisputes {
        if (_gate.dueAt == 0 || _pending.number != number || _isDue()) return;
        Hold memory held = _hold;
        if (--held.open == 0) {
            uint64 dueAt = held.dueAt < block.timestamp ? uint64(block.timestamp) : held.dueAt;
            _gate.dueAt = dueAt;
            emit RootReleased(number, _pending.root, dueAt);
        }
        _hold = held;
    }

    /// @inheritdoc IRoots
    function cancel(uint64 number) external onlyDisputes {
        Epoch storage pending = _pending;
        if (_gate.dueAt == 0 || pending.number != number) revert NoPendingRoot();
        emit RootCancelled(number, pending.root);
        _refuse(pending);
    }

    /// @notice Takes the poster's right away at once, when its key is stolen.
    /// Only the owner can appoint another.
    function dismissPoster() external onlyGuardian {
        emit PosterChanged(poster, address(0));
        poster = address(0);
    }

    /// @notice Appoints poster and guardian.
    function appoint(address poster_, address guardian_) external onlyOwner {
        _appoint(poster_, guardian_);
    }

    /// @notice Names the co-signers, in ascending order, and how many of them a
    /// root needs from now on; zero lets the poster post alone.
    function setCosigners(address[] calldata cosigners_, uint8 threshold_) external onlyOwner {
        uint256 count = cosigners_.length;
        if (count > MAX_COSIGNERS) revert TooManyCosigners(count, MAX_COSIGNERS);
        if (threshold_ > count) revert ThresholdTooHigh(threshold_, count);
        address[] memory before = _cosigners;
        for (uint256 i = 0; i < before.length; ++i) {
            isCosigner[before[i]] = false;
        }
        address last = address(0);
        for (uint256 i = 0; i < count; ++i) {
            address cosigner = cosigners_[i];
            if (cosigner <= last) revert CosignersNotAscending(cosigner);
            if (cosigner == poster) revert CosignerIsPoster(cosigner);
            if (cosigner == guardian) revert CosignerIsGuardian(cosigner);
            isCosigner[cosigner] = true;
            last = cosigner;
        }
        _cosigners = cosigners_;
        threshold = threshold_;
        emit CosignersChanged(cosigners_, threshold_);
    }

    /// @notice Pays `node`'s recipient what the active root says and was not
    /// paid yet, or as much of it as the breaker lets through. Anyone may call it.
    /// @param node the node's hot key.
    /// @param cumulativeWei its leaf in the active root.
    /// @param proof siblings from the leaf up.
    /// @return amount wei paid.
    function claim(address node, uint256 cumulativeWei, bytes32[] calldata proof) external returns (uint256 amount) {
        _activateIfDue();
        bytes32 root = _active.root;
        if (root == 0) revert NoActiveRoot();
        uint256 before = claimed[node];
        if (cumulativeWei <= before) revert NothingToClaim(node, before);
        if (MerklePath.climb(_leaf(node, cumulativeWei), proof) != root) revert InvalidProof(node, cumulativeWei);
        (uint256 level, uint256 free) = _breaker();
        if (free == 0) revert BreakerOpen(level);
        address recipient = registry.recipientOf(node);
        amount = _owe(node, recipient, cumulativeWei, before, free);
        _fill(level + amount);
        token.safeTransfer(recipient, amount);
    }

    /// @notice Claims for up to MAX_CLAIMS nodes. A line that was paid already
    /// is passed over, so that nobody can spoil a batch by claiming one line of
    /// it first, and so is what the breaker does not let through; any other
    /// fault refuses the whole batch.
    /// @param claims the lines; see Claim.
    /// @param siblings of all lines, each line's from the leaf up, in order.
    /// @return total wei paid.
    function claimMany(Claim[] calldata claims, bytes32[] calldata siblings) external returns (uint256 total) {
        if (claims.length > MAX_CLAIMS) revert TooManyClaims(claims.length, MAX_CLAIMS);
        _activateIfDue();
        bytes32 root = _active.root;
        if (root == 0) revert NoActiveRoot();
        (uint256 level, uint256 free) = _breaker();
        address[] memory recipients = _recipients(claims);
        Payments.List memory payments = Payments.empty(claims.length);
        uint256 used = 0;
        for (uint256 i = 0; i < claims.length; ++i) {
            Claim calldata line = claims[i];
            used = _check(line, i, siblings, used, root);
            uint256 before = claimed[line.node];
            if (line.cumulativeWei <= before || total == free) continue;
            uint256 amount = _owe(line.node, recipients[i], line.cumulativeWei, before, free - total);
            payments.add(recipients[i], amount);
            total += amount;
        }
        if (total != 0) _fill(level + total);
        payments.pay(token);
    }

    /// @notice Who may co-sign roots, in ascending order.
    function cosigners() external view returns (address[] memory) {
        return _cosigners;
    }

    /// @notice Wei that claims can take out now before the breaker opens.
    function room() external view returns (uint256 free) {
        (, free) = _breaker();
    }

    /// @notice How disputes put off the pending root: the number of those that
    /// hold it, and when it would be active without them; zeros if none does.
    function holdOf(uint64 number) external view returns (uint32 open, uint64 dueAt) {
        if (_hold.number == number && _hold.open != 0) (open, dueAt) = (_hold.open, _hold.dueAt);
    }

    /// @notice The epoch that a claim made now is checked against; zeros if none.
    function activeEpoch() external view returns (Epoch memory) {
        return _isDue() ? _waiting() : _active;
    }

    /// @notice The epoch that still waits; zeros if none.
    function pendingEpoch() external view returns (Epoch memory epoch) {
        if (_gate.dueAt != 0 && !_isDue()) epoch = _waiting();
    }

    /// @notice Largest `cumulativeTotal` that may be posted now: rate x elapsed.
    function allowedTotal() public view returns (uint256) {
        return uint256(ratePerSecond) * (block.timestamp - startedAt);
    }

    /// @notice The EIP-712 digest that a co-signer signs.
    function epochDigest(uint64 epoch, bytes32 root, bytes32 datasetHash, uint128 cumulativeTotal)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(EPOCH_TYPEHASH, epoch, root, datasetHash, cumulativeTotal)));
    }

    /// @dev Books a line whose proof was checked, at most `free` wei of it.
    function _owe(address node, address recipient, uint256 cumulativeWei, uint256 before, uint256 free)
        private
        returns (uint256 amount)
    {
        if (recipient == address(0)) revert NodeNotRegistered(node);
        amount = cumulativeWei - before;
        if (amount > free) amount = free;
        claimed[node] = before + amount;
        emit Claimed(node, recipient, amount, before + amount);
    }

    /// @dev Who is paid for each line.
    function _recipients(Claim[] calldata claims) private view returns (address[] memory) {
        address[] memory nodes = new address[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            nodes[i] = claims[i].node;
        }
        return registry.recipientsOf(nodes);
    }

    /// @dev Checks line i, whose siblings begin at `used`, and returns where they
    /// end. What leads to a node of the tree is in the tree, and every sibling
    /// before `used` is one, because its own line was checked. So lines that are
    /// passed over are checked too: others may meet them.
    function _check(Claim calldata line, uint256 i, bytes32[] calldata siblings, uint256 used, bytes32 root)
        private
        pure
        returns (uint256 end)
    {
        uint256 meets = line.meets;
        if (meets > used || line.siblings > siblings.length - used) revert InvalidPath(i);
        end = used + line.siblings;
        bytes32 top = MerklePath.climb(_leaf(line.node, line.cumulativeWei), siblings[used:end]);
        if (top != (meets == 0 ? root : siblings[meets - 1])) revert InvalidProof(line.node, line.cumulativeWei);
    }

    /// @dev OpenZeppelin's leaf rule: hashed twice, so that no inner node can
    /// pass for a leaf.
    function _leaf(address node, uint256 cumulativeWei) private pure returns (bytes32) {
        bytes32 inner = Hashes.efficientKeccak256(bytes32(uint256(uint160(node))), bytes32(cumulativeWei));
        return keccak256(bytes.concat(inner));
    }

    /// @dev What has not decayed of earlier claims, and what is free beside it.
    function _breaker() private view returns (uint256 level, uint256 free) {
        Gate memory gate = _gate;
        uint256 decayed = uint256(ratePerSecond) * (block.timestamp - gate.since);
        if (gate.level > decayed) level = gate.level - decayed;
        uint256 capacity = uint256(ratePerSecond) * breakerWindow;
        if (capacity > level) free = capacity - level;
    }

    /// @dev The level is at most a breaker's window of budget, which fits.
    function _fill(uint256 level) private {
        (_gate.since, _gate.level) = (uint64(block.timestamp), uint128(level));
    }

    /// @dev Refuses the pending root for good, by a veto or a dispute.
    function _refuse(Epoch storage pending) private {
        if (_isDue()) revert VetoTooLate(_gate.dueAt);
        _gate.dueAt = 0;
        vetoed[pending.root][pending.datasetHash] = true;
        if (_hold.number == pending.number) delete _hold;
    }

    /// @dev Ascending signers are distinct signers.
    function _checkCosignatures(bytes32 digest, bytes[] calldata cosignatures, uint8 needed) private view {
        if (cosignatures.length < needed) revert TooFewCosignatures(cosignatures.length, needed);
        address last = address(0);
        for (uint256 i = 0; i < needed; ++i) {
            address signer = ECDSA.recoverCalldata(digest, cosignatures[i]);
            if (!isCosigner[signer]) revert NotCosigner(signer);
            if (signer <= last) revert CosignersNotAscending(signer);
            last = signer;
        }
    }

    function _activateIfDue() private {
        if (!_isDue()) return;
        Epoch memory next = _waiting();
        uint256 minted = next.cumulativeTotal - _active.cumulativeTotal;
        _active = next;
        _gate.dueAt = 0;
        emit RootActivated(next.number, next.root, minted);
        if (minted != 0) token.mint(address(this), minted);
    }

    function _isDue() private view returns (bool) {
        uint64 dueAt = _gate.dueAt;
        return dueAt != 0 && dueAt <= block.timestamp;
    }

    /// @dev The pending epoch, with the time to which disputes have put it off.
    function _waiting() private view returns (Epoch memory epoch) {
        epoch = _pending;
        epoch.activeAt = _gate.dueAt;
    }

    function _appoint(address poster_, address guardian_) private {
        if (poster_ == address(0) || guardian_ == address(0)) revert ZeroAddress();
        if (poster_ == guardian_) revert PosterIsGuardian();
        if (isCosigner[poster_]) revert CosignerIsPoster(poster_);
        if (isCosigner[guardian_]) revert CosignerIsGuardian(guardian_);
        emit PosterChanged(poster, poster_);
        emit GuardianChanged(guardian, guardian_);
        poster = poster_;
        guardian = guardian_;
    }
}
