package websocket

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// originPattern is one entry of Config.Origins, in lower case.
type originPattern struct {
	scheme string // empty: any
	host   string // with the port, if it is not the scheme's own; without the asterisk
	below  bool   // it began with an asterisk: hosts below this one, which begins with a dot
}

// parseOrigin reads an entry of Config.Origins. An asterisk stands in place of the first labels of a name, and nowhere else: a pattern that lets every page in is a
// mistake, or it is one that somebody else will make.
func parseOrigin(text string) (originPattern, error) {
	lower := strings.ToLower(text)
	scheme, host, found := strings.Cut(lower, "://")
	if !found {
		scheme, host = "", lower
	} else if scheme != "http" && scheme != "https" {
		return originPattern{}, fmt.Errorf("its scheme is %q, which no page has", scheme)
	}
	p := originPattern{scheme: scheme, host: host}
	if rest, found := strings.CutPrefix(host, "*"); found {
		p.host, p.below = rest, true
	}
	name := strings.TrimPrefix(p.host, ".")
	switch {
	case strings.Contains(p.host, "*"):
		return originPattern{}, fmt.Errorf("an asterisk stands at the beginning only")
	case p.below && (name == p.host || name == "" || strings.HasPrefix(name, ":")):
		return originPattern{}, fmt.Errorf("an asterisk needs a dot and a name after it, or every page may connect")
	case name == "":
		return originPattern{}, fmt.Errorf("it has no host")
	case strings.ContainsAny(name, "/?#@ "):
		return originPattern{}, fmt.Errorf("an origin has no path, user or space")
	}
	if _, err := url.Parse("http://" + name); err != nil {
		return originPattern{}, fmt.Errorf("its host cannot be read")
	}
	return p, nil
}

func (p originPattern) matches(origin *url.URL) bool {
	host := strings.ToLower(origin.Host)
	if p.scheme != "" && p.scheme != strings.ToLower(origin.Scheme) {
		return false
	}
	if p.below {
		return len(host) > len(p.host) && strings.HasSuffix(host, p.host)
	}
	return host == p.host
}

// allows reports whether the page that connects may: one of the gateway's own, or of an origin that is configured. Programs name no origin.
func (h *Handler) allows(r *http.Request) bool {
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
	for _, pattern := range h.origins {
		if pattern.matches(from) {
			return true
		}
	}
	return false
}
