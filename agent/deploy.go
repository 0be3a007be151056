package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/medhive/medhive/attest/chain"
)

// DeployConfig says what is deployed where.
type DeployConfig struct {
	RPC         string
	RPCMore     []string
	Final       chain.Finality
	Params      chain.Params
	NetworkPath string // the network file that is written; there must be none yet
	Log         *slog.Logger
}

// DeployNetwork deploys all contracts of a new network and writes its network
// file, to which the coordinator adds its address. That file is tried out first:
// what is deployed and not written down would be lost.
func DeployNetwork(ctx context.Context, conf DeployConfig, deployer chain.Signer) (Network, error) {
	if _, err := os.Stat(conf.NetworkPath); !errors.Is(err, fs.ErrNotExist) {
		return Network{}, errors.New("there is a network file already, and its contracts would be forgotten; name another with --network, or move it away")
	}
	if err := writable(filepath.Dir(conf.NetworkPath)); err != nil {
		return Network{}, err
	}
	n := Network{RPC: conf.RPC, RPCMore: conf.RPCMore, Final: conf.Final, path: conf.NetworkPath}
	var err error
	n.Contracts, err = chain.Deploy(ctx, conf.RPC, deployer, conf.Params, chain.Fallback(conf.RPCMore...), chain.Until(conf.Final), chain.Log(quiet(conf.Log)))
	if err != nil {
		return Network{}, err
	}
	return n, WriteNetwork(conf.NetworkPath, n)
}

// writable tries whether a file can be made in a folder.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("network file: %w; name another place with --network", pathless(err))
	}
	trial, err := os.CreateTemp(dir, ".network.*")
	if err != nil {
		return fmt.Errorf("network file: %w; name another place with --network", pathless(err))
	}
	return errors.Join(trial.Close(), os.Remove(trial.Name()))
}
