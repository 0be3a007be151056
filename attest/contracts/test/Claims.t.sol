// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MerklePath} from "../src/MerklePath.sol";
import {RewardDistributor} from "../src/RewardDistributor.sol";
import {Epochs} from "./Epochs.sol";
import {Tree} from "./Tree.sol";

contract ClaimsTest is Epochs {
    function setUp() public override {
        super.setUp();
        crew(5);
        skip(1 days);
    }

    /// @dev Node i has earned (i + 1) x `each` so far.
    function earn(uint256 each) private {
        for (uint256 i = 0; i < amounts.length; ++i) {
            amounts[i] = (i + 1) * each;
        }
    }

    function shared() private view returns (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings) {
        return Tree.share(tree(), nodes, amounts);
    }

    function test_AClaimPaysTheRecipientTheDifference() public {
        earn(10);
        publish();
        vm.expectEmit(address(distributor));
        emit RewardDistributor.Claimed(nodes[2], coldOf(1002), 30, 30);
        same(claim(2), 30, "first");
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.NothingToClaim.selector, nodes[2], 30));
        this.claimAgain(2);
        earn(25);
        publish();
        same(claim(2), 45, "second");
        same(token.balanceOf(coldOf(1002)), 75, "received");
        same(distributor.claimed(nodes[2]), 75, "claimed");
    }

    function claimAgain(uint256 i) external {
        claim(i);
    }

    function test_ClaimsRefuse() public {
        earn(10);
        bytes32[] memory path = Tree.proof(tree(), 1);
        vm.expectRevert(RewardDistributor.NoActiveRoot.selector);
        distributor.claim(nodes[1], 20, path);
        (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings) = shared();
        vm.expectRevert(RewardDistributor.NoActiveRoot.selector);
        distributor.claimMany(claims, siblings);
        publish();
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.InvalidProof.selector, nodes[1], 21));
        distributor.claim(nodes[1], 21, path);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.InvalidProof.selector, nodes[2], 20));
        distributor.claim(nodes[2], 20, path);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.NothingToClaim.selector, nodes[1], 0));
        distributor.claim(nodes[1], 0, path);
        nodes[1] = STRANGER;
        publish();
        path = Tree.proof(tree(), 1);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.NodeNotRegistered.selector, STRANGER));
        distributor.claim(STRANGER, 20, path);
        (claims, siblings) = shared();
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.NodeNotRegistered.selector, STRANGER));
        distributor.claimMany(claims, siblings);
    }

    function test_ClaimManyPaysAllLinesByTheirSharedPaths() public {
        earn(10);
        publish();
        (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings) = shared();
        check(siblings.length < 12, "five leaves of depth two and three share siblings");
        same(distributor.claimMany(claims, siblings), 150, "paid");
        for (uint256 i = 0; i < 5; ++i) {
            same(token.balanceOf(coldOf(1000 + i)), (i + 1) * 10, "received");
        }
        same(distributor.claimMany(claims, siblings), 0, "nothing twice");
        same(token.balanceOf(address(distributor)), 0, "the budget is spent");
    }

    function test_ClaimManyPassesOverWhatWasPaid() public {
        earn(10);
        publish();
        claim(0);
        claim(3);
        (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings) = shared();
        same(distributor.claimMany(claims, siblings), 100, "the rest");
    }

    /// @dev A corrected epoch may give a node less than it was paid.
    function test_ALineThatFellIsPassedOver() public {
        earn(10);
        publish();
        (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings) = shared();
        distributor.claimMany(claims, siblings);
        (amounts[0], amounts[1]) = (5, 25);
        bytes32 root = tree()[0];
        vm.prank(POSTER);
        distributor.postRoot(root, DATASET, 155, ++epochs, new bytes[](0)); // what is gone is budgeted still
        skip(DELAY);
        (claims, siblings) = shared();
        vm.recordLogs();
        same(distributor.claimMany(claims, siblings), 5, "the line that rose");
        same(vm.getRecordedLogs().length, 4, "activation, mint, claim and transfer, and nothing of the others");
        same(distributor.claimed(nodes[0]), 10, "nothing is taken back");
    }

    function test_ClaimManyRefusesAnyOtherFault() public {
        earn(10);
        publish();
        (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings) = shared();
        claims[4].cumulativeWei = 51;
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.InvalidProof.selector, nodes[4], 51));
        distributor.claimMany(claims, siblings);
        claims[4].cumulativeWei = 50;
        claims[0].meets = 1;
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.InvalidPath.selector, 0));
        distributor.claimMany(claims, siblings);
        claims[0].meets = 0;
        ++claims[4].siblings;
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.InvalidPath.selector, 4));
        distributor.claimMany(claims, siblings);
        claims[4].siblings = type(uint256).max;
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.InvalidPath.selector, 4));
        distributor.claimMany(claims, siblings);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.TooManyClaims.selector, 257, 256));
        distributor.claimMany(new RewardDistributor.Claim[](257), siblings);
        same(distributor.claimMany(new RewardDistributor.Claim[](0), siblings), 0, "an empty batch");
    }

    function test_ABatchOf256IsTheLargest() public {
        earn(10);
        publish();
        RewardDistributor.Claim[] memory claims = new RewardDistributor.Claim[](256);
        bytes32[] memory path = Tree.proof(tree(), 4);
        for (uint256 i = 0; i < 256; ++i) {
            claims[i] = RewardDistributor.Claim(nodes[4], 50, i == 0 ? path.length : 0, 0);
        }
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.InvalidProof.selector, nodes[4], 50));
        distributor.claimMany(claims, path);
    }

    /// @dev A line that is wrong and paid already can't vouch for another.
    function test_ALineThatIsPassedOverIsCheckedToo() public {
        earn(10);
        publish();
        claim(0);
        bytes32 forged = Tree.leaf(nodes[1], 1 ether);
        RewardDistributor.Claim[] memory claims = new RewardDistributor.Claim[](2);
        bytes32[] memory siblings = new bytes32[](1);
        siblings[0] = forged;
        claims[0] = RewardDistributor.Claim(nodes[0], 10, 1, 0);
        claims[1] = RewardDistributor.Claim(nodes[1], 1 ether, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.InvalidProof.selector, nodes[0], 10));
        distributor.claimMany(claims, siblings);
    }

    function test_ALineMeetsNoSiblingOfItsOwn() public {
        earn(10);
        publish();
        bytes32[] memory siblings = new bytes32[](1);
        siblings[0] = keccak256("made up");
        RewardDistributor.Claim[] memory claims = new RewardDistributor.Claim[](1);
        claims[0] = RewardDistributor.Claim(nodes[0], 1 ether, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.InvalidPath.selector, 0));
        distributor.claimMany(claims, siblings);
    }

    /// @dev A week's budget leaves at once, then a second's budget a second.
    function test_TheBreakerLetsTheRateThrough() public {
        skip(30 days);
        uint256 most = uint256(RATE) * WINDOW;
        amounts[0] = most + 100 ether;
        publish();
        same(distributor.room(), most, "room");
        same(claim(0), most, "as much as fits");
        same(distributor.room(), 0, "none left");
        vm.expectRevert(abi.encodeWithSelector(RewardDistributor.BreakerOpen.selector, most));
        this.claimAgain(0);
        skip(40);
        same(distributor.room(), 40 ether, "decays");
        same(claim(0), 40 ether, "the rest bit by bit");
        skip(1 days);
        same(claim(0), 60 ether, "all of it in the end");
        same(distributor.claimed(nodes[0]), most + 100 ether, "claimed");
        skip(WINDOW);
        same(distributor.room(), most, "empty again");
    }

    function test_TheBreakerCutsABatch() public {
        skip(30 days);
        uint256 most = uint256(RATE) * WINDOW;
        earn(most / 4);
        publish();
        (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings) = shared();
        same(distributor.claimMany(claims, siblings), most, "what fits");
        same(distributor.claimed(nodes[1]), most / 2, "whole");
        same(distributor.claimed(nodes[2]), most / 4, "in part");
        same(distributor.claimed(nodes[3]), 0, "not at all");
        same(distributor.claimMany(claims, siblings), 0, "no room, no payment");
        skip(8);
        same(distributor.claimMany(claims, siblings), 8 ether, "later");
    }

    function test_AVeryOldClaimStillPays() public {
        earn(10);
        publish();
        skip(3650 days);
        same(claim(4), 50, "paid");
    }

    function climb(bytes32 leaf, bytes32[] calldata siblings) external pure returns (bytes32 own, bytes32 theirs) {
        return (MerklePath.climb(leaf, siblings), MerkleProof.processProofCalldata(siblings, leaf));
    }

    function testFuzz_PathsLeadWhereOpenZeppelinsDo(bytes32 leaf, bytes32[] calldata siblings) public view {
        (bytes32 own, bytes32 theirs) = this.climb(leaf, siblings);
        check(own == theirs, "another rule");
    }

    /// @dev Whatever subset is claimed in whatever manner, each node gets its
    /// leaf once.
    function testFuzz_NobodyIsPaidTwice(uint64[5] calldata earnings, uint8 single, bool batchFirst) public {
        for (uint256 i = 0; i < 5; ++i) {
            amounts[i] = uint256(earnings[i]) + 1;
        }
        publish();
        (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings) = shared();
        if (batchFirst) distributor.claimMany(claims, siblings);
        else claim(single % 5);
        distributor.claimMany(claims, siblings);
        for (uint256 i = 0; i < 5; ++i) {
            same(token.balanceOf(coldOf(1000 + i)), amounts[i], "received");
        }
        same(token.balanceOf(address(distributor)), 0, "left");
    }

    /// @dev No change of a line or a sibling is accepted.
    function testFuzz_NothingElseIsInTheTree(uint8 line, uint8 what, uint256 by) public {
        by = by % 1e30 + 1;
        earn(10);
        publish();
        (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings) = shared();
        RewardDistributor.Claim memory c = claims[line % 5];
        if (what % 3 == 0) c.cumulativeWei += by;
        else if (what % 3 == 1) c.node = address(uint160(c.node) ^ uint160(by));
        else siblings[by % siblings.length] ^= bytes32(by);
        uint256 before = token.balanceOf(address(distributor));
        vm.expectRevert();
        distributor.claimMany(claims, siblings);
        same(token.balanceOf(address(distributor)), before, "paid");
    }
}
