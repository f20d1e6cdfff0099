package websocket

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// jsonType is how messages of one type are written in JSON straight from their bytes on the wire: to decode each message for that, and to encode it again by
// reflection, takes ten times as long. It is made once, from the descriptor.
type jsonType struct {
	fields []jsonField // by number
}

// jsonField is one field of a jsonType. The zero value is a field that the message does not have.
type jsonField struct {
	key      string // with quotes and colon
	kind     protoreflect.Kind
	wire     protowire.Type // of a value
	repeated bool
	packed   bool
	message  *jsonType // of kind message
	enum     protoreflect.EnumValueDescriptors
}

// newJSONType returns how to write messages, and whatever they are made of; made has those that are known.
func newJSONType(d protoreflect.MessageDescriptor, made map[protoreflect.FullName]*jsonType) *jsonType {
	if known := made[d.FullName()]; known != nil {
		return known
	}
	t := &jsonType{}
	made[d.FullName()] = t
	for i := range d.Fields().Len() {
		field := d.Fields().Get(i)
		if field.Number() >= 64 {
			panic("websocket: " + string(field.FullName()) + " has a number that appendJSON does not remember")
		}
		for len(t.fields) <= int(field.Number()) {
			t.fields = append(t.fields, jsonField{})
		}
		f := jsonField{key: strconv.Quote(field.JSONName()) + ":", kind: field.Kind(), wire: wireTypes[field.Kind()], repeated: field.IsList(), packed: field.IsPacked()}
		if field.Kind() == protoreflect.MessageKind {
			f.message = newJSONType(field.Message(), made)
		}
		if field.Kind() == protoreflect.EnumKind {
			f.enum = field.Enum().Values()
		}
		t.fields[field.Number()] = f
	}
	return t
}

// wireTypes has the kinds of fields that can be written; messages of others are not.
var wireTypes = map[protoreflect.Kind]protowire.Type{
	protoreflect.BoolKind: protowire.VarintType, protoreflect.EnumKind: protowire.VarintType,
	protoreflect.Int32Kind: protowire.VarintType, protoreflect.Uint32Kind: protowire.VarintType,
	protoreflect.Int64Kind: protowire.VarintType, protoreflect.Uint64Kind: protowire.VarintType, protoreflect.Sint64Kind: protowire.VarintType,
	protoreflect.Fixed64Kind: protowire.Fixed64Type, protoreflect.Sfixed64Kind: protowire.Fixed64Type,
	protoreflect.StringKind: protowire.BytesType, protoreflect.BytesKind: protowire.BytesType, protoreflect.MessageKind: protowire.BytesType,
}

// appendJSON writes an encoded message as ProtoJSON. It relies on what every encoder does: no field but a repeated one stands there twice. False: the message has what the type does not, or
// is malformed.
func (t *jsonType) appendJSON(dst, message []byte) ([]byte, bool) {
	dst = append(dst, '{')
	var written uint64 // repeated fields, by number: all their elements are written where the first one stands
	for first := true; len(message) > 0; {
		f, number, n := t.consumeTag(message)
		if f == nil {
			return nil, false
		}
		if written&(1<<number) != 0 {
			skipped := protowire.ConsumeFieldValue(number, wireOf(message), message[n:])
			if skipped < 0 {
				return nil, false
			}
			message = message[n+skipped:]
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, f.key...)
		var ok bool
		if f.repeated {
			written |= 1 << number
			dst, ok = t.appendElements(dst, message, number)
		} else {
			dst, message, ok = f.appendValue(dst, message[n:])
		}
		if !ok {
			return nil, false
		}
	}
	return append(dst, '}'), true
}

// consumeTag returns the field that message begins with, and the length of its tag; nil if the type does not have it so.
func (t *jsonType) consumeTag(message []byte) (*jsonField, protowire.Number, int) {
	number, wire, n := protowire.ConsumeTag(message)
	if n < 0 || int(number) >= len(t.fields) {
		return nil, 0, 0
	}
	f := &t.fields[number]
	if f.key == "" || wire != f.wire && (!f.packed || wire != protowire.BytesType) {
		return nil, 0, 0
	}
	return f, number, n
}

