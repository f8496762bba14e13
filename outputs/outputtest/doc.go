// Package outputtest is the conformance suite of outputs, and what their tests have in common: a pipeline on a real
// journal, whose events the output under test is given by the real outputs.Delivery. Receivers are the tests' own and
// speak the real protocols.
package outputtest
