package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/vendor"
	"github.com/medhive/medhive/attest"
)

func newVendor(s *shared) *cobra.Command {
	return group("vendor", "Build devices: try them out, vouch for them, sign their images", `  medhive vendor init
  medhive vendor test --roots makers --json
  medhive vendor export --serial A0001 > A0001.json
  medhive vendor issue A0001.json --send`,
		newVendorInit(s), newVendorTest(s), newVendorExport(s), newVendorIssue(s), newVendorRevoke(s), newVendorList(s), newVendorSignImage(s), newVendorSignUpdate(s))
}

// bench is the vendor's folder of a home.
func (s *shared) bench() (string, error) {
	home, err := s.homeDir()
	return filepath.Join(home, "vendor"), err
}

func (s *shared) openBench() (*vendor.Bench, error) {
	dir, err := s.bench()
	if err != nil {
		return nil, err
	}
	return vendor.Open(dir)
}

func newVendorInit(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:   "init",
		Short: "Make a vendor's keys: one that vouches for devices, one that signs images",
		Long: `Makes the two keys and an empty ledger in HOME/vendor. Done again it changes nothing.
Keep a copy of the folder where no network reaches: whoever has it vouches in your name.`,
		Example: "  medhive vendor init",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			dir, err := s.bench()
			if err != nil {
				return err
			}
			bench, err := vendor.Init(dir)
			if err != nil {
				return err
			}
			image, err := bench.ImageKey()
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), struct {
					Vendor   common.Address `json:"vendor"`
					ImageKey string         `json:"image_key"`
				}{bench.Address(), image})
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "vendor     %s\nimage key  %s\nnext: have the network file's \"vendors\" name the vendor, and put the image key into your images\n", bench.Address(), image)
			return err
		},
	})
}

func newVendorTest(s *shared) *cobra.Command {
	var conf agent.FactoryConfig
	c := s.reports(&cobra.Command{
		Use:   "test",
		Short: "Try this device out on the factory line",
		Long: `Tries the TPM by every command that a node uses (certificate, activation, quote,
sealing), then the engine, the runner and what confines it, the devices, power and
memory. Each check is ok, warn or fail, with its cause and what to do. Exits with 1
if one failed. It changes nothing on the device.`,
		Example: `  medhive vendor test --roots makers
  medhive vendor test --roots makers --provider cuda --json > A0001-test.json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if conf.Doctor.Home, err = s.homeDir(); err != nil {
				return err
			}
			conf.Doctor.Log = s.log(slog.LevelError)
			if self, err := os.Executable(); err == nil { // else the library is not asked
				conf.Doctor.NVML = []string{self, agent.NVMLCommand}
			}
			found, err := agent.FactoryTest(c.Context(), conf)
			if err != nil {
				return err
			}
			if s.asJSON {
				err = printJSON(c.OutOrStdout(), found)
			} else {
				err = printExamination(c.OutOrStdout(), found)
			}
			if err == nil && found.State == agent.CheckFail {
				err = errors.New("this device is not to leave the factory as it is; mend what failed, then test again")
			}
			return err
		},
	})
	f := c.Flags()
	tpmFlag(c, &conf.TPM)
	f.StringVar(&conf.Roots, "roots", "", "folder of certificates of the TPM makers that you trust, PEM or DER")
	f.StringVar(&conf.Doctor.Provider, "provider", "cpu", "execution provider that the device is sold with")
	f.StringVar(&conf.Doctor.Library, "ort-lib", "", "libonnxruntime (default $MEDHIVE_ORT_LIB, or the one that lies beside the program)")
	return c
}

func newVendorExport(s *shared) *cobra.Command {
	var tpm, serial string
	c := &cobra.Command{
		Use:   "export",
		Short: "Print what the vendor enters of this device: serial number, endorsement key, device key",
		Long: `Prints JSON with the serial number, the hash of the endorsement key, the key and its
certificate, and the device's own key. Nothing in it is secret, but it tells this
machine from all others: give it to nobody but the vendor's bench.`,
		Example: "  medhive vendor export --serial A0001 > A0001.json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := agent.ExportDevice(c.Context(), tpm, serial)
			if err != nil {
				return err
			}
			return printJSON(c.OutOrStdout(), e)
		},
	}
	tpmFlag(c, &tpm)
	c.Flags().StringVar(&serial, "serial", "", "serial number of the device (default: the one that its firmware tells)")
	return c
}

