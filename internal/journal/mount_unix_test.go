//go:build unix && !linux

package journal

import "testing"

func mountSmall(testing.TB, string) (string, bool) { return "", false }

func mountReadOnly(testing.TB) (string, bool) { return "", false }
