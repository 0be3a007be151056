// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {HiveToken} from "../src/HiveToken.sol";
import {Network} from "./Network.sol";

contract HiveTokenTest is Network {
    function test_StartsWithItsSupplyAndItsNames() public view {
        same(token.totalSupply(), SUPPLY, "supply");
        same(token.decimals(), 18, "decimals");
        check(keccak256(bytes(token.symbol())) == keccak256("HIVE"), "symbol");
        same(token.clock(), vm.getBlockTimestamp(), "clock");
        check(keccak256(bytes(token.CLOCK_MODE())) == keccak256("mode=timestamp"), "clock mode");
    }

    function test_OnlyMintersMint() public {
        bytes32 role = token.MINTER_ROLE();
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, STRANGER, role)
        );
        token.mint(STRANGER, 1);
        vm.prank(address(distributor));
        token.mint(STRANGER, 1);
        same(token.balanceOf(STRANGER), 1, "minted");
    }

    function test_PermitApprovesBySignatureOnce() public {
        address owner = vm.addr(7);
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(abi.encode(typehash, owner, STRANGER, 9, token.nonces(owner), vm.getBlockTimestamp()));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(7, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), hash)));
        token.permit(owner, STRANGER, 9, vm.getBlockTimestamp(), v, r, s);
        same(token.allowance(owner, STRANGER), 9, "allowance");
        same(token.nonces(owner), 1, "nonce");
        vm.expectRevert();
        token.permit(owner, STRANGER, 9, vm.getBlockTimestamp(), v, r, s);
    }

    function test_VotesFollowTheBalance() public {
        token.transfer(STRANGER, 10);
        vm.prank(STRANGER);
        token.delegate(STRANGER);
        same(token.getVotes(STRANGER), 10, "votes");
        vm.prank(STRANGER);
        token.transfer(TREASURY, 4);
        same(token.getVotes(STRANGER), 6, "votes after a transfer");
    }

    function test_TransferManyIsATransferToEach() public {
        (address[] memory to, uint256[] memory amounts) = (new address[](2), new uint256[](2));
        (to[0], to[1], amounts[0], amounts[1]) = (STRANGER, TREASURY, 3, 4);
        token.transfer(OPERATOR, 7);
        uint256 before = token.balanceOf(OPERATOR);
        vm.prank(OPERATOR);
        token.transferMany(to, amounts);
        same(token.balanceOf(STRANGER), 3, "first");
        same(token.balanceOf(TREASURY), 4, "second");
        same(token.balanceOf(OPERATOR), before - 7, "sender");
    }

    function test_TransferManyRefuses() public {
        (address[] memory to, uint256[] memory amounts) = (new address[](2), new uint256[](2));
        (to[0], to[1], amounts[1]) = (STRANGER, TREASURY, 1);
        vm.prank(ARBITER);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ARBITER, 0, 1));
        token.transferMany(to, amounts);
        vm.expectRevert(abi.encodeWithSelector(HiveToken.LengthsDiffer.selector, 2, 1));
        token.transferMany(to, new uint256[](1));
        vm.expectRevert(abi.encodeWithSelector(HiveToken.TooManyTransfers.selector, 257, 256));
        token.transferMany(new address[](257), new uint256[](257));
        to = new address[](256);
        for (uint160 i = 0; i < 256; ++i) {
            to[i] = address(i + 1);
        }
        token.transferMany(to, new uint256[](256));
    }

    function testFuzz_TransferManyConserves(uint96 a, uint96 b, address x, address y) public {
        vm.assume(x != address(0) && y != address(0) && x != address(this) && y != address(this));
        (address[] memory to, uint256[] memory amounts) = (new address[](2), new uint256[](2));
        (to[0], to[1], amounts[0], amounts[1]) = (x, y, a % (SUPPLY / 4), b % (SUPPLY / 4));
        (uint256 own, uint256 xs, uint256 ys) =
            (token.balanceOf(address(this)), token.balanceOf(x), token.balanceOf(y));
        token.transferMany(to, amounts);
        same(token.balanceOf(address(this)), own - amounts[0] - amounts[1], "sender");
        if (x == y) {
            same(token.balanceOf(x), xs + amounts[0] + amounts[1], "both");
        } else {
            same(token.balanceOf(x), xs + amounts[0], "first");
            same(token.balanceOf(y), ys + amounts[1], "second");
        }
        same(token.totalSupply(), SUPPLY, "supply");
    }
}
