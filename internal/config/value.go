package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// value is what a setting can hold: it knows how to take it from a file, how to print it, and how to describe it.
type value interface {
	// decode takes the value from node and reports what is wrong with it under path.
	decode(d *decoder, node *yaml.Node, path string)
	// encode returns the value for printing, nil where there is nothing to print.
	encode() *yaml.Node
	// form says what is expected, as in "a duration such as 500ms, 1s, 5m".
	form() string
	// settings are those below the value, for a section.
	settings() section
}

// setting is one key of a section.
type setting struct {
	name     string
	value    value
	required bool
	// secret settings' values are never quoted, and neither is what stands right behind them in one line.
	secret bool
}

// section is a mapping with known keys.
type section []setting

func (s section) form() string { return "settings (name: value)" }

func (s section) settings() section { return s }

func (s section) decode(d *decoder, node *yaml.Node, path string) {
	node, ok := d.follow(node)
	if !ok {
		return
	}
	d.place(path, node)
	if !isNull(node) && !d.isKind(node, path, yaml.MappingNode, s.form()) {
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content) && !d.exhausted; i += 2 {
		s.decodeSetting(d, node, i, path, seen)
	}
	for _, setting := range s {
		if _, found := seen[setting.name]; setting.required && !found && d.sound(join(path, setting.name)) && !d.exhausted {
			d.reject(node, join(path, setting.name), "missing; expected "+setting.value.form())
		}
	}
}

// decodeSetting takes the setting whose key is the mapping's i-th node. seen holds the lines of the keys before it.
func (s section) decodeSetting(d *decoder, mapping *yaml.Node, i int, path string, seen map[string]int) {
	key, ok := d.follow(mapping.Content[i])
	if !ok {
		return
	}
	if key.Kind != yaml.ScalarNode || isNull(key) || key.Tag == "!!merge" {
		d.reject(key, path, keyMessage(key))
		return
	}
	setting, known := s.find(key.Value)
	if !known {
		d.rejectUnknown(s, mapping, i, path)
		return
	}
	at := join(path, setting.name)
	if line, found := seen[setting.name]; found {
		d.reject(key, at, fmt.Sprintf("set twice, first in line %d", line))
		return
	}
	seen[setting.name] = key.Line
	setting.value.decode(d, mapping.Content[i+1], at)
}

func keyMessage(key *yaml.Node) string {
	if key.Tag == "!!merge" {
		return "<< is not supported; write the settings out"
	}
	return "a name of a setting is expected here"
}

func (s section) find(name string) (setting, bool) {
	i := slices.IndexFunc(s, func(setting setting) bool { return setting.name == name })
	if i < 0 {
		return setting{}, false
	}
	return s[i], true
}

func (s section) names() []string {
	names := make([]string, len(s))
	for i, setting := range s {
		names[i] = setting.name
	}
	return names
}

func (s section) encode() *yaml.Node {
	mapping := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, setting := range s {
		if node := setting.value.encode(); node != nil {
			mapping.Content = append(mapping.Content, textNode(setting.name), node)
		}
	}
	return mapping
}

// optional is a section that is used when it is given, even without a value (stdout:). Its target is nil where it is not.
type optional[T any] struct {
	target **T
	start  func() T
	inside func(*T) section
}

func (o optional[T]) form() string { return section{}.form() }

func (o optional[T]) settings() section {
	start := o.start()
	return o.inside(&start)
}

func (o optional[T]) decode(d *decoder, node *yaml.Node, path string) {
	start := o.start()
	*o.target = &start
	o.inside(&start).decode(d, node, path)
}

func (o optional[T]) encode() *yaml.Node {
	if *o.target == nil {
		return nil
	}
	return o.inside(*o.target).encode()
}

// given is a section whose presence alone changes something: begin runs before it is decoded. It is printed when present
// says so.
type given struct {
	section

	begin   func()
	present func() bool
}

func (g given) decode(d *decoder, node *yaml.Node, path string) {
	g.begin()
	g.section.decode(d, node, path)
}

func (g given) encode() *yaml.Node {
	if !g.present() {
		return nil
	}
	return g.section.encode()
}

// items is a list of sections.
type items[T any] struct {
	target *[]T
	most   int
	start  func() T
	inside func(*T) section
}

func (l items[T]) form() string { return "a list of settings (- name: value)" }

func (l items[T]) settings() section {
	start := l.start()
	return l.inside(&start)
}

func (l items[T]) decode(d *decoder, node *yaml.Node, path string) {
	node, ok := d.follow(node)
	if !ok {
		return
	}
	d.place(path, node)
	*l.target = []T{}
	if isNull(node) || !d.isKind(node, path, yaml.SequenceNode, l.form()) {
		return
	}
	if len(node.Content) > l.most {
		d.reject(node, path, fmt.Sprintf("has %d entries; at most %d are allowed", len(node.Content), l.most))
		return
	}
	*l.target = make([]T, len(node.Content))
	for i, entry := range node.Content {
		(*l.target)[i] = l.start()
		l.inside(&(*l.target)[i]).decode(d, entry, path+l.entry(i))
	}
}

// entry returns what follows the list's path for one of its entries.
func (l items[T]) entry(index int) string { return fmt.Sprintf("[%d]", index) }

func (l items[T]) encode() *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for i := range *l.target {
		list.Content = append(list.Content, l.inside(&(*l.target)[i]).encode())
	}
	return list
}

// join returns the path of a setting in a section.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// textNode returns a text that is read back as the same: what looks like a reference is none.
func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.ReplaceAll(text, "${", "$${")}
}

// isNull tells whether a value was left out (key:) or written as null or ~.
func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }
