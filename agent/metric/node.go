package metric

func node() []Role { return []Role{Node} }

// basis is what a figure of power or energy rests on.
func basis() Label { return one("basis", "wall", "board", "package", "declared", "unmeasured") }

// nodes are what a node shows.
func nodes() []Metric {
	return append(profiles(), jobs()...)
}

// profiles are what was measured of the machine, what it is scored and what it earns.
func profiles() []Metric {
	return []Metric{
		gauge("node_tier", "Tier of the machine; 0 is unqualified.", node()),
		gauge("node_profile_certified", "1 if the profile was measured for 600 s without a flag.", node()),
		gauge("node_profile_operations_per_second", "Sustained dense rate; 1e12 are 1 TOPS.", node(),
			one("precision", "int8", "fp32", "fp16"), one("of", "median", "best_second"), some("provider", "of ONNX Runtime")).sparse(),
		gauge("node_profile_last_quarter_ratio", "Rate of the int8 run's last quarter over its best second; below 0.9 it throttled.", node()).sparse(),
		gauge("node_profile_spread_ratio", "Best window less worst over the median of the int8 run.", node()).sparse(),
		gauge("node_profile_watts", "Power during the int8 run.", node(), one("of", "mean", "idle", "above_idle"), basis()).sparse(),
		gauge("node_profile_efficiency_ratio", "Efficiency factor of the reward, 0 to 1.", node()),
		gauge("node_profile_max_celsius", "Highest temperature during the int8 run.", node()).sparse(),
		gauge("node_profile_cpu_pressure_ratio", "Share of the int8 run in which tasks waited for a CPU.", node()).sparse(),
		gauge("node_profile_timestamp_seconds", "When the machine was measured.", node()).sparse(),
		gauge("node_profile_flag", "1 for each kind of flag that the measurement has.", node(), one("code", "noisy", "throttled", "unsteady")),
		gauge("node_model_example_seconds", "Time that an installed model takes for its example.", node(),
			some("model", "of this machine, with its version"), some("provider", "of ONNX Runtime")).sparse(),
		gauge("node_watts", "Power that the machine takes now. Absent where nothing looks.", node()).sparse(),
		gauge("node_celsius", "Temperature of the hottest part that computes. Absent where nothing looks.", node()).sparse(),
		gauge("node_score_epoch", "Number of the newest epoch whose score the node knows.", node()).sparse(),
		gauge("node_score_factor_ratio", "Each factor of that score, 0 to 1, before its weight.", node(), one("factor", "compute", "availability", "quality", "network")).sparse(),
		gauge("node_score_ratio", "The weighted product of the factors, 0 to 1.", node()).sparse(),
		gauge("node_gate_open", "1 if that epoch's gate is open: a closed one earns nothing.", node()).sparse(),
		gauge("node_reward_hive", "Reward of that epoch.", node()).sparse(),
		gauge("node_rewarded_hive", "Rewards of all epochs up to that one.", node()).sparse(),
		gauge("node_vouchers_hive", "What clinics owe by vouchers, and what of it was paid.", node(),
			one("state", "owed", "redeemed", "redeemable", "unsigned", "uncovered")).sparse(),
		gauge("node_clinics_stopped", "Clinics that get no more bids until they sign or deposit.", node()).sparse(),
	}
}

// jobs are what a node does.
func jobs() []Metric {
	reasons := some("reason", "a word of this program, such as draining, lottery or price")
	return []Metric{
		gauge("node_jobs_running", "Jobs in their places or on their way back.", node()),
		counter("node_jobs_total", "Jobs that ended, by outcome, since ever.", node(), one("outcome", "accepted", "failed", "disputed")),
		counter("node_job_energy_joules_total", "Energy of the jobs since the start, idle included, by what it is based on.", node(), basis()).sparse(),
		gauge("node_receipts_waiting", "Receipts that the coordinator has not taken yet.", node()),
		gauge("node_closed", "1 while the node takes no new work; its status says why.", node()),
		gauge("node_queue_jobs", "Accepted jobs that wait for their turn.", node()),
		gauge("node_queue_capacity_jobs", "How many accepted jobs may wait.", node()),
		gauge("node_places", "Jobs that the node does at once.", node(), one("class", "any", "stat")),
		gauge("node_places_used", "Places reserved for bids, waiting or working.", node()),
		gauge("node_results_undelivered", "Results on their way to their clinics.", node()),
		gauge("node_receipts_unsigned", "Receipts kept of results that clinics did not sign for.", node()),
		gauge("node_clinics_avoided", "Clinics that the node does not bid for because of that.", node()),
		gauge("node_models_offered", "Installed models that the node bids with.", node()),
		gauge("node_models_quarantined", "Models that are not offered because their runners failed.", node()),
		counter("node_offers_total", "Offers heard on gossip.", node()),
		counter("node_asks_total", "Offers that a clinic sent directly.", node()),
		counter("node_not_bid_total", "Offers without a bid, by reason.", node(), reasons),
		counter("node_bids_total", "Bids sent.", node()),
		counter("node_bids_lost_total", "Bids that brought no award.", node()),
		counter("node_awards_total", "Awards accepted.", node()),
		counter("node_awards_declined_total", "Awards declined, by reason.", node(), reasons),
		counter("node_queued_total", "Times that a job waited for its turn.", node()),
		counter("node_preempted_total", "Jobs that gave way to a more urgent one.", node()),
		counter("node_resumed_total", "Jobs that went on after a restart.", node()),
		counter("node_revoked_total", "Leases that clinics declared gone.", node()),
		counter("node_cancelled_total", "Jobs and bids that clinics withdrew.", node()),
		counter("node_failed_total", "Jobs since the start that brought no receipt.", node()),
		counter("node_receipts_total", "Receipts with both signatures.", node()),
		counter("node_unsigned_total", "Results that clinics took without signing for them.", node()),
		counter("node_vouchers_total", "Vouchers of clinics that say more than the one before.", node()),
		counter("node_vouchers_refused_total", "Vouchers refused: forged, another's, unreadable or falling.", node()),
		counter("node_notices_total", "Notices sent.", node()),
		counter("node_payload_bytes_total", "Bytes of sealed payloads fetched.", node()),
		counter("node_payload_refetched_bytes_total", "Bytes of them that a stream which was cut had brought before.", node()),
		histogram("node_wait_seconds", "What jobs waited for their turn.", node()),
		histogram("node_fetch_seconds", "What fetching a payload took.", node()),
		histogram("node_run_seconds", "What running a job took.", node()),
		histogram("node_deliver_seconds", "From the sealed result to the clinic's verdict.", node()),
	}
}
