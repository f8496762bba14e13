package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/logboom/logboom/internal/elastic"
)

// templateVersion is raised with every change of the template, so that an older one of ours is replaced.
const templateVersion = 3

// templatePriority wins over templates for everything, and loses against one that somebody makes for this index with
// the priority 500 that Elastic's documentation suggests for one's own.
const templatePriority = 200

// TemplateName returns the name of the index template for an index: logboom-alerts for alerts.
func TemplateName(index string) string { return "logboom-" + index }

// indexTemplate is a composable index template, as far as it is written and read here.
type indexTemplate struct {
	Patterns []string       `json:"index_patterns"`
	Priority int            `json:"priority"`
	Version  int            `json:"version"`
	Meta     map[string]any `json:"_meta,omitempty"`
	Template map[string]any `json:"template"`
}

func templateFor(index string) indexTemplate {
	return indexTemplate{
		Patterns: []string{index},
		Priority: templatePriority,
		Version:  templateVersion,
		Meta:     map[string]any{"description": "alerts of logboom", "managed_by": "logboom"},
		Template: map[string]any{"mappings": mappings()},
	}
}

type object = map[string]any

// mappings returns the types of an alert document's fields. Fields that a later version adds are mapped dynamically.
func mappings() object {
	date, long, flag := object{"type": "date"}, object{"type": "long"}, object{"type": "boolean"}
	// Sample lines and messages are as long as they are; a keyword longer than Lucene's 32766 bytes refuses the document.
	keyword, text := object{"type": "keyword", "ignore_above": 1024}, object{"type": "text"}
	return object{
		"dynamic_templates": []object{{"labels": object{"path_match": "labels.*", "mapping": keyword}}},
		"properties": object{
			"@timestamp": date,
			"alert":      flag,
			"message":    text,
			"event": object{"properties": object{
				"id": keyword, "kind": keyword, "action": keyword, "reason": keyword,
				"start": date, "end": date, "duration": long,
			}},
			"rule": object{"properties": object{"id": keyword, "name": keyword}},
			"logboom": object{"properties": object{
				"episode": keyword, "key": keyword, "count": long, "peak": long, "approximate": flag, "threshold": long,
				"window": keyword, "samples": text, "received": date, "decided": date,
			}},
		},
	}
}

// ensureTemplate installs the index template, unless it is there in this version or a newer one: an operator may have
// changed it. Its error is for trying again. Where the cluster will not have it, alerts are indexed without.
func (s *Sink) ensureTemplate(ctx context.Context) error {
	if s.template {
		return nil
	}
	ctx, cancel := s.connection.Limit(ctx)
	defer cancel()
	installed, err := s.hasTemplate(ctx)
	if err != nil {
		return err
	}
	if !installed {
		if err := s.putTemplate(ctx); err != nil {
			return err
		}
	}
	s.template = true
	return nil
}

func (s *Sink) hasTemplate(ctx context.Context) (bool, error) {
	answer, err := s.client.Do(ctx,
		esapi.IndicesGetIndexTemplateRequest{Name: TemplateName(s.options.Index)}, elastic.SmallAnswer)
	if err != nil {
		return false, err
	}
	if answer.Status == http.StatusOK {
		return coversIndex(answer.Body, s.options.Index), nil
	}
	if passing(answer.Status) {
		return false, answer.Failure()
	}
	return false, nil // not there, or not to be looked at: installing it will tell
}

// coversIndex tells whether the answer holds our template, in this version or a newer one, for this index.
func coversIndex(body []byte, index string) bool {
	var answer struct {
		Templates []struct {
			Template indexTemplate `json:"index_template"`
		} `json:"index_templates"`
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Templates) != 1 {
		return false
	}
	template := answer.Templates[0].Template
	return template.Version >= templateVersion && slices.Contains(template.Patterns, index)
}

func (s *Sink) putTemplate(ctx context.Context) error {
	body, err := json.Marshal(templateFor(s.options.Index))
	if err != nil {
		return fmt.Errorf("encode it: %w", err)
	}
	answer, err := s.client.Do(ctx, esapi.IndicesPutIndexTemplateRequest{
		Name: TemplateName(s.options.Index), Body: bytes.NewReader(body),
	}, elastic.SmallAnswer)
	if err != nil {
		return err
	}
	failure := answer.Failure()
	if failure == nil {
		return nil
	}
	if passing(answer.Status) {
		return failure
	}
	s.options.Logger.Warn().Err(s.secrets.Scrub(failure)).Str("template", TemplateName(s.options.Index)).
		Msg("the index template was refused; alerts are indexed with the mapping that the index has or makes up")
	return nil
}

// passing tells whether a status says to come again. A wrong password (401) is among them, because the documents would
// be refused too; the lack of a right (403) is not, because the right to write documents is another one.
func passing(status int) bool {
	return status >= 500 || status == http.StatusUnauthorized || status == http.StatusRequestTimeout ||
		status == http.StatusTooManyRequests
}
