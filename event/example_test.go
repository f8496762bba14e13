package event_test

import (
	"fmt"

	"github.com/logboom/logboom/event"
)

func ExampleSelector() {
	selector, err := event.NewSelector("@timestamp", "[host][name]", "http.response.status_code")
	if err != nil {
		fmt.Println(err)
		return
	}
	document := []byte(`{"@timestamp":"2023-03-01T10:00:00.5+01:00","host":{"name":"web1"},` +
		`"http.response":{"status_code":503}}`)
	values := make([]event.Value, selector.Len()) // to be used again for the next event
	if err := selector.Scan(document, values); err != nil {
		fmt.Println(err)
		return
	}
	text, _ := values[0].Bytes()
	nanoseconds, err := event.ParseTime(text)
	status, _ := values[2].Int()
	fmt.Println(string(event.AppendTime(nil, nanoseconds)), err, values[1].Text(), status)
	// Output: 2023-03-01T09:00:00.500Z <nil> web1 503
}
