package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
)

func newClinicVault(s *shared) *cobra.Command {
	return group("vault", "Back up the vault of identities, put it back, or give it a new key", `  medhive clinic vault backup vault.backup
  medhive clinic vault rotate`,
		newVaultBackup(s), newVaultRestore(s), newVaultRotate(s))
}

// vaultPlaces are the vault's database and the folder of its keys.
func (s *shared) vaultPlaces(name string) (database, keys string, err error) {
	home, err := s.homeDir()
	state := agent.ClinicState(home, name)
	return filepath.Join(state, "vault", "identities.db"), filepath.Join(state, "vault-key"), err
}

// tellVault asks a running site; where none runs, without is done instead, and recorded as
// what the site would record.
func (s *shared) tellVault(c *cobra.Command, name, path string, request any, kind audit.Kind, without func(*clinic.Vault) error) error {
	door, err := s.siteDoor(name)
	if err != nil {
		return err
	}
	err = api.Follow(c.Context(), door, "POST", path, request, func(line []byte) error { return json.Unmarshal(line, &site.Done{}) })
	if !errors.Is(err, api.ErrNobody) {
		return err
	}
	database, keys, err := s.vaultPlaces(name)
	if err != nil {
		return err
	}
	if _, err := os.Stat(database); err != nil {
		return fmt.Errorf("there is no vault: no clinic of this --name has run below this --home")
	}
	vault, err := clinic.OpenVault(database, keys)
	if err != nil {
		return err
	}
	if err := s.recordApart(c, name, audit.Entry{Kind: kind, Actor: self(), Reason: c.CommandPath()}); err != nil {
		return errors.Join(err, vault.Close())
	}
	return errors.Join(without(vault), vault.Close())
}

// recordApart writes into the audit log of a clinic that has a site and does not run.
func (s *shared) recordApart(c *cobra.Command, name string, e audit.Entry) error {
	if _, err := s.auditOf(name); err != nil {
		return nil // there never was a site, and there is no log
	}
	home, err := s.homeDir()
	if err != nil {
		return err
	}
	return site.RecordApart(c.Context(), agent.ClinicState(home, name), e)
}

func newVaultBackup(s *shared) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a copy of the vault to a new file, also while the clinic runs",
		Long: `The copy is encrypted as the vault is. Its keys are not in it: keep a copy of the folder
vault-key apart from it, since neither is worth anything without the other.`,
		Example: `  medhive clinic vault backup /backup/vault-2026-11-22`,
		Args:    oneBackup,
		RunE: func(c *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			err = s.tellVault(c, name, "/vault/backup", site.BackupRequest{Who: self(), Path: path}, audit.Export, func(v *clinic.Vault) error {
				return site.WriteBackup(c.Context(), v, path)
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "wrote %s; its keys are not in it: keep a copy of the folder vault-key elsewhere\n", path)
			return err
		},
	}
	clinicName(c, &name)
	return c
}

func oneBackup(c *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return usageError{fmt.Errorf("name one file; see `%s --help`", c.CommandPath())}
	}
	return nil
}

func newVaultRestore(s *shared) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup of the vault back, where there is no vault",
		Long: `The clinic must not run, its vault must be gone (move it away), and the folder vault-key
must be the one that belongs to the backup.`,
		Example: `  medhive clinic vault restore /backup/vault-2026-11-22`,
		Args:    oneBackup,
		RunE: func(c *cobra.Command, args []string) error {
			database, keys, err := s.vaultPlaces(name)
			if err != nil {
				return err
			}
			f, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("read the backup: %w", err)
			}
			defer f.Close()
			if err := os.MkdirAll(filepath.Dir(database), 0o700); err != nil {
				return fmt.Errorf("make the vault's folder: %w", err)
			}
			if err := clinic.RestoreBackup(c.Context(), f, database, keys); err != nil {
				return err
			}
			if err := s.recordApart(c, name, audit.Entry{Kind: audit.Rotate, Actor: self(), Reason: c.CommandPath()}); err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), "the vault is back\nnext: medhive clinic run")
			return err
		},
	}
	clinicName(c, &name)
	return c
}

func newVaultRotate(s *shared) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Give the vault a new key, also while the clinic runs",
		Long: `Everything in the vault is sealed anew, in one step. Earlier backups need the earlier key:
make a new backup, and keep a copy of the folder vault-key.`,
		Example: `  medhive clinic vault rotate`,
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			err := s.tellVault(c, name, "/vault/rotate", site.Who{Who: self()}, audit.Rotate, func(v *clinic.Vault) error { return v.Rotate(c.Context()) })
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), "the vault has a new key\nnext: medhive clinic vault backup FILE, and copy the folder vault-key")
			return err
		},
	}
	clinicName(c, &name)
	return c
}
