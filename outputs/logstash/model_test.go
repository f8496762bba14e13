package logstash

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/event"
)

// decoded decodes JSON as the model works on it. Of a key that comes twice the last value stands.
func decoded(t testing.TB, document []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		t.Fatalf("decode %q: %v", document, err)
	}
	return object
}

// jsonText stands in the model for a text that is some JSON value, however that is written.
type jsonText struct{ value any }

// model is Logstash's way with a decoded event, naively: its beats input, its codecs plain and json. It is written
// from the reference and from Logstash's sources, not from the code that it tests.
func model(t testing.TB, document []byte, settings Settings, origin *Origin) map[string]any {
	t.Helper()
	object := decoded(t, document)
	for key := range object {
		if key == "@metadata" || strings.HasPrefix(key, "@metadata.") {
			delete(object, key)
		}
	}
	if _, has := object["@version"]; !has {
		object["@version"] = "1"
	}
	message, key := object["message"], "message"
	if message == nil {
		message, key = object["line"], "line"
	}
	invalid := modelTimestamp(object, origin, message == nil)
	modelTags(object)
	if invalid && message == nil {
		modelTag(object, "_timestampparsefailure")
	}
	if message != nil {
		modelMessage(object, key, message, keepsOriginal(settings))
	}
	if _, has := object["type"]; !has && settings.Type != "" {
		object["type"] = settings.Type
	}
	for _, field := range settings.AddField {
		if !strings.HasPrefix(field.Name, "[@metadata]") {
			modelField(object, strings.Split(strings.Trim(field.Name, "[]"), "]["), field.Value)
		}
	}
	for _, tag := range settings.Tags {
		object["tags"] = append(arrayOf(object["tags"]), tag)
	}
	switch {
	case !tagsCodec(settings):
	case message == nil:
		modelTag(object, "beats_input_raw_event")
	default:
		modelTag(object, "beats_input_codec_plain_applied")
	}
	return object
}

func keepsOriginal(settings Settings) bool {
	return settings.ECSCompatibility != ECSDisabled &&
		(len(settings.Enrich) == 0 || slices.Contains(settings.Enrich, EnrichCodecMetadata) || settings.Enrich[0] == EnrichAll)
}

func tagsCodec(settings Settings) bool {
	if settings.IncludeCodecTag != nil {
		return *settings.IncludeCodecTag
	}
	return len(settings.Enrich) == 0 || slices.Contains(settings.Enrich, EnrichCodecMetadata) || settings.Enrich[0] == EnrichAll
}

func modelTimestamp(object map[string]any, origin *Origin, raw bool) (invalid bool) {
	at, given := time.Unix(0, origin.Arrival), object["@timestamp"]
	if text, is := given.(string); is {
		nanoseconds, err := event.ParseTime([]byte(text))
		if err == nil {
			at = time.Unix(0, nanoseconds)
		}
		invalid = err != nil
	} else {
		invalid = given != nil
	}
	if invalid && raw {
		object["_@timestamp"] = given
	}
	layout := "2006-01-02T15:04:05.000000000Z"
	if at.Nanosecond()%1_000_000 == 0 {
		layout = "2006-01-02T15:04:05.000Z"
	} else if at.Nanosecond()%1_000 == 0 {
		layout = "2006-01-02T15:04:05.000000Z"
	}
	object["@timestamp"] = at.UTC().Format(layout)
	return invalid
}

// modelTags renames what are no tags.
func modelTags(object map[string]any) {
	switch own := object["tags"].(type) {
	case nil, string:
		return
	case []any:
		if !slices.ContainsFunc(own, func(tag any) bool { _, is := tag.(string); return !is }) {
			return
		}
	}
	object["_tags"] = []any{object["tags"]}
	object["tags"] = []any{"_tagsparsefailure"}
}

// arrayOf is Ruby's Array(), as a copy.
func arrayOf(value any) []any {
	switch typed := value.(type) {
	case nil:
		return nil
	case []any:
		return slices.Clone(typed)
	default:
		return []any{typed}
	}
}

// modelTag adds a tag unless it is there. What is no array becomes one only when there is something to add.
func modelTag(object map[string]any, tag string) {
	if tags := arrayOf(object["tags"]); !slices.Contains(tags, any(tag)) {
		object["tags"] = append(tags, tag)
	}
}

func modelMessage(object map[string]any, key string, message any, original bool) {
	switch typed := message.(type) {
	case json.Number:
		message = typed.String()
	case bool:
		message = map[bool]string{true: "true", false: "false"}[typed]
	case map[string]any, []any:
		message = jsonText{typed}
	}
	if key == "line" {
		delete(object, "line")
	}
	if _, has := object["message"]; key == "message" || !has {
		object["message"] = message
	}
	if !original {
		return
	}
	switch own := object["event"].(type) {
	case nil:
		object["event"] = map[string]any{"original": message}
	case map[string]any:
		if _, has := own["original"]; !has {
			own["original"] = message
		}
	}
}

func modelField(object map[string]any, path []string, value string) {
	present, has := object[path[0]]
	if len(path) > 1 {
		if present == nil {
			present = map[string]any{}
			object[path[0]] = present
		}
		if within, is := present.(map[string]any); is {
			modelField(within, path[1:], value)
		}
		return
	}
	array, isArray := present.([]any)
	switch {
	case !has:
		object[path[0]] = value
	case present == nil:
		object[path[0]] = []any{value}
	case isArray:
		object[path[0]] = append(slices.Clone(array), value)
	default:
		object[path[0]] = []any{present, value}
	}
}

// same compares what was written with the model.
func same(got, want any) bool {
	switch want := want.(type) {
	case jsonText:
		text, is := got.(string)
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var value any
		return is && decoder.Decode(&value) == nil && reflect.DeepEqual(value, want.value)
	case map[string]any:
		object, is := got.(map[string]any)
		if !is || len(object) != len(want) {
			return false
		}
		for key, value := range want {
			if other, has := object[key]; !has || !same(other, value) {
				return false
			}
		}
		return true
	case []any:
		array, is := got.([]any)
		return is && slices.EqualFunc(array, want, same)
	default:
		return reflect.DeepEqual(got, want)
	}
}
