package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tickgate/internal/feedsim/replay"
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
	moment, err := replay.ParseMoment(text)
	if since, ok := moment.TimeOfDay(); ok {
		return &feedsimv1.Seek{Target: &feedsimv1.Seek_TimeOfDay{TimeOfDay: int64(since)}}, nil
	}
	if at, ok := moment.Date(); ok {
		return &feedsimv1.Seek{Target: &feedsimv1.Seek_To{To: int64(at)}}, nil
	}
	return nil, fmt.Errorf("%q is %w, or +30s or -30s from here", text, cmp.Or(err, replay.ErrMoment)) // nothing is no mistake to others
}
