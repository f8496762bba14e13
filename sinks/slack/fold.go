package slack

import (
	"context"
	"time"

	"github.com/logboom/logboom/window"
)

// DefaultDigestInterval and webhookDigestInterval are how often a digest is written at most. A webhook cannot change a
// message, so each is a new one there.
const (
	DefaultDigestInterval = 2 * time.Second
	webhookDigestInterval = time.Minute
)

// folding is a digest and the transitions of the batch that go into it.
type folding struct {
	digest  *digest
	living  bool
	indices []int
}

// digests returns the digests that transitions of the batch go to, the one that takes new alerts first.
func (r *round) digests() []folding {
	var list []folding
	for i := range r.routes {
		if r.routes[i].to != inDigest {
			continue
		}
		at := -1
		for k := range list {
			if list[k].digest == r.routes[i].digest {
				at = k
			}
		}
		if at < 0 {
			at = len(list)
			list = append(list, folding{digest: r.routes[i].digest, living: r.routes[i].digest.Over == 0})
		}
		list[at].indices = append(list[at].indices, i)
	}
	for k := range list {
		if list[k].living {
			list[0], list[k] = list[k], list[0]
		}
	}
	return list
}

// ready returns when a digest may be written.
func (r *round) ready(d *digest) time.Time {
	if d.Shown == 0 {
		return r.now
	}
	interval := r.sink.options.DigestInterval
	if !r.sink.threads() || d.Fixed {
		interval = max(interval, webhookDigestInterval)
	}
	at := time.Unix(0, d.Shown).Add(interval)
	if at.After(r.now.Add(interval)) {
		return r.now // the clock was set back
	}
	return at
}

// fold returns the job that shows a digest with transitions of the batch counted.
func (r *round) fold(f folding) *job {
	folded := f.digest.clone()
	for _, i := range f.indices {
		t := &r.batch[i]
		if folded.Backlog && t.State == window.Active && r.now.Sub(time.Unix(0, t.Received)) <= r.sink.options.BacklogAge {
			folded.Backlog = false // a storm came on top
		}
		folded.fold(t)
	}
	return r.show(folded, f.indices)
}

// show returns the job that writes a digest, and makes it the state's.
func (r *round) show(d *digest, indices []int) *job {
	s := r.sink
	content := d.message(s.options.Channel, s.options.StormThreshold)
	j := &job{indices: indices, refused: permanent}
	keep := func() {
		d.Shown = s.options.Now().UnixNano()
		s.state.replace(d)
	}
	if d.TS != "" {
		j.run = func(ctx context.Context) error {
			err := s.change(ctx, d.place, content, nil)
			if fixed(err) {
				// Somebody deleted it, or it may not be changed: the next call posts a new one.
				r.detach(d.ID)
				return errElsewhere
			}
			if err == nil {
				keep()
			} else if perhapsTaken(err) {
				r.unsure(d.ID)
			}
			return err
		}
		return j
	}
	if s.threads() {
		j.intent = &intent{Kind: kindDigest, Marker: d.ID, At: r.now.UnixNano()}
	}
	j.run = func(ctx context.Context) error {
		at, err := s.write(ctx, content, nil)
		if err == nil {
			d.place = at
			keep()
		}
		return err
	}
	return j
}

// unsure takes note of an update that may come yet.
func (r *round) unsure(id string) {
	for _, d := range r.sink.state.Digests {
		if d.ID == id {
			d.Unsure = true
		}
	}
}

// detach lets go of the message, so that the next one is posted. Another id keeps the two apart.
func (d *digest) detach() { d.place, d.ID = place{}, d.ID+"+" }

// detach lets go of the message of a digest that cannot be changed.
func (r *round) detach(id string) {
	for _, d := range r.sink.state.Digests {
		if d.ID == id {
			d.detach()
			d.Fixed = true
		}
	}
}
