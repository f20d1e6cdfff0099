package settings_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tickgate/internal/settings"
)

// config has a field of every type that the programs use.
type config struct {
	URL      string
	Password string
	Depth    int
	Offset   int64
	Embed    bool
	Stall    time.Duration
	Speed    float64
	Kinds    []string
}

func defaults() config {
	return config{URL: "nats://127.0.0.1:4222", Depth: 64, Stall: 5 * time.Second, Speed: 1, Kinds: []string{"quote", "trade"}}
}

func newSet(c *config) *settings.Set {
	s := settings.New("gateway", "TICKGATE")
	s.Description = "Serves market data."
	s.Flags().StringVar(&c.URL, "nats-url", c.URL, "NATS server to join")
	s.SecretVar(&c.Password, "nats-password", "password for NATS")
	s.Flags().IntVar(&c.Depth, "ring-depth", c.Depth, "`records` kept per symbol")
	s.Flags().Int64Var(&c.Offset, "offset", c.Offset, "first `row`")
	s.Flags().BoolVar(&c.Embed, "embed", c.Embed, "embed NATS")
	s.Flags().DurationVar(&c.Stall, "send-stall", c.Stall, "close a connection that took nothing for so long")
	s.Flags().Float64Var(&c.Speed, "speed", c.Speed, "times the recorded pace")
	s.Flags().StringSliceVar(&c.Kinds, "kinds", c.Kinds, "`kinds` of events")
	s.IgnoreEnv("TICKGATE_DATA", "TICKGATE_FEEDSIM_*", "TICKGATE_NATS_URL") // the last is a setting all the same
	return s
}

// writeFile returns the path of a file with the text, in a folder whose name is cut from error texts by the tests.
func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load loads with the file, if any, named by the environment.
func load(t *testing.T, file string, environ, args []string) (config, *settings.Set, string, error) {
	t.Helper()
	if file != "" {
		path := writeFile(t, file)
		environ = append(environ, "TICKGATE_CONFIG="+path)
	}
	c := defaults()
	s := newSet(&c)
	var out bytes.Buffer
	err := s.Load(args, environ, &out)
	return c, s, out.String(), err
}

func TestPrecedence(t *testing.T) {
	const file = "nats-url: nats://file\nring-depth: 128\nsend-stall: 1m\nkinds: [status]\nembed: true\nspeed: 2\noffset: 7\n"
	tests := []struct {
		name    string
		file    string
		environ []string
		args    []string
		change  func(*config)
		source  settings.Source // of nats-url
	}{
		{"nothing: the defaults", "", nil, nil, func(*config) {}, settings.FromDefault},
		{"an empty file: the defaults", " \n", nil, nil, func(*config) {}, settings.FromDefault},
		{"the file over the default", file, nil, nil, func(c *config) {
			*c = config{URL: "nats://file", Depth: 128, Stall: time.Minute, Kinds: []string{"status"}, Embed: true, Speed: 2, Offset: 7}
		}, settings.FromFile},
		{"the environment over the file", "nats-url: nats://file\nkinds: [status]\n",
			[]string{"TICKGATE_NATS_URL=nats://env", "TICKGATE_KINDS=quote,status", "HOME=/x", "TICKGATE_DATA=/y", "TICKGATE_FEEDSIM_RATE=5"}, nil,
			func(c *config) { c.URL, c.Kinds = "nats://env", []string{"quote", "status"} }, settings.FromEnvironment},
		{"the flag over everything", "nats-url: nats://file\nkinds: [status]\nembed: true\n", []string{"TICKGATE_NATS_URL=nats://env", "TICKGATE_KINDS=status"},
			[]string{"--nats-url=nats://flag", "--kinds", "trade", "--kinds=status", "--embed=false"},
			func(c *config) { c.URL, c.Kinds = "nats://flag", []string{"trade", "status"} }, settings.FromFlag},
		{"a flag that says the default still wins", "nats-url: nats://file\nring-depth: 128\n", nil,
			[]string{"--nats-url", "nats://127.0.0.1:4222", "--ring-depth=64"}, func(*config) {}, settings.FromFlag},
		{"empty values are values", "kinds: [status]\n", []string{"TICKGATE_NATS_URL=", "TICKGATE_KINDS="}, nil,
			func(c *config) { c.URL, c.Kinds = "", []string{} }, settings.FromEnvironment},
		{"YAML text for other types, an equals sign in a variable", "ring-depth: '32'\nsend-stall: \"250ms\"\n", []string{"TICKGATE_NATS_URL=a=b"}, nil,
			func(c *config) { c.URL, c.Depth, c.Stall = "a=b", 32, 250*time.Millisecond }, settings.FromEnvironment},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, s, _, err := load(t, tt.file, tt.environ, tt.args)
			if err != nil {
				t.Fatal(err)
			}
			want := defaults()
			tt.change(&want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if s.Source("nats-url") != tt.source {
				t.Errorf("source of nats-url is %d, want %d", s.Source("nats-url"), tt.source)
			}
		})
	}
}

