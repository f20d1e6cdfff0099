package tick

// Changes is a set of groups of fields.
type Changes uint64

// Every group has nine bits of a packed word: eight for its age, one above them as a guard. A Changes names a group by its guard bit.
const (
	ChangedBidPrice Changes = 1 << (8 + 9*iota)
	ChangedBidSize
	ChangedAskPrice
	ChangedAskSize
	ChangedTrade  // last trade, volume, trade count, turnover
	ChangedRange  // open, high, low
	ChangedStatus // trading status

	ChangedQuote = ChangedBidPrice | ChangedBidSize | ChangedAskPrice | ChangedAskSize
	ChangedAll   = ChangedQuote | ChangedTrade | ChangedRange | ChangedStatus
)

// ages holds for each group how many events ago it last changed, saturating at oldestAge. Kept relative, so that a reader that
// remembers only its last position knows which groups changed since, whatever it skipped.
type ages uint64

const (
	guards    = ages(ChangedAll)
	ones      = guards >> 8
	oldestAge = 255
	allOldest = guards - ones // oldestAge in every group: nothing has ever changed
	allNewest = ages(0)       // every group changed with the newest event
)

// advance makes every group one event older, then marks those in changed as new.
func (a ages) advance(changed Changes) ages {
	older := a + ones
	older -= older & guards >> 8 // 256 becomes 255
	mask := ages(changed)        // guard bits to the eight bits below them
	return older &^ (mask - mask>>8)
}

// ChangedSince returns the groups that changed after lastPosition, where position is the record's own and both count the events of the
// symbol. Beyond 255 events it may name a group that did not change; it never misses one.
func (r *Record) ChangedSince(position, lastPosition uint64) Changes {
	distance := position - lastPosition
	if distance > oldestAge {
		return ChangedAll
	}
	unchanged := (r.ages | guards) - ones*ages(distance) // the guard survives where age >= distance
	return Changes(^unchanged & guards)
}
