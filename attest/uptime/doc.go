// Package uptime proves that nodes are there. In: on the node's side a key and
// its state, on the coordinator's side the nodes to ask and a ledger. Out: one
// recorded outcome for every challenge, asked at times that nobody can foresee:
// a signed statement over a fresh nonce, a refusal, a timeout, or an outage of
// the coordinator's own, which is nobody's strike. It scores nothing.
package uptime
