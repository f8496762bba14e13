package rules

import (
	"regexp/syntax"
)

// requiredParts returns texts that all that a regular expression matches has in it, in their order and without overlap;
// none where none are easily found.
func requiredParts(expression string) []finder {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil
	}
	return partsOf(parsed.Simplify())
}

func partsOf(parsed *syntax.Regexp) []finder {
	switch parsed.Op {
	case syntax.OpLiteral:
		if parsed.Flags&syntax.FoldCase == 0 {
			return []finder{newFinder(string(parsed.Rune))}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return partsOf(parsed.Sub[0])
	case syntax.OpConcat:
		var parts []finder
		for _, part := range parsed.Sub {
			parts = append(parts, partsOf(part)...)
		}
		return parts
	}
	return nil
}
