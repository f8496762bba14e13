package chaos

import (
	"context"
	"fmt"
	"time"
)

// respite is how long a server is left alone once it is there again. Its start may take a minute where all is busy; without a
// respite, faults that came late because of that would keep it down for good.
const respite = 20 * time.Second

// serviceFaults kill a server and start it again after a while.
func serviceFaults(seed uint64, o Options, s *service) []fault {
	lane := "kill -9 " + s.name
	random := laneRandom(seed, lane)
	var faults []fault
	for _, at := range instants(random, max(1, int(o.Duration/(100*time.Second))), o.Duration) {
		down := between(random, 0, 10*time.Second)
		faults = append(faults, fault{at, lane, fmt.Sprintf("down for %s and its start", down), func(ctx context.Context) error {
			if err := s.kill(); err != nil {
				return err
			}
			pause(ctx, down)
			err := s.revive()
			pause(ctx, respite)
			return err
		}})
	}
	return faults
}

// revive starts the server again, also where the run is over: what follows needs it. A start that fails is tried again.
func (s *service) revive() error {
	var err error
	for range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		err = s.start(ctx)
		cancel()
		if err == nil {
			s.steps.note(s.name, "is there again")
			return nil
		}
		s.steps.note(s.name, "does not start: %v", err)
	}
	return err
}
