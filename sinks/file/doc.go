// Package file writes alert documents as JSON lines: to a file that only ever grows at its end, or to a writer such as
// the standard output.
//
// A line is done when it is fsynced. Each transition is in the file exactly once, also after a crash: the length up to
// which the file is accounted for is stored with the sink's cursor, and what a crash left behind it is cut off before
// the same lines are written again. Nothing else is ever cut: not where nothing is stored, not a file that was rotated,
// replaced or emptied, not lines that are not alert documents, and not more lines than will be delivered again, as where the data folder
// is put back from an older copy.
package file
