package main

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"

	"tickgate/internal/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// printConfig runs the program with variables, and returns its exit code, its settings and what it complains of.
func printConfig(t *testing.T, environ ...string) (code int, names []string, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run([]string{"--print-config"}, environ, &out, &errs)
	printed := make(map[string]any)
	if err := yaml.Unmarshal(out.Bytes(), &printed); err != nil {
		t.Fatalf("%v in\n%s", err, &out)
	}
	return code, slices.Sorted(maps.Keys(printed)), errs.String()
}

// TestNames: settings.GatewayNames is what feedsim leaves to this program.
func TestNames(t *testing.T) {
	code, names, stderr := printConfig(t)
	if want := slices.Sorted(slices.Values(settings.GatewayNames())); code != exitOK || !slices.Equal(names, want) {
		t.Errorf("exit code %d, %q, settings\n%q\nwant those that other programs know as this one's\n%q", code, stderr, names, want)
	}
}

// TestEnvironmentIsShared with feedsim and the tests, and what nobody knows is refused all the same.
func TestEnvironmentIsShared(t *testing.T) {
	own := settings.GatewayNames()
	environ := []string{"TICKGATE_LONG=1", "TICKGATE_DATA=/data"}
	for _, name := range settings.FeedsimNames() {
		if !slices.Contains(own, name) {
			environ = append(environ, "TICKGATE_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+"=something")
		}
	}
	if code, _, stderr := printConfig(t, environ...); code != exitOK || stderr != "" {
		t.Errorf("exit code %d and %q with\n%q", code, stderr, environ)
	}
	for _, unknown := range []string{"TICKGATE_NO_SUCH_SETTING", "TICKGATE_RING_DEPHT", "TICKGATE_PREFIX", "TICKGATE_PRINT_CONFIG"} {
		if code, _, stderr := printConfig(t, append(environ, unknown+"=1")...); code != exitUsage || !strings.Contains(stderr, unknown) {
			t.Errorf("%s: exit code %d and %q, want it to be refused by name", unknown, code, stderr)
		}
	}
}
