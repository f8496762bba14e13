// Package compare measures logboom beside other servers, and how its cost grows, and writes what came of it into a document.
//
// Each server is a process of its own, started anew for each measurement with a data folder of its own on a real disk, and is
// driven over the loopback by package load from this process. CPU time and memory come from /proc. Rounds are interleaved (A B C,
// A B C), so that a machine that becomes slower does so for all; figures are medians over the rounds, with the least and the
// greatest, and ratios are taken within a round before their median is.
//
// What is asserted is that everything ran and that nothing was left out: every acknowledged event is counted by logboom, none
// came late, every alert arrived. Times are never asserted; goals that are missed are shown as missed.
package compare
