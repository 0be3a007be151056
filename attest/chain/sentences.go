package chain

// sentence is a custom error in words: what takes one %s for each argument, in
// the contract's order.
type sentence struct{ what, do string }

// sentences returns the words for a custom error of the contracts. A test holds
// it against their ABIs.
func sentences(name string) (sentence, bool) {
	s, ok := map[string]sentence{
		// RewardDistributor
		"ZeroRoot":                {"root or data set hash is zero", "post the epoch's root with the hash of its data set"},
		"ActivationDelayTooShort": {"activation delay %s is under %s", "deploy with a longer delay"},
		"PosterIsGuardian":        {"poster and guardian are the same account", "appoint two, so that one can stop the other"},
		"NotPoster":               {"account %s may not post roots", "use the poster's key, or ask the owner to appoint this account"},
		"NotGuardian":             {"account %s is not the guardian", "use the guardian's key"},
		"PendingRootExists":       {"epoch %s still waits until %s (chain time)", "post after that, or let the guardian veto it"},
		"NoPendingRoot":           {"no such root is waiting", "look at the pending root first"},
		"PendingRootNotDue":       {"the pending root waits until %s (chain time)", "try again after that"},
		"VetoTooLate":             {"the root became active at %s (chain time)", "post a corrected epoch: leaves are cumulative"},
		"RootWasVetoed":           {"the guardian refused this root of epoch %s", "find out why, correct the epoch and post its new root"},
		"EpochNotNewer":           {"epoch %s is not above the active epoch %s", "post the next epoch"},
		"TotalFell":               {"cumulative total %s wei is under the active root's %s wei", "post at least the active total; it is a budget, not a sum"},
		"TotalOverRate":           {"cumulative total %s wei is over the %s wei that rate and elapsed time allow", "lower the epoch's rewards, or post later"},
		"NoActiveRoot":            {"no root is active yet", "wait until the first epoch's activation delay is over"},
		"NodeNotRegistered":       {"node %s is not in the registry", "register it first; what it earned stays claimable"},
		"NothingToClaim":          {"node %s has been paid %s wei, which is all that the active root gives it", "claim again after the next epoch"},
		"InvalidProof":            {"the proof for node %s and %s wei does not lead to the active root", "take proof and amount from the epoch that is active"},
		"TooManyClaims":           {"%s claims are over the limit of %s", "claim in several transactions"},
		// NodeRegistry
		"ZeroAddress":            {"an address is zero", "name every account"},
		"AlreadyRegistered":      {"node %s is registered already", "a hot key is registered once; make a new key for a new node"},
		"NotRegistered":          {"node %s is not in the registry", "register it first"},
		"NotOperator":            {"node %s is not operated by account %s", "use the operator's key"},
		"NotOperatorOrRecipient": {"node %s has neither as operator nor as recipient the account %s", "use the operator's or the recipient's key"},
		"InvalidJurisdiction":    {"jurisdiction %s is not a country code", "use ISO 3166-1 alpha-2 in upper case, for example DE"},
		"RecipientIsHotKey":      {"the recipient is the hot key %s itself", "name a cold address, whose key is not on the node"},
		"ConsentExpired":         {"the node's consent expired at %s (chain time)", "let the node sign a new one"},
		"ConsentNotByHotKey":     {"the consent for node %s is signed by %s", "let the node sign for this operator, recipient, jurisdiction and chain"},
		"NoRecipientProposed":    {"no change of recipient is under way for node %s", ""},
		"AlreadyLeaving":         {"node %s is leaving already", "withdraw its bond when it has thawed"},
		"NotLeaving":             {"node %s is not leaving", "let the operator exit it first"},
		"BondThawing":            {"the bond of node %s thaws until %s (chain time)", "try again after that"},
		"BondAlreadyWithdrawn":   {"the bond of node %s was withdrawn already", ""},
		// HiveToken and OpenZeppelin
		"ERC20InsufficientBalance":         {"account %s holds %s wei of HIVE and needs %s wei", "send it HIVE"},
		"ERC20InsufficientAllowance":       {"account %s may spend %s wei of HIVE and needs %s wei", "approve the amount first"},
		"AccessControlUnauthorizedAccount": {"account %s lacks role %s of the token", "let the token's admin grant it"},
		"OwnableUnauthorizedAccount":       {"account %s is not the owner", "use the owner's key"},
	}[name]
	return s, ok
}
