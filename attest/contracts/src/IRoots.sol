// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What a dispute does to a pending root.
/// @notice Only `disputes` may do it.
interface IRoots {
    /// @notice The one contract that may hold, release and cancel roots.
    function disputes() external view returns (address);

    /// @notice Whether this root with this data set was refused for good.
    function vetoed(bytes32 root, bytes32 datasetHash) external view returns (bool);

    /// @notice Keeps the pending root from becoming active before `until`.
    /// @return number the root's epoch.
    /// @return datasetHash the hash of the root's data set.
    function hold(bytes32 root, uint64 until) external returns (uint64 number, bytes32 datasetHash);

    /// @notice Ends one hold of epoch `number`'s root; nothing happens if that
    /// root waits no longer.
    function release(uint64 number) external;

    /// @notice Refuses epoch `number`'s pending root for good.
    function cancel(uint64 number) external;
}
