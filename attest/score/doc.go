// Package score turns the evidence of one epoch into factors, weights and
// rewards. In: what each node's receipts, checks and uptime challenges prove, its
// standing, the tier, the registry's word, the pool. Out: one line per node, and
// sentences that explain it. Every function is pure and works on integers, so that two
// machines agree to the last wei. It checks no signature and reads no clock.
package score
