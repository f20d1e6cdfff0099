package gateway_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/internal/pace"
	webface "tickgate/internal/websocket"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestSequencesAreImpliedOnRequest plays a market to clients that work sequences out, over each face and by each policy. The checker works them out, too, and has nothing to object to.
func TestSequencesAreImpliedOnRequest(t *testing.T) {
	files := cut(t, sampleFiles(), 5*time.Second)
	symbols := read(t, files).symbols()
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	market := gatewaytest.NewPublisher(t, g.Bus())
	type asking struct {
		name           string
		face           grpc.ClientConnInterface
		conflation     *tickgatev1.Conflation
		client         *gatewaytest.Stream
		given, implied atomic.Int64
	}
	json := &asking{name: "json", face: g.DialWebSocket(t, webface.SubprotocolJSON), conflation: gatewaytest.Latest()}
	all := []*asking{
		{name: "latest", face: g.Dial(t), conflation: gatewaytest.Latest()},
		{name: "interval", face: g.Dial(t), conflation: gatewaytest.Interval(5 * time.Millisecond)},
		{name: "none", face: g.Dial(t), conflation: gatewaytest.None()},
		{name: "websocket", face: g.DialWebSocket(t, webface.SubprotocolProto), conflation: gatewaytest.Latest()},
		json,
	}
	for _, a := range all {
		a.client = gatewaytest.OpenStream(t, a.face, &gatewaytest.Options{OnMessage: func(_ context.Context, m *tickgatev1.ServerMessage) {
			for _, u := range m.GetBatch().GetUpdates() {
				if u.GetSequence() == 0 {
					a.implied.Add(1)
				} else {
					a.given.Add(1)
				}
			}
		}})
		a.client.SubscribeWith(&tickgatev1.Subscribe{Symbols: symbols, Conflation: a.conflation, ImplySequences: true})
	}
	const speed = 10
	market.Replay(files, pace.Speed(speed))
	for _, a := range all {
		a.client.Await("the last values by "+a.name, gatewaytest.HoldsLast(market, symbols))
		a.client.Close()
		for _, v := range history.Check(market.Log(), a.client.Log(), history.Options{End: history.EndSettled, IntervalTolerance: flushTolerance(flushInterval)}) {
			t.Errorf("%s: %v", a.name, v)
		}
		given, implied := a.given.Load(), a.implied.Load()
		t.Logf("%s: %d sequences given, %d implied", a.name, given, implied)
		if wants := a != json; wants != (implied > 0) || given == 0 || wants && implied < given {
			t.Errorf("%s: %d sequences are given and %d implied", a.name, given, implied)
		}
	}
}
