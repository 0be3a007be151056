package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/attest/chain"
)

// maxEvidenceFile bounds the file that a challenge names.
const maxEvidenceFile = 64 << 20

func newChainChallenge(s *shared) *cobra.Command {
	var receipt, evidence string
	sign := new(signing)
	c := s.reports(&cobra.Command{
		Use:   "challenge NODE",
		Short: "Dispute a node's receipt, with a bond, so that its own bond may be taken",
		Long: `NODE is the node's address. --receipt is the hash of the receipt that is wrong, as
verdicts name it; --evidence the file that shows it, whose SHA-256 goes on chain:
publish it, because the arbiter decides by it.

The challenge takes a bond in HIVE. It comes back, with a part of what is taken of the
node's, if the arbiter upholds the challenge; it comes back too if nobody decides in
time; it is lost if the challenge is rejected. Until then the node's bond can't be
withdrawn. A wrong root is challenged by medhive coordinator challenge.`,
		Example: "  medhive chain challenge 0x52908400098527886E0F7030069857D2E4169EE7 --receipt 0x… --evidence evidence.json --keystore cold.json --password-file password",
		Args:    oneNode,
		RunE: func(c *cobra.Command, args []string) error {
			hot, err := address("node", args[0])
			if err != nil {
				return err
			}
			about, err := hash32("--receipt", receipt)
			if err != nil {
				return err
			}
			shown, err := hashOfFile(evidence)
			if err != nil {
				return err
			}
			_, client, err := s.onChain(c)
			if err != nil {
				return err
			}
			defer client.Close()
			node, err := client.Node(c.Context(), hot)
			if err != nil {
				return err
			}
			if !node.Registered() {
				return fmt.Errorf("node %s is not in the registry, so it has no bond to lose; look whether the address is right", hot)
			}
			bond, err := client.ChallengeBond(c.Context())
			if err != nil {
				return err
			}
			signer, err := sign.open(c)
			if err != nil {
				return err
			}
			if err := sign.confirm(c, fmt.Sprintf("challenge node %s over receipt %s, by evidence %s, with a bond of %s HIVE?", hot, about, shown, chain.FormatHive(bond))); err != nil {
				return err
			}
			mined, id, err := client.ChallengeNode(c.Context(), signer, hot, about, shown)
			if err != nil {
				return err
			}
			return s.printSent(c, fmt.Sprintf("dispute %d is open; publish the evidence, %s", id, shown), mined)
		},
	})
	f := c.Flags()
	f.StringVar(&receipt, "receipt", "", "hash of the receipt")
	f.StringVar(&evidence, "evidence", "", "file that shows the fault, to be published")
	sign.flags(c)
	return c
}

// hashOfFile is the SHA-256 of a file of evidence, which is not empty.
func hashOfFile(path string) (common.Hash, error) {
	if path == "" {
		return common.Hash{}, usageError{errors.New("name the file that shows the fault with --evidence")}
	}
	file, err := os.Open(path)
	if err != nil {
		return common.Hash{}, fmt.Errorf("open evidence: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	read, err := io.Copy(hash, io.LimitReader(file, maxEvidenceFile+1))
	switch {
	case err != nil:
		return common.Hash{}, fmt.Errorf("read evidence: %w", err)
	case read == 0:
		return common.Hash{}, errors.New("the file of evidence is empty; name the one that shows the fault")
	case read > maxEvidenceFile:
		return common.Hash{}, fmt.Errorf("the file of evidence has more than %d bytes; name the verdict's evidence, not the study", maxEvidenceFile)
	}
	return common.Hash(hash.Sum(nil)), nil
}
