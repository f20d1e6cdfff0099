package control

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"tickgate/pkg/tick"
)

// ErrConfig says that a field of Config is out of its range; the text names the setting.
var ErrConfig = errors.New("control: configuration")

// DefaultName is the name that feeds listen by unless they are told otherwise.
const DefaultName = "feedsim"

// root begins the subjects of all commands.
const root = "feedsim.control."

// Subject returns the subject of the commands for the feed of a name: 1 to 64 printable ASCII bytes.
func Subject(name string) (string, error) {
	if err := tick.ValidateSymbol(name); err != nil {
		return "", fmt.Errorf("%w: control-name: %w", ErrConfig, err)
	}
	return root + tick.Token(name), nil
}

// Config of a Server.
type Config struct {
	// Name that the feed listens by. No default.
	Name string
	// Prefix of the subjects of market data, which those of commands must not be among.
	Prefix string
	// Log takes what commands did. No default.
	Log *slog.Logger
}

// Validate names the first setting that cannot work.
func (c Config) Validate() error {
	if strings.HasPrefix(root, c.Prefix+".") {
		return fmt.Errorf("%w: subject-prefix is %q, and commands come on %s*: gateways would take them for market data; choose another prefix, or no control-name", ErrConfig, c.Prefix, root)
	}
	_, err := Subject(c.Name)
	return err
}
