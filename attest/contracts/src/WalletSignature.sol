// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Whether a clinic signed a digest, with a key or by a contract wallet.
/// @notice An account with a key of its own signs by ECDSA, also when it has
/// delegated itself to code (EIP-7702); a contract answers by EIP-1271.
library WalletSignature {
    /// @notice Longest signature that is passed to a wallet, in bytes.
    uint256 internal constant MAX_BYTES = 2048;
    /// @notice Gas that a wallet may use to answer, so that none can exhaust a
    /// batch in which its line is one of many.
    uint256 internal constant WALLET_GAS = 150_000;

    /// @notice By key: `r` and `vs` are the compact form of EIP-2098.
    function byKey(address signer, bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (bool) {
        (address recovered, ECDSA.RecoverError err,) = ECDSA.tryRecover(digest, r, vs);
        return err == ECDSA.RecoverError.NoError && recovered == signer;
    }

    /// @notice By wallet. An account without code has none, which says no.
    /// @dev Written out so that of the answer one word is copied and no more: a
    /// wallet that answers at length would have the caller pay for the memory.
    function byWallet(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signature.length > MAX_BYTES) return false;
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        uint256 gasLimit = WALLET_GAS;
        bool answered = false;
        bytes32 answer;
        assembly ("memory-safe") {
            answered := staticcall(gasLimit, signer, add(question, 0x20), mload(question), 0x00, 0x20)
            answered := and(answered, gt(returndatasize(), 0x1f))
            answer := mload(0x00)
        }
        return answered && answer == bytes32(IERC1271.isValidSignature.selector);
    }
}
