package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/pflag"
)

// Load reads the flags in args, the environment and the file that these name, and gives each setting its effective value. It is called once,
// when everything is registered. Unless it returns nil, the program ends: ErrHelp and ErrPrinted say that out has what was asked for, any other
// error is the user's mistake, or several, joined.
func (s *Set) Load(args, environ []string, out io.Writer) error {
	own := s.addOwnFlags()
	if err := s.flags.Parse(args); err != nil {
		return s.flagError(err)
	}
	if own.help {
		return cmp.Or(s.writeHelp(out), ErrHelp)
	}
	if s.Arguments == "" && s.flags.NArg() > 0 {
		return fmt.Errorf("%w: %q (a flag that is true or false is given as --name=false)", ErrArgument, s.flags.Arg(0))
	}
	if err := s.loadLayers(environ, own.config); err != nil {
		return err
	}
	if own.print {
		return cmp.Or(s.writeConfig(out), ErrPrinted)
	}
	return nil
}

// ownFlags are the values of the flags that are not settings.
type ownFlags struct {
	config      string
	print, help bool
}

func (s *Set) addOwnFlags() *ownFlags {
	own := new(ownFlags)
	s.flags.StringVar(&own.config, configName, "", "YAML `file` with settings")
	s.flags.BoolVar(&own.print, printName, false, "print the effective settings as YAML and where each comes from, then end")
	s.flags.BoolVarP(&own.help, helpName, "h", false, "print this help, then end")
	return own
}

// loadLayers assigns the sources from the lowest to the highest. All are checked, so that a mistake does not wait unseen until what
// overrides it goes away.
func (s *Set) loadLayers(environ []string, configFlag string) error {
	flags, flagErr := s.flagLayer()
	environment, envErr := s.environmentLayer(environ)
	file, fileErr := s.fileLayer(s.configFile(environ, configFlag))
	return errors.Join(flagErr, envErr, fileErr, s.apply(file), s.apply(environment), s.apply(flags))
}

// apply assigns the values of one source.
func (s *Set) apply(l layer) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(l.values)) {
		flag := s.lookup(name)
		if flag == nil {
			errs = append(errs, s.unknown(l.where(name), name, l.spell))
			continue
		}
		if err := assign(flag, l.values[name]); err != nil {
			errs = append(errs, &FieldError{Setting: name, Where: l.where(name), Value: s.shown(flag, l.values[name]), Err: err})
		}
		s.origins[name] = origin{source: l.source, where: l.where(name)}
	}
	return errors.Join(errs...)
}

// flagError says in this package's words what pflag found wrong.
func (s *Set) flagError(err error) error {
	dashed := func(name string) string { return "--" + name }
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return fmt.Errorf("%w: flag -%s, --help lists them", ErrUnknown, unknown.GetSpecifiedShortnames())
	case errors.As(err, &unknown):
		return s.unknown("flag --"+unknown.GetSpecifiedName(), unknown.GetSpecifiedName(), dashed)
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		return &FieldError{
			Setting: flag.Name, Where: "flag --" + flag.Name, Value: s.shown(flag, invalid.GetValue()), Err: explain(flag, invalid.Unwrap()),
		}
	case errors.As(err, &missing):
		flag := missing.GetFlag()
		return &FieldError{Setting: flag.Name, Where: "flag --" + flag.Name, Err: fmt.Errorf("a value is missing, expected %s", expected(flag))}
	}
	return fmt.Errorf("%w: %w", ErrArgument, err)
}
