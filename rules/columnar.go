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
	asWritten := e.asWritten(i.written.known, i.field, of)
	result.matches = i.written.equal(e, i.field, asWritten)
	result.each(e, i, of&e.column(i.field).text&^asWritten)
	return result
}

// ofTexts judges texts where they stand, by what is found in those of a field, and leaves to test those that have to be unescaped. As
// in expr nothing differs, and what is no text fails.
func ofTexts(e *evaluator, p predicate, left field, known bool, of rows, found func(asWritten rows) rows) verdicts {
	column, asWritten := e.column(left), e.asWritten(known, left, of)
	result := verdicts{matches: found(asWritten), fails: of &^ (column.text | column.nothing)}
	result.each(e, p, of&column.text&^asWritten)
	return result
}

func (a *affix) judge(e *evaluator, of rows) verdicts {
	left, isField := a.left.(field)
	if !isField {
		return judgeEach(e, a, of)
	}
	return ofTexts(e, a, left, a.written.known, of, func(asWritten rows) rows {
		if a.atEnd {
			return a.written.end(e, left, asWritten)
		}
		return a.written.begin(e, left, asWritten)
	})
}

func (w *wordSet) judge(e *evaluator, of rows) verdicts {
	left, isField := w.left.(field)
	if !isField {
		return judgeEach(e, w, of)
	}
	result := ofTexts(e, w, left, w.known, of, func(asWritten rows) rows { return w.found(e, left, asWritten) })
	if w.has(nil) {
		result.matches |= of & e.column(left).nothing
	}
	return result
}

func (c *contains) judge(e *evaluator, of rows) verdicts {
	left, isField := c.left.(field)
	if !isField {
		return judgeEach(e, c, of)
	}
	return ofTexts(e, c, left, c.written.known, of, func(asWritten rows) rows {
		return c.written.contained(e, left, asWritten)
	})
}

func (p *pattern) judge(e *evaluator, of rows) verdicts {
	left, isField := p.left.(field)
	if !isField || len(p.written) == 0 {
		return judgeEach(e, p, of)
	}
	column := e.column(left)
	result := verdicts{fails: of &^ (column.text | column.nothing)}
	texts := of & column.text
	for rest := e.canonicalOf(left, texts); rest != 0; rest &= rest - 1 {
		if row := rest.first(); !findAll(p.written, e.inside(row, left)) {
			texts &^= rowBit(row)
		}
	}
	result.each(e, p, texts)
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
