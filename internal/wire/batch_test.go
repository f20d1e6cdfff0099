package wire_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"tickgate/internal/wire"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

const tsSend = tick.Time(1_800_000_000_000_000_000)

// decode reads a finished message as a client does.
func decode(t testing.TB, message []byte) *tickgatev1.Batch {
	t.Helper()
	var m tickgatev1.ServerMessage
	if err := (proto.UnmarshalOptions{}).Unmarshal(message, &m); err != nil {
		t.Fatalf("the generated code refuses the message: %v", err)
	}
	if unknown := m.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		t.Fatalf("unknown fields %x", unknown)
	}
	batch := m.GetBatch()
	if batch == nil || len(batch.ProtoReflect().GetUnknown()) > 0 {
		t.Fatalf("got %v, want a batch without unknown fields", &m)
	}
	return batch
}

func TestEmptyBatch(t *testing.T) {
	var b wire.Batch
	b.Begin(nil, tsSend)
	batch := decode(t, b.Finish(1))
	if want := (&tickgatev1.Batch{TsSend: int64(tsSend), StreamSequence: 1}); !proto.Equal(batch, want) {
		t.Errorf("got %v, want %v", batch, want)
	}
}

// TestBatchIsWhatGeneratedCodeDecodes compares every update of a batch with the message that says the same, built by hand.
func TestBatchIsWhatGeneratedCodeDecodes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var b wire.Batch
		b.Begin(make([]byte, 0, rapid.IntRange(0, 4096).Draw(rt, "capacity")), tsSend)
		want := &tickgatev1.Batch{TsSend: int64(tsSend), StreamSequence: rapid.Uint64().Draw(rt, "stream sequence")}
		for range rapid.IntRange(0, 20).Draw(rt, "entries") {
			if rapid.Bool().Draw(rt, "announce") {
				addInstrument(rt, &b, want)
			} else {
				addUpdate(rt, &b, want)
			}
		}
		length := b.Len()
		message := b.Finish(want.StreamSequence)
		got := decode(t, message)
		if !proto.Equal(got, want) {
			rt.Fatalf("got  %v\nwant %v", got, want)
		}
		if len(message) > length+2*9+11+6 {
			rt.Fatalf("Len said %d, the message has %d bytes", length, len(message))
		}
	})
}

func addInstrument(t *rapid.T, b *wire.Batch, want *tickgatev1.Batch) {
	symbol := rapid.StringMatching(`[!-~]{1,64}`).Draw(t, "symbol")
	id := rapid.Uint32().Draw(t, "id")
	r := drawRecord(t)
	state := rapid.Uint8Range(0, 4).Draw(t, "state")
	b.Instrument(symbol, id, &r, state)
	want.Instruments = append(want.Instruments, &tickgatev1.Instrument{
		Symbol: symbol, Id: id, State: tickgatev1.MarketState(state), Epoch: r.Epoch,
		PriceScale: uint32(r.Scales.Price), SizeScale: uint32(r.Scales.Size), TurnoverScale: uint32(r.Scales.Turnover),
	})
}

func addUpdate(t *rapid.T, b *wire.Batch, want *tickgatev1.Batch) {
	r := drawRecord(t)
	changed := drawChanges(t)
	id, conflated := rapid.Uint32().Draw(t, "id"), rapid.Uint64().Draw(t, "conflated")
	snapshot := rapid.Bool().Draw(t, "snapshot")
	sequence := rapid.SampledFrom([]uint64{r.Sequence, 0}).Draw(t, "given") // 0: the client works it out
	before := b.Len()
	b.Update(id, sequence, &r, changed, conflated, snapshot)
	if size := b.Len() - before; size > wire.MaxUpdateBytes {
		t.Fatalf("an update of %d bytes", size)
	}
	u := expectedUpdate(id, &r, changed, conflated, snapshot)
	u.Sequence = sequence
	if r.TsEvent != 0 {
		base := int64(tsSend) - int64(u.GetRecvAge())
		delta := int64(r.TsEvent) - base
		far := delta > 1<<33 || delta < -1<<33
		isFirst := !slices.ContainsFunc(want.Updates, func(u *tickgatev1.Update) bool { return u.EventDelta != nil })
		if isFirst && far {
			want.TsEventBase = int64(r.TsEvent)
		}
		if want.TsEventBase != 0 {
			base = want.TsEventBase
		}
		u.EventDelta = proto.Int64(int64(r.TsEvent) - base)
	}
	want.Updates = append(want.Updates, u)
}

