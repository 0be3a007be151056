package scheduler

import "time"

// WantsLocal reports whether the clinic's own runner should do the task now: nodes had
// their time, or all their attempts, and the clinic has a runner. A node that holds the
// lease may still be first; whose result is persisted first has made it.
func (t Task) WantsLocal(now time.Time) bool {
	if t.State.Final() || t.LocalBy.IsZero() {
		return false
	}
	return !now.Before(t.LocalBy) || t.spent() && !t.State.held()
}

// LocalResult ends a task with the result of the clinic's own runner. It takes the lease
// from a node that may hold one, so its late result is refused.
func (t Task) LocalResult(now time.Time) (Task, error) {
	if !t.WantsLocal(now) || !now.Before(t.Deadline) {
		return t, t.refuse("take the local result of")
	}
	t.State, t.Lease, t.Reason = Local, Lease{}, ""
	return t, nil
}

// LocalFailed notes that the clinic's own runner could not do it. Nodes may go on; where
// none holds the task and no attempt is left, it has failed.
func (t Task) LocalFailed(reason string) (Task, error) {
	if t.State.Final() || t.LocalBy.IsZero() {
		return t, t.refuse("give up the local run of")
	}
	t.LocalBy = time.Time{}
	if t.spent() && !t.State.held() {
		t.State, t.Reason = Failed, joinReason("the clinic's own runner failed: "+reason, t.Reason)
	}
	return t, nil
}
