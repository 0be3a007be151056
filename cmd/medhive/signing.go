package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"os"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/chain"
)

// signing are the flags of a command that sends a transaction.
type signing struct {
	key, keystore, password, clef, account string
	yes                                    bool
}

func (g *signing) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&g.keystore, "keystore", "", "keystore file of the key that signs and pays the gas")
	f.StringVar(&g.password, "password-file", "", "file that holds the keystore's password; - is a line on standard input")
	f.StringVar(&g.clef, "clef", "", "clef.ipc or http:// address of an external signer, which reaches hardware wallets")
	f.StringVar(&g.account, "account", "", "the external signer's account that signs (default: its only one)")
	f.StringVar(&g.key, "key", "", "file of a plain hot key that signs and pays the gas")
	f.BoolVarP(&g.yes, "yes", "y", false, "send without asking")
}

func (g *signing) named() bool { return g.key != "" || g.keystore != "" || g.clef != "" }

// open returns whoever signs.
func (g *signing) open(c *cobra.Command) (_ chain.Signer, err error) {
	conf := agent.SignerConfig{Key: g.key, Keystore: g.keystore, Clef: g.clef}
	if g.account != "" {
		if conf.Account, err = address("--account", g.account); err != nil {
			return nil, err
		}
	}
	switch g.password {
	case "":
	case "-":
		conf.Password = oneLine{c.InOrStdin()}
	default:
		file, err := os.Open(g.password)
		if err != nil {
			return nil, fmt.Errorf("open the password's file: %w", err)
		}
		defer file.Close()
		conf.Password = file
	}
	return agent.OpenSigner(conf)
}

// oneLine reads up to the end of a line and leaves the rest for whoever asks next.
type oneLine struct{ from io.Reader }

// Read is io.Reader's, a byte at a time.
func (l oneLine) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	n, err := l.from.Read(into[:1])
	if n == 1 && into[0] == '\n' {
		return 0, io.EOF
	}
	return n, err
}

// confirm asks a person; anything but yes is no.
func (g *signing) confirm(c *cobra.Command, question string) error {
	if g.yes {
		return nil
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s [yes/no] ", question)
	const longestAnswer = 16
	answer, err := io.ReadAll(io.LimitReader(oneLine{c.InOrStdin()}, longestAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if strings.TrimSpace(string(answer)) != "yes" {
		return errors.New("nothing was sent; answer yes, or give --yes")
	}
	return nil
}

// address reads an EVM address; what names the flag or argument.
func address(what, text string) (common.Address, error) {
	if !common.IsHexAddress(text) {
		return common.Address{}, usageError{fmt.Errorf("%s %.60q is no EVM address: want 0x and 40 hex digits", what, text)}
	}
	return common.HexToAddress(text), nil
}

// hash32 reads 32 bytes; what names the flag or argument.
func hash32(what, text string) (common.Hash, error) {
	bytes, err := hexutil.Decode(text)
	if err != nil || len(bytes) != common.HashLength {
		return common.Hash{}, usageError{fmt.Errorf("%s %.80q is no hash: want 0x and 64 hex digits", what, text)}
	}
	return common.Hash(bytes), nil
}

// hiveFlag reads HIVE or ether in whole tokens with decimals; what names the flag.
func hiveFlag(what, text string) (*big.Int, error) {
	wei, err := chain.ParseHive(text)
	if err != nil {
		return nil, usageError{fmt.Errorf("%s: %w", what, err)}
	}
	return wei, nil
}

// onChain reads the network file and connects to its chain. The caller closes the client.
func (s *shared) onChain(c *cobra.Command) (agent.Network, *chain.Client, error) {
	_, path, err := s.where()
	if err != nil {
		return agent.Network{}, nil, err
	}
	network, err := agent.ReadNetwork(path)
	if err != nil {
		return agent.Network{}, nil, err
	}
	client, err := network.Dial(c.Context(), s.log(slog.LevelWarn))
	return network, client, err
}

// sent is what a transaction came to, for a person or as JSON.
type sent struct {
	What    string      `json:"what"`
	Tx      common.Hash `json:"tx"`
	Block   uint64      `json:"block"`
	GasUsed uint64      `json:"gas_used"`
	FeeWei  *big.Int    `json:"fee_wei"` // wei of ether
}

// printSent tells what was done.
func (s *shared) printSent(c *cobra.Command, what string, m chain.Mined) error {
	if s.asJSON {
		return printJSON(c.OutOrStdout(), sent{What: what, Tx: m.Tx, Block: m.Block, GasUsed: m.GasUsed, FeeWei: m.FeeWei})
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%s\ntransaction %s in block %d, %d gas, %s ether\n", what, m.Tx, m.Block, m.GasUsed, chain.FormatHive(m.FeeWei))
	return err
}
