package config

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

const (
	// mostMistakes is how many mistakes are looked for.
	mostMistakes = 1000
	// longestQuote is how many characters of a value a mistake quotes.
	longestQuote = 60
)

// decoder carries what decoding a file needs and finds. It goes on after a mistake, up to mostMistakes.
//
// Its work is bounded without counting: a section takes each of its settings once, lists are bounded before they are
// looked into, the table is not recursive, and whatever else a file holds is a mistake. So aliases can't multiply it
// either.
type decoder struct {
	file    string
	outside outside
	// root is the whole table, for suggestions.
	root section

	mistakes Mistakes
	warnings Mistakes
	// places says where each setting that was given stands, unsound which of them have a mistake.
	places  map[string]*yaml.Node
	unsound map[string]bool
	// subjects names the values that came from variables and files, by their paths.
	subjects map[string]string

	// expanded is how many bytes came from variables and files.
	expanded int
	// exhausted ends the decoding: there are too many mistakes or too many such bytes, or nothing could be parsed.
	exhausted bool
}

func newDecoder(file string, outside outside) *decoder {
	return &decoder{
		file:     file,
		outside:  outside,
		root:     rootSettings(&Config{}),
		places:   map[string]*yaml.Node{},
		unsound:  map[string]bool{},
		subjects: map[string]string{},
	}
}

// follow returns the node itself, or the one that an alias stands for; false when the decoding has ended.
func (d *decoder) follow(node *yaml.Node) (*yaml.Node, bool) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node, !d.exhausted
}

func (d *decoder) place(path string, node *yaml.Node) { d.places[path] = node }

// has tells whether a setting was given, with whatever value.
func (d *decoder) has(path string) bool { return d.places[path] != nil }

// sound tells whether none of the settings, nor a section that one is in, has a mistake, so that they may be judged
// together.
func (d *decoder) sound(paths ...string) bool {
	for _, path := range paths {
		for ; path != ""; path = parent(path) {
			if d.unsound[path] {
				return false
			}
		}
	}
	return true
}

// parent returns the path of what a setting, or an entry of a list, is in.
func parent(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

func (d *decoder) reject(node *yaml.Node, path, message string) {
	d.unsound[path] = true
	d.mistakes = append(d.mistakes, d.mistake(node, path, message))
	d.exhausted = d.exhausted || len(d.mistakes) >= mostMistakes
}

func (d *decoder) warn(path, message string) {
	if len(d.warnings) < mostMistakes {
		d.warnings = append(d.warnings, d.mistake(d.nearest(path), path, message))
	}
}

// complain reports a mistake of a setting that was decoded already, at its place or that of the section it is in.
func (d *decoder) complain(path, message string) { d.reject(d.nearest(path), path, message) }

func (d *decoder) nearest(path string) *yaml.Node {
	for ; path != ""; path = parent(path) {
		if node := d.places[path]; node != nil {
			return node
		}
	}
	return d.places[""]
}

func (d *decoder) mistake(node *yaml.Node, path, message string) Mistake {
	mistake := Mistake{File: d.file, Path: path, Message: message}
	if node != nil {
		mistake.Line, mistake.Column = node.Line, node.Column
	}
	return mistake
}

// isKind tells whether a node is what form says, and reports it where it is not. No value is quoted: a secret may stand
// where a section should.
func (d *decoder) isKind(node *yaml.Node, path string, kind yaml.Kind, form string) bool {
	switch {
	case node.Style&yaml.TaggedStyle != 0:
		d.reject(node, path, "tags are not supported, and text that starts with ! must be in quotes; expected "+form)
	case isNull(node) && kind == yaml.ScalarNode:
		d.reject(node, path, "has no value; expected "+form)
	case node.Kind != kind:
		d.reject(node, path, "is "+kindName(node.Kind)+"; expected "+form)
	default:
		return true
	}
	return false
}

func kindName(kind yaml.Kind) string {
	switch kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a section of settings"
	default:
		return "a single value"
	}
}

// rejectUnknown reports the key that is the mapping's i-th node, with what was probably meant. The key is not named where
// it may be the rest of a secret that was cut at a comma.
func (d *decoder) rejectUnknown(known section, mapping *yaml.Node, i int, path string) {
	key, _ := d.follow(mapping.Content[i])
	near := nearestName(key.Value, known.names())
	if looksCut(known, mapping, i, near != "") {
		d.reject(key, path, "a setting without a name, or the rest of a value that holds a comma; quote such values")
		return
	}
	message := "unknown setting"
	switch elsewhere := d.elsewhere(key.Value); {
	case near != "":
		message += "; did you mean " + near + "?"
		d.unsound[join(path, near)] = true
	case elsewhere != "":
		message += " here; did you mean " + elsewhere + "?"
	case len(known) > 0:
		message += "; known here: " + strings.Join(known.names(), ", ")
	}
	d.reject(key, join(path, printable(key.Value)), message)
}

// looksCut tells whether a key in a mapping in one line that has secrets may be a part of one, as in {password: a,b}: it
// has no value, or it is like no known setting and stands behind a secret, or behind another such part.
func looksCut(known section, mapping *yaml.Node, i int, isNear bool) bool {
	secrets := slices.ContainsFunc(known, func(setting setting) bool { return setting.secret })
	if mapping.Style&yaml.FlowStyle == 0 || !secrets {
		return false
	}
	if value := mapping.Content[i+1]; isNull(value) && value.Value == "" {
		return true
	}
	if i < 2 {
		return false
	}
	before, found := known.find(mapping.Content[i-2].Value)
	return !isNear && (!found || before.secret)
}

// elsewhere returns the paths of settings with the name in other sections, or an empty text.
func (d *decoder) elsewhere(name string) string {
	var found []string
	walk("", d.root, func(path string, setting setting) {
		if setting.name == name && len(found) < 3 {
			found = append(found, path)
		}
	})
	return strings.Join(found, " or ")
}

// walk visits all settings below a section, those of an optional one and of a list's entries too.
func walk(path string, in section, visit func(path string, setting setting)) {
	for _, setting := range in {
		at := join(path, setting.name)
		visit(at, setting)
		if _, isList := setting.value.(interface{ entry(index int) string }); isList {
			at += "[]"
		}
		walk(at, setting.value.settings(), visit)
	}
}

// printable returns a text that is short and has no control characters.
func printable(text string) string { return shortened(text, longestQuote) }

// shortened returns at most so many characters of a text, without control characters.
func shortened(text string, most int) string {
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "..."
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, text)
}
