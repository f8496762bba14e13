package elasticsearch

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestOptionsNameEveryMistake(t *testing.T) {
	for says, options := range map[string]Options{
		"hosts: at least one":        {},
		"not a URL such as":          {Hosts: []string{"localhost:9200"}},
		"username and password":      {Hosts: []string{"http://h"}, Username: "u"},
		"api_key and username":       {Hosts: []string{"http://h"}, Username: "u", Password: "p", APIKey: "k"},
		"index: \"Logs-%{+YYYY}\"":   {Hosts: []string{"http://h"}, Index: "Logs-%{+YYYY}"},
		"index: \"a b%{c}\" must":    {Hosts: []string{"http://h"}, Index: "a b%{c}"},
		"not begin with":             {Hosts: []string{"http://h"}, Index: "-%{c}"},
		"index: malformed template":  {Hosts: []string{"http://h"}, Index: "%{c"},
		"data_stream: \"logs-a b":    {Hosts: []string{"http://h"}, DataStream: DataStream{Dataset: "a b"}},
		"must hold no -":             {Hosts: []string{"http://h"}, DataStream: DataStream{Dataset: "a-b"}},
		"more than 100 bytes":        {Hosts: []string{"http://h"}, DataStream: DataStream{Dataset: strings.Repeat("a", 101)}},
		"neither create nor index":   {Hosts: []string{"http://h"}, Action: "update"},
		"data streams take create":   {Hosts: []string{"http://h"}, Action: ActionIndex},
		"pipeline: malformed":        {Hosts: []string{"http://h"}, Pipeline: "%{"},
		"routing: malformed":         {Hosts: []string{"http://h"}, Routing: "%{}"},
		"document_id: malformed":     {Hosts: []string{"http://h"}, DocumentID: "%{}"},
		"the same for all events":    {Hosts: []string{"http://h"}, DocumentID: "x"},
		"compression_level: 10":      {Hosts: []string{"http://h"}, CompressionLevel: 10},
		"ca: no certificate":         {Hosts: []string{"http://h"}, CA: []byte("x")},
		"hosts: h must end with its": {Hosts: []string{"http://h/?a"}},
	} {
		if _, err := New(options); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q in it", err, says)
		}
	}
	for _, index := range []string{"%{[@metadata][beat]}-%{[@metadata][version]}", "%{+YYYY.MM.dd}", "%{{yyyy.MM.dd}}-x", "a"} {
		if _, err := New(Options{Hosts: []string{"http://h"}, Index: index}); err != nil {
			t.Errorf("%s: %v", index, err)
		}
	}
}

func TestNoSecretIsShown(t *testing.T) {
	s := newServer(t)
	s.answerWith(func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, r.Header.Get("Authorization"), " hidden-one hidden-two aWQ6aGlkZGVuLXR3bw==")
		return true
	})
	for _, options := range []Options{
		{Hosts: []string{s.URL}, Username: "u", Password: "hidden-one"}, {Hosts: []string{s.URL}, APIKey: "id:hidden-two"},
	} {
		o := newOutput(t, options)
		outcomes := write(t, o, batchOf(t, o, numbered(0, 1)...))
		secret := options.Password + strings.TrimPrefix(options.APIKey, "id:")
		for _, text := range []string{
			fmt.Sprint(options), fmt.Sprintf("%+v %#v", options, options), outcomes[0].Error(), fmt.Sprintf("%#v", outcomes[0]),
			fmt.Sprint(o.Check(t.Context())),
		} {
			for _, hidden := range []string{secret, "aWQ6aGlkZGVuLXR3bw"} {
				if strings.Contains(text, hidden) && (hidden == secret || options.APIKey != "") {
					t.Errorf("%s is shown: %s", hidden, text)
				}
			}
		}
		each(t, outcomes, "blocked")
	}
}
