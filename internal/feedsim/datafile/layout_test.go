package datafile_test

import (
	"errors"
	"strings"
	"testing"

	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

func TestPresetsAreValid(t *testing.T) {
	kinds := map[string]tick.Kind{
		"binance-quotes": tick.KindQuote, "binance-trades": tick.KindTrade,
		"tickgate-quotes": tick.KindQuote, "tickgate-trades": tick.KindTrade, "tickgate-statuses": tick.KindStatus,
	}
	for _, name := range datafile.PresetNames() {
		l, err := datafile.Preset(name)
		if err != nil || l.Validate() != nil || l.Kind() != kinds[name] {
			t.Errorf("preset %s: kind %v, errors %v, %v", name, l.Kind(), err, l.Validate())
		}
	}
	if _, err := datafile.Preset("nasdaq"); !errors.Is(err, datafile.ErrLayout) || !strings.Contains(err.Error(), "binance-trades") {
		t.Errorf("unknown preset: %v, want an error that lists the known ones", err)
	}
}

func TestParseLayoutRefuses(t *testing.T) {
	for mapping, reason := range map[string]string{
		"":                                    "field=column",
		"ts_recv":                             "field=column",
		"ts_recv=":                            "field=column",
		"time=t":                              `no field "time"`,
		"ts_recv=t,ts_recv=u":                 "mapped twice",
		"bid_price=b,ask_price=a":             "ts_recv is needed",
		"ts_recv=t":                           "trades need price and size",
		"ts_recv=t,price=p":                   "trades need price and size",
		"ts_recv=t,bid_size=b":                "bid_price, ask_price or both",
		"ts_recv=t,bid_price=b,price=p":       "not both",
		"ts_recv=t,price=p,size=s,ask_size=x": "not both",
	} {
		if _, err := datafile.ParseLayout(mapping); !errors.Is(err, datafile.ErrLayout) || !strings.Contains(err.Error(), reason) {
			t.Errorf("ParseLayout(%q): %v, want %q", mapping, err, reason)
		}
	}
}

func TestParseTemplateRefuses(t *testing.T) {
	for _, template := range []string{"", "{", "}", "{}", "{a", "a}", "{a{b}}", "{a}}"} {
		if _, err := datafile.ParseTemplate(template); !errors.Is(err, datafile.ErrTemplate) {
			t.Errorf("ParseTemplate(%q): %v, want ErrTemplate", template, err)
		}
	}
}
