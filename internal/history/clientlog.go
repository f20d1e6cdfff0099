package history

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// EntryKind says what an Entry of a ClientLog is.
type EntryKind uint8

// The kinds of entries.
const (
	EntryStreamStarted EntryKind = iota + 1
	EntrySent
	EntryReceived
	EntryStreamEnded
)

// Entry is one line of a ClientLog. Fields that its kind does not name are zero.
type Entry struct {
	Kind     EntryKind
	At       time.Time                 // EntryReceived, EntryStreamEnded: the client's clock
	Sent     *tickgatev1.ClientMessage // EntrySent
	Received *tickgatev1.ServerMessage // EntryReceived
	Err      error                     // EntryStreamEnded: nil is a clean end; only the text of what was logged is kept
}

// ClientLog is what one client sent and received, over one stream or several, one after the other.
type ClientLog struct {
	// mu guards the fields below. What they hold up to their length never changes.
	mu      sync.Mutex
	entries []entry
	encoded []byte // messages and errors, one after the other
}

// entry is an Entry with its message encoded.
type entry struct {
	at   int64 // UTC nanoseconds; 0 if the kind has none
	end  int   // in ClientLog.encoded; it begins where the entry before ends
	kind EntryKind
}

// NewClientLog returns an empty log.
func NewClientLog() *ClientLog { return &ClientLog{} }

// StreamStarted begins a stream. What is sent and received until StreamEnded belongs to it.
func (c *ClientLog) StreamStarted() { c.append(EntryStreamStarted, 0, nil) }

// Sent appends a command. Call it before the command is handed to the transport.
func (c *ClientLog) Sent(m *tickgatev1.ClientMessage) { c.append(EntrySent, 0, m) }

// Received appends a message with the client's time of its receipt.
func (c *ClientLog) Received(m *tickgatev1.ServerMessage, at time.Time) {
	c.append(EntryReceived, at.UnixNano(), m)
}

// StreamEnded ends the stream with the error that the receiver got. Nil and io.EOF are a clean end: the server has ended the stream without
// an error, so it owes no answer any more. Any other error may have lost answers on the way.
func (c *ClientLog) StreamEnded(err error, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && !errors.Is(err, io.EOF) {
		c.encoded = append(c.encoded, err.Error()...)
	}
	c.entries = append(c.entries, entry{at: at.UnixNano(), end: len(c.encoded), kind: EntryStreamEnded})
}

// append encodes m, so that a log of millions of updates stays small and nothing that the caller goes on using is kept. A message that
// cannot be encoded cannot have been sent either: that is a mistake of the test, and panics.
func (c *ClientLog) append(kind EntryKind, at int64, m proto.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m != nil {
		encoded, err := proto.MarshalOptions{}.MarshalAppend(c.encoded, m)
		if err != nil {
			panic(fmt.Sprintf("history: message cannot be logged: %v", err))
		}
		c.encoded = encoded
	}
	c.entries = append(c.entries, entry{at: at, end: len(c.encoded), kind: kind})
}

// Len returns the number of entries.
func (c *ClientLog) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}

// Entries yields what was appended before the call, decoded anew, with its position in the log from 0.
func (c *ClientLog) Entries() iter.Seq2[int, Entry] {
	c.mu.Lock()
	entries, encoded := c.entries, c.encoded
	c.mu.Unlock()
	return func(yield func(int, Entry) bool) {
		begin := 0
		for position, e := range entries {
			if !yield(position, e.decode(encoded[begin:e.end])) {
				return
			}
			begin = e.end
		}
	}
}

func (e entry) decode(encoded []byte) Entry {
	decoded := Entry{Kind: e.kind}
	if e.at != 0 {
		decoded.At = time.Unix(0, e.at)
	}
	switch e.kind {
	case EntrySent:
		decoded.Sent = &tickgatev1.ClientMessage{}
		mustDecode(encoded, decoded.Sent)
	case EntryReceived:
		decoded.Received = &tickgatev1.ServerMessage{}
		mustDecode(encoded, decoded.Received)
	case EntryStreamEnded:
		if len(encoded) > 0 {
			decoded.Err = errors.New(string(encoded))
		}
	}
	return decoded
}

// mustDecode cannot fail: append has encoded it.
func mustDecode(encoded []byte, m proto.Message) {
	if err := proto.Unmarshal(encoded, m); err != nil {
		panic(fmt.Sprintf("history: logged message cannot be decoded: %v", err))
	}
}
