package parquetfile

import (
	"github.com/parquet-go/parquet-go"

	"tickgate/pkg/tick"
)

// The rows of recorded files. They are never filled: only their tags are read, and columns are written one by one. The order of the columns is that of
// package csvfile; the scales are columns of their own because a DECIMAL does not keep the zeros at the end. Times are UTC, but without the flag that says so: readers that have no type of a time zone finer than
// a microsecond, such as DuckDB, would cut the rest off.
type (
	quoteRow struct {
		TsEvent    int64    `parquet:"ts_event,optional,timestamp(nanosecond:local),delta"`
		TsRecv     int64    `parquet:"ts_recv,timestamp(nanosecond:local),delta"`
		Symbol     string   `parquet:"symbol,dict"`
		Sequence   uint64   `parquet:"sequence,delta"`
		BidPrice   [16]byte `parquet:"bid_price,optional,decimal(18:38),dict"`
		BidSize    [16]byte `parquet:"bid_size,optional,decimal(18:38),dict"`
		AskPrice   [16]byte `parquet:"ask_price,optional,decimal(18:38),dict"`
		AskSize    [16]byte `parquet:"ask_size,optional,decimal(18:38),dict"`
		PriceScale int32    `parquet:"price_scale,dict"`
		SizeScale  int32    `parquet:"size_scale,dict"`
		Epoch      uint64   `parquet:"epoch,dict"`
	}
	tradeRow struct {
		TsEvent    int64    `parquet:"ts_event,optional,timestamp(nanosecond:local),delta"`
		TsRecv     int64    `parquet:"ts_recv,timestamp(nanosecond:local),delta"`
		Symbol     string   `parquet:"symbol,dict"`
		Sequence   uint64   `parquet:"sequence,delta"`
		Price      [16]byte `parquet:"price,decimal(18:38),dict"`
		Size       [16]byte `parquet:"size,decimal(18:38),dict"`
		Aggressor  string   `parquet:"aggressor,optional,dict"`
		PriceScale int32    `parquet:"price_scale,dict"`
		SizeScale  int32    `parquet:"size_scale,dict"`
		Epoch      uint64   `parquet:"epoch,dict"`
	}
	statusRow struct {
		TsEvent  int64  `parquet:"ts_event,optional,timestamp(nanosecond:local),delta"`
		TsRecv   int64  `parquet:"ts_recv,timestamp(nanosecond:local),delta"`
		Symbol   string `parquet:"symbol,dict"`
		Sequence uint64 `parquet:"sequence,delta"`
		Status   string `parquet:"status,dict"`
		Epoch    uint64 `parquet:"epoch,dict"`
	}
)

// recordedSchema returns the schema of a kind.
func recordedSchema(kind tick.Kind) *parquet.Schema {
	switch kind {
	case tick.KindTrade:
		return parquet.NewSchema("trade", parquet.SchemaOf(tradeRow{}))
	case tick.KindStatus:
		return parquet.NewSchema("status", parquet.SchemaOf(statusRow{}))
	}
	return parquet.NewSchema("quote", parquet.SchemaOf(quoteRow{}))
}

// decimalColumns have no statistics: the library compares their bytes without the sign, and a reader would skip what it must not.
func decimalColumns(kind tick.Kind) []string {
	switch kind {
	case tick.KindQuote:
		return []string{"bid_price", "bid_size", "ask_price", "ask_size"}
	case tick.KindTrade:
		return []string{"price", "size"}
	}
	return nil
}
