// Package contracts holds MedHive's Solidity: src/ is what is deployed,
// bindings/ the Go packages with ABI and bytecode made from it, one for each
// contract. Building Go needs no Solidity tools, because the bindings are
// committed; a test here fails when they are older than the sources. The Go
// that uses them is attest/chain.
package contracts

//go:generate ./generate.sh
