package app

import "github.com/rs/zerolog"

// Durations in log lines are texts with their unit, such as "46.2ms": a bare number leaves people to guess it. zerolog knows
// this of the process and not of a logger, so it is set once, before there is any.
func init() { zerolog.DurationFieldFormat = zerolog.DurationFormatString }
