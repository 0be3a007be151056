// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IHive} from "../src/IHive.sol";
import {INodeRegistry} from "../src/INodeRegistry.sol";
import {RewardDistributor} from "../src/RewardDistributor.sol";
import {Epochs} from "./Epochs.sol";

/// @dev Posting, waiting, vetoes and appointments; claims are in Claims.t.sol.
contract RewardDistributorTest is Epochs {
    bytes32 private constant ROOT = keccak256("root");
    bytes32 private constant DATA = keccak256("data");

    function post(bytes32 root, uint128 total, uint64 number) private {
        vm.prank(POSTER);
        distributor.postRoot(root, DATA, total, number, new bytes[](0));
    }

    function refused(bytes memory reason, bytes32 root, bytes32 data, uint128 total, uint64 number) private {
        vm.prank(POSTER);
        vm.expectRevert(reason);
        distributor.postRoot(root, data, total, number, new bytes[](0));
    }

    function make(IHive token_, INodeRegistry registry_, address disputes_, uint64 delay, uint32 window) private {
        new RewardDistributor(OWNER, token_, registry_, disputes_, RATE, delay, window, POSTER, GUARDIAN);
    }

    function test_ConstructorRefuses() public {
        vm.expectRevert(RewardDistributor.ZeroAddress.selector);
        make(IHive(address(0)), registry, address(disputes), DELAY, WINDOW);
        vm.expectRevert(RewardDistributor.ZeroAddress.selector);
        make(token, INodeRegistry(address(0)), address(disputes), DELAY, WINDOW);
        vm.expectRevert(RewardDistributor.ZeroAddress.selector);
        make(token, registry, address(0), DELAY, WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(RewardDistributor.ActivationDelayTooShort.selector, 24 hours - 1, 24 hours)
        );
        make(token, registry, address(disputes), 24 hours - 1, WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(RewardDistributor.BreakerWindowTooShort.selector, 24 hours - 1, 24 hours)
        );
        make(token, registry, address(disputes), DELAY, 24 hours - 1);
        make(token, registry, address(disputes), 24 hours, 24 hours);
    }

    function test_ARootWaitsAndBecomesActive() public {
        skip(1 hours);
        uint64 due = uint64(vm.getBlockTimestamp()) + DELAY;
        vm.expectEmit(address(distributor));
        emit RewardDistributor.RootPosted(1, ROOT, DATA, 100, due);
        post(ROOT, 100, 1);
        RewardDistributor.Epoch memory e = distributor.pendingEpoch();
        check(e.root == ROOT && e.datasetHash == DATA && e.number == 1 && e.cumulativeTotal == 100, "pending");
        same(e.activeAt, due, "active at");
        check(distributor.activeEpoch().root == 0, "none is active");
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.PendingRootNotDue.selector, due));
        distributor.activate();
        skip(DELAY);
        check(distributor.pendingEpoch().root == 0 && distributor.activeEpoch().root == ROOT, "due");
        same(token.balanceOf(address(distributor)), 0, "nothing is minted before");
        vm.expectEmit(address(distributor));
        emit RewardDistributor.RootActivated(1, ROOT, 100);
        distributor.activate();
        same(token.balanceOf(address(distributor)), 100, "budget");
        check(distributor.activeEpoch().root == ROOT, "active");
        same(distributor.activeEpoch().activeAt, due, "active since");
        vm.expectRevert(RewardDistributor.NoPendingRoot.selector);
        distributor.activate();
    }

    function test_TheNextPostActivates() public {
        skip(1 hours);
        post(ROOT, 100, 1);
        skip(DELAY);
        post(keccak256("next"), 100, 2);
        check(distributor.activeEpoch().root == ROOT, "active");
        same(token.balanceOf(address(distributor)), 100, "minted once");
        skip(DELAY);
        distributor.activate();
        same(token.balanceOf(address(distributor)), 100, "nothing more for the same total");
    }

    function test_PostRefuses() public {
        skip(1 hours);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.NotPoster.selector, address(this)));
        distributor.postRoot(ROOT, DATA, 1, 1, new bytes[](0));
        refused(abi.encodeWithSelector(RewardDistributor.ZeroRoot.selector), 0, DATA, 1, 1);
        refused(abi.encodeWithSelector(RewardDistributor.ZeroRoot.selector), ROOT, 0, 1, 1);
        refused(abi.encodeWithSelector(RewardDistributor.EpochNotNewer.selector, 0, 0), ROOT, DATA, 1, 0);
        refused(abi.encodeWithSelector(RewardDistributor.EpochTooFar.selector, 1001, 1000), ROOT, DATA, 1, 1001);
        uint128 most = uint128(1 hours) * RATE;
        same(distributor.allowedTotal(), most, "allowed");
        refused(
            abi.encodeWithSelector(RewardDistributor.TotalOverRate.selector, most + 1, most), ROOT, DATA, most + 1, 1
        );
        post(ROOT, most, 1);
        refused(
            abi.encodeWithSelector(RewardDistributor.PendingRootExists.selector, 1, uint64(vm.getBlockTimestamp()) + DELAY),
            ROOT,
            DATA,
            most,
            2
        );
        skip(DELAY);
        refused(abi.encodeWithSelector(RewardDistributor.EpochNotNewer.selector, 1, 1), ROOT, DATA, most, 1);
        refused(
            abi.encodeWithSelector(RewardDistributor.TotalFell.selector, most - 1, most), ROOT, DATA, most - 1, 2
        );
    }

    function test_EpochsMaySkipNumbers() public {
        post(ROOT, 0, 1000);
        skip(DELAY);
        post(ROOT, 0, 2000);
        same(distributor.activeEpoch().number, 1000, "active");
    }

    function test_TheGuardianVetoes() public {
        post(ROOT, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.NotGuardian.selector, address(this)));
        distributor.veto(ROOT);
        vm.prank(GUARDIAN);
        vm.expectRevert(RewardDistributor.NoPendingRoot.selector);
        distributor.veto(DATA);
        vm.expectEmit(address(distributor));
        emit RewardDistributor.RootVetoed(1, ROOT);
        vm.prank(GUARDIAN);
        distributor.veto(ROOT);
        check(distributor.vetoed(ROOT, DATA), "known");
        skip(DELAY);
        check(distributor.activeEpoch().root == 0, "never active");
        vm.prank(GUARDIAN);
        vm.expectRevert(RewardDistributor.NoPendingRoot.selector);
        distributor.veto(ROOT);
        refused(abi.encodeWithSelector(RewardDistributor.RootWasVetoed.selector, 1), ROOT, DATA, 0, 1);
        post(keccak256("corrected"), 0, 1);
    }

    function test_AVetoComesBeforeTheRootIsDue() public {
        post(ROOT, 0, 1);
        uint64 due = uint64(vm.getBlockTimestamp()) + DELAY;
        skip(DELAY);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.VetoTooLate.selector, due));
        distributor.veto(ROOT);
    }

    function test_TheGuardianDismissesThePoster() public {
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.NotGuardian.selector, address(this)));
        distributor.dismissPoster();
        vm.expectEmit(address(distributor));
        emit RewardDistributor.PosterChanged(POSTER, address(0));
        vm.prank(GUARDIAN);
        distributor.dismissPoster();
        refused(abi.encodeWithSelector(RewardDistributor.NotPoster.selector, POSTER), ROOT, DATA, 0, 1);
        vm.prank(OWNER);
        distributor.appoint(POSTER, GUARDIAN);
        post(ROOT, 0, 1);
    }

    function test_TheOwnerAppoints() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        distributor.appoint(POSTER, GUARDIAN);
        vm.startPrank(OWNER);
        vm.expectRevert(RewardDistributor.ZeroAddress.selector);
        distributor.appoint(address(0), GUARDIAN);
        vm.expectRevert(RewardDistributor.ZeroAddress.selector);
        distributor.appoint(POSTER, address(0));
        vm.expectRevert(RewardDistributor.PosterIsGuardian.selector);
        distributor.appoint(POSTER, POSTER);
        vm.expectEmit(address(distributor));
        emit RewardDistributor.PosterChanged(POSTER, STRANGER);
        vm.expectEmit(address(distributor));
        emit RewardDistributor.GuardianChanged(GUARDIAN, TREASURY);
        distributor.appoint(STRANGER, TREASURY);
        check(distributor.poster() == STRANGER && distributor.guardian() == TREASURY, "appointed");
    }

    /// @dev Two co-signers of three, in ascending order, and their keys.
    function cosigners() private pure returns (address[] memory list, uint256[] memory keys) {
        (list, keys) = (new address[](3), new uint256[](3));
        for (uint256 i = 0; i < 3; ++i) {
            keys[i] = 100 + i;
        }
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (vm.addr(keys[j]) < vm.addr(keys[i])) (keys[i], keys[j]) = (keys[j], keys[i]);
            }
            list[i] = vm.addr(keys[i]);
        }
    }

    function cosigned(uint256 a, uint256 b) private view returns (bytes[] memory signatures) {
        bytes32 digest = distributor.epochDigest(1, ROOT, DATA, 0);
        signatures = new bytes[](2);
        (signatures[0], signatures[1]) = (signed(a, digest), signed(b, digest));
    }

    function cosignRefused(bytes memory reason, bytes[] memory signatures) private {
        vm.prank(POSTER);
        vm.expectRevert(reason);
        distributor.postRoot(ROOT, DATA, 0, 1, signatures);
    }

    function test_ARootNeedsItsCosigners() public {
        (address[] memory list, uint256[] memory keys) = cosigners();
        vm.expectEmit(address(distributor));
        emit RewardDistributor.CosignersChanged(list, 2);
        vm.prank(OWNER);
        distributor.setCosigners(list, 2);
        check(distributor.cosigners().length == 3 && distributor.threshold() == 2, "named");
        bytes[] memory both = cosigned(keys[0], keys[2]);
        cosignRefused(
            abi.encodeWithSelector(RewardDistributor.TooFewCosignatures.selector, 0, 2), new bytes[](0)
        );
        cosignRefused(
            abi.encodeWithSelector(RewardDistributor.CosignersNotAscending.selector, list[0]),
            cosigned(keys[0], keys[0])
        );
        cosignRefused(
            abi.encodeWithSelector(RewardDistributor.CosignersNotAscending.selector, list[0]),
            cosigned(keys[2], keys[0])
        );
        cosignRefused(
            abi.encodeWithSelector(RewardDistributor.NotCosigner.selector, vm.addr(9)), cosigned(9, keys[0])
        );
        vm.prank(POSTER);
        distributor.postRoot(ROOT, DATA, 0, 1, both);
        check(distributor.pendingEpoch().root == ROOT, "posted");
    }

    function test_ACosignatureIsForOneRoot() public {
        (address[] memory list, uint256[] memory keys) = cosigners();
        vm.prank(OWNER);
        distributor.setCosigners(list, 2);
        bytes[] memory both = cosigned(keys[0], keys[1]);
        vm.startPrank(POSTER);
        vm.expectRevert();
        distributor.postRoot(ROOT, DATA, 0, 2, both);
        vm.expectRevert();
        distributor.postRoot(keccak256("other"), DATA, 0, 1, both);
        vm.expectRevert();
        distributor.postRoot(ROOT, keccak256("other"), 0, 1, both);
    }

    function test_SetCosignersRefuses() public {
        (address[] memory list,) = cosigners();
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        distributor.setCosigners(list, 1);
        vm.startPrank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.ThresholdTooHigh.selector, 4, 3));
        distributor.setCosigners(list, 4);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.TooManyCosigners.selector, 17, 16));
        distributor.setCosigners(new address[](17), 1);
        (list[0], list[1]) = (list[1], list[0]);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.CosignersNotAscending.selector, list[1]));
        distributor.setCosigners(list, 1);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.CosignersNotAscending.selector, address(0)));
        distributor.setCosigners(new address[](1), 0);
        list = new address[](1);
        list[0] = POSTER;
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.CosignerIsPoster.selector, POSTER));
        distributor.setCosigners(list, 1);
        list[0] = GUARDIAN;
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.CosignerIsGuardian.selector, GUARDIAN));
        distributor.setCosigners(list, 1);
        list = new address[](16);
        for (uint160 i = 0; i < 16; ++i) {
            list[i] = address(i + 1);
        }
        distributor.setCosigners(list, 16);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.CosignerIsPoster.selector, address(1)));
        distributor.appoint(address(1), GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.CosignerIsGuardian.selector, address(1)));
        distributor.appoint(POSTER, address(1));
    }

    function test_NewCosignersReplaceTheOld() public {
        (address[] memory list,) = cosigners();
        vm.startPrank(OWNER);
        distributor.setCosigners(list, 2);
        address[] memory one = new address[](1);
        one[0] = list[1];
        distributor.setCosigners(one, 1);
        check(!distributor.isCosigner(list[0]) && distributor.isCosigner(list[1]), "replaced");
        distributor.setCosigners(new address[](0), 0);
        check(!distributor.isCosigner(list[1]), "none");
        vm.stopPrank();
        post(ROOT, 0, 1);
    }

    /// @dev Over all time nothing beyond rate x elapsed is minted, whatever a
    /// poster posts.
    function testFuzz_TheBudgetIsBounded(uint128[8] calldata totals, uint32[8] calldata waits) public {
        for (uint64 i = 0; i < 8; ++i) {
            skip(uint256(waits[i]) % 3 days);
            vm.prank(POSTER);
            try distributor.postRoot(keccak256(abi.encode(i)), DATA, totals[i] % 1e25, i + 1, new bytes[](0)) {}
                catch {}
            check(token.totalSupply() - SUPPLY <= RATE * (vm.getBlockTimestamp() - START), "over the budget");
        }
    }

    function test_OnlyDisputesHoldRoots() public {
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.NotDisputes.selector, address(this)));
        distributor.hold(ROOT, 1);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.NotDisputes.selector, address(this)));
        distributor.release(1);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.NotDisputes.selector, address(this)));
        distributor.cancel(1);
    }
}
