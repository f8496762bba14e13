package shipper

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Version is the release of Filebeat whose events are imitated.
const Version = "8.6.1"

// ecsVersion is what that release says of its fields.
const ecsVersion = "8.0.0"

// member is one key of a JSON object with its value, encoded.
type member []byte

// Agent stands for one running Filebeat: it has an identity, and it encodes lines as events. An Agent is not safe for
// concurrent use.
type Agent struct {
	id       string
	hostname string
	random   rand.PCG

	// What is the same in every event, encoded.
	beginning, middle []byte
	host, ecs, input  member
	identity          [5]member // the members of agent

	path        string // the latest one, and
	encodedPath []byte // what became of it
	second      int64  // the latest one, in Unix time, and
	timestamp   []byte // what became of it, up to the dot
}

// NewAgent returns an agent with a new identity on a host of that name. The same seed gives the same identity and the
// same order of keys. As a server may recognise an event that comes again by its agent, who wants the same file to count
// twice takes a new seed for each run.
func NewAgent(hostname string, seed uint64) *Agent {
	agent := &Agent{hostname: hostname, random: *rand.NewPCG(seed, uint64(len(hostname)))}
	agent.id = agent.uuid()
	agent.beginning = []byte(`{"@timestamp":"`)
	agent.middle = []byte(`"@metadata":{"beat":"filebeat","type":"_doc","version":"` + Version + `"}`)
	agent.host = append(appendString([]byte(`"host":{"name":`), hostname), '}')
	agent.ecs = member(`"ecs":{"version":"` + ecsVersion + `"}`)
	agent.input = member(`"input":{"type":"filestream"}`)
	agent.identity = [...]member{
		member(`"id":"` + agent.id + `"`),
		member(`"ephemeral_id":"` + agent.uuid() + `"`),
		appendString([]byte(`"name":`), hostname),
		member(`"type":"filebeat"`),
		member(`"version":"` + Version + `"`),
	}
	agent.second = -1 << 63
	return agent
}

// ID returns the agent's id, a UUID, as it stands in agent.id of each event.
func (a *Agent) ID() string { return a.id }

// uuid returns a random UUID, version 4.
func (a *Agent) uuid() string {
	high, low := a.random.Uint64(), a.random.Uint64()
	high = high&^0xf000 | 0x4000
	low = low&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&(1<<48-1))
}

// AppendEvent appends the event that Filebeat's filestream input makes of a line to dst, and returns the longer slice:
// one JSON object without a newline. at is when the line was read, kept to the millisecond; offset is where the line
// begins in the file at path; message is the line without its end. Bytes that are not UTF-8 become U+FFFD.
//
// The order of keys is another one for each event, as it is in Filebeat, except that @timestamp and @metadata come
// first. It allocates only where dst has no room, or where path is not that of the event before.
func (a *Agent) AppendEvent(dst []byte, at time.Time, path string, offset int64, message string) []byte {
	return appendEvent(a, dst, at, path, offset, message, false)
}

// appendDate appends a time as Filebeat writes it: RFC 3339 in UTC with milliseconds.
func (a *Agent) appendDate(dst []byte, at time.Time) []byte {
	if second := at.Unix(); second != a.second {
		a.second = second
		a.timestamp = at.UTC().AppendFormat(a.timestamp[:0], "2006-01-02T15:04:05.")
	}
	milliseconds := at.Nanosecond() / int(time.Millisecond)
	dst = append(dst, a.timestamp...)
	return append(dst, '0'+byte(milliseconds/100), '0'+byte(milliseconds/10%10), '0'+byte(milliseconds%10), 'Z')
}

// appendPath appends a path as a JSON string.
func (a *Agent) appendPath(dst []byte, path string) []byte {
	if a.encodedPath == nil || a.path != path {
		a.path = path
		a.encodedPath = appendString(a.encodedPath[:0], path)
	}
	return append(dst, a.encodedPath...)
}
