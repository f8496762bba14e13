package slack

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"

	"github.com/logboom/logboom/window"
)

// episode names what an active transition opens and an inactive one ends: a hash over the episode's id.
type episode uint64

func episodeOf(t *window.Transition) episode {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(t.Episode))
	return episode(hash.Sum64())
}

// MarshalText implements encoding.TextMarshaler, for a number of 64 bits is more than JSON's readers take.
func (e episode) MarshalText() ([]byte, error) { return strconv.AppendUint(nil, uint64(e), 16), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *episode) UnmarshalText(text []byte) error {
	number, err := strconv.ParseUint(string(text), 16, 64)
	*e = episode(number)
	return err
}

// episodes is a set, packed in JSON.
type episodes map[episode]bool

// MarshalJSON implements json.Marshaler: eight bytes each, in order, in base64.
func (e episodes) MarshalJSON() ([]byte, error) {
	packed := make([]byte, 0, 8*len(e))
	for _, number := range slices.Sorted(maps.Keys(e)) {
		packed = binary.BigEndian.AppendUint64(packed, uint64(number))
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(packed))
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *episodes) UnmarshalJSON(bytes []byte) error {
	var packed []byte
	if err := json.Unmarshal(bytes, &packed); err != nil {
		return err
	}
	*e = make(episodes, len(packed)/8)
	for ; len(packed) >= 8; packed = packed[8:] {
		(*e)[episode(binary.BigEndian.Uint64(packed))] = true
	}
	return nil
}
