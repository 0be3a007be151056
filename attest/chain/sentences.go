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
		"CosignerIsGuardian":      {"account %s is the guardian and can't co-sign too", "name another co-signer, so that one can stop the others"},
		"EpochTooFar":             {"epoch %s is more than %s above the active epoch", "post the next epoch"},
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
		"BondThawed":             {"the bond of node %s has thawed since %s (chain time)", "it is too late to hold it"},
		"BondInDispute":          {"the bond of node %s is held by %s open disputes", "wait until they are decided or lapse"},
		"BondNotHeld":            {"no dispute holds the bond of node %s", ""},
		"BondTooSmall":           {"node %s has %s wei of its bond left", "slash at most that"},
		"BondWhole":              {"nothing was taken of the bond of node %s", ""},
		"NotDisputes":            {"account %s is not the Disputes contract", "challenge through it"},
		// RewardDistributor: co-signers, breaker and challenges
		"InvalidPath":           {"line %s of the batch has a path that leads nowhere", "claim its lines one by one"},
		"BreakerWindowTooShort": {"breaker window %s is under %s", "deploy with a longer one"},
		"BreakerOpen":           {"claims took out all that may leave at once, %s wei", "claim again in some hours: what is earned stays claimable"},
		"ChallengeTooLate":      {"the root would have been active since %s (chain time) without challenges", "ask the guardian to veto it"},
		"TooManyCosigners":      {"%s co-signers are over the limit of %s", "name fewer"},
		"ThresholdTooHigh":      {"%s co-signatures can't come from %s co-signers", "lower the threshold or name more"},
		"CosignersNotAscending": {"co-signer %s is out of order or named twice", "sort by address"},
		"CosignerIsPoster":      {"co-signer %s is the poster", "name another: one key must not do for both"},
		"TooFewCosignatures":    {"%s co-signatures are under the threshold of %s", "have more co-signers recompute the epoch and sign it"},
		"NotCosigner":           {"account %s is no co-signer", "leave its signature out; it may also be over another root"},
		// JobEscrow
		"ZeroAmount":        {"the amount is zero", "name an amount"},
		"ThawDelayTooShort": {"thaw delay %s is under %s", "deploy with a longer one"},
		"TooManyLines":      {"%s lines are over the limit of %s", "send several transactions"},
		"TooManyTransfers":  {"%s receivers are over the limit of %s", "send several transactions"},
		"LengthsDiffer":     {"%s nodes and %s amounts", "name an amount for each node"},
		"DepositTooSmall":   {"clinic %s has %s wei free", "deposit more first"},
		"NothingThawing":    {"nothing of clinic %s thaws in the pot of node %s", "let it thaw first"},
		"StillThawing":      {"what clinic %s withdraws from the pot of node %s thaws until %s (chain time)", "try again after that"},
		"NothingToRedeem":   {"clinic %s has paid node %s %s gwei, as much as the voucher says", "redeem a newer voucher"},
		"NotSignedByClinic": {"the voucher is not signed by clinic %s", "ask it for one of this chain and escrow"},
		// Disputes
		"NotNamedBy":              {"contract %s does not name this one", "deploy again, with an account that nobody else uses meanwhile"},
		"ResolveWithinOutOfRange": {"%s to decide are over the limit of %s, or zero", "deploy with another"},
		"ShareTooHigh":            {"a challenger's share of %s/10,000 is over %s", "deploy with a lower one"},
		"ZeroEvidence":            {"receipt or evidence is zero", "name the hash of what shows the fault"},
		"DisputeExists":           {"dispute %s is about the same receipt and evidence", "look at that one"},
		"ReceiptSettled":          {"node %s was found at fault for receipt %s already", "nobody is punished twice for one receipt"},
		"NotArbiter":              {"account %s is not the arbiter", "propose the decision to the timelock"},
		"NotOpen":                 {"dispute %s is not open", "look at its state"},
		"DeadlinePassed":          {"dispute %s had to be decided by %s (chain time)", "let it lapse"},
		"DeadlineAhead":           {"dispute %s may be decided until %s (chain time)", "wait for the decision or that time"},
		"RootsAreNotSlashed":      {"dispute %s is about a root, which has no bond", "decide it with a slash of zero"},
		// Timelock
		"TimelockInsufficientDelay":        {"a delay of %s is under %s", "schedule with the timelock's own delay"},
		"TimelockInvalidOperationLength":   {"%s targets, %s payloads and %s values", "name one of each for every call"},
		"TimelockUnauthorizedCaller":       {"account %s is not the timelock", "schedule the change with it"},
		"TimelockUnexecutedPredecessor":    {"operation %s has to come first", "execute that one first"},
		"TimelockUnexpectedOperationState": {"operation %s is not in one of the states %s", "look whether it was scheduled, has waited, or was executed"},
		"FailedCall":                       {"the call that the timelock made failed", "look whether it is still possible"},
		// HiveToken and OpenZeppelin
		"ERC20InsufficientBalance":         {"account %s holds %s wei of HIVE and needs %s wei", "send it HIVE"},
		"ERC20InsufficientAllowance":       {"account %s may spend %s wei of HIVE and needs %s wei", "approve the amount first"},
		"AccessControlUnauthorizedAccount": {"account %s lacks role %s of the token", "let the token's admin grant it"},
		"OwnableUnauthorizedAccount":       {"account %s is not the owner", "use the owner's key"},
	}[name]
	return s, ok
}
