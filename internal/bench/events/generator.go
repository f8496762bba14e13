package events

import (
	"math"
	"math/rand/v2"
	"time"
)

// What stands where in each event, so that the time of an event can be changed in place: @timestamp is TimestampSize bytes
// from TimestampOffset on, in UTC with milliseconds.
const (
	TimestampOffset = len(`{"@timestamp":"`)
	TimestampSize   = len("2006-01-02T15:04:05.000Z")
)

// Generator makes one event after the other. It is not safe for concurrent use.
type Generator struct {
	options Options
	random  rand.PCG
	members []member
	agent   string
	padding int // bytes of message beyond nginx's line
	count   int64
	offset  int64
	stride  int64
	second  int64 // the latest one, in Unix time, and
	date    []byte
	clock   []byte // what became of it: in @timestamp, in nginx's line
	now     request
}

// request is what differs from event to event.
type request struct {
	host, address         []byte
	method, path, browser string
	referrer              string
	status, bytes, number int
	line                  int64 // where the event's line begins in its file
}

// New returns a generator.
func New(seed uint64, options Options) *Generator {
	options = options.withDefaults()
	g := &Generator{options: options}
	for tier := largest; ; tier-- {
		g.reset(seed, tier, 0)
		if mean := g.mean(); mean <= options.Size || tier == smallest {
			g.reset(seed, tier, max(0, options.Size-mean))
			return g
		}
	}
}

// reset begins anew, with events of a tier.
func (g *Generator) reset(seed uint64, tier tier, padding int) {
	*g = Generator{
		options: g.options, random: *rand.NewPCG(seed, uint64(tier)), padding: padding, second: math.MinInt64,
		stride: strideOf(int64(g.options.Keys)), date: g.date, clock: g.clock, now: g.now, offset: g.options.FirstOffset,
	}
	g.agent = uuid(&g.random)
	g.members = membersOf(tier, g.agent, &g.random)
}

// mean returns the mean size of the first events, which it uses up.
func (g *Generator) mean() int {
	const sample = 512
	var buffer []byte
	total := 0
	for range sample {
		buffer = g.Append(buffer[:0])
		total += len(buffer)
	}
	return (total + sample/2) / sample
}

// strideOf returns a step that visits all of so many keys before it comes back to the first, in an order that looks random.
func strideOf(keys int64) int64 {
	stride := int64(float64(keys)*0.6180339887) | 1
	for ; greatestDivisor(stride, keys) != 1; stride++ {
	}
	return stride
}

func greatestDivisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Time returns the @timestamp of the next event.
func (g *Generator) Time() time.Time {
	if g.options.Rate < 0 {
		return g.options.Start
	}
	return g.options.Start.Add(time.Duration(math.Round(float64(g.count) * float64(time.Second) / g.options.Rate)))
}

// AgentID returns agent.id of the events, a UUID. Events too small for an agent do without.
func (g *Generator) AgentID() string { return g.agent }

// Append appends the next event to dst, one JSON object without a newline, and returns the longer slice. It allocates only
// where dst has no room.
func (g *Generator) Append(dst []byte) []byte {
	at := g.Time()
	g.draw()
	dst = append(dst, `{"@timestamp":"`...)
	dst = g.appendTime(dst, at)
	dst = append(dst, '"')
	begin := 0
	if g.members[0].kind == metadata {
		dst = append(append(dst, ','), g.members[0].text...)
		begin = 1
	}
	dst = append(dst, ',')
	dst = g.appendMembers(dst, g.members[begin:])
	return append(dst, '}')
}

// appendTime appends a time as Filebeat writes it, and keeps the one of nginx's line up to date.
func (g *Generator) appendTime(dst []byte, at time.Time) []byte {
	if second := at.Unix(); second != g.second {
		g.second = second
		g.date = at.UTC().AppendFormat(g.date[:0], "2006-01-02T15:04:05.")
		g.clock = at.UTC().AppendFormat(g.clock[:0], "02/Jan/2006:15:04:05 -0700")
	}
	milliseconds := at.Nanosecond() / int(time.Millisecond)
	dst = append(dst, g.date...)
	return append(dst, '0'+byte(milliseconds/100), '0'+byte(milliseconds/10%10), '0'+byte(milliseconds%10), 'Z')
}

// appendMembers appends members of an object, in an order of their own.
func (g *Generator) appendMembers(dst []byte, members []member) []byte {
	order := g.shuffled(len(members))
	for i := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = g.appendMember(dst, &members[order[i]])
	}
	return dst
}

// shuffled returns the numbers from 0 to n-1, at most 16, in a random order.
func (g *Generator) shuffled(n int) (order [16]uint8) {
	chance := g.random.Uint64() // enough for 16! orders
	for i := range n {
		among := uint64(i + 1)
		j := chance % among
		chance /= among
		order[i] = order[j]
		order[j] = uint8(i)
	}
	return order
}
