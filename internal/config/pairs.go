package config

import (
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"
)

// pairs are settings whose names are the operator's, such as headers and labels.
type pairs[T any] struct {
	target *map[string]T
	// what is expected of the whole, as in "headers (name: value)".
	what string
	// most bounds how many there are.
	most int
	// isName judges a name; its error follows "a name here" and must not repeat it, for a part of a secret may stand there.
	isName func(string) error
	// each makes the setting of one value.
	each func(target *T) single[T]
}

func (p pairs[T]) form() string { return p.what }

func (p pairs[T]) settings() section { return nil }

func (p pairs[T]) decode(d *decoder, node *yaml.Node, path string) {
	node, ok := d.follow(node)
	if !ok {
		return
	}
	d.place(path, node)
	*p.target = nil
	if isNull(node) || !d.isKind(node, path, yaml.MappingNode, p.what) {
		return
	}
	if count := len(node.Content) / 2; count > p.most {
		d.reject(node, path, fmt.Sprintf("has %d entries; at most %d are allowed", count, p.most))
		return
	}
	for i := 0; i+1 < len(node.Content) && !d.exhausted; i += 2 {
		p.decodePair(d, node, i, path)
	}
}

// decodePair takes the pair whose name is the mapping's i-th node.
func (p pairs[T]) decodePair(d *decoder, mapping *yaml.Node, i int, path string) {
	key, ok := d.follow(mapping.Content[i])
	if !ok {
		return
	}
	if key.Kind != yaml.ScalarNode || isNull(key) || key.Tag == "!!merge" {
		d.reject(key, path, keyMessage(key))
		return
	}
	if value := mapping.Content[i+1]; isNull(value) && value.Value == "" {
		d.reject(key, path, "a name without a value, or the rest of a value that holds a comma; quote such values")
		return
	}
	if err := p.isName(key.Value); err != nil {
		d.reject(key, path, "a name here "+err.Error())
		return
	}
	if _, found := (*p.target)[key.Value]; found {
		d.reject(key, join(path, key.Value), "set twice")
		return
	}
	if *p.target == nil {
		*p.target = map[string]T{}
	}
	var value T
	p.each(&value).decode(d, mapping.Content[i+1], join(path, key.Value))
	(*p.target)[key.Value] = value
}

func (p pairs[T]) encode() *yaml.Node {
	if len(*p.target) == 0 {
		return nil
	}
	mapping := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, name := range slices.Sorted(maps.Keys(*p.target)) {
		value := (*p.target)[name]
		mapping.Content = append(mapping.Content, textNode(name), p.each(&value).encode())
	}
	return mapping
}
