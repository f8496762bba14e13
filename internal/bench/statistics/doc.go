// Package statistics has what figures are made of: a histogram of durations in bounded memory, and medians of rounds with
// their spread. It is pure.
package statistics
