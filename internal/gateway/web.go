package gateway

import "net/http"

// webHandler serves browsers: the page, its WebSocket, and the list of what can be subscribed.
func (g *Gateway) webHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.Handle("GET /v1/stream", g.websockets)
	mux.HandleFunc("GET /v1/instruments", g.serveInstruments)
	mux.Handle("GET /", pageHandler())
	return mux
}
