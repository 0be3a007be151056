package metric

import (
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/scheduler"
)

func everybody() []Role { return []Role{Node, Clinic, Coordinator} }

// classes are the classes of urgency by their words.
func classes() Label {
	l := Label{Name: "class"}
	for c := range scheduler.STAT + 1 {
		l.Values = append(l.Values, c.String())
	}
	return l
}

func severities() Label {
	return one("severity", string(warning.Notice), string(warning.Caution), string(warning.Critical))
}

// shared are what every role shows.
func shared() []Metric {
	kind := one("kind", "offer", "notice")
	return []Metric{
		gauge("build_info", "Always 1; its labels say what runs.", everybody(),
			some("role", "node, clinic or coordinator"), some("version", "of medhive"), some("go_version", "that built it")),
		gauge("start_timestamp_seconds", "When the role started.", everybody()),
		gauge("healthy", "1 while the role does its work, as its health port says.", everybody()),
		gauge("health_check", "1 for each check of its health that is passed, 0 for one that is not.", everybody(), some("check", "see the health port")),
		gauge("warning", "Warnings that are up, by the catalogue's code. Absent where nothing is wrong.", everybody(), some("code", "of the catalogue of warnings"), severities()).sparse(),
		gauge("peers", "Connected peers.", everybody()),
		gauge("home_free_bytes", "What the file system of the role's folder has left.", everybody()).sparse(),
		counter("market_published_total", "Messages that this host published, one for each topic.", everybody(), kind),
		counter("market_accepted_total", "Valid messages of others.", everybody(), kind),
		counter("market_recalled_total", "Valid messages of others, told again by somebody who had heard them.", everybody(), kind),
		counter("market_ignored_total", "Messages that were ignored, by reason.", everybody(), kind,
			one("reason", "expired", "ahead", "version", "not-listed", "rate", "replayed")),
		counter("market_rejected_total", "Messages that were rejected and cost their sender its score, by reason.", everybody(), kind,
			one("reason", "size", "schema", "region", "tier", "author", "signature")),
		counter("market_useless_total", "Refused messages that were held against the peer that sent them.", everybody()),
	}
}
