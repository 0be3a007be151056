// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {INodeRegistry} from "./INodeRegistry.sol";

/// @title Who works here: each node's hot key, its operator, bond and recipient.
/// @notice Three keys, three powers. The hot key, on the machine, signs
/// statements and proves here once that it agreed to be registered. The
/// operator registers, proposes another recipient and leaves. The recipient, a
/// cold address, receives earnings and the bond, and can refuse to be replaced.
/// @dev Immutable: no owner, no pause, no upgrade. A thief of the hot key moves
/// nothing. A thief of the operator's key can make the node leave, and can
/// propose a recipient, which waits out `recipientDelay` while the operator or
/// the present recipient cancels; even a bond withdrawn goes to the recipient.
/// Slashing belongs to the dispute path, which does not exist yet.
contract NodeRegistry is INodeRegistry, EIP712 {
    using SafeERC20 for IERC20;

    /// @dev Three slots, and a fourth with a voucher. A claim reads only the
    /// second, and the third while a change of recipient is on its way.
    struct Node {
        address operator;
        bytes2 jurisdiction;
        uint64 registeredAt;
        // ---
        address recipient;
        uint64 changeAt; // when pendingRecipient takes over; 0 = no change
        bool withdrawn;
        // ---
        address pendingRecipient;
        uint64 exitAt; // when the bond may be withdrawn; 0 = not leaving
        // ---
        bytes32 voucher;
    }

    /// @notice EIP-712 type of the hot key's consent.
    /// @dev It needs no nonce: a hot key is registered once in its life, and
    /// the signature names the one operator who may use it.
    bytes32 public constant REGISTRATION_TYPEHASH = keccak256(
        "Registration(address operator,address hotKey,address recipient,bytes2 jurisdiction,bytes32 voucher,uint256 deadline)"
    );

    /// @notice The token that bonds are paid in.
    IERC20 public immutable token;
    /// @notice What each node deposits, in wei of HIVE.
    uint256 public immutable bond;
    /// @notice Seconds between leaving and withdrawing the bond.
    uint64 public immutable exitThaw;
    /// @notice Seconds between proposing a recipient and its first payment.
    uint64 public immutable recipientDelay;

    mapping(address hotKey => Node) private _nodes;

    /// @notice A node joined.
    event Registered(
        address indexed hotKey,
        address indexed operator,
        address indexed recipient,
        bytes2 jurisdiction,
        bytes32 voucher,
        uint256 bond
    );
    /// @notice A new recipient takes over at `effectiveAt` unless cancelled.
    event RecipientProposed(address indexed hotKey, address indexed current, address indexed proposed, uint64 effectiveAt);
    /// @notice A proposed recipient will not take over.
    event RecipientProposalCancelled(address indexed hotKey, address indexed proposed, address by);
    /// @notice A node stopped working; its bond thaws until `withdrawableAt`.
    event ExitStarted(address indexed hotKey, uint64 withdrawableAt);
    /// @notice A bond went back.
    event BondWithdrawn(address indexed hotKey, address indexed recipient, uint256 bond);

    error ZeroAddress();
    error AlreadyRegistered(address hotKey);
    error NotRegistered(address hotKey);
    error NotOperator(address hotKey, address caller);
    error NotOperatorOrRecipient(address hotKey, address caller);
    error InvalidJurisdiction(bytes2 jurisdiction);
    error RecipientIsHotKey(address hotKey);
    error ConsentExpired(uint256 deadline);
    error ConsentNotByHotKey(address hotKey, address signer);
    error NoRecipientProposed(address hotKey);
    error AlreadyLeaving(address hotKey);
    error NotLeaving(address hotKey);
    error BondThawing(address hotKey, uint64 withdrawableAt);
    error BondAlreadyWithdrawn(address hotKey);

    /// @param token_ the token that bonds are paid in.
    /// @param bond_ each node's deposit, in wei.
    /// @param exitThaw_ seconds between leaving and withdrawing.
    /// @param recipientDelay_ seconds until a proposed recipient takes over.
    constructor(IERC20 token_, uint256 bond_, uint64 exitThaw_, uint64 recipientDelay_) EIP712("MedHive", "1") {
        if (address(token_) == address(0)) revert ZeroAddress();
        token = token_;
        bond = bond_;
        exitThaw = exitThaw_;
        recipientDelay = recipientDelay_;
    }

    /// @notice Registers `hotKey` under the caller, who deposits `bond`.
    /// @param hotKey the node's key: libp2p identity and signer of statements.
    /// @param recipient cold address that earnings and the bond go to.
    /// @param jurisdiction ISO 3166-1 alpha-2, upper case, where the node runs.
    /// @param voucher hash of a vendor's voucher for the device, or zero.
    /// @param deadline last second at which `consent` may be used.
    /// @param consent the hot key's EIP-712 signature over all of the above and
    /// the caller (see REGISTRATION_TYPEHASH): proof that whoever registers the
    /// key holds it, so nobody can occupy another's identity.
    function register(
        address hotKey,
        address recipient,
        bytes2 jurisdiction,
        bytes32 voucher,
        uint256 deadline,
        bytes calldata consent
    ) external {
        if (recipient == address(0)) revert ZeroAddress();
        if (recipient == hotKey) revert RecipientIsHotKey(hotKey);
        if (!_isCountryCode(jurisdiction)) revert InvalidJurisdiction(jurisdiction);
        if (block.timestamp > deadline) revert ConsentExpired(deadline);
        Node storage node = _nodes[hotKey];
        if (node.operator != address(0)) revert AlreadyRegistered(hotKey);

        address signer = ECDSA.recover(
            registrationDigest(msg.sender, hotKey, recipient, jurisdiction, voucher, deadline), consent
        );
        if (signer != hotKey) revert ConsentNotByHotKey(hotKey, signer);

        node.operator = msg.sender;
        node.jurisdiction = jurisdiction;
        node.registeredAt = uint64(block.timestamp);
        node.recipient = recipient;
        if (voucher != 0) node.voucher = voucher;
        emit Registered(hotKey, msg.sender, recipient, jurisdiction, voucher, bond);

        token.safeTransferFrom(msg.sender, address(this), bond);
    }

    /// @notice Proposes another recipient, which takes over after
    /// `recipientDelay`. A second proposal replaces the first and waits anew.
    function proposeRecipient(address hotKey, address proposed) external {
        Node storage node = _operated(hotKey);
        if (proposed == address(0)) revert ZeroAddress();
        if (proposed == hotKey) revert RecipientIsHotKey(hotKey);
        address current = recipientOf(hotKey);
        uint64 effectiveAt = uint64(block.timestamp) + recipientDelay;
        node.recipient = current; // a change that was due is done
        node.pendingRecipient = proposed;
        node.changeAt = effectiveAt;
        emit RecipientProposed(hotKey, current, proposed, effectiveAt);
    }

    /// @notice Cancels a proposed recipient before it takes over. The present
    /// recipient may do so too: it is who loses if the operator's key is stolen.
    function cancelRecipient(address hotKey) external {
        Node storage node = _nodes[hotKey];
        if (msg.sender != node.operator && msg.sender != recipientOf(hotKey)) {
            revert NotOperatorOrRecipient(hotKey, msg.sender);
        }
        if (node.changeAt == 0 || node.changeAt <= block.timestamp) revert NoRecipientProposed(hotKey);
        node.changeAt = 0;
        emit RecipientProposalCancelled(hotKey, node.pendingRecipient, msg.sender);
    }

    /// @notice Ends the node's work at once and starts the bond's thaw. Final
    /// for this hot key: a node that comes back does so under a new key.
    function exit(address hotKey) external {
        Node storage node = _operated(hotKey);
        if (node.exitAt != 0) revert AlreadyLeaving(hotKey);
        uint64 withdrawableAt = uint64(block.timestamp) + exitThaw;
        node.exitAt = withdrawableAt;
        emit ExitStarted(hotKey, withdrawableAt);
    }

    /// @notice Pays a thawed bond to the recipient. Anyone may call it.
    function withdrawBond(address hotKey) external {
        Node storage node = _nodes[hotKey];
        if (node.operator == address(0)) revert NotRegistered(hotKey);
        if (node.exitAt == 0) revert NotLeaving(hotKey);
        if (block.timestamp < node.exitAt) revert BondThawing(hotKey, node.exitAt);
        if (node.withdrawn) revert BondAlreadyWithdrawn(hotKey);
        node.withdrawn = true;
        address recipient = recipientOf(hotKey);
        emit BondWithdrawn(hotKey, recipient, bond);
        token.safeTransfer(recipient, bond);
    }

    /// @notice All that is known of a node; zeros if it was never registered.
    /// `pendingRecipient` is zero unless a change is on its way.
    function nodeOf(address hotKey)
        external
        view
        returns (
            address operator,
            address recipient,
            address pendingRecipient,
            uint64 changeAt,
            uint64 registeredAt,
            uint64 exitAt,
            bytes2 jurisdiction,
            bytes32 voucher,
            bool withdrawn
        )
    {
        Node storage node = _nodes[hotKey];
        bool changing = node.changeAt > block.timestamp;
        return (
            node.operator,
            recipientOf(hotKey),
            changing ? node.pendingRecipient : address(0),
            changing ? node.changeAt : 0,
            node.registeredAt,
            node.exitAt,
            node.jurisdiction,
            node.voucher,
            node.withdrawn
        );
    }

    /// @inheritdoc INodeRegistry
    function isActive(address hotKey) external view returns (bool) {
        Node storage node = _nodes[hotKey];
        return node.operator != address(0) && node.exitAt == 0;
    }

    /// @inheritdoc INodeRegistry
    function recipientOf(address hotKey) public view returns (address) {
        Node storage node = _nodes[hotKey];
        if (node.changeAt != 0 && node.changeAt <= block.timestamp) return node.pendingRecipient;
        return node.recipient;
    }

    /// @notice The EIP-712 digest that the hot key signs to be registered.
    function registrationDigest(
        address operator,
        address hotKey,
        address recipient,
        bytes2 jurisdiction,
        bytes32 voucher,
        uint256 deadline
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(REGISTRATION_TYPEHASH, operator, hotKey, recipient, jurisdiction, voucher, deadline)
            )
        );
    }

    function _operated(address hotKey) private view returns (Node storage node) {
        node = _nodes[hotKey];
        if (node.operator == address(0)) revert NotRegistered(hotKey);
        if (node.operator != msg.sender) revert NotOperator(hotKey, msg.sender);
    }

    function _isCountryCode(bytes2 code) private pure returns (bool) {
        return code[0] >= "A" && code[0] <= "Z" && code[1] >= "A" && code[1] <= "Z";
    }
}
