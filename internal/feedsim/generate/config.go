package generate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tickgate/pkg/tick"
)

// ErrConfig says that a field of Config is out of its range.
var ErrConfig = errors.New("generate: configuration")

// Limits of a Config.
const (
	MaxSymbols     = 100_000
	MinRate        = 0.000_001
	MaxRate        = 10_000_000
	MaxBurstFactor = 1_000
	MaxSpreadTicks = 1_000
	maxStart       = 1_000_000_000_000_000 // mantissa of a start price: room for any walk
)

// Config of a Market. A field is the setting of its name: BurstFactor is burst-factor, and is called so in errors.
type Config struct {
	// Seed of everything random. Default 1.
	Seed uint64
	// Symbols is how many there are, 1 to MaxSymbols. Default 10.
	Symbols int
	// SymbolName is the template of names: {n} stands for 1, 2, … with leading zeros, so that all are of one length. Default "SIM{n}".
	SymbolName string
	// Rate is the events per second over all symbols, outside bursts, MinRate to MaxRate. Default 1,000.
	Rate float64
	// BurstFactor multiplies Rate during bursts, 1 to MaxBurstFactor. Default 1: no bursts.
	BurstFactor float64
	// BurstEvery is the time from one burst's start to the next. The first begins at the start. Default 10 s.
	BurstEvery time.Duration
	// BurstFor is the length of a burst, at most BurstEvery. Default 1 s.
	BurstFor time.Duration
	// TickSize is the grid of prices; its digits are the price scale. Default "0.01".
	TickSize string
	// LotSize is the grid of sizes; its digits are the size scale. Default "1".
	LotSize string
	// StartPrice is where prices begin, give or take a tenth. At least 100 ticks. Default "100.00".
	StartPrice string
	// SpreadTicks is the widest spread; each quote has one from 1 tick to that. 1 to MaxSpreadTicks. Default 3.
	SpreadTicks int
	// TradeShare is the share of trades among the events, 0 to 1. Default 0.2.
	TradeShare float64
	// CrossedShare is the share of quotes whose bid is above their ask, 0 to 1. Default 0.
	CrossedShare float64
	// Count is how many events there are; 0: no bound. Default 0.
	Count uint64
	// Duration is how much time the events cover; 0: no bound. Default 0.
	Duration time.Duration
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	return Config{
		Seed: 1, Symbols: 10, SymbolName: "SIM{n}",
		Rate: 1_000, BurstFactor: 1, BurstEvery: 10 * time.Second, BurstFor: time.Second,
		TickSize: "0.01", LotSize: "1", StartPrice: "100.00", SpreadTicks: 3,
		TradeShare: 0.2,
	}
}

// Validate names the first field that is out of its range.
func (c Config) Validate() error {
	if c.Symbols < 1 || c.Symbols > MaxSymbols {
		return fmt.Errorf("%w: symbols is %d, give 1 to %d", ErrConfig, c.Symbols, MaxSymbols)
	}
	if err := tick.ValidateSymbol(c.name(c.Symbols)); err != nil {
		return fmt.Errorf("%w: symbol-name: %w", ErrConfig, err)
	}
	if c.Symbols > 1 && !strings.Contains(c.SymbolName, numberPlaceholder) {
		return fmt.Errorf("%w: symbol-name %q has no %s, and there are %d symbols", ErrConfig, c.SymbolName, numberPlaceholder, c.Symbols)
	}
	if c.SpreadTicks < 1 || c.SpreadTicks > MaxSpreadTicks {
		return fmt.Errorf("%w: spread-ticks is %d, give 1 to %d", ErrConfig, c.SpreadTicks, MaxSpreadTicks)
	}
	if c.Duration < 0 {
		return fmt.Errorf("%w: duration is %v, give 0 or more", ErrConfig, c.Duration)
	}
	if err := c.validateShares(); err != nil {
		return err
	}
	if err := validateRate(c.Rate); err != nil {
		return err
	}
	if err := c.validateBursts(); err != nil {
		return err
	}
	_, err := c.grid()
	return err
}

func (c Config) validateShares() error {
	for _, share := range []struct {
		name  string
		value float64
	}{{"trade-share", c.TradeShare}, {"crossed-share", c.CrossedShare}} {
		if !(share.value >= 0 && share.value <= 1) {
			return fmt.Errorf("%w: %s is %g, give 0 to 1", ErrConfig, share.name, share.value)
		}
	}
	return nil
}

func validateRate(rate float64) error {
	if !(rate >= MinRate && rate <= MaxRate) {
		return fmt.Errorf("%w: rate is %g, give %g to %d", ErrConfig, rate, MinRate, MaxRate)
	}
	return nil
}

func (c Config) validateBursts() error {
	if !(c.BurstFactor >= 1 && c.BurstFactor <= MaxBurstFactor) {
		return fmt.Errorf("%w: burst-factor is %g, give 1 to %d", ErrConfig, c.BurstFactor, MaxBurstFactor)
	}
	if c.BurstEvery <= 0 || c.BurstFor < 0 || c.BurstFor > c.BurstEvery {
		return fmt.Errorf("%w: burst-for is %v and burst-every %v, give a length within a period above 0", ErrConfig, c.BurstFor, c.BurstEvery)
	}
	return nil
}

// grid is what the decimals of a Config come to.
type grid struct {
	scales    tick.Scales
	tickUnits int64 // mantissa of one tick
	lotUnits  int64 // mantissa of one lot
	start     int64 // price in ticks
}

// minStartTicks keeps the walk away from its floor for a while.
const minStartTicks = 100

func (c Config) grid() (grid, error) {
	tickSize, err := positive("tick-size", c.TickSize)
	if err != nil {
		return grid{}, err
	}
	lotSize, err := positive("lot-size", c.LotSize)
	if err != nil {
		return grid{}, err
	}
	start, err := positive("start-price", c.StartPrice)
	if err != nil {
		return grid{}, err
	}
	mantissa, err := start.Rescale(max(tickSize.Scale, start.Scale))
	unit, unitErr := tickSize.Rescale(max(tickSize.Scale, start.Scale))
	if err != nil || unitErr != nil || mantissa/unit < minStartTicks {
		return grid{}, fmt.Errorf("%w: start-price %s is less than %d times tick-size %s, or has too many digits", ErrConfig, c.StartPrice, minStartTicks, c.TickSize)
	}
	ticks := mantissa / unit
	if ticks > maxStart/tickSize.Mantissa || lotSize.Mantissa > maxStart {
		return grid{}, fmt.Errorf("%w: start-price or lot-size has too many digits", ErrConfig)
	}
	return grid{
		scales:    tick.Scales{Price: tickSize.Scale, Size: lotSize.Scale},
		tickUnits: tickSize.Mantissa, lotUnits: lotSize.Mantissa, start: ticks,
	}, nil
}

func positive(name, text string) (tick.Decimal, error) {
	d, err := tick.ParseDecimal(text)
	if err != nil {
		return d, fmt.Errorf("%w: %s: %w", ErrConfig, name, err)
	}
	if d.Mantissa <= 0 {
		return d, fmt.Errorf("%w: %s is %s, give more than 0", ErrConfig, name, text)
	}
	return d, nil
}

// numberPlaceholder stands for a symbol's number in SymbolName.
const numberPlaceholder = "{n}"

// name returns the name of symbol n, from 1.
func (c Config) name(n int) string {
	width := len(strconv.Itoa(c.Symbols))
	return strings.ReplaceAll(c.SymbolName, numberPlaceholder, fmt.Sprintf("%0*d", width, n))
}
