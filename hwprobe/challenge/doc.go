// Package challenge lets a machine prove an int8 rate or a size of memory to somebody who
// does not trust it. In: a work and a seed that nobody knew before. Out, at the prover: a
// Merkle root over everything computed, and later the few leaves asked for; at the
// verifier: whether those leaves are true, found by recomputing only them in plain Go, and
// what the time taken says of the claim. It opens no stream, signs nothing and reads no
// clock; attest/compute stands around it. It can't tell a rented machine from an own one.
package challenge
