package device

import (
	_ "embed"
	"strings"
)

//go:generate go run generate_names.go /usr/share/misc/pci.ids pci_names.txt

// pciNames are lines "vendor:device name" of accelerators, sorted; sysfs tells no names.
//
//go:embed pci_names.txt
var pciNames string

// modelName is what people call a PCI device, or its id where the list has none.
func modelName(d pciDevice) string {
	if _, rest, ok := strings.Cut(pciNames, "\n"+d.id()+" "); ok {
		name, _, _ := strings.Cut(rest, "\n")
		return marketed(name)
	}
	return d.id()
}

// marketed is the name in brackets, which is the one on the box, or the whole: "AD102
// [GeForce RTX 4090]".
func marketed(name string) string {
	open, end := strings.Index(name, "["), strings.LastIndex(name, "]")
	if open < 0 || end < open {
		return name
	}
	return name[open+1 : end]
}
