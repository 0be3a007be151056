// Package enrolment is how a node shows its coordinator the device that it runs on: the
// vendor's voucher, a challenge that only the TPM with both keys of it can read, and a quote
// over the coordinator's question. In: a libp2p host, a database, the vendors that count and
// what the registry knows. Out: the proofs that an epoch is computed with, and what was
// noticed of keys and devices that are in two places at once. It opens no TPM, decides on no
// reward, and keeps nothing of nodes that are not registered.
package enrolment
