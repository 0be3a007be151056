package metric

func coordinator() []Role { return []Role{Coordinator} }

// coordinators are what a coordinator shows.
func coordinators() []Metric {
	kind := one("kind", "canary", "rerun")
	return []Metric{
		gauge("coordinator_epoch", "Number of the newest published epoch; 0 before the first.", coordinator()),
		gauge("coordinator_nodes", "Nodes of the registry, active or not.", coordinator()),
		counter("coordinator_statements_total", "Statements that came in, by kind and by what became of them.", coordinator(),
			one("kind", "receipt", "profile", "verdict"), one("outcome", "stored", "refused")),
		counter("coordinator_epochs_total", "Epochs closed since the start, by outcome.", coordinator(), one("outcome", "closed", "failed")),
		gauge("coordinator_epoch_timestamp_seconds", "When this process last closed an epoch. Absent before.", coordinator()).sparse(),
		counter("coordinator_checks_drawn_total", "Checks that a draw asked for.", coordinator(), kind),
		counter("coordinator_checks_made_total", "Checks that came to a verdict.", coordinator(), kind),
		counter("coordinator_checks_dropped_total", "Checks for which there was no room or no means.", coordinator(), kind),
		counter("coordinator_computed_seconds_total", "What nodes computed, by their receipts: for jobs, and to check them.", coordinator(), purpose()),
	}
}