// sending are the flags of a command that may bring what it signed to the coordinator.
type sending struct {
	send  bool
	reach agent.Reach
}

func (w *sending) flags(c *cobra.Command) {
	c.Flags().BoolVar(&w.send, "send", false, "bring it to the coordinator of the network file too")
	c.Flags().StringVar(&w.reach.SwarmKey, "swarm-key", "", "file of the network's pre-shared key, if it has one")
}

func newVendorIssue(s *shared) *cobra.Command {
	var w sending
	var roots, out string
	var valid time.Duration
	c := &cobra.Command{
		Use:   "issue EXPORT...",
		Short: "Vouch for devices by what they exported",
		Long: `Signs a voucher for each device, enters it in the ledger and writes it to
voucher-SERIAL.json. A device has one voucher at a time on a network. Bring the file to
the device as /etc/medhive/voucher.json, or have the coordinator keep it (--send): a
device without a file asks there before its node is registered.`,
		Example: "  medhive vendor issue A0001.json A0002.json --roots makers --send",
		Args:    someFiles,
		RunE: func(c *cobra.Command, files []string) error {
			bench, network, err := s.vending()
			if err != nil {
				return err
			}
			var expires time.Time
			if valid > 0 {
				expires = time.Now().Add(valid)
			}
			var issued []attest.SignedDeviceVoucher
			for _, file := range files {
				voucher, err := issue(bench, network, file, roots, out, expires)
				if err != nil {
					return fmt.Errorf("%s: %w", filepath.Base(file), err)
				}
				issued = append(issued, voucher)
				fmt.Fprintf(c.OutOrStdout(), "vouched for device %s, voucher %s\n", voucher.Voucher.Device.Short(), common.Hash(voucher.Voucher.Hash(network.Domain())))
			}
			if !w.send {
				return nil
			}
			if err := agent.TellVendor(c.Context(), network, w.reach, issued, nil); err != nil {
				return fmt.Errorf("the vouchers are issued and written, but not sent: %w; bring each to its device as /etc/medhive/voucher.json", err)
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&roots, "roots", "", "folder of certificates of the TPM makers that you trust (default: the certificate is not judged, since the factory test did)")
	f.StringVar(&out, "out", ".", "folder that the vouchers are written into")
	f.DurationVar(&valid, "valid", 0, "how long the vouchers count (default: until they are revoked)")
	w.flags(c)
	return c
}

// vending opens the bench and the network that its statements are for.
func (s *shared) vending() (*vendor.Bench, agent.Network, error) {
	bench, err := s.openBench()
	if err != nil {
		return nil, agent.Network{}, err
	}
	_, path, err := s.where()
	if err != nil {
		return nil, agent.Network{}, err
	}
	network, err := agent.ReadNetwork(path)
	return bench, network, err
}

func issue(bench *vendor.Bench, network agent.Network, file, roots, out string, expires time.Time) (v attest.SignedDeviceVoucher, err error) {
	export, err := vendor.ReadExport(file)
	if err != nil {
		return v, err
	}
	if roots != "" {
		if err := agent.VerifyExport(export, roots); err != nil {
			return v, err
		}
	}
	if v, err = bench.Issue(agent.VendorNetwork(network), export, expires, time.Now()); err != nil {
		return v, err
	}
	return v, writeStatement(filepath.Join(out, statementName("voucher", export.Serial)), v)
}

// statementName is the file of a device's statement. Makers write slashes into serial numbers.
func statementName(what, serial string) string {
	return what + "-" + url.PathEscape(serial) + ".json"
}

// writeStatement writes what was signed; the ledger has it too.
func writeStatement(path string, statement any) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write %s: %w; it stands in the ledger, see `medhive vendor list --json`", filepath.Base(path), err)
	}
	return errors.Join(printJSON(file, statement), file.Close())
}

