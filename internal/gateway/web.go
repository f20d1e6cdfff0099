package gateway

import (
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed landing.html
var landingSource string

// webHandler serves people with a browser: a plain page for now.
func (g *Gateway) webHandler() (http.Handler, error) {
	landing, err := template.New("landing").Parse(landingSource)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.Handle("GET /v1/stream", g.websockets)
	mux.HandleFunc("GET /v1/instruments", g.serveInstruments)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		_ = landing.Execute(w, g.Addresses()) // an error means that the browser is gone
	})
	return mux, nil
}
