// Package pace turns the times of a source into moments of the present, at a speed.
//
// # Use
//
//	schedule := pace.NewSchedule(clock, pace.Speed(10))
//	due := schedule.Due(item.At)     // the first call anchors the schedule at now
//	if wait := due.Sub(clock.Now()); wait > 0 {
//		err = clock.Sleep(ctx, wait)
//	}
//
// The schedule is open loop: it depends on the source's times and on the anchor only, never on how long publishing took. Whoever is late
// catches up without waiting, and the lag is the honest measure of it.
//
// # Concurrency
//
// A Schedule belongs to one goroutine. The clocks of System and Precise may be shared.
//
// # Slow readers
//
// None: nobody reads from a schedule.
//
// # Limits
//
// A speed is from MinSpeed to MaxSpeed, or Unpaced. The clock of System wakes up to 1 ms late, that of Precise (on Linux) some 0.1 ms.
package pace
