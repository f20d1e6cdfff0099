package datafile

import (
	"errors"
	"strings"

	"tickgate/pkg/tick"
)

// Errors of words.
var (
	ErrStatus    = errors.New("not one of TRADING, HALTED, AUCTION, CLOSED, UNKNOWN")
	ErrAggressor = errors.New("not one of buy, sell, b, s, or nothing")
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
func ParseStatus(text []byte) (tick.TradingStatus, error) {
	for status, name := range statusNames {
		if strings.EqualFold(name, string(text)) {
			return tick.TradingStatus(status), nil
		}
	}
	return tick.StatusUnknown, ErrStatus
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

// ParseSide reads an aggressor: buy, sell, b or s in any case of letters; nothing is unknown.
func ParseSide(text []byte) (tick.Side, error) {
	switch string(text) { // the usual spellings first, without folding
	case "buy", "BUY", "b", "B":
		return tick.SideBuy, nil
	case "sell", "SELL", "s", "S":
		return tick.SideSell, nil
	case "":
		return tick.SideUnknown, nil
	}
	switch strings.ToLower(string(text)) {
	case "buy":
		return tick.SideBuy, nil
	case "sell":
		return tick.SideSell, nil
	}
	return tick.SideUnknown, ErrAggressor
}
