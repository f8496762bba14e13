package inflate

// Of the format; RFC 1951, section 3.2.
const (
	literalSymbols    = 288 // the last two stand for nothing
	usedLiterals      = 286
	distanceSymbols   = 32 // the last two stand for nothing
	usedDistances     = 30
	codeLengthSymbols = 19
	longestCode       = 15
	longestMatch      = 258
	longestCodeLength = 7 // of the code for code lengths
)

// codes are those of a block: how its literals, lengths and distances are decoded.
type codes struct {
	literals  [literalTable]entry
	distances [distanceTable]entry
	fixed     bool // they are those of fixed blocks

	lengths [usedLiterals + usedDistances + 2]uint8
}

// codeLengthOrder is the order in which the lengths of the code for code lengths are sent.
var codeLengthOrder = [codeLengthSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// setFixed sets the codes of fixed blocks; RFC 1951, section 3.2.6.
func (c *codes) setFixed() {
	if c.fixed {
		return
	}
	c.fixed = true
	lengths := c.lengths[:literalSymbols]
	for symbol := range lengths {
		switch {
		case symbol < 144:
			lengths[symbol] = 8
		case symbol < 256:
			lengths[symbol] = 9
		case symbol < 280:
			lengths[symbol] = 7
		default:
			lengths[symbol] = 8
		}
	}
	build(c.literals[:], literalBits, lengths, &literalEntries)
	lengths = c.lengths[:distanceSymbols]
	for symbol := range lengths {
		lengths[symbol] = 5
	}
	build(c.distances[:], distanceBits, lengths, &distanceEntries)
}

// read reads the codes of a dynamic block; RFC 1951, section 3.2.7.
func (c *codes) read(input *input) error {
	c.fixed = false
	counts, err := input.take(14)
	if err != nil {
		return err
	}
	literals, distances, codeLengths := int(counts&31)+257, int(counts>>5&31)+1, int(counts>>10)+4
	if literals > usedLiterals || distances > usedDistances {
		return errTooManyCodes
	}
	if err := c.readCodeLengthCode(input, codeLengths); err != nil {
		return err
	}
	if err := c.readLengths(input, literals+distances); err != nil {
		return err
	}
	lengths := c.lengths[:literals+distances]
	if !build(c.distances[:], distanceBits, lengths[literals:], &distanceEntries) {
		return errDistanceCode
	}
	if !build(c.literals[:], literalBits, lengths[:literals], &literalEntries) {
		return errLiteralCode
	}
	return nil
}

// readCodeLengthCode reads the code for code lengths. It uses the table of distances, which comes later.
func (c *codes) readCodeLengthCode(input *input, count int) error {
	var lengths [codeLengthSymbols]uint8
	for _, symbol := range codeLengthOrder[:count] {
		length, err := input.take(3)
		if err != nil {
			return err
		}
		lengths[symbol] = uint8(length)
	}
	if !build(c.distances[:], longestCodeLength, lengths[:], &codeLengthEntries) {
		return errCodeLengthCode
	}
	return nil
}

// readLengths reads the code lengths of literals and distances.
func (c *codes) readLengths(input *input, count int) error {
	for i := 0; i < count; {
		input.fill()
		e := c.distances[input.bits&(1<<longestCodeLength-1)]
		if e.is(entryInvalid) {
			return errSymbol
		}
		if e.width() > input.count {
			return ErrTruncated
		}
		extra := e.extra(input.bits)
		input.drop(e.width())
		symbol := e.base()
		if symbol < 16 {
			c.lengths[i] = uint8(symbol)
			i++
			continue
		}
		var length uint8
		repeat := repeatBases[symbol&3] + extra
		if symbol == 16 {
			if i == 0 {
				return errCodeLengths
			}
			length = c.lengths[i-1]
		}
		if repeat > count-i {
			return errCodeLengths
		}
		repeated := c.lengths[i : i+repeat]
		for j := range repeated {
			repeated[j] = length
		}
		i += repeat
	}
	return nil
}

// repeatBases is by symbol-16 how often at least a code length is repeated.
var repeatBases = [4]int{3, 3, 11, 0}
