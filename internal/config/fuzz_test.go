package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// FuzzParse checks that any bytes give a configuration or mistakes, that the mistakes have places in the file and hold
// nothing that came from outside, and that what is printed is read back as the same.
func FuzzParse(f *testing.F) {
	for _, test := range mistakeCases {
		f.Add([]byte(test.file))
	}
	for _, path := range []string{exampleFile, filepath.Join("testdata", "mistakes.yml")} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("outputs: {file: {rotate_size: 1GiB, keep: 3}, a: {type: http, url: 'https://h/x'}, b: {type: lumberjack, hosts: 'h:1'}}"))
	f.Add([]byte("outputs: {stdout: {required: false, max_behind: 1GiB, where: 'status >= 500'}, a: {type: file, gzip: false}}"))
	environment := variables(map[string]string{"A": leak})
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := Parse("logboom.yml", data, environment)
		if err != nil {
			checkMistakes(t, data, err)
			return
		}
		printed := config.String()
		if strings.Contains(printed, hidden) {
			return // which is no value for a secret
		}
		again, err := Parse("printed", []byte(printed), nil)
		if err != nil {
			t.Fatalf("printed\n%s%v", printed, err)
		}
		config.Warnings, again.Warnings = nil, nil
		if !reflect.DeepEqual(config, again) {
			t.Fatalf("printed\n%sread\n%s", printed, again)
		}
	})
}

func checkMistakes(t *testing.T, data []byte, err error) {
	t.Helper()
	var mistakes Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) == 0 || len(mistakes) > mostMistakes+1 {
		t.Fatalf("%d mistakes: %v", len(mistakes), err)
	}
	lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") +
		strings.Count(string(data), "\u0085") + strings.Count(string(data), "\u2028") + strings.Count(string(data), "\u2029") + 2
	for _, mistake := range mistakes {
		if mistake.Line > lines || mistake.Line < 0 || mistake.Message == "" {
			t.Fatalf("in %d lines: %v", lines, mistake)
		}
		if strings.Contains(mistake.Error(), leak) && !strings.Contains(string(data), leak) {
			t.Fatalf("shows what came from outside: %v", mistake)
		}
		if strings.ContainsAny(mistake.Error(), "\n\r\x00") {
			t.Fatalf("is more than one line: %q", mistake.Error())
		}
	}
}
