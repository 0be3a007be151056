package observability

// where narrows a query to what the reader of the dashboard chose.
const where = `job=~"$job",instance=~"$instance"`

// of is a metric with that choice, and more of it.
func of(metric string, more ...string) string {
	matchers := where
	for _, m := range more {
		matchers += "," + m
	}
	return metric + "{" + matchers + "}"
}

// rate is a counter's change a second.
func rate(metric string, more ...string) string {
	return "rate(" + of(metric, more...) + "[$__rate_interval])"
}

// p95 is what 95 of 100 durations of a histogram stay under.
func p95(histogram, by string) string {
	return "histogram_quantile(0.95, sum by (" + by + ") (" + rate(histogram+"_bucket") + "))"
}

func lines(title, help, unit string, width int, all ...Line) Panel {
	return Panel{Title: title, Help: help, Kind: "timeseries", Unit: unit, Width: width, Lines: all}
}

func (p Panel) stacked() Panel {
	p.Stack = true
	return p
}

func stat(title, help, unit string, all ...Line) Panel {
	return Panel{Title: title, Help: help, Kind: "stat", Unit: unit, Width: 4, Lines: all}
}

// Rows are the dashboard from the top to the bottom.
func Rows() []Row {
	return []Row{overview(), machine(), jobs(), money(), clinicMarket(), clinicSite(), coordinator(), gossip(), process()}
}

func overview() Row {
	return Row{"At a glance", []Panel{
		stat("Healthy", "1: the role does its work, as its health port says.", "short", Line{of("medhive_healthy"), "{{job}} {{instance}}"}),
		stat("Up for", "", "s", Line{"time() - " + of("medhive_start_timestamp_seconds"), "{{job}} {{instance}}"}),
		stat("Peers", "Connected peers.", "short", Line{of("medhive_peers"), "{{job}} {{instance}}"}),
		stat("Disk left", "Of the role's folder.", "bytes", Line{of("medhive_home_free_bytes"), "{{job}} {{instance}}"}),
		{Title: "Warnings", Help: "What is up; `medhive status` tells each with what to do.", Kind: "table", Unit: "short", Width: 8,
			Lines: []Line{{"sum by (job, instance, code, severity) (" + of("medhive_warning") + ") > 0", ""}}},
	}}
}

func machine() Row {
	return Row{"Node: machine and score", []Panel{
		stat("Tier", "0 is unqualified.", "short", Line{of("medhive_node_tier"), "{{instance}}"}),
		stat("int8", "Sustained rate of the measurement.", "ops", Line{of("medhive_node_profile_operations_per_second", `precision="int8"`, `of="median"`), "{{instance}} {{provider}}"}),
		lines("Power", "Now, where something looks, and in the measurement.", "watt", 8,
			Line{of("medhive_node_watts"), "{{instance}} now"}, Line{of("medhive_node_profile_watts", `of="mean"`), "{{instance}} measured ({{basis}})"}),
		lines("Temperature", "Of the hottest part that computes.", "celsius", 8,
			Line{of("medhive_node_celsius"), "{{instance}} now"}, Line{of("medhive_node_profile_max_celsius"), "{{instance}} measured"}),
		lines("Score by factor", "Of the newest epoch that the node knows.", "percentunit", 12,
			Line{of("medhive_node_score_factor_ratio"), "{{instance}} {{factor}}"}, Line{of("medhive_node_score_ratio"), "{{instance}} all"}),
		lines("Gate", "1: open. A closed gate earns nothing.", "short", 12, Line{of("medhive_node_gate_open"), "{{instance}}"}),
	}}
}

