package config

import "go.yaml.in/yaml/v4"

// outputs is where the log events themselves will go. This version delivers alerts only.
type outputs struct{}

func (outputs) form() string { return "{}" }

func (outputs) settings() section { return nil }

func (outputs) encode() *yaml.Node { return nil }

func (outputs) decode(d *decoder, node *yaml.Node, path string) {
	node, ok := d.follow(node)
	if !ok {
		return
	}
	d.place(path, node)
	if isNull(node) || !d.isKind(node, path, yaml.MappingNode, "{}") {
		return
	}
	for i := 0; i+1 < len(node.Content) && !d.exhausted; i += 2 {
		key := node.Content[i]
		d.reject(key, join(path, printable(key.Value)), "outputs of events are not supported yet by this version; remove it")
	}
}
