// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Network} from "./Network.sol";
import {Statements} from "./Statements.sol";

/// @dev Holds every vector of attest/vectors.json against Solidity's own hashing.
contract StatementsTest is Network {
    string private json;
    string private place; // the statement that is read

    function setUp() public override {
        super.setUp();
        json = vm.readFile("../vectors.json");
    }

    function text(string memory field) private view returns (string memory) {
        return vm.parseJsonString(json, string.concat(place, field));
    }

    function number(string memory field) private view returns (uint64) {
        return uint64(vm.parseJsonUint(json, string.concat(place, field)));
    }

    function word(string memory field) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(place, field));
    }

    function who(string memory field) private view returns (address) {
        return vm.parseJsonAddress(json, string.concat(place, field));
    }

    /// @dev A digest that is written sha256:<hex>.
    function sum(string memory field) private view returns (bytes32) {
        bytes memory raw = bytes(text(field));
        bytes memory digits = new bytes(raw.length - 7);
        for (uint256 i = 0; i < digits.length; ++i) {
            digits[i] = raw[i + 7];
        }
        return vm.parseBytes32(string.concat("0x", string(digits)));
    }

    function receipt() private view returns (bytes32) {
        Statements.Receipt memory r;
        (r.task, r.fence, r.node, r.clinic) = (sum("task"), number("fence"), who("node"), who("clinic"));
        (r.requestHash, r.manifestDigest) = (sum("request_hash"), sum("manifest_digest"));
        (r.weightsDigest, r.outputHash) = (sum("weights_digest"), sum("output_hash"));
        (r.provider, r.runtime) = (text("provider"), text("runtime"));
        (r.startedAt, r.finishedAt) = (number("started_at_ms"), number("finished_at_ms"));
        (r.deadline, r.energyMilliJ) = (number("deadline_ms"), number("energy_mj"));
        (r.energyBasis, r.priceGwei) = (text("energy_basis"), number("price_gwei"));
        return Statements.hash(r);
    }

    function verdict() private view returns (bytes32) {
        Statements.Verdict memory v;
        (v.kind, v.node, v.clinic, v.task) = (text("kind"), who("node"), who("clinic"), sum("task"));
        (v.fence, v.receipt, v.manifest) = (number("fence"), word("receipt"), sum("manifest"));
        (v.provider, v.against, v.result) = (text("provider"), word("against"), text("result"));
        (v.dicePpm, v.findings) = (uint32(number("dice_ppm")), uint32(number("findings")));
        v.probabilityDeltaPpm = uint32(number("probability_delta_ppm"));
        (v.mismatched, v.reason, v.evidence) = (number("mismatched"), text("reason"), word("evidence"));
        (v.checker, v.signedAt) = (who("checker"), number("at_ms"));
        return Statements.hash(v);
    }

    function commitment(string memory within) private view returns (bytes32) {
        Statements.Commitment memory c;
        c.node = who(string.concat(within, "node"));
        c.challenge = word(string.concat(within, "challenge"));
        c.seed = word(string.concat(within, "seed"));
        c.work = sum(string.concat(within, "work"));
        c.root = word(string.concat(within, "root"));
        c.profileDigest = sum(string.concat(within, "profile_digest"));
        c.signedAt = number(string.concat(within, "at_ms"));
        return Statements.hash(c);
    }

    function examination(bytes32 separator) private view returns (bytes32) {
        Statements.Examination memory e;
        (e.node, e.id, e.subject) = (who("node"), word("id"), text("subject"));
        (e.profileDigest, e.claimMops, e.work) = (sum("profile_digest"), number("claim_mops"), sum("work"));
        (e.size, e.askedAt, e.tookMs) = (number("size"), number("asked_at_ms"), number("took_ms"));
        (e.outcome, e.prompted) = (text("outcome"), vm.keyExistsJson(json, string.concat(place, "prompted")));
        e.commitment = Statements.digest(separator, commitment("answer.commitment."));
        return Statements.hash(e);
    }

    /// @dev A device's key is written as its two coordinates, one behind the other.
    function deviceVoucher() private view returns (bytes32) {
        bytes memory point = vm.parseJsonBytes(json, string.concat(place, "device"));
        (bytes32 x, bytes32 y) = abi.decode(point, (bytes32, bytes32));
        return Statements.deviceVoucher(
            who("vendor"), word("endorsement"), x, y, number("issued_at_ms"), number("expires_at_ms")
        );
    }

    function total() private view returns (uint128) {
        return uint128(vm.parseJsonUint(json, string.concat(place, "cumulative_total_wei")));
    }

    /// @dev The struct hash of the statement under `place`, of the type that starts
    /// with `name`.
    function structHash(bytes32 name, bytes32 separator) private view returns (bytes32) {
        if (name == "Receipt") return receipt();
        if (name == "Verdict") return verdict();
        if (name == "Commitment") return commitment("");
        if (name == "Examination") return examination(separator);
        if (name == "Acceptance") {
            return Statements.acceptance(
                word("receipt"), vm.parseJsonBool(json, string.concat(place, "accepted")), text("reason"), number("at_ms")
            );
        }
        if (name == "Uptime") {
            return Statements.uptime(
                who("node"),
                number("seq"),
                word("nonce"),
                uint32(number("load_permille")),
                sum("profile_digest"),
                number("at_ms")
            );
        }
        if (name == "Profile") return Statements.profile(who("node"), sum("profile_digest"), number("at_ms"));
        if (name == "Voucher") {
            return Statements.voucher(who("clinic"), who("node"), number("total_gwei"), number("at_ms"));
        }
        if (name == "Promise") {
            return Statements.nodePromise(sum("task"), number("fence"), who("node"), who("clinic"), number("at_ms"));
        }
        if (name == "Consent") return Statements.consent(word("receipt"), who("clinic"), who("checker"));
        if (name == "DeviceVoucher") return deviceVoucher();
        if (name == "DeviceRevocation") {
            return Statements.deviceRevocation(who("vendor"), word("voucher"), number("at_ms"));
        }
        if (name == "DeviceProof") {
            return Statements.deviceProof(who("node"), word("voucher"), word("nonce"), number("asked_at_ms"));
        }
        if (name == "OwnerBinding") {
            return Statements.ownerBinding(who("node"), who("owner"), word("code"), number("deadline_ms"));
        }
        if (name == "Epoch") return Statements.epoch(number("epoch"), word("root"), word("dataset_hash"), total());
        revert("a vector of a type that Statements.sol lacks");
    }

    /// @dev The part of `Name(fields)` before the bracket.
    function nameOf(string memory kind) private pure returns (bytes32 name) {
        bytes memory raw = bytes(kind);
        for (uint256 i = 0; raw[i] != "("; ++i) {
            name |= bytes32(raw[i]) >> (8 * i);
        }
    }

    function test_EveryPublishedVector() public {
        uint256 chainId = vm.parseJsonUint(json, ".chain_id");
        bytes32 common = Statements.domain(chainId, vm.parseJsonAddress(json, ".verifying_contract"));
        check(common == vm.parseJsonBytes32(json, ".domain_separator"), "domain");
        uint256 found = 0;
        for (;; ++found) {
            string memory vector = string.concat(".vectors[", vm.toString(found), "].");
            if (!vm.keyExistsJson(json, string.concat(vector, "name"))) break;
            bytes32 separator = common;
            if (vm.keyExistsJson(json, string.concat(vector, "verifying_contract"))) {
                separator = Statements.domain(
                    chainId, vm.parseJsonAddress(json, string.concat(vector, "verifying_contract"))
                );
                check(separator == vm.parseJsonBytes32(json, string.concat(vector, "domain_separator")), "own domain");
            }
            place = string.concat(vector, "statement.");
            bytes32 name = nameOf(vm.parseJsonString(json, string.concat(vector, "type")));
            bytes32 digest = Statements.digest(separator, structHash(name, separator));
            string memory title = vm.parseJsonString(json, string.concat(vector, "name"));
            check(digest == vm.parseJsonBytes32(json, string.concat(vector, "digest")), title);
            signedBy(vector, digest);
        }
        check(found >= 12, "vectors are missing");
    }

    function signedBy(string memory vector, bytes32 digest) private view {
        bytes memory signature = vm.parseJsonBytes(json, string.concat(vector, "signature"));
        (bytes32 r, bytes32 s) = (bytes32(0), bytes32(0));
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        address signer = ecrecover(digest, uint8(signature[64]), r, s);
        check(signer == vm.parseJsonAddress(json, string.concat(vector, "signer")), "signer");
    }

    function test_EveryOutputCommitment() public {
        uint256 found = 0;
        for (;; ++found) {
            place = string.concat(".output_commitments[", vm.toString(found), "].");
            if (!vm.keyExistsJson(json, string.concat(place, "output"))) break;
            check(
                Statements.outputCommitment(sum("output"), word("salt"), who("node"), sum("task"))
                    == word("commitment"),
                "output commitment"
            );
        }
        check(found > 0, "no output commitments");
    }

    /// @dev What the contracts hash is what the vectors say.
    function testFuzz_TheContractsHashTheSame(address a, address b, uint64 x, uint64 y, bytes32 r, uint128 z)
        public
        view
    {
        check(
            escrow.voucherDigest(a, b, x, y)
                == Statements.digest(
                    Statements.domain(block.chainid, address(escrow)), Statements.voucher(a, b, x, y)
                ),
            "voucher"
        );
        check(
            distributor.epochDigest(x, r, bytes32(uint256(y)), z)
                == Statements.digest(
                    Statements.domain(block.chainid, address(distributor)),
                    Statements.epoch(x, r, bytes32(uint256(y)), z)
                ),
            "epoch"
        );
    }
}
