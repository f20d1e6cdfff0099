package load

import "tickgate/pkg/tick"

// quote is a whole best bid and offer. What is not there is zero, so that two can be compared.
type quote struct {
	bidPrice, bidSize, askPrice, askSize   int64
	hasBid, hasBidSize, hasAsk, hasAskSize bool
}

func quoteOf(q *tick.Quote) quote {
	var whole quote
	if q.BidPrice.Present {
		whole.bidPrice, whole.hasBid = q.BidPrice.Mantissa, true
		if q.BidSize.Present {
			whole.bidSize, whole.hasBidSize = q.BidSize.Mantissa, true
		}
	}
	if q.AskPrice.Present {
		whole.askPrice, whole.hasAsk = q.AskPrice.Mantissa, true
		if q.AskSize.Present {
			whole.askSize, whole.hasAskSize = q.AskSize.Mantissa, true
		}
	}
	return whole
}

// take merges what an update gives; a cleared side is forgotten first.
func (q *quote) take(given quote, bidCleared, askCleared bool) {
	if bidCleared {
		q.bidPrice, q.bidSize, q.hasBid, q.hasBidSize = 0, 0, false, false
	}
	if askCleared {
		q.askPrice, q.askSize, q.hasAsk, q.hasAskSize = 0, 0, false, false
	}
	if given.hasBid {
		q.bidPrice, q.hasBid = given.bidPrice, true
	}
	if given.hasBidSize {
		q.bidSize, q.hasBidSize = given.bidSize, true
	}
	if given.hasAsk {
		q.askPrice, q.hasAsk = given.askPrice, true
	}
	if given.hasAskSize {
		q.askSize, q.hasAskSize = given.askSize, true
	}
}
