package feed

import (
	"strings"
	"time"
)

// publisher is one process that sends events.
type publisher struct {
	name      string
	epoch     uint64 // greatest heard
	lastHeard time.Time
	silent    bool // not heard for too long, or not yet since the bus came up
	symbols   []*symbol
	tally     tally
}

// adopt makes the symbol one of p's.
func (p *publisher) adopt(s *symbol) {
	if s.publisher != nil {
		s.publisher.release(s)
	}
	s.publisher, s.index = p, len(p.symbols)
	p.symbols = append(p.symbols, s)
}

func (p *publisher) release(s *symbol) {
	last := len(p.symbols) - 1
	moved := p.symbols[last]
	p.symbols[s.index], p.symbols[last] = moved, nil
	moved.index = s.index
	p.symbols = p.symbols[:last]
}

// registry holds the publishers.
type registry struct {
	limit  int
	byName map[string]*publisher
	other  publisher // stands for all beyond the limit; its epoch stays 0, for they have none in common
	silent int       // how many of byName are
}

func newRegistry(limit int) registry {
	return registry{limit: limit, byName: make(map[string]*publisher), other: publisher{silent: true}}
}

// find returns the publisher of that name, and adds it, silent, if it is new. It returns &r.other when there are too many.
func (r *registry) find(name []byte) *publisher {
	if p := r.byName[string(name)]; p != nil {
		return p
	}
	if len(r.byName) >= r.limit {
		return &r.other
	}
	p := &publisher{name: strings.Clone(string(name)), silent: true}
	r.byName[p.name] = p
	r.silent++
	return p
}

// forgetIdle forgets the silent publishers that no symbol comes from, so that publishers which change their names do not use up the limit.
func (r *registry) forgetIdle() {
	for name, p := range r.byName {
		if p.silent && len(p.symbols) == 0 {
			delete(r.byName, name)
			r.silent--
		}
	}
}

// all calls yield for every publisher, with all beyond the limit as one.
func (r *registry) all(yield func(*publisher) bool) {
	for _, p := range r.byName {
		if !yield(p) {
			return
		}
	}
	yield(&r.other)
}

func (r *registry) markSilent(p *publisher) {
	if !p.silent && p != &r.other {
		r.silent++
	}
	p.silent = true
}

func (r *registry) markHeard(p *publisher) {
	if p.silent && p != &r.other {
		r.silent--
	}
	p.silent = false
}

// count returns how many publishers there are, with all beyond the limit as one.
func (r *registry) count() int {
	if len(r.other.symbols) > 0 {
		return len(r.byName) + 1
	}
	return len(r.byName)
}
