// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {RewardDistributor} from "../src/RewardDistributor.sol";

/// @title A Merkle tree as attest/epoch makes it: a complete binary tree in one
/// array with the root at 0, pairs sorted.
library Tree {
    function leaf(address node, uint256 cumulativeWei) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(node, cumulativeWei))));
    }

    function build(address[] memory nodes, uint256[] memory amounts) internal pure returns (bytes32[] memory tree) {
        uint256 n = nodes.length;
        tree = new bytes32[](2 * n - 1);
        for (uint256 i = 0; i < n; ++i) {
            tree[2 * n - 2 - i] = leaf(nodes[i], amounts[i]);
        }
        for (uint256 i = n - 1; i > 0; --i) {
            tree[i - 1] = Hashes.commutativeKeccak256(tree[2 * i - 1], tree[2 * i]);
        }
    }

    /// @dev The siblings of leaf i, from the leaf up.
    function proof(bytes32[] memory tree, uint256 i) internal pure returns (bytes32[] memory siblings) {
        uint256 place = tree.length - 1 - i;
        uint256 depth = 0;
        for (uint256 j = place; j > 0; j = (j - 1) / 2) {
            ++depth;
        }
        siblings = new bytes32[](depth);
        for (uint256 d = 0; d < depth; ++d) {
            siblings[d] = tree[place % 2 == 1 ? place + 1 : place - 1];
            place = (place - 1) / 2;
        }
    }

    /// @dev Lines whose proofs end where they meet one before, as attest/chain
    /// makes them.
    function share(bytes32[] memory tree, address[] memory nodes, uint256[] memory amounts)
        internal
        pure
        returns (RewardDistributor.Claim[] memory claims, bytes32[] memory siblings)
    {
        claims = new RewardDistributor.Claim[](nodes.length);
        bytes32[] memory all = new bytes32[](nodes.length * 20);
        uint256 used = 0;
        for (uint256 i = 0; i < nodes.length; ++i) {
            bytes32 top = leaf(nodes[i], amounts[i]);
            bytes32[] memory path = proof(tree, i);
            uint256 first = used;
            uint256 meets = find(all, first, top);
            for (uint256 d = 0; meets == 0 && d < path.length; ++d) {
                all[used++] = path[d];
                top = Hashes.commutativeKeccak256(top, path[d]);
                meets = find(all, first, top);
            }
            claims[i] = RewardDistributor.Claim(nodes[i], amounts[i], used - first, meets);
        }
        siblings = new bytes32[](used);
        for (uint256 i = 0; i < used; ++i) {
            siblings[i] = all[i];
        }
    }

    function find(bytes32[] memory all, uint256 count, bytes32 what) private pure returns (uint256) {
        for (uint256 i = 0; i < count; ++i) {
            if (all[i] == what) return i + 1;
        }
        return 0;
    }
}
