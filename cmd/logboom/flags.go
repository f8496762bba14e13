package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

// configFlag is the flag of every command that reads the configuration.
func configFlag(command *cobra.Command, settings *app.Settings) {
	command.Flags().VarP(&checkedText{&settings.File, notEmpty}, "config", "c",
		"configuration `file` (default: "+app.DefaultConfigFile+" if it is there, else built-in defaults)")
}

func dataFlag(command *cobra.Command, settings *app.Settings) {
	command.Flags().Var(&checkedText{&settings.Data, notEmpty}, "data", "`folder` of the journal and the dead letters (setting data)")
}

func listenFlag(command *cobra.Command, settings *app.Settings) {
	command.Flags().Var(&checkedText{&settings.Listen, app.CheckListen}, "listen",
		"`address` of the Lumberjack port (setting inputs.lumberjack.listen)")
}

func httpFlag(command *cobra.Command, settings *app.Settings) {
	command.Flags().Var(&checkedText{&settings.HTTP, app.CheckListen}, "http", "`address` of health and metrics (setting http.listen)")
}

// checkedText is the value of a flag that takes the place of a setting. What the setting could not be is a mistake of usage;
// so is nothing at all, as an empty variable of a shell script gives it, which would leave the setting as it was.
type checkedText struct {
	target *string
	check  func(text string) error
}

// Set takes what stands behind the flag.
func (c *checkedText) Set(text string) error {
	*c.target = text
	return c.check(text)
}

// String returns what was set, for the help.
func (c *checkedText) String() string {
	if c.target == nil {
		return ""
	}
	return *c.target
}

// Type names the kind of value, for the help.
func (c *checkedText) Type() string { return "string" }

func notEmpty(text string) error {
	if text == "" {
		return errors.New("is empty; leave the flag out, or give it a value")
	}
	return nil
}
