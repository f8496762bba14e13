package config

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/logboom/logboom/outputs/logstash"
)

// addedFields are fields that outputs add to events: a name and a text each, or a list of texts for an array. Their order
// is kept, since the text of one may refer to those before it.
type addedFields struct{ target *[]logstash.Field }

func (addedFields) form() string { return `fields (name: value)` }

func (addedFields) settings() section { return nil }

func (f addedFields) decode(d *decoder, node *yaml.Node, path string) {
	node, ok := d.follow(node)
	if !ok {
		return
	}
	d.place(path, node)
	*f.target = nil
	if isNull(node) || !d.isKind(node, path, yaml.MappingNode, f.form()) {
		return
	}
	if count := len(node.Content) / 2; count > mostEntries {
		d.reject(node, path, fmt.Sprintf("has %d entries; at most %d are allowed", count, mostEntries))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content) && !d.exhausted; i += 2 {
		f.decodeField(d, node.Content[i], node.Content[i+1], path, seen)
	}
}

// decodeField takes one field. seen holds the lines of the names before it.
func (f addedFields) decodeField(d *decoder, key, node *yaml.Node, path string, seen map[string]int) {
	key, ok := d.follow(key)
	if !ok {
		return
	}
	if key.Kind != yaml.ScalarNode || isNull(key) || key.Tag == "!!merge" {
		d.reject(key, path, keyMessage(key))
		return
	}
	at := join(path, printable(key.Value))
	if line, found := seen[key.Value]; found {
		d.reject(key, at, fmt.Sprintf("set twice, first in line %d; give a list of values for an array", line))
		return
	}
	seen[key.Value] = key.Line
	if err := isAddedName(key.Value); err != nil {
		d.reject(key, at, reason(err))
		return
	}
	if isNull(node) {
		d.reject(node, at, "has no value; expected "+addedText(nil).what+", or a list of them")
		return
	}
	var texts []string
	textsSetting{&texts, 1, mostEntries, addedText}.decode(d, node, at)
	for _, text := range texts {
		*f.target = append(*f.target, logstash.Field{Name: key.Value, Value: text})
	}
}

// isAddedName has the name of a field judged by what will add it.
func isAddedName(name string) error {
	_, err := logstash.NewEncoder(logstash.Settings{AddField: []logstash.Field{{Name: name}}})
	return err
}

// addedText is the text of a field. It may be empty.
func addedText(target *string) single[string] {
	setting := linesSetting(target, "a text such as production or %{[host][name]}")
	parse := setting.parse
	setting.parse = func(text string) (string, error) {
		if err := isEventText(text); err != nil {
			return "", err
		}
		return parse(text)
	}
	return setting
}

func (f addedFields) encode() *yaml.Node {
	if len(*f.target) == 0 {
		return nil
	}
	mapping := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	lists := map[string]*yaml.Node{}
	for _, field := range *f.target {
		list := lists[field.Name]
		if list == nil {
			list = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
			lists[field.Name] = list
			mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: field.Name}, list)
		}
		list.Content = append(list.Content, textNode(field.Value))
	}
	for i := 1; i < len(mapping.Content); i += 2 {
		if texts := mapping.Content[i].Content; len(texts) == 1 {
			mapping.Content[i] = texts[0]
		}
	}
	return mapping
}
