package settings

import (
	"fmt"
	"strings"

	"github.com/knadh/koanf/providers/posflag"
	"github.com/spf13/pflag"
)

// Flags that every Set has. They are not settings: of the three only config has an environment variable.
const (
	configName = "config"
	printName  = "print-config"
	helpName   = "help"
)

// Set is the settings of one program or subcommand.
type Set struct {
	// Description stands below the usage line of --help.
	Description string
	// Arguments names the arguments after the flags in the usage line, such as "FILE..."; with "" there may be none.
	Arguments string

	// Not changed by Load.
	program    string
	envPrefix  string // with the underscore
	flags      *pflag.FlagSet
	secrets    map[string]struct{} // names
	ignoredEnv []string            // patterns

	// Written by Load.
	origins map[string]origin // by name; a default has none
}

// origin is where an effective value comes from.
type origin struct {
	source Source
	where  string // as FieldError.Where
}

// Source is a kind of place that values come from.
type Source uint8

// The sources; a higher one wins.
const (
	FromDefault Source = iota
	FromFile
	FromEnvironment
	FromFlag
)

// New returns an empty set. program is as the user types it, "feedsim replay"; envPrefix is without the underscore, "TICKGATE".
func New(program, envPrefix string) *Set {
	flags := pflag.NewFlagSet(program, pflag.ContinueOnError)
	flags.SortFlags = false
	flags.Usage = func() {}
	return &Set{
		program:   program,
		envPrefix: envPrefix + "_",
		flags:     flags,
		secrets:   make(map[string]struct{}),
		origins:   make(map[string]origin),
	}
}

// Flags is where settings are registered, with the XxxVar methods of pflag, and where the arguments are found after Load. The order of
// registration is the order of --help and --print-config.
func (s *Set) Flags() *pflag.FlagSet { return s.flags }

// SecretVar registers a setting whose value is never shown. A secret has no default.
func (s *Set) SecretVar(p *string, name, usage string) {
	s.flags.StringVar(p, name, "", usage)
	s.secrets[name] = struct{}{}
}

// IgnoreEnv names environment variables that have the prefix and are not settings. A name that ends in * stands for all that begin so. What is registered is a setting
// even if it is named here.
func (s *Set) IgnoreEnv(names ...string) { s.ignoredEnv = append(s.ignoredEnv, names...) }

// Source returns where the effective value of a setting comes from, after Load.
func (s *Set) Source(name string) Source { return s.origins[name].source }

func (s *Set) where(name string) string {
	if o, ok := s.origins[name]; ok {
		return o.where
	}
	return "default of --" + name
}

// current returns the effective value: durations as text, all else in its type.
func (s *Set) current(flag *pflag.Flag) any {
	if flag.Value.Type() == "stringSlice" {
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			return list.GetSlice() // posflag goes through CSV, which turns "\r\n" into "\n"
		}
	}
	value := posflag.FlagVal(s.flags, flag)
	if text, ok := value.(fmt.Stringer); ok {
		return text.String()
	}
	return value
}

func (s *Set) envName(name string) string {
	return s.envPrefix + variableOf(name)
}

func (s *Set) envIgnored(variable string) bool {
	for _, pattern := range s.ignoredEnv {
		begin, wild := strings.CutSuffix(pattern, "*")
		if variable == pattern || wild && strings.HasPrefix(variable, begin) {
			return true
		}
	}
	return false
}

// settings calls f for each setting in the order of registration.
func (s *Set) settings(f func(*pflag.Flag)) {
	s.flags.VisitAll(func(flag *pflag.Flag) {
		if !isOwn(flag.Name) {
			f(flag)
		}
	})
}

// lookup returns the setting of a name, nil if there is none.
func (s *Set) lookup(name string) *pflag.Flag {
	if isOwn(name) {
		return nil
	}
	return s.flags.Lookup(name)
}

func isOwn(name string) bool { return name == configName || name == printName || name == helpName }
