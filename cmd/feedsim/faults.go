package main

import (
	"os"

	"tickgate/internal/feedsim/fault"
	"tickgate/internal/settings"
)

// faulting is what goes wrong on purpose.
type faulting struct {
	faults []string
	seed   uint64
	log    string // path; empty: none
}

func (f *faulting) register(set *settings.Set) {
	flags := set.Flags()
	flags.StringSliceVar(&f.faults, "fault", f.faults,
		"what goes wrong on purpose: a `kind` and its parameters, such as \"gap rate=0.001 length=3\" or \"silence at=30s for=5s\"; may be given again. "+
			"Kinds: gap, duplicate, reorder, crossed, silence, burst, skew, failover")
	flags.Uint64Var(&f.seed, "fault-seed", f.seed, "`number` from which everything random about faults follows")
	flags.StringVar(&f.log, "fault-log", f.log, "`file` to which each fault that happens is added as a line of JSON; empty: none")
}

// config opens the log, which the caller closes.
func (f *faulting) config(set *settings.Set) (c fault.Config, closeLog func() error, err error) {
	c.Seed = f.seed
	for _, text := range f.faults {
		parsed, err := fault.Parse(text)
		if err != nil {
			return c, nil, usageError{set.Check("fault", err)}
		}
		c.Faults = append(c.Faults, parsed)
	}
	if err := c.Validate(); err != nil {
		return c, nil, usageError{set.Check("fault", err)}
	}
	if f.log == "" {
		return c, func() error { return nil }, nil
	}
	file, err := os.OpenFile(f.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return c, nil, set.Check("fault-log", err)
	}
	c.Log = file
	return c, file.Close, nil
}
