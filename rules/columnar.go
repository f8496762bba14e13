package rules

// chosen returns the events for which the comparison holds, given how they compare.
func (c *comparison) chosen(below, same, above rows) (result rows) {
	if c.below == matches {
		result |= below
	}
	if c.same == matches {
		result |= same
	}
	if c.above == matches {
		result |= above
	}
	return result
}

func (c *comparison) judge(e *evaluator, of rows) verdicts {
	left, isField := c.left.(field)
	with, isLiteral := c.right.(*literal)
	if !isField || !isLiteral || with.value.kind != intOperand {
		return judgeEach(e, c, of)
	}
	column := e.column(left)
	below, same := column.compare(with.value.whole, of)
	result := verdicts{
		matches: c.chosen(below, same, of&column.whole&^(below|same)), fails: of &^ (column.whole | column.decimal),
	}
	result.each(e, c, of&column.decimal)
	return result
}

func (q *equality) judge(e *evaluator, of rows) verdicts {
	left, isField := q.left.(field)
	with, isLiteral := q.right.(*literal)
	if !isField || !isLiteral || with.value.kind != intOperand {
		return judgeEach(e, q, of)
	}
	column := e.column(left)
	_, same := column.compare(with.value.whole, of)
	result := verdicts{matches: same}
	result.each(e, q, of&column.decimal)
	return result
}

func (i isNil) judge(e *evaluator, of rows) verdicts {
	return verdicts{matches: of & e.column(field(i.field)).nothing}
}

func (i *isText) judge(e *evaluator, of rows) (result verdicts) {
	column := e.column(i.field)
	for rest := of & column.plain; rest != 0; rest &= rest - 1 {
		if row := rest.first(); string(column.insides[row%blockSize]) == i.text {
			result.matches |= rowBit(row)
		}
	}
	result.each(e, i, of&column.text&^column.plain)
	return result
}

// ofTexts judges texts by a function and leaves those with escapes to test. As in expr nothing differs, and what is no text
// fails.
func ofTexts(e *evaluator, p predicate, left source, of rows, holds func(text []byte) bool) (result verdicts) {
	named, isField := left.(field)
	if !isField {
		return judgeEach(e, p, of)
	}
	column := e.column(named)
	result.fails = of &^ (column.text | column.nothing)
	for rest := of & column.plain; rest != 0; rest &= rest - 1 {
		if row := rest.first(); holds(column.insides[row%blockSize]) {
			result.matches |= rowBit(row)
		}
	}
	result.each(e, p, of&column.text&^column.plain)
	return result
}

func (a *affix) judge(e *evaluator, of rows) verdicts {
	return ofTexts(e, a, a.left, of, a.holds)
}

func (w *wordSet) judge(e *evaluator, of rows) verdicts {
	result := ofTexts(e, w, w.left, of, w.has)
	if left, isField := w.left.(field); isField && w.has(nil) {
		result.matches |= of & e.column(left).nothing
	}
	return result
}

func (c *contains) judge(e *evaluator, of rows) verdicts {
	left, isField := c.left.(field)
	if !isField {
		return judgeEach(e, c, of)
	}
	column := e.column(left)
	result := verdicts{fails: of &^ (column.text | column.nothing)}
	for rest := of & column.text; rest != 0; rest &= rest - 1 {
		row := rest.first()
		inside, found := column.insides[row%blockSize], false
		switch {
		case column.plain.has(row):
			found = c.part.index(inside) >= 0
		case c.written.known && column.isCanonical(row):
			found = c.written.isIn(inside)
		default:
			result.each(e, c, rowBit(row))
		}
		if found {
			result.matches |= rowBit(row)
		}
	}
	return result
}

func (p *pattern) judge(e *evaluator, of rows) verdicts {
	left, isField := p.left.(field)
	if !isField || len(p.written) == 0 {
		return judgeEach(e, p, of)
	}
	column := e.column(left)
	result := verdicts{fails: of &^ (column.text | column.nothing)}
	for rest := of & column.text; rest != 0; rest &= rest - 1 {
		row := rest.first()
		if !column.plain.has(row) && column.isCanonical(row) && !findAll(p.written, column.insides[row%blockSize]) {
			continue
		}
		result.each(e, p, rowBit(row))
	}
	return result
}

func (n negation) judge(e *evaluator, of rows) verdicts {
	result := judge(e, n.predicate, of)
	result.matches = result.differs(of)
	return result
}

func (c *conjunction) judge(e *evaluator, of rows) verdicts {
	first := judge(e, c.first, of)
	second := judge(e, c.second, first.matches)
	return verdicts{second.matches, first.fails | second.fails, first.undecided | second.undecided}
}

func (d *disjunction) judge(e *evaluator, of rows) verdicts {
	first := judge(e, d.first, of)
	second := judge(e, d.second, first.differs(of))
	return verdicts{first.matches | second.matches, first.fails | second.fails, first.undecided | second.undecided}
}
