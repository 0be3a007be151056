// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Disputes} from "../src/Disputes.sol";
import {IBonds} from "../src/IBonds.sol";
import {IRoots} from "../src/IRoots.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";
import {RewardDistributor} from "../src/RewardDistributor.sol";
import {Epochs} from "./Epochs.sol";

contract DisputesTest is Epochs {
    bytes32 private constant RECEIPT = keccak256("receipt");
    bytes32 private constant EVIDENCE = keccak256("evidence");
    address private node;

    function setUp() public override {
        super.setUp();
        crew(2);
        node = nodes[0];
        skip(1 days);
    }

    function challengeNode(bytes32 receipt) private returns (uint256) {
        vm.prank(CHALLENGER);
        return disputes.challengeNode(node, receipt, EVIDENCE);
    }

    function challengeRoot(bytes32 root) private returns (uint256) {
        vm.prank(CHALLENGER);
        return disputes.challengeRoot(root, EVIDENCE);
    }

    function resolve(uint256 id, bool upheld, uint256 slashWei) private {
        vm.prank(ARBITER);
        disputes.resolve(id, upheld, slashWei);
    }

    function state(uint256 id) private view returns (Disputes.State) {
        return disputes.disputeOf(id).state;
    }

    function make(IERC20 token_, address arbiter, address treasury, uint64 within, uint256 share) private {
        new Disputes(token_, registry, distributor, arbiter, treasury, 1, within, share);
    }

    function test_ConstructorRefuses() public {
        vm.expectRevert(Disputes.ZeroAddress.selector);
        make(IERC20(address(0)), ARBITER, TREASURY, 1, 1);
        vm.expectRevert(Disputes.ZeroAddress.selector);
        make(token, address(0), TREASURY, 1, 1);
        vm.expectRevert(Disputes.ZeroAddress.selector);
        make(token, ARBITER, address(0), 1, 1);
        vm.expectRevert(abi.encodeWithSelector(Disputes.ResolveWithinOutOfRange.selector, 0, 14 days));
        make(token, ARBITER, TREASURY, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(Disputes.ResolveWithinOutOfRange.selector, 14 days + 1, 14 days));
        make(token, ARBITER, TREASURY, 14 days + 1, 1);
        vm.expectRevert(abi.encodeWithSelector(Disputes.ShareTooHigh.selector, 5001, 5000));
        make(token, ARBITER, TREASURY, 14 days, 5001);
        vm.expectRevert(abi.encodeWithSelector(Disputes.NotNamedBy.selector, address(registry)));
        make(token, ARBITER, TREASURY, 14 days, 5000);
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        NodeRegistry own = new NodeRegistry(token, next, 1, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(Disputes.NotNamedBy.selector, address(distributor)));
        new Disputes(token, IBonds(own), IRoots(distributor), ARBITER, TREASURY, 1, 1, 1);
    }

    function test_AChallengePutsUpABondAndHoldsTheNodes() public {
        uint64 deadline = uint64(vm.getBlockTimestamp()) + RESOLVE_WITHIN;
        vm.expectEmit(address(disputes));
        emit Disputes.NodeChallenged(1, node, CHALLENGER, RECEIPT, EVIDENCE, deadline);
        same(challengeNode(RECEIPT), 1, "id");
        same(token.balanceOf(address(disputes)), CHALLENGE_BOND, "bond");
        Disputes.Dispute memory d = disputes.disputeOf(1);
        check(d.challenger == CHALLENGER && d.node == node && d.subject == RECEIPT, "who and what");
        check(d.evidence == EVIDENCE && d.deadline == deadline && d.state == Disputes.State.Open, "the rest");
        vm.prank(OPERATOR);
        registry.exit(node);
        skip(EXIT_THAW);
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.BondInDispute.selector, node, 1));
        registry.withdrawBond(node);
    }

    function test_ChallengesRefuse() public {
        vm.startPrank(CHALLENGER);
        vm.expectRevert(Disputes.ZeroEvidence.selector);
        disputes.challengeNode(node, 0, EVIDENCE);
        vm.expectRevert(Disputes.ZeroEvidence.selector);
        disputes.challengeNode(node, RECEIPT, 0);
        vm.expectRevert(Disputes.ZeroEvidence.selector);
        disputes.challengeRoot(RECEIPT, 0);
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.NotRegistered.selector, STRANGER));
        disputes.challengeNode(STRANGER, RECEIPT, EVIDENCE);
        vm.expectRevert(RewardDistributor.NoPendingRoot.selector);
        disputes.challengeRoot(RECEIPT, EVIDENCE);
        disputes.challengeNode(node, RECEIPT, EVIDENCE);
        vm.expectRevert(abi.encodeWithSelector(Disputes.DisputeExists.selector, 1));
        disputes.challengeNode(node, RECEIPT, EVIDENCE);
        vm.stopPrank();
        vm.expectRevert();
        disputes.challengeNode(node, keccak256("without a bond"), EVIDENCE);
    }

    function test_UpheldSlashesForTreasuryAndChallenger() public {
        challengeNode(RECEIPT);
        uint256 before = token.balanceOf(CHALLENGER);
        vm.expectEmit(address(disputes));
        emit Disputes.Resolved(1, true, 8 ether);
        resolve(1, true, 8 ether);
        same(token.balanceOf(CHALLENGER) - before, CHALLENGE_BOND + 2 ether, "bond and a quarter");
        same(token.balanceOf(TREASURY), 6 ether, "the rest");
        check(state(1) == Disputes.State.Upheld, "state");
        vm.expectRevert(abi.encodeWithSelector(Disputes.DisputeExists.selector, 1));
        this.challengeAgain();
        vm.prank(OPERATOR);
        registry.exit(node);
        skip(EXIT_THAW);
        registry.withdrawBond(node);
        same(token.balanceOf(coldOf(1000)), BOND - 8 ether, "what is left of the bond");
    }

    function challengeAgain() external {
        challengeNode(RECEIPT);
    }

    function challengeBy(bytes32 evidence) external returns (uint256) {
        vm.prank(CHALLENGER);
        return disputes.challengeNode(node, RECEIPT, evidence);
    }

    /// @dev Neither an open charge nor a rejected one keeps other evidence out.
    function test_APoorChargeShieldsNobody() public {
        challengeNode(RECEIPT);
        same(this.challengeBy(keccak256("better")), 2, "beside an open one");
        resolve(1, false, 0);
        vm.expectRevert(abi.encodeWithSelector(Disputes.DisputeExists.selector, 1));
        this.challengeBy(EVIDENCE);
        same(this.challengeBy(keccak256("better still")), 3, "after a rejected one");
        resolve(2, true, 2 ether);
        check(disputes.settled(node, RECEIPT), "settled");
        vm.expectRevert(abi.encodeWithSelector(Disputes.ReceiptSettled.selector, node, RECEIPT));
        this.challengeBy(keccak256("once more"));
        vm.prank(OPERATOR);
        registry.exit(node);
        skip(EXIT_THAW);
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.BondInDispute.selector, node, 1));
        registry.withdrawBond(node);
        disputes.lapse(3);
        registry.withdrawBond(node);
    }

    function test_UpheldWithoutASlashOrAShare() public {
        challengeNode(RECEIPT);
        resolve(1, true, 0);
        same(token.balanceOf(TREASURY), 0, "nothing");
        challengeNode(EVIDENCE);
        resolve(2, true, 3);
        same(token.balanceOf(TREASURY), 3, "a share that rounds to nothing");
    }

    function test_RejectedCostsTheBond() public {
        challengeNode(RECEIPT);
        vm.expectEmit(address(disputes));
        emit Disputes.Resolved(1, false, 0);
        resolve(1, false, 8 ether);
        same(token.balanceOf(TREASURY), CHALLENGE_BOND, "bond");
        check(registry.isActive(node), "nothing was slashed");
        check(!disputes.settled(node, RECEIPT), "nothing is settled");
        check(state(1) == Disputes.State.Rejected, "state");
    }

    function test_ResolveRefuses() public {
        challengeNode(RECEIPT);
        uint64 deadline = uint64(vm.getBlockTimestamp()) + RESOLVE_WITHIN;
        vm.expectRevert(abi.encodeWithSelector(Disputes.NotArbiter.selector, address(this)));
        disputes.resolve(1, true, 0);
        vm.expectRevert(abi.encodeWithSelector(Disputes.NotOpen.selector, 2));
        resolve(2, true, 0);
        skip(RESOLVE_WITHIN);
        vm.expectRevert(abi.encodeWithSelector(Disputes.DeadlinePassed.selector, 1, deadline));
        resolve(1, true, 0);
        disputes.lapse(1);
        vm.expectRevert(abi.encodeWithSelector(Disputes.NotOpen.selector, 1));
        resolve(1, true, 0);
    }

    function test_TheArbiterIsHeardUntilTheDeadline() public {
        challengeNode(RECEIPT);
        skip(RESOLVE_WITHIN - 1);
        resolve(1, true, 1 ether);
        check(state(1) == Disputes.State.Upheld, "state");
    }

    function test_SilenceLapses() public {
        challengeNode(RECEIPT);
        uint64 deadline = uint64(vm.getBlockTimestamp()) + RESOLVE_WITHIN;
        skip(RESOLVE_WITHIN - 1);
        vm.expectRevert(abi.encodeWithSelector(Disputes.DeadlineAhead.selector, 1, deadline));
        disputes.lapse(1);
        skip(1);
        uint256 before = token.balanceOf(CHALLENGER);
        vm.expectEmit(address(disputes));
        emit Disputes.Lapsed(1);
        disputes.lapse(1);
        same(token.balanceOf(CHALLENGER) - before, CHALLENGE_BOND, "bond");
        check(state(1) == Disputes.State.Lapsed, "state");
        vm.expectRevert(abi.encodeWithSelector(Disputes.NotOpen.selector, 1));
        disputes.lapse(1);
        same(challengeNode(RECEIPT), 2, "may be brought again");
    }

    function test_AChallengedRootWaits() public {
        bytes32 root = postEpoch();
        uint64 due = uint64(vm.getBlockTimestamp()) + DELAY;
        uint64 deadline = uint64(vm.getBlockTimestamp()) + RESOLVE_WITHIN;
        vm.expectEmit(address(distributor));
        emit RewardDistributor.RootHeld(1, root, deadline);
        vm.expectEmit(address(disputes));
        emit Disputes.RootChallenged(1, 1, CHALLENGER, root, EVIDENCE, deadline);
        challengeRoot(root);
        (uint32 open, uint64 dueAt) = distributor.holdOf(1);
        check(open == 1 && dueAt == due, "held");
        same(distributor.pendingEpoch().activeAt, deadline, "put off");
        skip(RESOLVE_WITHIN - 1);
        check(distributor.activeEpoch().root == 0, "still waits");
        skip(1);
        check(distributor.activeEpoch().root == root, "nobody decided");
        disputes.lapse(1);
        distributor.activate();
        check(distributor.activeEpoch().root == root, "active");
        (open,) = distributor.holdOf(2);
        same(open, 0, "another epoch's");
    }

    function test_ARejectedChallengeFreesTheRoot() public {
        bytes32 root = postEpoch();
        uint64 due = uint64(vm.getBlockTimestamp()) + DELAY;
        challengeRoot(root);
        resolve(1, false, 0);
        same(distributor.pendingEpoch().activeAt, due, "as before");
        same(token.balanceOf(TREASURY), CHALLENGE_BOND, "bond");
        (uint32 open,) = distributor.holdOf(1);
        same(open, 0, "none holds it");
    }

    function test_ARejectionAfterTheTimeFreesTheRootAtOnce() public {
        bytes32 root = postEpoch();
        challengeRoot(root);
        skip(DELAY + 1);
        vm.expectEmit(address(distributor));
        emit RewardDistributor.RootReleased(1, root, uint64(vm.getBlockTimestamp()));
        resolve(1, false, 0);
        check(distributor.activeEpoch().root == root, "active");
    }

    function test_TheLastOfSeveralChallengesCounts() public {
        bytes32 root = postEpoch();
        challengeRoot(root);
        skip(10 hours);
        challengeRoot(root);
        resolve(1, false, 0);
        same(distributor.pendingEpoch().activeAt, vm.getBlockTimestamp() + RESOLVE_WITHIN, "held by the second");
        resolve(2, false, 0);
        same(distributor.pendingEpoch().activeAt, vm.getBlockTimestamp() - 10 hours + DELAY, "free");
    }

    function test_ChallengesCantBeLinedUp() public {
        bytes32 root = postEpoch();
        uint64 due = uint64(vm.getBlockTimestamp()) + DELAY;
        challengeRoot(root);
        skip(DELAY - 1);
        challengeRoot(root);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.ChallengeTooLate.selector, due));
        this.challengeRootAgain(root);
        skip(RESOLVE_WITHIN - 1);
        check(distributor.activeEpoch().root == root, "no later than delay and time to decide");
    }

    function challengeRootAgain(bytes32 root) external {
        challengeRoot(root);
    }

    function test_AnUpheldChallengeRefusesTheRootForGood() public {
        bytes32 root = postEpoch();
        challengeRoot(root);
        vm.expectRevert(abi.encodeWithSelector(Disputes.RootsAreNotSlashed.selector, 1));
        resolve(1, true, 1);
        vm.expectEmit(address(distributor));
        emit RewardDistributor.RootCancelled(1, root);
        resolve(1, true, 0);
        check(distributor.vetoed(root, DATASET), "refused");
        same(token.balanceOf(address(disputes)), 0, "bond returned");
        skip(DELAY);
        check(distributor.activeEpoch().root == 0, "never active");
        vm.prank(POSTER);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.RootWasVetoed.selector, 1));
        distributor.postRoot(root, DATASET, 0, 1, new bytes[](0));
    }

    function test_AVetoEndsAChallengeAtOnce() public {
        bytes32 root = postEpoch();
        challengeRoot(root);
        vm.prank(GUARDIAN);
        distributor.veto(root);
        disputes.lapse(1);
        same(token.balanceOf(address(disputes)), 0, "bond returned");
    }

    /// @dev The epoch's number belongs to another root by then.
    function test_AnOldChallengeLeavesTheNextRootAlone() public {
        bytes32 root = postEpoch();
        challengeRoot(root);
        challengeRoot(root);
        challengeRoot(root);
        vm.prank(GUARDIAN);
        distributor.veto(root);
        amounts[0] = 5;
        --epochs;
        bytes32 next = postEpoch();
        uint64 due = uint64(vm.getBlockTimestamp()) + DELAY;
        same(distributor.pendingEpoch().activeAt, due, "not put off");
        uint256 id = challengeRoot(next);
        disputes.lapse(1);
        resolve(2, false, 0);
        resolve(3, true, 0);
        same(distributor.pendingEpoch().activeAt, vm.getBlockTimestamp() + RESOLVE_WITHIN, "still held by its own");
        resolve(id, false, 0);
        same(distributor.pendingEpoch().activeAt, due, "free");
    }

    function test_LapseAfterTheRootBecameActiveDoesNothingToIt() public {
        bytes32 root = postEpoch();
        challengeRoot(root);
        skip(RESOLVE_WITHIN);
        distributor.activate();
        amounts[0] = 5;
        bytes32 next = postEpoch();
        disputes.lapse(1);
        check(distributor.activeEpoch().root == root && distributor.pendingEpoch().root == next, "both as they were");
    }

    function test_CancelIsForTheRootThatWaits() public {
        vm.startPrank(address(disputes));
        vm.expectRevert(RewardDistributor.NoPendingRoot.selector);
        distributor.cancel(0);
        vm.stopPrank();
        bytes32 root = postEpoch();
        vm.startPrank(address(disputes));
        vm.expectRevert(RewardDistributor.NoPendingRoot.selector);
        distributor.cancel(2);
        vm.expectRevert(RewardDistributor.NoPendingRoot.selector);
        distributor.hold(keccak256("another"), 1);
        distributor.hold(root, 1);
        same(distributor.pendingEpoch().activeAt, vm.getBlockTimestamp() + DELAY, "a hold never hastens");
        skip(DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(RewardDistributor.VetoTooLate.selector, uint64(vm.getBlockTimestamp()))
        );
        distributor.cancel(1);
    }

    /// @dev Whatever happens, bonds are where they belong: nothing is stuck here.
    function testFuzz_EveryBondGoesSomewhere(uint8 how, uint96 slashWei, uint32 wait) public {
        uint256 held = token.balanceOf(address(registry));
        uint256 rich = token.balanceOf(CHALLENGER);
        challengeNode(RECEIPT);
        skip(wait % (2 * RESOLVE_WITHIN));
        uint256 slashed = 0;
        if (wait % (2 * RESOLVE_WITHIN) >= RESOLVE_WITHIN) {
            disputes.lapse(1);
        } else {
            slashed = how % 2 == 0 ? slashWei % (BOND + 1) : 0;
            resolve(1, how % 2 == 0, slashed);
        }
        same(token.balanceOf(address(disputes)), 0, "bonds");
        same(held - token.balanceOf(address(registry)), slashed, "slashed");
        uint256 all = token.balanceOf(CHALLENGER) + token.balanceOf(TREASURY);
        same(all, rich + slashed, "conserved");
    }
}
