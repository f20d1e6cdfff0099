package report

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
	"unicode"
)

// Meta says where and when results were measured.
type Meta struct {
	Date     string  `json:"date"`
	CPU      string  `json:"cpu"`
	Cores    int     `json:"cores"`
	MemoryMB int64   `json:"memory_mb"`
	Kernel   string  `json:"kernel"`
	Go       string  `json:"go"`
	Commit   string  `json:"commit"` // with "-dirty" if files differ from it
	Command  string  `json:"command"`
	Seconds  float64 `json:"seconds"`
}

// NewMeta describes this machine and a run on it.
func NewMeta(command string, begun time.Time, took time.Duration) Meta {
	m := Meta{
		Date: begun.UTC().Format(time.DateOnly), Cores: runtime.NumCPU(), Go: runtime.Version(), Command: strings.TrimSpace(command), Seconds: took.Seconds(),
		CPU: field("/proc/cpuinfo", "model name"), Commit: output("git", "describe", "--always", "--dirty", "--abbrev=12"), Kernel: output("uname", "-sr"),
	}
	_, _ = fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%d", &m.MemoryMB)
	m.MemoryMB >>= 10
	return m
}

// Folder names the results: the date and the machine.
func (m Meta) Folder() string { return fmt.Sprintf("%s-%s-%d-cores", m.Date, slug(m.CPU), m.Cores) }

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

// slug returns a text in letters and digits of ASCII with single dashes between them.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(strings.NewReplacer("(R)", "", "(TM)", "").Replace(text)), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, "-")
}
