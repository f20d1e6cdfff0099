package settings

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// helpColumns is where the lines of --help are wrapped.
const helpColumns = 120

const precedence = "A flag wins over the environment, the environment over the file, the file over the default."

func (s *Set) writeHelp(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", strings.TrimSpace("Usage: "+s.program+" [flags] "+s.Arguments))
	if s.Description != "" {
		fmt.Fprintf(&b, "%s\n\n", s.Description)
	}
	fmt.Fprintf(&b, "Flags:\n%s\n", s.flags.FlagUsagesWrapped(helpColumns))
	fmt.Fprintf(&b, "--name-of-setting is the environment variable %s and the key name-of-setting of the YAML file, too.\n%s\n",
		s.envName("name-of-setting"), precedence)
	_, err := io.WriteString(out, b.String())
	return err
}

// writeConfig writes the effective values as a file that could be loaded. What has a secret in it stands in a comment, since
// loading it would set a wrong one.
func (s *Set) writeConfig(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Effective settings of %s. %s\n", s.program, precedence)
	var failed error
	s.settings(func(flag *pflag.Flag) {
		value := s.current(flag)
		safe := s.safe(flag, value)
		text, err := inline(safe)
		if err != nil {
			failed = fmt.Errorf("settings: print %s: %w", flag.Name, err)
			return
		}
		begin, source := "", s.where(flag.Name)
		if whole, err := inline(value); err != nil || whole != text { // by what is printed: no list and an empty one are the same
			begin = "# "
		}
		if _, ok := s.origins[flag.Name]; !ok {
			source = "default"
		}
		fmt.Fprintf(&b, "%s%s: %s # %s\n", begin, flag.Name, text, source)
	})
	if failed != nil {
		return failed
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// inline returns a value as YAML on one line.
func inline(value any) (string, error) {
	node, err := flow(value)
	if err != nil {
		return "", err
	}
	text, err := yaml.Marshal(node)
	return strings.TrimSuffix(string(text), "\n"), err
}

// flow builds the node of a value. Texts and lists are built here and not by yaml.Node.Encode: that writes and reads its value,
// and cannot read the block that it writes for a list's "\nA".
func flow(value any) (*yaml.Node, error) {
	switch value := value.(type) {
	case string:
		node := &yaml.Node{}
		node.SetString(value)
		node.Style = 0
		if strings.ContainsFunc(value, notPlain) {
			node.Style = yaml.DoubleQuotedStyle
		}
		return node, nil
	case []string:
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, text := range value {
			node, err := flow(text)
			if err != nil {
				return nil, err
			}
			list.Content = append(list.Content, node)
		}
		return list, nil
	default:
		node := &yaml.Node{}
		return node, node.Encode(value)
	}
}

// notPlain finds what a reader of the file may not see, or may see as the end of the line.
func notPlain(r rune) bool { return !unicode.IsPrint(r) }
