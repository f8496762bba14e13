package rules

import "testing"

func TestFilter(t *testing.T) {
	tests := []struct {
		where, document string
		want            bool
	}{
		{`message contains "POST"`, `{"message":"POST /"}`, true},
		{`message contains "POST"`, `{"message":"GET /"}`, false},
		{` http.response.status_code >= 500 `, `{"http":{"response":{"status_code":503}}}`, true},
		{`http.response.status_code >= 500`, `{"http":{"response":{"status_code":"many"}}}`, false},
		{`http.response.status_code >= 500`, `{}`, false},
		{`all([1, 2], # < 3) and message != ""`, `{"message":"x"}`, true},
		{`message != "x"`, `no JSON`, false},
	}
	for _, test := range tests {
		filter, err := NewFilter(test.where)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := filter.Matches([]byte(test.document)); got != test.want {
				t.Errorf("%s on %s: %v", test.where, test.document, got)
			}
		}
	}
	for _, wrong := range []string{"", "message contains", "1 + 1"} {
		if _, err := NewFilter(wrong); err == nil {
			t.Errorf("%q is taken for a condition", wrong)
		}
	}
}
