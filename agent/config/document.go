package config

import (
	"fmt"
	"strings"
)

// lineWidth is where the text of comments is broken.
const lineWidth = 92

// File is a commented file of settings: every key with its meaning and default behind a #, and
// those that were set without it.
func (t *Table) File() string {
	var b strings.Builder
	comment(&b, fmt.Sprintf("Settings of a MedHive %s. A line that begins with # states a default; take the # away to set another value. Flags and the variables %s… go before this file. Paths are relative to it. What is marked (live) takes effect on `%s`; all else at the next start. `medhive config check %s FILE` looks at a file.",
		t.Role, prefix(t.Role), t.Role.reloads(), t.Role))
	for _, g := range t.Groups {
		fmt.Fprintf(&b, "\n# --- %s ---\n", g.Title)
		if g.Text != "" {
			comment(&b, g.Text)
		}
		for _, k := range g.Keys {
			b.WriteByte('\n')
			text := k.Meaning
			if k.Absent != "" && !strings.Contains(text, "(default") {
				text += " (default: " + k.Absent + ")"
			}
			if k.Live {
				text += " (live)"
			}
			comment(&b, sentence(text)+".")
			line := k.Name + " = " + k.Value()
			if k.Origin == FromDefault {
				line = "#" + line
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// reloads is how a role is told to read its settings again.
func (r Role) reloads() string {
	if r == RoleNode {
		return "medhive node reload"
	}
	return "systemctl reload medhive-" + string(r)
}

// sentence begins with a capital.
func sentence(text string) string {
	if text == "" || strings.HasPrefix(text, "host:port") {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// comment writes a paragraph behind #, broken at spaces.
func comment(b *strings.Builder, text string) {
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > lineWidth && line != "#" {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

// Reference is the documentation of all roles' settings, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Settings

Made from the list of settings in agent/config by ` + "`medhive config reference`" + `; a test keeps it fresh.

Each role reads a TOML file of ` + "`key = value`" + ` lines (` + "`--config`" + `; else ` + "`HOME/NAME.toml`" + `, for an installed
service ` + "`/etc/medhive/ROLE.toml`" + `), environment variables and flags. A flag goes before a variable,
a variable before the file, the file before the default. A key or variable that is not known is
refused with its line and the nearest one that is. ` + "`medhive config default ROLE`" + ` prints a commented
file, ` + "`medhive config check ROLE FILE`" + ` looks at one, ` + "`medhive config show ROLE`" + ` tells which value holds
and where it came from.

The flag of a key is ` + "`--key`" + `; its variable is the role's prefix and the key in capitals, with ` + "`_`" + ` for
` + "`-`" + `. Lists are separated by commas there. A path in a file is relative to the file's folder.

A *secret* is never written into the file: the key names a file that others may not read, or
` + "`credential:NAME`" + ` for one that systemd hands over (` + "`LoadCredential=NAME:/path`" + `). Where the key is left
out and systemd hands over a credential of the key's name, that one is used.

A *live* key takes effect on a reload (` + "`medhive node reload`" + `, ` + "`systemctl reload`" + `, SIGHUP), all others at
the next start. A clinic's doors, archives and destinations stand in its site file, which
` + "`medhive clinic init`" + ` writes with comments.
`)
	for _, t := range Tables() {
		fmt.Fprintf(&b, "\n## %s\n\nVariables: `%s…`\n", sentence(string(t.Role)), prefix(t.Role))
		for _, g := range t.Groups {
			fmt.Fprintf(&b, "\n### %s\n\n", g.Title)
			if g.Text != "" {
				b.WriteString(g.Text + "\n\n")
			}
			b.WriteString("| key | type | default | unit | live | meaning |\n|---|---|---|---|---|---|\n")
			for _, k := range g.Keys {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", k.Name, k.Type, standard(k), k.Unit, yes(k.Live), cell(k.Meaning))
			}
		}
	}
	return b.String()
}

// standard is what holds where nothing is set.
func standard(k *Key) string {
	if k.Absent != "" {
		return cell(k.Absent)
	}
	return "`" + cell(k.Default) + "`"
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// cell keeps a text inside its cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// Tables are the tables of all roles, with their defaults.
func Tables() []*Table {
	_, node := NewNode()
	_, clinic := NewClinic()
	_, coordinator := NewCoordinator()
	return []*Table{node, clinic, coordinator}
}

// TableOf is the table of one role.
func TableOf(r Role) (*Table, bool) {
	for _, t := range Tables() {
		if t.Role == r {
			return t, true
		}
	}
	return nil, false
}
