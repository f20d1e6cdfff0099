package gateway_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/protojson"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// demoSymbols are what the sample has.
var demoSymbols = []string{
	"BTCUSDT.BINANCE_SPOT", "ETHUSDT.BINANCE_SPOT", "BTCUSDT.BINANCE_USDM", "ETHUSDT.BINANCE_USDM", "BTCUSD_PERP.BINANCE_COINM", "ETHUSD_PERP.BINANCE_COINM",
}

// runDemo starts what `make run` starts, looks at everything it prints, and stops it as Ctrl-C does.
func runDemo(t *testing.T, program string) {
	p := gatewaytest.StartProcess(t, program, nil, append(freePorts(t), "--demo")...)
	p.AwaitLine("Ctrl-C stops")
	a := printedAddresses(t, p)
	awaitPage(t, a.admin+"/readyz", func(body string) bool { return body == "ready\n" })
	for _, url := range []string{a.admin + "/healthz", a.web + "/healthz"} {
		awaitPage(t, url, func(body string) bool { return body == "ok\n" })
	}
	conn := gatewaytest.Dial(t, a.grpc)
	pasted := gatewaytest.OpenStream(t, conn, nil)
	pasted.Send(a.pasted)
	pasted.Await("live quotes by the line to paste", holdsQuotes(a.pasted.GetSubscribe().GetSymbols()))
	client := gatewaytest.OpenStream(t, conn, nil)
	client.Subscribe(gatewaytest.Latest(), demoSymbols)
	client.Await("live quotes of all symbols", holdsQuotes(demoSymbols))
	checkMetrics(t, a.admin+"/metrics")
	checkLanding(t, a)
	pasted.Close()

	p.Signal(os.Interrupt)
	stopping := time.Now()
	client.AwaitMessages("GoingAway", func(_ gatewaytest.Holdings, others []*tickgatev1.ServerMessage) bool {
		return slices.ContainsFunc(others, func(m *tickgatev1.ServerMessage) bool { return m.GetGoingAway() != nil })
	})
	client.Close()
	for _, v := range history.Check(history.NewPublisherLog(), client.Log(), history.Options{}) {
		t.Error(v)
	}
	const bound = 10 * time.Second // on a busy machine; less than a second is usual
	if code, took := p.Wait(), time.Since(stopping); code != 0 || took > bound {
		t.Errorf("exit code %d after %v, want 0 within %v", code, took, bound)
	}
	checkLeftNothing(t, p)
}

// holdsQuotes is satisfied when each symbol is live, both sides of its book are there, and they have moved.
func holdsQuotes(symbols []string) func(gatewaytest.Holdings) bool {
	return func(h gatewaytest.Holdings) bool {
		for _, symbol := range symbols {
			held := h[symbol]
			if held == nil || held.Updates < 3 || held.State != tickgatev1.MarketState_MARKET_STATE_LIVE ||
				!held.Quote.BidPrice.Present || !held.Quote.AskPrice.Present {
				return false
			}
		}
		return true
	}
}

// printedAddress is what the program says when it starts.
type printedAddress struct {
	grpc, web, admin string
	grpcurl          string                    // the line to paste
	pasted           *tickgatev1.ClientMessage // what that line sends
}

var grpcurlLine = regexp.MustCompile(`^  (grpcurl -plaintext -d '(.*)' (\S+) tickgate\.v1\.MarketData/Stream)$`)

