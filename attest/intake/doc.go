// Package intake is the coordinator's door for statements. In: signed receipts, verdicts
// and profiles over libp2p streams, one or many on each, and the uptime records and outages
// of the coordinator itself. Out: an acknowledgement once the statement is verified and on
// disk, or a refusal that says why; and, at the end of an epoch, everything that belongs
// to it. It never scores and never believes a statement that it can't check.
package intake
