// Package process runs the programs of a benchmark: each is an operating system's process of its own, watched, measured, and stopped by its own id.
//
// # Use
//
//	g := process.NewGroup(logs)
//	defer g.Stop()
//	server, err := g.Start(process.Command{Name: "gateway", Path: "bin/gateway", Args: args})
//	address, err := server.Await(ctx, pattern)
//	before, err := server.CPU()
//
// # Concurrency
//
// A Group and its processes are used by one goroutine; what they start in the background ends with Stop.
//
// # Slow readers
//
// A process never waits for the runner to read what it prints: lines beyond [linesKept] are only in its log.
//
// # Limits
//
// Linux: processor time is read from a process's own clock, memory from /proc, and a process dies with the runner.
package process