func printedAddresses(t *testing.T, p *gatewaytest.Process) printedAddress {
	t.Helper()
	stdout, _ := p.Output()
	addresses := addressesIn(stdout)
	a := printedAddress{pasted: &tickgatev1.ClientMessage{}}
	for _, line := range stdout {
		if m := grpcurlLine.FindStringSubmatch(line); m != nil {
			a.grpcurl = m[1]
			if err := protojson.Unmarshal([]byte(m[2]), a.pasted); err != nil || m[3] != addresses["gRPC"] {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	a.grpc = addresses["gRPC"]
	a.web = strings.TrimSuffix(addresses["web"], "/")
	a.admin = strings.TrimSuffix(addresses["admin"], "/metrics")
	if len(addresses) != 4 || a.grpcurl == "" || !strings.HasPrefix(addresses["NATS"], "nats://127.0.0.1:") {
		t.Fatalf("want four addresses and a line to paste, got\n%s", strings.Join(stdout, "\n"))
	}
	return a
}

// get returns a page; the connection is not kept, so that nothing of it is left when the test ends.
func get(t *testing.T, url, accept string) (status int, header http.Header, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(content)
}

// awaitPage asks for a page until it is what it should be, and returns it.
func awaitPage(t *testing.T, url string, satisfied func(body string) bool) string {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	timeout := time.After(gatewaytest.Patience)
	for {
		status, _, body := get(t, url, "")
		if status == http.StatusOK && satisfied(body) {
			return body
		}
		select {
		case <-again.C:
		case <-timeout:
			t.Fatalf("%s: status %d and\n%s", url, status, body)
		}
	}
}

// checkMetrics looks for the families that dashboards rely on. Two streams have subscribed.
func checkMetrics(t *testing.T, url string) {
	t.Helper()
	delivered := regexp.MustCompile(`(?m)^tickgate_latency_milliseconds_count\{stage="gateway"\} [1-9]`)
	body := awaitPage(t, url, delivered.MatchString) // latencies are gathered twice a second
	for _, line := range []string{
		`grpc_stream_active_connections{service="data"} 2`,
		`grpc_stream_messages_received_total{type="subscribe"} 2`,
		`grpc_stream_messages_received_total{type="heartbeat"} 0`,
		`tickgate_feed_connected 1`,
		`tickgate_symbols 6`,
		`tickgate_subscriptions 8`,
		`tickgate_latency_milliseconds_bucket{stage="gateway",le="0.1"} `,
		`tickgate_latency_milliseconds_bucket{stage="gateway",le="10000"} `,
		`tickgate_latency_milliseconds_bucket{stage="gateway",le="+Inf"} `,
		`tickgate_latency_milliseconds_bucket{stage="venue_to_gateway",le="+Inf"} `,
		`tickgate_feed_events_total{kind="quote"} `,
		`tickgate_updates_sent_total `,
		`tickgate_batches_sent_total `,
		`tickgate_events_conflated_total `,
		`tickgate_bytes_sent_total `,
		`go_goroutines `,
	} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("no metric %q", line)
		}
	}
	_, _, body = get(t, url, string(expfmt.NewFormat(expfmt.TypeProtoDelim)))
	if h := latencyOfGateway(t, body); h.Schema == nil || len(h.GetPositiveSpan()) == 0 || h.GetSampleCount() == 0 {
		t.Errorf("no native histogram of tickgate_latency_milliseconds{stage=gateway}: %v", h)
	}
}

// latencyOfGateway finds the histogram in the protobuf exposition.
func latencyOfGateway(t *testing.T, exposition string) *dto.Histogram {
	t.Helper()
	families := expfmt.NewDecoder(strings.NewReader(exposition), expfmt.NewFormat(expfmt.TypeProtoDelim))
	for {
		var family dto.MetricFamily
		if err := families.Decode(&family); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			t.Fatal(err)
		}
		for _, m := range family.GetMetric() {
			if family.GetName() == "tickgate_latency_milliseconds" && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == "gateway" {
				return m.GetHistogram()
			}
		}
	}
}

func checkLanding(t *testing.T, a printedAddress) {
	t.Helper()
	status, header, body := get(t, a.web+"/", "")
	if status != http.StatusOK || header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(body, `id="watchlist"`) ||
		!strings.Contains(header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Errorf("the page has status %d, %v, and\n%s", status, header, body)
	}
	asset := regexp.MustCompile(`assets/[^"]+\.js`).FindString(body)
	if status, header, _ := get(t, a.web+"/"+asset, ""); status != http.StatusOK || !strings.Contains(header.Get("Cache-Control"), "immutable") {
		t.Errorf("the page's script %q has status %d and %v", asset, status, header)
	}
	if status, _, _ := get(t, a.web+"/no-such-page", ""); status != http.StatusNotFound {
		t.Errorf("a page that does not exist has status %d, want 404", status)
	}
	if status, _, _ := get(t, a.web+"/metrics", ""); status != http.StatusNotFound {
		t.Errorf("the public listener answers /metrics with status %d, want 404: metrics are the admin listener's", status)
	}
}

// checkLeftNothing demands that nothing went wrong, and that files are where the setting says.
func checkLeftNothing(t *testing.T, p *gatewaytest.Process) {
	t.Helper()
	_, stderr := p.Output()
	for _, line := range stderr {
		if strings.Contains(line, "level=ERROR") || !strings.HasPrefix(line, "time=") {
			t.Errorf("the log says %s", line)
		}
	}
	if files, err := os.ReadDir(p.Dir()); err != nil || len(files) != 0 {
		t.Errorf("the program left %v in its folder (%v)", files, err)
	}
}
