// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Network} from "./Network.sol";
import {Tree} from "./Tree.sol";

/// @title Nodes with earnings, and the epochs that say so.
abstract contract Epochs is Network {
    bytes32 internal constant DATASET = keccak256("data set");

    address[] internal nodes;
    uint256[] internal amounts;
    uint64 internal epochs;

    /// @dev Registers `count` nodes whose keys are 1000 and up.
    function crew(uint256 count) internal {
        for (uint256 i = 0; i < count; ++i) {
            nodes.push(register(1000 + i));
            amounts.push(0);
        }
    }

    function earned() internal view returns (uint128 total) {
        for (uint256 i = 0; i < amounts.length; ++i) {
            total += uint128(amounts[i]);
        }
    }

    function tree() internal view returns (bytes32[] memory) {
        return Tree.build(nodes, amounts);
    }

    /// @dev Posts what the nodes have earned as the next epoch.
    function postEpoch() internal returns (bytes32 root) {
        root = tree()[0];
        vm.prank(POSTER);
        distributor.postRoot(root, DATASET, earned(), ++epochs, new bytes[](0));
    }

    /// @dev Posts it and waits until it is active.
    function publish() internal {
        postEpoch();
        skip(DELAY);
    }

    function claim(uint256 i) internal returns (uint256) {
        return distributor.claim(nodes[i], amounts[i], Tree.proof(tree(), i));
    }
}
