package logstash

// maxDateWidth is the longest run of a letter that is understood. It bounds what a date can grow to.
const maxDateWidth = 32

// anyWidth is a number with at least as many digits as there are letters.
func anyWidth(field dateField) func(int) (datePiece, bool) { return upTo(field, maxDateWidth) }

// upTo is anyWidth for a letter that may come this often.
func upTo(field dateField, most int) func(int) (datePiece, bool) {
	return func(width int) (datePiece, bool) { return datePiece{field: field, width: width}, width <= most }
}

// constantly is a text that does not depend on the time, since it is in UTC and after Christ. Texts are by width; the
// last one is for all that are wider.
func constantly(most int, texts ...string) func(int) (datePiece, bool) {
	return func(width int) (datePiece, bool) {
		return datePiece{text: texts[min(width, len(texts))-1]}, width <= most
	}
}

// jodaLetters are those of Joda-Time's DateTimeFormat. It sees milliseconds, whatever the event has.
var jodaLetters = letters{name: "Joda-Time", of: map[byte]func(int) (datePiece, bool){
	'G': constantly(maxDateWidth, "AD"),
	'C': anyWidth(dateCentury),
	'Y': anyWidth(dateYear),
	'y': anyWidth(dateYear),
	'x': anyWidth(dateWeekYear),
	'w': anyWidth(dateWeek),
	'e': anyWidth(dateWeekday),
	'E': shortOrFull(dateWeekdayShort, maxDateWidth),
	'D': anyWidth(dateDayOfYear),
	'M': numberOrName(maxDateWidth),
	'd': anyWidth(dateDay),
	'a': anyWidth(dateHalfDay),
	'K': anyWidth(dateHour12),
	'h': anyWidth(dateHour12of12),
	'H': anyWidth(dateHour),
	'k': anyWidth(dateHourFrom1),
	'm': anyWidth(dateMinute),
	's': anyWidth(dateSecond),
	'S': anyWidth(dateMillisecondFraction),
	'z': constantly(maxDateWidth, "UTC", "UTC", "UTC", "Coordinated Universal Time"),
	'Z': constantly(maxDateWidth, "+0000", "+00:00", "UTC"),
}}

// javaLetters are those of java.time's DateTimeFormatter, in English. Its weeks depend on the locale of the process;
// here they are those of ISO 8601, as in Logstash's own example of them.
var javaLetters = letters{name: "java.time", of: map[byte]func(int) (datePiece, bool){
	'G': constantly(4, "AD", "AD", "AD", "Anno Domini"),
	'u': anyWidth(dateYear),
	'y': anyWidth(dateYear),
	'Y': anyWidth(dateWeekYear),
	'w': upTo(dateWeek, 2),
	'e': weekdayNumberOrName,
	'E': shortOrFull(dateWeekdayShort, 4),
	'D': upTo(dateDayOfYear, 3),
	'Q': upTo(dateQuarter, 2),
	'q': upTo(dateQuarter, 2),
	'M': numberOrName(4),
	'L': numberOrName(4),
	'd': upTo(dateDay, 2),
	'a': upTo(dateHalfDay, 1),
	'K': upTo(dateHour12, 2),
	'h': upTo(dateHour12of12, 2),
	'H': upTo(dateHour, 2),
	'k': upTo(dateHourFrom1, 2),
	'm': upTo(dateMinute, 2),
	's': upTo(dateSecond, 2),
	'S': upTo(dateFraction, 9),
	'X': constantly(5, "Z"),
	'x': constantly(5, "+00", "+0000", "+00:00", "+0000", "+00:00"),
	'Z': constantly(5, "+0000", "+0000", "+0000", "GMT", "Z"),
	'z': constantly(4, "Z"),
}}

// shortOrFull is a name: three letters of it, or from width 4 on all. The full one follows the short one in order.
func shortOrFull(short dateField, most int) func(int) (datePiece, bool) {
	return func(width int) (datePiece, bool) {
		if width < 4 {
			return datePiece{field: short}, true
		}
		return datePiece{field: short + 1}, width <= most
	}
}

// numberOrName is a month: a number up to width 2, else its name.
func numberOrName(most int) func(int) (datePiece, bool) {
	return func(width int) (datePiece, bool) {
		if width <= 2 {
			return datePiece{field: dateMonth, width: width}, true
		}
		return shortOrFull(dateMonthShort, most)(width)
	}
}

// weekdayNumberOrName is the day of the week in java.time.
func weekdayNumberOrName(width int) (datePiece, bool) {
	if width <= 2 {
		return datePiece{field: dateWeekday, width: width}, true
	}
	return shortOrFull(dateWeekdayShort, 4)(width)
}
