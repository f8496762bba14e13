package file

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
)

// endLength is how many bytes before a place are hashed to recognise it.
const endLength = 4096

// place is a position in a file together with what stands before it, so that another file at the same path is not taken
// for the one that it was. Its stored form is JSON:
//
//	{"length": 1234, "end": "<SHA-256 of the last 4096 bytes before length, base64>"}
type place struct {
	Length int64  `json:"length"`
	End    []byte `json:"end"`
}

func (p place) bytes() []byte {
	state, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("file: encode a place: %v", err)) // an integer and bytes always encode
	}
	return state
}

// parsePlace returns the place in a stored state, and false where there is none: nothing may be cut then.
func parsePlace(state []byte) (place, bool) {
	var p place
	if err := json.Unmarshal(state, &p); err != nil || p.Length < 0 || len(p.End) != sha256.Size {
		return place{}, false
	}
	return p, true
}

// placeAt returns the place at length in the file.
func placeAt(file io.ReaderAt, length int64) (place, error) {
	end := make([]byte, min(length, endLength))
	if _, err := file.ReadAt(end, length-int64(len(end))); err != nil {
		return place{}, fmt.Errorf("read the end of the file: %w", err)
	}
	sum := sha256.Sum256(end)
	return place{Length: length, End: sum[:]}, nil
}

// account takes the whole file, as it is, for done.
func (s *Sink) account() error {
	info, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("stat the open file: %w", err)
	}
	s.accounted, err = placeAt(s.file, info.Size())
	if err != nil {
		s.accounted = place{} // cannot be read: never cut it
	}
	return nil
}

// cutBack cuts the file back to the stored place, if the file is still the same one, and what lies behind the place is
// nothing but what this sink writes.
func (s *Sink) cutBack(stored place) error {
	info, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("stat the open file: %w", err)
	}
	if info.Size() <= stored.Length {
		return nil
	}
	here, err := placeAt(s.file, stored.Length)
	if err != nil || !bytes.Equal(here.End, stored.End) {
		return nil //nolint:nilerr // another file, or one that cannot be read, is not cut
	}
	ours, err := onlyDocuments(io.NewSectionReader(s.file, stored.Length, info.Size()-stored.Length))
	if err != nil {
		return fmt.Errorf("read the end of the file: %w", err)
	}
	if !ours {
		s.log.Warn().Str("path", s.path).Msg("somebody else has written to the file of alerts: going on behind it")
		return nil
	}
	if err := s.file.Truncate(stored.Length); err != nil {
		return fmt.Errorf("cut off what a crash left in the file: %w", err)
	}
	return s.file.Sync()
}
