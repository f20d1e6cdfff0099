package datafile

import (
	"strings"

	"tickgate/pkg/tick"
)

// statusNames are those of the API, without their prefix.
var statusNames = [...]string{
	tick.StatusUnknown: "UNKNOWN", tick.StatusTrading: "TRADING", tick.StatusHalted: "HALTED", tick.StatusAuction: "AUCTION", tick.StatusClosed: "CLOSED",
}

// StatusName returns how a trading status is written.
func StatusName(s tick.TradingStatus) string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return statusNames[tick.StatusUnknown]
}

// ParseStatus is the inverse of StatusName, in any case of letters.
func ParseStatus(text string) (tick.TradingStatus, bool) {
	for status, name := range statusNames {
		if strings.EqualFold(name, text) {
			return tick.TradingStatus(status), true
		}
	}
	return tick.StatusUnknown, false
}

// SideName returns how an aggressor is written; nothing if it is unknown.
func SideName(s tick.Side) string {
	switch s {
	case tick.SideBuy:
		return "buy"
	case tick.SideSell:
		return "sell"
	}
	return ""
}
