// Package contracts holds MedHive's Solidity: src/ is what is deployed, test/ its
// units, properties and invariants, bindings/ the Go packages with ABI and bytecode
// made from it, one for each contract, and the table of their storage. Building Go
// needs no Solidity tools, because the bindings are committed; a test here fails when
// they are older than the sources. check.sh tests the contracts, THREATS.md says what
// a thief of each key can do. The Go that uses them is attest/chain.
package contracts

//go:generate ./generate.sh
