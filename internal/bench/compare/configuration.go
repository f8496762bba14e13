package compare

import (
	"fmt"
	"strings"
)

// oneRule is one rule with a field condition; nothing leaves but what the journal keeps.
const oneRule = `alerts: {}
rules:
  - {name: failures, where: http.response.status_code >= 500, window: 30s, threshold: 20}
`

// nineRules are of many kinds, and with perAddress they are ten. No regular expression is among them: what one costs depends on
// the expression alone.
const nineRules = `alerts: {}
rules:
  - {name: failures, where: http.response.status_code >= 500, window: 30s, threshold: 20}
  - {name: not found, where: http.response.status_code == 404, window: 1m, threshold: 100}
  - {name: deletions, where: http.request.method == "DELETE", window: 10s, threshold: 1000}
  - {name: writes, where: 'http.request.method in ["POST", "PUT", "DELETE"]', window: 1s, threshold: 100000}
  - {name: scripts, where: message contains "python-requests", window: 5m, threshold: 1000}
  - {name: failed writes, where: http.request.method == "POST" and http.response.status_code >= 500, window: 30s, threshold: 5}
  - {name: long files, where: log.offset > 1000000000, window: 10s, threshold: 100}
  - {name: europe, where: cloud.region startsWith "eu-" and not (host.name == "web-00001"), window: 1s, threshold: 1000000}
  - {name: too many lines, window: 1s, threshold: 5}
`

const perAddress = `  - {name: one address, group_by: source.address, window: 10s, threshold: 100000, max_keys: 1000000}
`

// grouped is one rule with a window for each address.
const grouped = "alerts: {}\nrules:\n" + perAddress

// anyLine is a rule that every event counts for.
const anyLine = "alerts: {}\nrules:\n  - {name: too many lines, window: 1s, threshold: 5}\n"

// manyRules returns so many rules, of the kinds of which ten are made, without a group.
func manyRules(count int) string {
	var text strings.Builder
	text.WriteString("alerts: {}\nrules:\n")
	for i := range count {
		condition := []string{
			fmt.Sprintf("http.response.status_code >= %d", 500+i/4%5),
			fmt.Sprintf(`http.request.method == "POST" and http.response.status_code == %d`, 200+i/4),
			fmt.Sprintf("log.offset > %d", 1_000_000*i),
			fmt.Sprintf(`host.name startsWith "web-%03d"`, i/4),
		}[i%4]
		fmt.Fprintf(&text, "  - {name: rule %d, where: '%s', window: 30s, threshold: 1000000}\n", i+1, condition)
	}
	return text.String()
}

// The servers that are measured side by side. The first is the yardstick.
var (
	bareReader    = Server{Name: "bare reader, klauspost/compress", program: programBare}
	bareOwn       = Server{Name: "bare reader, logboom's inflate", program: programBare, arguments: []string{"-inflate", "own"}}
	logboomOne    = Server{Name: "logboom, one rule", program: programLogboom, configuration: oneRule}
	logboomTen    = Server{Name: "logboom, ten rules", program: programLogboom, configuration: nineRules + perAddress}
	logboomAny    = Server{Name: "logboom, any line", program: programLogboom, configuration: anyLine}
	goLumber      = Server{Name: "go-lumber, JSON decoded", program: programGoLumber}
	goLumberBlind = Server{Name: "go-lumber, JSON not looked at", program: programGoLumber, arguments: []string{"-json=false"}}
)

func sideBySide() []Server {
	return []Server{bareReader, bareOwn, logboomOne, logboomTen, goLumber, goLumberBlind}
}
