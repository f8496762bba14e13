package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// mistakeCases are files and the exact lines that they get, without the name of the file.
var mistakeCases = []struct{ name, file, want string }{
	// Names of settings.
	{"unknown, near", "rules:\n  - {name: a, window: 1s, treshold: 5}", "2:27: rules[0].treshold: unknown setting; did you mean threshold?"},
	{"unknown, other case", "inputs:\n  lumberjack:\n    idleTimeout: 5s", "3:5: inputs.lumberjack.idleTimeout: unknown setting; did you mean idle_timeout?"},
	{"unknown, elsewhere", "listen: ':5044'", "1:1: listen: unknown setting here; did you mean inputs.lumberjack.listen or http.listen?"},
	{"unknown, in a list elsewhere", "http: {threshold: 5}", "1:8: http.threshold: unknown setting here; did you mean rules[].threshold?"},
	{"unknown, nowhere", "log: {colour: red}", "1:7: log.colour: unknown setting; known here: level, format"},
	{"unknown in stdout", "alerts: {stdout: {pretty: true}}", "1:19: alerts.stdout.pretty: unknown setting"},
	{"control characters in a name", `"a\e\n": 1`, "1:1: a\uFFFD\uFFFD: unknown setting; known here: data, ack, journal, inputs, rules, alerts, outputs, http, log"},
	{"set twice", "data: a\nack: memory\ndata: b", "3:1: data: set twice, first in line 1"},
	{"name is a list", "[a]: b", "1:1: a name of a setting is expected here"},
	{"name is null", "~: b", "1:1: a name of a setting is expected here"},
	{"merge", "<<: {data: a}", "1:1: << is not supported; write the settings out"},
	{"missing", "rules:\n  - name: a\n    window: 1s", "2:5: rules[0].threshold: missing; expected a whole number from 1 to 1000000"},

	// Kinds of values.
	{"root is a list", "- a", "1:1: is a list; expected settings (name: value)"},
	{"root is text", "hello", "1:1: is a single value; expected settings (name: value)"},
	{"section is a value", "journal: 10GiB", "1:10: journal: is a single value; expected settings (name: value)"},
	{"section is a list", "alerts: [stdout]", "1:9: alerts: is a list; expected settings (name: value)"},
	{"list is a section", "rules: {name: a}", "1:8: rules: is a section of settings; expected a list of settings (- name: value)"},
	{"entry is a value", "rules: [a]", "1:9: rules[0]: is a single value; expected settings (name: value)"},
	{"value is a list", "data: [a]", "1:7: data: is a list; expected a folder such as ./data"},
	{"value is a section", "data: {a: b}", "1:7: data: is a section of settings; expected a folder such as ./data"},
	{"texts is a section", "inputs: {kafka: {brokers: {a: b}}}", "1:27: inputs.kafka.brokers: is a section of settings; expected a list: a host and port such as kafka:9092 each"},
	{"no value", "data:", "1:6: data: has no value; expected a folder such as ./data"},
	{"tag", "data: !path a", "1:7: data: tags are not supported, and text that starts with ! must be in quotes; expected a folder such as ./data"},

	// Values.
	{"empty", "data: ''", `1:7: data: "" is empty`},
	{"two lines", `data: "a\nb"`, `1:7: data: "a` + "\uFFFD" + `b" holds a line break or another control character`},
	{"control character in lines", `alerts: {slack: {webhook: "https://h/x", text: "a\eb"}}`, `1:48: alerts.slack.text: "a` + "\uFFFD" + `b" holds a control character`},
	{"choice, near", "ack: durabel", `1:6: ack: "durabel" is not one of durable, memory; did you mean durable?`},
	{"choice", "log: {level: 5}", `1:14: log.level: "5" is not one of debug, info, warn, error`},
	{"flag, yes", "http: {insecure: yes}", `1:18: http.insecure: "yes" is neither true nor false; did you mean true?`},
	{"flag, off", "http: {insecure: off}", `1:18: http.insecure: "off" is neither true nor false; did you mean false?`},
	{"flag", "http: {insecure: maybe}", `1:18: http.insecure: "maybe" is neither true nor false`},
	{"whole number", "rules: [{name: a, window: 1s, threshold: five}]", `1:42: rules[0].threshold: "five" is not a whole number from 1 to 1000000`},
	{"whole number, fraction", "rules: [{name: a, window: 1s, threshold: 5.0}]", `1:42: rules[0].threshold: "5.0" is not a whole number from 1 to 1000000`},
	{"whole number, too small", "rules: [{name: a, window: 1s, threshold: 0}]", `1:42: rules[0].threshold: "0" is out of range: from 1 to 1000000`},
	{"whole number, too large", "rules: [{name: a, window: 1s, threshold: 1000001}]", `1:42: rules[0].threshold: "1000001" is out of range: from 1 to 1000000`},
	{"whole number, far too large", "rules: [{name: a, window: 1s, threshold: 99999999999999999999}]", `1:42: rules[0].threshold: "99999999999999999999" is out of range: from 1 to 1000000`},
	{"duration without a unit", "rules: [{name: a, window: 1, threshold: 5}]", `1:27: rules[0].window: "1" is not a duration such as 500ms, 1s, 5m; did you mean 1s?`},
	{"duration", "rules: [{name: a, window: soon, threshold: 5}]", `1:27: rules[0].window: "soon" is not a duration such as 500ms, 1s, 5m`},
	{"duration, zero", "rules: [{name: a, window: 0s, threshold: 5}]", `1:27: rules[0].window: "0s" is out of range: from 1ns to 31d`},
	{"duration, negative", "rules: [{name: a, window: -1s, threshold: 5}]", `1:27: rules[0].window: "-1s" is out of range: from 1ns to 31d`},
	{"duration, too long", "rules: [{name: a, window: 31d1ns, threshold: 5}]", `1:27: rules[0].window: "31d1ns" is out of range: from 1ns to 31d`},
	{"duration, far too long", "rules: [{name: a, window: 99999999999d, threshold: 5}]", `1:27: rules[0].window: "99999999999d" is out of range: from 1ns to 31d`},
	{"idle, negative", "rules: [{name: a, window: 1s, threshold: 5, idle: -1s}]", `1:51: rules[0].idle: "-1s" is out of range: from 0s to 31d`},
	{"idle, never", "rules: [{name: a, window: 1s, threshold: 5, idle: never}]", `1:51: rules[0].idle: "never" is not off or a duration such as 500ms, 1s, 5m`},
	{"size, half a unit", "journal: {budget: 10G}", `1:19: journal.budget: "10G" is not auto or a size such as 512kB, 16MiB, 10GiB or a number of bytes; did you mean 10GiB?`},
	{"size", "journal: {reserve: much}", `1:20: journal.reserve: "much" is not auto or a size such as 512kB, 16MiB, 10GiB or a number of bytes`},
	{"size, fraction", "journal: {reserve: 1.5GiB}", `1:20: journal.reserve: "1.5GiB" is not auto or a size such as 512kB, 16MiB, 10GiB or a number of bytes`},
	{"size, negative", "journal: {reserve: -1}", `1:20: journal.reserve: "-1" is out of range: from 1MiB to 1024TiB`},
	{"size, too small", "inputs: {lumberjack: {limits: {event: 1}}}", `1:39: inputs.lumberjack.limits.event: "1" is out of range: from 1KiB to 1GiB`},
	{"size, far too large", "journal: {reserve: 99999999999TiB}", `1:20: journal.reserve: "99999999999TiB" is out of range: from 1MiB to 1024TiB`},
	{"listen, a port", "http: {listen: 9600}", `1:16: http.listen: "9600" is not an address such as 127.0.0.1:9600 or :9600; did you mean :9600?`},
	{"listen, no port", "http: {listen: localhost}", `1:16: http.listen: "localhost" is not an address such as 127.0.0.1:9600 or :9600`},
	{"listen, port too large", "http: {listen: ':65536'}", `1:16: http.listen: ":65536" is not an address such as 127.0.0.1:9600 or :9600`},
	{"listen, a URL", "http: {listen: 'http://a:1'}", `1:16: http.listen: "http://a:1" is not an address such as 127.0.0.1:9600 or :9600`},
	{"broker without a port", "inputs: {kafka: {brokers: [kafka]}}", `1:28: inputs.kafka.brokers[0]: "kafka" is not a host and port such as kafka:9092; did you mean kafka:9092?`},
	{"broker, port 0", "inputs: {kafka: {brokers: ['kafka:0']}}", `1:28: inputs.kafka.brokers[0]: "kafka:0" is not a host and port such as kafka:9092`},
	{"broker with a user", "inputs: {kafka: {brokers: 'me:pass@kafka:9092'}}", `1:27: inputs.kafka.brokers: "<secret>@kafka:9092" is not a host and port such as kafka:9092`},
	{"URL without a scheme", "alerts: {elasticsearch: {hosts: 'es:9200'}}", `1:33: alerts.elasticsearch.hosts: "es:9200" is not a URL such as http://elasticsearch:9200`},
	{"URL with a user", "alerts: {elasticsearch: {hosts: 'http://me:p/ss@es:9200'}}", `1:33: alerts.elasticsearch.hosts: "http://<secret>@es:9200" is not a URL such as http://elasticsearch:9200`},
	{"URL with a good user", "alerts: {elasticsearch: {hosts: 'http://me:pass@es:9200'}}", `1:33: alerts.elasticsearch.hosts: "http://<secret>@es:9200" holds a user name or a password; they have settings of their own`},
	{"URL with a query", "alerts: {elasticsearch: {hosts: 'http://es:9200?a=b'}}", `1:33: alerts.elasticsearch.hosts: "http://es:9200?a=b" has something behind its path; give the URL up to there`},
	{"URL with a blank", "alerts: {elasticsearch: {hosts: 'http://es:9200/a b'}}", `1:33: alerts.elasticsearch.hosts: "http://es:9200/a b" is not a URL such as http://elasticsearch:9200`},
	{"index in capitals", "alerts: {elasticsearch: {hosts: 'http://es', index: Alerts}}", `1:53: alerts.elasticsearch.index: "Alerts" is not a name of an index, which has no capital letters; did you mean alerts?`},
	{"index", "alerts: {elasticsearch: {hosts: 'http://es', index: _a}}", `1:53: alerts.elasticsearch.index: "_a" is not a name of an index: none of \ / * ? " < > | , # : % or a space, and no - _ + in front`},
	{"topic", "inputs: {kafka: {brokers: 'k:1', topics: [a b]}}", `1:43: inputs.kafka.topics[0]: "a b" is not a name of a topic: at most 249 letters, digits, dots, hyphens and underscores`},
	{"file", "alerts: {elasticsearch: {hosts: 'http://es', ca: /nowhere/ca.crt}}", `1:50: alerts.elasticsearch.ca: "/nowhere/ca.crt" cannot be read: no such file or directory`},
	{"file is a folder", "alerts: {elasticsearch: {hosts: 'http://es', ca: /}}", `1:50: alerts.elasticsearch.ca: "/" cannot be read: it is not a regular file`},
	{"file is a device", "alerts: {elasticsearch: {hosts: 'http://es', ca: /dev/zero}}", `1:50: alerts.elasticsearch.ca: "/dev/zero" cannot be read: it is not a regular file`},
	{"name too long", "rules: [{name: " + strings.Repeat("n", 201) + ", window: 1s, threshold: 5}]", `1:16: rules[0].name: "` + strings.Repeat("n", 60) + `..." has 201 bytes; at most 200 are allowed`},
	{"list empty", "inputs: {kafka: {brokers: []}}", "1:27: inputs.kafka.brokers: has 0 entries; allowed are 1 to 1000"},
	{"list too long", "rules: [{name: a, window: 1s, threshold: 1, group_by: [" + strings.Repeat("a,", 17) + "]}]", "1:55: rules[0].group_by: has 17 entries; allowed are 0 to 16"},
	{"entry is a section", "rules: [{name: a, window: 1s, threshold: 1, group_by: [a, {b: c}]}]", "1:59: rules[0].group_by[1]: is a section of settings; expected a field such as host.name"},
	{"same entry", "rules: [{name: a, window: 1s, threshold: 1, group_by: [a, b, a]}]", "1:62: rules[0].group_by[2]: the same as rules[0].group_by[0]"},

	// What does not go together.
	{"no input", "inputs: {}", "1:9: inputs: no input; give lumberjack or kafka, or leave inputs out for Lumberjack on :5044"},
	{"kafka without brokers", "inputs:\n  kafka:", "2:9: inputs.kafka.brokers: missing; expected a list: a host and port such as kafka:9092 each"},
	{"one port twice", "inputs: {lumberjack: {listen: ':9600'}}", "1:31: inputs.lumberjack.listen: the same port as http.listen"},
	{"one port twice, perhaps", "http: {listen: ':5044'}\ninputs: {lumberjack: {listen: 5045}}", `2:31: inputs.lumberjack.listen: "5045" is not an address such as :5044 or 127.0.0.1:5044; did you mean :5045?`},
	{"event over inflated", "inputs: {lumberjack: {limits: {event: 101MiB}}}", "1:39: inputs.lumberjack.limits.event: event (101MiB) is more than inflated (100MiB)"},
	{"inflated under event", "inputs: {lumberjack: {limits: {inflated: 15MiB}}}", "1:42: inputs.lumberjack.limits.inflated: event (16MiB) is more than inflated (15MiB)"},
	{"inflated over a half", "inputs: {lumberjack: {limits: {inflated: 129MiB}}}", "1:42: inputs.lumberjack.limits.inflated: inflated (129MiB) is more than half of in_flight (256MiB)"},
	{"segment over a half", "journal: {segment_size: 64MiB, budget: 100MiB}", "1:25: journal.segment_size: segment_size (64MiB) is more than half of budget (100MiB)"},
	{"certificate without a key", "inputs: {kafka: {brokers: 'k:1', tls: {certificate: testdata/tls.pem}}}", "1:53: inputs.kafka.tls.certificate: needs key too"},
	{"key without a certificate", "inputs: {kafka: {brokers: 'k:1', tls: {key: testdata/tls.pem}}}", "1:45: inputs.kafka.tls.key: needs certificate too"},
	{"tls without files", "inputs: {lumberjack: {tls: {certificate: testdata/tls.pem}}}", "1:28: inputs.lumberjack.tls.key: missing; expected a file"},
	{"clients without authorities", "inputs: {lumberjack: {tls: {certificate: testdata/tls.pem, key: testdata/tls.pem, client_authentication: required}}}", "1:106: inputs.lumberjack.tls.client_authentication: no certificate can be checked without client_authorities"},
	{"sasl without a user", "inputs: {kafka: {brokers: 'k:1', sasl: {password: x}}}", "1:40: inputs.kafka.sasl.username: missing; expected a user name"},
	{"user without a password", "alerts: {elasticsearch: {hosts: 'http://es', username: a}}", "1:56: alerts.elasticsearch.username: needs password too"},
	{"password and key", "alerts: {elasticsearch: {hosts: 'http://es', username: a, password: b, api_key: c}}", "1:81: alerts.elasticsearch.api_key: either api_key, or username and password"},
	{"slack alone", "alerts:\n  slack:", "2:9: alerts.slack: needs token and channel, or webhook"},
	{"slack without a channel", "alerts: {slack: {token: a}}", "1:25: alerts.slack.token: needs channel too"},
	{"slack without a token", "alerts: {slack: {channel: a}}", "1:27: alerts.slack.channel: needs token too"},
	{"slack with both", "alerts: {slack: {token: a, channel: b, webhook: 'https://h/x'}}", "1:49: alerts.slack.webhook: either webhook, or token and channel"},
	{"webhook with a channel", "alerts: {slack: {channel: b, webhook: 'https://h/x'}}", "1:27: alerts.slack.channel: a webhook has a channel of its own; remove channel"},
	{"webhook without a URL", "alerts:\n  webhook:", "2:11: alerts.webhook.url: missing; expected a URL such as https://example.com/alerts"},
	{"webhook with two ways to log in", "alerts: {webhook: {url: 'https://h/x', token: a, username: b, password: c}}", "1:47: alerts.webhook.token: either token, or username and password"},
	{"webhook's content without a body", "alerts: {webhook: {url: 'https://h/x', content_type: text/plain}}", "1:54: alerts.webhook.content_type: is for a body of your own; set body too"},
	{"webhook's body", "alerts: {webhook: {url: 'https://h/x', body: '{{nope .Rule}}'}}", `1:46: alerts.webhook.body: "{{nope .Rule}}" is not a template: line 1: function "nope" not defined`},
	{"header", "alerts: {webhook: {url: 'https://h/x', headers: {'X Key': a}}}", "1:50: alerts.webhook.headers: a name here is not one of a header, such as X-Team"},
	{"header of our own", "alerts: {webhook: {url: 'https://h/x', headers: {content-TYPE: a}}}", "1:50: alerts.webhook.headers: a name here is one that logboom sets itself"},
	{"header twice", "alerts: {webhook: {url: 'https://h/x', headers: {X-A: a, X-A: b}}}", "1:58: alerts.webhook.headers.X-A: set twice"},
	{"header that was cut", "alerts: {webhook: {url: 'https://h/x', headers: {X-A: a,hunter2}}}", "1:57: alerts.webhook.headers: a name without a value, or the rest of a value that holds a comma; quote such values"},
	{"header of two lines", `alerts: {webhook: {url: 'https://h/x', headers: {X-A: "a\nB: c"}}}`, "1:55: alerts.webhook.headers.X-A: the value holds a line break or another control character"},
	{"headers are a list", "alerts: {webhook: {url: 'https://h/x', headers: [a]}}", "1:49: alerts.webhook.headers: is a list; expected headers (name: value)"},
	{"label", "alerts: {alertmanager: {urls: 'http://a', labels: {a-b: c}}}", "1:52: alerts.alertmanager.labels: a name here is not one of a label: letters, digits and underscores, and no digit in front"},
	{"label of our own", "alerts: {alertmanager: {urls: 'http://a', labels: {alertname: c}}}", "1:52: alerts.alertmanager.labels: a name here is one that logboom sets itself: alertname, rule or key"},
	{"label without a value", "alerts: {alertmanager: {urls: 'http://a', labels: {team: ''}}}", `1:58: alerts.alertmanager.labels.team: "" is empty`},
	{"severity", "alerts: {pagerduty: {routing_key: k, severity: eror}}", `1:48: alerts.pagerduty.severity: "eror" is not one of critical, error, warning, info; did you mean error?`},
	{"mail server without a port", "alerts: {email: {server: smtp, from: a@b.c, to: a@b.c}}", `1:26: alerts.email.server: "smtp" is not a host and port such as smtp.example.com:587`},
	{"mail without recipients", "alerts: {email: {server: 'smtp:587', from: a@b.c}}", "1:17: alerts.email.to: missing; expected a list: an address such as ops@example.com each"},
	{"mail to nobody", "alerts: {email: {server: 'smtp:587', from: a@b.c, to: [ops]}}", `1:56: alerts.email.to[0]: "ops" is not an address such as ops@example.com`},
	{"mail with a readable password", "alerts: {email: {server: 'smtp:587', from: a@b.c, to: a@b.c, tls: none, username: a, password: b}}", "1:67: alerts.email.tls: without TLS the password would travel readable; it does so to loopback only"},
	{"template", "alerts: {slack: {webhook: 'https://h/x', text: '{{.Rule'}}", `1:48: alerts.slack.text: "{{.Rule" is not a template: line 1: unclosed action`},
	{"token with a space", "http: {token: a b}", "1:15: http.token: the value holds a space, a line break or another character that a token never has"},
	{"two rules of one name", "rules:\n  - {name: a, window: 1s, threshold: 5}\n  - {name: a, window: 2s, threshold: 5}", "3:12: rules[1].name: the same name as rules[0]; names are unique"},
	{"condition", "rules: [{name: a, window: 1s, threshold: 5, where: 'status >>'}]", `1:52: rules[0].where: not a condition: unexpected token Operator(">") (1:9)`},
	{"output of an unknown type", "outputs: {kafak: {}}", "1:11: outputs.kafak: is no type of output; did you mean kafka?"},
	{"output's type", "outputs: {a: {type: fiel}}", "1:21: outputs.a.type: is no type of output; did you mean file?"},
	{"output without a type", "outputs: {audit-log: {path: a}}", "1:11: outputs.audit-log: is no type of output; add type: one of elasticsearch, kafka, lumberjack, http, file, stdout"},
	{"output's name", "outputs: {a b: {type: file}}", "1:11: outputs: an output's name is 1 to 64 of the characters a-z, A-Z, 0-9, - and _"},
	{"output's name with a dot", "outputs: {a.b: {type: file}}", "1:11: outputs: an output's name is 1 to 64 of the characters a-z, A-Z, 0-9, - and _"},
	{"output's long name", "outputs: {" + strings.Repeat("n", 65) + ": {type: file}}", "1:11: outputs: an output's name is 1 to 64 of the characters a-z, A-Z, 0-9, - and _"},
	{"output's name is a list", "outputs: {[a]: {type: file}}", "1:11: outputs: an output's name is 1 to 64 of the characters a-z, A-Z, 0-9, - and _"},
	{"output twice", "outputs:\n  file: {path: a}\n  file: {path: b}", "3:3: outputs.file: set twice"},
	{"outputs are a list", "outputs: [file]", "1:10: outputs: is a list; expected outputs (name: {type: file, ...})"},
	{"output is a value", "outputs: {file: a.ndjson}", "1:17: outputs.file: is a single value; expected settings (name: value)"},
	{"output's setting", "outputs: {file: {pathh: a}}", "1:18: outputs.file.pathh: unknown setting; did you mean path?"},
	{"output's setting of another type", "outputs: {stdout: {path: a}}", "1:20: outputs.stdout.path: unknown setting here; did you mean alerts.file.path?"},
	{"output's condition", "outputs: {file: {where: 'status >>'}}", `1:25: outputs.file.where: not a condition: unexpected token Operator(">") (1:9)`},
	{"output's condition of no truth", "outputs: {file: {where: '1 + 1'}}", "1:25: outputs.file.where: not a condition: expected bool, but got int"},
	{"output's max_behind", "outputs: {file: {max_behind: 1GiB}}", "1:30: outputs.file.max_behind: is for an output that may miss events; set required: false too, or leave it out"},
	{"output's max_behind, more than the journal", "journal: {budget: 1GiB}\noutputs: {file: {required: false, max_behind: 1GiB}}", "2:47: outputs.file.max_behind: max_behind (1GiB) is more than half of journal.budget (1GiB); a full journal takes no events, so that none would be missed before"},
	{"output's max_behind, too little", "outputs: {file: {required: false, max_behind: 1kB}}", `1:47: outputs.file.max_behind: "1kB" is out of range: from 1MiB to 1024TiB`},
	{"two outputs to one file", "outputs: {file: {path: a}, b: {type: file, path: ./a}}", "1:50: outputs.b.path: the same file as outputs.file.path; give each its own"},
	{"an output to the file of alerts", "alerts: {file: {path: a}}\noutputs: {file: {path: a}}", "2:24: outputs.file.path: the same file as alerts.file.path; give each its own"},
	{"output to a folder", "outputs: {file: {path: a/}}", "1:24: outputs.file.path: is a folder; give a file in it"},
	{"rotate_size", "outputs: {file: {rotate_size: 10}}", `1:31: outputs.file.rotate_size: "10" is out of range: from 1KiB to 1TiB`},
	{"lumberjack without hosts", "outputs: {lumberjack: }", "1:23: outputs.lumberjack.hosts: missing; expected a list: a host and port such as logboom:5044 each"},
	{"lumberjack's host without a port", "outputs: {lumberjack: {hosts: a}}", `1:31: outputs.lumberjack.hosts: "a" is not a host and port such as logboom:5044; did you mean a:5044?`},
	{"lumberjack's window", "outputs: {lumberjack: {hosts: 'a:1', window: 0}}", `1:46: outputs.lumberjack.window: "0" is out of range: from 1 to 100000`},
	{"one equals sign", "rules: [{name: a, window: 1s, threshold: 5, where: 'log.level = \"error\"'}]", `1:52: rules[0].where: not a condition: unexpected token Operator("=") (1:11); did you mean ==?`},
	{"one equals sign of an output", "outputs: {file: {where: 'a=1'}}", `1:25: outputs.file.where: not a condition: unexpected token Operator("=") (1:2); did you mean ==?`},
	{"lumberjack's certificate", "outputs: {lumberjack: {hosts: 'a:1', tls: {certificate: testdata/tls.pem}}}", "1:57: outputs.lumberjack.tls.certificate: needs key too"},
	{"lumberjack's load", "outputs: {lumberjack: {hosts: ['a:1', 'b:1'], load_balance: true}}", "1:61: outputs.lumberjack.load_balance: needs a connection for each host: set connections to the number of hosts, or a multiple"},
	{"http without a URL", "outputs: {http: {format: ndjson}}", "1:17: outputs.http.url: missing; expected a URL such as https://example.com/logs"},
	{"http with two ways to log in", "outputs: {http: {url: 'https://h/x', token: a, username: b, password: c}}", "1:45: outputs.http.token: either token, or username and password"},
	{"http's format", "outputs: {http: {url: 'https://h/x', format: json}}", `1:46: outputs.http.format: "json" is not one of ndjson, json_array; did you mean json_array?`},
	{"http's header", "outputs: {http: {url: 'https://h/x', headers: {content-type: a}}}", "1:48: outputs.http.headers: a name here is one that logboom sets itself"},
	{"http's concurrency", "outputs: {http: {url: 'https://h/x', concurrency: 65}}", `1:51: outputs.http.concurrency: "65" is out of range: from 1 to 64`},
	{"keep without rotate_size", "outputs: {file: {keep: 3}}", "1:24: outputs.file.keep: is for files that were set aside; set rotate_size too"},

	// What comes from outside.
	{"variable", "data: '${NOT_SET}'", "1:7: data: the variable NOT_SET is not set; set it, or give a default: ${NOT_SET:default}"},
	{"no variable", "data: '${1}'", "1:7: data: a reference that is none of ${VAR}, ${VAR:default} and ${file:/path}; write $${ for the characters ${ themselves"},
	{"variable in a default", "data: '${A:${B}}'", "1:7: data: a reference that is none of ${VAR}, ${VAR:default} and ${file:/path}; write $${ for the characters ${ themselves"},
	{"not closed", "data: 'a${B'", "1:7: data: ${ without its }; write $${ for the characters themselves"},
	{"file of a secret", "http: {token: '${file:/nowhere/token}'}", "1:15: http.token: cannot read the file /nowhere/token: no such file or directory"},
	{"secret's stand-in", "http: {token: <secret>}", "1:15: http.token: the value is what is printed in the place of a secret; put the secret here"},
	{"empty secret", "alerts: {slack: {token: '', channel: a}}", "1:25: alerts.slack.token: the value is empty"},

	// What is no YAML.
	{"tab", "journal:\n\tbudget: auto", "2:1: is not valid YAML: a tab in the indentation; use spaces"},
	{"bracket", "rules: [{name: a\nack: b", "2:4: is not valid YAML: a { that is not closed, or a comma that is missing"},
	{"colon", "data: a: b", "1:8: is not valid YAML: a colon where no value can start; put values that hold \": \" in quotes, and check the indentation"},
	{"alias of nothing", "http: {token: *hunter2}", "1:15: is not valid YAML: a value that starts with * must be in quotes"},
	{"at", "data: @home", "1:7: is not valid YAML: a value that starts with @, ` or % must be in quotes"},
	{"escape", `data: "C:\data"`, `1:10: is not valid YAML: an unknown \ in double quotes; write \\ or use single quotes`},
	{"two documents", "data: a\n---\ndata: b", "2:1: a second document starts here; a configuration is one document"},
	{"not UTF-8", "data: é\nack: \xff", "2:6: is not UTF-8 here; save the file as UTF-8"},
	{"UTF-16", "\xff\xfed\x00", "1:1: is UTF-16; save it as UTF-8"},
	{"control character", "data: a\x00", "1:8: has a control character (U+0000) here"},
}

