package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"tickgate/internal/settings"
)

// TestNames: settings.FeedsimNames is what the gateway leaves to this program.
func TestNames(t *testing.T) {
	printed := make(map[string]any)
	for _, c := range commands() {
		code, stdout, stderr := feedsimRun(t.Context(), t, nil, c.name, "--print-config")
		if err := yaml.Unmarshal([]byte(stdout), &printed); err != nil || code != exitOK {
			t.Fatalf("%s: exit code %d, %q, %v", c.name, code, stderr, err)
		}
	}
	names, want := slices.Sorted(maps.Keys(printed)), slices.Sorted(slices.Values(settings.FeedsimNames()))
	if !slices.Equal(names, want) {
		t.Errorf("settings\n%q\nwant those that other programs know as this one's\n%q", names, want)
	}
}

// TestEnvironmentIsShared with the gateway, the tests and the other command, and what nobody knows is refused all the same.
func TestEnvironmentIsShared(t *testing.T) {
	own := settings.FeedsimNames()
	shared := []string{"TICKGATE_LONG=1", "TICKGATE_DATA=/data"}
	for _, name := range settings.GatewayNames() {
		if !slices.Contains(own, name) {
			shared = append(shared, "TICKGATE_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+"=something")
		}
	}
	for command, another := range map[string]string{"generate": "TICKGATE_CLONES=many", "replay": "TICKGATE_RATE=many"} {
		environ := append(slices.Clone(shared), another)
		if code, _, stderr := feedsimRun(t.Context(), t, environ, command, "--print-config"); code != exitOK || stderr != "" {
			t.Errorf("%s: exit code %d and %q with\n%q", command, code, stderr, environ)
		}
		for _, unknown := range []string{"TICKGATE_NO_SUCH_SETTING", "TICKGATE_RING_DEPHT", "TICKGATE_PREFIX"} {
			code, _, stderr := feedsimRun(t.Context(), t, append(slices.Clone(environ), unknown+"=1"), command, "--print-config")
			if code != exitUsage || !strings.Contains(stderr, unknown) {
				t.Errorf("%s, %s: exit code %d and %q, want it to be refused by name", command, unknown, code, stderr)
			}
		}
	}
}
