package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/medhive/medhive/attest/epoch"
)

// readLedger reads every epoch that the town's coordinator has published.
func (t *town) readLedger() (ledger, error) {
	var l ledger
	root := filepath.Join(t.home, "coordinator", "epochs")
	folders, err := os.ReadDir(root)
	if err != nil && !os.IsNotExist(err) {
		return l, fmt.Errorf("read the coordinator's epochs: %w", err)
	}
	for _, f := range folders {
		if strings.HasPrefix(f.Name(), ".") {
			continue // being written
		}
		bundle, err := epoch.Read(filepath.Join(root, f.Name()))
		if err != nil {
			return l, fmt.Errorf("read the coordinator's epochs: %w", err)
		}
		l.receipts = append(l.receipts, bundle.Inputs.Receipts...)
	}
	return l, nil
}

// settle waits until the coordinator has a receipt for every delivered result. A node
// that was killed before it heard of the countersignature needs its clinic once more:
// clinics whose receipts are missing after soon run again, at most until late.
func (t *town) settle(ctx context.Context, attempts []attempt, soon, late time.Duration) (l ledger, helped int, err error) {
	if l, err = t.awaitReceipts(ctx, attempts, soon); err != nil {
		return l, 0, err
	}
	missing := unpaid(l, attempts)
	if len(missing) == 0 {
		return l, 0, nil
	}
	for _, a := range missing {
		if name := a.name + standingSuffix; t.roles[name] == nil || !t.roles[name].alive() {
			if err := t.start(ctx, name); err != nil {
				return l, 0, err
			}
		}
	}
	l, err = t.awaitReceipts(ctx, attempts, late)
	return l, len(missing) - len(unpaid(l, attempts)), err
}

// awaitReceipts reads the ledger until nothing is missing, or the limit is reached.
func (t *town) awaitReceipts(ctx context.Context, attempts []attempt, limit time.Duration) (ledger, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		l, err := t.readLedger()
		if err != nil || len(unpaid(l, attempts)) == 0 {
			return l, err
		}
		select {
		case <-ctx.Done():
			return l, nil // what is missing is counted
		case <-tick.C:
		}
	}
}

// unpaid are the attempts that were delivered and whose receipt has not come.
func unpaid(l ledger, attempts []attempt) (missing []attempt) {
	for _, a := range attempts {
		if _, right := l.paid(a.report); a.delivered && right == 0 {
			missing = append(missing, a)
		}
	}
	return missing
}
