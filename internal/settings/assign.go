package settings

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// assign gives a setting the value of one source. A list replaces the list of the source below, it does not extend it. The error says what is
// expected.
func assign(flag *pflag.Flag, value any) error {
	switch v := value.(type) {
	case string:
		return assignText(flag, v)
	case bool, int, int64, uint, uint64, float64:
		// YAML has read it as a number: 0123 or 1e6 would not come back as it was written.
		if t := flag.Value.Type(); t == "string" || t == "stringSlice" {
			return errors.New("expected text, put it in quotes")
		}
		return set(flag, fmt.Sprint(v))
	case time.Duration:
		return set(flag, v.String())
	case []string:
		return replace(flag, v)
	case []any:
		return assignList(flag, v)
	}
	return fmt.Errorf("expected %s", expected(flag))
}

// assignText takes a comma-separated list where a list is expected, as pflag does.
func assignText(flag *pflag.Flag, text string) error {
	if _, ok := flag.Value.(pflag.SliceValue); !ok {
		return set(flag, text)
	}
	if text == "" {
		return replace(flag, []string{})
	}
	list, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return fmt.Errorf("expected %s", expected(flag))
	}
	return replace(flag, list)
}

func assignList(flag *pflag.Flag, values []any) error {
	list := make([]string, len(values))
	for i, value := range values {
		text, ok := value.(string)
		if !ok && flag.Value.Type() == "stringSlice" {
			return fmt.Errorf("entry %d: expected text, put it in quotes", i+1)
		}
		if !ok {
			text = fmt.Sprint(value)
		}
		list[i] = text
	}
	return replace(flag, list)
}

func replace(flag *pflag.Flag, list []string) error {
	slice, ok := flag.Value.(pflag.SliceValue)
	if !ok || slice.Replace(list) != nil {
		return fmt.Errorf("expected %s", expected(flag))
	}
	return nil
}

func set(flag *pflag.Flag, text string) error {
	err := flag.Value.Set(text)
	if f, parseErr := strconv.ParseFloat(flag.Value.String(), 64); flag.Value.Type() == "float64" && parseErr == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
		err = strconv.ErrSyntax
	}
	return explain(flag, err)
}

// explain turns pflag's reason into what is expected.
func explain(flag *pflag.Flag, err error) error {
	switch {
	case err == nil:
		return nil
	case expected(flag) == flag.Value.Type(): // a type of the program's own knows better
		return err
	}
	return fmt.Errorf("expected %s", expected(flag))
}

// expected says in words what values a setting takes.
func expected(flag *pflag.Flag) string {
	switch t := flag.Value.Type(); t {
	case "int", "int64":
		return "a whole number of at most 64 bits"
	case "uint", "uint64":
		return "a whole number of at most 64 bits, 0 or more"
	case "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "duration":
		return "a duration with its unit such as 250ms, 10s or 1m30s"
	case "string":
		return "text"
	case "stringSlice":
		return "a list such as a,b,c"
	default:
		return t
	}
}
