// Package message holds what the templates of sinks see of an alert, and how such templates are compiled, tried and
// executed. A template is tried when logboom starts, on alerts of every form, so that a mistake in it shows then and not
// with the first alert.
//
// Texts are as they are in the logs, but for being valid UTF-8: a template that makes JSON has to say toJson, one whose
// result goes elsewhere is up to the sink.
package message
