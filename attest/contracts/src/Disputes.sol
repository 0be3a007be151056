// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IBonds} from "./IBonds.sol";
import {IRoots} from "./IRoots.sol";

/// @title Where a false statement costs its author, and a false charge its maker.
/// @notice Anyone may put up `bond` and challenge a node over a receipt it
/// signed, or a root that waits to become active, by the hash of published
/// evidence. The arbiter decides within `resolveWithin`: if it upholds the
/// challenge, the challenger gets the bond back, and of what a node is slashed
/// `challengerShareBps`, the treasury the rest; a refused root never becomes
/// active. If it rejects, the bond goes to the treasury. If it says nothing,
/// the challenge lapses: the bond goes back and nothing else happens.
///
/// While a challenge is open the node's bond can't be withdrawn and the root
/// can't become active. Neither can be put off for ever: a node can be
/// challenged until its bond has thawed, a root until it would have been active.
/// @dev Immutable, as are the arbiter, meant to be a timelock, and its limits.
/// A thief of the arbiter's key can slash bonds, but only of nodes that were
/// challenged, and can pocket none beyond a challenger's share.
contract Disputes {
    using SafeERC20 for IERC20;

    /// @notice How a dispute stands.
    enum State {
        None,
        Open,
        Upheld,
        Rejected,
        Lapsed
    }

    /// @notice One challenge. Of a root, `node` is zero and `subject` the root;
    /// of a node, `epoch` and `datasetHash` are zero and `subject` is the
    /// receipt's hash.
    struct Dispute {
        address challenger;
        uint64 deadline; // from then on the arbiter is not heard
        State state;
        // ---
        address node;
        uint64 epoch;
        // ---
        bytes32 subject;
        bytes32 evidence; // SHA-256 of the published file
        bytes32 datasetHash;
    }

    /// @notice The longest that a challenge may stay open, in seconds.
    uint64 public constant MAX_RESOLVE_WITHIN = 14 days;
    /// @notice A challenger gets at most half of a slash, so that a node which
    /// challenges itself through another account still loses.
    uint256 public constant MAX_SHARE_BPS = 5_000;
    uint256 private constant _WHOLE_BPS = 10_000;

    /// @notice What bonds are in.
    IERC20 public immutable token;
    /// @notice Holds nodes' bonds.
    IBonds public immutable registry;
    /// @notice Holds the pending root.
    IRoots public immutable distributor;
    /// @notice Decides.
    address public immutable arbiter;
    /// @notice Receives lost bonds, and what of a slash the challenger doesn't.
    address public immutable treasury;
    /// @notice What a challenger puts up, in wei of HIVE.
    uint256 public immutable bond;
    /// @notice Seconds that the arbiter has.
    uint64 public immutable resolveWithin;
    /// @notice The challenger's part of a slash, in 1/10,000.
    uint256 public immutable challengerShareBps;

    /// @notice How many disputes there have been; ids start at 1.
    uint256 public count;

    /// @notice The dispute about a node's receipt by this evidence that is open or
    /// was decided: there is no second one, unless the first lapsed. Other evidence
    /// may be brought at any time, so that a poor charge shields nobody.
    /// @dev How many are open at once is bounded by what they cost alone: places
    /// that are few could be taken to keep evidence out.
    mapping(address node => mapping(bytes32 receipt => mapping(bytes32 evidence => uint256 id))) public disputeAbout;

    /// @notice Whether a dispute about a node's receipt was upheld: it is not
    /// punished again.
    mapping(address node => mapping(bytes32 receipt => bool)) public settled;

    mapping(uint256 id => Dispute) private _disputes;

    /// @notice A node was challenged.
    event NodeChallenged(
        uint256 indexed id,
        address indexed node,
        address indexed challenger,
        bytes32 receipt,
        bytes32 evidence,
        uint64 deadline
    );
    /// @notice A pending root was challenged.
    event RootChallenged(
        uint256 indexed id,
        uint64 indexed epoch,
        address indexed challenger,
        bytes32 root,
        bytes32 evidence,
        uint64 deadline
    );
    /// @notice The arbiter decided; `slashed` wei were taken of the node's bond.
    event Resolved(uint256 indexed id, bool upheld, uint256 slashed);
    /// @notice Nobody decided in time, or there was nothing left to decide.
    event Lapsed(uint256 indexed id);

    error ZeroAddress();
    error NotNamedBy(address contract_);
    error ResolveWithinOutOfRange(uint64 delay, uint64 limit);
    error ShareTooHigh(uint256 share, uint256 limit);
    error ZeroEvidence();
    error DisputeExists(uint256 id);
    error ReceiptSettled(address node, bytes32 receipt);
    error NotArbiter(address caller);
    error NotOpen(uint256 id);
    error DeadlinePassed(uint256 id, uint64 deadline);
    error DeadlineAhead(uint256 id, uint64 deadline);
    error RootsAreNotSlashed(uint256 id);

    /// @notice Sets the rules of every dispute, for good.
    /// @param token_ what bonds are in.
    /// @param registry_ holds nodes' bonds; must name this contract.
    /// @param distributor_ holds the pending root; must name this contract.
    /// @param arbiter_ decides; meant to be a timelock.
    /// @param treasury_ receives lost bonds.
    /// @param bond_ what a challenger puts up, in wei.
    /// @param resolveWithin_ seconds that the arbiter has.
    /// @param challengerShareBps_ the challenger's part of a slash, in 1/10,000.
    constructor(
        IERC20 token_,
        IBonds registry_,
        IRoots distributor_,
        address arbiter_,
        address treasury_,
        uint256 bond_,
        uint64 resolveWithin_,
        uint256 challengerShareBps_
    ) {
        if (address(token_) == address(0) || arbiter_ == address(0) || treasury_ == address(0)) revert ZeroAddress();
        if (resolveWithin_ == 0 || resolveWithin_ > MAX_RESOLVE_WITHIN) {
            revert ResolveWithinOutOfRange(resolveWithin_, MAX_RESOLVE_WITHIN);
        }
        if (challengerShareBps_ > MAX_SHARE_BPS) revert ShareTooHigh(challengerShareBps_, MAX_SHARE_BPS);
        // They are deployed first, with this address predicted.
        if (registry_.disputes() != address(this)) revert NotNamedBy(address(registry_));
        if (distributor_.disputes() != address(this)) revert NotNamedBy(address(distributor_));
        token = token_;
        registry = registry_;
        distributor = distributor_;
        arbiter = arbiter_;
        treasury = treasury_;
        bond = bond_;
        resolveWithin = resolveWithin_;
        challengerShareBps = challengerShareBps_;
    }

    /// @notice Challenges a node over something it signed.
    /// @param node its hot key.
    /// @param receipt hash of the statement, not zero.
    /// @param evidence SHA-256 of the published file that shows it false.
    /// @return id of the dispute.
    function challengeNode(address node, bytes32 receipt, bytes32 evidence) external returns (uint256 id) {
        if (receipt == 0 || evidence == 0) revert ZeroEvidence();
        uint256 known = disputeAbout[node][receipt][evidence];
        if (known != 0) revert DisputeExists(known);
        if (settled[node][receipt]) revert ReceiptSettled(node, receipt);
        uint64 deadline;
        (id, deadline) = _open(node, receipt, evidence);
        disputeAbout[node][receipt][evidence] = id;
        emit NodeChallenged(id, node, msg.sender, receipt, evidence, deadline);
        registry.hold(node);
        token.safeTransferFrom(msg.sender, address(this), bond);
    }

    /// @notice Challenges the pending root.
    /// @param root the root that is meant, so that it can't hit its successor.
    /// @param evidence SHA-256 of the published file that shows it wrong.
    /// @return id of the dispute.
    function challengeRoot(bytes32 root, bytes32 evidence) external returns (uint256 id) {
        if (evidence == 0) revert ZeroEvidence();
        uint64 deadline;
        (id, deadline) = _open(address(0), root, evidence);
        // The distributor is ours and calls nobody; its answer completes the entry.
        (uint64 epoch, bytes32 datasetHash) = distributor.hold(root, deadline);
        Dispute storage dispute = _disputes[id];
        dispute.epoch = epoch;
        dispute.datasetHash = datasetHash;
        emit RootChallenged(id, epoch, msg.sender, root, evidence, deadline);
        token.safeTransferFrom(msg.sender, address(this), bond);
    }

    /// @notice Decides an open dispute.
    /// @param slashWei what to take of the node's bond; zero for a root.
    function resolve(uint256 id, bool upheld, uint256 slashWei) external {
        if (msg.sender != arbiter) revert NotArbiter(msg.sender);
        Dispute storage dispute = _opened(id);
        if (block.timestamp >= dispute.deadline) revert DeadlinePassed(id, dispute.deadline);
        (address node, address challenger) = (dispute.node, dispute.challenger);
        if (!upheld) slashWei = 0;
        if (node == address(0) && slashWei != 0) revert RootsAreNotSlashed(id);
        dispute.state = upheld ? State.Upheld : State.Rejected;
        emit Resolved(id, upheld, slashWei);
        if (node == address(0)) {
            _settleRoot(dispute, upheld);
        } else {
            if (upheld) settled[node][dispute.subject] = true;
            if (slashWei != 0) _slash(node, slashWei, challenger);
            registry.release(node);
        }
        token.safeTransfer(upheld ? challenger : treasury, bond);
    }

    /// @notice Ends a dispute that nobody decided in time, or whose root was
    /// refused by the guardian meanwhile, and gives the bond back. Anyone may
    /// call it.
    function lapse(uint256 id) external {
        Dispute storage dispute = _opened(id);
        (address node, bytes32 subject) = (dispute.node, dispute.subject);
        bool vetoed = node == address(0) && distributor.vetoed(subject, dispute.datasetHash);
        if (block.timestamp < dispute.deadline && !vetoed) revert DeadlineAhead(id, dispute.deadline);
        dispute.state = State.Lapsed;
        emit Lapsed(id);
        if (node == address(0)) {
            if (!vetoed) distributor.release(dispute.epoch);
        } else {
            delete disputeAbout[node][subject][dispute.evidence];
            registry.release(node);
        }
        token.safeTransfer(dispute.challenger, bond);
    }

    /// @notice All that is known of a dispute; zeros if there is none.
    function disputeOf(uint256 id) external view returns (Dispute memory) {
        return _disputes[id];
    }

    function _open(address node, bytes32 subject, bytes32 evidence) private returns (uint256 id, uint64 deadline) {
        id = ++count;
        deadline = uint64(block.timestamp) + resolveWithin;
        Dispute storage dispute = _disputes[id];
        dispute.challenger = msg.sender;
        dispute.deadline = deadline;
        dispute.state = State.Open;
        dispute.node = node;
        dispute.subject = subject;
        dispute.evidence = evidence;
    }

    /// @dev A root that was refused meanwhile is let be: its epoch's number may
    /// belong to another root by now.
    function _settleRoot(Dispute storage dispute, bool upheld) private {
        if (distributor.vetoed(dispute.subject, dispute.datasetHash)) return;
        if (upheld) distributor.cancel(dispute.epoch);
        else distributor.release(dispute.epoch);
    }

    function _slash(address node, uint256 slashWei, address challenger) private {
        uint256 share = slashWei * challengerShareBps / _WHOLE_BPS;
        registry.slash(node, slashWei - share, treasury);
        if (share != 0) registry.slash(node, share, challenger);
    }

    function _opened(uint256 id) private view returns (Dispute storage dispute) {
        dispute = _disputes[id];
        if (dispute.state != State.Open) revert NotOpen(id);
    }
}
