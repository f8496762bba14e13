// Package file writes events as JSON lines: to a file that only ever grows at its end, and is set aside when it has become
// large enough, or to a writer such as the standard output.
//
// # Exactly once
//
// A line is done when it is fsynced. Each event is in the files exactly once, also after a crash or a kill: which file it
// is, and the place up to which that is accounted for, are stored with the output's cursor, and what a crash left behind
// that is taken away before the same events are written again. Nothing else is ever taken away: not where nothing is
// stored, not from a file that was renamed, replaced or emptied by somebody else, not lines that are no JSON objects, and not more lines
// than will be written again, as where the data folder is put back from an older copy.
//
// # Rotation
//
// Files have numbers: events.ndjson is set aside as events.ndjson.000001, the next one as events.ndjson.000002. So a file is
// renamed only once, and the stored number tells after a crash which files are later than the stored place: those are
// removed, the one that has the place gets its first name back, and it is cut there. Each step can be ended by a crash and
// leads to the same when it is done again.
//
// What has been set aside is compressed and, beyond the number to be kept, removed only when the stored place is in a later
// file.
//
// Others may rename or remove the file, as logrotate does; then a new one is begun. If logboom is killed right after that,
// before the place in the new file is stored, the events in between are in the old and in the new one: let logboom rotate
// where that matters.
package file
