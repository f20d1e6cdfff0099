package stream

// framePool keeps the frames of a flush worker that no session uses. It belongs to the worker.
type framePool struct {
	free  []*Frame
	spare int // how many of free nobody has needed since the last trim
}

// framesKept is how many a worker keeps at most, until the next trim. When thousands of streams open at once there are more, for once.
const framesKept = 8192

// take returns an empty frame of the session.
func (p *framePool) take(x *session) *Frame {
	last := len(p.free) - 1
	if last < 0 {
		return &Frame{session: x, buf: make([]byte, 0, minFrameBytes)}
	}
	f := p.free[last]
	p.free[last] = nil
	p.free = p.free[:last]
	p.spare = min(p.spare, last)
	f.session = x
	return f
}

// give gives a frame back that has left.
func (p *framePool) give(f *Frame) {
	if len(p.free) == framesKept || cap(f.buf) < minFrameBytes || cap(f.buf) > maxPooledBytes {
		return
	}
	f.session, f.buf, f.message, f.received = nil, f.buf[:0], nil, f.received[:0]
	f.sent.Store(0)
	p.free = append(p.free, f)
}

// trim lets the frames go that were not needed since the last trim.
func (p *framePool) trim() {
	rest := copy(p.free, p.free[p.spare:])
	clear(p.free[rest:])
	p.free = p.free[:rest]
	p.spare = rest
}
