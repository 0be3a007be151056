// Package trace turns the steps of tasks into OpenTelemetry spans. In: the events of a
// clinic's broker and of a node's worker; receipts, verdicts, re-runs and epochs of a
// coordinator. Out: spans by OTLP over HTTP to the collector that the operator names, or
// nothing. Clinic, node and coordinator need no header between them: the trace's id is made
// of the task's. Spans hold addresses, fences, prices and fixed words, never a free text.
package trace
