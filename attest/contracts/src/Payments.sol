// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHive} from "./IHive.sol";

/// @title A list of payments that are made in one call.
/// @notice Successive payments to one recipient, as of an operator of many nodes
/// or a node of many clinics, become one.
library Payments {
    struct List {
        address[] recipients;
        uint256[] amounts;
        uint256 count;
    }

    /// @notice An empty list with room for `capacity` payments.
    function empty(uint256 capacity) internal pure returns (List memory list) {
        list.recipients = new address[](capacity);
        list.amounts = new uint256[](capacity);
    }

    /// @notice Adds a payment.
    function add(List memory list, address recipient, uint256 amount) internal pure {
        uint256 count = list.count;
        if (count != 0 && list.recipients[count - 1] == recipient) {
            list.amounts[count - 1] += amount;
            return;
        }
        list.recipients[count] = recipient;
        list.amounts[count] = amount;
        list.count = count + 1;
    }

    /// @notice Pays what was added; the list is spent then.
    function pay(List memory list, IHive token) internal {
        (address[] memory recipients, uint256[] memory amounts, uint256 count) =
            (list.recipients, list.amounts, list.count);
        if (count == 0) return;
        // Shortens both to what was added: an array's first word is its length.
        assembly ("memory-safe") {
            mstore(recipients, count)
            mstore(amounts, count)
        }
        token.transferMany(recipients, amounts);
    }
}
