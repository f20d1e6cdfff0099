package latency_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"

	"tickgate/internal/latency"
)

// TestEncodingIsTheLibrarys holds that what we encode is, once inflated, byte for byte what the library encodes.
func TestEncodingIsTheLibrarys(t *testing.T) {
	var encoder latency.Encoder
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 3_000), rapid.Int64Range(0, latency.MaxMicros)), 0, 200).Draw(t, "micros")
		for digits, r := range map[int]recording{3: latency.NewRecorder(), 2: new(latency.StreamRecorder)} {
			library := hdrhistogram.New(1, latency.MaxMicros, digits)
			for _, v := range micros {
				r.Record(latency.Gateway, v*1_000)
				if err := library.RecordValue(v); err != nil {
					t.Fatal(err)
				}
			}
			ours, err := encoder.Encode(snapshotOf(r).Stage(latency.Gateway))
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := library.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := base64.StdEncoding.DecodeString(string(theirs))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(ours[:4], raw[:4]) || !bytes.Equal(inflate(t, ours), inflate(t, raw)) {
				t.Fatalf("%d digits: %x is not %x", digits, inflate(t, ours), inflate(t, raw))
			}
		}
	})
}

func inflate(t *rapid.T, encoded []byte) []byte {
	if want := uint32(len(encoded) - 8); binary.BigEndian.Uint32(encoded[4:]) != want {
		t.Fatalf("length %d, want %d", binary.BigEndian.Uint32(encoded[4:]), want)
	}
	r, err := zlib.NewReader(bytes.NewReader(encoded[8:]))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// clientEncoding is what a client sends that uses the library with bounds of its own.
func clientEncoding(t testing.TB, h *hdrhistogram.Histogram) []byte {
	t.Helper()
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name            string
		lowest, highest int64
		digits          int
		micros          []int64
		want            latency.Summary
	}{
		{"nothing", 1, 60_000_000, 3, nil, latency.Summary{}},
		{"like ours", 1, 60_000_000, 3, []int64{0, 10, 10, 20}, latency.Summary{Count: 4, P50: 10, P90: 20, P99: 20, P999: 20, Max: 20}},
		{"an hour", 1, 3_600_000_000, 3, []int64{10, 20, 70_000_000},
			latency.Summary{Count: 3, P50: 20, P90: 60e6, P99: 60e6, P999: 60e6, Max: 60e6, Clamped: 1}},
		{"two digits", 1, 60_000_000, 2, []int64{100, 100}, latency.Summary{Count: 2, P50: 100, P90: 100, P99: 100, P999: 100, Max: 100}},
		{"two digits take the middle, 1008 to 1015", 1, 60_000_000, 2, []int64{1_008}, latency.Summary{Count: 1, P50: 1_009, P90: 1_009, P99: 1_009, P999: 1_009, Max: 1_011}},
		{"a coarse unit, 96 to 127", 32, 1_000_000, 1, []int64{100}, latency.Summary{Count: 1, P50: 111, P90: 111, P99: 111, P999: 111, Max: 127}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := hdrhistogram.New(tt.lowest, tt.highest, tt.digits)
			for _, v := range tt.micros {
				if err := h.RecordValue(v); err != nil {
					t.Fatal(err)
				}
			}
			d, err := latency.Decode(clientEncoding(t, h))
			if err != nil {
				t.Fatal(err)
			}
			if got := d.Summary(); got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// header is the inflated part of a histogram that somebody made up.
type header struct {
	cookie, payloadBytes int32
	_                    int32 // index of normalising
	digits               int32
	lowest, highest      int64
	ratio                float64
}

func validHeader() header {
	return header{cookie: 0x1c849313, digits: 3, lowest: 1, highest: latency.MaxMicros, ratio: 1}
}

// forge encodes a header and a payload, whose length it fills in unless the header states one.
func forge(t testing.TB, h header, payload []byte) []byte {
	t.Helper()
	if h.payloadBytes == 0 {
		h.payloadBytes = int32(len(payload))
	}
	var inner, compressed bytes.Buffer
	if err := binary.Write(&inner, binary.BigEndian, h); err != nil {
		t.Fatal(err)
	}
	inner.Write(payload)
	w, err := zlib.NewWriterLevel(&compressed, zlib.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(inner.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return envelope(compressed.Bytes())
}

func envelope(compressed []byte) []byte {
	encoded := binary.BigEndian.AppendUint32(nil, 0x1c849314)
	encoded = binary.BigEndian.AppendUint32(encoded, uint32(len(compressed)))
	return append(encoded, compressed...)
}

// hostile returns reports that must be refused.
func hostile(t testing.TB) map[string][]byte {
	with := func(change func(*header)) header {
		h := validHeader()
		change(&h)
		return h
	}
	one := binary.AppendVarint(nil, 1)
	valid := forge(t, validHeader(), one)
	changed := func(at int, b byte) []byte {
		c := bytes.Clone(valid)
		c[at] = b
		return c
	}
	return map[string][]byte{
		"nothing":                      nil,
		"too short":                    valid[:7],
		"another cookie":               changed(3, 0x99),
		"a length beyond the end":      changed(7, 0xff),
		"a negative length":            changed(4, 0x80),
		"not zlib":                     envelope([]byte("not zlib at all, but long enough for a header of 40 bytes")),
		"cut off":                      envelope(valid[8 : len(valid)-6]),
		"no checksum":                  envelope(valid[8 : len(valid)-4]),
		"over the size":                append(bytes.Clone(valid), make([]byte, latency.MaxReportBytes)...),
		"another inner cookie":         forge(t, with(func(h *header) { h.cookie = 1 }), one),
		"base64, as the library gives": []byte(base64.StdEncoding.EncodeToString(valid)),
		"four digits":                  forge(t, with(func(h *header) { h.digits = 4 }), one),
		"negative digits":              forge(t, with(func(h *header) { h.digits = -1 }), one),
		"a range that allows a bomb":   forge(t, with(func(h *header) { h.digits, h.highest = 5, math.MaxInt64 }), bytes.Repeat(one, 5<<20)),
		"a range beyond int64":         forge(t, with(func(h *header) { h.lowest, h.highest = 1<<62, math.MaxInt64 }), one),
		"range beyond an hour":         forge(t, with(func(h *header) { h.highest = 3_600_000_001 }), one),
		"negative highest":             forge(t, with(func(h *header) { h.highest = math.MinInt64 }), one),
		"lowest 0":                     forge(t, with(func(h *header) { h.lowest = 0 }), one),
		"lowest above half of highest": forge(t, with(func(h *header) { h.lowest, h.highest = 6, 11 }), one),
		"a payload that is shorter":    forge(t, with(func(h *header) { h.payloadBytes = 2 }), one),
		"a payload that is longer":     forge(t, with(func(h *header) { h.payloadBytes = 1 }), slices.Concat(one, one)),
		"a negative payload":           forge(t, with(func(h *header) { h.payloadBytes = -1 }), one),
		"a bomb that says its size":    forge(t, validHeader(), make([]byte, 8<<20)),
		"a bomb that hides its size":   forge(t, with(func(h *header) { h.payloadBytes = 100 }), make([]byte, 8<<20)),
		"a varint cut off":             forge(t, validHeader(), []byte{0x80}),
		"zeros beyond the end":         forge(t, validHeader(), binary.AppendVarint(nil, -17_409)),
		"counts beyond the end":        forge(t, validHeader(), append(binary.AppendVarint(nil, -17_408), one...)),
		"zeros without end":            forge(t, validHeader(), bytes.Repeat([]byte{0xff}, 9)),
		"more values than can be":      forge(t, validHeader(), binary.AppendVarint(nil, 1_000_000_000_001)),
		"counts that overflow":         forge(t, validHeader(), bytes.Repeat([]byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 3)),
	}
}

func TestDecodeRefuses(t *testing.T) {
	if _, err := latency.Decode(forge(t, validHeader(), binary.AppendVarint(nil, 1))); err != nil {
		t.Fatalf("the forger makes no valid histogram: %v", err)
	}
	for name, encoded := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			if tooLong := len(encoded) > latency.MaxReportBytes; tooLong != (name == "over the size") {
				t.Fatalf("%d bytes do not test what they should", len(encoded))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d, err := latency.Decode(encoded)
			runtime.ReadMemStats(&after)
			if d != nil || !errors.Is(err, latency.ErrReport) {
				t.Errorf("got %v, error %v", d, err)
			}
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 2<<20 {
				t.Errorf("allocated %d bytes", allocated)
			}
		})
	}
}

// TestDecodeCostIsBounded decodes the largest histogram that is within the limits.
func TestDecodeCostIsBounded(t *testing.T) {
	h := validHeader()
	h.highest = 3_600_000_000
	encoded := forge(t, h, bytes.Repeat(binary.AppendVarint(nil, 1_000), 23*1_024))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d, err := latency.Decode(encoded)
	runtime.ReadMemStats(&after)
	if err != nil || d.Count() != 23*1_024*1_000 {
		t.Fatalf("got %v, error %v", d, err)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 4<<20 {
		t.Errorf("allocated %d bytes", allocated)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(forge(f, validHeader(), binary.AppendVarint(nil, 1)))
	for _, encoded := range hostile(f) {
		if len(encoded) <= 4<<10 {
			f.Add(encoded)
		}
	}
	f.Fuzz(func(t *testing.T, encoded []byte) { checkDecoded(t, encoded) })
}

// FuzzDecodePayload gives the fuzzer what it cannot make itself: the compression and its checksum.
func FuzzDecodePayload(f *testing.F) {
	f.Add(int32(3), int64(1), int64(latency.MaxMicros), binary.AppendVarint(nil, 1))
	f.Add(int32(0), int64(7), int64(3_600_000_000), []byte{2, 1, 3, 2})
	f.Fuzz(func(t *testing.T, digits int32, lowest, highest int64, payload []byte) {
		h := validHeader()
		h.digits, h.lowest, h.highest = digits, lowest, highest
		checkDecoded(t, forge(t, h, payload))
	})
}

// checkDecoded holds that a report is refused as such, or is a distribution that can be used and comes back from its own encoding.
func checkDecoded(t *testing.T, encoded []byte) {
	d, err := latency.Decode(encoded)
	if err != nil {
		if !errors.Is(err, latency.ErrReport) {
			t.Fatalf("refused with %v", err)
		}
		return
	}
	s := d.Summary()
	if s.P50 > s.P90 || s.P90 > s.P99 || s.P99 > s.P999 || s.P999 > s.Max || s.Max > latency.MaxMicros || s.Clamped > s.Count {
		t.Fatalf("no order in %+v", s)
	}
	if d.SumMicros() < 0 || d.SumMicros() > float64(s.Count)*latency.MaxMicros {
		t.Fatalf("sum %v of %d values", d.SumMicros(), s.Count)
	}
	again, err := new(latency.Encoder).Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	back, err := latency.Decode(again)
	if err != nil || back.Count() != d.Count() || !slices.Equal(slices.Collect(back.Buckets()), slices.Collect(d.Buckets())) {
		t.Fatalf("came back as %+v, error %v", back, err)
	}
}
