package resend

import (
	"bytes"

	"github.com/logboom/logboom/event"
)

// origin is where an event comes from: its agent and its file, as they were written, and what was made of them. The agent is 0
// where that is no origin: where the agent or the path is no string or empty.
type origin struct {
	rawAgent, rawFile []byte
	digest            digest
	agent             uint64
	file              fileID
	// stretch is the number of its stretch in the batch of this number.
	stretch int
	batch   uint64
}

// keptOrigins is how many a batch remembers. Nearly all events of a window come from one agent and a few files, of which each
// is written in as many ways as its keys can be ordered: one where there is only a path, six with device and inode.
const keptOrigins = 12

// origins are those of the latest events. The one that is not kept is for events whose file is not a nested object.
type origins struct {
	kept   [keptOrigins]origin
	latest *origin
	oldest int
	other  origin
	values [fileFields]event.Value // of the file at hand
}

// is tells whether an origin was written so.
func (o *origin) is(rawAgent, rawFile []byte) bool {
	return len(rawFile) == len(o.rawFile) && bytes.Equal(rawFile, o.rawFile) && bytes.Equal(rawAgent, o.rawAgent)
}

// originOf finds the origin of an event among those that are kept, or reads it.
func (b *Batch) originOf(agent, file *event.Value, document []byte) *origin {
	if file.Kind() != event.Object {
		b.other = b.origin(agent, b.hasher.files.document, document)
		return &b.other
	}
	for i := range b.kept {
		if found := &b.kept[i]; found.is(agent.Raw(), file.Raw()) {
			b.latest = found
			return found
		}
	}
	made := &b.kept[b.oldest]
	b.oldest = (b.oldest + 1) % keptOrigins
	read := b.origin(agent, b.hasher.files.file, file.Raw())
	read.rawAgent = append(made.rawAgent[:0], agent.Raw()...)
	read.rawFile = append(made.rawFile[:0], file.Raw()...)
	*made, b.latest = read, made
	return made
}

// origin reads the file with a selector and hashes where an event comes from.
func (b *Batch) origin(agent *event.Value, files *event.Selector, document []byte) origin {
	if !isText(*agent) || files.Scan(document, b.values[:]) != nil || !isText(b.values[filePath]) {
		return origin{}
	}
	d := b.value(digest{}, agent)
	id := max(1, b.hasher.key.agent.of(d))
	for i := range b.values {
		d = b.value(d, &b.values[i])
	}
	clear(b.values[:])
	return origin{digest: d, agent: id, file: fileID(b.hasher.key.mark.of(d))}
}

// release lets origins go that are large.
func (o *origins) release() {
	for i := range o.kept {
		if kept := &o.kept[i]; cap(kept.rawAgent)+cap(kept.rawFile) > keptOrigin {
			*kept = origin{}
		}
	}
}

// isText says whether a value is a string that is not empty.
func isText(value event.Value) bool {
	return value.Kind() == event.String && len(value.Raw()) > len(`""`)
}
