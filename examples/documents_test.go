package examples_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = ".."

// sources are where code that documents show comes from, by the language that its fence names: tests compile or run all of it.
var sources = map[string][]string{
	"go":     {"pkg/client/example_test.go", "examples/watch/main.go", "examples/replay/main.go"},
	"js":     {"web/examples/node-watch.mjs", "web/examples/grpc-js.mjs", "web/examples/websocket-json.mjs"},
	"python": {"examples/replay/replay.py"},
}

// snippet is code in a document.
type snippet struct {
	document string
	line     int
	language string   // empty: it is not fenced
	code     []string // without indentation and empty lines
}

// TestDocumentsShowCodeThatRuns: what a newcomer copies from a document stands in an example, word for word.
func TestDocumentsShowCodeThatRuns(t *testing.T) {
	shown := make(map[string]int)
	for _, document := range documents(t) {
		for _, s := range snippets(document, read(t, document)) {
			switch from := sources[s.language]; {
			case s.language == "" && looksLikeCode(s.code):
				t.Errorf("%s:%d: fence this code and name its language:\n%s", s.document, s.line, strings.Join(s.code, "\n"))
			case s.language == "":
			case from == nil:
				t.Errorf("%s:%d: there are no examples in %q", s.document, s.line, s.language)
			case !slices.ContainsFunc(from, func(source string) bool { return contains(plain(read(t, source)), s.code) }):
				t.Errorf("%s:%d: this stands in none of %v:\n%s", s.document, s.line, from, strings.Join(s.code, "\n"))
			}
			shown[s.language]++
		}
	}
	for language := range sources {
		if shown[language] == 0 {
			t.Errorf("no document shows any %s", language)
		}
	}
}

func TestSnippetsAreFound(t *testing.T) {
	document := "Text\n\n```go\na := 1\n\nb := 2\n```\n\n    make run\n    x := 3\n\nText with x := 4\n"
	got := snippets("a.md", strings.Split(document, "\n"))
	if len(got) != 2 || got[0].language != "go" || got[0].line != 3 || !slices.Equal(got[0].code, []string{"a := 1", "b := 2"}) ||
		got[1].language != "" || !slices.Equal(got[1].code, []string{"make run", "x := 3"}) {
		t.Errorf("%+v", got)
	}
	source := plain(strings.Split("func f() {\n\ta := 1\n\tb := 2\n\tc := 3\n}", "\n"))
	for code, want := range map[string]bool{"a := 1\nb := 2": true, "a := 1\nc := 3": false, "a := 2": false} {
		if got := contains(source, strings.Split(code, "\n")); got != want {
			t.Errorf("%q found: %v, want %v", code, got, want)
		}
	}
}

// documents are those that people read, and the package comment of the SDK.
func documents(t *testing.T) []string {
	t.Helper()
	found := []string{"pkg/client/doc.go"}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "bin", "results", "adr"}, name)):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"):
			relative, err := filepath.Rel(root, path)
			found = append(found, relative)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

// snippets returns the code in a document: what is fenced or, without a language, indented. In a package comment what is indented is Go.
func snippets(document string, lines []string) (found []snippet) {
	indent, unfenced := "    ", ""
	if strings.HasSuffix(document, ".go") {
		indent, unfenced = "//\t", "go"
	}
	var open *snippet
	fenced := false
	for i, line := range append(lines, "") {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && fenced, !fence && !fenced && open != nil && !strings.HasPrefix(line, indent):
			open.code = plain(open.code)
			found = append(found, *open)
			open, fenced = nil, false
		case fence:
			open, fenced = &snippet{document: document, line: i + 1, language: language}, true
		case open == nil && strings.HasPrefix(line, indent):
			open = &snippet{document: document, line: i + 1, language: unfenced}
			fallthrough
		case open != nil:
			open.code = append(open.code, strings.TrimPrefix(line, indent))
		}
	}
	return found
}

var code = regexp.MustCompile(`:= |=> |^import |^const |^func |^for .*[:{]$|^with .*:$`)

func looksLikeCode(lines []string) bool { return slices.ContainsFunc(lines, code.MatchString) }

// plain is code without what differs for where it stands: indentation and empty lines.
func plain(lines []string) (result []string) {
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			result = append(result, line)
		}
	}
	return result
}

func contains(source, part []string) bool {
	for i := range source {
		if len(source)-i >= len(part) && slices.Equal(source[i:i+len(part)], part) {
			return len(part) > 0
		}
	}
	return false
}
