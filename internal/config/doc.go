// Package config reads logboom.yml: strict YAML into plain data, every mistake of a file reported at once with its line,
// its column, the path of the setting, what is wrong and what was probably meant.
//
// What always holds:
//   - Nothing is taken from a file that has a mistake. Unknown settings, settings given twice, wrong kinds, values out of
//     range, files that cannot be read and variables that are not set are mistakes.
//   - ${VAR}, ${VAR:default} and ${file:/path} are replaced after parsing, in values only, and once: what a variable
//     holds can never become YAML, nor a second variable. $${ stands for the characters ${ themselves.
//   - No secret leaves the package but through Secret.Reveal. Mistakes and warnings quote neither the value of a secret
//     setting nor anything that came from a variable or a file, and Print writes "<secret>".
//   - Work and memory are bounded whatever the bytes: by the size of the file, its nesting, the length of lists, the text
//     that variables and files add, and the number of mistakes.
//
// The settings themselves are one table, in schema.go: decoding, printing, the suggestions and the test that keeps
// logboom.example.yml complete all read it.
package config
