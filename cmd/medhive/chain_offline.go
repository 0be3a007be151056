package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/chain"
)

// maxTransactionFile bounds a transaction in a file, as hex digits.
const maxTransactionFile = 2 << 20

func newChainSign(s *shared) *cobra.Command {
	sign, blind := new(signing), false
	c := &cobra.Command{
		Use:   "sign FILE",
		Short: "Sign a transaction on a machine that keeps a cold key; asks no chain",
		Long: `FILE is what --unsigned wrote. Prints what it would do, to whom and with what
amounts, asks, and prints the signed transaction in hex digits on standard output. It
needs no connection: carry the file in and the digits out.

With the network file (--network) beside the key, only calls of that network's
contracts are signed; without one, only calls of methods that these contracts have,
and the address is yours to compare. --blind signs also what could not be read.`,
		Example: "  medhive chain sign claim.json --keystore cold.json --password-file password > claim.hex",
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			text, err := readBounded(args[0])
			if err != nil {
				return err
			}
			tx, err := chain.DecodeUnsigned(text)
			if err != nil {
				return err
			}
			book, err := s.bookOf(tx)
			if err != nil {
				return err
			}
			deed := tx.Describe(book)
			if err := printUnsigned(c.ErrOrStderr(), tx, deed, book); err != nil {
				return err
			}
			if !deed.Known() && !blind {
				return errors.New("nothing was signed: what this transaction does can't be read; find out who wrote it and why, and sign it with --blind only if you know")
			}
			signer, err := sign.open(c)
			if err != nil {
				return err
			}
			if err := sign.confirm(c, "sign it?"); err != nil {
				return err
			}
			raw, err := tx.Sign(c.Context(), signer)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "0x%x\n", raw)
			return err
		},
	}
	c.Flags().BoolVar(&blind, "blind", false, "sign also what could not be read")
	sign.flags(c)
	return c
}

// bookOf is the address book of the network file beside the key; zero where there is
// none.
func (s *shared) bookOf(tx chain.Unsigned) (chain.Addresses, error) {
	_, path, err := s.where()
	if err != nil {
		return chain.Addresses{}, err
	}
	network, err := agent.ReadNetwork(path)
	if errors.Is(err, fs.ErrNotExist) && s.network == "" {
		return chain.Addresses{}, nil
	}
	if err != nil {
		return chain.Addresses{}, err
	}
	if id := tx.ChainID.ToInt(); !id.IsUint64() || id.Uint64() != network.Contracts.ChainID {
		return chain.Addresses{}, fmt.Errorf("the transaction is for chain %s, the network file here is of chain %d; name the right one with --network", id, network.Contracts.ChainID)
	}
	return network.Contracts, nil
}

// printUnsigned says what a transaction does and what it may cost.
func printUnsigned(w io.Writer, tx chain.Unsigned, deed chain.Deed, book chain.Addresses) error {
	lines := append([]string{fmt.Sprintf("chain %s, transaction %d of %s", tx.ChainID.ToInt(), uint64(tx.Nonce), tx.From)}, deed.Lines()...)
	lines = append(lines, fmt.Sprintf("fee: at most %s ether (%d gas at %s wei)", chain.FormatHive(tx.MaxFeeWei()), uint64(tx.Gas), tx.FeeCap.ToInt()))
	if book == (chain.Addresses{}) {
		lines = append(lines, "no network file is here to compare addresses with: compare them yourself, or give --network")
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func newChainSend(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:   "send FILE",
		Short: "Send a transaction that was signed elsewhere, and wait until it is final",
		Long: `FILE holds the signed transaction in hex digits, as medhive chain sign and wallets
print it. Sending it twice is one transaction.`,
		Example: "  medhive chain send claim.hex",
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			text, err := readBounded(args[0])
			if err != nil {
				return err
			}
			raw, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"))
			if err != nil {
				return errors.New("the file does not hold a signed transaction: want its encoding in hex digits")
			}
			_, client, err := s.onChain(c)
			if err != nil {
				return err
			}
			defer client.Close()
			mined, err := client.Broadcast(c.Context(), raw)
			if err != nil {
				return err
			}
			return s.printSent(c, "done", mined)
		},
	})
}

func oneFile(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("name one file; see `%s --help`", c.CommandPath())}
	}
	return nil
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open transaction: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxTransactionFile+1))
	if err != nil {
		return nil, fmt.Errorf("read transaction: %w", err)
	}
	if len(text) > maxTransactionFile {
		return nil, fmt.Errorf("read transaction: more than %d bytes; this is another file", maxTransactionFile)
	}
	return text, nil
}
