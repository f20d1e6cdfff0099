//go:build race

package fleet_test

// slowness is how much longer things take under the race detector.
const slowness = 3
