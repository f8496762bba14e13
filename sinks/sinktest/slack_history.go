package sinktest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// list answers conversations.history and conversations.replies. The mutex is held.
func (s *Slack) list(r Request) (any, string) {
	// Methods that read take a form, or a query; what they are sent as JSON is as if it were not there.
	form := url.Values{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, _ = url.ParseQuery(string(r.Body))
	}
	if form.Get("channel") != SlackChannel {
		return nil, "channel_not_found"
	}
	thread := ""
	if strings.HasSuffix(r.Path, ".replies") {
		if thread = form.Get("ts"); !slices.ContainsFunc(s.shown, func(m Message) bool { return m.TS == thread }) {
			return nil, "thread_not_found"
		}
	}
	return paged(s.selected(form, thread), form), ""
}

// selected returns the messages of the channel, the newest first, or those of a thread, the oldest first.
func (s *Slack) selected(form url.Values, thread string) []map[string]any {
	var list []map[string]any
	for _, m := range s.shown {
		if thread == "" && m.Thread != "" || thread != "" && m.Thread != thread && m.TS != thread {
			continue
		}
		// A thread's first message is always in the list.
		if m.TS != thread && !within(m.TS, form) {
			continue
		}
		entry := map[string]any{"type": "message", "ts": m.TS, "text": m.Text, "blocks": m.Blocks}
		if m.Thread != "" {
			entry["thread_ts"] = m.Thread
		}
		if m.Metadata != nil && form.Get("include_all_metadata") == "true" {
			entry["metadata"] = m.Metadata
		}
		list = append(list, entry)
	}
	if thread == "" {
		slices.Reverse(list)
	}
	return list
}

// within tells whether a message lies between oldest and latest.
func within(ts string, form url.Values) bool {
	at := seconds(ts)
	inclusive := form.Get("inclusive") == "true"
	if oldest := form.Get("oldest"); oldest != "" && (at < seconds(oldest) || at == seconds(oldest) && !inclusive) {
		return false
	}
	latest := form.Get("latest")
	return latest == "" || at < seconds(latest) || at == seconds(latest) && inclusive
}

// seconds returns a message id, or another time of Slack's, in microseconds.
func seconds(ts string) int64 {
	whole, fraction, _ := strings.Cut(ts, ".")
	number, _ := strconv.ParseInt(whole+(fraction + "000000")[:6], 10, 64)
	return number
}

// paged returns the page that a form asks for.
func paged(list []map[string]any, form url.Values) any {
	limit, err := strconv.Atoi(form.Get("limit"))
	if err != nil || limit < 1 {
		limit = 100
	}
	start, _ := strconv.Atoi(form.Get("cursor"))
	start = min(start, len(list))
	end := min(start+limit, len(list))
	page := map[string]any{"messages": append([]map[string]any{}, list[start:end]...), "has_more": end < len(list)}
	if end < len(list) {
		page["response_metadata"] = map[string]any{"next_cursor": strconv.Itoa(end)}
	}
	return page
}
