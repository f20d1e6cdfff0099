package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrEnded says that a process ended though it was still needed. Its log says why.
var ErrEnded = errors.New("process: ended by itself")

// ErrFailed says that a process did not do what it was asked to as it ended. Its log says why.
var ErrFailed = errors.New("process: ended with a failure")

// Command is what to run.
type Command struct {
	Name string // of its log, and in errors
	Path string
	Args []string
	Env  []string // beside the runner's own
}

// linesKept is how many printed lines wait for an Await; more are dropped from there, and are in the log.
const linesKept = 1024

// stopPatience is how long a process may take to stop when it is asked to; then it is killed.
const stopPatience = 10 * time.Second

// Process is one that runs.
type Process struct {
	Name string

	command *exec.Cmd
	input   io.WriteCloser
	log     *os.File
	lines   chan string   // of both outputs; follow sends and closes
	ended   chan struct{} // closed when the process has ended and everything it printed was read
	stopped atomic.Bool   // it was asked to end
}

// start starts a command whose output goes to a log in folder.
func start(c Command, folder string) (*Process, error) {
	log, err := os.Create(filepath.Join(folder, c.Name+".log"))
	if err != nil {
		return nil, fmt.Errorf("process: %w", err)
	}
	p := &Process{Name: c.Name, log: log, lines: make(chan string, linesKept), ended: make(chan struct{})}
	p.command = exec.Command(c.Path, c.Args...)
	p.command.Env = append(os.Environ(), c.Env...)
	p.command.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true, // Ctrl-C goes to the runner alone, which then stops the rest in order
		Pdeathsig: syscall.SIGKILL,
	}
	p.command.WaitDelay = stopPatience // for its output, if a child of its own keeps that open
	if p.input, err = p.command.StdinPipe(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	output, printed := io.Pipe()
	p.command.Stdout, p.command.Stderr = printed, printed
	if err := p.command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("process: start %s: %w", c.Name, err), log.Close())
	}
	go p.follow(output)
	go func() {
		_ = p.command.Wait() // how it ended is in ProcessState
		_ = printed.Close()
	}()
	return p, nil
}

// follow reads what the process prints until it has ended.
func (p *Process) follow(output io.Reader) {
	defer close(p.ended)
	defer close(p.lines)
	defer p.log.Close()
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<24) // a window with its histograms is one line
	for lines.Scan() {
		fmt.Fprintln(p.log, lines.Text())
		select {
		case p.lines <- lines.Text():
		default:
		}
	}
	_, _ = io.Copy(io.Discard, output)
}

// Await returns the submatches of the first line from now on that fits the pattern.
func (p *Process) Await(ctx context.Context, pattern *regexp.Regexp) ([]string, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("process: %s did not print %q: %w", p.Name, pattern, context.Cause(ctx))
		case line, open := <-p.lines:
			if !open {
				return nil, p.ErrorOfEnd()
			}
			if match := pattern.FindStringSubmatch(line); match != nil {
				return match, nil
			}
		}
	}
}

// Say writes a line to the process's standard input.
func (p *Process) Say(line string) error {
	if _, err := io.WriteString(p.input, line+"\n"); err != nil {
		return fmt.Errorf("process: tell %s %q: %w", p.Name, line, errors.Join(err, p.ErrorOfEnd()))
	}
	return nil
}

// HasEnded tells whether the process is gone.
func (p *Process) HasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// ErrorOfEnd says how the process ended, with the last of what it printed; nil if it has not.
func (p *Process) ErrorOfEnd() error {
	if !p.HasEnded() {
		return nil
	}
	return fmt.Errorf("%w: %s: %s: %s", ErrEnded, p.Name, p.command.ProcessState, p.lastLines())
}

// Failure says that the process has ended with an exit code that is not 0; nil if it has not. It is for what was asked to end.
func (p *Process) Failure() error {
	if !p.HasEnded() || p.command.ProcessState.Success() {
		return nil
	}
	return fmt.Errorf("%w: %s: %s: %s", ErrFailed, p.Name, p.command.ProcessState, p.lastLines())
}

func (p *Process) lastLines() string {
	const kept = 3
	text, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-kept):], " | ")
}

// Stop asks the process to end, waits, and kills it if it takes too long.
func (p *Process) Stop() {
	p.stopped.Store(true)
	if !p.HasEnded() {
		_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended just now
	}
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	for {
		select {
		case <-p.ended:
			_ = p.input.Close()
			return
		case <-patience.C:
			_ = p.command.Process.Kill()
		}
	}
}
