package importrules_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rule forbids packages to import others.
type rule struct {
	packages string   // path prefix of the packages that it binds
	except   []string // path prefixes that it does not bind
	forbids  []string // path prefixes of imports
	allows   []string // exceptions to forbids
	reason   string
}

const module = "tickgate/"

var rules = []rule{
	{packages: "pkg/tick", forbids: []string{"tickgate/", "google.golang.org/", "github.com/", "golang.org/"},
		reason: "tick holds the plain values of every stage: whoever imports it gets the standard library and nothing else"},
	{packages: "pkg/ringbuf", forbids: []string{"tickgate/", "google.golang.org/", "github.com/", "golang.org/"},
		reason: "the ring can be read, proved and reused by itself"},
	{packages: "pkg/subscription", forbids: []string{"tickgate/", "google.golang.org/", "github.com/", "golang.org/"},
		allows: []string{"tickgate/pkg/tick", "tickgate/pkg/ringbuf"},
		reason: "who wants what, and when it is due, does not depend on bus or transport"},
	{packages: "pkg/client", forbids: []string{"tickgate/"}, allows: []string{"tickgate/pkg/tick", "tickgate/proto"},
		reason: "the SDK is what other people's programs import: the API and plain values, nothing of the gateway"},
	{packages: "pkg/", forbids: []string{"tickgate/internal/", "tickgate/cmd/"},
		reason: "imports run one way: cmd, internal, pkg, standard library"},
	{packages: "internal/", forbids: []string{"tickgate/cmd/"},
		reason: "imports run one way: cmd, internal, pkg, standard library"},
	{packages: "internal/feed", except: []string{"internal/feedsim"}, forbids: []string{"tickgate/internal/stream", "google.golang.org/grpc"},
		reason: "the feed does not know its readers; it meets them in the table"},
	{packages: "internal/stream", forbids: []string{"tickgate/internal/feed", "tickgate/internal/bus", "github.com/nats-io"},
		reason: "a stream does not know where values come from"},
	{packages: "", except: []string{"internal/bus", "internal/feed", "internal/feedsim", "internal/natsd", "internal/kept", "internal/gateway/gatewaytest", "cmd/feedsim", "bench"},
		forbids: []string{"github.com/nats-io/nats.go"},
		reason:  "NATS is known where messages are published and read, and where the connection is made"},
	{packages: "", except: []string{"internal/natsd"}, forbids: []string{"github.com/nats-io/nats-server"},
		reason: "the embedded server is one package's business"},
	{packages: "internal/playback", except: []string{"internal/playback/serve"}, forbids: []string{"google.golang.org/grpc", "tickgate/internal/stream"},
		reason: "what is played, and when, does not depend on how it is served"},
	{packages: "internal/wire", forbids: []string{"google.golang.org/grpc", "tickgate/internal/", "tickgate/pkg/subscription"},
		reason: "encoding knows values and bytes, not streams"},
	{packages: "internal/history", forbids: []string{"tickgate/internal/", "tickgate/pkg/subscription", "tickgate/pkg/ringbuf"},
		reason: "the checker shares no code with what it checks"},
}

// goPackage is what `go list` says of a package.
type goPackage struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func hasPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		return s == prefix || strings.HasPrefix(s, strings.TrimSuffix(prefix, "/")+"/")
	})
}

func (r rule) binds(path string) bool {
	return (r.packages == "" || hasPrefix(path, []string{r.packages})) && !hasPrefix(path, r.except)
}

func (r rule) violations(p goPackage) []string {
	if !r.binds(strings.TrimPrefix(p.ImportPath, module)) {
		return nil
	}
	var bad []string
	for _, imported := range p.Imports {
		if hasPrefix(imported, r.forbids) && !hasPrefix(imported, r.allows) {
			bad = append(bad, imported)
		}
	}
	return bad
}

func TestImportsRunOneWay(t *testing.T) {
	for _, p := range packages(t) {
		for _, r := range rules {
			for _, imported := range r.violations(p) {
				t.Errorf("%s imports %s, but %s", p.ImportPath, imported, r.reason)
			}
		}
	}
}

func TestRulesCatchViolations(t *testing.T) {
	for _, c := range []struct{ path, imported string }{
		{"pkg/tick", "tickgate/pkg/ringbuf"},
		{"pkg/subscription", "google.golang.org/grpc"},
		{"internal/feed", "tickgate/internal/stream"},
		{"internal/stream", "github.com/nats-io/nats.go"},
		{"internal/playback", "google.golang.org/grpc"},
		{"internal/history", "tickgate/pkg/ringbuf"},
		{"cmd/gateway", "github.com/nats-io/nats-server/v2/server"},
	} {
		p := goPackage{ImportPath: module + c.path, Imports: []string{c.imported}}
		if !slices.ContainsFunc(rules, func(r rule) bool { return len(r.violations(p)) > 0 }) {
			t.Errorf("no rule forbids %s to import %s", c.path, c.imported)
		}
	}
}

func TestPackagesAreDocumented(t *testing.T) {
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		if len(p.GoFiles) == 0 || hasPrefix(path, []string{"cmd", "proto", "bench", "examples"}) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(p.Dir, "doc.go"))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		for _, section := range []string{"# Use", "# Concurrency", "# Slow readers", "# Limits"} {
			if !strings.Contains(string(text), "// "+section+"\n") {
				t.Errorf("%s: doc.go has no section %q", path, section)
			}
		}
	}
}
