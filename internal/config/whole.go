package config

import (
	"errors"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// wholeSetting is a whole number from least to most.
func wholeSetting[T int | uint64](target *T, least, most int64) single[T] {
	what := fmt.Sprintf("a whole number from %d to %d", least, most)
	parse := func(text string) (T, error) {
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return 0, &misfit{}
		}
		if err != nil || number < least || number > most {
			return 0, fmt.Errorf("is out of range: from %d to %d", least, most)
		}
		return T(number), nil
	}
	show := func(number T) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: fmt.Sprint(number)}
	}
	return single[T]{target: target, what: what, parse: parse, show: show}
}
