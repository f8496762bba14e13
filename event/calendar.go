package event

// The proleptic Gregorian calendar, in days. A year is taken to begin in March: then the leap day is its last day, and
// the lengths of months before it do not depend on the year.

const (
	daysPerEra    = 146097 // 400 years, after which the calendar repeats
	daysToEpoch   = 719468 // from 0000-03-01 to 1970-01-01
	monthsOfMarch = 5      // March to July and August to December have 153 days each
	daysOfMarch   = 153
)

// daysIn returns the length of a month, which is 1 to 12.
func daysIn(year, month int64) int64 {
	switch {
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	case month == 4, month == 6, month == 9, month == 11:
		return 30
	default:
		return 31
	}
}

// daysToDate returns the days from 1970-01-01 to a date, which is in the calendar and not before the year 0.
func daysToDate(year, month, day int64) int64 {
	if month -= 3; month < 0 {
		month += 12
		year--
	}
	era := floorDivide(year, 400)
	year -= era * 400
	dayOfYear := (daysOfMarch*month+2)/monthsOfMarch + day - 1
	return era*daysPerEra + year*365 + year/4 - year/100 + dayOfYear - daysToEpoch
}

// dateOfDays is the inverse of daysToDate.
func dateOfDays(days int64) (year, month, day int64) {
	days += daysToEpoch
	era := floorDivide(days, daysPerEra)
	days -= era * daysPerEra
	year = (days - days/1460 + days/36524 - days/(daysPerEra-1)) / 365
	days -= year*365 + year/4 - year/100
	month = (monthsOfMarch*days + 2) / daysOfMarch
	day = days - (daysOfMarch*month+2)/monthsOfMarch + 1
	year += era * 400
	if month += 3; month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// floorDivide divides and rounds down, where Go rounds towards zero.
func floorDivide(dividend, divisor int64) int64 {
	quotient := dividend / divisor
	if dividend%divisor < 0 {
		quotient--
	}
	return quotient
}
