package client

import (
	"errors"
	"fmt"
	"math"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// moveOn opens a playback again whose gateway has gone, and tells of it. Any other end is one.
func (r *Replay) moveOn(why error) (ReplayEvent, error) {
	if r.ctx.Err() != nil || status.Code(why) != codes.Unavailable {
		return ReplayEvent{}, why
	}
	r.sending.Lock()
	r.call = nil
	r.sending.Unlock()
	r.from.end()
	wait := backoff{least: r.client.options.leastWait, most: r.client.options.mostWait}
	pause := time.NewTimer(time.Until(r.place.retryAt))
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-r.ctx.Done():
			return ReplayEvent{}, r.ctx.Err()
		}
		l, err := r.client.awaitLink(r.ctx)
		if err == nil {
			err = r.openAgain(l.endpoint.address)
		}
		switch {
		case err == nil:
			return ReplayEvent{Kind: ReplayMoved, Clock: r.Clock(), Err: why}, nil
		case !mayPass(err) || r.ctx.Err() != nil:
			return ReplayEvent{}, err
		}
		r.client.options.log.Warn("client: a playback cannot be opened again", "address", l.endpoint.address, "error", err)
		pause.Reset(max(wait.next(), min(askedWait(err), mostAskedWait)))
	}
}

// errReopen says that a gateway did not open a playback in time.
var errReopen = errors.New("client: the gateway did not open the playback in time")

// mayPass reports whether opening again may work later, or elsewhere.
func mayPass(err error) bool {
	code := status.Code(err)
	return code == codes.Unavailable || code == codes.ResourceExhausted || errors.Is(err, errReopen)
}

// openAgain opens the playback where it was.
func (r *Replay) openAgain(address string) error {
	call, err := r.client.callReplay(r.ctx, address)
	if err != nil {
		return err
	}
	late := time.AfterFunc(connectTimeout, call.end)
	if err = r.comeBack(call); !late.Stop() {
		err = fmt.Errorf("%w: %s, %v", errReopen, address, connectTimeout)
	}
	if err != nil {
		call.end()
		return err
	}
	r.place.reopened(r.symbols)
	r.ids, r.updates, r.head = make(map[uint32]*instrument), fields{}, batchHead{}
	r.from = call
	return r.takeOver(call)
}

// comeBack brings a playback to where it was.
func (r *Replay) comeBack(call *replayCall) error {
	opens := proto.CloneOf(r.opens)
	opens.Speed = proto.Float64(r.place.speed)
	if r.place.phase == ReplayFollowing || r.place.joined {
		opens.Speed = proto.Float64(math.Inf(1)) // there is something to catch up with
	}
	if _, err := call.open(opens); err != nil {
		return err
	}
	if r.place.phase == ReplayPaused {
		if err := call.send(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Pause{Pause: &tickgatev1.ReplayPause{}}}); err != nil {
			return err
		}
	}
	return call.seek(r.place.reopenAt())
}

// takeOver has commands go over the new stream, beginning with those that were not answered.
func (r *Replay) takeOver(call *replayCall) error {
	r.sending.Lock()
	defer r.sending.Unlock()
	if r.closed.Load() {
		call.end()
		return ErrClosed
	}
	for _, m := range r.unplayed {
		if err := call.send(m); err != nil {
			return err
		}
	}
	r.call = call
	return nil
}

// rejoined notes that the playback is live, and reports whether it was so before it was opened again: then it goes on as it was.
func (r *Replay) rejoined() bool {
	if !r.place.joined {
		return false
	}
	r.place.joined = false
	_ = r.SetSpeed(r.place.speed) // an error: it comes again when the playback is opened again
	return true
}
