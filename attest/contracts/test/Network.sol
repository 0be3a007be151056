// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Disputes} from "../src/Disputes.sol";
import {HiveToken} from "../src/HiveToken.sol";
import {JobEscrow} from "../src/JobEscrow.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";
import {RewardDistributor} from "../src/RewardDistributor.sol";
import {Vm} from "./Vm.sol";

/// @title One deployment of everything, and everyone's keys.
/// @notice Round figures: 1 HIVE a second, bonds of 10 and 5 HIVE.
abstract contract Network {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint96 internal constant RATE = 1 ether;
    uint64 internal constant DELAY = 24 hours;
    uint32 internal constant WINDOW = 7 days;
    uint256 internal constant BOND = 10 ether;
    uint256 internal constant CHALLENGE_BOND = 5 ether;
    uint64 internal constant EXIT_THAW = 7 days;
    uint64 internal constant RECIPIENT_DELAY = 3 days;
    uint64 internal constant RESOLVE_WITHIN = 4 days;
    uint64 internal constant THAW = 2 days;
    uint256 internal constant SHARE_BPS = 2500;
    uint256 internal constant SUPPLY = 1_000_000 ether;
    uint256 internal constant START = 1_800_000_000;

    address internal constant OWNER = address(0xA001);
    address internal constant POSTER = address(0xA002);
    address internal constant GUARDIAN = address(0xA003);
    address internal constant ARBITER = address(0xA004);
    address internal constant TREASURY = address(0xA005);
    address internal constant OPERATOR = address(0xA006);
    address internal constant CHALLENGER = address(0xA007);
    address internal constant STRANGER = address(0xA008);

    HiveToken internal token;
    NodeRegistry internal registry;
    RewardDistributor internal distributor;
    Disputes internal disputes;
    JobEscrow internal escrow;

    function setUp() public virtual {
        vm.warp(START);
        token = new HiveToken(address(this), address(this), SUPPLY);
        address foretold = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        registry = new NodeRegistry(token, foretold, BOND, EXIT_THAW, RECIPIENT_DELAY);
        distributor = new RewardDistributor(
            OWNER, token, registry, foretold, RATE, DELAY, WINDOW, POSTER, GUARDIAN
        );
        disputes = new Disputes(
            token, registry, distributor, ARBITER, TREASURY, CHALLENGE_BOND, RESOLVE_WITHIN, SHARE_BPS
        );
        escrow = new JobEscrow(token, registry, THAW);
        token.grantRole(token.MINTER_ROLE(), address(distributor));
        fund(OPERATOR, 1000 ether, address(registry));
        fund(CHALLENGER, 1000 ether, address(disputes));
    }

    /// @dev Gives `account` HIVE, which `spender` may take.
    function fund(address account, uint256 amount, address spender) internal {
        token.transfer(account, amount);
        vm.prank(account);
        token.approve(spender, type(uint256).max);
    }

    function signed(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The cold address of the node with this key.
    function coldOf(uint256 key) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("cold", key)))));
    }

    function register(uint256 key) internal returns (address node) {
        node = vm.addr(key);
        bytes32 digest = registry.registrationDigest(OPERATOR, node, coldOf(key), "DE", 0, vm.getBlockTimestamp());
        bytes memory consent = signed(key, digest);
        vm.prank(OPERATOR);
        registry.register(node, coldOf(key), "DE", 0, vm.getBlockTimestamp(), consent);
    }

    function skip(uint256 time) internal {
        vm.warp(vm.getBlockTimestamp() + time);
    }

    function check(bool holds, string memory what) internal pure {
        require(holds, what);
    }

    function same(uint256 a, uint256 b, string memory what) internal pure {
        if (a != b) revert(string.concat(what, ": ", vm.toString(a), " is not ", vm.toString(b)));
    }
}
