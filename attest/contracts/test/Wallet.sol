// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A contract wallet of one owner, who is asked by EIP-1271, in any mood.
contract Wallet is IERC1271 {
    enum Mood {
        Honest,
        Yes,
        Burn,
        Bomb,
        Short,
        Wrong,
        Revert
    }

    address public immutable owner;
    Mood public mood;

    constructor(address owner_) {
        owner = owner_;
    }

    function set(Mood mood_) external {
        mood = mood_;
    }

    /// @dev The owner's 65 bytes stand at the end of the signature.
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (mood == Mood.Honest) {
            (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature[signature.length - 65:]);
            return signer == owner ? this.isValidSignature.selector : bytes4(0xffffffff);
        }
        if (mood == Mood.Burn) for (uint256 i = 0;; ++i) {}
        if (mood == Mood.Revert) revert("no");
        assembly {
            mstore(0, 0x1626ba7e00000000000000000000000000000000000000000000000000000000)
            switch sload(0)
            case 3 { return(32, 200000) }
            case 4 { return(0, 4) }
            case 5 {
                mstore8(31, 1)
                return(0, 32)
            }
        }
        return this.isValidSignature.selector;
    }
}
