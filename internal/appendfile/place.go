package appendfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
)

// endLength is how many bytes before a place are hashed to recognise it.
const endLength = 4096

// Place is a position in a file together with what stands before it, so that another file at the same path is not taken
// for the one that it was. Its stored form is JSON:
//
//	{"length": 1234, "end": "<SHA-256 of the last 4096 bytes before length, base64>"}
//
// The zero Place is none.
type Place struct {
	Length int64  `json:"length"`
	End    []byte `json:"end"`
}

// Start returns the place at the beginning of a file, which every file has.
func Start() Place {
	sum := sha256.Sum256(nil)
	return Place{End: sum[:]}
}

// Bytes returns the stored form.
func (p Place) Bytes() []byte {
	state, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("appendfile: encode a place: %v", err)) // an integer and bytes always encode
	}
	return state
}

// IsSet tells whether there is a place. Where there is none nothing may be cut.
func (p Place) IsSet() bool { return p.Length >= 0 && len(p.End) == sha256.Size }

// ParsePlace returns the place in a stored state, and false where there is none.
func ParsePlace(state []byte) (Place, bool) {
	var p Place
	if err := json.Unmarshal(state, &p); err != nil || !p.IsSet() {
		return Place{}, false
	}
	return p, true
}

// PlaceAt returns the place at length in a file.
func PlaceAt(file io.ReaderAt, length int64) (Place, error) {
	end := make([]byte, min(length, endLength))
	if _, err := file.ReadAt(end, length-int64(len(end))); err != nil {
		return Place{}, fmt.Errorf("read the end of the file: %w", err)
	}
	sum := sha256.Sum256(end)
	return Place{Length: length, End: sum[:]}, nil
}

// IsIn tells whether a file of a size has the place. A file that cannot be read has none.
func (p Place) IsIn(file io.ReaderAt, size int64) bool {
	if !p.IsSet() || size < p.Length {
		return false
	}
	here, err := PlaceAt(file, p.Length)
	return err == nil && bytes.Equal(here.End, p.End)
}