// wireOf returns the wire type of the field that message begins with.
func wireOf(message []byte) protowire.Type { return protowire.Type(message[0] & 7) }

// appendElements writes all elements of a repeated field. Others may stand between them: instruments between updates, for instance.
func (t *jsonType) appendElements(dst, message []byte, number protowire.Number) ([]byte, bool) {
	dst = append(dst, '[')
	for first := true; len(message) > 0; {
		f, at, n := t.consumeTag(message)
		if f == nil {
			return nil, false
		}
		wire := wireOf(message)
		message = message[n:]
		if at != number {
			skipped := protowire.ConsumeFieldValue(at, wire, message)
			if skipped < 0 {
				return nil, false
			}
			message = message[skipped:]
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		var ok bool
		if wire != f.wire {
			dst, message, ok = f.appendPacked(dst, message)
		} else {
			dst, message, ok = f.appendValue(dst, message)
		}
		if !ok {
			return nil, false
		}
	}
	return append(dst, ']'), true
}

// appendValue writes the value that message begins with, and returns what follows it.
func (f *jsonField) appendValue(dst, message []byte) (_, rest []byte, ok bool) {
	switch f.wire {
	case protowire.VarintType:
		value, n := protowire.ConsumeVarint(message)
		if n < 0 {
			return nil, nil, false
		}
		return f.appendNumber(dst, value), message[n:], true
	case protowire.Fixed64Type:
		value, n := protowire.ConsumeFixed64(message)
		if n < 0 {
			return nil, nil, false
		}
		return f.appendNumber(dst, value), message[n:], true
	case protowire.BytesType:
		value, n := protowire.ConsumeBytes(message)
		if n < 0 {
			return nil, nil, false
		}
		dst, ok = f.appendBytes(dst, value)
		return dst, message[n:], ok
	}
	return nil, nil, false
}

// appendPacked writes the values of a repeated field that message begins with, and returns what follows them.
func (f *jsonField) appendPacked(dst, message []byte) (_, rest []byte, ok bool) {
	values, n := protowire.ConsumeBytes(message)
	if n < 0 {
		return nil, nil, false
	}
	for first := true; len(values) > 0; first = false {
		if !first {
			dst = append(dst, ',')
		}
		if dst, values, ok = f.appendValue(dst, values); !ok {
			return nil, nil, false
		}
	}
	return dst, message[n:], true
}

// appendNumber writes what is on the wire as a number. Numbers of 64 bits are strings in JSON.
func (f *jsonField) appendNumber(dst []byte, value uint64) []byte {
	switch f.kind {
	case protoreflect.BoolKind:
		return strconv.AppendBool(dst, value != 0)
	case protoreflect.Uint32Kind:
		return strconv.AppendUint(dst, uint64(uint32(value)), 10)
	case protoreflect.Int32Kind:
		return strconv.AppendInt(dst, int64(int32(value)), 10)
	case protoreflect.EnumKind:
		if known := f.enum.ByNumber(protoreflect.EnumNumber(int32(value))); known != nil {
			return appendQuoted(dst, string(known.Name()))
		}
		return strconv.AppendInt(dst, int64(int32(value)), 10)
	case protoreflect.Sint64Kind:
		value = uint64(protowire.DecodeZigZag(value))
		fallthrough
	case protoreflect.Int64Kind, protoreflect.Sfixed64Kind:
		return append(strconv.AppendInt(append(dst, '"'), int64(value), 10), '"')
	default: // uint64, fixed64
		return append(strconv.AppendUint(append(dst, '"'), value, 10), '"')
	}
}

func (f *jsonField) appendBytes(dst, value []byte) ([]byte, bool) {
	switch f.kind {
	case protoreflect.MessageKind:
		return f.message.appendJSON(dst, value)
	case protoreflect.BytesKind:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), value), '"'), true
	default:
		if !utf8.Valid(value) {
			return nil, false
		}
		return appendQuoted(dst, string(value)), true
	}
}

// appendQuoted writes a JSON string.
func appendQuoted(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
