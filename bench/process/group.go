package process

import (
	"context"
	"fmt"
	"os"
	"slices"
)

// Group is the processes of one run.
type Group struct {
	folder    string
	processes []*Process
}

// NewGroup returns an empty group whose processes log into a folder, which is made if need be.
func NewGroup(folder string) (*Group, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("process: %w", err)
	}
	return &Group{folder: folder}, nil
}

// Start starts a process of the group.
func (g *Group) Start(c Command) (*Process, error) {
	p, err := start(c, g.folder)
	if err == nil {
		g.processes = append(g.processes, p)
	}
	return p, err
}

// Watch returns a context that ends with the given one, or when a process of the group ends by itself, which is its cause then.
func (g *Group) Watch(ctx context.Context) (watching context.Context, stop func()) {
	watching, cancel := context.WithCancelCause(ctx)
	for _, p := range g.processes {
		go func() {
			select {
			case <-p.ended:
				if !p.stopped.Load() {
					cancel(p.ErrorOfEnd())
				}
			case <-watching.Done():
			}
		}()
	}
	return watching, func() { cancel(nil) }
}

// Err says which process ended though nobody asked it to.
func (g *Group) Err() error {
	for _, p := range g.processes {
		if p.HasEnded() && !p.stopped.Load() {
			return p.ErrorOfEnd()
		}
	}
	return nil
}

// Stop stops all processes that still run, the last started first.
func (g *Group) Stop() {
	for _, p := range slices.Backward(g.processes) {
		p.Stop()
	}
	g.processes = nil
}
