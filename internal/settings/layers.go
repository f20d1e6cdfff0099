package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	yamlparser "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// nesting joins the keys of a nested file, which none of the settings has.
const nesting = "."

// layer is what one source says.
type layer struct {
	source Source
	values map[string]any           // by name; a name may be unknown
	spell  func(name string) string // how the source spells a setting
	where  func(name string) string // the source and the spelling there
}

// flagLayer takes the flags that were given. It copies their values, so that lower layers can be assigned first.
func (s *Set) flagLayer() (layer, error) {
	k := koanf.New(nesting)
	if err := k.Load(posflag.Provider(s.flags, nesting, nil), nil); err != nil {
		return layer{}, fmt.Errorf("%w: %w", ErrArgument, err)
	}
	for _, own := range []string{configName, printName, helpName} {
		k.Delete(own)
	}
	spell := func(name string) string { return "--" + name }
	return layer{FromFlag, k.All(), spell, func(name string) string { return "flag " + spell(name) }}, nil
}

// environmentLayer takes the variables with the prefix. An empty variable is a value: the empty text, or a mistake. What is no setting keeps the
// variable's name.
func (s *Set) environmentLayer(environ []string) (layer, error) {
	provider := env.Provider("", env.Opt{
		Prefix:      s.envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(variable, value string) (string, any) {
			name := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, s.envPrefix), "_", "-"))
			switch {
			case s.lookup(name) != nil && variable == s.envName(name):
				return name, value
			case variable == s.envName(configName) || s.envIgnored(variable):
				return "", nil // left out
			}
			return variable, value
		},
	})
	values, err := provider.Read()
	if err != nil {
		return layer{}, fmt.Errorf("settings: environment: %w", err)
	}
	where := func(name string) string {
		if s.lookup(name) != nil {
			name = s.envName(name)
		}
		return "environment variable " + name
	}
	return layer{FromEnvironment, values, s.envName, where}, nil
}

// configFile returns the path of the file and who named it. The flag wins even when it is empty: no file.
func (s *Set) configFile(environ []string, fromFlag string) (path, namedBy string) {
	if s.flags.Changed(configName) {
		return fromFlag, "--" + configName
	}
	variable := s.envName(configName)
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, variable+"="); ok {
			path = value
		}
	}
	return path, variable
}

func (s *Set) fileLayer(path, namedBy string) (layer, error) {
	if path == "" {
		return layer{}, nil
	}
	k := koanf.New(nesting)
	if err := k.Load(file.Provider(path), oneDocument{yamlparser.Parser()}); err != nil {
		// The parser tells several mistakes on several lines.
		reason := strings.Join(strings.Fields(err.Error()), " ")
		return layer{}, fmt.Errorf("%w: %s, named by %s: %s", ErrFile, path, namedBy, reason)
	}
	spell := func(name string) string { return name }
	return layer{FromFile, k.All(), spell, func(name string) string { return path + " key " + name }}, nil
}

// oneDocument refuses a file with more documents than the one that the parser would read.
type oneDocument struct{ *yamlparser.YAML }

// Unmarshal implements koanf.Parser.
func (p oneDocument) Unmarshal(text []byte) (map[string]any, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for documents := 0; ; documents++ {
		var document yaml.Node
		switch err := decoder.Decode(&document); {
		case errors.Is(err, io.EOF):
			return p.YAML.Unmarshal(text)
		case err != nil:
			return nil, err
		case documents > 0:
			return nil, errors.New("expected one YAML document, there are more")
		}
	}
}
