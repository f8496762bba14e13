package event

import "fmt"

// MaxDepth is how deep objects and arrays may stand in each other, the top level counted. It is the limit that
// Jackson, and so Elasticsearch and Logstash, has by default; encoding/json's own is 10,000.
const MaxDepth = 1000

// SyntaxError says why a document is not the JSON object that an event has to be.
type SyntaxError struct {
	// Offset is the number of bytes before the one that could not be accepted; the length of the document if it ends
	// too early.
	Offset int64
	// Reason is what is wrong there, in words.
	Reason string
}

// Error gives the reason and the offset. It never contains bytes of the document, which may be private.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("read event: %s at byte %d", e.Reason, e.Offset)
}

// Reasons of a SyntaxError.
const (
	reasonEnd       = "the document ends early"
	reasonNotObject = "an event must be a JSON object"
	reasonTrailing  = "something follows the end of the object"
	reasonKey       = "a key in double quotes must stand here"
	reasonColon     = "a colon must follow the key"
	reasonMember    = "a comma or a closing brace must follow the member of an object"
	reasonElement   = "a comma or a closing bracket must follow the element of an array"
	reasonValue     = "this does not begin a JSON value"
	reasonLiteral   = "a word that is not true, false or null"
	reasonNumber    = "a number lacks a digit"
	reasonControl   = "a control character in a string must be escaped"
	reasonEscape    = "an escape that JSON does not have"
	reasonHex       = "four hexadecimal digits must follow \\u"
	reasonDeep      = "objects and arrays are nested too deeply"
)
