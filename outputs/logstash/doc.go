// Package logstash writes an event that came from a Beat as Logstash would have written it, and evaluates the texts
// with %{...} in them that Logstash calls sprintf.
//
// An [Encoder] is made once from the settings of the beats input. [Encoder.Append] takes the document as the Beat sent
// it and appends what Logstash's codec json writes for it. [Templates] are compiled once from texts such as
// "%{[@metadata][beat]}-%{+YYYY.MM.dd}" and read what Append has found and written.
//
// # How an event is edited
//
// The bytes are edited, never a map. One pass over the document checks it and notes where those members of its top
// level stand that Logstash changes. If the document is written as Beats write it (no white space, no escapes in keys,
// no key twice, valid UTF-8), everything between those members is then copied in bulk. A document that is written in
// any other way is first rewritten plainly, which costs more and happens to no Beat.
//
// The pass is event.Members where the machine can do that, and plainScanner for what that says no to: escapes such as
// \u003c, very short documents, more keys or deeper nesting than usual. Both find the same outline.
//
// # Invariants
//
//   - Append accepts exactly the documents that event.Selector accepts, and what it writes is one such document again,
//     in one line, with each key once, in valid UTF-8.
//   - What is written has no member @metadata, however that was spelled in the document.
//   - Numbers keep their digits and their form. Nothing is escaped for HTML.
//   - Nothing here reads a clock, does I/O or starts a goroutine; the time of arrival is in the [Origin].
//   - Append and [Templates.Append] do not allocate, but to grow the buffer that they append to, and for documents that
//     no Beat writes.
//
// # Where this differs from Logstash, on purpose
//
// Read in the sources of Logstash 8 and of its beats input 6 and 7:
//
//   - An "event" that is neither an object nor null makes the beats input throw, close the connection, and get the same
//     batch again for ever. Here the Beat's value stays, event.original is left out, and [EventNotObject] says so. A
//     null counts as absent.
//   - "tags" that are no string and no array of strings are renamed to _tags by Logstash if the event has no message,
//     and make it throw if it has one. Here they are renamed in both cases ([TagsRenamed]).
//   - A message that is an object or an array becomes its JSON as text; Logstash writes Ruby's or Java's rendering.
//   - Keys with brackets ("[a][b]") are names like any other; Logstash takes them for field references.
//   - A field is found whether it is nested or written with dots, as package event finds it; a path in a template may
//     be written either way, too. Logstash finds nested fields by brackets alone.
//   - A member of the top level such as "@metadata.beat" is left out as if it were @metadata, which Elasticsearch would
//     take it for. Logstash writes it.
//   - Places in arrays, as in "%{[tags][0]}", are refused in templates; Logstash resolves them.
//   - The remote address is known to templates even if the Beat sent no @metadata.
//   - Times that 64-bit nanoseconds cannot hold (before 1677, after 2262) count as unparsable; times with a space in
//     the place of the T, which Logstash cannot parse, are understood.
package logstash
