package scenario

import (
	"context"
	"fmt"
	"regexp"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// feedPublished is the line of feedsim's summary that counts what the bus took.
var feedPublished = regexp.MustCompile(`^\s+published\s+(\d+) events`)

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
		Name: "BENCH", Subjects: []string{"md.*.*"}, MaxMsgsPerSubject: 1, Storage: jetstream.FileStorage,
	})
	if err != nil {
		return fmt.Errorf("scenario: create the stream: %w", err)
	}
	return nil
}