func jobs() Row {
	return Row{"Node: jobs", []Panel{
		lines("Jobs now", "", "short", 8, Line{of("medhive_node_jobs_running"), "{{instance}} running"}, Line{of("medhive_node_queue_jobs"), "{{instance}} waiting"},
			Line{of("medhive_node_results_undelivered"), "{{instance}} on the way back"}),
		lines("Jobs ended", "In an hour.", "short", 8, Line{"sum by (instance, outcome) (increase(" + of("medhive_node_jobs_total") + "[1h]))", "{{instance}} {{outcome}}"}).stacked(),
		lines("From the award to the verdict", "95 of 100 stay under it.", "s", 8, Line{p95("medhive_node_wait_seconds", "instance, le"), "{{instance}} wait"},
			Line{p95("medhive_node_fetch_seconds", "instance, le"), "{{instance}} fetch"}, Line{p95("medhive_node_run_seconds", "instance, le"), "{{instance}} run"},
			Line{p95("medhive_node_deliver_seconds", "instance, le"), "{{instance}} deliver"}),
		lines("Offers, bids, awards", "A second.", "short", 8, Line{rate("medhive_node_offers_total"), "{{instance}} offers"}, Line{rate("medhive_node_bids_total"), "{{instance}} bids"},
			Line{rate("medhive_node_awards_total"), "{{instance}} awards"}),
		lines("Offers without a bid", "By reason, a second.", "short", 8, Line{"sum by (instance, reason) (" + rate("medhive_node_not_bid_total") + ")", "{{instance}} {{reason}}"}).stacked(),
		lines("Energy of jobs", "Mean power of what jobs took, idle included.", "watt", 8, Line{"sum by (instance, basis) (" + rate("medhive_node_job_energy_joules_total") + ")", "{{instance}} {{basis}}"}),
		lines("Receipts that wait for the coordinator", "", "short", 8, Line{of("medhive_node_receipts_waiting"), "{{instance}}"}),
		lines("Models", "Offered, and not offered because their runners failed.", "short", 8, Line{of("medhive_node_models_offered"), "{{instance}} offered"}, Line{of("medhive_node_models_quarantined"), "{{instance}} quarantined"}),
		lines("One study by model", "Time that the model takes for its example.", "s", 8, Line{of("medhive_node_model_example_seconds"), "{{instance}} {{model}} {{provider}}"}),
	}}
}

func money() Row {
	return Row{"Node: pay, in HIVE", []Panel{
		lines("Rewards of epochs", "Of the newest epoch, and of all.", "short", 12, Line{of("medhive_node_reward_hive"), "{{instance}} newest"}, Line{of("medhive_node_rewarded_hive"), "{{instance}} all"}),
		lines("Vouchers of clinics", "", "short", 12, Line{of("medhive_node_vouchers_hive"), "{{instance}} {{state}}"}),
	}}
}

func clinicMarket() Row {
	return Row{"Clinic: market", []Panel{
		lines("Nodes", "", "short", 6, Line{of("medhive_clinic_nodes_listed"), "{{instance}} registered"}, Line{of("medhive_clinic_nodes_known"), "{{instance}} known"}),
		lines("Tasks", "Open now.", "short", 6, Line{of("medhive_clinic_tasks_open"), "{{instance}}"}),
		lines("Tasks ended", "In an hour, by final state.", "short", 6, Line{"sum by (instance, state) (increase(" + of("medhive_clinic_tasks_ended_total") + "[1h]))", "{{instance}} {{state}}"}).stacked(),
		lines("Offer to award", "95 of 100 stay under it.", "s", 6, Line{p95("medhive_clinic_offer_to_award_seconds", "instance, class, le"), "{{instance}} {{class}}"}),
		lines("Leases lost", "In an hour, by reason.", "short", 8, Line{"sum by (instance, reason) (increase(" + of("medhive_clinic_leases_lost_total") + "[1h]))", "{{instance}} {{reason}}"}).stacked(),
		lines("Bytes sent to nodes", "A second.", "Bps", 8, Line{rate("medhive_clinic_payload_bytes_total"), "{{instance}}"}),
		lines("Computed", "For jobs, and to check them.", "percentunit", 8, Line{rate("medhive_clinic_computed_seconds_total"), "{{instance}} {{purpose}}"}).stacked(),
	}}
}

