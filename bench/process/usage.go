package process

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// errProc says that a file below /proc is not as it should be.
var errProc = errors.New("process: cannot read /proc")

// cpuClock is that of all threads of a process, those that have ended too: the kernel's MAKE_PROCESS_CPUCLOCK with CPUCLOCK_SCHED. It counts
// nanoseconds, where /proc counts user and system time in hundredths of a second each.
func cpuClock(pid int) int32 {
	const ofProcess, scheduled = 3, 2
	return int32(^pid)<<ofProcess | scheduled
}

// CPU returns the processor time that the process has used, user and system.
func (p *Process) CPU() (time.Duration, error) {
	var used unix.Timespec
	if err := unix.ClockGettime(cpuClock(p.command.Process.Pid), &used); err != nil {
		return 0, errors.Join(fmt.Errorf("process: processor time of %s: %w", p.Name, err), p.ErrorOfEnd())
	}
	return time.Duration(used.Nano()), nil
}

// RSS returns the bytes of memory that the process has in RAM, from smaps_rollup.
func (p *Process) RSS() (int64, error) {
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.command.Process.Pid))
	if err != nil {
		return 0, errors.Join(err, p.ErrorOfEnd())
	}
	lines := bufio.NewScanner(bytes.NewReader(rollup))
	for lines.Scan() {
		if kilobytes, found := strings.CutPrefix(lines.Text(), "Rss:"); found {
			n, err := strconv.ParseInt(strings.Fields(kilobytes)[0], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("%w: smaps_rollup of %s has no Rss", errProc, p.Name)
}
