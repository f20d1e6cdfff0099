//go:build race

package stream_test

// slowness is by how much longer bounds of time are: the race detector slows everything down.
const slowness = 5
