package settings

import (
	"errors"
	"fmt"
)

// Outcomes of Load that are not mistakes: the program ends with exit code 0.
var (
	// ErrHelp says that --help was asked for and written.
	ErrHelp = errors.New("settings: help was printed")
	// ErrPrinted says that --print-config was asked for and written.
	ErrPrinted = errors.New("settings: the configuration was printed")
)

// Mistakes of the user: print the error and end with the exit code for bad usage. Values that are refused are FieldErrors.
var (
	// ErrUnknown says that a flag, environment variable or key is not a setting. Its value is not told: it may be a secret.
	ErrUnknown = errors.New("settings: no such setting")
	// ErrArgument says that there is an argument where only flags are taken.
	ErrArgument = errors.New("settings: unexpected argument")
	// ErrFile says that the configuration file cannot be read, or is not one flat YAML document.
	ErrFile = errors.New("settings: configuration file")
)

// FieldError says that the value of a setting is refused.
type FieldError struct {
	Setting string // its name, such as nats-url
	Where   string // its source and its spelling there, such as "flag --nats-url"
	Value   string // as given, without secrets
	Err     error  // what is wrong or expected
}

// Error is one line.
func (e *FieldError) Error() string {
	return fmt.Sprintf("settings: %s %q: %v", e.Where, e.Value, e.Err)
}

// Unwrap returns what is wrong.
func (e *FieldError) Unwrap() error { return e.Err }

// Check returns nil for a nil err, else a FieldError that adds where the setting's value comes from.
func (s *Set) Check(name string, err error) error {
	if err == nil {
		return nil
	}
	flag := s.flags.Lookup(name)
	if flag == nil {
		return fmt.Errorf("%w: %s: %w", ErrUnknown, name, err)
	}
	return &FieldError{Setting: name, Where: s.where(name), Value: s.shown(flag, s.current(flag)), Err: err}
}
