package tick

// Record is the merged ticker of one symbol after one event: newest quote, newest trade, status and the session's cumulative
// figures. Fields whose Presence bit is not set are absent, and zero.
type Record struct {
	Sequence uint64 // publisher's number of the newest event
	Epoch    uint64 // publisher's start, UTC nanoseconds
	Missing  uint64 // events known to be missing since the gateway first saw the symbol; never decreases
	TsEvent  Time   // venue's time of the newest event
	TsRecv   Time   // gateway's receipt of the newest event

	BidPrice, BidSize, AskPrice, AskSize int64
	LastPrice, LastSize                  int64
	Volume, TradeCount, Turnover         int64
	Open, High, Low                      int64

	Presence  Presence
	Aggressor Side
	Status    TradingStatus
	Scales    Scales
	Version   uint16 // counts changes of scales and epoch: the instrument is announced anew when it differs; wraps

	ages ages // per group, how many events ago it last changed
}

// Presence says which fields of a record have a value.
type Presence uint16

// One bit per optional field.
const (
	HasBidPrice Presence = 1 << iota
	HasBidSize
	HasAskPrice
	HasAskSize
	HasLast
	HasVolume
	HasTradeCount
	HasTurnover
	HasOpen
	HasHigh
	HasLow
)

// RecordWords is the length of a packed record.
const RecordWords = 19

// Words is a packed record, as a ring holds it. The order puts words that change together side by side; it is private to Pack and Unpack.
type Words [RecordWords]uint64

// Pack writes the record into w.
func (r *Record) Pack(w *Words) {
	w[0], w[1], w[2] = r.Sequence, uint64(r.TsEvent), uint64(r.TsRecv)
	w[3], w[4], w[5], w[6] = uint64(r.BidPrice), uint64(r.BidSize), uint64(r.AskPrice), uint64(r.AskSize)
	w[7] = uint64(r.ages)
	w[8], w[9] = uint64(r.LastPrice), uint64(r.LastSize)
	w[10], w[11], w[12] = uint64(r.Volume), uint64(r.TradeCount), uint64(r.Turnover)
	w[13], w[14], w[15] = uint64(r.Open), uint64(r.High), uint64(r.Low)
	w[16] = uint64(r.Presence) | uint64(r.Aggressor)<<16 | uint64(r.Status)<<20 |
		uint64(r.Scales.Price)<<24 | uint64(r.Scales.Size)<<32 | uint64(r.Scales.Turnover)<<40 | uint64(r.Version)<<48
	w[17], w[18] = r.Epoch, r.Missing
}

// Unpack reads the record from w.
func (r *Record) Unpack(w *Words) {
	r.Sequence, r.TsEvent, r.TsRecv = w[0], Time(w[1]), Time(w[2])
	r.BidPrice, r.BidSize, r.AskPrice, r.AskSize = int64(w[3]), int64(w[4]), int64(w[5]), int64(w[6])
	r.ages = ages(w[7])
	r.LastPrice, r.LastSize = int64(w[8]), int64(w[9])
	r.Volume, r.TradeCount, r.Turnover = int64(w[10]), int64(w[11]), int64(w[12])
	r.Open, r.High, r.Low = int64(w[13]), int64(w[14]), int64(w[15])
	flags := w[16]
	r.Presence, r.Aggressor, r.Status = Presence(flags), Side(flags>>16&15), TradingStatus(flags>>20&15)
	r.Scales = Scales{Price: uint8(flags >> 24), Size: uint8(flags >> 32), Turnover: uint8(flags >> 40)}
	r.Version = uint16(flags >> 48)
	r.Epoch, r.Missing = w[17], w[18]
}
