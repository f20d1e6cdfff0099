package bus

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"tickgate/pkg/tick"
)

// reader walks the fields of one protobuf message. The first violation sets failed and ends the walk.
type reader struct {
	b      []byte
	number protowire.Number
	wire   protowire.Type
	failed bool
}

// next reads the next tag; false at the end and after a violation.
func (r *reader) next() bool {
	if len(r.b) == 0 || r.failed {
		return false
	}
	number, wire, n := protowire.ConsumeTag(r.b)
	if n < 0 || number > protowire.MaxValidNumber { // which ConsumeTag lets pass
		r.failed = true
		return false
	}
	r.number, r.wire, r.b = number, wire, r.b[n:]
	return true
}

func (r *reader) varint() uint64 {
	v, n := protowire.ConsumeVarint(r.b)
	r.consume(protowire.VarintType, n)
	return v
}

func (r *reader) fixed64() uint64 {
	v, n := protowire.ConsumeFixed64(r.b)
	r.consume(protowire.Fixed64Type, n)
	return v
}

func (r *reader) bytes() []byte {
	v, n := protowire.ConsumeBytes(r.b)
	r.consume(protowire.BytesType, n)
	return v
}

// name reads a string in place of one that came before: protobuf lets the last count, and refuses all that is not UTF-8. The last is the caller's to check.
func (r *reader) name(before []byte) []byte {
	if !utf8.Valid(before) {
		r.failed = true
	}
	return r.bytes()
}

func (r *reader) skip() {
	r.consume(r.wire, protowire.ConsumeFieldValue(r.number, r.wire, r.b))
}

func (r *reader) consume(want protowire.Type, n int) {
	if r.wire != want || n < 0 {
		r.failed = true
		return
	}
	r.b = r.b[n:]
}

func (r *reader) amount() tick.Amount { return tick.Some(protowire.DecodeZigZag(r.varint())) }

func (r *reader) scale() uint8 { return uint8(r.enum(tick.MaxScale)) }

// enum reads a number from 0 to greatest.
func (r *reader) enum(greatest uint64) uint64 {
	v := r.varint()
	if v > greatest {
		r.failed = true
		return 0
	}
	return v
}
