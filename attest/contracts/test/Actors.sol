// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Disputes} from "../src/Disputes.sol";
import {JobEscrow} from "../src/JobEscrow.sol";
import {RewardDistributor} from "../src/RewardDistributor.sol";
import {Epochs} from "./Epochs.sol";
import {Tree} from "./Tree.sol";

/// @title Everyone who can call the contracts, doing what they can, and a count of
/// what was promised and paid.
/// @dev A call that a contract refuses is no failure; one that must go through,
/// such as withdrawing what has thawed, is made without a safety net.
abstract contract Actors is Epochs {
    uint256 internal constant CLINICS = 2;
    uint256 internal constant CREW = 3;
    uint256 private constant CLINIC_KEY = 0xC000;
    uint256 private constant MOST_DISPUTES = 12;

    address[] internal clinics;
    mapping(uint256 clinic => uint256) internal deposited;
    mapping(uint256 clinic => uint256) internal withdrawn;
    mapping(uint256 clinic => mapping(uint256 node => uint64)) internal vouched;
    mapping(uint256 node => uint256) internal most; // wei, by any root posted
    mapping(uint256 node => uint256) internal returned; // wei of its bond
    bytes32 private posted;

    function prepare() internal {
        crew(CREW);
        for (uint256 c = 0; c < CLINICS; ++c) {
            clinics.push(vm.addr(CLINIC_KEY + c));
            fund(clinics[c], 10_000 ether, address(escrow));
        }
        skip(1 days);
    }

    /// @dev All that was ever minted for claims.
    function minted() internal view returns (uint256) {
        return token.totalSupply() - SUPPLY;
    }

    function doWait(uint32 time) external {
        skip(time % 3 days);
    }

    /// @dev Poster's round: earnings rise, or, when it errs, fall.
    function doPost(uint96[3] calldata by, bool errs) external {
        uint256[] memory before = amounts;
        for (uint256 i = 0; i < CREW; ++i) {
            if (errs) amounts[i] = amounts[i] / 2;
            else amounts[i] += uint256(by[i]) % 60_000 ether;
        }
        bytes32 root = tree()[0];
        RewardDistributor.Epoch memory active = distributor.activeEpoch();
        uint128 total = earned();
        if (total < active.cumulativeTotal) total = active.cumulativeTotal;
        vm.prank(POSTER);
        try distributor.postRoot(root, DATASET, total, active.number + 1, new bytes[](0)) {
            posted = root;
            for (uint256 i = 0; i < CREW; ++i) {
                if (amounts[i] > most[i]) most[i] = amounts[i];
            }
        } catch {
            amounts = before;
        }
    }

    function doClaim(uint8 line) external {
        uint256 i = line % CREW;
        uint256 before = distributor.claimed(nodes[i]);
        bytes32[] memory path = Tree.proof(tree(), i);
        try distributor.claim(nodes[i], amounts[i], path) returns (uint256 paid) {
            same(distributor.claimed(nodes[i]), before + paid, "claimed");
        } catch {}
    }

    function doClaimMany() external {
        (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings) = Tree.share(tree(), nodes, amounts);
        try distributor.claimMany(claims, siblings) {} catch {}
    }

    function doVeto() external {
        vm.prank(GUARDIAN);
        try distributor.veto(posted) {} catch {}
    }

    function doDeposit(uint8 clinic, uint96 amount) external {
        uint256 c = clinic % CLINICS;
        uint256 wei_ = uint256(amount) % 50 ether + 1;
        if (token.balanceOf(clinics[c]) < wei_) return;
        vm.prank(clinics[c]);
        escrow.deposit(wei_);
        deposited[c] += wei_;
    }

    function doReserve(uint8 clinic, uint8 node, uint96 amount) external {
        uint256 c = clinic % CLINICS;
        uint256 wei_ = uint256(amount) % (escrow.freeOf(clinics[c]) + 1);
        vm.prank(clinics[c]);
        escrow.reserve(nodes[node % CREW], wei_);
    }

    /// @dev The pot of a node, or the free part.
    function pot(uint8 node) private view returns (address) {
        return node % (CREW + 1) == CREW ? address(0) : nodes[node % (CREW + 1)];
    }

    function doThaw(uint8 clinic, uint8 node, uint96 amount) external {
        vm.prank(clinics[clinic % CLINICS]);
        try escrow.thaw(pot(node), uint256(amount) % 20 ether) {} catch {}
    }

    /// @dev What has thawed must leave, whatever else happened.
    function doWithdraw(uint8 clinic, uint8 node) external {
        uint256 c = clinic % CLINICS;
        (uint256 amount, uint64 thawedAt) = escrow.thawingOf(clinics[c], pot(node));
        if (amount == 0) return;
        if (thawedAt > vm.getBlockTimestamp()) skip(thawedAt - vm.getBlockTimestamp());
        uint256 before = token.balanceOf(clinics[c]);
        vm.prank(clinics[c]);
        same(escrow.withdraw(pot(node)), amount, "withdrawn");
        same(token.balanceOf(clinics[c]) - before, amount, "received");
        withdrawn[c] += amount;
    }

    /// @dev A clinic's next voucher for each of two nodes, and an old one again.
    function doRedeem(uint8 clinic, uint8 node, uint64 rise, bool single) external {
        uint256 c = clinic % CLINICS;
        uint256 i = node % CREW;
        JobEscrow.Voucher[] memory lines = new JobEscrow.Voucher[](3);
        lines[0] = voucher(c, i, vouched[c][i]);
        vouched[c][i] += rise % 20e9;
        lines[1] = voucher(c, i, vouched[c][i]);
        i = (i + 1) % CREW;
        vouched[c][i] += rise % 3e9;
        lines[2] = voucher(c, i, vouched[c][i]);
        if (single) {
            try escrow.redeem(lines[1], "") {} catch {}
        } else {
            escrow.redeemMany(lines, new bytes[](0));
        }
    }

    function voucher(uint256 c, uint256 i, uint64 totalGwei) private view returns (JobEscrow.Voucher memory v) {
        v = JobEscrow.Voucher(clinics[c], nodes[i], totalGwei, 1, 0, 0);
        uint8 parity;
        bytes32 s;
        (parity, v.r, s) =
            vm.sign(CLINIC_KEY + c, escrow.voucherDigest(clinics[c], nodes[i], totalGwei, 1));
        v.vs = bytes32(uint256(s) | uint256(parity - 27) << 255);
    }

    /// @dev Leaves, withdraws or restores a bond.
    function doNode(uint8 line, uint8 what) external {
        uint256 i = line % CREW;
        if (what % 8 == 0) {
            vm.prank(OPERATOR);
            try registry.exit(nodes[i]) {} catch {}
        } else if (what % 8 < 4) {
            uint256 before = token.balanceOf(coldOf(1000 + i));
            try registry.withdrawBond(nodes[i]) {
                returned[i] += token.balanceOf(coldOf(1000 + i)) - before;
            } catch {}
        } else {
            vm.prank(OPERATOR);
            try registry.restoreBond(nodes[i]) {} catch {}
        }
    }

    function doChallenge(uint8 line, bytes32 evidence, bool root) external {
        if (disputes.count() >= MOST_DISPUTES) return;
        vm.prank(CHALLENGER);
        if (root) try disputes.challengeRoot(posted, evidence) {} catch {}
        else try disputes.challengeNode(nodes[line % CREW], evidence, evidence) {} catch {}
    }

    function doResolve(uint8 which, bool upheld, uint96 slashWei) external {
        uint256 id = which % (disputes.count() + 1);
        uint256 wei_ = disputes.disputeOf(id).node == address(0) ? 0 : uint256(slashWei) % (BOND + 1);
        vm.prank(ARBITER);
        try disputes.resolve(id, upheld, wei_) {} catch {}
    }

    /// @dev After its deadline an open dispute always ends.
    function doLapse(uint8 which) external {
        uint256 id = which % (disputes.count() + 1);
        Disputes.Dispute memory d = disputes.disputeOf(id);
        if (d.state != Disputes.State.Open) return;
        if (vm.getBlockTimestamp() < d.deadline) {
            try disputes.lapse(id) {} catch {}
        } else {
            disputes.lapse(id);
        }
    }
}
