package client_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/pkg/tick"
)

// exampleTB is what a gateway needs of a test, for examples, which have none.
type exampleTB struct {
	testing.TB // nil: what is not below is not called
	cleanups   []func()
}

func (e *exampleTB) Name() string             { return "example" }
func (e *exampleTB) Helper()                  {}
func (e *exampleTB) Context() context.Context { return context.Background() }
func (e *exampleTB) Cleanup(f func())         { e.cleanups = append(e.cleanups, f) }
func (e *exampleTB) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
func (e *exampleTB) Fatalf(f string, a ...any) {
	panic(fmt.Sprintf(f, a...))
}
func (e *exampleTB) Error(args ...any)         { panic(fmt.Sprint(args...)) }
func (e *exampleTB) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

func (e *exampleTB) TempDir() string {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	e.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

func (e *exampleTB) end() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

// demoGateway runs a gateway that has one quote of ACME.
func demoGateway() (address string, stop func()) {
	tb := &exampleTB{}
	g := gatewaytest.Start(tb, gatewaytest.Config(tb))
	market := gatewaytest.NewPublisher(tb, g.Bus())
	market.Publish("ACME", tick.Event{Kind: tick.KindQuote, Scales: tick.Scales{Price: 2}, Quote: tick.Quote{
		BidPrice: tick.Some(1234), BidSize: tick.Some(500), AskPrice: tick.Some(1236), AskSize: tick.Some(300),
	}})
	return g.Addresses().GRPC, tb.end
}