// TestHeaderOfEveryLength builds batches whose length takes one byte to five, and reads their headers and first fields.
func TestHeaderOfEveryLength(t *testing.T) {
	record := fullRecord()
	for _, tt := range []struct {
		name        string
		bytes, want int // size to reach, bytes of the length
	}{
		{"one byte", 0, 1},
		{"two bytes", 1 << 7, 2},
		{"three bytes", 1 << 14, 3},
		{"four bytes", 1 << 21, 4},
		{"five bytes", 1 << 28, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.bytes > 1<<24 && testing.Short() {
				t.Skip("takes 256 MB")
			}
			var b wire.Batch
			b.Begin(make([]byte, 0, tt.bytes+1024), tsSend)
			for b.Len() < tt.bytes {
				b.Update(1, record.Sequence, &record, tick.ChangedAll, 1, true)
			}
			message := b.Finish(1)
			number, wireType, n := protowire.ConsumeTag(message)
			if number != 3 || wireType != protowire.BytesType || n != 1 {
				t.Fatalf("the message begins with field %d of type %d", number, wireType)
			}
			size, m := protowire.ConsumeVarint(message[n:])
			if m != tt.want || int(size) != len(message)-n-m {
				t.Errorf("a length of %d in %d bytes before %d bytes, want %d bytes", size, m, len(message)-n-m, tt.want)
			}
			if tt.bytes <= 1<<21 {
				decode(t, message)
			}
		})
	}
}

// TestMemoryIsReused: what Begin was given is what Finish returns a part of, and the batch before leaves nothing behind.
func TestMemoryIsReused(t *testing.T) {
	var b wire.Batch
	record := fullRecord()
	buf := make([]byte, 0, 4096)
	for sequence := uint64(1); sequence <= 3; sequence++ {
		b.Begin(buf, tsSend)
		b.Update(7, record.Sequence, &record, tick.ChangedAll, 0, true)
		message := b.Finish(sequence)
		if &b.Memory()[:1][0] != &buf[:1][0] {
			t.Fatal("the batch has moved to other memory")
		}
		if got := decode(t, message); len(got.GetUpdates()) != 1 || got.GetStreamSequence() != sequence {
			t.Fatalf("got %v", got)
		}
		buf = b.Memory()
	}
}

// TestReplayEventIsABatchWithAClock, in the same memory.
func TestReplayEventIsABatchWithAClock(t *testing.T) {
	record := fullRecord()
	const clock = tick.Time(1 << 60)
	for _, updates := range []int{0, 1, 200} {
		var b wire.Batch
		b.Begin(nil, tsSend)
		for range updates {
			b.Update(7, record.Sequence, &record, tick.ChangedAll, 1, false)
		}
		var got tickgatev1.ReplayEvent
		if err := proto.Unmarshal(b.FinishReplay(3, clock), &got); err != nil {
			t.Fatal(err)
		}
		if got.GetClock() != int64(clock) || got.GetBatch().GetStreamSequence() != 3 || len(got.GetBatch().GetUpdates()) != updates {
			t.Errorf("%d updates: got %v", updates, &got)
		}
	}
}

func TestUpdateDoesNotAllocate(t *testing.T) {
	var b wire.Batch
	record := fullRecord()
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		b.Begin(buf, tsSend)
		for id := range uint32(10) {
			b.Update(id, record.Sequence, &record, tick.ChangedAll, 1, false)
		}
		b.Finish(1)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkBatchOfTen times Begin, ten updates of a quote's prices and sizes, and Finish, in memory that is there.
func BenchmarkBatchOfTen(b *testing.B) {
	var batch wire.Batch
	record := fullRecord()
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		batch.Begin(buf, tsSend)
		for id := range uint32(10) {
			batch.Update(id, record.Sequence, &record, tick.ChangedQuote, 1, false)
		}
		b.SetBytes(int64(len(batch.Finish(1))))
	}
}

// BenchmarkBatchOfTenGenerated times the same with messages that exist already, marshalled by the generated code.
func BenchmarkBatchOfTenGenerated(b *testing.B) {
	record := fullRecord()
	message := &tickgatev1.Batch{TsSend: int64(tsSend), StreamSequence: 1, TsEventBase: int64(record.TsEvent)}
	for id := range uint32(10) {
		u := expectedUpdate(id, &record, tick.ChangedQuote, 1, false)
		u.EventDelta = proto.Int64(0)
		message.Updates = append(message.Updates, u)
	}
	whole := &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: message}}
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		encoded, err := proto.MarshalOptions{}.MarshalAppend(buf, whole)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(encoded)))
	}
}
