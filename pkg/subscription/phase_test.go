package subscription_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/pkg/subscription"
)

// inOrder has several streams note in which order they were served.
type inOrder struct {
	*stream
	name  string
	order *[]string
}

func (s *inOrder) SendBatch(streamSequence uint64) {
	*s.order = append(*s.order, s.name)
	s.stream.SendBatch(streamSequence)
}

func (g *gateway) attachInOrder(conn *subscription.Conn, name string, order *[]string) *inOrder {
	s := &inOrder{stream: &stream{g: g, session: g.hub.NewSession(conn), atOnce: true, room: 1000}, name: name, order: order}
	s.session.Attach(s)
	return s
}

func TestSessionsOfOneConnectionAreServedTogether(t *testing.T) {
	for _, policy := range []subscription.Conflation{latest, none, every(100 * time.Millisecond)} {
		inBubble(t, func(t *testing.T, g *gateway) {
			a := g.listed("A")
			var order []string
			conns := []*subscription.Conn{g.hub.NewConn(), g.hub.NewConn(), g.hub.NewConn()}
			for i := range 9 { // attached in turn, not connection by connection
				s := g.attachInOrder(conns[i%3], fmt.Sprint(i%3), &order)
				s.subscribe(policy, "A")
			}
			pass(time.Second) // the interval after the snapshots, which are sent at once
			for range 5 {
				order = nil
				a.quote()
				pass(100 * time.Millisecond)
				if got := slices.Compact(slices.Clone(order)); len(order) != 9 || len(got) != 3 {
					t.Errorf("served in the order of connections %v, want each connection's three together", order)
				}
			}
		})
	}
}

func TestSessionsOfOneConnectionAreDueTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		conn := g.hub.NewConn()
		first, second := g.attach(conn), g.attach(conn)
		first.subscribe(every(time.Second), "A")
		pass(333 * time.Millisecond)
		second.subscribe(every(time.Second), "A")
		pass(2 * time.Second)
		a.quote()
		pass(time.Second)
		one, two := first.take(), second.take()
		if at, also := one[len(one)-1].at, two[len(two)-1].at; !at.Equal(also) {
			t.Errorf("the sessions of one connection were served %v apart", also.Sub(at))
		}
	})
}

func TestConnectionsAreSpreadOverTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tableConfig, config := defaults()
		config.Workers = 4
		g := run(t, tableConfig, config)
		defer g.halt()
		a := g.listed("A")
		const interval, connections = time.Second, 400
		var streams []*stream
		workers := map[int]int{}
		for range connections {
			conn := g.hub.NewConn()
			workers[conn.Worker()]++
			s := g.attach(conn)
			s.subscribe(every(interval), "A")
			s.take()
			streams = append(streams, s)
		}
		for worker, count := range workers {
			if count != connections/g.hub.Workers() {
				t.Errorf("worker %d has %d connections of %d", worker, count, connections)
			}
		}
		start := time.Now()
		a.quote()
		pass(2 * interval)
		slots := map[time.Duration]int{}
		for _, s := range streams {
			slots[s.take()[0].at.Sub(start)%interval/(interval/10)]++
		}
		for slot := range time.Duration(10) {
			if got := slots[slot]; got < connections/20 || got > connections/5 {
				t.Errorf("%d connections of %d are due in tenth %d of the interval", got, connections, slot)
			}
		}
	})
}
