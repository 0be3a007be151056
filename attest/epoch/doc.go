// Package epoch turns the statements of one epoch into money that anybody can
// check. In: signed receipts, verdicts, profiles and uptime records, the registry's
// snapshot and the state of the epoch before. Out: a Bundle, that is every input,
// every node's line, the cumulative Merkle tree and its root, written as a folder,
// as one addressed file (BundleFile) and as proofs to seek in (ProofsFile); and an
// Auditor, which recomputes it to the last wei. It posts nothing on chain.
package epoch
