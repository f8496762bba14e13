package chaos

import (
	"context"
	"fmt"
	"time"
)

// respite is how long a server is left alone once it is there again. Its start may take a minute where all is busy; without a
// respite, faults that came late because of that would keep it down for good.
const respite = 20 * time.Second

// serviceFaults kill a server and start it again after a while, early enough for a start that takes half a minute.
func serviceFaults(seed uint64, o Options, s *service) []fault {
	lane := "kill -9 " + s.name
	random := laneRandom(seed, lane)
	var faults []fault
	for _, at := range instants(random, max(1, int(o.Duration/(100*time.Second))), max(o.Duration/2, o.Duration-30*time.Second)) {
		down := between(random, 0, 10*time.Second)
		faults = append(faults, fault{at, lane, "", fmt.Sprintf("down for %s and its start", down), func(ctx context.Context) (int, error) {
			if err := s.kill(); err != nil {
				return 0, err
			}
			pause(ctx, down)
			err := s.revive()
			pause(ctx, respite)
			return 1, err
		}})
	}
	return faults
}

// revive starts the server again, also where the run is over: what follows needs it.
func (s *service) revive() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	err := s.start(ctx)
	if err == nil {
		s.steps.note(s.name, "is there again")
	}
	return err
}
