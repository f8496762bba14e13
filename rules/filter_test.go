package rules

import "testing"

func TestFilter(t *testing.T) {
	tests := []struct {
		where, document string
		want, known     bool
	}{
		{`message contains "POST"`, `{"message":"POST /"}`, true, true},
		{`message contains "POST"`, `{"message":"GET /"}`, false, true},
		{` http.response.status_code >= 500 `, `{"http":{"response":{"status_code":503}}}`, true, true},
		{`http.response.status_code >= 500`, `{"http":{"response":{"status_code":"many"}}}`, false, false},
		{`http.response.status_code >= 500`, `{}`, false, true},
		{`all([1, 2], # < 3) and message != ""`, `{"message":"x"}`, true, true},
		{`all(list, # < 3)`, `{"list":["x"]}`, false, false},
		{`message != "x"`, `no JSON`, false, false},
	}
	for _, test := range tests {
		filter, err := NewFilter(test.where)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, known := filter.Matches([]byte(test.document)); got != test.want || known != test.known {
				t.Errorf("%s on %s: %v, known %v", test.where, test.document, got, known)
			}
		}
	}
	for _, wrong := range []string{"", "message contains", "1 + 1"} {
		if _, err := NewFilter(wrong); err == nil {
			t.Errorf("%q is taken for a condition", wrong)
		}
	}
}
