package scenario

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/bench/figure"
	"tickgate/bench/load"
	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// feedPublished is the line of feedsim's summary that counts what the bus took.
var feedPublished = regexp.MustCompile(`^\s+published\s+(\d+) events`)

// captureName is the stream's.
const captureName = "BENCH"

// createStream makes the JetStream stream that a gateway would make for its warm start: the last value of each subject, on disk.
func createStream(ctx context.Context, url string) error {
	connection, err := nats.Connect(url, nats.Name("bench"))
	if err != nil {
		return fmt.Errorf("scenario: connect to %s: %w", url, err)
	}
	defer connection.Close()
	js, err := jetstream.New(connection)
	if err != nil {
		return fmt.Errorf("scenario: JetStream: %w", err)
	}
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{
		Name: captureName, Subjects: []string{"md.*.*"}, MaxMsgsPerSubject: 1, Storage: jetstream.FileStorage,
	})
	if err != nil {
		return fmt.Errorf("scenario: create the stream: %w", err)
	}
	return nil
}

// captured notes whether the stream has kept the last event of every symbol: sequences count from 1, so those of the last messages add up to what was
// published. A stream that has not kept up was not captured at that rate, and its cost is not that of capturing.
func captured(ctx context.Context, url string, published float64, result *figure.Result) error {
	connection, err := nats.Connect(url, nats.Name("bench"))
	if err != nil {
		return fmt.Errorf("scenario: connect to %s: %w", url, err)
	}
	defer connection.Close()
	js, err := jetstream.New(connection)
	if err != nil {
		return fmt.Errorf("scenario: JetStream: %w", err)
	}
	stream, err := js.Stream(ctx, captureName)
	if err != nil {
		return fmt.Errorf("scenario: look at the stream: %w", err)
	}
	for deadline := time.Now().Add(countPatience); ; {
		kept, err := keptEvents(ctx, stream)
		if err != nil {
			return err
		}
		if kept == published {
			result.Notes = append(result.Notes, figure.Note{Notice: "all captured", Text: fmt.Sprintf("JetStream has captured the last of all %.0f events", published)})
			return nil
		}
		if time.Now().After(deadline) {
			result.Notes = append(result.Notes, figure.Note{Notice: "not all captured", Text: fmt.Sprintf("JetStream did not keep up: its last messages stand for %.0f of %.0f events", kept, published)})
			return nil
		}
		if err := wait(ctx, countPolling); err != nil {
			return err
		}
	}
}

// keptEvents adds up the sequences of the last event of each symbol in the stream.
func keptEvents(ctx context.Context, stream jetstream.Stream) (total float64, err error) {
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		return 0, err
	}
	symbols, err := load.ParseSymbols(generatedSymbols(ingestSymbols))
	if err != nil {
		return 0, err
	}
	var decoder bus.Decoder
	for _, symbol := range symbols {
		message, err := stream.GetLastMsgForSubject(ctx, subjects.Event(tick.KindQuote, symbol))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("scenario: the stream's last message of %s: %w", symbol, err)
		}
		if err := decoder.Decode(tick.KindQuote, message.Data); err != nil {
			return 0, fmt.Errorf("scenario: the stream's last message of %s: %w", symbol, err)
		}
		total += float64(decoder.Events[len(decoder.Events)-1].Sequence)
	}
	return total, nil
}
