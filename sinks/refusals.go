package sinks

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/delivery"
)

// refusals says that alerts were refused for good, at most once in delivery.ChangeInterval.
type refusals struct {
	log    zerolog.Logger
	now    func() time.Time
	logged time.Time
	unsaid uint64
}

func (r *refusals) add(letter DeadLetter) {
	r.unsaid++
	now := r.now()
	if !r.logged.IsZero() && now.Sub(r.logged) < delivery.ChangeInterval {
		return
	}
	r.log.Error().Str("id", letter.ID).Str("reason", letter.Reason).Uint64("refused", r.unsaid).
		Msg("the receiver refused an alert for good; it is among the dead letters")
	r.logged, r.unsaid = now, 0
}
