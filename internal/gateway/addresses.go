package gateway

import "fmt"

// Addresses say where everything listens.
type Addresses struct {
	GRPC, Web, Admin string // host:port
	NATS             string // URL of the bus
}

// Addresses returns the addresses, with the ports that the system chose for port 0.
func (g *Gateway) Addresses() Addresses {
	a := Addresses{
		GRPC:  g.listeners.grpc.Addr().String(),
		Web:   g.listeners.web.Addr().String(),
		Admin: g.listeners.admin.Addr().String(),
		NATS:  g.config.Bus.URL,
	}
	if g.embedded != nil {
		a.NATS = g.embedded.URL()
	}
	return a
}

// Grpcurl returns a command that shows live quotes.
func (a Addresses) Grpcurl() string {
	return fmt.Sprintf(`grpcurl -plaintext -d '{"subscribe":{"symbols":["BTCUSDT.BINANCE_SPOT","ETHUSDT.BINANCE_USDM"]}}' %s tickgate.v1.MarketData/Stream`, a.GRPC)
}
