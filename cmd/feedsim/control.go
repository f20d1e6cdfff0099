package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"tickgate/internal/feedsim/control"
	"tickgate/internal/pace"
	"tickgate/internal/settings"
	"tickgate/pkg/tick"
	feedsimv1 "tickgate/proto/tickgate/feedsim/v1"
)

// How long a feed may take to answer. One that is not there is known at once.
const (
	answerTimeout = time.Second
	seekTimeout   = 5 * time.Minute // it reads the recording up to there
)

// errRefused says that the feed has not carried the command out, and why.
var errRefused = errors.New("refused")

// registerControlName is of those that are steered and of the one that steers.
func registerControlName(set *settings.Set, name *string, usage string) {
	set.Flags().StringVar(name, "control-name", *name, usage)
}

func (p program) control(ctx context.Context, args []string) error {
	set := settings.New("feedsim control", envPrefix)
	set.IgnoreEnv(settings.ProjectVariables()...)
	set.Arguments = "COMMAND"
	set.Description = "Steers a feedsim that runs, and prints what it does then. COMMAND is\n" +
		"  status\n" +
		"  pause, resume\n" +
		"  speed 4                     of a recording; max: as fast as it goes\n" +
		"  seek 10:30                  in a recording: a time of its day (UTC), 2024-08-08T23:57:30Z, or +30s and -30s from where it is\n" +
		"  rate 5000                   events per second of a made-up market\n" +
		"  fault gap rate=0.001        what goes wrong from now on, as the setting fault\n" +
		"  clear                       ends all faults"
	connecting := defaultConnecting()
	connecting.natsTimeout = answerTimeout
	name := control.DefaultName
	registerControlName(set, &name, "`name` of the feed to steer; that of the gateway's demo is "+control.DefaultName)
	connecting.register(set)
	set.Flags().SetInterspersed(false) // what follows the command may begin with a minus
	if err := set.Load(args, p.environ, p.stdout); err != nil {
		return usageError{err}
	}
	if _, err := control.Subject(name); err != nil {
		return usageError{set.Check("control-name", err)}
	}
	command, err := parseCommand(set.Flags().Args())
	if err != nil {
		return usageError{err}
	}
	state, err := connecting.ask(ctx, name, command)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, describe(state))
	return nil
}

// ask sends a command and returns the state that it led to. A refusal is an error.
func (s *connecting) ask(ctx context.Context, name string, command *feedsimv1.Command) (*feedsimv1.State, error) {
	link, err := s.connect(ctx, "control", slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer link.close()
	timeout := answerTimeout
	if command.GetSeek() != nil {
		timeout = seekTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answer, err := control.Request(ctx, link.Conn, name, command)
	if err != nil {
		return nil, err
	}
	if refusal := answer.GetRefusal(); refusal != nil {
		return nil, fmt.Errorf("%w: %s", errRefused, refusal.GetDetail())
	}
	return answer.GetState(), nil
}

// describe writes a state in one line.
func describe(s *feedsimv1.State) string {
	what := "playing"
	if s.GetPaused() {
		what = "paused"
	}
	position, speed := recordedPosition(tick.Time(s.GetPosition())), "speed "+pace.Speed(s.GetSpeed()).String()
	if s.GetSource() == feedsimv1.Source_SOURCE_MADE_UP {
		position, speed = madeUpPosition(tick.Time(s.GetPosition())), strconv.FormatFloat(s.GetEventsPerSecond(), 'f', -1, 64)+"/s"
	}
	passes := "again and again"
	if n := s.GetPasses(); n > 0 {
		passes = fmt.Sprintf("of %d", n)
	}
	text := fmt.Sprintf("%s  %s  %s  lag %v  %d published  %d lost  pass %d %s", what, position, speed, time.Duration(s.GetLag()).Round(10*time.Microsecond),
		s.GetPublished(), s.GetLost(), s.GetPass(), passes)
	if s.GetFaulted() > 0 || len(s.GetFaults()) > 0 {
		text += fmt.Sprintf("  %d faults so far", s.GetFaulted())
	}
	if faults := s.GetFaults(); len(faults) > 0 {
		text += ", active: " + strings.Join(faults, "; ")
	}
	return text
}
