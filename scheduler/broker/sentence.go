package broker

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
)

// line is the event as one line of a log.
func (e Event) line() string {
	who := "task " + e.Task.Short()
	if !e.Of.IsZero() {
		who = fmt.Sprintf("copy %d of task %s", e.Copy+1, e.Of.Short())
	}
	if e.Node != (common.Address{}) {
		who += ": node " + e.Node.Hex()
	}
	return who + ": " + e.Sentence()
}

// Sentence is the event in words, for a terminal. A node's own stage names are
// shown only where they are known.
func (e Event) Sentence() string {
	switch e.Kind {
	case Sealed:
		return "sealed: " + e.Text
	case Offered:
		return "offered on gossip: " + e.Text
	case Asked:
		return "asked directly: " + e.Text
	case Regranted:
		return "is given the key again: " + e.Text
	case CalledOff:
		return "is called off: " + e.Text
	case Told:
		return "has stopped, as it was told"
	case LocalRun:
		return "the clinic's own runner " + e.Text
	case BidTaken:
		return "bids " + e.Text
	case Awarded:
		return "is awarded the task: " + e.Text
	case Accepted:
		return "accepts the lease: " + e.Text
	case Fetching:
		return "fetches the chunks and decrypts them in memory"
	case Progress:
		return stageSentence(e.Stage)
	case Committed:
		return "commits: " + e.Text
	case Returned:
		return "returns a result: " + e.Text
	case Receipt:
		return "has its receipt: " + e.Text
	case LeaseLost:
		return fmt.Sprintf("lost its lease, fence %d: %s", e.Fence, e.Text)
	case TryFailed:
		return "failed: " + e.Text
	case Finished:
		if e.Text == "" {
			return fmt.Sprintf("task is %s", e.State)
		}
		return fmt.Sprintf("task is %s: %s", e.State, e.Text)
	default:
		return e.Text
	}
}

func stageSentence(stage string) string {
	switch stage {
	case "run":
		return "hands the study to its runner"
	case "return":
		return "seals the result to the clinic"
	case "reading":
		return "reads the series"
	case "preprocess":
		return "conforms it as the manifest says"
	case "inference":
		return "runs the model in ONNX Runtime"
	case "report":
		return "writes segmentation and picture"
	default:
		return "works"
	}
}
