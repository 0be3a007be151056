// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the other contracts ask of the registry.
/// @notice Who is paid for a node, and whether it works.
interface INodeRegistry {
    /// @notice The cold address that `hotKey`'s earnings go to at this moment;
    /// zero if `hotKey` was never registered. It outlives the node's exit, so
    /// that what was earned stays claimable.
    function recipientOf(address hotKey) external view returns (address);

    /// @notice `recipientOf` each of several nodes.
    function recipientsOf(address[] calldata hotKeys) external view returns (address[] memory recipients);

    /// @notice Whether `hotKey` is registered, fully bonded and not leaving.
    function isActive(address hotKey) external view returns (bool);
}
