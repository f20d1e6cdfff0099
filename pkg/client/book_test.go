package client

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// stream gives a Book what a gateway's stream would.
type stream struct {
	t       testing.TB
	book    *Book
	ids     map[uint32]*instrument
	batches uint64
}

func newStream(t testing.TB, book *Book) *stream {
	return &stream{t: t, book: book, ids: make(map[uint32]*instrument)}
}

// bookOf has a Book with a symbol, A, and a consumer of its updates.
func bookOf(t testing.TB, conflation Conflation, events int, patience time.Duration) (*Book, *stream) {
	book := newBook(events, patience, newLatency(), func() {})
	book.want("A", conflation)
	book.consume(+1)
	s := newStream(t, book)
	s.instrument(7, 2)
	return book, s
}

// instrument announces A as instrument 1.
func (s *stream) instrument(epoch uint64, priceScale uint32) {
	s.ids[1] = s.book.announce(&tickgatev1.Instrument{Symbol: "A", Id: 1, PriceScale: priceScale, Epoch: epoch, State: tickgatev1.MarketState_MARKET_STATE_LIVE})
}

func bidOf(sequence uint64, price int64) *tickgatev1.Update {
	return &tickgatev1.Update{InstrumentId: 1, Sequence: sequence, Quote: &tickgatev1.Quote{BidPrice: &price}}
}

// send sends updates in a batch.
func (s *stream) send(updates ...*tickgatev1.Update) {
	s.t.Helper()
	s.batches++
	now := time.Now()
	encoded, err := proto.Marshal(&tickgatev1.Batch{TsSend: now.UnixNano(), StreamSequence: s.batches, Updates: updates})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, _, err := s.book.batch(encoded, s.ids, now); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stream) gap(from, to uint64) {
	s.book.gap(&tickgatev1.Gap{Symbol: "A", From: from, To: to, Missing: to - from + 1, Reason: tickgatev1.GapReason_GAP_REASON_FEED})
}

// waiting takes everything that waits.
func waiting(b *Book) (all []Update) {
	var u Update
	for b.next(&u) {
		all = append(all, u)
	}
	return all
}

// TestGapIsToldBetweenTheUpdatesAroundIt where each event counts: not together with the one before the hole.
func TestGapIsToldBetweenTheUpdatesAroundIt(t *testing.T) {
	book, s := bookOf(t, AllEvents, 100, 0)
	s.send(bidOf(1, 10))
	s.send(bidOf(2, 20))
	s.gap(3, 5)
	s.send(bidOf(6, 60))
	s.send(bidOf(7, 70))
	var missing uint64
	var at uint64
	for _, u := range waiting(book) {
		if u.MissingNow > 0 {
			missing, at = u.MissingNow, u.Sequence
		}
		if u.Sequence <= 2 && u.MissingNow > 0 {
			t.Errorf("the hole is told with %d, which came before it", u.Sequence)
		}
	}
	if missing != 3 || at > 6 {
		t.Errorf("%d missing, told with %d, want 3 told before or with 6", missing, at)
	}
}

// TestGapIsToldBeforeTheNextUpdateHasCome, too.
func TestGapIsToldBeforeTheNextUpdateHasCome(t *testing.T) {
	book, s := bookOf(t, AllEvents, 100, 0)
	s.send(bidOf(1, 10))
	s.gap(2, 4)
	all := waiting(book)
	if len(all) != 2 || all[0].MissingNow != 0 || all[0].Changed&QuoteChanged == 0 || all[1].MissingNow != 3 || all[1].GapReason != GapFeed || all[1].Changed&QuoteChanged != 0 {
		t.Errorf("%+v, want the update and then the gap", all)
	}
}

