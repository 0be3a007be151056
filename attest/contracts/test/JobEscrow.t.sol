// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IHive} from "../src/IHive.sol";
import {INodeRegistry} from "../src/INodeRegistry.sol";
import {JobEscrow} from "../src/JobEscrow.sol";
import {Network} from "./Network.sol";
import {Wallet} from "./Wallet.sol";

contract JobEscrowTest is Network {
    uint256 private constant CLINIC_KEY = 0xC1;
    uint256 private constant NODE_KEY = 0xB1;
    uint256 private constant OTHER_KEY = 0xB2;
    address private clinic;
    address private node;
    address private other;

    function setUp() public override {
        super.setUp();
        clinic = vm.addr(CLINIC_KEY);
        fund(clinic, 1000 ether, address(escrow));
        node = register(NODE_KEY);
        other = register(OTHER_KEY);
    }

    function voucher(address to, uint64 totalGwei) private view returns (JobEscrow.Voucher memory v) {
        v = JobEscrow.Voucher(clinic, to, totalGwei, uint64(vm.getBlockTimestamp()) * 1000, 0, 0);
        sign(CLINIC_KEY, v);
    }

    function sign(uint256 key, JobEscrow.Voucher memory v) private view {
        uint8 parity;
        bytes32 s;
        (parity, v.r, s) = vm.sign(key, digest(v));
        v.vs = bytes32(uint256(s) | uint256(parity - 27) << 255);
    }

    function digest(JobEscrow.Voucher memory v) private view returns (bytes32) {
        return escrow.voucherDigest(v.clinic, v.node, v.totalGwei, v.signedAt);
    }

    function redeem(JobEscrow.Voucher memory v) private returns (uint256) {
        return escrow.redeem(v, "");
    }

    function redeemBoth(JobEscrow.Voucher memory a, JobEscrow.Voucher memory b) private returns (uint256) {
        return escrow.redeemMany(pair(a, b), new bytes[](0));
    }

    function pair(JobEscrow.Voucher memory a, JobEscrow.Voucher memory b)
        private
        pure
        returns (JobEscrow.Voucher[] memory list)
    {
        list = new JobEscrow.Voucher[](2);
        (list[0], list[1]) = (a, b);
    }

    function put(uint256 amount) private {
        vm.prank(clinic);
        escrow.deposit(amount);
    }

    function keep(address to, uint256 amount) private {
        vm.prank(clinic);
        escrow.reserve(to, amount);
    }

    function test_ConstructorRefuses() public {
        vm.expectRevert(JobEscrow.ZeroAddress.selector);
        new JobEscrow(IHive(address(0)), registry, THAW);
        vm.expectRevert(JobEscrow.ZeroAddress.selector);
        new JobEscrow(token, INodeRegistry(address(0)), THAW);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.ThawDelayTooShort.selector, 24 hours - 1, 24 hours));
        new JobEscrow(token, registry, 24 hours - 1);
        check(new JobEscrow(token, registry, 24 hours).thawDelay() == 24 hours, "shortest thaw");
    }

    function test_DepositIsFreeMoney() public {
        vm.expectEmit(address(escrow));
        emit JobEscrow.Deposited(clinic, clinic, 7);
        put(7);
        same(escrow.balanceOf(clinic), 7, "balance");
        same(escrow.freeOf(clinic), 7, "free");
        same(token.balanceOf(address(escrow)), 7, "held");
    }

    function test_AnybodyDepositsForAClinic() public {
        fund(STRANGER, 5, address(escrow));
        vm.prank(STRANGER);
        vm.expectEmit(address(escrow));
        emit JobEscrow.Deposited(clinic, STRANGER, 5);
        escrow.depositFor(clinic, 5);
        same(escrow.freeOf(clinic), 5, "free");
    }

    function test_DepositRefuses() public {
        vm.expectRevert(JobEscrow.ZeroAmount.selector);
        put(0);
        vm.expectRevert(JobEscrow.ZeroAddress.selector);
        escrow.depositFor(address(0), 1);
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(escrow), 0, 1)
        );
        escrow.deposit(1);
        vm.expectRevert();
        put(uint256(type(uint128).max) + 1);
    }

    function test_ReserveKeepsMoneyForOneNode() public {
        put(10);
        vm.expectEmit(address(escrow));
        emit JobEscrow.Reserved(clinic, node, 4);
        keep(node, 4);
        same(escrow.freeOf(clinic), 6, "free");
        same(escrow.reservedOf(clinic, node), 4, "reserved");
        same(escrow.reservedOf(clinic, other), 0, "reserved for another");
        same(escrow.reservedOf(clinic, address(0)), 0, "reserved for nobody");
    }

    function test_ReserveRefuses() public {
        put(10);
        vm.expectRevert(JobEscrow.ZeroAddress.selector);
        keep(address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.DepositTooSmall.selector, clinic, 10));
        keep(node, 11);
        vm.prank(clinic);
        escrow.thaw(address(0), 3);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.DepositTooSmall.selector, clinic, 7));
        keep(node, 8);
        keep(node, 7);
    }

    function test_ReserveMany() public {
        put(10);
        address[] memory nodes = new address[](2);
        uint256[] memory amounts = new uint256[](2);
        (nodes[0], nodes[1], amounts[0], amounts[1]) = (node, other, 1, 2);
        vm.startPrank(clinic);
        escrow.reserveMany(nodes, amounts);
        same(escrow.reservedOf(clinic, node) * 10 + escrow.reservedOf(clinic, other), 12, "reserved");
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.LengthsDiffer.selector, 2, 1));
        escrow.reserveMany(nodes, new uint256[](1));
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.TooManyLines.selector, 257, 256));
        escrow.reserveMany(new address[](257), amounts);
        nodes = new address[](256);
        for (uint160 i = 0; i < 256; ++i) {
            nodes[i] = address(i + 1);
        }
        escrow.reserveMany(nodes, new uint256[](256));
    }

    function test_RedeemPaysTheDifferenceFromReservedThenFree() public {
        put(10 gwei);
        keep(node, 4 gwei);
        vm.expectEmit(address(escrow));
        emit JobEscrow.Redeemed(clinic, node, coldOf(NODE_KEY), 3 gwei, 3);
        same(redeem(voucher(node, 3)), 3 gwei, "first");
        same(escrow.reservedOf(clinic, node), 1 gwei, "reserved after the first");
        same(escrow.freeOf(clinic), 6 gwei, "free after the first");
        same(redeem(voucher(node, 6)), 3 gwei, "second");
        same(escrow.reservedOf(clinic, node), 0, "reserved after the second");
        same(escrow.freeOf(clinic), 4 gwei, "free after the second");
        same(escrow.redeemedOf(clinic, node), 6, "redeemed");
        same(token.balanceOf(coldOf(NODE_KEY)), 6 gwei, "recipient");
    }

    function test_RedeemIsExactlyTheReservedPart() public {
        put(10 gwei);
        keep(node, 4 gwei);
        same(redeem(voucher(node, 4)), 4 gwei, "paid");
        same(escrow.reservedOf(clinic, node), 0, "reserved");
        same(escrow.freeOf(clinic), 6 gwei, "free");
    }

    function test_WhatIsReservedForAnotherIsNotTaken() public {
        put(10 gwei);
        keep(other, 8 gwei);
        same(redeem(voucher(node, 5)), 2 gwei, "paid");
        same(escrow.redeemedOf(clinic, node), 2, "redeemed");
        same(escrow.reservedOf(clinic, other), 8 gwei, "reserved");
        JobEscrow.Voucher memory v = voucher(node, 5);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.DepositTooSmall.selector, clinic, 0));
        redeem(v);
        put(9 gwei);
        same(redeem(voucher(node, 5)), 3 gwei, "the rest, later");
    }

    function test_DustUnderAGweiStays() public {
        put(2 gwei + 5);
        keep(node, 1 gwei + 3);
        same(redeem(voucher(node, 3)), 2 gwei, "paid");
        same(escrow.balanceOf(clinic) + escrow.reservedOf(clinic, node), 5, "dust");
    }

    function test_RedeemRefuses() public {
        put(10 gwei);
        JobEscrow.Voucher memory v = voucher(node, 3);
        redeem(v);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NothingToRedeem.selector, clinic, node, 3));
        redeem(v);
        v = voucher(node, 2);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NothingToRedeem.selector, clinic, node, 3));
        redeem(v);
        v = voucher(node, 4);
        v.totalGwei = 5;
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NotSignedByClinic.selector, clinic));
        redeem(v);
        v = voucher(vm.addr(0xDEAD), 4);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NodeNotRegistered.selector, vm.addr(0xDEAD)));
        redeem(v);
    }

    function test_AVoucherIsOfOneChainAndOneEscrow() public {
        put(10 gwei);
        JobEscrow.Voucher memory v = voucher(node, 3);
        JobEscrow second = new JobEscrow(token, registry, THAW);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NotSignedByClinic.selector, clinic));
        second.redeem(v, "");
        vm.chainId(77);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NotSignedByClinic.selector, clinic));
        redeem(v);
    }

    function test_RedeemManyPassesOverWhatItCannotPay() public {
        put(10 gwei);
        JobEscrow.Voucher memory good = voucher(node, 3);
        JobEscrow.Voucher memory bad = voucher(other, 2);
        bad.totalGwei = 9;
        same(redeemBoth(bad, good), 3 gwei, "bad signature");
        same(redeemBoth(good, voucher(other, 1)), 1 gwei, "paid already");
        same(redeemBoth(voucher(vm.addr(0xDEAD), 1), voucher(other, 2)), 1 gwei, "unregistered");
        same(redeemBoth(voucher(node, 100), voucher(other, 3)), 5 gwei, "uncovered");
        same(escrow.redeemedOf(clinic, node), 8, "redeemed in part");
    }

    function test_ALineThatPaysNothingLeavesNoTrace() public {
        put(1 gwei - 1);
        JobEscrow.Voucher[] memory lines = pair(voucher(node, 3), voucher(other, 0));
        vm.expectCall(address(token), abi.encodePacked(token.transferMany.selector), 0);
        vm.recordLogs();
        same(escrow.redeemMany(lines, new bytes[](0)), 0, "paid");
        same(vm.getRecordedLogs().length, 0, "events");
    }

    function test_RedeemManyIsBounded() public {
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.TooManyLines.selector, 257, 256));
        escrow.redeemMany(new JobEscrow.Voucher[](257), new bytes[](0));
        same(escrow.redeemMany(new JobEscrow.Voucher[](256), new bytes[](0)), 0, "empty lines");
    }

    function test_ThawAndWithdraw() public {
        put(10);
        vm.startPrank(clinic);
        vm.expectEmit(address(escrow));
        emit JobEscrow.Thawing(clinic, address(0), 6, uint64(START + THAW));
        escrow.thaw(address(0), 6);
        same(escrow.freeOf(clinic), 4, "free");
        same(escrow.balanceOf(clinic), 10, "balance");
        (uint256 amount, uint64 thawedAt) = escrow.thawingOf(clinic, address(0));
        same(amount, 6, "thawing");
        same(thawedAt, START + THAW, "thawed at");
        skip(THAW - 1);
        vm.expectRevert(
            abi.encodeWithSelector(JobEscrow.StillThawing.selector, clinic, address(0), uint64(START + THAW))
        );
        escrow.withdraw(address(0));
        skip(1);
        vm.expectEmit(address(escrow));
        emit JobEscrow.Withdrawn(clinic, address(0), 6);
        same(escrow.withdraw(address(0)), 6, "withdrawn");
        same(token.balanceOf(clinic), 1000 ether - 4, "back");
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NothingThawing.selector, clinic, address(0)));
        escrow.withdraw(address(0));
        (amount, thawedAt) = escrow.thawingOf(clinic, address(0));
        same(amount + thawedAt, 0, "nothing thaws");
    }

    function test_AReservedPartThawsToo() public {
        put(10);
        keep(node, 10);
        vm.startPrank(clinic);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.DepositTooSmall.selector, clinic, 10));
        escrow.thaw(node, 11);
        escrow.thaw(node, 10);
        same(escrow.reservedOf(clinic, node), 0, "reserved");
        skip(THAW);
        same(escrow.withdraw(node), 10, "withdrawn");
    }

    function test_WhatThawsCanStillBeRedeemed() public {
        put(10 gwei);
        vm.prank(clinic);
        escrow.thaw(address(0), 10 gwei);
        same(redeem(voucher(node, 7)), 7 gwei, "paid of what thaws");
        skip(THAW);
        vm.prank(clinic);
        same(escrow.withdraw(address(0)), 3 gwei, "the rest");
    }

    function test_ASecondThawWaitsAnewAndZeroStopsIt() public {
        put(10);
        vm.startPrank(clinic);
        escrow.thaw(address(0), 6);
        skip(THAW);
        escrow.thaw(address(0), 7);
        vm.expectRevert(
            abi.encodeWithSelector(
                JobEscrow.StillThawing.selector, clinic, address(0), uint64(vm.getBlockTimestamp() + THAW)
            )
        );
        escrow.withdraw(address(0));
        escrow.thaw(address(0), 0);
        same(escrow.freeOf(clinic), 10, "free again");
    }

    function walletVoucher(Wallet wallet, uint64 totalGwei, uint256 number)
        private
        view
        returns (JobEscrow.Voucher memory)
    {
        return JobEscrow.Voucher(address(wallet), node, totalGwei, 1, 0, bytes32(number));
    }

    function test_WalletContractsSignByEip1271() public {
        Wallet wallet = new Wallet(vm.addr(CLINIC_KEY));
        token.approve(address(escrow), 10 gwei);
        escrow.depositFor(address(wallet), 10 gwei);
        JobEscrow.Voucher memory v = walletVoucher(wallet, 3, 0);
        bytes memory signature = signed(0xBAD, digest(v));
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NotSignedByClinic.selector, address(wallet)));
        escrow.redeem(v, signature);
        same(escrow.redeem(v, signed(CLINIC_KEY, digest(v))), 3 gwei, "65 bytes of its owner's");
        v = walletVoucher(wallet, 4, 0);
        signature = abi.encodePacked("padded", signed(CLINIC_KEY, digest(v)));
        same(escrow.redeem(v, signature), 1 gwei, "a form of its own");
        v = walletVoucher(wallet, 5, 0);
        wallet.set(Wallet.Mood.Yes);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NotSignedByClinic.selector, address(wallet)));
        escrow.redeem(v, new bytes(2049));
        same(escrow.redeem(v, new bytes(2048)), 1 gwei, "the longest signature");
    }

    function test_AnAccountWithoutCodeIsNoWallet() public {
        put(10 gwei);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NotSignedByClinic.selector, clinic));
        escrow.redeem(JobEscrow.Voucher(clinic, node, 3, 1, 0, 0), hex"00");
    }

    function test_AVoucherNamesItsWalletSignature() public {
        Wallet wallet = new Wallet(vm.addr(CLINIC_KEY));
        token.approve(address(escrow), 10 gwei);
        escrow.depositFor(address(wallet), 10 gwei);
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = signed(CLINIC_KEY, digest(walletVoucher(wallet, 1, 0)));
        signatures[1] = signed(CLINIC_KEY, digest(walletVoucher(wallet, 3, 0)));
        JobEscrow.Voucher[] memory lines = pair(walletVoucher(wallet, 1, 1), walletVoucher(wallet, 3, 2));
        same(escrow.redeemMany(lines, signatures), 0, "another's, and none");
        lines = pair(walletVoucher(wallet, 1, 0), walletVoucher(wallet, 3, 1));
        same(escrow.redeemMany(lines, signatures), 3 gwei, "each its own");
    }

    function test_AWalletThatMisbehavesSpoilsNoBatch() public {
        put(10 gwei);
        Wallet wallet = new Wallet(clinic);
        token.approve(address(escrow), 10 gwei);
        escrow.depositFor(address(wallet), 10 gwei);
        bytes[] memory signatures = new bytes[](1);
        uint64 total = 0;
        for (uint256 mood = uint256(Wallet.Mood.Burn); mood <= uint256(type(Wallet.Mood).max); ++mood) {
            wallet.set(Wallet.Mood(mood));
            JobEscrow.Voucher[] memory lines = pair(walletVoucher(wallet, 3, 0), voucher(other, ++total));
            uint256 before = gasleft();
            same(escrow.redeemMany(lines, signatures), 1 gwei, "the other line");
            check(before - gasleft() < 400_000, "a wallet burned more gas than it may");
        }
    }

    /// @dev Fifty wallets that answer with as much as their gas makes cost their
    /// own gas and no more: what they answer is not copied.
    function test_FiftyWalletsThatAnswerAtLengthCostNoMoreThanTheirGas() public {
        put(10 gwei);
        JobEscrow.Voucher[] memory lines = new JobEscrow.Voucher[](51);
        for (uint256 i = 0; i < 50; ++i) {
            Wallet wallet = new Wallet(clinic);
            wallet.set(Wallet.Mood.Bomb);
            lines[i] = walletVoucher(wallet, 3, 0);
        }
        lines[50] = voucher(other, 1);
        bytes[] memory signatures = new bytes[](1);
        uint256 before = gasleft();
        same(escrow.redeemMany(lines, signatures), 1 gwei, "the other line");
        check(before - gasleft() < 50 * 160_000 + 200_000, "an answer was copied");
    }

    /// @dev What was put to thaw and then redeemed takes no new money along.
    function test_AnOldThawLetsNoNewMoneyGo() public {
        put(10 gwei);
        vm.prank(clinic);
        escrow.thaw(address(0), 10 gwei);
        skip(THAW);
        redeem(voucher(node, 6));
        put(6 gwei);
        same(escrow.freeOf(clinic), 6 gwei, "the new money is free");
        vm.prank(clinic);
        same(escrow.withdraw(address(0)), 4 gwei, "only what was left of the old");
        keep(node, 6 gwei);
        vm.prank(clinic);
        escrow.thaw(node, 5 gwei);
        redeem(voucher(node, 10));
        put(5 gwei);
        keep(node, 5 gwei);
        same(escrow.reservedOf(clinic, node), 5 gwei, "nor in a node's pot");
    }

    function test_PaymentsToOneRecipientAreOneTransfer() public {
        put(10 gwei);
        uint256 second = 0xB3;
        address third = register(second);
        JobEscrow.Voucher[] memory lines = new JobEscrow.Voucher[](4);
        (lines[0], lines[1]) = (voucher(node, 1), voucher(node, 3));
        (lines[2], lines[3]) = (voucher(other, 2), voucher(third, 1));
        same(escrow.redeemMany(lines, new bytes[](0)), 6 gwei, "paid");
        same(token.balanceOf(coldOf(NODE_KEY)), 3 gwei, "first");
        same(token.balanceOf(coldOf(OTHER_KEY)), 2 gwei, "second");
        same(token.balanceOf(coldOf(second)), 1 gwei, "third");
    }

    function test_ADelegatedAccountSignsWithItsKeyStill() public {
        put(10 gwei);
        Wallet wallet = new Wallet(STRANGER);
        vm.etch(clinic, address(wallet).code);
        same(redeem(voucher(node, 3)), 3 gwei, "paid");
    }

    /// @dev In whatever order money comes, is kept, paid, thawed and taken, each
    /// voucher pays once, and what is held is what the pots say.
    function testFuzz_PaidOnceAndHeldInFull(uint96 put_, uint96 kept, uint64 first, uint64 second, uint96 thawed) public {
        uint256 deposit = uint256(put_) % 900 ether + 1;
        put(deposit);
        keep(node, kept % (deposit + 1));
        uint256 paid = 0;
        uint256 thawing = escrow.reservedOf(clinic, node);
        thawing = thawing == 0 ? 0 : thawed % (thawing + 1);
        vm.prank(clinic);
        escrow.thaw(node, thawing);
        paid += redeemBoth(voucher(node, first), voucher(node, second));
        paid += redeemBoth(voucher(node, second), voucher(node, first));
        uint64 most = first > second ? first : second;
        uint256 owed = uint256(most) * 1 gwei;
        uint256 can = deposit / 1 gwei * 1 gwei;
        same(paid, owed < can ? owed : can, "paid");
        same(token.balanceOf(coldOf(NODE_KEY)), paid, "received");
        (uint256 left,) = escrow.thawingOf(clinic, node);
        uint256 pots = escrow.balanceOf(clinic) + escrow.reservedOf(clinic, node) + left;
        same(pots, deposit - paid, "pots");
        same(token.balanceOf(address(escrow)), pots, "held");
        skip(THAW);
        if (left != 0) {
            vm.prank(clinic);
            same(escrow.withdraw(node), left, "thawed money leaves");
        }
    }

    function testFuzz_OnlyTheClinicsOwnWordCounts(uint256 key, address to, uint64 totalGwei, uint64 signedAt) public {
        key = key % 1e30 + 1;
        vm.assume(vm.addr(key) != clinic && totalGwei != 0);
        put(10 gwei);
        JobEscrow.Voucher memory v = JobEscrow.Voucher(clinic, to, totalGwei, signedAt, 0, 0);
        sign(key, v);
        vm.expectRevert(abi.encodeWithSelector(JobEscrow.NotSignedByClinic.selector, clinic));
        redeem(v);
    }
}
