package scenario

import (
	"fmt"
	"strconv"
)

// Feed is what feedsim is told to publish; the zero value is nothing.
type Feed []string

// isRecorded tells whether the feed is a recording, which has quiet moments.
func (f Feed) isRecorded() bool { return len(f) > 0 && f[0] == "replay" }

// generated returns a feed of made-up quotes.
func generated(symbols, perSecond int, more ...string) Feed {
	return append(Feed{
		"generate", "--symbols", strconv.Itoa(symbols), "--rate", strconv.Itoa(perSecond), "--trade-share", "0", "--event-time", "intended",
	}, more...)
}

// generatedSymbols names the symbols of generated as the load generator reads them.
func generatedSymbols(symbols int) string { return fmt.Sprintf("%d:SIM{n}", symbols) }
