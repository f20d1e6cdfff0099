package gateway

import (
	"context"
	"fmt"
	"sync"
)

// stages are the goroutines of a gateway.
type stages struct {
	running sync.WaitGroup
	stop    map[string]context.CancelFunc
	done    map[string]chan struct{}
	failed  chan error // of one, for the first; sent to by stages, received by Run, never closed
}

func newStages() *stages {
	return &stages{stop: make(map[string]context.CancelFunc), done: make(map[string]chan struct{}), failed: make(chan error, 1)}
}

// start runs a stage until end is called with its name.
func (s *stages) start(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s.stop[name], s.done[name] = cancel, done
	s.running.Go(func() {
		defer close(done)
		if err := run(ctx); err != nil && ctx.Err() == nil {
			select {
			case s.failed <- fmt.Errorf("gateway: %s: %w", name, err):
			default:
			}
		}
	})
}

// end stops a stage, if it was started, and waits for it.
func (s *stages) end(name string) {
	if cancel := s.stop[name]; cancel != nil {
		cancel()
		<-s.done[name]
	}
}
