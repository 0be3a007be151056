// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title MedHive's signed statements, hashed as a contract would (EIP-712).
/// @notice The Go side hashes them by hand (package attest); the vectors that it
/// publishes are held against this, so a dispute could be settled on chain.
/// @dev abi.encode is split where the stack would not hold all fields.
library Statements {
    struct Receipt {
        bytes32 task;
        uint64 fence;
        address node;
        address clinic;
        bytes32 requestHash;
        bytes32 manifestDigest;
        bytes32 weightsDigest;
        string provider;
        string runtime;
        bytes32 outputHash;
        uint64 startedAt;
        uint64 finishedAt;
        uint64 deadline;
        uint64 energyMilliJ;
        string energyBasis;
        uint64 priceGwei;
    }

    struct Verdict {
        string kind;
        address node;
        address clinic;
        bytes32 task;
        uint64 fence;
        bytes32 receipt;
        bytes32 manifest;
        string provider;
        bytes32 against;
        string result;
        uint32 dicePpm;
        uint32 probabilityDeltaPpm;
        uint32 findings;
        uint64 mismatched;
        string reason;
        bytes32 evidence;
        address checker;
        uint64 signedAt;
    }

    struct Examination {
        address node;
        bytes32 id;
        string subject;
        bytes32 profileDigest;
        uint64 claimMops;
        bytes32 work;
        uint64 size;
        uint64 askedAt;
        uint64 tookMs;
        string outcome;
        bool prompted;
        bytes32 commitment;
    }

    struct Commitment {
        address node;
        bytes32 challenge;
        bytes32 seed;
        bytes32 work;
        bytes32 root;
        bytes32 profileDigest;
        uint64 signedAt;
    }

    function domain(uint256 chainId, address verifyingContract) internal pure returns (bytes32) {
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(typehash, keccak256("MedHive"), keccak256("1"), chainId, verifyingContract));
    }

    function digest(bytes32 separator, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function hash(Receipt memory s) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Receipt(bytes32 task,uint64 fence,address node,address clinic,bytes32 requestHash,bytes32 manifestDigest,bytes32 weightsDigest,string provider,string runtime,bytes32 outputHash,uint64 startedAt,uint64 finishedAt,uint64 deadline,uint64 energyMilliJ,string energyBasis,uint64 priceGwei)"
        );
        return keccak256(
            bytes.concat(
                abi.encode(typehash, s.task, s.fence, s.node, s.clinic, s.requestHash),
                abi.encode(
                    s.manifestDigest, s.weightsDigest, keccak256(bytes(s.provider)), keccak256(bytes(s.runtime))
                ),
                abi.encode(s.outputHash, s.startedAt, s.finishedAt, s.deadline, s.energyMilliJ),
                abi.encode(keccak256(bytes(s.energyBasis)), s.priceGwei)
            )
        );
    }

    function hash(Verdict memory s) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Verdict(string kind,address node,address clinic,bytes32 task,uint64 fence,bytes32 receipt,bytes32 manifest,string provider,bytes32 against,string result,uint32 dicePpm,uint32 probabilityDeltaPpm,uint32 findings,uint64 mismatched,string reason,bytes32 evidence,address checker,uint64 at)"
        );
        return keccak256(
            bytes.concat(
                abi.encode(typehash, keccak256(bytes(s.kind)), s.node, s.clinic, s.task, s.fence),
                abi.encode(s.receipt, s.manifest, keccak256(bytes(s.provider)), s.against),
                abi.encode(keccak256(bytes(s.result)), s.dicePpm, s.probabilityDeltaPpm, s.findings),
                abi.encode(s.mismatched, keccak256(bytes(s.reason)), s.evidence, s.checker, s.signedAt)
            )
        );
    }

    function hash(Examination memory s) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Examination(address node,bytes32 id,string subject,bytes32 profileDigest,uint64 claimMops,bytes32 work,uint64 size,uint64 askedAt,uint64 tookMs,string outcome,bool prompted,bytes32 commitment)"
        );
        return keccak256(
            bytes.concat(
                abi.encode(typehash, s.node, s.id, keccak256(bytes(s.subject)), s.profileDigest, s.claimMops),
                abi.encode(s.work, s.size, s.askedAt, s.tookMs, keccak256(bytes(s.outcome))),
                abi.encode(s.prompted, s.commitment)
            )
        );
    }

    function hash(Commitment memory s) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Commitment(address node,bytes32 challenge,bytes32 seed,bytes32 work,bytes32 root,bytes32 profileDigest,uint64 at)"
        );
        return keccak256(
            abi.encode(typehash, s.node, s.challenge, s.seed, s.work, s.root, s.profileDigest, s.signedAt)
        );
    }

    function acceptance(bytes32 receipt, bool accepted, string memory reason, uint64 signedAt)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("Acceptance(bytes32 receipt,bool accepted,bytes32 reasonHash,uint64 at)");
        return keccak256(abi.encode(typehash, receipt, accepted, keccak256(bytes(reason)), signedAt));
    }

    function uptime(address node, uint64 seq, bytes32 nonce, uint32 loadPermille, bytes32 digest_, uint64 signedAt)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256(
            "Uptime(address node,uint64 seq,bytes32 nonce,uint32 loadPermille,bytes32 profileDigest,uint64 at)"
        );
        return keccak256(abi.encode(typehash, node, seq, nonce, loadPermille, digest_, signedAt));
    }

    function profile(address node, bytes32 profileDigest, uint64 signedAt) internal pure returns (bytes32) {
        bytes32 typehash = keccak256("Profile(address node,bytes32 profileDigest,uint64 at)");
        return keccak256(abi.encode(typehash, node, profileDigest, signedAt));
    }

    function voucher(address clinic, address node, uint64 totalGwei, uint64 signedAt)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("Voucher(address clinic,address node,uint64 totalGwei,uint64 at)");
        return keccak256(abi.encode(typehash, clinic, node, totalGwei, signedAt));
    }

    function nodePromise(bytes32 task, uint64 fence, address node, address clinic, uint64 signedAt)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("Promise(bytes32 task,uint64 fence,address node,address clinic,uint64 at)");
        return keccak256(abi.encode(typehash, task, fence, node, clinic, signedAt));
    }

    function consent(bytes32 receipt, address clinic, address checker) internal pure returns (bytes32) {
        bytes32 typehash = keccak256("Consent(bytes32 receipt,address clinic,address checker)");
        return keccak256(abi.encode(typehash, receipt, clinic, checker));
    }

    function deviceVoucher(
        address vendor,
        bytes32 endorsement,
        bytes32 deviceX,
        bytes32 deviceY,
        uint64 issuedAt,
        uint64 expiresAt
    ) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "DeviceVoucher(address vendor,bytes32 endorsement,bytes32 deviceX,bytes32 deviceY,uint64 issuedAt,uint64 expiresAt)"
        );
        return keccak256(abi.encode(typehash, vendor, endorsement, deviceX, deviceY, issuedAt, expiresAt));
    }

    function deviceRevocation(address vendor, bytes32 revoked, uint64 signedAt) internal pure returns (bytes32) {
        bytes32 typehash = keccak256("DeviceRevocation(address vendor,bytes32 voucher,uint64 at)");
        return keccak256(abi.encode(typehash, vendor, revoked, signedAt));
    }

    function deviceProof(address node, bytes32 vouched, bytes32 nonce, uint64 askedAt)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("DeviceProof(address node,bytes32 voucher,bytes32 nonce,uint64 askedAt)");
        return keccak256(abi.encode(typehash, node, vouched, nonce, askedAt));
    }

    function ownerBinding(address node, address owner, bytes32 code, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("OwnerBinding(address node,address owner,bytes32 code,uint64 deadline)");
        return keccak256(abi.encode(typehash, node, owner, code, deadline));
    }

    function epoch(uint64 number, bytes32 root, bytes32 datasetHash, uint128 cumulativeTotal)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash =
            keccak256("Epoch(uint64 epoch,bytes32 root,bytes32 datasetHash,uint128 cumulativeTotal)");
        return keccak256(abi.encode(typehash, number, root, datasetHash, cumulativeTotal));
    }

    /// @dev No EIP-712: what a node says of an output before it shows it.
    function outputCommitment(bytes32 output, bytes32 salt, address node, bytes32 task)
        internal
        pure
        returns (bytes32)
    {
        bytes32 tag =
            keccak256("MedHive OutputCommitment(bytes32 output,bytes32 salt,address node,bytes32 task) 1");
        return keccak256(abi.encode(tag, output, salt, node, task));
    }
}
