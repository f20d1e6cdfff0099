package websocket_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"tickgate/internal/websocket"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// everyEvent returns a ServerMessage for each of its events, with every field set, and lists of two.
func everyEvent() []*tickgatev1.ServerMessage {
	var all []*tickgatev1.ServerMessage
	events := (*tickgatev1.ServerMessage)(nil).ProtoReflect().Descriptor().Oneofs().ByName("event").Fields()
	for i := range events.Len() {
		message := &tickgatev1.ServerMessage{}
		event := message.ProtoReflect().Mutable(events.Get(i)).Message()
		fill(event)
		all = append(all, message)
	}
	return all
}

func fill(m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		switch {
		case field.IsList():
			list := m.Mutable(field).List()
			for range 2 {
				if field.Kind() == protoreflect.MessageKind {
					fill(list.AppendMutable().Message())
				} else {
					list.Append(example(field))
				}
			}
		case field.Kind() == protoreflect.MessageKind:
			fill(m.Mutable(field).Message())
		default:
			m.Set(field, example(field))
		}
	}
}

// example returns a value that shows mistakes: signs, numbers that no float64 has, text to be escaped.
func example(field protoreflect.FieldDescriptor) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(field.Enum().Values().Get(field.Enum().Values().Len() - 1).Number())
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(-1 << 31)
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(1<<32 - 1)
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(-1<<63 + 1)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(1<<64 - 1)
	case protoreflect.StringKind:
		return protoreflect.ValueOfString("\"\\/\x00\x1f\x7f\né\u2028€😀")
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte{0, 0xff, 0xfe, '"'})
	}
	panic("no example of " + field.Kind().String())
}

// sameInJSON demands that a message survives the way over JSON, read by the library's own decoder.
func sameInJSON(t *testing.T, message *tickgatev1.ServerMessage) []byte {
	t.Helper()
	encoded, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	var memory []byte
	inJSON, err := websocket.ToJSON(&memory, encoded)
	if err != nil {
		t.Fatalf("%v: %v", message, err)
	}
	var back tickgatev1.ServerMessage
	if err := protojson.Unmarshal(inJSON, &back); err != nil {
		t.Fatalf("%s: %v", inJSON, err)
	}
	if !proto.Equal(message, &back) {
		t.Fatalf("%s, want %v", inJSON, message)
	}
	return inJSON
}

// TestJSONIsTheLibrarys: every event is written as the library writes it, but for the white space.
func TestJSONIsTheLibrarys(t *testing.T) {
	for _, message := range everyEvent() {
		got := sameInJSON(t, message)
		want, err := protojson.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		if escaped := compact(t, got); escaped != compact(t, want) {
			t.Errorf("%s\nwant\n%s", escaped, compact(t, want))
		}
	}
	for _, message := range []*tickgatev1.ServerMessage{
		{}, {Event: &tickgatev1.ServerMessage_Batch{Batch: &tickgatev1.Batch{}}},
		{Event: &tickgatev1.ServerMessage_State{State: &tickgatev1.State{State: 99}}},
	} {
		sameInJSON(t, message)
	}
}

// TestJSONOfElementsApart: the gateway announces instruments between updates. Written where they stand, they made a key that was there twice, which the library refuses to read.
func TestJSONOfElementsApart(t *testing.T) {
	want := &tickgatev1.Batch{}
	var apart []byte
	for id := range uint32(4) {
		for _, part := range []*tickgatev1.Batch{
			{Instruments: []*tickgatev1.Instrument{{Id: id, Symbol: "A"}}},
			{Updates: []*tickgatev1.Update{{InstrumentId: id, Sequence: uint64(id)}}},
		} {
			encoded, err := proto.Marshal(part)
			if err != nil {
				t.Fatal(err)
			}
			apart = append(apart, encoded...)
			proto.Merge(want, part)
		}
	}
	const batch = 3 // the field of ServerMessage
	message := protowire.AppendBytes(protowire.AppendTag(nil, batch, protowire.BytesType), apart)
	var memory []byte
	inJSON, err := websocket.ToJSON(&memory, message)
	if err != nil {
		t.Fatal(err)
	}
	var back tickgatev1.ServerMessage
	if err := protojson.Unmarshal(inJSON, &back); err != nil {
		t.Fatalf("%s: %v", inJSON, err)
	}
	if !proto.Equal(want, back.GetBatch()) {
		t.Errorf("%s, want %v", inJSON, want)
	}
}

// compact returns JSON in one form.
func compact(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return strings.ReplaceAll(b.String(), `\u000a`, `\n`) // two ways to say it
}

// FuzzJSONSurvives: whatever a ServerMessage may hold.
func FuzzJSONSurvives(f *testing.F) {
	for _, message := range everyEvent() {
		encoded, err := proto.Marshal(message)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		var memory []byte
		_, _ = websocket.ToJSON(&memory, encoded) // must not fail over what is no message
		var message tickgatev1.ServerMessage
		if (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(encoded, &message) == nil {
			sameInJSON(t, &message)
		}
	})
}

// TestJSONAllocatesNothing once there is memory.
func TestJSONAllocatesNothing(t *testing.T) {
	encoded, memory := marketBatch(t, 10), make([]byte, 0, 16<<10)
	if allocations := testing.AllocsPerRun(100, func() {
		if _, err := websocket.ToJSON(&memory, encoded); err != nil {
			t.Fatal(err)
		}
	}); allocations > 0 {
		t.Errorf("%v allocations per message, want none", allocations)
	}
}

// marketBatch is a batch of quotes, every third with a trade.
func marketBatch(tb testing.TB, updates int) []byte {
	tb.Helper()
	batch := &tickgatev1.Batch{TsSend: 1_723_161_420_000_000_000, StreamSequence: 812}
	for i := range updates {
		u := &tickgatev1.Update{
			InstrumentId: uint32(i), Sequence: 123_456, Conflated: 12, RecvAge: 181_000, EventDelta: proto.Int64(-3_000_000),
			Quote: &tickgatev1.Quote{BidPrice: proto.Int64(6_183_763_000_000), BidSize: proto.Int64(378_826_000), AskPrice: proto.Int64(6_183_764_000_000), AskSize: proto.Int64(154_698_000)},
		}
		if i%3 == 0 {
			u.Trade = &tickgatev1.Trade{Price: 6_183_764_000_000, Size: 1_000_000, Aggressor: tickgatev1.Side_SIDE_BUY}
			u.Stats = &tickgatev1.Stats{Volume: proto.Int64(99_000_000_000), TradeCount: proto.Uint64(4_711)}
		}
		batch.Updates = append(batch.Updates, u)
	}
	encoded, err := proto.Marshal(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: batch}})
	if err != nil {
		tb.Fatal(err)
	}
	return encoded
}

// BenchmarkJSON: one batch of ten updates for one client, straight from its bytes, and as it would be with the library: decoded, and encoded by reflection.
func BenchmarkJSON(b *testing.B) {
	encoded := marketBatch(b, 10)
	b.Run("straight", func(b *testing.B) {
		var memory []byte
		b.ReportAllocs()
		for b.Loop() {
			if _, err := websocket.ToJSON(&memory, encoded); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var message tickgatev1.ServerMessage
			if err := proto.Unmarshal(encoded, &message); err != nil {
				b.Fatal(err)
			}
			if _, err := protojson.Marshal(&message); err != nil {
				b.Fatal(err)
			}
		}
	})
}
