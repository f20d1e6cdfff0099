package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"tickgate/internal/gateway/gatewaytest"
)

// Names of metrics, with their labels.
const (
	streamsMetric       = `grpc_stream_active_connections{service="data"}`
	subscriptionsMetric = "tickgate_subscriptions"
	pendingMetric       = "tickgate_pending_symbols"
)

// activeStreams asks the gateway's metrics.
func activeStreams(t testing.TB, g *gatewaytest.Gateway) int {
	t.Helper()
	return int(metric(t, adminOf(g), streamsMetric))
}

func adminOf(g *gatewaytest.Gateway) string { return "http://" + g.Addresses().Admin }

// metric returns a value of a gateway's metrics. admin is the listener's URL; name has the labels.
func metric(t testing.TB, admin, name string) float64 {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n"+name+" ")
	var value float64
	if _, err := fmt.Sscan(rest, &value); !found || err != nil {
		t.Fatalf("no metric %s: %v", name, err)
	}
	return value
}
