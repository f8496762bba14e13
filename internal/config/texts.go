package config

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// textsSetting is a list of texts; one text alone stands for a list of one.
type textsSetting struct {
	target *[]string
	// least and most bound the length of the list.
	least, most int
	// each makes the setting of one entry.
	each func(target *string) single[string]
}

func (t textsSetting) form() string { return "a list: " + t.each(new(string)).what + " each" }

func (t textsSetting) settings() section { return nil }

func (t textsSetting) decode(d *decoder, node *yaml.Node, path string) {
	node, ok := d.follow(node)
	if !ok {
		return
	}
	d.place(path, node)
	if node.Kind == yaml.ScalarNode && !isNull(node) {
		*t.target = make([]string, 1)
		t.each(&(*t.target)[0]).decode(d, node, path)
		return
	}
	if !d.isKind(node, path, yaml.SequenceNode, t.form()) {
		return
	}
	if length := len(node.Content); length < t.least || length > t.most {
		d.reject(node, path, fmt.Sprintf("has %d entries; allowed are %d to %d", length, t.least, t.most))
		return
	}
	*t.target = nil
	if len(node.Content) == 0 {
		return
	}
	*t.target = make([]string, len(node.Content))
	for i, entry := range node.Content {
		t.decodeEntry(d, entry, path, i)
	}
}

func (t textsSetting) decodeEntry(d *decoder, entry *yaml.Node, path string, i int) {
	at := fmt.Sprintf("%s[%d]", path, i)
	target := &(*t.target)[i]
	t.each(target).decode(d, entry, at)
	if !d.sound(at) {
		d.unsound[path] = true
		return
	}
	if before := slices.Index((*t.target)[:i], *target); before >= 0 && *target != "" {
		d.complain(at, fmt.Sprintf("the same as %s[%d]", path, before))
	}
}

func (t textsSetting) encode() *yaml.Node {
	if len(*t.target) == 0 {
		return nil
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, text := range *t.target {
		list.Content = append(list.Content, textNode(text))
	}
	return list
}
