package datafile

// RecordedQuotes is the layout of the quotes that are recorded. The columns of a file stand in the order of RecordedFields.
func RecordedQuotes() Layout {
	return recorded("tickgate-quotes", FieldBidPrice, FieldBidSize, FieldAskPrice, FieldAskSize)
}

// RecordedTrades is that of the trades.
func RecordedTrades() Layout {
	return recorded("tickgate-trades", FieldPrice, FieldSize, FieldAggressor)
}

// RecordedStatuses is that of the trading statuses.
func RecordedStatuses() Layout { return recorded("tickgate-statuses", FieldStatus) }

// SymbolColumn is the column that holds the whole symbol in what is recorded.
const SymbolColumn = "symbol"

func recorded(name string, body ...Field) Layout {
	l := Layout{Name: name, Symbol: "{" + SymbolColumn + "}"}
	for _, f := range append(body, FieldTsEvent, FieldTsRecv, FieldSequence, FieldEpoch) {
		l.Columns[f].Name = f.String()
	}
	l.Columns[FieldTsEvent].Unit, l.Columns[FieldTsRecv].Unit = Nanoseconds, Nanoseconds
	for _, f := range []Field{FieldPriceScale, FieldSizeScale} { // Parquet has them; in text the digits say it
		l.Columns[f] = Column{Name: f.String(), Optional: true}
	}
	return l
}
