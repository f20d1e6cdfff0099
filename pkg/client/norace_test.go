//go:build !race

package client_test

// chaosKills is how often TestChaos kills the gateway.
const chaosKills = 50
