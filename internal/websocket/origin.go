package websocket

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// allowed reports whether the page that connects may: one of the gateway's own, or of an origin that is configured. Programs name no origin.
func (c Config) allowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	from, err := url.Parse(origin)
	if err != nil || from.Host == "" {
		return false
	}
	if strings.EqualFold(from.Host, r.Host) {
		return true
	}
	for _, pattern := range c.Origins {
		name := from.Host
		if strings.Contains(pattern, "://") {
			name = from.Scheme + "://" + from.Host
		}
		if match, err := path.Match(strings.ToLower(pattern), strings.ToLower(name)); err == nil && match {
			return true
		}
	}
	return false
}
