// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What a dispute does to a node's bond.
/// @notice Only `disputes` may do it.
interface IBonds {
    /// @notice The one contract that may hold, release and slash bonds.
    function disputes() external view returns (address);

    /// @notice Keeps `hotKey`'s bond from leaving until it is released.
    function hold(address hotKey) external;

    /// @notice Ends one hold.
    function release(address hotKey) external;

    /// @notice Takes `amount` wei of the bond for `beneficiary`.
    function slash(address hotKey, uint256 amount, address beneficiary) external;
}
