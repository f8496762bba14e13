package inflate

import (
	"encoding/binary"

	generator "github.com/logboom/logboom/internal/bench/events"
)

// events returns what Filebeat compresses: that many data frames with an event each.
func events(count int, seed uint64) []byte {
	g := generator.New(seed, generator.Options{})
	var frames, event []byte
	for number := range count {
		event = g.Append(event[:0])
		frames = append(frames, '2', 'J')
		frames = binary.BigEndian.AppendUint32(frames, uint32(number+1))
		frames = binary.BigEndian.AppendUint32(frames, uint32(len(event)))
		frames = append(frames, event...)
	}
	return frames
}