func clinicSite() Row {
	return Row{"Clinic: doors and worklist", []Panel{
		lines("Cases by state", "", "short", 8, Line{of("medhive_site_cases") + " > 0", "{{instance}} {{state}}"}).stacked(),
		lines("Deliveries", "Results on their way.", "short", 8, Line{of("medhive_site_deliveries"), "{{instance}} {{destination}} {{state}}"}),
		lines("Inbox", "What studies take, and what is left.", "bytes", 8, Line{of("medhive_site_inbox_bytes"), "{{instance}} taken"}, Line{of("medhive_site_inbox_free_bytes"), "{{instance}} free"}),
		lines("Studies that arrive", "", "short", 12, Line{of("medhive_site_inbox_studies"), "{{instance}} {{state}}"}),
		lines("Orders and callers refused", "In an hour.", "short", 12, Line{"increase(" + of("medhive_site_orders_total") + "[1h])", "{{instance}} orders {{outcome}}"}, Line{"increase(" + of("medhive_site_web_refused_total") + "[1h])", "{{instance}} callers refused"}),
	}}
}

func coordinator() Row {
	return Row{"Coordinator", []Panel{
		stat("Epoch", "The newest that is published.", "short", Line{of("medhive_coordinator_epoch"), "{{instance}}"}),
		stat("Nodes", "Of the registry.", "short", Line{of("medhive_coordinator_nodes"), "{{instance}}"}),
		lines("Statements", "A second, by kind and outcome.", "short", 8, Line{"sum by (instance, kind, outcome) (" + rate("medhive_coordinator_statements_total") + ")", "{{instance}} {{kind}} {{outcome}}"}),
		lines("Epochs closed", "In a day.", "short", 8, Line{"increase(" + of("medhive_coordinator_epochs_total") + "[1d])", "{{instance}} {{outcome}}"}),
		lines("Checks", "In an hour: drawn, made, dropped.", "short", 12, Line{"increase(" + of("medhive_coordinator_checks_drawn_total") + "[1h])", "{{instance}} {{kind}} drawn"},
			Line{"increase(" + of("medhive_coordinator_checks_made_total") + "[1h])", "{{instance}} {{kind}} made"}, Line{"increase(" + of("medhive_coordinator_checks_dropped_total") + "[1h])", "{{instance}} {{kind}} dropped"}),
		lines("What checks cost", "Share of all computation that checks took.", "percentunit", 12, Line{"sum by (instance) (" + rate("medhive_coordinator_computed_seconds_total", `purpose="checks"`) + ") / sum by (instance) (" + rate("medhive_coordinator_computed_seconds_total") + ")", "{{instance}}"}),
	}}
}

func gossip() Row {
	return Row{"Gossip", []Panel{
		lines("Messages", "A second.", "short", 12, Line{rate("medhive_market_accepted_total"), "{{job}} {{instance}} {{kind}} accepted"}, Line{rate("medhive_market_published_total"), "{{job}} {{instance}} {{kind}} published"}),
		lines("Messages refused", "A second, by reason.", "short", 12, Line{rate("medhive_market_rejected_total") + " > 0", "{{job}} {{instance}} {{kind}} {{reason}} rejected"}, Line{rate("medhive_market_ignored_total") + " > 0", "{{job}} {{instance}} {{kind}} {{reason}} ignored"}),
	}}
}

func process() Row {
	return Row{"Process", []Panel{
		lines("Memory", "Resident.", "bytes", 8, Line{of("process_resident_memory_bytes"), "{{job}} {{instance}}"}),
		lines("CPU", "1 is a whole core.", "short", 8, Line{rate("process_cpu_seconds_total"), "{{job}} {{instance}}"}),
		lines("Goroutines and open files", "", "short", 8, Line{of("go_goroutines"), "{{job}} {{instance}} goroutines"}, Line{of("process_open_fds"), "{{job}} {{instance}} files"}),
	}}
}
