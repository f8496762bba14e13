package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/logboom/logboom/rules"
)

// defaultMaxBehind is how far an output may be behind that is not required.
const defaultMaxBehind = gibibyte

// mostOutputs is how many outputs there may be. Each reads the journal by itself.
const mostOutputs = 100

// OutputType says where an output of events writes to.
type OutputType string

// outputKind is one type of output: what its settings are, and where they go.
type outputKind struct {
	name OutputType
	// start sets the defaults of the type's own settings, which inside is the table of.
	start  func(*Output)
	inside func(*Output) section
}

// outputKinds are the types of outputs, in the order in which people are told of them.
func outputKinds() []outputKind {
	return []outputKind{
		elasticsearchOutput(), kafkaOutput(), lumberjackOutput(), httpOutput(), fileOutput(), stdoutOutput(),
	}
}

// outputs are the outputs of events: a name and its settings each. The type is the name unless given.
type outputs struct{ target *[]Output }

func (outputs) form() string { return "outputs (name: {type: file, ...})" }

func (outputs) settings() section { return nil }

func (o outputs) encode() *yaml.Node {
	if len(*o.target) == 0 {
		return nil
	}
	mapping := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := range *o.target {
		output := &(*o.target)[i]
		mapping.Content = append(mapping.Content, textNode(output.Name), outputSettings(output).encode())
	}
	return mapping
}

func (o outputs) decode(d *decoder, node *yaml.Node, path string) {
	node, ok := d.follow(node)
	if !ok {
		return
	}
	d.place(path, node)
	*o.target = nil
	if isNull(node) || !d.isKind(node, path, yaml.MappingNode, o.form()) {
		return
	}
	if count := len(node.Content) / 2; count > mostOutputs {
		d.reject(node, path, fmt.Sprintf("has %d outputs; at most %d are allowed", count, mostOutputs))
		return
	}
	for i := 0; i+1 < len(node.Content) && !d.exhausted; i += 2 {
		o.decodeOutput(d, node.Content[i], node.Content[i+1], path)
	}
}

// decodeOutput takes one output.
func (o outputs) decodeOutput(d *decoder, key, node *yaml.Node, path string) {
	key, ok := d.follow(key)
	if !ok {
		return
	}
	if key.Kind != yaml.ScalarNode || !isOutputName(key.Value) {
		d.reject(key, path, "an output's name is 1 to 64 of the characters a-z, A-Z, 0-9, - and _")
		return
	}
	at := join(path, key.Value)
	if slices.ContainsFunc(*o.target, func(other Output) bool { return other.Name == key.Value }) {
		d.reject(key, at, "set twice")
		return
	}
	kind, ok := d.outputKind(key, node, at)
	if !ok {
		return
	}
	output := Output{Name: key.Value, Type: kind.name, Required: true}
	kind.start(&output)
	outputSettings(&output).decode(d, node, at)
	*o.target = append(*o.target, output)
}

func isOutputName(name string) bool {
	strange := func(r rune) bool {
		return !strings.ContainsRune("-_", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	return len(name) > 0 && len(name) <= 64 && !strings.ContainsFunc(name, strange)
}

// outputKind finds the type of an output before the rest of it is read.
func (d *decoder) outputKind(key, node *yaml.Node, at string) (outputKind, bool) {
	kinds := outputKinds()
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = string(kind.name)
	}
	wanted, where := key.Value, key
	node, ok := d.follow(node)
	if !ok {
		return outputKind{}, false
	}
	if node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == "type" && node.Content[i+1].Kind == yaml.ScalarNode {
				wanted, where = node.Content[i+1].Value, node.Content[i+1]
				at = join(at, "type")
			}
		}
	}
	for _, kind := range kinds {
		if string(kind.name) == wanted {
			return kind, true
		}
	}
	message := "is no type of output"
	if near := nearestName(wanted, names); near != "" {
		message += "; did you mean " + near + "?"
	} else {
		message += "; add type: one of " + strings.Join(names, ", ")
	}
	d.reject(where, at, message)
	return outputKind{}, false
}

// outputSettings are the settings of one output, those of its type behind those that all have.
func outputSettings(o *Output) section {
	common := section{
		{name: "type", value: textSetting((*string)(&o.Type), "a type of output such as file")},
		{name: "where", value: linesSetting(&o.Where, `a condition such as message contains "POST"`)},
		{name: "required", value: flagSetting(&o.Required)},
		{name: "max_behind", value: givenSizeSetting(&o.MaxBehind, mebibyte, 1024*1024*gibibyte)},
	}
	for _, kind := range outputKinds() {
		if kind.name == o.Type {
			return append(common, kind.inside(o)...)
		}
	}
	return common
}

// givenSizeSetting is a size that is printed only where there is one.
func givenSizeSetting(target *int64, least, most int64) single[int64] {
	setting := sizeSetting(target, least, most)
	show := setting.show
	setting.show = func(size int64) *yaml.Node {
		if size == 0 {
			return nil
		}
		return show(size)
	}
	return setting
}

// checkOutputs judges what all outputs have, and fills in max_behind.
func (d *decoder) checkOutputs(list []Output, budget int64) {
	for i := range list {
		output := &list[i]
		path := join("outputs", output.Name)
		behind := path + ".max_behind"
		switch {
		case output.Required && d.has(behind) && d.sound(path+".required", behind):
			d.complain(behind, "is for an output that may miss events; set required: false too, or leave it out")
		case !output.Required && output.MaxBehind == 0:
			output.MaxBehind = defaultMaxBehind
		case budget > 0 && output.MaxBehind > budget/2 && d.sound(behind, "journal.budget"):
			d.complainOfEither(behind, "journal.budget", "max_behind%s is more than half of journal.budget%s; a full journal takes no events, "+
				"so that none would be missed before", output.MaxBehind, budget)
		}
		d.checkWhere(path+".where", output.Where)
	}
}

// checkWhere has a condition compiled.
func (d *decoder) checkWhere(path, where string) {
	if strings.TrimSpace(where) == "" || !d.sound(path) {
		return
	}
	_, err := rules.NewFilter(where)
	if err == nil {
		return
	}
	if subject := d.borrowed(path); subject != "" {
		d.complain(path, subject+" is not valid here")
		return
	}
	d.complain(path, compilerMessage(err))
}
