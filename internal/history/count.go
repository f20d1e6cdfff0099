package history

import (
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Counts say what became of the events of a symbol on the way to one client, summed over all its streams. For a client that was
// subscribed from a publisher's first event on, Updates + Conflated + Missing is what the publisher numbered.
type Counts struct {
	Updates   uint64
	Snapshots uint64 // part of Updates
	Conflated uint64
	Missing   uint64 // announced in gaps that name the symbol
}

// Count sums up a client's log by symbol.
func Count(client *ClientLog) map[string]Counts {
	counts := make(map[string]Counts)
	symbols := make(map[uint32]string) // of the stream
	for _, e := range client.Entries() {
		if e.Kind == EntryStreamStarted {
			clear(symbols)
		}
		for _, i := range e.Received.GetSubscribeResult().GetAccepted() {
			symbols[i.GetId()] = i.GetSymbol()
		}
		if g := e.Received.GetGap(); g.GetSymbol() != "" {
			sum := counts[g.GetSymbol()]
			sum.Missing += g.GetMissing()
			counts[g.GetSymbol()] = sum
		}
		countBatch(counts, symbols, e.Received.GetBatch())
	}
	return counts
}

func countBatch(counts map[string]Counts, symbols map[uint32]string, b *tickgatev1.Batch) {
	for _, i := range b.GetInstruments() {
		symbols[i.GetId()] = i.GetSymbol()
	}
	for _, u := range b.GetUpdates() {
		sum := counts[symbols[u.GetInstrumentId()]]
		sum.Updates++
		sum.Conflated += uint64(u.GetConflated())
		if u.GetSnapshot() {
			sum.Snapshots++
		}
		counts[symbols[u.GetInstrumentId()]] = sum
	}
}
