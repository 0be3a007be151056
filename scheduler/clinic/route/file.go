package route

import (
	"fmt"
	"time"

	"github.com/medhive/medhive/scheduler/settings"
)

// file is a file of rules.
type file struct {
	Zone  string `toml:"zone"` // IANA name; empty: UTC
	Rules []Rule `toml:"rule"`
}

// Parse reads rules from TOML: zone = "Europe/Berlin", then [[rule]] for each. Unknown
// keys are refused.
func Parse(data []byte) (Rules, error) {
	var f file
	if err := settings.Decode(data, &f); err != nil {
		return Rules{}, fmt.Errorf("read the rules: %w", err)
	}
	zone, err := Zone(f.Zone)
	if err != nil {
		return Rules{}, fmt.Errorf("read the rules: %w", err)
	}
	rules, err := Compile(f.Rules, zone)
	if err != nil {
		return Rules{}, fmt.Errorf("read the rules: %w", err)
	}
	return rules, nil
}

// Zone is the zone of an IANA name; empty is UTC.
func Zone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	return loadZone(name)
}