func TestConfigFileIsNamedByFlagOverEnvironment(t *testing.T) {
	byFlag, byEnv := writeFile(t, "ring-depth: 8\n"), writeFile(t, "ring-depth: 16\n")
	for _, tt := range []struct {
		args []string
		want int
	}{{nil, 16}, {[]string{"--config", byFlag}, 8}, {[]string{"--config="}, 64}} {
		c := defaults()
		if err := newSet(&c).Load(tt.args, []string{"TICKGATE_CONFIG=" + byEnv}, io.Discard); err != nil || c.Depth != tt.want {
			t.Errorf("%v: depth %d, error %v, want %d", tt.args, c.Depth, err, tt.want)
		}
	}
}

func TestRefused(t *testing.T) {
	var field *settings.FieldError
	const unknown = "settings: no such setting: "
	tests := []struct {
		name    string
		file    string
		environ []string
		args    []string
		is      error // nil: a FieldError
		want    string
	}{
		{"flag misspelt", "", nil, []string{"--nats-ulr=x"}, settings.ErrUnknown, unknown + "flag --nats-ulr, did you mean --nats-url?"},
		{"flag unknown", "", nil, []string{"--colour"}, settings.ErrUnknown, unknown + "flag --colour, --help lists them"},
		{"shorthand unknown", "", nil, []string{"-xy"}, settings.ErrUnknown, unknown + "flag -xy, --help lists them"},
		{"flag of no name", "", nil, []string{"--=x"}, settings.ErrArgument, `settings: unexpected argument: bad flag syntax: --=x`},
		{"flag without its value", "", nil, []string{"--ring-depth"}, nil, `settings: flag --ring-depth "": a value is missing, expected a whole number of at most 64 bits`},
		{"argument", "", nil, []string{"--embed", "false"}, settings.ErrArgument,
			`settings: unexpected argument: "false" (a flag that is true or false is given as --name=false)`},
		{"flag not a number", "", nil, []string{"--ring-depth=abc"}, nil, `settings: flag --ring-depth "abc": expected a whole number of at most 64 bits`},
		{"flag out of range", "", nil, []string{"--offset=9223372036854775808"}, nil,
			`settings: flag --offset "9223372036854775808": expected a whole number of at most 64 bits`},
		{"flag without unit", "", nil, []string{"--send-stall=5"}, nil,
			`settings: flag --send-stall "5": expected a duration with its unit such as 250ms, 10s or 1m30s`},
		{"flag not finite", "", nil, []string{"--speed=NaN"}, nil, `settings: flag --speed "NaN": expected a number`},
		{"flag not a list", "", nil, []string{`--kinds="a`}, nil, `settings: flag --kinds "\"a": expected a list such as a,b,c`},
		{"variable misspelt", "", []string{"TICKGATE_NATS_ULR=x"}, nil, settings.ErrUnknown,
			unknown + "environment variable TICKGATE_NATS_ULR, did you mean TICKGATE_NATS_URL?"},
		{"variable in small letters", "", []string{"TICKGATE_nats_url=x"}, nil, settings.ErrUnknown,
			unknown + "environment variable TICKGATE_nats_url, did you mean TICKGATE_NATS_URL?"},
		{"variable unknown; its value may be a secret", "", []string{"TICKGATE_TOKEN=hush"}, nil, settings.ErrUnknown,
			unknown + "environment variable TICKGATE_TOKEN, --help lists them"},
		{"variable of a flag that is no setting", "", []string{"TICKGATE_PRINT_CONFIG=1"}, nil, settings.ErrUnknown,
			unknown + "environment variable TICKGATE_PRINT_CONFIG, --help lists them"},
		{"variable not true or false", "", []string{"TICKGATE_EMBED=yes"}, nil, nil,
			`settings: environment variable TICKGATE_EMBED "yes": expected true or false`},
		{"variable empty", "", []string{"TICKGATE_RING_DEPTH="}, nil, nil, `settings: environment variable TICKGATE_RING_DEPTH "": expected a whole number of at most 64 bits`},
		{"key misspelt", "nats_url: x\n", nil, nil, settings.ErrUnknown, unknown + "gateway.yaml key nats_url, did you mean nats-url?"},
		{"key nested", "nats:\n  url: x\n", nil, nil, settings.ErrUnknown, unknown + "gateway.yaml key nats.url, did you mean nats-url?"},
		{"key of a flag that is no setting", "config: x\n", nil, nil, settings.ErrUnknown, unknown + "gateway.yaml key config, --help lists them"},
		{"key not a number", "ring-depth: many\n", nil, nil, nil, `settings: gateway.yaml key ring-depth "many": expected a whole number of at most 64 bits`},
		{"key with a fraction", "ring-depth: 1.5\n", nil, nil, nil, `settings: gateway.yaml key ring-depth "1.5": expected a whole number of at most 64 bits`},
		{"key without unit", "send-stall: 5\n", nil, nil, nil,
			`settings: gateway.yaml key send-stall "5": expected a duration with its unit such as 250ms, 10s or 1m30s`},
		{"key without value", "nats-url:\n", nil, nil, nil, `settings: gateway.yaml key nats-url "": expected text`},
		{"key whose text YAML reads as a number", "nats-url: 0123\n", nil, nil, nil, `settings: gateway.yaml key nats-url "83": expected text, put it in quotes`},
		{"key whose list has a number", "kinds: [quote, 1]\n", nil, nil, nil, `settings: gateway.yaml key kinds "[quote 1]": entry 2: expected text, put it in quotes`},
		{"key with a list", "ring-depth: [1, 2]\n", nil, nil, nil, `settings: gateway.yaml key ring-depth "[1 2]": expected a whole number of at most 64 bits`},
		{"key with a map", "nats-url: {}\n", nil, nil, nil, `settings: gateway.yaml key nats-url "map[]": expected text`},
		{"key with a date", "nats-url: 2024-01-02\n", nil, nil, nil, `settings: gateway.yaml key nats-url "2024-01-02 00:00:00 +0000 UTC": expected text`},
		{"a mistake that a flag overrides", "ring-depth: many\n", nil, []string{"--ring-depth=8"}, nil,
			`settings: gateway.yaml key ring-depth "many": expected a whole number of at most 64 bits`},
		{"file: not YAML", "a: [\n", nil, nil, settings.ErrFile,
			"settings: configuration file: gateway.yaml, named by TICKGATE_CONFIG: yaml: line 1: did not find expected node content"},
		{"file: not a map", "- a\n", nil, nil, settings.ErrFile,
			"settings: configuration file: gateway.yaml, named by TICKGATE_CONFIG: yaml: unmarshal errors: line 1: cannot unmarshal !!seq into map[string]interface {}"},
		{"file: a key twice", "speed: 1\nspeed: 2\n", nil, nil, settings.ErrFile,
			`settings: configuration file: gateway.yaml, named by TICKGATE_CONFIG: yaml: unmarshal errors: line 2: mapping key "speed" already defined at line 1`},
		{"file: two documents", "speed: 1\n---\nspeed: 2\n", nil, nil, settings.ErrFile,
			"settings: configuration file: gateway.yaml, named by TICKGATE_CONFIG: expected one YAML document, there are more"},
		{"file: missing", "", nil, []string{"--config=no-such.yaml"}, settings.ErrFile,
			"settings: configuration file: no-such.yaml, named by --config: open no-such.yaml: no such file or directory"},
		{"every mistake at once", "speed: fast\nspede: 2\n", []string{"TICKGATE_EMBED=2"}, nil, settings.ErrUnknown,
			unknown + "gateway.yaml key spede, did you mean speed?\nsettings: gateway.yaml key speed \"fast\": expected a number\n" +
				"settings: environment variable TICKGATE_EMBED \"2\": expected true or false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, out, err := load(t, tt.file, tt.environ, tt.args)
			if err == nil {
				t.Fatal("no error")
			}
			if got := withoutFolder(err); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) || tt.is == nil && !errors.As(err, &field) {
				t.Errorf("%T is not %v", err, tt.is)
			}
			if out != "" {
				t.Errorf("printed %q", out)
			}
		})
	}
}

