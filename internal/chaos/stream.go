package chaos

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sort"
	"strings"
	"time"

	"github.com/logboom/logboom/internal/shipper"
)

// stream is the file that one agent reads: all its lines, known beforehand. It never changes and is safe for concurrent use.
type stream struct {
	seed       uint64
	agentID    string
	host, path string
	lines      []line
	ends       int64 // the offset behind the last line
}

// line is one line: when it was written, and where it begins.
type line struct {
	at     int64 // nanoseconds since 1970, whole milliseconds
	offset int64
}

// How an agent's load changes. Quiet times and bursts alternate, and a burst raises alerts.
const (
	burstFactor = 4
	burstLength = 2 * time.Second
	leastQuiet  = 15 * time.Second
	mostQuiet   = 60 * time.Second
	// calm is how long the last quiet time is, so that every episode ends.
	calm = 6 * time.Second
)

// newStream draws the lines of one agent, of so many a second, from an instant on.
func newStream(seed uint64, number, rate int, begin time.Time, duration time.Duration) *stream {
	random := rand.New(rand.NewPCG(seed, uint64(number))) //nolint:gosec // no secret
	host := fmt.Sprintf("web-%d", number+1)
	s := &stream{
		seed: random.Uint64(), host: host, path: fmt.Sprintf("/var/log/chaos/%s.log", host),
	}
	s.agentID = s.agent().ID()
	at, end := begin.Truncate(time.Millisecond), begin.Add(duration)
	for at.Before(end) {
		quiet := leastQuiet + time.Duration(random.Int64N(int64(mostQuiet-leastQuiet)))
		if duration <= mostQuiet {
			quiet = duration / 3
		}
		at = s.write(random, at, quiet, rate)
		at = s.write(random, at, burstLength, rate*burstFactor)
	}
	s.write(random, at, calm, rate)
	return s
}

// write adds the lines of a period at a steady rate, give or take, and returns its end.
func (s *stream) write(random *rand.Rand, begin time.Time, length time.Duration, rate int) time.Time {
	gap := time.Second / time.Duration(rate)
	end := begin.Add(length)
	for at := begin; at.Before(end); at = at.Add(gap/2 + time.Duration(random.Int64N(int64(gap)))) {
		s.lines = append(s.lines, line{at.Truncate(time.Millisecond).UnixNano(), s.ends})
		s.ends += int64(len(s.message(len(s.lines)-1))) + 1
	}
	return end
}

// agent returns the Filebeat that reads the file. Each has the same identity, also after a restart.
func (s *stream) agent() *shipper.Agent { return shipper.NewAgent(s.host, s.seed) }

// message returns the text of a line. It depends on nothing but the seed and the line's number.
func (s *stream) message(number int) string {
	random := rand.NewPCG(s.seed, uint64(number))
	status := []int{200, 200, 200, 304, 404, 500}[random.Uint64()%6]
	filling := strings.Repeat("x\"é\\ ", int(random.Uint64()%12))
	return fmt.Sprintf("line %d of %s: %x %d %s", number, s.host, random.Uint64(), status, filling+".")
}

// find returns the number of the line that begins at an offset.
func (s *stream) find(offset int64) (int, bool) {
	number := sort.Search(len(s.lines), func(i int) bool { return s.lines[i].offset >= offset })
	return number, number < len(s.lines) && s.lines[number].offset == offset
}

// time returns when a line was written.
func (l line) time() time.Time { return time.Unix(0, l.at) }

// fingerprint is what is compared of a line's content.
func fingerprint(message, timestamp string) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(message)) // a hash takes everything
	_, _ = hash.Write([]byte{0})
	_, _ = hash.Write([]byte(timestamp))
	return hash.Sum64()
}

// timestamp returns @timestamp of a line, as Beats write it.
func (l line) timestamp() string { return l.time().UTC().Format("2006-01-02T15:04:05.000Z") }
