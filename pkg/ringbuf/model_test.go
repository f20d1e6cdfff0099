package ringbuf_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tickgate/pkg/ringbuf"
)

// model is a ring that keeps everything: the record of position p is published[p-1].
type model struct {
	depth     uint64
	published [][]uint64
}

func (m *model) head() uint64 { return uint64(len(m.published)) }

// read says what Read must find, and the record if it must be copied.
func (m *model) read(position uint64) (ringbuf.Result, []uint64) {
	if position > m.head() {
		return ringbuf.Result{Status: ringbuf.Empty}, nil
	}
	oldest := uint64(1)
	if m.head() >= m.depth {
		oldest = m.head() - (m.depth - 1) + 1 // the newest depth-1 records
	}
	if position < oldest {
		return ringbuf.Result{Status: ringbuf.Lapped, Oldest: oldest, Missed: oldest - position}, nil
	}
	return ringbuf.Result{Status: ringbuf.Copied}, m.published[position-1]
}

// reader goes through the ring as a client of it does, and counts.
type reader struct {
	next, seen, missed uint64
}

// pair is the ring under test beside its model.
type pair struct {
	ring  *ringbuf.Ring
	model model
	words []uint64
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (p *pair) publish(t fataler, words []uint64) {
	t.Helper()
	p.model.published = append(p.model.published, slices.Clone(words))
	if position := p.ring.Publish(words); position != p.model.head() || p.ring.Head() != position {
		t.Fatalf("Publish = %d, head %d, want %d", position, p.ring.Head(), p.model.head())
	}
}

func (p *pair) read(t fataler, position uint64) ringbuf.Result {
	t.Helper()
	want, record := p.model.read(position)
	got := p.ring.Read(position, p.words)
	if got != want {
		t.Fatalf("head %d, depth %d: Read(%d) = %+v, want %+v", p.model.head(), p.model.depth, position, got, want)
	}
	if got.Status == ringbuf.Copied && !slices.Equal(p.words, record) {
		t.Fatalf("Read(%d) copied %v, want %v", position, p.words, record)
	}
	return got
}

func (p *pair) latest(t fataler) {
	t.Helper()
	position := p.ring.Latest(p.words)
	if position != p.model.head() {
		t.Fatalf("Latest = %d, want %d", position, p.model.head())
	}
	if position > 0 && !slices.Equal(p.words, p.model.published[position-1]) {
		t.Fatalf("Latest copied %v, want %v", p.words, p.model.published[position-1])
	}
}

// advance lets a reader take up to count records.
func (p *pair) advance(t fataler, r *reader, count int) {
	t.Helper()
	for range count {
		switch result := p.read(t, r.next); result.Status {
		case ringbuf.Empty:
			return
		case ringbuf.Copied:
			r.next++
			r.seen++
		case ringbuf.Lapped:
			r.next = result.Oldest
			r.missed += result.Missed
		}
	}
}

func (p *pair) checkCount(t fataler, r *reader) {
	t.Helper()
	p.advance(t, r, len(p.model.published)+1)
	if r.seen+r.missed != p.model.head() {
		t.Fatalf("seen %d + missed %d != written %d", r.seen, r.missed, p.model.head())
	}
}

func TestRingAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		depth := 1 << rapid.IntRange(2, 6).Draw(t, "log2 of depth")
		width := rapid.IntRange(1, 5).Draw(t, "width")
		ring, err := ringbuf.New(depth, width)
		if err != nil {
			t.Fatal(err)
		}
		p := &pair{ring: ring, model: model{depth: uint64(depth)}, words: make([]uint64, width)}
		readers := []reader{{next: 1}, {next: 1}}
		// Few values, so that many words repeat what the slot held.
		record := rapid.SliceOfN(rapid.Uint64Range(0, 2), width, width)
		t.Repeat(map[string]func(*rapid.T){
			"publish one": func(t *rapid.T) { p.publish(t, record.Draw(t, "record")) },
			"publish some": func(t *rapid.T) {
				for range rapid.IntRange(1, 2*depth).Draw(t, "count") {
					p.publish(t, record.Draw(t, "record"))
				}
			},
			"latest": func(t *rapid.T) { p.latest(t) },
			"read anywhere": func(t *rapid.T) {
				p.read(t, rapid.Uint64Range(1, p.model.head()+uint64(depth)).Draw(t, "position"))
			},
			"advance": func(t *rapid.T) {
				r := &readers[rapid.IntRange(0, 1).Draw(t, "reader")]
				p.advance(t, r, rapid.IntRange(1, depth).Draw(t, "count"))
			},
		})
		for i := range readers {
			p.checkCount(t, &readers[i])
		}
	})
}

// FuzzRing drives a ring of width 2 by bytes: the low three bits say what to do, the others how often or where.
func FuzzRing(f *testing.F) {
	f.Add(uint8(0), []byte{0, 0, 0, 1, 2, 3})
	f.Add(uint8(1), []byte{0xf8, 0xf8, 3, 1, 0xfa, 2, 1})
	f.Add(uint8(4), []byte{0xf8, 3, 0xf8, 3, 0xf8, 3})
	f.Fuzz(func(t *testing.T, logDepth uint8, script []byte) {
		depth := ringbuf.MinDepth << (logDepth % 5)
		p := &pair{ring: newRing(t, depth, 2), model: model{depth: uint64(depth)}, words: make([]uint64, 2)}
		r := reader{next: 1}
		for i, code := range script {
			argument := uint64(code >> 3)
			switch code & 7 {
			case 0:
				for range argument + 1 {
					p.publish(t, []uint64{p.model.head(), uint64(i)})
				}
			case 1:
				p.latest(t)
			case 2:
				p.read(t, argument+1)
			case 3:
				p.advance(t, &r, int(argument)+1)
			default:
				p.publish(t, []uint64{argument, uint64(code & 1)})
			}
		}
		p.checkCount(t, &r)
	})
}
