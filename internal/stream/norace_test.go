//go:build !race

package stream_test

const slowness = 1
