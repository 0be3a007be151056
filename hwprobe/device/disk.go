package device

import (
	"path/filepath"
	"slices"
	"strings"
)

// sectorBytes is the unit of /sys/block/*/size, whatever the disk's own sectors are.
const sectorBytes = 512

// maxMounts bounds /proc/self/mountinfo: more than a machine full of containers has.
const maxMounts = 4096

// mount is a line of mountinfo.
type mount struct {
	number string // major:minor of the file system's device
	point  string // as this process sees it
	kind   string // ext4, overlay
	source string // /dev/nvme0n1p2, where it has one
}

// parseMounts reads /proc/self/mountinfo (proc(5)): id, parent, major:minor, root, mount
// point, options, fields up to "-", type, source.
func parseMounts(s string) (all []mount) {
	for line := range strings.Lines(s) {
		fields := strings.Fields(line)
		dash := slices.Index(fields, "-")
		if dash < 6 || len(fields) < dash+3 || len(all) == maxMounts {
			continue
		}
		all = append(all, mount{fields[2], unescape(fields[4]), fields[dash+1], fields[dash+2]})
	}
	return all
}

// unescape undoes the octal escapes of white space in mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

func (t tree) mounts() ([]mount, error) {
	s, err := text(t.Proc, "self/mountinfo")
	if err != nil {
		return nil, err
	}
	return parseMounts(s), nil
}

// readDisks lists whole disks by name, with the room that is left in the file systems on
// them. What only exists in memory, or is a view of another disk, is none.
func (t tree) readDisks() ([]Disk, []Fact) {
	folder := filepath.Join(t.Sys, "block")
	names, err := entries(folder)
	if err != nil {
		return nil, []Fact{unknown("the disks can't be looked at: "+reason(err), "mount /sys, or start the container with it")}
	}
	mounts, _ := t.mounts() // without them the room stays unknown
	holders := t.diskHolders(folder, names)
	var disks []Disk
	for _, name := range names {
		kind := diskKind(name)
		if kind == "" {
			continue
		}
		if d, ok := t.disk(filepath.Join(folder, name), name, kind); ok {
			d.FreeBytes = t.freeOn(mounts, holders[name])
			disks = append(disks, d)
		}
	}
	return disks, nil
}

// diskKind tells from the kernel's name what a block device is; "" for what is no disk.
func diskKind(name string) string {
	for _, known := range [][2]string{
		{"nvme", "nvme"}, {"mmcblk", "sd"}, {"sd", "scsi"}, {"vd", "virtual"}, {"xvd", "virtual"}, {"md", "raid"}, {"pmem", "other"},
	} {
		if rest, ok := strings.CutPrefix(name, known[0]); ok && rest != "" && !strings.Contains(rest, "boot") && !strings.Contains(rest, "rpmb") {
			return known[1]
		}
	}
	return "" // loop, ram, zram, dm-, sr, fd, nbd
}

// disk describes one; a device without a medium is none.
func (t tree) disk(path, name, kind string) (Disk, bool) {
	d := Disk{Name: printable(name), Kind: kind, Model: printable(fact(path, "device/model")), Fact: Fact{State: Present}}
	if d.Model == "" {
		d.Model = printable(fact(path, "device/name")) // of SD cards
	}
	sectors, ok := number(path, "size")
	switch {
	case !ok:
		d.Fact = unknown("its size can't be read", "see `lsblk`")
	case sectors == 0:
		return d, false
	case sectors <= 1<<54:
		d.TotalBytes = sectors * sectorBytes
	}
	if n, ok := number(path, "queue/rotational"); ok && kind != "virtual" { // which call themselves so
		d.Rotational = n == 1
	}
	return d, true
}

// holder is a disk with everything that lies on it.
type holder struct {
	numbers []string // major:minor of the disk, its partitions, and what is mapped onto them
	names   []string // their kernel names
}

// diskHolders finds for each disk what lies on it: partitions are folders inside a
// disk's, and mapped devices (LUKS, LVM) name theirs under slaves.
func (t tree) diskHolders(folder string, names []string) map[string]holder {
	all := map[string]holder{}
	add := func(disk, name string, path ...string) {
		h := all[disk]
		h.names = append(h.names, name)
		if n := fact(append(path, "dev")...); n != "" {
			h.numbers = append(h.numbers, n)
		}
		all[disk] = h
	}
	for _, disk := range names {
		if diskKind(disk) == "" {
			continue
		}
		add(disk, disk, folder, disk)
		parts, _ := entries(folder, disk)
		for _, part := range parts {
			if strings.HasPrefix(part, disk) && exists(folder, disk, part, "partition") {
				add(disk, part, folder, disk, part)
			}
		}
	}
	const depth = 4 // LVM on LUKS on RAID is three
	for range depth {
		for _, mapped := range names {
			slaves, _ := entries(folder, mapped, "slaves")
			for disk, h := range all {
				on := slices.ContainsFunc(slaves, func(s string) bool { return slices.Contains(h.names, s) })
				if on && !slices.Contains(h.names, mapped) {
					add(disk, mapped, folder, mapped)
				}
			}
		}
	}
	return all
}

// freeOn sums the room of the file systems on a disk, each once however often it is
// mounted; 0 where none is mounted or nobody tells.
func (t tree) freeOn(mounts []mount, h holder) (sum uint64) {
	if t.free == nil {
		return 0
	}
	var counted []string
	for _, m := range mounts {
		// btrfs and the like have numbers of their own; their source names the disk.
		source, isNode := strings.CutPrefix(m.source, "/dev/")
		on := slices.Contains(h.numbers, m.number) || isNode && slices.Contains(h.names, source)
		if !on || slices.Contains(counted, m.number) {
			continue
		}
		if n, err := t.free(m.point); err == nil {
			sum += n
			counted = append(counted, m.number)
		}
	}
	return sum
}
