// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IBonds} from "./IBonds.sol";
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
/// A bond is slashed by the Disputes contract alone, which is named for good at
/// deployment; while a dispute is open the bond can't leave.
contract NodeRegistry is INodeRegistry, IBonds, EIP712 {
    using SafeERC20 for IERC20;

    /// @dev Three slots, a fourth with a voucher, a fifth once slashed. A claim
    /// reads only the second, and the third while a change of recipient is on
    /// its way.
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
        uint32 holds; // open disputes
        // ---
        bytes32 voucher;
        // ---
        uint256 slashed; // wei of the bond that are gone
    }

    /// @notice EIP-712 type of the hot key's consent.
    /// @dev It needs no nonce: a hot key is registered once in its life, and
    /// the signature names the one operator who may use it.
    bytes32 public constant REGISTRATION_TYPEHASH = keccak256(
        "Registration(address operator,address hotKey,address recipient,bytes2 jurisdiction,bytes32 voucher,uint256 deadline)"
    );

    /// @notice The token that bonds are paid in.
    IERC20 public immutable token;
    /// @inheritdoc IBonds
    address public immutable disputes;
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
    /// @notice A bond, or what was left of it, went back.
    event BondWithdrawn(address indexed hotKey, address indexed recipient, uint256 amount);
    /// @notice A dispute was opened: `holds` are open now.
    event BondHeld(address indexed hotKey, uint32 holds);
    /// @notice A dispute ended: `holds` are still open.
    event BondReleased(address indexed hotKey, uint32 holds);
    /// @notice A dispute took `amount` wei of the bond.
    event BondSlashed(address indexed hotKey, address indexed beneficiary, uint256 amount);
    /// @notice The operator paid in what had been slashed.
    event BondRestored(address indexed hotKey, uint256 amount);

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
    error BondThawed(address hotKey, uint64 withdrawableAt);
    error BondInDispute(address hotKey, uint32 holds);
    error BondNotHeld(address hotKey);
    error BondTooSmall(address hotKey, uint256 left);
    error BondWhole(address hotKey);
    error NotDisputes(address caller);

    modifier onlyDisputes() {
        if (msg.sender != disputes) revert NotDisputes(msg.sender);
        _;
    }

    /// @notice Sets what holds for every node, for good.
    /// @param token_ the token that bonds are paid in.
    /// @param disputes_ the Disputes contract, which may be deployed after this.
    /// @param bond_ each node's deposit, in wei.
    /// @param exitThaw_ seconds between leaving and withdrawing.
    /// @param recipientDelay_ seconds until a proposed recipient takes over.
    constructor(IERC20 token_, address disputes_, uint256 bond_, uint64 exitThaw_, uint64 recipientDelay_)
        EIP712("MedHive", "1")
    {
        if (address(token_) == address(0) || disputes_ == address(0)) revert ZeroAddress();
        token = token_;
        disputes = disputes_;
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

    /// @notice Pays a thawed bond, less what was slashed, to the recipient.
    /// Anyone may call it. An open dispute is waited for; since none can be
    /// opened after the thaw, that wait ends.
    function withdrawBond(address hotKey) external {
        Node storage node = _nodes[hotKey];
        if (node.operator == address(0)) revert NotRegistered(hotKey);
        if (node.exitAt == 0) revert NotLeaving(hotKey);
        if (block.timestamp < node.exitAt) revert BondThawing(hotKey, node.exitAt);
        if (node.withdrawn) revert BondAlreadyWithdrawn(hotKey);
        if (node.holds != 0) revert BondInDispute(hotKey, node.holds);
        node.withdrawn = true;
        address recipient = recipientOf(hotKey);
        uint256 amount = bond - node.slashed;
        emit BondWithdrawn(hotKey, recipient, amount);
        token.safeTransfer(recipient, amount);
    }

    /// @notice Pays in again what was slashed, which makes the node active.
    function restoreBond(address hotKey) external {
        Node storage node = _operated(hotKey);
        if (node.exitAt != 0) revert AlreadyLeaving(hotKey);
        uint256 amount = node.slashed;
        if (amount == 0) revert BondWhole(hotKey);
        node.slashed = 0;
        emit BondRestored(hotKey, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IBonds
    /// @dev Refused once the bond has thawed, so that disputes can't be lined up
    /// to keep it for ever.
    function hold(address hotKey) external onlyDisputes {
        Node storage node = _nodes[hotKey];
        if (node.operator == address(0)) revert NotRegistered(hotKey);
        uint64 exitAt = node.exitAt;
        if (exitAt != 0 && block.timestamp >= exitAt) revert BondThawed(hotKey, exitAt);
        uint32 holds = node.holds + 1;
        node.holds = holds;
        emit BondHeld(hotKey, holds);
    }

    /// @inheritdoc IBonds
    function release(address hotKey) external onlyDisputes {
        Node storage node = _nodes[hotKey];
        uint32 holds = node.holds;
        if (holds == 0) revert BondNotHeld(hotKey);
        node.holds = --holds;
        emit BondReleased(hotKey, holds);
    }

    /// @inheritdoc IBonds
    /// @dev Only a held bond is slashed, so it can't have been withdrawn.
    function slash(address hotKey, uint256 amount, address beneficiary) external onlyDisputes {
        Node storage node = _nodes[hotKey];
        if (node.holds == 0) revert BondNotHeld(hotKey);
        uint256 left = bond - node.slashed;
        if (amount > left) revert BondTooSmall(hotKey, left);
        node.slashed += amount;
        emit BondSlashed(hotKey, beneficiary, amount);
        token.safeTransfer(beneficiary, amount);
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
            bool withdrawn,
            uint256 slashed,
            uint32 holds
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
            node.withdrawn,
            node.slashed,
            node.holds
        );
    }

    /// @inheritdoc INodeRegistry
    function recipientsOf(address[] calldata hotKeys) external view returns (address[] memory recipients) {
        recipients = new address[](hotKeys.length);
        for (uint256 i = 0; i < hotKeys.length; ++i) {
            recipients[i] = recipientOf(hotKeys[i]);
        }
    }

    /// @inheritdoc INodeRegistry
    function isActive(address hotKey) external view returns (bool) {
        Node storage node = _nodes[hotKey];
        return node.operator != address(0) && node.exitAt == 0 && node.slashed == 0;
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
