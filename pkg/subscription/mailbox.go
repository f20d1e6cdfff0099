package subscription

import "sync"

// mailbox holds what others want the worker to run. Each session has at most a few posts under way, so it is bounded by the number of sessions.
type mailbox struct {
	mu sync.Mutex
	// mu guards the fields below.
	posts []func()
	ended bool // posts are refused
}

type postOutcome uint8

const (
	posted  postOutcome = iota
	refused             // the worker has ended, and f will not run
)

// post has f run on the worker, after what was posted before.
func (w *worker) post(f func()) postOutcome {
	if w.mailbox.put(f) == refused {
		return refused
	}
	w.signal()
	return posted
}

func (m *mailbox) put(f func()) postOutcome {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return refused
	}
	m.posts = append(m.posts, f)
	return posted
}

// swap returns all posts and leaves empty in their place, so that two slices do for ever.
func (m *mailbox) swap(empty []func()) []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	posts := m.posts
	m.posts = empty
	return posts
}

func (m *mailbox) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
}

func (w *worker) takePosts() {
	w.posts = w.mailbox.swap(w.posts[:0])
	for i, post := range w.posts {
		w.posts[i] = nil
		post()
	}
}

// end lets go of every session and refuses all posts from then on, so that nobody waits for a worker that is no more.
func (w *worker) end() {
	w.mailbox.end()
	w.takePosts() // what was posted before
	for len(w.sessions) > 0 {
		w.sessions[0].letGo()
	}
}
