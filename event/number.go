package event

import (
	"encoding/binary"
	"math"
	"strconv"
)

// decimal is a JSON number taken apart: 0.digits times ten to the power of point. digits has neither leading nor
// trailing zeros; it is cut to what an int64 can need, and exact says whether nothing was lost by that.
type decimal struct {
	negative bool
	exact    bool
	digits   uint64
	count    int // of digits
	point    int64
}

// maxDigits is how many decimal digits always fit a uint64.
const maxDigits = 19

// maxExponent bounds exponents, so that sums with lengths of documents cannot overflow. It is beyond every number that
// anything here can represent.
const maxExponent = 1 << 40

// parseDecimal takes a valid JSON number apart.
func parseDecimal(raw []byte) decimal {
	d := decimal{exact: true}
	if raw[0] == '-' {
		d.negative = true
		raw = raw[1:]
	}
	fraction, zeros := false, int64(0)
	for i, c := range raw {
		switch c {
		case '.':
			fraction = true
			continue
		case 'e', 'E':
			d.point += parseExponent(raw[i+1:])
			return d
		}
		if d.count > 0 || c != '0' {
			if !fraction {
				d.point++
			}
			zeros = d.add(c, zeros)
		} else if fraction {
			d.point--
		}
	}
	return d
}

// add appends a digit behind a number of zeros that were held back, and returns how many are held back now.
func (d *decimal) add(digit byte, zeros int64) int64 {
	if digit == '0' {
		return zeros + 1
	}
	if int64(d.count)+zeros >= maxDigits {
		d.exact = false
		return zeros
	}
	for ; zeros >= 0; zeros-- {
		d.digits *= 10
		d.count++
	}
	d.digits += uint64(digit - '0')
	return 0
}

func parseExponent(raw []byte) int64 {
	exponent, sign := int64(0), int64(1)
	for _, c := range raw {
		switch {
		case c == '-':
			sign = -1
		case c != '+' && exponent < maxExponent:
			exponent = exponent*10 + int64(c-'0')
		}
	}
	return sign * exponent
}

// parseInt returns the value of a valid JSON number if it is whole and fits.
func parseInt(raw []byte) (int64, bool) {
	if number, ok := parsePlainInt(raw); ok {
		return number, true
	}
	d := parseDecimal(raw)
	if d.count == 0 {
		return 0, true
	}
	if !d.exact || d.point < int64(d.count) || d.point > maxDigits {
		return 0, false
	}
	magnitude := d.digits
	for range d.point - int64(d.count) {
		magnitude *= 10
	}
	switch {
	case d.negative && magnitude <= 1<<63:
		return -int64(magnitude), true // the cast of 1<<63 wraps to its own negative, which is right
	case !d.negative && magnitude <= math.MaxInt64:
		return int64(magnitude), true
	default:
		return 0, false
	}
}

// parsePlainInt returns the value of an integer of at most 18 digits, which is what log events have.
func parsePlainInt(raw []byte) (int64, bool) {
	digits := raw
	if raw[0] == '-' {
		digits = raw[1:]
	}
	if len(digits) >= maxDigits {
		return 0, false
	}
	number := int64(0)
	for len(digits) >= 8 {
		eight, ok := eightDigits(binary.LittleEndian.Uint64(digits))
		if !ok {
			return 0, false
		}
		number, digits = number*100_000_000+int64(eight), digits[8:]
	}
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		number = number*10 + int64(c)
	}
	if raw[0] == '-' {
		number = -number
	}
	return number, true
}

// eightDigits returns the number that eight digits are, the first in the lowest byte: pairs of them are joined, then pairs of
// pairs, then those.
func eightDigits(word uint64) (uint64, bool) {
	word ^= '0' * eachByte
	if ((word+(0x80-10)*eachByte)|word)&highBits != 0 {
		return 0, false
	}
	word = (word*10 + word>>8) & 0x00ff00ff00ff00ff
	word = (word*100 + word>>16) & 0x0000ffff0000ffff
	return (word*10_000 + word>>32) & 0xffffffff, true
}

// parseFloat returns the float64 nearest to a valid JSON number, which is infinite if it is too large.
func parseFloat(raw []byte) float64 {
	if number, ok := parseShortFloat(raw); ok {
		return number
	}
	number, _ := strconv.ParseFloat(string(raw), 64) // the only error is the range, and then it is infinite
	return number
}

// powersOfTen are those that a float64 has exactly.
var powersOfTen = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
	1e21, 1e22,
}

// parseShortFloat does without strconv, which wants a string: if the digits and the power of ten are both exact as
// float64, one division or multiplication rounds correctly (Clinger, "How to Read Floating Point Numbers Accurately").
func parseShortFloat(raw []byte) (float64, bool) {
	d := parseDecimal(raw)
	if !d.exact || d.digits > 1<<53 {
		return 0, false
	}
	number, power := float64(d.digits), d.point-int64(d.count)
	switch {
	case d.count == 0:
		number = 0
	case 0 <= power && power < int64(len(powersOfTen)):
		number *= powersOfTen[power]
	case power < 0 && -power < int64(len(powersOfTen)):
		number /= powersOfTen[-power]
	default:
		return 0, false
	}
	if d.negative {
		number = -number // also of zero: -0 keeps its sign, as in encoding/json
	}
	return number, true
}

// anyNumber returns a valid JSON number as an int or, if it is none, as a float64.
func anyNumber(raw []byte) any {
	if number, ok := parseInt(raw); ok && int64(int(number)) == number {
		return int(number)
	}
	return parseFloat(raw)
}
