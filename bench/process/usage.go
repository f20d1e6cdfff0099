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
)

// errProc says that a file below /proc is not as it should be.
var errProc = errors.New("process: cannot read /proc")

// clockTick is the unit of processor time in /proc/PID/stat: USER_HZ, the same on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// Fields of /proc/PID/stat after the command's name, from proc_pid_stat(5): state is the third field, utime the 14th, stime the 15th.
const (
	fieldUtime = 14 - 3
	fieldStime = 15 - 3
)

// CPU returns the processor time that the process has used, user and system.
func (p *Process) CPU() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		return 0, errors.Join(err, p.ErrorOfEnd())
	}
	_, after, found := bytes.Cut(stat, []byte(") "))
	fields := strings.Fields(string(after))
	if !found || len(fields) <= fieldStime {
		return 0, fmt.Errorf("%w: stat of %s: %q", errProc, p.Name, stat)
	}
	var total time.Duration
	for _, i := range []int{fieldUtime, fieldStime} {
		ticks, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%w: stat of %s: %w", errProc, p.Name, err)
		}
		total += time.Duration(ticks) * clockTick
	}
	return total, nil
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
