// Package appendfile keeps files that only ever grow at their end and can be taken back to where they were: what a crash
// left behind a stored Place is cut off, and nothing else ever is. Not where nothing is stored, not in a file that was
// renamed, replaced or emptied by somebody else, and not what somebody else wrote.
//
// A piece of lines is in the file wholly and fsynced when Append returned nil. When it returned an error the file is as it
// was, at the latest when Current is called next.
package appendfile
