package footprint

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxMapsBytes bounds what is read of a process' list of mappings. A node has some 500 of
// 800 bytes each.
const maxMapsBytes = 16 << 20

// pageSize is what mappings are multiples of at the least, on every machine.
const pageSize = 4096

// mapping is one piece of a process' address space, as Linux lists it in proc_pid_smaps(5).
type mapping struct {
	from, to  uintptr // addresses, to excluded
	perms     string  // such as r-xp
	path      string  // file behind it, or a name in brackets; empty: anonymous
	resident  int64   // bytes in memory
	anonymous int64   // bytes that no file has: written ones
}

// untouched says whether a mapping holds only what its file has, and can hold nothing else:
// it may be read, never written, and no page of it was written before (the linker writes
// relocated tables and closes them afterwards, a debugger writes into code).
func (m mapping) untouched() bool {
	return len(m.perms) == 4 && m.perms[0] == 'r' && m.perms[1] == '-' && m.perms[3] == 'p' && m.anonymous == 0
}

// readMaps reads such a list. Lines that it does not know are passed over; a mapping without
// its two sums is an error, since nothing may be concluded about it.
func readMaps(r io.Reader) ([]mapping, error) {
	var all []mapping
	sums := 0 // of the newest mapping
	lines := bufio.NewScanner(io.LimitReader(r, maxMapsBytes+1))
	lines.Buffer(nil, 64<<10)
	whole := func() error {
		if len(all) > 0 && sums != 2 {
			return fmt.Errorf("mapping at %x: its sizes are not told", all[len(all)-1].from)
		}
		return nil
	}
	read := 0
	for lines.Scan() {
		if read += len(lines.Bytes()) + 1; read > maxMapsBytes {
			return nil, fmt.Errorf("list of mappings: more than %d bytes", maxMapsBytes)
		}
		field, rest, _ := strings.Cut(lines.Text(), " ")
		switch field {
		case "Rss:", "Anonymous:":
			if len(all) == 0 {
				return nil, errors.New("list of mappings: a size before the first mapping")
			}
			bytes, err := kilobytes(rest)
			if err != nil {
				return nil, err
			}
			if sums++; field == "Rss:" {
				all[len(all)-1].resident = bytes
			} else {
				all[len(all)-1].anonymous = bytes
			}
		default:
			if strings.HasSuffix(field, ":") {
				continue
			}
			m, err := readHead(lines.Text())
			if err != nil {
				return nil, err
			}
			if err := whole(); err != nil {
				return nil, err
			}
			all, sums = append(all, m), 0
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("list of mappings: %w", err)
	}
	return all, whole()
}

// readHead reads a mapping's first line: addresses, rights, offset, device, inode, path.
func readHead(text string) (m mapping, err error) {
	parts := strings.SplitN(text, " ", 6)
	if len(parts) < 5 {
		return m, fmt.Errorf("mapping %.80q: %d fields, want 5 or 6", text, len(parts))
	}
	from, to, found := strings.Cut(parts[0], "-")
	first, err1 := strconv.ParseUint(from, 16, strconv.IntSize)
	last, err2 := strconv.ParseUint(to, 16, strconv.IntSize)
	if !found || err1 != nil || err2 != nil || first >= last || first%pageSize != 0 || last%pageSize != 0 {
		return m, fmt.Errorf("mapping %.80q: no addresses", text)
	}
	m = mapping{from: uintptr(first), to: uintptr(last), perms: parts[1]}
	if len(parts) == 6 {
		m.path = strings.TrimLeft(parts[5], " ")
	}
	return m, nil
}

// kilobytes reads what stands behind a field's name, such as "   48 kB", in bytes.
func kilobytes(text string) (int64, error) {
	number, isKB := strings.CutSuffix(strings.TrimSpace(text), " kB")
	kb, err := strconv.ParseUint(number, 10, 40)
	if err != nil || !isKB {
		return 0, fmt.Errorf("size %.40q: want a number of kB", text)
	}
	return int64(kb) << 10, nil
}
