package slack

import (
	"slices"
	"time"

	"github.com/logboom/logboom/window"
)

// destination is where a transition is shown.
type destination int

const (
	// nowhere: it is done.
	nowhere destination = iota
	// alone: in a message of its own.
	alone
	// inThread: in the episode's thread and message.
	inThread
	// inDigest: counted in a digest.
	inDigest
	// later: when what comes before it in the same batch is done.
	later
)

// route is where a transition goes, and the thread or digest that it goes to.
type route struct {
	to     destination
	thread *thread
	// digest is the state's, or a new one, which is then the same in all routes of the batch.
	digest *digest
}

// router decides where the transitions of a batch go.
type router struct {
	state  *state
	batch  []window.Transition
	now    time.Time
	old    time.Duration
	routes []route
	// opened is where the batch's own beginnings go.
	opened map[episode]route
	// digest takes what begins now: all of it in a storm, what is old in a backlog; nil for neither.
	digest         *digest
	storm, backlog bool
}

// routesOf returns where each transition of a batch goes. threadless sinks have no message to come back to.
func (s *Sink) routesOf(batch []window.Transition, now time.Time) []route {
	r := &router{
		state: &s.state, batch: batch, now: now, old: s.options.BacklogAge, routes: make([]route, len(batch)),
		opened: make(map[episode]route),
	}
	r.chooseMode(s.options.StormThreshold)
	for i := range batch {
		r.routes[i] = r.route(&batch[i])
		if batch[i].State == window.Active && r.routes[i].to != nowhere {
			r.opened[episodeOf(&batch[i])] = r.routes[i]
		}
	}
	return r.routes
}

// chooseMode tells a storm and a backlog from everyday life, by what would be messages of their own in the channel.
func (r *router) chooseMode(threshold int) {
	r.digest = r.state.living()
	fresh, old := 0, 0
	opened := map[episode]bool{}
	for i := range r.batch {
		t := &r.batch[i]
		if t.State == window.Active {
			opened[episodeOf(t)] = true
		}
		switch {
		case !r.notifies(t, opened):
		case r.isOld(t):
			old++
		default:
			fresh++
		}
	}
	living := r.digest != nil
	r.backlog = old > burst || living && r.digest.Backlog
	if !r.backlog {
		fresh += old
	}
	r.storm = living && !r.digest.Backlog || r.state.lately(r.now)+fresh > threshold
	if !living && (r.storm || r.backlog) {
		r.begin()
	}
}

// begin makes the digest that the first transition that goes there will begin.
func (r *router) begin() {
	opened := map[episode]bool{}
	for i := range r.batch {
		t := &r.batch[i]
		if t.State == window.Active {
			opened[episodeOf(t)] = true
		}
		if r.notifies(t, opened) && (r.storm || r.isOld(t)) {
			r.digest = newDigest(t, !r.storm, r.now)
			return
		}
	}
}

// notifies tells whether a transition would be a message of the channel: a beginning, or an end that nothing is known of.
func (r *router) notifies(t *window.Transition, opened map[episode]bool) bool {
	if r.isDone(t) || r.isPending(t) {
		return false
	}
	if t.State == window.Active {
		return true
	}
	e := episodeOf(t)
	return !opened[e] && r.state.thread(e) == nil && r.state.digestOf(e) == nil
}

func (r *router) isDone(t *window.Transition) bool { return slices.Contains(r.state.Done, t.Number) }

func (r *router) isOld(t *window.Transition) bool {
	return r.now.Sub(time.Unix(0, t.Received)) > r.old
}

// isPending tells whether a message of its own may be on its way already.
func (r *router) isPending(t *window.Transition) bool {
	p := r.state.Pending
	return p != nil && p.Number == t.Number && p.Kind == kindAlone
}

func (r *router) route(t *window.Transition) route {
	switch {
	case r.isDone(t):
		return route{}
	case r.isPending(t):
		return route{to: alone}
	case t.State != window.Active:
		return r.routeEnd(t)
	}
	return r.routeNew(t)
}

func (r *router) routeNew(t *window.Transition) route {
	if r.digest != nil && (r.storm || r.backlog && r.isOld(t)) {
		return route{to: inDigest, digest: r.digest}
	}
	return route{to: alone}
}

func (r *router) routeEnd(t *window.Transition) route {
	e := episodeOf(t)
	if thread := r.state.thread(e); thread != nil {
		return route{to: inThread, thread: thread}
	}
	if digest := r.state.digestOf(e); digest != nil {
		return route{to: inDigest, digest: digest}
	}
	if opened, found := r.opened[e]; found {
		if opened.to == inDigest {
			return opened
		}
		return route{to: later}
	}
	return r.routeNew(t)
}
