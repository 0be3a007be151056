package warning

import "slices"

// The codes. Whoever raises a warning of another kind adds its code here and its entry to
// the catalogue below.
const (
	NoPeers          Code = "no-peers"
	ChainUnreachable Code = "chain-unreachable"
	ChainBehind      Code = "chain-behind"
	ScoreUnknown     Code = "score-unknown"
	ScoreFalls       Code = "score-falls"
	Suspended        Code = "suspended"
	ModelLeftOut     Code = "model-left-out"
	ModelQuarantined Code = "model-quarantined"
	MeasurementDoubt Code = "measurement-doubtful"
	MeasurementOld   Code = "measurement-old"
	ResultsUnsigned  Code = "results-unsigned"
	ClinicsOwe       Code = "clinics-owe"
	ReceiptsWait     Code = "receipts-wait"
	NotBidding       Code = "not-bidding"
	StateUnreadable  Code = "state-unreadable"
	DiskLow          Code = "disk-low"
	DiskFull         Code = "disk-full"
	NoNodes          Code = "no-nodes"
	DepositLow       Code = "deposit-low"
	ReservesFail     Code = "reserves-fail"
	RoleFailed       Code = "role-failed"
	EpochFails       Code = "epoch-fails"
	NotifyFails      Code = "notify-fails"
	CertificateEnds  Code = "certificate-ends"
	DeliveryWaits    Code = "delivery-waits"
	DeliveryGivenUp  Code = "delivery-given-up"
	InboxFull        Code = "inbox-full"
	StudiesHeld      Code = "studies-held"
	KeyTwice         Code = "key-twice"
	DeviceShared     Code = "device-shared"
	DeviceUnproved   Code = "device-unproved"
	UpdateAvailable  Code = "update-available"
	UpdateFailed     Code = "update-failed"
)

// Kind is what the catalogue says of a code.
type Kind struct {
	Code     Code
	Severity Severity // as a rule; a warning may have its own
	Roles    []Role   // that may raise it
	Means    string   // what it means, and what it leads to
	Fix      string   // what to do, where the warning itself knows nothing better
}

// Role is who raises a warning.
type Role string

// The roles.
const (
	Node        Role = "node"
	Clinic      Role = "clinic"
	Coordinator Role = "coordinator"
)

