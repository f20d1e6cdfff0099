package naive_test

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"tickgate/bench/peers/naive"
	"tickgate/bench/peers/peer"
	"tickgate/bench/peers/peertest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

func TestCommandsWithoutAFeed(t *testing.T) {
	url, _ := peertest.StartNATS(t)
	address := peertest.StartServer(t, naive.Serve, peer.Config{Listen: "127.0.0.1:0", NATSURL: url})
	connection, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	stream, err := tickgatev1.NewMarketDataClient(connection).Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []*tickgatev1.ClientMessage{
		{RequestId: 1, Command: &tickgatev1.ClientMessage_Subscribe{Subscribe: &tickgatev1.Subscribe{Symbols: []string{"A", "B"}}}},
		{RequestId: 2, Command: &tickgatev1.ClientMessage_Unsubscribe{Unsubscribe: &tickgatev1.Unsubscribe{Symbols: []string{"A", "C"}}}},
		{RequestId: 3, Command: &tickgatev1.ClientMessage_ListSubscriptions{}},
	} {
		if err := stream.Send(command); err != nil {
			t.Fatal(err)
		}
	}
	subscribed, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	accepted := subscribed.GetSubscribeResult().GetAccepted()
	if len(accepted) != 2 || accepted[0].Id != 1 || accepted[1].Id != 2 || accepted[0].State != tickgatev1.MarketState_MARKET_STATE_PENDING {
		t.Errorf("subscribed to %v, want two pending instruments with the ids 1 and 2", accepted)
	}
	unsubscribed, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if removed := unsubscribed.GetUnsubscribeResult().GetRemoved(); len(removed) != 1 || removed[0] != "A" {
		t.Errorf("unsubscribed from %v, want A", removed)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unimplemented {
		t.Errorf("another command ended the stream with %v", err)
	}
}
