// Package attest is the signed statements of the network: what a node says it
// did (Receipt), what the clinic says about it (Acceptance), that a node was
// there (Uptime) and what it is made of (ProfileStatement). In: values and
// secp256k1 keys. Out: EIP-712 digests, signatures, verdicts and canonical
// bounded JSON. It never opens a socket, keeps state or reads a study.
package attest
