package gateway

import (
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// serveInstruments is ListInstruments for browsers: parameters prefix, page_size and page_token, the response in ProtoJSON.
func (g *Gateway) serveInstruments(w http.ResponseWriter, r *http.Request) {
	const maxPage, patience = 1_000, 10 * time.Second
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(patience)) // a browser that does not read keeps nothing
	query := r.URL.Query()
	request := &tickgatev1.ListInstrumentsRequest{Prefix: query.Get("prefix"), PageToken: query.Get("page_token")}
	if size := query.Get("page_size"); size != "" {
		n, err := strconv.ParseUint(size, 10, 32)
		if err != nil {
			http.Error(w, "page_size is "+strconv.Quote(size)+", give a number", http.StatusBadRequest)
			return
		}
		request.PageSize = uint32(min(n, maxPage))
	}
	response, err := g.service.ListInstruments(r.Context(), request)
	if err != nil {
		http.Error(w, status.Convert(err).Message(), httpStatus(status.Code(err)))
		return
	}
	encoded, err := protojson.Marshal(response)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(encoded) // an error means that the browser is gone
}

func httpStatus(code codes.Code) int {
	switch code {
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
