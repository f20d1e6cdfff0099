package control

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/fault"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
	feedsimv1 "tickgate/proto/tickgate/feedsim/v1"
)

// Why a command is refused before the feed sees it.
var (
	errMalformed = errors.New("control: not a command that this feed knows")
	errBusy      = errors.New("control: another seek is under way; try again")
)

// decode reads a command.
func decode(payload []byte) (feedsim.Command, error) {
	if len(payload) > MaxCommandBytes {
		return nil, fmt.Errorf("%w: it has %d bytes, at most %d are allowed", errMalformed, len(payload), MaxCommandBytes)
	}
	var m feedsimv1.Command
	if err := proto.Unmarshal(payload, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformed, err)
	}
	switch c := m.GetCommand().(type) {
	case *feedsimv1.Command_Pause:
		return feedsim.Pause{}, nil
	case *feedsimv1.Command_Resume:
		return feedsim.Resume{}, nil
	case *feedsimv1.Command_SetSpeed:
		return feedsim.SetSpeed{Speed: pace.Speed(c.SetSpeed.GetSpeed())}, nil
	case *feedsimv1.Command_Seek:
		return decodeSeek(c.Seek)
	case *feedsimv1.Command_SetRate:
		return feedsim.SetRate{EventsPerSecond: c.SetRate.GetEventsPerSecond()}, nil
	case *feedsimv1.Command_InjectFault:
		f, err := fault.Parse(c.InjectFault.GetFault())
		if err != nil {
			return nil, fmt.Errorf("%w: %w", feedsim.ErrValue, err)
		}
		return feedsim.Inject{Fault: f}, nil
	case *feedsimv1.Command_ClearFaults:
		return feedsim.ClearFaults{}, nil
	case *feedsimv1.Command_Status:
		return feedsim.Status{}, nil
	}
	return nil, fmt.Errorf("%w: there is none in it", errMalformed)
}

func decodeSeek(m *feedsimv1.Seek) (feedsim.Command, error) {
	switch target := m.GetTarget().(type) {
	case *feedsimv1.Seek_To:
		return feedsim.SeekTo{At: tick.Time(target.To)}, nil
	case *feedsimv1.Seek_By:
		return feedsim.SeekBy{By: time.Duration(target.By)}, nil
	case *feedsimv1.Seek_TimeOfDay:
		since := time.Duration(target.TimeOfDay)
		if since < 0 || since >= 24*time.Hour {
			return nil, fmt.Errorf("%w: a time of day is 0 up to 24h after midnight, not %v", feedsim.ErrValue, since)
		}
		return feedsim.SeekTimeOfDay{SinceMidnight: since}, nil
	}
	return nil, fmt.Errorf("%w: a seek without a target", errMalformed)
}

// isSearch reports whether a command may take long.
func isSearch(c feedsim.Command) bool {
	switch c.(type) {
	case feedsim.SeekTo, feedsim.SeekBy, feedsim.SeekTimeOfDay:
		return true
	}
	return false
}

func stateOf(s *feedsim.State) *feedsimv1.State {
	source := feedsimv1.Source_SOURCE_RECORDING
	if s.EventsPerSecond != 0 {
		source = feedsimv1.Source_SOURCE_MADE_UP
	}
	return &feedsimv1.State{
		Source: source, Paused: s.Paused, Speed: float64(s.Speed), EventsPerSecond: s.EventsPerSecond, Position: int64(s.Position),
		Lag: int64(s.Lag), MaxLag: int64(s.MaxLag), Published: s.Published, Lost: s.Lost, Pass: s.Passes + 1, Passes: uint64(s.TotalPasses),
		Faults: s.Faults, Faulted: s.Faulted,
	}
}

// reasons is the table from errors to reasons.
var reasons = []struct {
	err    error
	reason feedsimv1.RefusalReason
}{
	{errMalformed, feedsimv1.RefusalReason_REFUSAL_REASON_MALFORMED},
	{errBusy, feedsimv1.RefusalReason_REFUSAL_REASON_BUSY},
	{feedsim.ErrUnfit, feedsimv1.RefusalReason_REFUSAL_REASON_UNFIT},
	{feedsim.ErrValue, feedsimv1.RefusalReason_REFUSAL_REASON_VALUE},
	{feedsim.ErrOutside, feedsimv1.RefusalReason_REFUSAL_REASON_OUTSIDE},
	{feedsim.ErrNotRunning, feedsimv1.RefusalReason_REFUSAL_REASON_NOT_RUNNING},
}

// refusalOf returns nil for a command that was carried out.
func refusalOf(err error) *feedsimv1.Refusal {
	if err == nil {
		return nil
	}
	const mostDetail = 512                                                                  // bytes; some of it may be what the operator sent
	detail := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "feedsim: "), "control: ") // it is clear whose it is
	refusal := &feedsimv1.Refusal{Reason: feedsimv1.RefusalReason_REFUSAL_REASON_FAILED, Detail: tick.Printable(detail, mostDetail)}
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			refusal.Reason = r.reason
			break
		}
	}
	return refusal
}
