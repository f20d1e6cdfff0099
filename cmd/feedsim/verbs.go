package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tickgate/internal/pace"
	feedsimv1 "tickgate/proto/tickgate/feedsim/v1"
)

// errCommand says what commands there are.
var errCommand = errors.New("COMMAND is status, pause, resume, speed, seek, rate, fault or clear")

// verb is a command as people write it.
type verb struct {
	example string // as many words as it has
	parse   func(operand string) (*feedsimv1.Command, error)
}

var verbs = map[string]verb{
	"status": {"status", func(string) (*feedsimv1.Command, error) {
		return &feedsimv1.Command{Command: &feedsimv1.Command_Status{Status: &feedsimv1.Status{}}}, nil
	}},
	"pause": {"pause", func(string) (*feedsimv1.Command, error) {
		return &feedsimv1.Command{Command: &feedsimv1.Command_Pause{Pause: &feedsimv1.Pause{}}}, nil
	}},
	"resume": {"resume", func(string) (*feedsimv1.Command, error) {
		return &feedsimv1.Command{Command: &feedsimv1.Command_Resume{Resume: &feedsimv1.Resume{}}}, nil
	}},
	"clear": {"clear", func(string) (*feedsimv1.Command, error) {
		return &feedsimv1.Command{Command: &feedsimv1.Command_ClearFaults{ClearFaults: &feedsimv1.ClearFaults{}}}, nil
	}},
	"speed": {"speed 4", func(operand string) (*feedsimv1.Command, error) {
		speed, err := parseNumber(operand)
		return &feedsimv1.Command{Command: &feedsimv1.Command_SetSpeed{SetSpeed: &feedsimv1.SetSpeed{Speed: speed}}}, err
	}},
	"rate": {"rate 5000", func(operand string) (*feedsimv1.Command, error) {
		rate, err := parseNumber(operand)
		return &feedsimv1.Command{Command: &feedsimv1.Command_SetRate{SetRate: &feedsimv1.SetRate{EventsPerSecond: rate}}}, err
	}},
	"seek": {"seek 10:30", func(operand string) (*feedsimv1.Command, error) {
		seek, err := parseSeek(operand)
		return &feedsimv1.Command{Command: &feedsimv1.Command_Seek{Seek: seek}}, err
	}},
	"fault": {"fault silence for=5s", func(operand string) (*feedsimv1.Command, error) {
		return &feedsimv1.Command{Command: &feedsimv1.Command_InjectFault{InjectFault: &feedsimv1.InjectFault{Fault: operand}}}, nil
	}},
}

// parseCommand reads the words of a command. What it asks for is the feed's to judge.
func parseCommand(words []string) (*feedsimv1.Command, error) {
	if len(words) == 0 {
		return nil, errCommand
	}
	v, ok := verbs[words[0]]
	if !ok {
		return nil, errCommand
	}
	operands, isFault := words[1:], words[0] == "fault"
	if want := len(strings.Fields(v.example)) - 1; len(operands) != want && (!isFault || len(operands) == 0) {
		return nil, fmt.Errorf("%d words follow the command, give it as: %s", len(operands), v.example)
	}
	return v.parse(strings.Join(operands, " "))
}

func parseNumber(text string) (float64, error) {
	if text == pace.Unpaced().String() {
		return math.Inf(1), nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return v, nil
}

// parseSeek reads a time of day, a time, or a time from here on.
func parseSeek(text string) (*feedsimv1.Seek, error) {
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		by, err := time.ParseDuration(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a time from here, give +30s or -1m30s", text)
		}
		return &feedsimv1.Seek{Target: &feedsimv1.Seek_By{By: int64(by)}}, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return &feedsimv1.Seek{Target: &feedsimv1.Seek_To{To: at.UnixNano()}}, nil
	}
	for _, layout := range []string{"15:04", "15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil {
			midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
			return &feedsimv1.Seek{Target: &feedsimv1.Seek_TimeOfDay{TimeOfDay: int64(at.Sub(midnight))}}, nil
		}
	}
	return nil, fmt.Errorf("%q is not a time, give 10:30, 10:30:15, 2024-08-08T23:57:30Z, +30s or -30s", text)
}
