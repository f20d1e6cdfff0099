// Package settings loads a program's configuration. Every setting has one name in three spellings: the flag --nats-url, the environment
// variable TICKGATE_NATS_URL and the key nats-url of a flat YAML file.
//
// # Use
//
// A program registers its settings on the flag set, bound to the fields of its components' Config, and loads them:
//
//	set := settings.New("gateway", "TICKGATE")
//	set.Flags().StringVar(&config.URL, "nats-url", config.URL, "NATS server to join")
//	set.SecretVar(&config.Password, "nats-password", "password for NATS")
//	err := set.Load(os.Args[1:], os.Environ(), os.Stdout)
//
// A flag wins over the environment, the environment over the file, the file over the default. The file is named by --config or
// TICKGATE_CONFIG. Whatever is not understood is refused, in every source and even where a higher source overrides it, with one line per mistake.
// --print-config writes the effective values and where each comes from; the output is a valid file again.
//
// The programs of the project share the prefix TICKGATE and may share one environment: each leaves the variables of the others, which ProjectVariables lists, to them.
//
// What a component's Validate refuses is given to Check, which adds the source and the value.
//
// # Concurrency
//
// A Set belongs to one goroutine.
//
// # Slow readers
//
// Does not apply.
//
// # Limits
//
// Names are lower-case letters, digits and hyphens. The file holds one YAML document without nesting; it is read once.
package settings
