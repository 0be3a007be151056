package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/config"
)

// reachPort is where a node is reached unless its owner says otherwise.
const reachPort = 9401

// maxTries is how often a question is asked before the person is sent to the documentation.
const maxTries = 3

// initiation is one run of node init.
type initiation struct {
	home, name, file, tpm string
	port                  uint16
	table                 *config.Table
	words                 *config.Node
}

func newNodeInit(s *shared) *cobra.Command {
	n := &initiation{}
	n.words, n.table = config.NewNode()
	standard := false
	c := &cobra.Command{
		Use:   "init",
		Short: "Set up a node: five questions, then its settings and keys are there",
		Long: `Asks where the network's file is, who is paid, where the machine stands, what a study
costs and where others reach the node; writes a commented file of settings, and makes
the node's keys. A flag answers its question before it is asked, --defaults answers all.
Run by root where the package is installed, it sets up the installed service.`,
		Example: `  medhive node init
  medhive node init --defaults
  sudo medhive node init --network /etc/medhive/network.json --recipient 0x52908400098527886E0F7030069857D2E4169EE7`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := n.find(s); err != nil {
				return err
			}
			if err := n.answer(s, c, standard); err != nil {
				return err
			}
			boot, err := agent.SetUpNode(c.Context(), agent.NodeSetup{Home: n.home, Name: n.name, File: n.file, Words: n.table, TPM: n.tpm})
			if err != nil {
				return err
			}
			return n.tell(c.OutOrStdout(), boot)
		},
	}
	f := c.Flags()
	n.table.Flags(f, "recipient", "jurisdiction", "price-gwei")
	f.StringVar(&n.name, "name", "node", "name of the node's state folder below --home")
	f.Uint16Var(&n.port, "port", reachPort, "TCP port where others reach the node; 0: it is reached from this machine alone")
	f.BoolVar(&standard, "defaults", false, "ask nothing")
	tpmFlag(c, &n.tpm)
	return c
}

// find says where the node will be, and refuses to write over another.
func (n *initiation) find(s *shared) (err error) {
	if n.home, err = agent.SetupHome(s.home, config.RoleNode); err != nil {
		return err
	}
	n.file = agent.SettingsOf(n.home, n.name, config.RoleNode)
	if _, err := os.Lstat(n.file); err == nil {
		return fmt.Errorf("%s is there already: this node is set up; edit the file, or set up another node with --name", n.file)
	}
	return nil
}

// question is one of the five.
type question struct {
	flag, asks string
	take       func(answer string) error // an empty answer is the default
	standard   string
}

func (n *initiation) questions(s *shared) []question {
	network := s.network
	if network == "" {
		network = agent.FindNetwork(n.home)
	}
	return []question{
		{"network", "The file of your network (whoever runs the network gives it out; `medhive chain dev` makes one to try)", func(a string) error { return n.network(a) }, network},
		{"recipient", "The cold address that is paid, 0x and 40 hex digits (empty: what the registry says; on a development network one is made)", n.key("recipient"), ""},
		{"jurisdiction", "The country that this machine stands in, ISO 3166", n.key("jurisdiction"), n.words.Jurisdiction},
		{"price-gwei", "The price of one study, in gwei of HIVE (1e-9 token)", n.key("price-gwei"), strconv.FormatUint(n.words.PriceGwei, 10)},
		{"port", "The TCP port where others reach this machine; open it in its firewall and router (0: from this machine alone)", n.listen, strconv.Itoa(int(n.port))},
	}
}

// answer asks what no flag has answered.
func (n *initiation) answer(s *shared, c *cobra.Command, standard bool) error {
	if n.name != "node" {
		if err := n.key("name")(n.name); err != nil {
			return usageError{fmt.Errorf("--name: %w", err)}
		}
	}
	lines := bufio.NewReader(c.InOrStdin())
	for _, q := range n.questions(s) {
		flag := c.Flags().Lookup(q.flag)
		given := flag != nil && flag.Changed
		if given && q.flag != "network" {
			q.standard = flag.Value.String()
		}
		if given || standard {
			if err := q.take(q.standard); err != nil {
				return usageError{fmt.Errorf("--%s: %w", q.flag, err)}
			}
			continue
		}
		if err := ask(c.ErrOrStderr(), lines, q); err != nil {
			return err
		}
	}
	return nil
}

// ask puts a question until its answer will do.
func ask(w io.Writer, lines *bufio.Reader, q question) error {
	for range maxTries {
		fmt.Fprintf(w, "%s [%s]: ", q.asks, q.standard)
		line, err := lines.ReadString('\n')
		answer := strings.TrimSpace(line)
		if err != nil && answer == "" {
			fmt.Fprintln(w)
			return usageError{fmt.Errorf("nobody answers on standard input; take the defaults with --defaults, or answer by flags such as --%s", q.flag)}
		}
		if answer == "" {
			answer = q.standard
		}
		if err = q.take(answer); err == nil {
			return nil
		}
		fmt.Fprintf(w, "  %v\n", err)
	}
	return usageError{fmt.Errorf("--%s: no answer of %d would do; see `medhive node init --help`", q.flag, maxTries)}
}

// key takes an answer as the value of a key.
func (n *initiation) key(name string) func(string) error {
	return func(answer string) error {
		before, _ := n.table.Key(name)
		if answer == "" && before.Origin == config.FromDefault {
			return nil
		}
		if err := n.table.Set(name, answer); err != nil {
			return err
		}
		return n.table.Check(name)
	}
}

// network takes the path of a network file, which may still have to be brought.
func (n *initiation) network(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := agent.ReadNetwork(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if path == agent.FindNetwork(n.home) {
		n.words.Network = ""
		return nil
	}
	return n.table.Set("network", path)
}

// listen takes the port where others reach the node.
func (n *initiation) listen(answer string) error {
	port, err := strconv.ParseUint(answer, 10, 16)
	if err != nil {
		return fmt.Errorf("%.20q is no port: want a number of 0 to 65535, such as %d", answer, reachPort)
	}
	n.port = uint16(port)
	if port == 0 {
		return nil
	}
	return n.table.Set("listen", fmt.Sprintf("/ip4/0.0.0.0/tcp/%d", port))
}

// tell says what was made, and what comes next.
func (n *initiation) tell(w io.Writer, boot agent.FirstBoot) error {
	fmt.Fprintf(w, "node %s\nsettings: %s\n", boot.Node.Hex(), n.file)
	path := n.words.Network
	if path == "" {
		path = agent.FindNetwork(n.home)
	}
	network, err := agent.ReadNetwork(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(w, "first: put your network's file at %s; whoever runs the network gives it out\n", path)
	case err != nil:
		return err
	case network.DevelopmentKeys == "":
		fmt.Fprintf(w, "first: have its operator register it: medhive node consent --operator ADDRESS --recipient ADDRESS, then medhive chain register where the operator's key is\n")
	}
	fmt.Fprintf(w, "look:  medhive config show node; medhive doctor\n")
	start := "medhive node run"
	switch {
	case n.file == agent.SettingsPath(config.RoleNode):
		start = "sudo systemctl enable --now medhive-node"
	case n.name != "node":
		start += " --name " + n.name
	}
	_, err = fmt.Fprintf(w, "next:  %s\n", start)
	return err
}
