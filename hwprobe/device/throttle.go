package device

// NVML's reasons for lower clocks that say nothing against a measurement: a GPU that has
// nothing to do, clocks that somebody set, and the power limit, at which every card works
// in a long dense product.
const (
	NVMLIdle              = "gpu_idle"
	NVMLApplicationClocks = "applications_clocks_setting"
	NVMLDisplayClocks     = "display_clock_setting"
	NVMLPowerCap          = "sw_power_cap"
)

// The others: heat, the power supply, or another card takes speed away.
const (
	NVMLSlowdown        = "hw_slowdown"
	NVMLSyncBoost       = "sync_boost"
	NVMLThermalSoftware = "sw_thermal_slowdown"
	NVMLThermalHardware = "hw_thermal_slowdown"
	NVMLPowerBrake      = "hw_power_brake_slowdown"
)

// NVMLThrottle are the bits of nvmlClocksEventReasons as NVMLDevice.Throttle has them:
// lowest first, in NVML's names. Bits without a name are left out.
func NVMLThrottle(bits uint64) (reasons []string) {
	for n, reason := range []string{
		NVMLIdle, NVMLApplicationClocks, NVMLPowerCap, NVMLSlowdown, NVMLSyncBoost,
		NVMLThermalSoftware, NVMLThermalHardware, NVMLPowerBrake, NVMLDisplayClocks,
	} {
		if bits>>n&1 == 1 {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}
