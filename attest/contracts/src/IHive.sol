// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What the contracts that pay ask of the token.
/// @notice An ERC-20 that also mints for them and pays many at once.
interface IHive is IERC20 {
    /// @notice Creates `amount` wei for `to`.
    function mint(address to, uint256 amount) external;

    /// @notice Sends `amounts[i]` wei to `to[i]`, all or none.
    function transferMany(address[] calldata to, uint256[] calldata amounts) external;
}
