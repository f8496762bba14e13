//go:build race

package main

// raceDetector says that the program was built with it, and so takes several times the memory.
const raceDetector = true
