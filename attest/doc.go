// Package attest is the signed statements of the network: what a node says it
// did (Receipt), what the clinic says about it (Acceptance) and owes for it (Voucher),
// what who checked it found (Verdict), that a node was there (Uptime), what it is made of
// (ProfileStatement) and what a second coordinator computed (CoSignature). In: values,
// secp256k1 keys, and contract wallets by an interface. Out: EIP-712 digests, signatures
// and their verification, canonical bounded JSON and binary forms. It never opens a
// socket, keeps state or reads a study.
package attest
