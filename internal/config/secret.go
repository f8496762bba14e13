package config

import (
	"encoding/json"
	"fmt"
	"io"
)

// hidden is what is shown in the place of a secret.
const hidden = "<secret>"

// Secret is a text that is never shown: a password, a token, an address that is a credential by itself. Whatever prints,
// formats or marshals it gets "<secret>", or an empty text where none was given; only Reveal returns it. The zero value
// is no secret.
type Secret struct {
	// A pointer, because fmt prints the fields of a struct that it reached through an unexported field without asking
	// the type's methods: there it shows an address, not the text.
	text *string
}

// NewSecret returns a secret that holds the text. An empty text gives the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal returns the text itself, to be handed to whom it is for and to nobody else.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet tells whether there is a text at all.
func (s Secret) IsSet() bool { return s.text != nil }

// String returns "<secret>", or an empty text where none was given.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return hidden
}

// GoString returns what %#v prints, which is not the text either.
func (s Secret) GoString() string { return `config.Secret("` + s.String() + `")` }

// Format writes the same stand-in for every verb of package fmt.
func (s Secret) Format(state fmt.State, verb rune) {
	text := s.String()
	switch {
	case verb == 'v' && state.Flag('#'):
		text = s.GoString()
	case verb == 'q':
		text = `"` + text + `"`
	}
	_, _ = io.WriteString(state, text) // package fmt offers no way to report it
}

// MarshalJSON returns the stand-in as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText returns the stand-in.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML returns the stand-in as a YAML string.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }
