package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"time"

	"aead.dev/minisign"
)

// leastUpdateEvery keeps a network's nodes from storming a server.
const leastUpdateEvery = 10 * time.Minute

// updateChannel is what a channel may be called: agent/update makes a file's name of it.
var updateChannel = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// updates are the keys of how a node is brought up to date.
func (n *Node) updates(t *Table) {
	t.group("Updates", "For a program that no package manager keeps; apt, dnf and apk bring their own. `medhive update` looks and updates by hand.")
	t.text(&n.UpdateURL, "update-url", "", "where the vendor lays its manifests: an https address, or the absolute path of a folder", absent("no updates"), checked(func() error { return updatePlace(n.UpdateURL) }))
	t.text(&n.UpdateKey, "update-key", "", "public key of minisign that the vendor signs them with, such as RWQ…", checked(func() error { return updateKey(n.UpdateKey) }))
	t.text(&n.UpdateChannel, "update-channel", "stable", "which of the vendor's channels", checked(func() error {
		if !updateChannel.MatchString(n.UpdateChannel) {
			return fmt.Errorf("%.40q is no channel: want small letters, digits and hyphens, such as stable", n.UpdateChannel)
		}
		return nil
	}))
	t.boolean(&n.UpdateAuto, "update-auto", false, "take an update by itself: it is tried, the node finishes its jobs, and starts anew; otherwise a warning says that there is one")
	t.duration(&n.UpdateEvery, "update-every", 6*time.Hour, "how often it looks, at least 10m", checked(func() error {
		if n.UpdateEvery < leastUpdateEvery {
			return fmt.Errorf("%s is too often: want at least %s", n.UpdateEvery, leastUpdateEvery)
		}
		return nil
	}))
}

// checkUpdates looks at what only together makes sense.
func (n *Node) checkUpdates() error {
	if (n.UpdateURL == "") != (n.UpdateKey == "") {
		return errors.New("update-url and update-key belong together: name both or none")
	}
	return nil
}

func updatePlace(text string) error {
	if u, err := url.Parse(text); text != "" && !filepath.IsAbs(text) && (err != nil || u.Scheme != "https" || u.Host == "") {
		return fmt.Errorf("%.60q is no https address and no absolute path", text)
	}
	return nil
}

func updateKey(text string) error {
	var key minisign.PublicKey
	if text != "" && key.UnmarshalText([]byte(text)) != nil {
		return fmt.Errorf("%.60q is no public key of minisign: it begins with RW and has 56 letters", text)
	}
	return nil
}
