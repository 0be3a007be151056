// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title Who administers MedHive's contracts: slowly, and in the open.
/// @notice OpenZeppelin's TimelockController without an administrator of its
/// own: each call waits `minDelay` after it was proposed, in which everyone sees
/// it and a proposer can cancel it. It owns the RewardDistributor, administers
/// HiveToken's minters and is the arbiter of Disputes.
contract Timelock is TimelockController {
    /// @notice Sets up who proposes and who carries out.
    /// @param minDelay seconds that a call waits.
    /// @param proposers may propose and cancel calls.
    /// @param executors may carry out what has waited; address zero is anyone.
    constructor(uint256 minDelay, address[] memory proposers, address[] memory executors)
        TimelockController(minDelay, proposers, executors, address(0))
    {}
}
