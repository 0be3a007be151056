package burnin

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Device is a rule about a kind of machine or program that writes text into its images at
// known places. A field that is empty or 0 fits every image; texts fit where the image's
// attribute contains them, in any case of letters.
type Device struct {
	Name         string      `json:"name"` // for people
	Manufacturer string      `json:"manufacturer,omitempty"`
	Model        string      `json:"model,omitempty"`              // Manufacturer's Model Name
	Description  string      `json:"series_description,omitempty"` // Series Description
	ImageType    string      `json:"image_type,omitempty"`         // one value of Image Type
	BurnedIn     bool        `json:"burned_in,omitempty"`          // fits only where Burned In Annotation is YES
	Rows         int         `json:"rows,omitempty"`               // pixels
	Columns      int         `json:"columns,omitempty"`            // pixels
	Regions      []Rectangle `json:"regions,omitempty"`            // blacked out; none: the image is held
}

// Rectangle is a region of a device: x, y, width, height in pixels from the upper left corner.
type Rectangle [4]int

// Header is what of an image device rules look at.
type Header struct {
	Manufacturer, Model, Description string
	ImageType                        []string
	BurnedIn                         bool // Burned In Annotation is YES
	Rows, Columns                    int  // pixels
}

//go:embed devices.json
var devicesJSON []byte

// MaxDevicesBytes bounds a list of device rules before it is parsed.
const MaxDevicesBytes = 1 << 20

const (
	maxDevices = 1000
	maxEdge    = 65535 // Rows and Columns are US
)

// Devices are the rules that the project brings; devices.json names their source.
func Devices() ([]Device, error) { return ParseDevices(devicesJSON) }

// ParseDevices reads a JSON object {"source": …, "devices": [Device …]}.
func ParseDevices(data []byte) ([]Device, error) {
	if len(data) > MaxDevicesBytes {
		return nil, fmt.Errorf("parse the device rules: they have %d bytes, the limit is %d; leave some out", len(data), MaxDevicesBytes)
	}
	var list struct {
		Source  string   `json:"source"`
		Devices []Device `json:"devices"`
	}
	reader := json.NewDecoder(strings.NewReader(string(data)))
	reader.DisallowUnknownFields()
	if err := reader.Decode(&list); err != nil {
		return nil, fmt.Errorf("parse the device rules: %w", err)
	}
	if len(list.Devices) > maxDevices {
		return nil, fmt.Errorf("parse the device rules: there are %d, the limit is %d; leave some out", len(list.Devices), maxDevices)
	}
	for n, d := range list.Devices {
		if err := d.Validate(); err != nil {
			return nil, fmt.Errorf("device rule %d (%.60q): %w", n+1, d.Name, err)
		}
	}
	return list.Devices, nil
}

// Validate says what of a rule can't be followed.
func (d Device) Validate() error {
	if d.Name == "" {
		return errors.New("it has no name; give it one")
	}
	if d.Manufacturer == "" && d.Model == "" && d.Description == "" && d.ImageType == "" {
		return errors.New("it fits every image; name a manufacturer, a model, a series description or an image type")
	}
	if min(d.Rows, d.Columns) < 0 || max(d.Rows, d.Columns) > maxEdge {
		return fmt.Errorf("rows and columns must be from 0 to %d", maxEdge)
	}
	for _, r := range d.Regions {
		if min(r[0], r[1]) < 0 || min(r[2], r[3]) < 1 || max(r[0], r[1], r[2], r[3]) > maxEdge {
			return fmt.Errorf("region %v: want x, y, width and height in pixels", r)
		}
	}
	return nil
}

// Fits says that the rule is about the image.
func (d Device) Fits(h Header) bool {
	has := func(value, part string) bool {
		return part == "" || strings.Contains(strings.ToLower(value), strings.ToLower(part))
	}
	return has(h.Manufacturer, d.Manufacturer) && has(h.Model, d.Model) && has(h.Description, d.Description) &&
		(d.ImageType == "" || slices.ContainsFunc(h.ImageType, func(v string) bool { return has(v, d.ImageType) })) &&
		(!d.BurnedIn || h.BurnedIn) && (d.Rows == 0 || d.Rows == h.Rows) && (d.Columns == 0 || d.Columns == h.Columns)
}
