package main

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Go program asks the vDSO, a page of the kernel's in its memory, for the time. That
// page is ours to change in a process that we may trace: shifted replaces its
// clock_gettime by one that asks the kernel and adds an offset to CLOCK_REALTIME, the
// wall clock. The monotonic clock, which no clock setting moves, stays true; so do the
// clocks of the process's children and of everybody else.
//
//	mov eax, 228 (clock_gettime); syscall
//	test edi, edi (CLOCK_REALTIME is 0); jnz end
//	mov rdx, [rip+6] (the offset, in seconds); add [rsi], rdx (timespec.tv_sec)
//	end: ret; two bytes of padding
func shifted(seconds int64) []byte {
	code := []byte{0xb8, 228, 0, 0, 0, 0x0f, 0x05, 0x85, 0xff, 0x75, 10, 0x48, 0x8b, 0x15, 6, 0, 0, 0, 0x48, 0x01, 0x16, 0xc3, 0x90, 0x90}
	return binary.LittleEndian.AppendUint64(code, uint64(seconds))
}

// jump moves the wall clock of a running process. It stops the process for the moment
// of the change, so that no thread is inside what is replaced.
func jump(ctx context.Context, pid int, by time.Duration) error {
	memory, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("move a clock: %w; it needs the right to trace the process", err)
	}
	defer memory.Close()
	first, err := clockGettime(pid, memory)
	if err != nil {
		return fmt.Errorf("move a clock: %w", err)
	}
	code := shifted(int64(by / time.Second))
	defer syscall.Kill(pid, syscall.SIGCONT)
	for {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return fmt.Errorf("move a clock: %w", err)
		}
		err := stoppedOutside(ctx, pid, first, first+uint64(len(code)))
		if err == nil {
			break
		}
		if !errors.Is(err, errInside) {
			return fmt.Errorf("move a clock: %w", err)
		}
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			return fmt.Errorf("move a clock: %w", err)
		}
	}
	if _, err := memory.WriteAt(code, int64(first)); err != nil {
		return fmt.Errorf("move a clock: %w; this kernel protects the vDSO", err)
	}
	return nil
}

// clockGettime finds the address of the vDSO's function in a process.
func clockGettime(pid int, memory *os.File) (uint64, error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(maps)) {
		if !strings.HasSuffix(strings.TrimSpace(l), "[vdso]") {
			continue
		}
		var from, to uint64
		if _, err := fmt.Sscanf(l, "%x-%x", &from, &to); err != nil {
			return 0, fmt.Errorf("read the vDSO's place: %w", err)
		}
		image := make([]byte, to-from)
		if _, err := memory.ReadAt(image, int64(from)); err != nil {
			return 0, fmt.Errorf("read the vDSO: %w", err)
		}
		library, err := elf.NewFile(bytes.NewReader(image))
		if err != nil {
			return 0, fmt.Errorf("read the vDSO: %w", err)
		}
		symbols, err := library.DynamicSymbols()
		if err != nil {
			return 0, fmt.Errorf("read the vDSO: %w", err)
		}
		for _, s := range symbols {
			if s.Name == "__vdso_clock_gettime" && s.Size >= uint64(len(shifted(0))) {
				return from + s.Value, nil
			}
		}
	}
	return 0, errors.New("no clock_gettime in the vDSO of this process")
}

var errInside = errors.New("a thread is inside the clock's code")

// stoppedOutside waits until every thread is stopped, and says whether one of them
// stands between two addresses.
func stoppedOutside(ctx context.Context, pid int, from, to uint64) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", pid))
		if err != nil || len(threads) == 0 {
			return errors.Join(errors.New("the process is gone"), err)
		}
		moving := false
		for _, t := range threads {
			stat, err := os.ReadFile(filepath.Join(t, "stat"))
			if err != nil {
				continue // this thread has ended
			}
			_, state, _ := bytes.Cut(stat, []byte(") "))
			moving = moving || !bytes.HasPrefix(state, []byte("T"))
		}
		if !moving {
			for _, t := range threads {
				if at, ok := programCounter(t); ok && at >= from && at < to {
					return errInside
				}
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// programCounter is the last word of /proc/PID/task/TID/syscall: see proc(5).
func programCounter(thread string) (uint64, bool) {
	data, err := os.ReadFile(filepath.Join(thread, "syscall"))
	words := strings.Fields(string(data))
	if err != nil || len(words) == 0 {
		return 0, false
	}
	at, err := strconv.ParseUint(words[len(words)-1], 0, 64)
	return at, err == nil
}
