// Package importrules keeps the structure: its tests fail when a package imports what it must not know, or has no package comment of the agreed form.
//
// # Use
//
//	go test ./internal/importrules
//
// # Concurrency
//
// None.
//
// # Slow readers
//
// None.
//
// # Limits
//
// Test files are free to import what they need.
package importrules
