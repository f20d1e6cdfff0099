package load

import (
	"math"
	"runtime"
	"runtime/debug"
)

// garbage keeps the generator's collector out of the window. With 50,000 streams one collection takes half a second, and has those who receive help: what they
// receive meanwhile would look as late as the generator is.
type garbage struct {
	// Owned by the goroutine that takes commands.
	collections uint32 // at the beginning of the window
}

// garbageRoom is what may gather from hold to release before it is collected all the same, in bytes.
const garbageRoom = 2 << 30

// hold collects what there is, and nothing more until release.
func (*garbage) hold() {
	runtime.GC()
	m := memory()
	debug.SetMemoryLimit(int64(m.Sys-m.HeapReleased) + garbageRoom)
	debug.SetGCPercent(-1)
}

func (*garbage) release() {
	const usual = 100
	debug.SetGCPercent(usual)
	debug.SetMemoryLimit(math.MaxInt64)
}

func (g *garbage) begin() { g.collections = memory().NumGC }

// since returns how often garbage was collected since the beginning of the window all the same.
func (g *garbage) since() int { return int(memory().NumGC - g.collections) }

func memory() (m runtime.MemStats) {
	runtime.ReadMemStats(&m)
	return m
}