func newVendorRevoke(s *shared) *cobra.Command {
	var w sending
	var out string
	c := &cobra.Command{
		Use:   "revoke SERIAL",
		Short: "Take a device's voucher back, for good",
		Long: `Signs a revocation, enters it in the ledger and writes it to revoked-SERIAL.json. From
the first epoch that the coordinator closes with it, the device raises no trust any more.
Done again it gives the same revocation, so that --send can be tried once more.`,
		Example: "  medhive vendor revoke A0001 --send",
		Args:    oneSerial,
		RunE: func(c *cobra.Command, args []string) error {
			bench, network, err := s.vending()
			if err != nil {
				return err
			}
			revocation, err := bench.Revoke(agent.VendorNetwork(network), args[0], time.Now())
			if err != nil {
				return err
			}
			if err := writeStatement(filepath.Join(out, statementName("revoked", args[0])), revocation); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "voucher %s is taken back\n", common.Hash(revocation.Revocation.Voucher))
			if !w.send {
				return nil
			}
			if err := agent.TellVendor(c.Context(), network, w.reach, nil, []attest.SignedDeviceRevocation{revocation}); err != nil {
				return fmt.Errorf("the voucher is taken back, but the coordinator has not heard of it: %w; run the same command again", err)
			}
			return nil
		},
	}
	c.Flags().StringVar(&out, "out", ".", "folder that the revocation is written into")
	w.flags(c)
	return c
}

func newVendorList(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:     "list",
		Short:   "Show the ledger: which device was vouched for, and which voucher was taken back",
		Example: "  medhive vendor list --json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			bench, err := s.openBench()
			if err != nil {
				return err
			}
			ledger, err := bench.Ledger()
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), ledger)
			}
			return printLedger(c.OutOrStdout(), ledger)
		},
	})
}

func printLedger(w io.Writer, ledger []vendor.Entry) error {
	if len(ledger) == 0 {
		_, err := fmt.Fprintln(w, "nothing was issued yet; `medhive vendor issue` vouches for a device")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "SERIAL\tWHAT\tDEVICE\tVOUCHER\tCHAIN\tWHEN\tUNTIL")
	for _, e := range ledger {
		what, chip, when, until := "revoked", "", time.Time{}, ""
		if e.Voucher != nil {
			v := e.Voucher.Voucher
			what, chip, when, until = "issued", v.Device.Short(), v.IssuedAt, "it is revoked"
			if !v.ExpiresAt.IsZero() {
				until = v.ExpiresAt.Format(time.DateOnly)
			}
		} else if e.Revocation != nil {
			when = e.Revocation.Revocation.At
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", e.Serial, what, chip, e.Digest.TerminalString(), e.ChainID, when.Format(time.DateTime), until)
	}
	return table.Flush()
}

func newVendorSignImage(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "sign-image FILE",
		Short: "Sign a device's image, or the list of its sums, as minisign does",
		Long: `Writes FILE.minisig. Devices check it with the vendor's image key, and so does
minisign: minisign -Vm FILE -P KEY.`,
		Example: "  medhive vendor sign-image medhive-1.2.img",
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			bench, err := s.openBench()
			if err != nil {
				return err
			}
			signature, err := bench.SignImage(args[0], time.Now())
			if err != nil {
				return err
			}
			key, err := bench.ImageKey()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\ncheck it: minisign -Vm %s -P %s\n", filepath.Base(signature), filepath.Base(args[0]), key)
			return err
		},
	}
}

// someFiles wants one file or more.
func someFiles(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{fmt.Errorf("name one file or more; see `%s --help`", c.CommandPath())}
	}
	return nil
}

// oneSerial wants a serial number.
func oneSerial(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("name the serial number of one device; see `%s --help`", c.CommandPath())}
	}
	return nil
}
