package fault

import "slices"

// Kind is what goes wrong.
type Kind string

// The kinds of faults.
const (
	// Gap numbers events of a symbol that are never sent.
	Gap Kind = "gap"
	// Duplicate sends an event again.
	Duplicate Kind = "duplicate"
	// Reorder sends an event behind later ones of its symbol.
	Reorder Kind = "reorder"
	// Crossed exchanges bid and ask price of a quote.
	Crossed Kind = "crossed"
	// Silence has nothing leave the publisher, signs of life included. What is due meanwhile comes late.
	Silence Kind = "silence"
	// Burst plays a stretch of the market many times as fast.
	Burst Kind = "burst"
	// Skew is a venue's clock that is wrong.
	Skew Kind = "skew"
	// Failover has another publisher take over, which sends again what was sent last.
	Failover Kind = "failover"
)

// key is the name of a parameter.
type key string

// The parameters.
const (
	keyRate   key = "rate"
	keyAt     key = "at"
	keyEvery  key = "every"
	keyFor    key = "for"
	keyLength key = "length"
	keyTimes  key = "times"
	keyBy     key = "by"
	keyRepeat key = "repeat"
)

// shape says what a kind takes.
type shape struct {
	kind    Kind
	keys    []key // beside at and every, which all take
	needs   []key
	example string
}

var shapes = []shape{
	{Gap, []key{keyRate, keyFor, keyLength}, nil, "gap rate=0.001 length=3"},
	{Duplicate, []key{keyRate, keyFor, keyTimes}, nil, "duplicate rate=0.01"},
	{Reorder, []key{keyRate, keyFor, keyLength}, nil, "reorder rate=0.001 length=2"},
	{Crossed, []key{keyRate, keyFor}, nil, "crossed rate=0.01"},
	{Silence, []key{keyFor}, []key{keyFor}, "silence at=30s for=5s"},
	{Burst, []key{keyFor, keyTimes}, []key{keyFor, keyTimes}, "burst at=30s for=5s times=10"},
	{Skew, []key{keyFor, keyBy}, []key{keyBy}, "skew by=-3s for=1m"},
	{Failover, []key{keyRepeat}, nil, "failover at=30s repeat=1000"},
}

// Kinds returns the names of the kinds.
func Kinds() []Kind {
	kinds := make([]Kind, len(shapes))
	for i, s := range shapes {
		kinds[i] = s.kind
	}
	return kinds
}

func shapeOf(k Kind) (shape, bool) {
	i := slices.IndexFunc(shapes, func(s shape) bool { return s.kind == k })
	if i < 0 {
		return shape{}, false
	}
	return shapes[i], true
}

func (s shape) takes(k key) bool { return k == keyAt || k == keyEvery || slices.Contains(s.keys, k) }

// perEvent reports whether the kind may have a rate: the probability that it happens to an event.
func (s shape) perEvent() bool { return s.takes(keyRate) }
