package gateway_test

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// processorTime is what the processors of the machine have worked so far, and what of it was for this process. What they do for interrupts counts as nobody's: the network of a
// test is among it. Where the system does not tell, as only Linux does, all is 0.
type processorTime struct{ all, own time.Duration }

// clockTick is the unit in which Linux counts.
const clockTick = 10 * time.Millisecond

func measureProcessors() processorTime {
	machine, err := os.ReadFile("/proc/stat")
	if err != nil {
		return processorTime{}
	}
	process, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return processorTime{}
	}
	line, _, _ := bytes.Cut(machine, []byte("\n"))
	_, line, _ = bytes.Cut(line, []byte(" "))
	_, rest, _ := bytes.Cut(process, []byte(") ")) // the name, which may have spaces, ends here
	return processorTime{
		all: ticks(line, 0, 1, 2, 7), // user, nice, system, steal
		own: ticks(rest, 11, 12),     // utime, stime
	}
}

// ticks adds up some of the numbers that stand in a line.
func ticks(line []byte, places ...int) (sum time.Duration) {
	fields := bytes.Fields(line)
	for _, place := range places {
		if place >= len(fields) {
			return 0
		}
		n, _ := strconv.ParseInt(string(fields[place]), 10, 64)
		sum += time.Duration(n) * clockTick
	}
	return sum
}

// othersSince returns how many processors have worked for other processes, on average since an earlier measurement.
func (p processorTime) othersSince(earlier processorTime, elapsed time.Duration) float64 {
	return max(0, float64(p.all-earlier.all-(p.own-earlier.own))/float64(elapsed))
}