// withoutFolder cuts the folder of the configuration file out of an error's text.
func withoutFolder(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		words := strings.Split(line, " ")
		for j, word := range words {
			if strings.Contains(word, "gateway.yaml") {
				words[j] = filepath.Base(word)
			}
		}
		lines[i] = strings.Join(words, " ")
	}
	return strings.Join(lines, "\n")
}

func TestRefusedSecretsStayHidden(t *testing.T) {
	tests := []struct {
		name, file string
		args       []string
	}{
		{"a secret that YAML reads as a number", "nats-password: 424242\n", nil},
		{"a secret with a list", "nats-password: [424242]\n", nil},
		{"a URL where a number is expected", "ring-depth: nats://u:424242@h\n", nil},
		{"a URL in a flag", "", []string{"--ring-depth=nats://u:42/42@42@h"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, _, err := load(t, tt.file, nil, tt.args)
			if err == nil {
				t.Fatal("it was taken")
			}
			if text := withoutFolder(err); strings.Contains(text, "42") || !strings.Contains(text, "***") { // the folder's name is random
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	errOdd := errors.New("ringbuf: depth: 3 is not a power of two")
	_, s, _, err := load(t, "", []string{"TICKGATE_RING_DEPTH=3", "TICKGATE_NATS_PASSWORD=hush"}, []string{"--send-stall=0s"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ring-depth":    `settings: environment variable TICKGATE_RING_DEPTH "3": ` + errOdd.Error(),
		"send-stall":    `settings: flag --send-stall "0s": ` + errOdd.Error(),
		"speed":         `settings: default of --speed "1": ` + errOdd.Error(),
		"nats-password": `settings: environment variable TICKGATE_NATS_PASSWORD "***": ` + errOdd.Error(),
		"no-such":       `settings: no such setting: no-such: ` + errOdd.Error(),
	} {
		got := s.Check(name, errOdd)
		if got.Error() != want || !errors.Is(got, errOdd) {
			t.Errorf("got  %v\nwant %s", got, want)
		}
	}
	if err := s.Check("speed", nil); err != nil {
		t.Errorf("no mistake: %v", err)
	}
}

func TestArguments(t *testing.T) {
	var rate int
	s := settings.New("feedsim replay", "TICKGATE")
	s.Arguments = "FILE..."
	s.Flags().IntVar(&rate, "rate", 0, "events per second")
	if err := s.Load([]string{"a.csv", "--rate=5", "--", "--b.csv"}, nil, io.Discard); err != nil {
		t.Fatal(err)
	}
	if got := s.Flags().Args(); !reflect.DeepEqual(got, []string{"a.csv", "--b.csv"}) || rate != 5 {
		t.Errorf("arguments %q, rate %d", got, rate)
	}
}

// TestProjectVariables: one environment for all programs of the project.
func TestProjectVariables(t *testing.T) {
	known := settings.ProjectVariables()
	for _, want := range []string{"TICKGATE_RING_DEPTH", "TICKGATE_BURST_FACTOR", "TICKGATE_NATS_URL", "TICKGATE_DATA", "TICKGATE_LONG"} {
		if !slices.Contains(known, want) {
			t.Errorf("%s is not known", want)
		}
	}
	seed := 0
	s := settings.New("feedsim generate", settings.ProjectPrefix)
	s.IgnoreEnv(known...)
	s.Flags().IntVar(&seed, "seed", seed, "where everything random begins")
	if err := s.Load(nil, []string{"TICKGATE_RING_DEPTH=deep", "TICKGATE_SEED=7"}, io.Discard); err != nil || seed != 7 {
		t.Errorf("seed is %d, error %v, want 7 and the gateway's variable to be left alone", seed, err)
	}
}
