// Package rules turns what a person writes (a condition, fields to group by, a window, a threshold) into an engine that
// decides, after every single event, which alerts are active.
//
// It has two halves. The first is stateless and may run on many goroutines at once: a Set is the compiled rules, and a
// Batch decodes events against it, finding the rules that each event matches and its key in each. The second is the
// Engine, owned by one writer: it takes decoded batches in turn, slides one window a key, and returns the transitions
// together with the observations, a compact record of all that changed its state.
//
// Observations are the engine's own journal. Applying them to the state of an earlier checkpoint gives the state that
// the engine had, without any event, condition or clock; so the package that stores them need not know what they mean.
// The order of the observations is the order of evaluation, and batch boundaries do not matter.
//
// One engine serves live traffic, replay and recovery. It never asks a clock: arrival times come with each batch, and
// idle time is an argument.
package rules
