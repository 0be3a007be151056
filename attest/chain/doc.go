// Package chain is where MedHive meets an EVM chain: it deploys the contracts,
// registers nodes, posts an epoch's root, claims rewards, redeems vouchers and
// disputes, over JSON-RPC to any chain, through the first of several servers that
// answers, and stays with a transaction until it is final. It also holds such a
// chain, Dev, for the demo and the tests, which differs from a real one in its
// clock alone. Amounts are wei of HIVE (1e-18) in *big.Int, or wei of ether where a
// name says so; times are the chain's, never this machine's. It keeps no keys:
// whoever calls passes a Signer.
package chain
