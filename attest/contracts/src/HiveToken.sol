// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {IHive} from "./IHive.sol";

/// @title HIVE, the token that bonds nodes and pays them.
/// @notice ERC-20 with 18 decimals, approval by signature (EIP-2612) and voting
/// checkpoints (EIP-5805) that count by time stamp (EIP-6372).
/// @dev New tokens come from holders of MINTER_ROLE only. The deployment gives
/// that role to the RewardDistributor, whose roots bound it to rate x elapsed.
/// The admin can appoint further minters, so it belongs to a timelock.
contract HiveToken is IHive, ERC20, ERC20Permit, ERC20Votes, AccessControl {
    /// @notice May create tokens.
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");

    /// @notice Most receivers of one `transferMany`.
    uint256 public constant MAX_TRANSFERS = 256;

    error LengthsDiffer(uint256 receivers, uint256 amounts);
    error TooManyTransfers(uint256 receivers, uint256 limit);

    /// @notice Creates the first tokens.
    /// @param admin appoints and dismisses minters.
    /// @param treasury receives the first tokens, from which bonds are lent.
    /// @param initialSupply the first tokens, in wei of HIVE.
    constructor(address admin, address treasury, uint256 initialSupply) ERC20("MedHive", "HIVE") ERC20Permit("MedHive") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _mint(treasury, initialSupply);
    }

    /// @inheritdoc IHive
    function mint(address to, uint256 amount) external onlyRole(MINTER_ROLE) {
        _mint(to, amount);
    }

    /// @inheritdoc IHive
    /// @dev What a batch of payments costs less by it is the calls.
    function transferMany(address[] calldata to, uint256[] calldata amounts) external {
        if (to.length > MAX_TRANSFERS) revert TooManyTransfers(to.length, MAX_TRANSFERS);
        if (to.length != amounts.length) revert LengthsDiffer(to.length, amounts.length);
        for (uint256 i = 0; i < to.length; ++i) {
            _transfer(msg.sender, to[i], amounts[i]);
        }
    }

    /// @notice Voting checkpoints count seconds, as the rest of MedHive does.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice How `clock` counts (EIP-6372).
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