// TestGatewayThatIsBehindTakesNothingBack, whether by a few events or by an epoch, and is taken again when it has caught up.
func TestGatewayThatIsBehindTakesNothingBack(t *testing.T) {
	book, first := bookOf(t, Latest, 100, 0)
	first.send(snapshot(bidOf(5, 50)))
	want := func(what string, epoch, sequence uint64, bid string) {
		t.Helper()
		ticker, _ := book.Quote("A")
		if ticker.Epoch != epoch || ticker.Sequence != sequence || ticker.Bid.String() != bid || ticker.State != Live {
			t.Errorf("%s: %+v, want %d:%d with a bid of %s, live", what, ticker, epoch, sequence, bid)
		}
		if at := book.resumePoint("A"); at != (position{epoch, sequence}) {
			t.Errorf("%s: it would resume from %v", what, at)
		}
	}
	want("the first", 7, 5, "0.50")
	behind := newStream(t, book)
	behind.instrument(7, 2)
	behind.send(snapshot(bidOf(4, 40)))
	want("a snapshot that is older", 7, 5, "0.50")
	behind.send(bidOf(6, 60))
	want("it has caught up", 7, 6, "0.60")

	next := newStream(t, book)
	next.instrument(8, 2)
	want("a new epoch is announced", 7, 6, "0.60")
	next.send(snapshot(bidOf(1, 100)))
	want("a new epoch begins with a lower sequence", 8, 1, "1.00")
	behind.send(bidOf(9, 90))
	want("the old epoch goes on elsewhere", 8, 1, "1.00")
	if ticker, _ := book.Quote("A"); ticker.Updates != 3 {
		t.Errorf("%d updates, want those that were taken", ticker.Updates)
	}
}

func snapshot(u *tickgatev1.Update) *tickgatev1.Update {
	u.Snapshot = true
	return u
}

// TestNewEpochReplacesAllThatWasHeld, also what its first update does not mention.
func TestNewEpochReplacesAllThatWasHeld(t *testing.T) {
	book, s := bookOf(t, Latest, 100, 0)
	ask := int64(51)
	full := snapshot(bidOf(5, 50))
	full.Quote.AskPrice = &ask
	s.send(full)
	s.instrument(8, 2)
	s.send(bidOf(1, 10))
	if ticker, _ := book.Quote("A"); ticker.Ask.Valid || ticker.Bid.String() != "0.10" {
		t.Errorf("%+v, want the ask of the old epoch forgotten", ticker)
	}
}

// TestTwoStreamsAtOnce, while the client moves from one gateway to another, are one series of events: none twice, none backwards, numbers by the scales of the stream that they came over.
func TestTwoStreamsAtOnce(t *testing.T) {
	book, leaving := bookOf(t, AllEvents, 100, 0)
	leaving.send(snapshot(bidOf(1, 10)), bidOf(2, 20))
	next := newStream(t, book)
	next.instrument(7, 3)
	leaving.send(bidOf(3, 30))
	merged := bidOf(4, 400) // everything since 2
	merged.Conflated = 1
	next.send(merged)
	leaving.send(bidOf(4, 40))
	leaving.send(bidOf(5, 50))
	next.gap(5, 5) // which the other one had
	next.send(bidOf(6, 600))
	next.send(bidOf(6, 600))
	var sequences []uint64
	for _, u := range waiting(book) {
		sequences = append(sequences, u.Sequence)
		if want := float64(u.Sequence) / 10; u.Bid.Float64() != want {
			t.Errorf("%d has the bid %v, want %v", u.Sequence, u.Bid, want)
		}
		if u.Merged != 0 {
			t.Errorf("%d merges %d, want none: the other stream had them", u.Sequence, u.Merged)
		}
	}
	if len(sequences) != 6 || sequences[5] != 6 {
		t.Errorf("sequences %v, want each of 1 to 6", sequences)
	}
}

// TestAgeIsThatOfTheValue, not of its receipt: a snapshot may be of long ago.
func TestAgeIsThatOfTheValue(t *testing.T) {
	book, s := bookOf(t, Latest, 100, 0)
	u := snapshot(bidOf(1, 10))
	u.RecvAge = uint64(time.Minute)
	s.send(u)
	ticker, _ := book.Quote("A")
	if age := ticker.Age(ticker.Received.Add(2 * time.Second)); age != 62*time.Second {
		t.Errorf("%v old, want a minute at the gateway and two seconds here", age)
	}
	never := Ticker{}
	if age := never.Age(time.Now()); age != 0 {
		t.Errorf("nothing is %v old", age)
	}
}

