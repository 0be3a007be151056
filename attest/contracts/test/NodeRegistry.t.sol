// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";
import {Network} from "./Network.sol";

contract NodeRegistryTest is Network {
    uint256 private constant KEY = 0xB1;
    address private constant NEXT = address(0xCAFE);
    address private node;
    address private cold;

    function setUp() public override {
        super.setUp();
        node = register(KEY);
        cold = coldOf(KEY);
    }

    function asDisputes() private {
        vm.prank(address(disputes));
    }

    function depart() private {
        vm.prank(OPERATOR);
        registry.exit(node);
    }

    function attempt(uint256 key, address operator, address recipient, bytes2 code, uint256 deadline) private {
        address hot = vm.addr(key);
        bytes memory consent =
            signed(key, registry.registrationDigest(OPERATOR, hot, recipient, code, bytes32(0), deadline));
        vm.prank(operator);
        registry.register(hot, recipient, code, bytes32(0), deadline, consent);
    }

    function expect(bytes memory refusal) private {
        vm.expectRevert(refusal);
    }

    function test_ConstructorRefuses() public {
        vm.expectRevert(NodeRegistry.ZeroAddress.selector);
        new NodeRegistry(IERC20(address(0)), NEXT, 1, 1, 1);
        vm.expectRevert(NodeRegistry.ZeroAddress.selector);
        new NodeRegistry(token, address(0), 1, 1, 1);
    }

    function test_RegisterTakesTheBondAndKeepsWhatWasSaid() public {
        address hot = vm.addr(2);
        bytes memory consent =
            signed(2, registry.registrationDigest(OPERATOR, hot, NEXT, "PT", keccak256("card"), vm.getBlockTimestamp()));
        uint256 before = token.balanceOf(OPERATOR);
        vm.expectEmit(address(registry));
        emit NodeRegistry.Registered(hot, OPERATOR, NEXT, "PT", keccak256("card"), BOND);
        vm.prank(OPERATOR);
        registry.register(hot, NEXT, "PT", keccak256("card"), vm.getBlockTimestamp(), consent);
        same(before - token.balanceOf(OPERATOR), BOND, "bond");
        (address operator, address recipient,,, uint64 since,, bytes2 code, bytes32 voucher, bool gone,,) =
            registry.nodeOf(hot);
        check(operator == OPERATOR && recipient == NEXT && code == "PT", "who and where");
        check(since == vm.getBlockTimestamp() && voucher == keccak256("card") && !gone, "the rest");
        check(registry.isActive(hot) && registry.recipientOf(hot) == NEXT, "works");
        check(!registry.isActive(STRANGER) && registry.recipientOf(STRANGER) == address(0), "nobody");
    }

    function registerRefused(address recipient, bytes2 code, uint256 deadline, bytes memory refusal) private {
        bytes memory consent =
            signed(2, registry.registrationDigest(OPERATOR, vm.addr(2), recipient, code, bytes32(0), deadline));
        address hot = vm.addr(2);
        vm.prank(OPERATOR);
        vm.expectRevert(refusal);
        registry.register(hot, recipient, code, bytes32(0), deadline, consent);
    }

    function test_RegisterRefuses() public {
        uint256 now_ = vm.getBlockTimestamp();
        registerRefused(address(0), "DE", now_, abi.encodeWithSelector(NodeRegistry.ZeroAddress.selector));
        registerRefused(
            vm.addr(2), "DE", now_, abi.encodeWithSelector(NodeRegistry.RecipientIsHotKey.selector, vm.addr(2))
        );
        bytes2[4] memory codes = [bytes2("@E"), bytes2("[E"), bytes2("D@"), bytes2("D[")];
        for (uint256 i = 0; i < codes.length; ++i) {
            registerRefused(
                NEXT, codes[i], now_, abi.encodeWithSelector(NodeRegistry.InvalidJurisdiction.selector, codes[i])
            );
        }
        registerRefused(
            NEXT, "DE", now_ - 1, abi.encodeWithSelector(NodeRegistry.ConsentExpired.selector, now_ - 1)
        );
    }

    function test_CountryCodesFromAAToZZ() public {
        attempt(2, OPERATOR, NEXT, "AA", vm.getBlockTimestamp());
        attempt(3, OPERATOR, NEXT, "ZZ", vm.getBlockTimestamp());
    }

    function test_AKeyIsRegisteredOnceAndWithItsConsent() public {
        bytes memory consent =
            signed(KEY, registry.registrationDigest(OPERATOR, node, NEXT, "DE", 0, vm.getBlockTimestamp()));
        vm.prank(OPERATOR);
        expect(abi.encodeWithSelector(NodeRegistry.AlreadyRegistered.selector, node));
        registry.register(node, NEXT, "DE", 0, vm.getBlockTimestamp(), consent);
        address hot = vm.addr(2);
        consent = signed(3, registry.registrationDigest(OPERATOR, hot, NEXT, "DE", 0, vm.getBlockTimestamp()));
        vm.prank(OPERATOR);
        expect(abi.encodeWithSelector(NodeRegistry.ConsentNotByHotKey.selector, hot, vm.addr(3)));
        registry.register(hot, NEXT, "DE", 0, vm.getBlockTimestamp(), consent);
    }

    /// @dev A consent names the operator: a thief of it can't register the key.
    function testFuzz_AConsentIsForOneOperator(address thief) public {
        vm.assume(thief != OPERATOR && thief != address(0));
        address hot = vm.addr(2);
        bytes memory consent =
            signed(2, registry.registrationDigest(OPERATOR, hot, NEXT, "DE", 0, vm.getBlockTimestamp()));
        vm.prank(thief);
        vm.expectRevert();
        registry.register(hot, NEXT, "DE", 0, vm.getBlockTimestamp(), consent);
        check(!registry.isActive(hot), "not registered");
    }

    function test_ARecipientChangesAfterItsDelay() public {
        uint64 due = uint64(START) + RECIPIENT_DELAY;
        vm.expectEmit(address(registry));
        emit NodeRegistry.RecipientProposed(node, cold, NEXT, due);
        vm.prank(OPERATOR);
        registry.proposeRecipient(node, NEXT);
        (,, address proposed, uint64 changeAt,,,,,,,) = registry.nodeOf(node);
        check(proposed == NEXT && changeAt == due, "under way");
        skip(RECIPIENT_DELAY - 1);
        check(registry.recipientOf(node) == cold, "one second before");
        skip(1);
        check(registry.recipientOf(node) == NEXT, "due");
        (,, proposed, changeAt,,,,,,,) = registry.nodeOf(node);
        check(proposed == address(0) && changeAt == 0, "done");
        address[] memory nodes = new address[](2);
        (nodes[0], nodes[1]) = (node, STRANGER);
        address[] memory recipients = registry.recipientsOf(nodes);
        check(recipients[0] == NEXT && recipients[1] == address(0), "of several");
        vm.prank(OPERATOR);
        registry.proposeRecipient(node, cold);
        check(registry.recipientOf(node) == NEXT, "what was due stays");
    }

    function test_ASecondProposalWaitsAnew() public {
        vm.startPrank(OPERATOR);
        registry.proposeRecipient(node, STRANGER);
        skip(RECIPIENT_DELAY - 1);
        registry.proposeRecipient(node, NEXT);
        skip(RECIPIENT_DELAY - 1);
        check(registry.recipientOf(node) == cold, "still the first");
        skip(1);
        check(registry.recipientOf(node) == NEXT, "the second");
    }

    function test_ProposeRefuses() public {
        vm.startPrank(OPERATOR);
        expect(abi.encodeWithSelector(NodeRegistry.NotRegistered.selector, STRANGER));
        registry.proposeRecipient(STRANGER, NEXT);
        expect(abi.encodeWithSelector(NodeRegistry.ZeroAddress.selector));
        registry.proposeRecipient(node, address(0));
        expect(abi.encodeWithSelector(NodeRegistry.RecipientIsHotKey.selector, node));
        registry.proposeRecipient(node, node);
        vm.stopPrank();
        vm.prank(node);
        expect(abi.encodeWithSelector(NodeRegistry.NotOperator.selector, node, node));
        registry.proposeRecipient(node, NEXT);
    }

    function test_OperatorAndRecipientCancelAChange() public {
        address[2] memory cancellers = [OPERATOR, cold];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(OPERATOR);
            registry.proposeRecipient(node, NEXT);
            vm.expectEmit(address(registry));
            emit NodeRegistry.RecipientProposalCancelled(node, NEXT, cancellers[i]);
            vm.prank(cancellers[i]);
            registry.cancelRecipient(node);
            skip(RECIPIENT_DELAY);
            check(registry.recipientOf(node) == cold, "cancelled");
        }
    }

    function test_CancelRefuses() public {
        expect(abi.encodeWithSelector(NodeRegistry.NotOperatorOrRecipient.selector, node, address(this)));
        registry.cancelRecipient(node);
        vm.prank(OPERATOR);
        expect(abi.encodeWithSelector(NodeRegistry.NoRecipientProposed.selector, node));
        registry.cancelRecipient(node);
        vm.startPrank(OPERATOR);
        registry.proposeRecipient(node, NEXT);
        skip(RECIPIENT_DELAY);
        expect(abi.encodeWithSelector(NodeRegistry.NoRecipientProposed.selector, node));
        registry.cancelRecipient(node);
    }

    function test_ExitAndThenTheBond() public {
        uint64 due = uint64(START) + EXIT_THAW;
        vm.expectEmit(address(registry));
        emit NodeRegistry.ExitStarted(node, due);
        depart();
        check(!registry.isActive(node), "left");
        expect(abi.encodeWithSelector(NodeRegistry.BondThawing.selector, node, due));
        registry.withdrawBond(node);
        skip(EXIT_THAW - 1);
        expect(abi.encodeWithSelector(NodeRegistry.BondThawing.selector, node, due));
        registry.withdrawBond(node);
        skip(1);
        vm.expectEmit(address(registry));
        emit NodeRegistry.BondWithdrawn(node, cold, BOND);
        registry.withdrawBond(node);
        same(token.balanceOf(cold), BOND, "bond");
        expect(abi.encodeWithSelector(NodeRegistry.BondAlreadyWithdrawn.selector, node));
        registry.withdrawBond(node);
        check(registry.recipientOf(node) == cold, "earnings stay claimable");
    }

    function test_ExitAndWithdrawRefuse() public {
        expect(abi.encodeWithSelector(NodeRegistry.NotOperator.selector, node, address(this)));
        registry.exit(node);
        expect(abi.encodeWithSelector(NodeRegistry.NotRegistered.selector, STRANGER));
        registry.withdrawBond(STRANGER);
        expect(abi.encodeWithSelector(NodeRegistry.NotLeaving.selector, node));
        registry.withdrawBond(node);
        depart();
        vm.prank(OPERATOR);
        expect(abi.encodeWithSelector(NodeRegistry.AlreadyLeaving.selector, node));
        registry.exit(node);
    }

    function test_OnlyDisputesTouchBonds() public {
        expect(abi.encodeWithSelector(NodeRegistry.NotDisputes.selector, address(this)));
        registry.hold(node);
        expect(abi.encodeWithSelector(NodeRegistry.NotDisputes.selector, address(this)));
        registry.release(node);
        expect(abi.encodeWithSelector(NodeRegistry.NotDisputes.selector, address(this)));
        registry.slash(node, 1, STRANGER);
    }

    function test_AHeldBondStays() public {
        depart();
        vm.expectEmit(address(registry));
        emit NodeRegistry.BondHeld(node, 1);
        asDisputes();
        registry.hold(node);
        asDisputes();
        registry.hold(node);
        skip(EXIT_THAW);
        expect(abi.encodeWithSelector(NodeRegistry.BondInDispute.selector, node, 2));
        registry.withdrawBond(node);
        asDisputes();
        registry.release(node);
        expect(abi.encodeWithSelector(NodeRegistry.BondInDispute.selector, node, 1));
        registry.withdrawBond(node);
        vm.expectEmit(address(registry));
        emit NodeRegistry.BondReleased(node, 0);
        asDisputes();
        registry.release(node);
        registry.withdrawBond(node);
        same(token.balanceOf(cold), BOND, "bond");
    }

    function test_HoldRefuses() public {
        asDisputes();
        expect(abi.encodeWithSelector(NodeRegistry.NotRegistered.selector, STRANGER));
        registry.hold(STRANGER);
        asDisputes();
        expect(abi.encodeWithSelector(NodeRegistry.BondNotHeld.selector, node));
        registry.release(node);
        depart();
        skip(EXIT_THAW);
        asDisputes();
        expect(abi.encodeWithSelector(NodeRegistry.BondThawed.selector, node, uint64(START) + EXIT_THAW));
        registry.hold(node);
    }

    function test_SlashTakesOnlyOfAHeldBond() public {
        asDisputes();
        expect(abi.encodeWithSelector(NodeRegistry.BondNotHeld.selector, node));
        registry.slash(node, 1, STRANGER);
        asDisputes();
        registry.hold(node);
        vm.expectEmit(address(registry));
        emit NodeRegistry.BondSlashed(node, STRANGER, 3 ether);
        asDisputes();
        registry.slash(node, 3 ether, STRANGER);
        same(token.balanceOf(STRANGER), 3 ether, "beneficiary");
        check(!registry.isActive(node), "no longer fully bonded");
        asDisputes();
        expect(abi.encodeWithSelector(NodeRegistry.BondTooSmall.selector, node, BOND - 3 ether));
        registry.slash(node, BOND - 3 ether + 1, STRANGER);
        asDisputes();
        registry.slash(node, BOND - 3 ether, STRANGER);
        same(token.balanceOf(address(registry)), 0, "nothing left");
        (,,,,,,,,, uint256 slashed, uint32 holds) = registry.nodeOf(node);
        check(slashed == BOND && holds == 1, "known");
    }

    function test_WhatIsLeftOfABondReturns() public {
        asDisputes();
        registry.hold(node);
        asDisputes();
        registry.slash(node, 3 ether, STRANGER);
        asDisputes();
        registry.release(node);
        depart();
        skip(EXIT_THAW);
        registry.withdrawBond(node);
        same(token.balanceOf(cold), BOND - 3 ether, "the rest");
        same(token.balanceOf(address(registry)), 0, "nothing is kept");
    }

    function test_ABondIsRestored() public {
        vm.prank(OPERATOR);
        expect(abi.encodeWithSelector(NodeRegistry.BondWhole.selector, node));
        registry.restoreBond(node);
        asDisputes();
        registry.hold(node);
        asDisputes();
        registry.slash(node, 3 ether, STRANGER);
        expect(abi.encodeWithSelector(NodeRegistry.NotOperator.selector, node, address(this)));
        registry.restoreBond(node);
        vm.expectEmit(address(registry));
        emit NodeRegistry.BondRestored(node, 3 ether);
        vm.prank(OPERATOR);
        registry.restoreBond(node);
        check(registry.isActive(node), "active again");
        same(token.balanceOf(address(registry)), BOND, "bond");
        asDisputes();
        registry.slash(node, 1 ether, STRANGER);
        depart();
        vm.prank(OPERATOR);
        expect(abi.encodeWithSelector(NodeRegistry.AlreadyLeaving.selector, node));
        registry.restoreBond(node);
    }

    /// @dev The hot key, wherever it is, moves nothing.
    function testFuzz_TheHotKeyHasNoPower(uint8 what) public {
        vm.startPrank(node);
        vm.expectRevert();
        if (what % 5 == 0) registry.exit(node);
        else if (what % 5 == 1) registry.proposeRecipient(node, STRANGER);
        else if (what % 5 == 2) registry.cancelRecipient(node);
        else if (what % 5 == 3) registry.restoreBond(node);
        else registry.slash(node, 1, STRANGER);
    }
}