func TestMistakes(t *testing.T) {
	for _, test := range mistakeCases {
		t.Run(test.name, func(t *testing.T) {
			got := mistakesOf(t, test.file, nil).Error()
			if want := "logboom.yml:" + test.want; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestAllMistakesAtOnce reads a file with about one mistake a line.
func TestAllMistakesAtOnce(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "mistakes.yml"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "mistakes.golden"))
	if err != nil {
		t.Fatal(err)
	}
	got := mistakesOf(t, string(data), nil)
	if got.Error()+"\n" != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !slices.IsSortedFunc(got, func(a, b Mistake) int { return (a.Line-b.Line)*1000 + a.Column - b.Column }) {
		t.Error("the mistakes are not in the order of their places")
	}
}

// TestSyntaxMistakesShowNoText has messages as the parser might have them one day, with a part of the file.
func TestSyntaxMistakesShowNoText(t *testing.T) {
	for message, want := range map[string]string{
		"found 'hunter2' here":             "is not valid YAML: found a text here",
		"found `hunter2` and \"hunter2\"":  "is not valid YAML: found a text and a text",
		"did not find expected '-' or '?'": "is not valid YAML: did not find expected '-' or '?'",
	} {
		err := yaml.NewLoadError(yaml.ParserStage, message, yaml.Mark{Line: 1, Column: 2}, nil)
		if got := syntaxMistake(nil, err); got.Message != want || got.Line != 1 || got.Column != 2 {
			t.Errorf("got %v, want %q", got, want)
		}
	}
	if got := syntaxMistake(nil, errors.New("hunter2")).Message; got != "is not valid YAML" {
		t.Errorf("got %q", got)
	}
}

// TestMistakeIsFound looks for a single mistake in the error of a file.
func TestMistakeIsFound(t *testing.T) {
	_, err := Parse("a.yml", []byte("dta: 1\nak: 2"), nil)
	var mistake Mistake
	if !errors.As(err, &mistake) {
		t.Fatalf("no Mistake in %v", err)
	}
	if mistake.File != "a.yml" || mistake.Line != 1 || mistake.Column != 1 || mistake.Path != "dta" {
		t.Errorf("got %+v", mistake)
	}
}

func TestMistakeWithoutAPlace(t *testing.T) {
	got := Mistake{File: "a.yml", Message: "is larger than 1MiB"}.Error()
	if want := "a.yml: is larger than 1MiB"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
