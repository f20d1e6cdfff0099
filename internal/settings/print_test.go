package settings_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"tickgate/internal/settings"
)

func TestPrintConfig(t *testing.T) {
	_, _, got, err := load(t, "send-stall: 1m\nkinds: ['null', \"a\\nb\", 'nats://token@h']\n",
		[]string{"TICKGATE_NATS_URL=nats://me:hush@h:4222", "TICKGATE_RING_DEPTH=8"}, []string{"--print-config", "--nats-password=hush", "--embed"})
	if !errors.Is(err, settings.ErrPrinted) {
		t.Fatalf("error is %v", err)
	}
	want := `# Effective settings of gateway. A flag wins over the environment, the environment over the file, the file over the default.
# nats-url: nats://***@h:4222 # environment variable TICKGATE_NATS_URL
# nats-password: '***' # flag --nats-password
ring-depth: 8 # environment variable TICKGATE_RING_DEPTH
offset: 0 # default
embed: true # flag --embed
send-stall: 1m0s # gateway.yaml key send-stall
speed: 1 # default
# kinds: ["null", "a\nb", 'nats://***@h'] # gateway.yaml key kinds
`
	if got := withoutFolder(errors.New(got)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPrintConfigIsRefusedWhereTheConfigurationIs(t *testing.T) {
	_, _, out, err := load(t, "speed: fast\n", nil, []string{"--print-config"})
	if err == nil || errors.Is(err, settings.ErrPrinted) || out != "" {
		t.Errorf("error %v, printed %q", err, out)
	}
}

// TestPrintedConfigLoads holds that what is printed, loaded as a file, gives the same values, whatever text is in them.
func TestPrintedConfigLoads(t *testing.T) {
	path := t.TempDir() + "/printed.yaml"
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"null", "0123", "1e6", "~", "yes", "12:30:00", "# x", "a: b", "'", "2024-01-02", "<<", "=", "\n", "\nA", "\x00", "\ufeff"}))
		url := text.Filter(func(s string) bool { return !strings.Contains(s, "://") }).Draw(rt, "nats-url")
		kinds := rapid.SliceOfN(text, 1, 3).Draw(rt, "kinds")
		file := "nats-url: " + quoted(rt, url) + "\nkinds:\n"
		for _, kind := range kinds {
			file += "- " + quoted(rt, kind) + "\n"
		}
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			rt.Fatal(err)
		}
		first, printed := loadPrinting(rt, path, nil)
		if err := os.WriteFile(path, []byte(printed), 0o600); err != nil {
			rt.Fatal(err)
		}
		second, _ := loadPrinting(rt, path, nil)
		if first.URL != url || second.URL != url || strings.Join(second.Kinds, "\x01") != strings.Join(first.Kinds, "\x01") {
			rt.Fatalf("%q and %q were printed as\n%s\nand read as %q and %q", url, kinds, printed, second.URL, second.Kinds)
		}
	})
}

// quoted returns a text as a double-quoted YAML scalar: the block style that the library chooses by itself for "\nA" in a list is
// one that it cannot read.
func quoted(t *rapid.T, text string) string {
	out, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: text})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func loadPrinting(t *rapid.T, path string, environ []string) (config, string) {
	c := defaults()
	var out strings.Builder
	if err := newSet(&c).Load([]string{"--print-config", "--config", path}, environ, &out); !errors.Is(err, settings.ErrPrinted) {
		t.Fatal(err)
	}
	return c, out.String()
}

func TestHelp(t *testing.T) {
	for _, flag := range []string{"--help", "-h"} {
		_, _, got, err := load(t, "no: such\n", []string{"TICKGATE_NO=1"}, []string{flag})
		if !errors.Is(err, settings.ErrHelp) {
			t.Fatalf("error is %v", err)
		}
		for _, want := range []string{
			"Usage: gateway [flags]\n\nServes market data.\n", "--ring-depth records", "(default 64)", "--config file", "--print-config", "-h, --help",
			"TICKGATE_NAME_OF_SETTING", "A flag wins over the environment",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in\n%s", want, got)
			}
		}
	}
}
