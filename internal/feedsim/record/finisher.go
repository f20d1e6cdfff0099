package record

import (
	"errors"
	"sync"
)

// finisher makes files out of closed parts, one after the other, while recording goes on.
type finisher struct {
	paths chan []string // Run sends and closes
	done  sync.WaitGroup
	err   error // after done
}

// waitingSegments is how many closed segments wait to be finished before recording waits, too. Rotating faster than files can be made is a mistake in the
// settings.
const waitingSegments = 64

func (f *finisher) start(c Config) {
	f.paths = make(chan []string, waitingSegments)
	f.done.Go(func() {
		for paths := range f.paths {
			for _, path := range paths {
				if err := finish(path, c.Format, c.Log); err != nil {
					c.Log.Error("a closed segment stays as it is until the next start", "file", path, "error", err)
					f.err = errors.Join(f.err, err)
				}
			}
		}
	})
}

func (f *finisher) add(paths []string) { f.paths <- paths }

func (f *finisher) wait() error {
	close(f.paths)
	f.done.Wait()
	return f.err
}
