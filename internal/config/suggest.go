package config

import "strings"

// longestName bounds the work of a suggestion: no setting's name comes near it.
const longestName = 64

// nearestName returns the name that was probably meant, or an empty text. Case, hyphens and underscores do not count; of
// the rest about a third may differ, or the end may be missing.
func nearestName(text string, names []string) string {
	if len(text) > longestName {
		return ""
	}
	plain := plainName(text)
	best, least := "", max(1, len(plain)/3)+1
	for _, name := range names {
		if distance := editDistance(plain, plainName(name)); distance < least {
			best, least = name, distance
		}
	}
	for _, name := range names {
		if best == "" && len(plain) > 2 && strings.HasPrefix(plainName(name), plain) {
			best = name
		}
	}
	return best
}

func plainName(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
}

// editDistance counts the letters to insert, delete, replace or swap with their neighbour to make a into b.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
