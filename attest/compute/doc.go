// Package compute examines what nodes claim of their machines. In: on the coordinator's
// side the nodes with their claims and a ledger, on the node's side a key, a machine that
// computes (hwprobe/challenge) and whoever keeps it free meanwhile. Out: one recorded
// outcome for every examination begun, at times that nobody can foresee and for the nodes
// of one operator at the same moment. A seed leaves the coordinator only when its work
// begins, and an id is durable before it is sent. An outage of the coordinator's own is
// nobody's strike. It scores nothing.
package compute
