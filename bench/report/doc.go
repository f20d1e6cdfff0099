// Package report turns results into what people read: a table on a terminal, and a folder with JSON, Markdown, percentile files and plots.
//
// # Use
//
// [Print] is for a terminal, [Write] for a folder. [Group] puts the repeats of one case and system together; figures are medians of those that did not
// fail, with the range beside them.
//
// # Concurrency
//
// Everything runs on the caller's goroutine.
//
// # Slow readers
//
// Does not apply.
//
// # Limits
//
// None.
package report