// TestEventsConflateWhenTheyHaveWaitedTooLong, and the gap is told.
func TestEventsConflateWhenTheyHaveWaitedTooLong(t *testing.T) {
	const patience = 20 * time.Millisecond
	book, s := bookOf(t, AllEvents, 100, patience)
	for sequence := uint64(1); sequence <= 5; sequence++ {
		s.send(bidOf(sequence, int64(sequence)))
	}
	for began := time.Now(); time.Since(began) <= patience; {
		time.Sleep(patience)
	}
	s.send(bidOf(6, 6))
	s.send(bidOf(7, 7))
	all := waiting(book)
	if len(all) != 2 || all[0].Sequence != 6 || all[0].MissingNow != 5 || all[0].GapReason != GapSlow || all[1].Sequence != 7 || all[1].MissingNow != 0 {
		t.Errorf("%+v, want 6 with a gap of 5, and 7", all)
	}
	if book.eventsWaiting != 0 {
		t.Errorf("%d events wait after all were taken", book.eventsWaiting)
	}
}

// TestTakenIsWhatTheApplicationIsDoneWith: what it has in hand, and what waits, is not.
func TestTakenIsWhatTheApplicationIsDoneWith(t *testing.T) {
	book, s := bookOf(t, Latest, 100, 0)
	waiting(book) // the announcement
	want := func(what string, taken uint64) {
		t.Helper()
		if got := book.taken(); got != taken {
			t.Errorf("%s: taken up to %d, want %d", what, got, taken)
		}
	}
	s.send(bidOf(1, 10))
	want("it waits", 0)
	s.send(bidOf(2, 20))
	var u Update
	book.next(&u)
	want("it is in hand", 0)
	s.send(bidOf(3, 30))
	book.next(&u)
	want("the next one is in hand", 2)
	book.next(&u)
	want("nothing is left", 3)
	s.send(bidOf(4, 40))
	book.consume(-1)
	want("nobody consumes updates: the Book is what the application looks at", 4)
}

// TestSequencesThatAreLeftOutFollow from the update before on the same stream, whatever another one has told meanwhile, and whether or not the symbol is still wanted.
func TestSequencesThatAreLeftOutFollow(t *testing.T) {
	book, first := bookOf(t, Latest, 100, 0)
	want := func(sequence, merged uint64) {
		t.Helper()
		all := waiting(book)
		if len(all) == 0 || all[len(all)-1].Sequence != sequence || all[len(all)-1].Merged != merged {
			t.Errorf("%+v, want an update of sequence %d with %d merged", all, sequence, merged)
		}
		if at := book.resumePoint("A"); at.sequence != sequence {
			t.Errorf("it would resume from %v, want %d", at, sequence)
		}
	}
	merged := func(count uint32) *tickgatev1.Update {
		u := bidOf(0, 60)
		u.Conflated = count
		return u
	}
	first.send(snapshot(bidOf(5, 50)))
	want(5, 0)
	first.send(merged(2))
	want(8, 2)
	first.gap(9, 10)
	first.send(bidOf(11, 60))
	want(11, 0)
	behind := newStream(t, book)
	behind.instrument(7, 2)
	behind.send(snapshot(bidOf(9, 50)), merged(0)) // 10, which is older than what the first has told
	if all := waiting(book); len(all) != 0 {
		t.Errorf("%+v is told, though nothing of it is new", all)
	}
	behind.send(merged(2))
	want(13, 1) // 11 was told already
	book.drop("A")
	behind.send(merged(0))
	if got := behind.ids[1].sequence; got != 14 {
		t.Errorf("the stream is at %d after an update that is not wanted any more, want 14", got)
	}
}
