package stream

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestPlainAckReadsWhatTheGeneratedCodeReads: an Ack read by hand is the same as one read by the generated code, and nothing else passes for one.
func TestPlainAckReadsWhatTheGeneratedCodeReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sequence := rapid.Uint64Min(1).Draw(t, "sequence")
		id := rapid.SampledFrom([]uint64{0, 0, 0, 7}).Draw(t, "request_id")
		message, err := proto.Marshal(&tickgatev1.ClientMessage{
			RequestId: id, Command: &tickgatev1.ClientMessage_Ack{Ack: &tickgatev1.Ack{StreamSequence: sequence}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := plainAck(message); ok != (id == 0) || ok && got != sequence {
			t.Fatalf("plainAck(%x) = %d, %v, want %d, %v", message, got, ok, sequence, id == 0)
		}
	})
}

func FuzzPlainAck(f *testing.F) {
	f.Add([]byte{0x42, 0x02, 0x08, 0x05})
	f.Add([]byte{0x42, 0x02, 0x08, 0x05, 0x08, 0x01})
	f.Add([]byte{0x42, 0x00})
	f.Fuzz(func(t *testing.T, message []byte) {
		sequence, ok := plainAck(message)
		if !ok {
			return
		}
		var m tickgatev1.ClientMessage
		if err := proto.Unmarshal(message, &m); err != nil {
			t.Fatalf("%x passes for an acknowledgement, and is no message: %v", message, err)
		}
		if want := m.GetAck().GetStreamSequence(); sequence != want || m.GetAck() == nil || m.GetRequestId() != 0 {
			t.Fatalf("%x passes for an acknowledgement of %d, and is %v", message, sequence, &m)
		}
	})
}
