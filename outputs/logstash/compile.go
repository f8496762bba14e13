package logstash

import "strings"

// compiler collects the fields that templates read.
type compiler struct {
	encoder           *Encoder
	metadata, written []string
}

// maxAddedDepth is how deep the texts of fields that the settings add to @metadata may name each other.
const maxAddedDepth = 4

// compile finds out where the value of each part will be. Indexes are filled in by place. Of what the settings add to
// @metadata, the template sees so many.
func (c *compiler) compile(template *Template, visible, depth int) []step {
	steps := make([]step, len(template.parts))
	for i, p := range template.parts {
		steps[i].part = p
		if p.kind != partField {
			continue
		}
		below, isMetadata := strings.CutPrefix(p.path, "@metadata.")
		switch {
		case p.path == "@timestamp":
			steps[i].source = sourceTime
		case p.path == "@metadata":
			steps[i].source = sourceWholeMetadata
		case c.encoder.rules.isHostname(p.path):
			steps[i].path = "beat.hostname"
			c.written = append(c.written, steps[i].path)
		case !isMetadata:
			c.written = append(c.written, p.path)
		default:
			c.metadata = append(c.metadata, below)
			steps[i].source = c.encoder.rules.sourceOf(below)
			steps[i].added = c.addedTo(below, visible, depth)
		}
	}
	return steps
}

// addedTo returns what the settings add to a field of @metadata. What they add later sees what they added before.
func (c *compiler) addedTo(path string, visible, depth int) [][]step {
	var added [][]step
	for i, field := range c.encoder.metadata[:visible] {
		if field.path == path && depth < maxAddedDepth {
			added = append(added, c.compile(field.text, i, depth+1))
		}
	}
	return added
}

// place fills in the indexes, now that the selectors know them.
func (c *compiler) place(t *Templates) {
	for _, program := range t.programs {
		placeSteps(program, t)
	}
}

func placeSteps(steps []step, t *Templates) {
	for i := range steps {
		s := &steps[i]
		if s.kind != partField {
			continue
		}
		if below, isMetadata := strings.CutPrefix(s.path, "@metadata."); isMetadata {
			s.index, _ = t.metadata.Index(below)
		} else if s.source == sourceWritten {
			s.index, _ = t.written.Index(s.path)
		}
		for _, added := range s.added {
			placeSteps(added, t)
		}
	}
}

// isHostname tells whether a path is where add_hostname, without legacy names, puts what old Beats sent as
// beat.hostname.
func (r rules) isHostname(path string) bool {
	return r.addHostname && !r.legacyNames && path == "@metadata.input.beats.host.name"
}

// sourceOf returns where the value of a field of @metadata is found.
func (r rules) sourceOf(path string) source {
	names := [...]string{
		"input.beats.host.ip", "tls_peer.status", "input.beats.tls.version_protocol", "input.beats.tls.client.subject",
		"input.beats.tls.cipher",
	}
	if r.legacyNames {
		names = [...]string{
			"ip_address", "tls_peer.status", "tls_peer.protocol", "tls_peer.subject", "tls_peer.cipher_suite",
		}
	}
	for i, name := range names {
		found := sourceRemoteIP + source(i)
		if name != path || found == sourceRemoteIP && !r.sourceMetadata || found != sourceRemoteIP && !r.sslPeerMetadata {
			continue
		}
		return found
	}
	return sourceMetadata
}
