//go:build race

package client_test

// chaosKills is fewer under the race detector, which makes each of them slow.
const chaosKills = 10
