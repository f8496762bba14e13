package file

import (
	"encoding/json"
	"fmt"

	"github.com/logboom/logboom/internal/appendfile"
)

// state is what is stored with the cursor: the number that the file at the path will have when it is set aside, and the
// place up to which it is accounted for. Its stored form is JSON:
//
//	{"file": 3, "length": 1234, "end": "<SHA-256 of the last 4096 bytes before length, base64>"}
type state struct {
	File uint64 `json:"file"`
	appendfile.Place
}

func (s state) bytes() []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("file: encode the state: %v", err)) // integers and bytes always encode
	}
	return text
}

// parseState returns a stored state, and false where there is none that can be used: nothing may be taken away then.
func parseState(text []byte) (state, bool) {
	var s state
	if err := json.Unmarshal(text, &s); err != nil || s.File == 0 || s.File >= largestFileCount {
		return state{}, false
	}
	return s, true
}
