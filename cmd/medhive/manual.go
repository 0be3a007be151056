package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newManual writes the manual pages and the shells' completions of all commands, for the
// packages. $SOURCE_DATE_EPOCH dates them, so that two builds are alike.
func newManual() *cobra.Command {
	return &cobra.Command{
		Use:     "manual FOLDER",
		Short:   "Write the manual pages and completions that the packages hold",
		Example: "  medhive manual ./out",
		Hidden:  true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name one folder; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return writeManual(c.Root(), args[0]) },
	}
}

func writeManual(root *cobra.Command, folder string) error {
	date := time.Unix(0, 0).UTC()
	if text := os.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("SOURCE_DATE_EPOCH: %w; give seconds since 1970, or unset it", err)
		}
		date = time.Unix(seconds, 0).UTC()
	}
	pages := filepath.Join(folder, "man")
	if err := os.MkdirAll(pages, 0o755); err != nil {
		return fmt.Errorf("write the manual: %w; choose another folder", err)
	}
	quoted(root)
	header := &doc.GenManHeader{Section: "1", Date: &date, Source: "medhive " + version, Manual: "MedHive"}
	if err := doc.GenManTree(root, header, pages); err != nil {
		return fmt.Errorf("write the manual: %w; choose another folder", err)
	}
	for name, write := range map[string]func(path string) error{
		"medhive.bash": func(path string) error { return root.GenBashCompletionFileV2(path, true) },
		"medhive.zsh":  root.GenZshCompletionFile,
		"medhive.fish": func(path string) error { return root.GenFishCompletionFile(path, true) },
	} {
		if err := write(filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("write %s: %w; choose another folder", name, err)
		}
	}
	return nil
}

// quoted readies the words of all commands for the pages' Markdown: words in angle or
// square brackets would be taken for tags and links.
func quoted(c *cobra.Command) {
	c.DisableAutoGenTag = true
	c.Long = strings.NewReplacer("<", "\\<", ">", "\\>").Replace(c.Long)
	for _, child := range c.Commands() {
		quoted(child)
	}
}
