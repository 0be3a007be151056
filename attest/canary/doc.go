// Package canary checks the work of nodes that nobody has to trust. In: studies to make
// canaries of, results to compare, what is known of a node so far. Out: a study that a node
// can't tell from a job, a judgement with its figures, and which job is checked how. What
// could not be checked is unchecked: never valid, and nobody's fault. It signs nothing and
// sends nothing.
package canary
