// Package subscription knows who wants what and when it is due: the symbol table, the interest of each session, conflation, flush
// scheduling and flow control. It knows neither the bus nor the transport.
//
// # Use
//
// A feed opens symbols in a Table, publishes records to them and sets their State. A Hub runs a few flush workers. A transport makes one Conn
// per connection and one Session per stream, each with a Sink that encodes and sends what the session has to say:
//
//	table, _ := subscription.NewTable(subscription.DefaultTableConfig())
//	hub, _ := subscription.NewHub(table, subscription.DefaultConfig())
//	go hub.Run(ctx)
//	…
//	conn := hub.NewConn()
//	session := hub.NewSession(conn)
//	session.Attach(newSink(session, …))
//	defer session.Close()
//	err := session.Execute(ctx, func() { … session.Subscribe(request) … })
//
// # Concurrency
//
// Every session belongs to one flush worker, for life; all its state is that worker's, and needs no lock. Whoever else wants something of a session
// hands the worker a function (Execute, Post). The sessions of one connection share a worker and, with the same interval, a moment at which
// they are due, so that their messages leave in one write.
//
//   - Sessions with an interval are pulled: when due, the worker compares the position of each subscribed symbol with the last one sent.
//   - Sessions without one are pushed: publishing sets the symbol's bit in the worker's dirty set and wakes it; it takes whatever has
//     gathered, so batches grow with the load and no timer is needed.
//
// A worker sleeps until it is signalled or something is due. In each round it first gathers who has something to do (what has left, posts, dirty
// symbols, due groups, states, housekeeping), then gives each of them a turn, connection by connection. In its turn a session says what it can, and if something
// is left it wants to be told when its messages have left. No state of a session changes outside of its worker but what is with the transport (inFlight).
//
// The Table is safe for any number of readers and one feed goroutine.
//
// # Slow readers
//
// At most one batch of a session is with the transport. Until the transport says that its last byte has left (Session.Left), the session is busy: the
// worker passes it over, and its next batch carries newer values. Nothing queues, so a slow client costs one buffer, and its slowness
// shows as a greater conflated count. A session that acknowledges is also held back by age (freshness).
//
// # Limits
//
// See TableConfig and Config. Per session only its subscriptions grow, up to Config.MaxSubscriptions.
package subscription
