package csvfile

import (
	"strconv"
	"strings"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// recordedColumns are the columns of what is recorded, by kind.
var recordedColumns = [...]string{
	tick.KindQuote:  "ts_event,ts_recv,symbol,sequence,bid_price,bid_size,ask_price,ask_size,epoch\n",
	tick.KindTrade:  "ts_event,ts_recv,symbol,sequence,price,size,aggressor,epoch\n",
	tick.KindStatus: "ts_event,ts_recv,symbol,sequence,status,epoch\n",
}

// AppendHeader appends the first line of a file of recorded events of a kind.
func AppendHeader(dst []byte, kind tick.Kind) []byte { return append(dst, recordedColumns[kind]...) }

// AppendRow appends the line of a recorded event. A reader with the recorded layout gives the same item back, digit for digit.
func AppendRow(dst []byte, item *feedsim.Item) []byte {
	e := &item.Event
	if e.TsEvent != 0 {
		dst = strconv.AppendInt(dst, int64(e.TsEvent), 10)
	}
	dst = append(dst, separator)
	dst = strconv.AppendInt(dst, int64(item.At), 10)
	dst = append(dst, separator)
	dst = AppendText(dst, item.Symbol)
	dst = append(dst, separator)
	dst = strconv.AppendUint(dst, e.Sequence, 10)
	dst = append(dst, separator)
	switch e.Kind {
	case tick.KindQuote:
		dst = appendQuote(dst, &e.Quote, e.Scales)
	case tick.KindTrade:
		dst = tick.Decimal{Mantissa: e.Trade.Price, Scale: e.Scales.Price}.Append(dst)
		dst = append(dst, separator)
		dst = tick.Decimal{Mantissa: e.Trade.Size, Scale: e.Scales.Size}.Append(dst)
		dst = append(dst, separator)
		dst = append(dst, datafile.SideName(e.Trade.Aggressor)...)
	case tick.KindStatus:
		dst = append(dst, datafile.StatusName(e.Status)...)
	}
	dst = append(dst, separator)
	dst = strconv.AppendUint(dst, e.Epoch, 10)
	return append(dst, '\n')
}

func appendQuote(dst []byte, q *tick.Quote, scales tick.Scales) []byte {
	dst = appendAmount(dst, q.BidPrice, scales.Price)
	dst = append(dst, separator)
	dst = appendAmount(dst, q.BidSize, scales.Size)
	dst = append(dst, separator)
	dst = appendAmount(dst, q.AskPrice, scales.Price)
	dst = append(dst, separator)
	return appendAmount(dst, q.AskSize, scales.Size)
}

func appendAmount(dst []byte, a tick.Amount, scale uint8) []byte {
	if !a.Present {
		return dst
	}
	return tick.Decimal{Mantissa: a.Mantissa, Scale: scale}.Append(dst)
}

// AppendText quotes what a comma or a quote would break; symbols hold no line breaks.
func AppendText(dst []byte, text string) []byte {
	if !strings.ContainsAny(text, `,"`) {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(text, `"`, `""`)...)
	return append(dst, '"')
}
