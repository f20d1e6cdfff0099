package scenario

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// counters are those of the gateway's metrics that a benchmark looks at; all zero for another system.
type counters struct {
	events, missing float64 // of the feed
	dropped         float64 // messages of the bus that the NATS client dropped
	reconnects      float64 // to the bus
	busySkips       float64
	slowEpisodes    float64
	stalled         float64 // streams ended since their client did not read
}

// fields names the metrics; those with labels are summed up.
func (c *counters) fields() map[string]*float64 {
	return map[string]*float64{
		"tickgate_feed_events_total":                     &c.events,
		"tickgate_feed_missing_events_total":             &c.missing,
		"tickgate_feed_bus_dropped_total":                &c.dropped,
		"tickgate_feed_reconnects_total":                 &c.reconnects,
		"tickgate_busy_skips_total":                      &c.busySkips,
		"tickgate_slow_consumers_total":                  &c.slowEpisodes,
		`tickgate_streams_ended_total{reason="stalled"}`: &c.stalled,
	}
}

// since returns what was counted since an earlier reading.
func (c *counters) since(before *counters) *counters {
	var difference counters
	of, earlier := c.fields(), before.fields()
	for name, to := range difference.fields() {
		*to = *of[name] - *earlier[name]
	}
	return &difference
}

// losses says what the gateway knows of that did not reach its rings, or nil.
func (c *counters) losses() error {
	if c.dropped == 0 && c.missing == 0 {
		return nil
	}
	if c.dropped == 0 && c.reconnects == 0 {
		return fmt.Errorf("%w: %.0f are missing by their sequences, dropped by nats-server, which does not slow the feed down for who cannot follow", errLost, c.missing)
	}
	return fmt.Errorf("%w: %.0f are missing by their sequences; its NATS client dropped %.0f messages and connected again %.0f times", errLost, c.missing, c.dropped, c.reconnects)
}

// errLost says that events did not arrive.
var errLost = errors.New("scenario: the gateway lost events")

// readCounters reads those of the server, if it is a gateway.
func (rig *rig) readCounters(ctx context.Context) (*counters, error) {
	c := &counters{}
	if rig.gate.admin == "" {
		return c, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, rig.gate.admin, nil)
	if err != nil {
		return c, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return c, fmt.Errorf("scenario: read the gateway's metrics: %w", err)
	}
	defer response.Body.Close()
	fields := c.fields()
	for lines := bufio.NewScanner(response.Body); ; {
		if !lines.Scan() {
			return c, lines.Err()
		}
		name, text, _ := strings.Cut(lines.Text(), " ")
		if err := addTo(fields, name, text); err != nil {
			return c, err
		}
	}
}

func addTo(fields map[string]*float64, name, text string) error {
	sum, wanted := fields[name]
	if !wanted {
		family, _, _ := strings.Cut(name, "{")
		if sum, wanted = fields[family]; !wanted {
			return nil
		}
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("scenario: the gateway's metric %s: %w", name, err)
	}
	*sum += value
	return nil
}
