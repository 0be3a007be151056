package device

import (
	"slices"
	"testing"
)

// The bits are those of nvml.h: nvmlClocksEventReasonGpuIdle is 1, …DisplayClockSetting 0x100.
func TestNVMLThrottle(t *testing.T) {
	for bits, want := range map[uint64][]string{
		0:          nil,
		0x1:        {"gpu_idle"},
		0x2 | 0x4:  {"applications_clocks_setting", "sw_power_cap"},
		0x8 | 0x10: {"hw_slowdown", "sync_boost"},
		0x60:       {"sw_thermal_slowdown", "hw_thermal_slowdown"},
		0x80:       {"hw_power_brake_slowdown"},
		0x100:      {"display_clock_setting"},
		1 << 63:    nil,
	} {
		if got := NVMLThrottle(bits); !slices.Equal(got, want) {
			t.Errorf("%#x: %q; want %q", bits, got, want)
		}
	}
	if all := NVMLThrottle(^uint64(0)); len(all) != 9 || len(all) > maxNVMLThrottle {
		t.Errorf("all bits: %q", all)
	}
}