// Catalogue lists every kind of warning, in the order of the reference.
func Catalogue() []Kind {
	all := []Role{Node, Clinic, Coordinator}
	return []Kind{
		{NoPeers, Critical, all, "No other machine is connected: no offer, bid or statement gets through.",
			"check that the coordinator runs and the network file names it, and that a firewall lets the node's port out"},
		{ChainUnreachable, Caution, all, "No RPC server of the network file answers. Work goes on; claims, redemptions and the registry wait.",
			"look at rpc and rpc_more in the network file, and at the machine's way to the internet; `medhive doctor` asks each"},
		{ChainBehind, Caution, all, "The newest block that the RPC server knows is old: what the chain says of money and registrations is old too.",
			"wait if the server is catching up; else name another with rpc or rpc_more in the network file"},
		{ScoreUnknown, Notice, []Role{Node}, "The coordinator does not tell this node's score, so the last known one is shown.",
			"nothing if it passes; else look whether the coordinator is reachable with `medhive doctor`"},
		{ScoreFalls, Caution, []Role{Node}, "The score says that a penalty comes unless something changes.",
			"the text says what and by when; `medhive node status` explains each factor"},
		{Suspended, Critical, []Role{Node}, "A gate is closed, so this node earns no reward now.",
			"the text says what lifts it; `medhive node status` explains each factor"},
		{ModelLeftOut, Caution, []Role{Node}, "A package that lies here is not offered, so nothing is earned with it.",
			"run `medhive model validate` on it, or remove it with `medhive model remove`"},
		{ModelQuarantined, Caution, []Role{Node}, "Runners of a model failed in a row, so it is offered no more.",
			"repair the package or the driver, then `medhive model validate` it"},
		{MeasurementDoubt, Caution, []Role{Node}, "The measurement of this machine has a flag, so its tier counts for a short time only.",
			"remove the cause that the text names, then measure anew with `medhive probe --certify`"},
		{MeasurementOld, Notice, []Role{Node}, "The measurement of this machine is older than it may be.",
			"restart the node: it measures anew"},
		{ResultsUnsigned, Caution, []Role{Node}, "Clinics took results and did not sign for them; those get no more bids.",
			"nothing: the receipts are kept and count if the clinics sign later"},
		{ClinicsOwe, Notice, []Role{Node}, "Clinics owe vouchers, or more than their deposits cover, and get no more bids.",
			"see who with `medhive node earnings --json`; --exposure-limit and --unsecured-credit set how much is lent"},
		{ReceiptsWait, Caution, []Role{Node}, "Receipts of done work have not reached the coordinator; what is not there when an epoch closes earns in a later one.",
			"look whether the coordinator is reachable with `medhive doctor`; they are sent again by themselves"},
		{NotBidding, Notice, []Role{Node}, "The node takes no new work at this moment, by a limit that its operator or its machine sets.",
			"the text says which limit: opening hours, watts, temperature, or room on the disk"},
		{StateUnreadable, Critical, all, "The role's own state can't be read or written.",
			"look at the disk and its file system; restore the state folder from its backup if it is damaged"},
		{DiskLow, Caution, all, "The disk of the state folder is nearly full.",
			"free some room, drop packages with `medhive model remove`, or move the state folder to a larger disk"},
		{DiskFull, Critical, all, "There is no room for a study and its result: no work is taken.",
			"free some room, drop packages with `medhive model remove`, or move the state folder to a larger disk"},
		{NoNodes, Caution, []Role{Clinic}, "No node of the clinic's regions has told what it can do, so a study waits for one.",
			"name more regions with --regions, or look whether the coordinator relays them"},
		{DepositLow, Caution, []Role{Clinic}, "Nodes lend little to a clinic whose deposit does not cover its studies; without one, studies wait.",
			"add to it with `medhive clinic deposit`"},
		{ReservesFail, Caution, []Role{Clinic}, "Nothing can be reserved for nodes, so they do few studies before they wait for money.",
			"see the deposit and the ether for gas with `medhive clinic funds`"},
		{RoleFailed, Critical, []Role{Coordinator}, "A loop that the role can't do without has ended; it stops.",
			"mend what the text names, then start it again"},
		{EpochFails, Critical, []Role{Coordinator}, "An epoch was not closed, or its root not posted: nobody is paid until one is.",
			"mend what the text names; it is tried again at the next epoch, and nothing is lost"},
		{KeyTwice, Critical, []Role{Node, Coordinator}, "One node's key is used by two machines at once: both are asked the same things, and what one promises the other doesn't keep.",
			"stop the copy, and give a copied disk a key of its own with another --name; if nobody of yours copied it, have the operator end this node in the registry and begin anew"},
		{DeviceShared, Caution, []Role{Node, Coordinator}, "One device proved two nodes. It counts for the one that proved it last; the other is trusted as software.",
			"if the box was set up anew, have the operator end the former node in the registry; else run one node on a device"},
		{DeviceUnproved, Caution, []Role{Node}, "The device is vouched for by its vendor, but the coordinator doesn't count it, so the node is trusted as software.",
			"do what the text says; the coordinator is asked again twice a day and at each start"},
		{CertificateEnds, Caution, all, "A certificate that the role shows ends soon, or has ended: others then refuse to talk to it.",
			"put a new one into its file, then restart the role"},
		{DeliveryWaits, Caution, []Role{Clinic}, "Results wait for an archive or a record system, which does not take them.",
			"see why with `medhive clinic outbox`"},
		{DeliveryGivenUp, Critical, []Role{Clinic}, "Results were tried for as long as the site file says and are not tried any more.",
			"mend the destination, then `medhive clinic outbox retry`"},
		{InboxFull, Caution, []Role{Clinic}, "The room for studies is used up, or nearly; senders are refused then.",
			"raise intake.max-gib or lower intake.keep in the site file, or make room on the disk"},
		{StudiesHeld, Notice, []Role{Clinic}, "Studies are held because something needs a person's eye, and nobody has decided.",
			"decide on them with `medhive clinic quarantine` or in the dashboard"},
		{UpdateAvailable, Notice, []Role{Node}, "A newer version of the program is there for this machine.",
			"take it with `medhive update`; with update-auto in its settings a node does so by itself"},
		{UpdateFailed, Caution, []Role{Node}, "The last look for updates, or the last update, failed; the node goes on with the version it has.",
			"read the text; `medhive update` tries it now, and with --forgive also a version that was found bad here"},
		{NotifyFails, Caution, all, "A way by which the operator is told of warnings does not take messages.",
			"correct the role's notify-… settings, then try them with `medhive notify test ROLE`"},
	}
}

// Find is what the catalogue says of a code.
func Find(code Code) (Kind, bool) {
	all := Catalogue()
	at := slices.IndexFunc(all, func(k Kind) bool { return k.Code == code })
	if at < 0 {
		return Kind{}, false
	}
	return all[at], true
}
