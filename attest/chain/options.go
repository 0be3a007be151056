package chain

import (
	"fmt"
	"log/slog"
	"strconv"
)

// Finality is when a transaction counts as done. The zero value is content with
// any block, which is right for a development chain alone.
type Finality struct {
	// Confirmations is how many blocks must stand on top of the transaction's.
	Confirmations uint64
	// Finalized asks for the block that the chain itself says is final (the tag
	// "finalized" of JSON-RPC), about a quarter of an hour on Ethereum; then
	// Confirmations don't matter.
	Finalized bool
}

// maxConfirmations bounds the wait: no chain needs a day's blocks.
const maxConfirmations = 10_000

// finalizedWord is the text form of Finality{Finalized: true}.
const finalizedWord = "finalized"

// MarshalText writes "finalized" or the number of confirmations.
func (f Finality) MarshalText() ([]byte, error) {
	if f.Finalized {
		return []byte(finalizedWord), nil
	}
	return strconv.AppendUint(nil, f.Confirmations, 10), nil
}

// UnmarshalText reads what MarshalText writes.
func (f *Finality) UnmarshalText(text []byte) error {
	if string(text) == finalizedWord {
		*f = Finality{Finalized: true}
		return nil
	}
	number, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil || number > maxConfirmations {
		return fmt.Errorf("finality %.20q: write %q, or a number of blocks up to %d", text, finalizedWord, maxConfirmations)
	}
	*f = Finality{Confirmations: number}
	return nil
}

// String is the text form.
func (f Finality) String() string {
	text, _ := f.MarshalText() // never fails
	return string(text)
}

// connection is what options set.
type connection struct {
	servers []string
	final   Finality
	pace    pace
	log     *slog.Logger
}

// Option changes how a client reaches its chain.
type Option func(*connection)

// Fallback names further RPC servers of the same chain, asked in this order when
// those before don't answer. At most 8 in all.
func Fallback(urls ...string) Option {
	return func(c *connection) { c.servers = append(c.servers, urls...) }
}

// Until sets when a sent transaction counts as done.
func Until(final Finality) Option {
	return func(c *connection) { c.final = final }
}

// Log receives what an operator may want to know: raised fees, reorganisations.
func Log(log *slog.Logger) Option {
	return func(c *connection) { c.log = log }
}
