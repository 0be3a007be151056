// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IHive} from "./IHive.sol";
import {INodeRegistry} from "./INodeRegistry.sol";
import {Payments} from "./Payments.sol";
import {WalletSignature} from "./WalletSignature.sol";

/// @title Clinics' deposits, from which nodes are paid by voucher.
/// @notice A clinic deposits once and signs, off chain, one rising voucher for
/// each node: "up to now I owe you this much in all". Whoever sends the newest
/// one here makes the node's recipient be paid what it exceeds the last by. A
/// part of the deposit may be reserved for one node, which no other can take.
/// What is short is paid when the clinic deposits again.
///
/// To take money out, a clinic lets it thaw for `thawDelay`, in which nodes can
/// still redeem from it, and withdraws what is left. Nothing can block that:
/// the contract has no owner, no pause and no upgrade.
/// @dev A thief of a clinic's key can sign vouchers up to the clinic's deposit
/// and thaw it to the clinic's own address; see THREATS.md. Amounts on vouchers
/// are in gwei of HIVE, deposits in wei.
contract JobEscrow is EIP712 {
    using Payments for Payments.List;
    using SafeERC20 for IHive;
    using SafeCast for uint256;

    /// @dev Money in one place: the free part of a clinic's deposit, or what it
    /// reserved for a node. The first slot is all that a payment touches.
    struct Pot {
        uint128 balance; // wei, what is thawing included
        uint64 redeemedGwei; // paid to the node since ever; 0 in a free pot
        // ---
        uint128 thawing; // wei of the balance that may leave at thawedAt
        uint64 thawedAt;
    }

    /// @notice What a clinic signs; see `voucherDigest`.
    struct Voucher {
        address clinic;
        address node;
        uint64 totalGwei;
        uint64 signedAt;
        bytes32 r; // 0: a contract wallet signed
        bytes32 vs; // parity of y in the highest bit, and s (EIP-2098)
    }

    /// @notice EIP-712 type of a voucher.
    bytes32 public constant VOUCHER_TYPEHASH =
        keccak256("Voucher(address clinic,address node,uint64 totalGwei,uint64 at)");
    /// @notice Most lines in one call.
    uint256 public constant MAX_LINES = 256;
    /// @notice No deployment can let money thaw faster than this, in seconds:
    /// it is the time that a node has to redeem.
    uint64 public constant MIN_THAW_DELAY = 24 hours;

    /// @notice What is deposited and paid.
    IHive public immutable token;
    /// @notice Who says where a node's earnings go.
    INodeRegistry public immutable registry;
    /// @notice Seconds between thawing and withdrawing.
    uint64 public immutable thawDelay;

    mapping(address clinic => mapping(address node => Pot)) private _pots;

    /// @notice `payer` added to the free part of a clinic's deposit.
    event Deposited(address indexed clinic, address indexed payer, uint256 amount);
    /// @notice A part of the deposit is kept for one node.
    event Reserved(address indexed clinic, address indexed node, uint256 amount);
    /// @notice `amount` of a pot may leave at `thawedAt`; it replaces what was
    /// thawing there before. Node zero is the free part.
    event Thawing(address indexed clinic, address indexed node, uint256 amount, uint64 thawedAt);
    /// @notice A clinic took thawed money out.
    event Withdrawn(address indexed clinic, address indexed node, uint256 amount);
    /// @notice A node was paid; `redeemedGwei` in all so far by this clinic.
    event Redeemed(
        address indexed clinic, address indexed node, address recipient, uint256 amount, uint64 redeemedGwei
    );

    error ZeroAddress();
    error ZeroAmount();
    error ThawDelayTooShort(uint64 delay, uint64 minimum);
    error TooManyLines(uint256 lines, uint256 limit);
    error LengthsDiffer(uint256 nodes, uint256 amounts);
    error DepositTooSmall(address clinic, uint256 available);
    error NothingThawing(address clinic, address node);
    error StillThawing(address clinic, address node, uint64 thawedAt);
    error NothingToRedeem(address clinic, address node, uint64 redeemedGwei);
    error NotSignedByClinic(address clinic);
    error NodeNotRegistered(address node);

    /// @notice Sets what holds for every deposit, for good.
    /// @param token_ what is deposited and paid.
    /// @param registry_ who says where a node's earnings go.
    /// @param thawDelay_ seconds between thawing and withdrawing.
    constructor(IHive token_, INodeRegistry registry_, uint64 thawDelay_) EIP712("MedHive", "1") {
        if (address(token_) == address(0) || address(registry_) == address(0)) revert ZeroAddress();
        if (thawDelay_ < MIN_THAW_DELAY) revert ThawDelayTooShort(thawDelay_, MIN_THAW_DELAY);
        token = token_;
        registry = registry_;
        thawDelay = thawDelay_;
    }

    /// @notice Adds `amount` wei of the caller's to the caller's free deposit.
    function deposit(uint256 amount) external {
        _deposit(msg.sender, amount);
    }

    /// @notice Adds `amount` wei of the caller's to `clinic`'s free deposit.
    function depositFor(address clinic, uint256 amount) external {
        if (clinic == address(0)) revert ZeroAddress();
        _deposit(clinic, amount);
    }

    /// @notice Keeps `amount` wei of the caller's free deposit for `node`.
    function reserve(address node, uint256 amount) external {
        _reserve(node, amount);
    }

    /// @notice Reserves for several nodes, at most MAX_LINES.
    function reserveMany(address[] calldata nodes, uint256[] calldata amounts) external {
        if (nodes.length > MAX_LINES) revert TooManyLines(nodes.length, MAX_LINES);
        if (nodes.length != amounts.length) revert LengthsDiffer(nodes.length, amounts.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            _reserve(nodes[i], amounts[i]);
        }
    }

    /// @notice Lets `amount` wei thaw in the pot of `node`, or in the free part
    /// if `node` is zero. It replaces what was thawing there and waits anew;
    /// zero stops the thaw.
    function thaw(address node, uint256 amount) external {
        Pot storage pot = _pots[msg.sender][node];
        if (amount > pot.balance) revert DepositTooSmall(msg.sender, pot.balance);
        uint64 thawedAt = uint64(block.timestamp) + thawDelay;
        pot.thawing = uint128(amount);
        pot.thawedAt = thawedAt;
        emit Thawing(msg.sender, node, amount, thawedAt);
    }

    /// @notice Pays the caller what has thawed in the pot of `node`, or in the
    /// free part if `node` is zero, less what nodes have redeemed from it since.
    /// @return amount wei paid.
    function withdraw(address node) external returns (uint256 amount) {
        Pot storage pot = _pots[msg.sender][node];
        amount = _thawing(pot);
        if (amount == 0) revert NothingThawing(msg.sender, node);
        if (block.timestamp < pot.thawedAt) revert StillThawing(msg.sender, node, pot.thawedAt);
        pot.balance -= uint128(amount);
        pot.thawing = 0;
        emit Withdrawn(msg.sender, node, amount);
        token.safeTransfer(msg.sender, amount);
    }

    /// @notice Pays the node's recipient what `voucher` exceeds the last one by,
    /// as far as the deposit reaches: first what is reserved for the node, then
    /// the free part. Anyone may call it.
    /// @param walletSignature a contract wallet's, if the voucher's `r` is zero.
    /// @return amount wei paid.
    function redeem(Voucher calldata voucher, bytes calldata walletSignature) external returns (uint256 amount) {
        (address clinic, address node) = (voucher.clinic, voucher.node);
        uint64 redeemedGwei = _pots[clinic][node].redeemedGwei;
        if (voucher.totalGwei <= redeemedGwei) revert NothingToRedeem(clinic, node, redeemedGwei);
        bytes32 digest = _digest(_domainSeparatorV4(), voucher);
        bool signed = voucher.r == 0
            ? WalletSignature.byWallet(clinic, digest, walletSignature)
            : WalletSignature.byKey(clinic, digest, voucher.r, voucher.vs);
        if (!signed) revert NotSignedByClinic(clinic);
        address recipient = registry.recipientOf(node);
        if (recipient == address(0)) revert NodeNotRegistered(node);
        amount = _take(clinic, node, voucher.totalGwei, recipient);
        if (amount == 0) revert DepositTooSmall(clinic, 0);
        token.safeTransfer(recipient, amount);
    }

    /// @notice Redeems up to MAX_LINES vouchers. A line that is paid already,
    /// not signed (a contract wallet can take its signature back), of no
    /// registered node or without cover is passed over, so that no clinic can
    /// spoil a batch.
    /// @param walletSignatures those of contract wallets; a voucher whose `r` is
    /// zero names by `vs` which is its own.
    /// @return total wei paid.
    function redeemMany(Voucher[] calldata vouchers, bytes[] calldata walletSignatures)
        external
        returns (uint256 total)
    {
        if (vouchers.length > MAX_LINES) revert TooManyLines(vouchers.length, MAX_LINES);
        bytes32 separator = _domainSeparatorV4();
        address[] memory recipients = _recipients(vouchers);
        Payments.List memory payments = Payments.empty(vouchers.length);
        for (uint256 i = 0; i < vouchers.length; ++i) {
            Voucher calldata voucher = vouchers[i];
            address recipient = recipients[i];
            if (recipient == address(0) || !_isSigned(separator, voucher, walletSignatures)) continue;
            uint256 amount = _take(voucher.clinic, voucher.node, voucher.totalGwei, recipient);
            if (amount == 0) continue;
            payments.add(recipient, amount);
            total += amount;
        }
        payments.pay(token);
    }

    /// @notice The free part of a clinic's deposit, what is thawing included.
    function balanceOf(address clinic) external view returns (uint256) {
        return _pots[clinic][address(0)].balance;
    }

    /// @notice What of the free part is not thawing: all that a node may count on.
    function freeOf(address clinic) external view returns (uint256) {
        Pot storage pot = _pots[clinic][address(0)];
        return pot.balance - _thawing(pot);
    }

    /// @notice What a clinic keeps for a node, less what is thawing of it.
    function reservedOf(address clinic, address node) external view returns (uint256) {
        if (node == address(0)) return 0;
        Pot storage pot = _pots[clinic][node];
        return pot.balance - _thawing(pot);
    }

    /// @notice What a node was paid by a clinic since ever, in gwei.
    function redeemedOf(address clinic, address node) external view returns (uint64) {
        return _pots[clinic][node].redeemedGwei;
    }

    /// @notice What thaws in the pot of `node` (zero: in the free part), and
    /// when it may leave.
    function thawingOf(address clinic, address node) external view returns (uint256 amount, uint64 thawedAt) {
        Pot storage pot = _pots[clinic][node];
        amount = _thawing(pot);
        if (amount != 0) thawedAt = pot.thawedAt;
    }

    /// @notice The EIP-712 digest that a clinic signs.
    function voucherDigest(address clinic, address node, uint64 totalGwei, uint64 signedAt)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, clinic, node, totalGwei, signedAt)));
    }

    function _deposit(address clinic, uint256 amount) private {
        if (amount == 0) revert ZeroAmount();
        _add(_pots[clinic][address(0)], amount.toUint128());
        emit Deposited(clinic, msg.sender, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _reserve(address node, uint256 amount) private {
        if (node == address(0)) revert ZeroAddress();
        Pot storage free = _pots[msg.sender][address(0)];
        uint256 available = free.balance - _thawing(free);
        if (amount > available) revert DepositTooSmall(msg.sender, available);
        free.balance -= uint128(amount);
        _add(_pots[msg.sender][node], uint128(amount));
        emit Reserved(msg.sender, node, amount);
    }

    /// @dev Adds to a pot. What was put to thaw and has been redeemed since is
    /// forgotten, so that an old thaw does not let the new money go.
    function _add(Pot storage pot, uint128 amount) private {
        uint128 balance = pot.balance;
        if (pot.thawing > balance) pot.thawing = balance;
        pot.balance = balance + amount;
    }

    /// @dev Takes what a voucher gives out of the pots: whole gwei, so that what
    /// was paid and what vouchers say count the same; the dust stays.
    function _take(address clinic, address node, uint64 totalGwei, address recipient)
        private
        returns (uint256 amount)
    {
        Pot storage own = _pots[clinic][node];
        (uint256 reserved, uint64 redeemedGwei) = (own.balance, own.redeemedGwei);
        if (totalGwei <= redeemedGwei) return 0;
        amount = uint256(totalGwei - redeemedGwei) * 1 gwei;
        if (amount > reserved) {
            Pot storage free = _pots[clinic][address(0)];
            uint256 available = free.balance;
            if (amount > reserved + available) {
                amount = (reserved + available) / 1 gwei * 1 gwei;
                if (amount == 0) return 0;
                totalGwei = redeemedGwei + uint64(amount / 1 gwei);
            }
            if (amount > reserved) {
                free.balance = uint128(available - (amount - reserved));
                reserved = amount;
            }
        }
        (own.balance, own.redeemedGwei) = (uint128(reserved - amount), totalGwei);
        emit Redeemed(clinic, node, recipient, amount, totalGwei);
    }

    function _isSigned(bytes32 separator, Voucher calldata voucher, bytes[] calldata walletSignatures)
        private
        view
        returns (bool)
    {
        bytes32 digest = _digest(separator, voucher);
        if (voucher.r != 0) return WalletSignature.byKey(voucher.clinic, digest, voucher.r, voucher.vs);
        uint256 own = uint256(voucher.vs);
        return own < walletSignatures.length
            && WalletSignature.byWallet(voucher.clinic, digest, walletSignatures[own]);
    }

    /// @dev Who is paid for each line.
    function _recipients(Voucher[] calldata vouchers) private view returns (address[] memory) {
        address[] memory nodes = new address[](vouchers.length);
        for (uint256 i = 0; i < vouchers.length; ++i) {
            nodes[i] = vouchers[i].node;
        }
        return registry.recipientsOf(nodes);
    }

    function _digest(bytes32 separator, Voucher calldata v) private pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(
            separator, keccak256(abi.encode(VOUCHER_TYPEHASH, v.clinic, v.node, v.totalGwei, v.signedAt))
        );
    }

    /// @dev What is still there of the money that was put to thaw.
    function _thawing(Pot storage pot) private view returns (uint256) {
        return pot.thawing < pot.balance ? pot.thawing : pot.balance;
    }
}
