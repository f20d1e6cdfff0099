// Package replay plays recorded files and streams to the bus, several of them merged by time.
//
// # Use
//
//	config := replay.DefaultConfig()
//	config.Files = []datafile.File{datafile.Path("quotes.csv.gz"), datafile.Path("trades.csv.gz")}
//	replay, err := replay.New(config, publisher)
//	err = replay.Run(ctx)
//
// What is played can be selected by symbols, venues and times; its times can be moved to the present, and each symbol cloned:
//
//	files and streams  ─>  merged  ─>  selected  ─>  holed (gaps)  ─>  cloned  ─>  feedsim
//
// A file need not be on disk: datafile.File takes any function that opens one, such as those of the sample.
//
// # Concurrency
//
// Run is called once. Progress, Obey and Report may be called from anywhere; the report is whole when Run has returned.
//
// # Slow readers
//
// See feedsim: the replay keeps to its schedule.
//
// # Limits
//
// Files are read as they are played: memory does not depend on their size. Events of the same time are played in the order of the files, so
// the order is the same every time. By symbol it keeps whether it is selected and its number; and the events that wait for their clones.
package replay
