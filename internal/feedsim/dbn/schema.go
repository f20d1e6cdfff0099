package dbn

import (
	"slices"
	"strconv"
)

// schemaNames by number.
var schemaNames = []string{
	"mbo", "mbp-1", "mbp-10", "tbbo", "trades", "ohlcv-1s", "ohlcv-1m", "ohlcv-1h", "ohlcv-1d", "definition", "statistics", "status", "imbalance",
	"ohlcv-eod", "cmbp-1", "cbbo-1s", "cbbo-1m", "tcbbo", "bbo-1s", "bbo-1m",
}

// mixedSchema is the number of files whose records are of several.
const mixedSchema = 0xffff

// supportedSchemas in the order of messages.
var supportedSchemas = []string{
	"mbp-1", "mbp-10", "tbbo", "trades", "cmbp-1", "tcbbo", "bbo-1s", "bbo-1m", "cbbo-1s", "cbbo-1m",
}

// SupportedSchemas returns the names of the schemas that can be read; of others no event comes.
func SupportedSchemas() []string { return slices.Clone(supportedSchemas) }

func schemaName(number uint16) string {
	if int(number) < len(schemaNames) {
		return schemaNames[number]
	}
	return "number " + strconv.Itoa(int(number))
}

// recordType is the second byte of every record.
type recordType uint8

// The types of records that are known.
const (
	typeTrade         recordType = 0x00
	typeMBP1          recordType = 0x01 // also tbbo
	typeMBP10         recordType = 0x0a
	typeStatus        recordType = 0x12
	typeDefinition    recordType = 0x13
	typeImbalance     recordType = 0x14
	typeError         recordType = 0x15
	typeSymbolMapping recordType = 0x16
	typeSystem        recordType = 0x17
	typeStatistics    recordType = 0x18
	typeMBO           recordType = 0xa0
	typeCMBP1         recordType = 0xb1
	typeCBBO1s        recordType = 0xc0
	typeCBBO1m        recordType = 0xc1
	typeTCBBO         recordType = 0xc2
	typeBBO1s         recordType = 0xc3
	typeBBO1m         recordType = 0xc4
)

// contents is what a record has for us.
type contents uint8

const (
	nothing       contents = iota // a note that no market data depends on
	tradeAlone                    // a trade without a book
	bookAndTrade                  // the best level, and a trade if the action says so
	bookSampled                   // the best level at the end of an interval; the trade in it is the last one, told again and again
	symbolMapping                 // a name
	notSupported
)

func (t recordType) contents() contents {
	switch t {
	case typeTrade:
		return tradeAlone
	case typeMBP1, typeMBP10, typeCMBP1, typeTCBBO:
		return bookAndTrade
	case typeCBBO1s, typeCBBO1m, typeBBO1s, typeBBO1m:
		return bookSampled
	case typeSymbolMapping:
		return symbolMapping
	case typeStatus, typeDefinition, typeImbalance, typeError, typeSystem, typeStatistics:
		return nothing
	}
	return notSupported
}

// String names a type that is not supported as its schema is called.
func (t recordType) String() string {
	switch {
	case t == typeMBO:
		return "mbo"
	case t >= 0x20 && t <= 0x24 || t == 0x11:
		return "ohlcv"
	}
	return "record type 0x" + strconv.FormatUint(uint64(t), 16)
}
