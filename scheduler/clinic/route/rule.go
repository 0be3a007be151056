package route

import "time"

// Rule is one rule as it stands in a file. Compile checks it.
type Rule struct {
	Name     string `toml:"name"`     // small letters, digits and dashes; audit and budget go by it
	Group    string `toml:"group"`    // of the rules of one group the first that matches is taken; empty: one group
	Continue bool   `toml:"continue"` // the group stays open after this rule
	Off      bool   `toml:"off"`      // as if it were not there

	Match  Match `toml:"match"`  // all of these must hold; none: it matches every study
	Unless Match `toml:"unless"` // none of these may hold

	Ignore           bool          `toml:"ignore"` // what matches is not analysed: no later rule of its group is taken; if it names no group, none at all
	Model            string        `toml:"model"`  // id or id@version
	Priority         string        `toml:"priority"`
	AtMost           string        `toml:"at-most"` // how far a sender's or an order's word may raise the priority; empty: stat
	Heed             []string      `toml:"heed"`    // whose word may: order, requested, dimse; absent: everybody's
	Residency        []string      `toml:"residency"`
	PriceCeilingGwei uint64        `toml:"price-ceiling-gwei"`
	Within           time.Duration `toml:"within"`
	Copying          string        `toml:"copying"` // once, hedged or replicated
	Copies           int           `toml:"copies"`
	LocalAfter       time.Duration `toml:"local-after"`
	Silent           bool          `toml:"silent"`
	Destinations     []string      `toml:"destinations"`
	Forms            []string      `toml:"forms"`      // absent: seg, sr, sc and fhir
	OnFailure        string        `toml:"on-failure"` // notice (default) or silent

	Deidentify DeidentifyChoices `toml:"deidentify"`
	Budget     Budget            `toml:"budget"`
}

// Match is a set of conditions. Within a list one must hold, of a fact with several
// values (modalities, series) one is enough. Texts are compared without regard to case and
// outer spaces: "*" stands for any text, "?" for one character, and what begins with
// "re:" is a regular expression (RE2) that must be found somewhere in the value.
type Match struct {
	Way               []string `toml:"way"`
	CallingAE         []string `toml:"calling-ae"`
	CalledAE          []string `toml:"called-ae"`
	Modality          []string `toml:"modality"`
	SOPClass          []string `toml:"sop-class"`
	BodyPart          []string `toml:"body-part"`
	StudyDescription  []string `toml:"study-description"`
	SeriesDescription []string `toml:"series-description"`
	Manufacturer      []string `toml:"manufacturer"`
	Station           []string `toml:"station"`
	Institution       []string `toml:"institution"`
	Referrer          []string `toml:"referrer"`
	Sex               []string `toml:"sex"`
	Age               []string `toml:"age"`       // "18y-", "-17y", "0d-28d", "6m-2y": both ends count in
	Instances         []string `toml:"instances"` // "20-", "-500", "20-500"
	Hours             []string `toml:"hours"`     // "08:00-18:00", "22:00-06:00": the end does not count in
	Days              []string `toml:"days"`      // "mon", "sat-sun"; hours past midnight belong to the day before
	Zone              string   `toml:"zone"`      // IANA name; empty: the rules' own
}

// DeidentifyChoices is Deidentify as it stands in a file.
type DeidentifyChoices struct {
	RetainDates           bool     `toml:"retain-dates"`
	RetainDevice          bool     `toml:"retain-device"`
	RetainCharacteristics bool     `toml:"retain-characteristics"`
	Private               []string `toml:"private"` // "0019,SIEMENS MR HEADER,0C": odd group, creator, the element's last byte
	Deface                bool     `toml:"deface"`
}

// Budget bounds what a rule spends by calendar day and month in the rules' zone; 0 is no limit.
type Budget struct {
	DayCount   int    `toml:"day-count"`
	MonthCount int    `toml:"month-count"`
	DayGwei    uint64 `toml:"day-gwei"`
	MonthGwei  uint64 `toml:"month-gwei"`
	Then       string `toml:"then"`        // stop (default): no analysis, and the worklist says why; next: later rules are looked at
	STATPasses bool   `toml:"stat-passes"` // emergencies are analysed all the same, and counted
}
