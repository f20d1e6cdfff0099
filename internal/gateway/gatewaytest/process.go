package gatewaytest

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Build builds a command of this module, such as tickgate/cmd/gateway, and returns the path of the program.
func Build(t testing.TB, command string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), filepath.Base(command))
	if out, err := exec.Command("go", "build", "-o", program, command).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", command, err, out)
	}
	return program
}

// Process is a program as a user starts it.
type Process struct {
	t       testing.TB
	command *exec.Cmd
	reading sync.WaitGroup
	news    chan struct{} // of one; sent to by the readers, received by AwaitLine, never closed
	ended   chan struct{} // closed when the process has ended and its output is read
	err     error         // of the process; read after ended

	// mu guards the fields below.
	mu             sync.Mutex
	stdout, stderr []string // lines
}

// StartProcess starts a program in a folder of its own. environ are variables beside those of the test, of which it gets none that begins with TICKGATE_. It
// is killed when the test ends, if it has not ended before.
func StartProcess(t testing.TB, program string, environ []string, args ...string) *Process {
	t.Helper()
	p := &Process{t: t, command: exec.Command(program, args...), news: make(chan struct{}, 1), ended: make(chan struct{})}
	p.command.Dir = t.TempDir()
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TICKGATE_") {
			p.command.Env = append(p.command.Env, variable)
		}
	}
	p.command.Env = append(p.command.Env, environ...)
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := p.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	p.reading.Go(func() { p.read(stdout, &p.stdout) })
	p.reading.Go(func() { p.read(stderr, &p.stderr) })
	go func() {
		defer close(p.ended)
		p.reading.Wait() // first: Wait closes the pipes
		p.err = p.command.Wait()
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill() // an error means that it has ended
		<-p.ended
	})
	return p
}

func (p *Process) read(from io.Reader, to *[]string) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		p.mu.Lock()
		*to = append(*to, lines.Text())
		p.mu.Unlock()
		select {
		case p.news <- struct{}{}:
		default:
		}
	}
}

// Dir returns the folder in which it runs.
func (p *Process) Dir() string { return p.command.Dir }

// Output returns the lines that it has written so far.
func (p *Process) Output() (stdout, stderr []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.stdout...), append([]string(nil), p.stderr...)
}

// AwaitLine waits for a line on standard output or error that contains text, and returns it.
func (p *Process) AwaitLine(text string) string {
	p.t.Helper()
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for {
		stdout, stderr := p.Output()
		for _, line := range append(stdout, stderr...) {
			if strings.Contains(line, text) {
				return line
			}
		}
		select {
		case <-p.news:
		case <-p.ended:
			p.t.Fatalf("the process ended (%v) without the line %q:\n%s", p.err, text, strings.Join(append(stdout, stderr...), "\n"))
		case <-timeout.C:
			p.t.Fatalf("waited for the line %q in vain:\n%s", text, strings.Join(append(stdout, stderr...), "\n"))
		}
	}
}

// Signal sends a signal.
func (p *Process) Signal(s os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// Wait waits for the end and returns the exit code; -1: a signal ended it.
func (p *Process) Wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(Patience):
		p.t.Fatal("the process does not end")
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		p.t.Fatal(p.err)
	}
	return p.command.ProcessState.ExitCode()
}
