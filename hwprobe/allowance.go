package hwprobe

import "github.com/medhive/medhive/hwprobe/power"

// allowance is the part of a TOPS/W figure that the reward counts, by what its watts hold.
// One machine takes least by its chips alone, more by its board and most at the mains, so
// that without an allowance the worse measurement would pay better:
//
//	wall    1     all that the machine takes
//	board   0.85  what a power supply loses is missing: 10 to 18 % at 80 PLUS Bronze to Gold
//	package 0.7   … and fans, disks, memory and the board's converters, about as much again
//
// Anything else counts nothing: a word, whether watts that an operator declares or a basis
// that this program doesn't know, must not be worth more than a sensor.
func allowance(b power.Basis) float64 {
	switch b {
	case power.Wall:
		return 1
	case power.Board:
		return 0.85
	case power.Package:
		return 0.7
	default:
		return 0
	}
}
