package metric

import (
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic/hl7"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

func clinic() []Role { return []Role{Clinic} }

// ends are the states in which a task ends.
func ends() Label {
	l := Label{Name: "state"}
	for _, s := range []scheduler.State{scheduler.Resulted, scheduler.Delivered, scheduler.Local, scheduler.Failed, scheduler.Expired, scheduler.Cancelled} {
		l.Values = append(l.Values, string(s))
	}
	return l
}

// purpose parts what was computed for jobs from what was computed to check them.
func purpose() Label { return one("purpose", "jobs", "checks") }

// clinics are what a clinic's market shows.
func clinics() []Metric {
	return []Metric{
		gauge("clinic_nodes_known", "Nodes whose notice is in force.", clinic()),
		gauge("clinic_nodes_listed", "Active nodes of the registry, as this clinic knows it.", clinic()),
		counter("clinic_submitted_total", "Tasks submitted; each copy of one counts.", clinic()),
		gauge("clinic_tasks_open", "Tasks that have not ended.", clinic()),
		counter("clinic_rounds_total", "Rounds in which bids were collected.", clinic()),
		counter("clinic_announced_total", "Offers published on gossip.", clinic()),
		counter("clinic_asked_total", "Nodes asked directly.", clinic()),
		counter("clinic_ask_answers_total", "What nodes that were asked directly answered.", clinic(), one("answer", "bid", "bid refused", "refused", "no answer")),
		counter("clinic_bids_total", "Bids taken.", clinic()),
		counter("clinic_bids_refused_total", "Bids refused, by reason.", clinic(), some("reason", "a word of this program, such as price, tier or residency")),
		counter("clinic_awards_total", "Awards made.", clinic()),
		counter("clinic_reawards_total", "Awards of a task that another node had lost.", clinic()),
		counter("clinic_accepted_total", "Awards that their node accepted.", clinic()),
		counter("clinic_leases_lost_total", "Leases that brought no result, by reason.", clinic(), one("reason", "lapsed", "declined", "spare declined", "no answer", "gave up", "result refused", "result disputed", "called off")),
		counter("clinic_regrants_total", "Leases that went on after their node's restart.", clinic()),
		counter("clinic_results_total", "Results, by what became of them.", clinic(), one("outcome", "accepted", "disputed", "refused", "local")),
		counter("clinic_local_failed_total", "Runs of the clinic's own runner that failed.", clinic()),
		counter("clinic_withdrawn_total", "Cancellations that a node has confirmed.", clinic()),
		counter("clinic_rechecks_total", "Re-runs that coordinators asked for.", clinic(), one("answer", "granted", "refused")),
		counter("clinic_tasks_ended_total", "Tasks that ended, by their final state.", clinic(), ends()),
		counter("clinic_payload_bytes_total", "Bytes of sealed payloads sent to nodes.", clinic()),
		counter("clinic_payload_resumed_bytes_total", "Bytes of sealed payloads not sent again after a cut.", clinic()),
		gauge("clinic_no_shows", "Nodes remembered for bids that they did not honour.", clinic()),
		histogram("clinic_offer_to_award_seconds", "From the first offer to a node's yes, by class.", clinic(), classes()),
		counter("clinic_computed_seconds_total", "What nodes computed, by their receipts: for jobs, and to check them.", clinic(), purpose()).sparse(),
	}
}

// sites are what a clinic's doors and worklist show.
func sites() []Metric {
	cases := Label{Name: "state"}
	for _, s := range worklist.States() {
		cases.Values = append(cases.Values, string(s))
	}
	return []Metric{
		counter("site_orders_total", "Messages and connections at the door for orders.", clinic(), Label{Name: "outcome", Values: hl7.Told()}).sparse(),
		counter("site_web_refused_total", "Callers of DICOMweb who showed no known token.", clinic()).sparse(),
		gauge("site_inbox_bytes", "Bytes of all studies that are kept.", clinic()).sparse(),
		gauge("site_inbox_free_bytes", "Bytes that the inbox's file system has left.", clinic()).sparse(),
		gauge("site_inbox_studies", "Studies in the inbox that no case was made of.", clinic(), one("state", "arriving", "complete")).sparse(),
		gauge("site_cases", "Cases of the worklist by state.", clinic(), cases).sparse(),
		gauge("site_deliveries", "Results on their way to a destination.", clinic(), some("destination", "a name of the site file"), one("state", "waiting", "committing", "failed")).sparse(),
	}
}
