// Package sample is a minute of real quotes and trades of six crypto instruments, compiled into the program that imports it.
//
// # Use
//
// Quotes and Trades open the files; they have the shape that a replay wants:
//
//	files := []datafile.File{
//		{Name: sample.QuotesName, Open: sample.Quotes},
//		{Name: sample.TradesName, Open: sample.Trades},
//	}
//
// README.md says where the data comes from, whose licence it has, and what to beware of. cut.go made it.
//
// # Concurrency
//
// Both functions may be called from anywhere, as often as needed.
//
// # Slow readers
//
// Each reader has its own position.
//
// # Limits
//
// The two files are some 0.5 MB together.
package sample
