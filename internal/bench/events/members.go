package events

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
)

// tier is how much there is in an event besides the request.
type tier int

const (
	smallest tier = iota // what rules look at
	middle               // what Filebeat adds by itself
	largest              // what its processors add
)

// kind says what a member's value is made of.
type kind uint8

const (
	constant kind = iota // text is the whole member
	metadata             // the same, always first
	object               // text is the name, members what is in it
	message
	offset
	hostName
	sourceAddress
	method
	status
)

// member is one key of a JSON object with its value. text is the encoded key and, if the value is the same in all events,
// the value.
type member struct {
	text    string
	kind    kind
	members []member
}

// membersOf returns what events of a tier hold.
func membersOf(tier tier, agent string, random *rand.PCG) []member {
	status := member{`"response":`, object, []member{{`"status_code":`, status, nil}}}
	members := []member{
		{`"message":"`, message, nil},
		{`"source":`, object, []member{{`"address":"`, sourceAddress, nil}}},
	}
	if tier == smallest {
		return append(members, member{`"host":`, object, []member{{`"name":"`, hostName, nil}}},
			member{`"http":`, object, []member{status}})
	}
	members = append([]member{{`"@metadata":{"beat":"filebeat","type":"_doc","version":"8.6.1"}`, metadata, nil}}, members...)
	members = append(members,
		member{`"log":`, object, []member{
			{`"offset":`, offset, nil},
			{`"file":{"path":"/var/log/nginx/access.log"}`, constant, nil},
		}},
		constantOf(`"input":{"type":"filestream"}`), constantOf(`"ecs":{"version":"8.0.0"}`),
		member{`"agent":`, object, []member{
			constantOf(`"id":"` + agent + `"`), constantOf(`"ephemeral_id":"` + uuid(random) + `"`),
			{`"name":"`, hostName, nil},
			constantOf(`"type":"filebeat"`), constantOf(`"version":"8.6.1"`),
		}},
	)
	if tier == middle {
		return append(members, member{`"host":`, object, []member{{`"name":"`, hostName, nil}}},
			member{`"http":`, object, []member{status}})
	}
	return append(members, hostOf(random), cloud(),
		member{`"http":`, object, []member{status, {`"request":`, object, []member{{`"method":"`, method, nil}}}}},
	)
}

func constantOf(text string) member { return member{text: text, kind: constant} }

// hostOf is what add_host_metadata adds.
func hostOf(random *rand.PCG) member {
	return member{`"host":`, object, []member{
		{`"name":"`, hostName, nil},
		{`"hostname":"`, hostName, nil},
		constantOf(`"architecture":"x86_64"`), constantOf(`"containerized":false`),
		constantOf(`"id":"` + hexadecimal(random, 16) + `"`),
		constantOf(`"ip":["10.12.7.41","fe80::42:aff:fe0c:729"]`), constantOf(`"mac":["02-42-0A-0C-07-29"]`),
		{`"os":`, object, []member{
			constantOf(`"type":"linux"`), constantOf(`"platform":"ubuntu"`), constantOf(`"family":"debian"`),
			constantOf(`"version":"22.04.1 LTS (Jammy Jellyfish)"`), constantOf(`"name":"Ubuntu"`),
			constantOf(`"kernel":"5.15.0-56-generic"`), constantOf(`"codename":"jammy"`),
		}},
	}}
}

// cloud is what add_cloud_metadata adds.
func cloud() member {
	return member{`"cloud":`, object, []member{
		constantOf(`"provider":"aws"`), constantOf(`"region":"eu-central-1"`),
		constantOf(`"availability_zone":"eu-central-1b"`),
	}}
}

func hexadecimal(random *rand.PCG, size int) string {
	raw := make([]byte, 0, size)
	for range size {
		raw = append(raw, byte(random.Uint64()))
	}
	return hex.EncodeToString(raw)
}

func uuid(random *rand.PCG) string {
	text := hexadecimal(random, 16)
	return text[:8] + "-" + text[8:12] + "-4" + text[13:16] + "-a" + text[17:20] + "-" + text[20:]
}

// appendMember appends a member of the event that was drawn.
func (g *Generator) appendMember(dst []byte, m *member) []byte {
	dst = append(dst, m.text...)
	switch m.kind {
	case constant, metadata:
		return dst
	case object:
		return append(g.appendMembers(append(dst, '{'), m.members), '}')
	case offset:
		return strconv.AppendInt(dst, g.now.line, 10)
	case status:
		return strconv.AppendInt(dst, int64(g.now.status), 10)
	case message:
		dst = g.appendLine(dst)
	case hostName:
		dst = append(dst, g.now.host...)
	case sourceAddress:
		dst = append(dst, g.now.address...)
	case method:
		dst = append(dst, g.now.method...)
	}
	return append(dst, '"')
}
