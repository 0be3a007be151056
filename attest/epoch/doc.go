// Package epoch turns the statements of one epoch into money that anybody can
// check. In: signed receipts, profiles and uptime records, the registry's
// snapshot and the state of the epoch before. Out: a Bundle, that is every
// input, every node's line, the cumulative Merkle tree and its root, written as
// a folder; and Verify, which recomputes a folder to the last wei. It posts
// nothing on chain and keeps no state of its own.
package epoch
