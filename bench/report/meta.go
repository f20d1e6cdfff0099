package report

import (
	"bufio"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Meta says what was run, where and when. Results stand in the order in which they ran.
type Meta struct {
	Date     string            `json:"date"`
	Begun    time.Time         `json:"begun"`
	Seconds  float64           `json:"seconds"`
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	MemoryMB int64             `json:"memory_mb"`
	Kernel   string            `json:"kernel"`
	Go       string            `json:"go"`
	Commit   string            `json:"commit"`
	Dirty    bool              `json:"dirty"` // files differ from the commit
	Versions map[string]string `json:"versions"`
	Command  string            `json:"command"`
	Seed     uint64            `json:"seed"` // from which the order of the jobs follows
	Repeats  int               `json:"repeats"`
	LeftOut  []string          `json:"left_out,omitempty"` // jobs that ran once less, because the time that the benchmark is to take was over
	Partial  string            `json:"partial,omitempty"`  // why this is not all of the benchmark
}

// NewMeta describes this machine, and the programs in a folder.
func NewMeta(programs string, begun time.Time) Meta {
	begun = begun.UTC()
	m := Meta{
		Date: begun.Format(time.DateOnly), Begun: begun.Truncate(time.Second), Seconds: time.Since(begun).Seconds(),
		CPU: field("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Kernel: output("uname", "-sr"), Go: runtime.Version(),
		Commit: output("git", "rev-parse", "--short=12", "HEAD"), Dirty: output("git", "status", "--porcelain", "--untracked-files=no") != "",
		Versions: versions(programs),
	}
	_, _ = fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%d", &m.MemoryMB)
	m.MemoryMB >>= 10
	return m
}

// versions returns those of what the gateway runs beside or is compared with, as the programs have them built in.
func versions(programs string) map[string]string {
	found := map[string]string{}
	for program, modules := range map[string][]string{
		"nats-server": {"github.com/nats-io/nats-server/v2"},
		"gateway":     {"google.golang.org/grpc", "google.golang.org/protobuf", "github.com/nats-io/nats.go"},
		"peers":       {"github.com/centrifugal/centrifuge", "github.com/centrifugal/centrifuge-go"},
	} {
		info, err := buildinfo.ReadFile(filepath.Join(programs, program))
		if err != nil {
			continue // it is not built: what needs it says so
		}
		for _, m := range append(info.Deps, &info.Main) {
			if slices.Contains(modules, m.Path) {
				found[m.Path] = m.Version
			}
		}
	}
	return found
}

// Folder names the results: the date and the machine.
func (m Meta) Folder() string { return fmt.Sprintf("%s-%s-%d-cores", m.Date, Slug(m.CPU), m.Cores) }

// field returns the value of the first line of a file that begins with a name and a colon; empty if there is none.
func field(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func output(name string, args ...string) string {
	text, err := exec.Command(name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// Slug returns a text in letters and digits of ASCII with single dashes between them.
func Slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(strings.NewReplacer("(R)", "", "(TM)", "").Replace(text)), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, "-")
}
