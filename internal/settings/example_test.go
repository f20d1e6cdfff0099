package settings_test

import (
	"errors"
	"fmt"
	"os"

	"tickgate/internal/settings"
)

func Example() {
	depth := 64
	set := settings.New("gateway", "TICKGATE")
	set.Flags().IntVar(&depth, "ring-depth", depth, "`records` kept per symbol")

	fmt.Println(set.Load([]string{"--ring-depth=100"}, nil, os.Stdout))
	fmt.Println(set.Check("ring-depth", errors.New("expected a power of two")))
	// Output:
	// <nil>
	// settings: flag --ring-depth "100": expected a power of two
}
