package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"tickgate/internal/gateway/gatewaytest"
)

// terminal is a pseudo-terminal with a person in front of it, who is the test.
type terminal struct {
	person  *os.File // what is written to the screen is read here, and keys are written
	program *os.File

	// mu guards the field below.
	mu     sync.Mutex
	screen bytes.Buffer // everything written to it
}

func openTerminal(t *testing.T, columns, rows uint16) *terminal {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	var number, unlocked int32
	control(t, person, syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	control(t, person, syscall.TIOCGPTN, unsafe.Pointer(&number))
	program, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	size := [4]uint16{rows, columns}
	control(t, person, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	term := &terminal{person: person, program: program}
	go func() { // until person is closed
		buf := make([]byte, 32<<10)
		for {
			n, err := person.Read(buf)
			term.mu.Lock()
			term.screen.Write(buf[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return term
}

func control(t *testing.T, file *os.File, request uintptr, argument unsafe.Pointer) {
	t.Helper()
	raw, err := file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed syscall.Errno
	if err := raw.Control(func(fd uintptr) {
		_, _, failed = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(argument))
	}); err != nil || failed != 0 {
		t.Fatal(err, failed)
	}
}

// await waits until something was written to the screen.
func (m *terminal) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(gatewaytest.Patience); !strings.Contains(m.shown(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the screen does not show %q: %q", text, m.shown())
		}
	}
}

func (m *terminal) shown() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.screen.String()
}

// TestWatchAtATerminal: a table, colours unless NO_COLOR is set, keys, and an end by q or Ctrl-C, however narrow the terminal is.
func TestWatchAtATerminal(t *testing.T) {
	address, market := gateway(t)
	for _, tt := range []struct {
		name    string
		columns uint16
		noColor bool
		end     string
	}{
		{"colours", 120, false, "q"},
		{"NO_COLOR", 120, true, "\x03"},
		{"narrow", 20, false, "q"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("TERM", "xterm-256color")
			t.Setenv("COLORTERM", "")
			t.Setenv("NO_COLOR", "")
			if tt.noColor {
				t.Setenv("NO_COLOR", "1")
			}
			term := openTerminal(t, tt.columns, 20)
			ended := make(chan int, 1)
			var errs bytes.Buffer
			go func() {
				ended <- run([]string{"watch", "--address", address, "--interval", "0", "AAA.X", "BBB.Y"}, term.program, term.program, &errs)
			}()
			term.await(t, "AAA.X")
			if tt.columns > 100 {
				for price := int64(2000); price < 2200 && !strings.Contains(term.shown(), "▲"); price++ { // the first of them may be the first that it has
					market.Publish("AAA.X", bid(price))
					time.Sleep(50 * time.Millisecond) // prices that rise as they do in a market
				}
				term.await(t, "▲")
				market.Publish("AAA.X", bid(1234))
			}
			_, err := term.person.WriteString(tt.end)
			if err != nil {
				t.Fatal(err)
			}
			select {
			case code := <-ended:
				if code != exitOK || errs.Len() > 0 {
					t.Errorf("exit code %d, %s", code, errs.String())
				}
			case <-time.After(gatewaytest.Patience):
				t.Fatalf("%q does not end it", tt.end)
			}
			if coloured := strings.Contains(term.shown(), "38;5;39"); coloured == tt.noColor {
				t.Errorf("colours: %v with NO_COLOR %v", coloured, tt.noColor)
			}
		})
	}
}
