package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

func newDLQ() *cobra.Command {
	command := &cobra.Command{
		Use:   "dlq",
		Short: "Dead letters: see, replay and drop what was refused for good",
		Long: `What cannot be used is kept as a dead letter with the reason, and everything else goes on: events that are no JSON,
events that an output refused for good, such as by a conflict of mappings, and alerts that their receiver refused for good. The
letters are JSON lines in the folder dead-letters of the data folder; the oldest are removed when there are too many.

All of this works while logboom runs, and while it does not.`,
		Example: `  logboom dlq ls --summary                 # how many, by reason
  logboom dlq ls --output elasticsearch    # which, the latest last
  logboom dlq show 3-17                    # one of them, and what to do about it
  logboom dlq replay --output elasticsearch
  logboom dlq drop --since 24h --yes`,
	}
	for _, sub := range []*cobra.Command{newDLQList(), newDLQShow(), newDLQReplay(), newDLQDrop()} {
		sub.Args = usageArgs(sub.Args)
		command.AddCommand(sub)
	}
	return command
}

// letterFlags are the flags that choose dead letters.
func letterFlags(command *cobra.Command, settings *app.Settings, filter *app.LetterFilter) {
	configFlag(command, settings)
	dataFlag(command, settings)
	flags := command.Flags()
	flags.StringArrayVar(&filter.Letters, "id", nil, "only letters of this event or alert; for `ids` that begin with a hyphen")
	flags.StringVar(&filter.Output, "output", "", "only letters of this `output`, or of this receiver of alerts")
	flags.StringVar(&filter.Source, "source", "", "only events that this `input` could not take, such as lumberjack")
	flags.StringVar(&filter.Reason, "reason", "", "only letters with this `text` in their reason")
	flags.StringVar(&filter.Since, "since", "", "only letters since a `time`: 2h30m ago, or 2026-11-24, or 2026-11-24T10:00:00Z")
}

func newDLQList() *cobra.Command {
	var options app.ListLettersOptions
	command := &cobra.Command{
		Use:     "ls",
		Aliases: []string{"list"},
		Short:   "List dead letters, the latest last",
		Long: `Prints a table: the number, which stays the same for ever, when it was written, what it is (event: refused by an output;
input: could not be taken; alert: refused by its receiver), whose it is, its size on disk, and the reason.`,
		Example: `  logboom dlq ls
  logboom dlq ls --output elasticsearch --since 24h --limit 0
  logboom dlq ls --summary
  logboom dlq ls --json --limit 0 | jq -r .reason`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return app.ListLetters(options, streams()) },
	}
	letterFlags(command, &options.Settings, &options.Filter)
	command.Flags().IntVar(&options.Limit, "limit", 50, "list the latest `many`; 0 lists all")
	command.Flags().BoolVar(&options.Summary, "summary", false, "count letters by reason; what is quoted and numbers make no difference")
	command.Flags().BoolVar(&options.JSON, "json", false, "print JSON lines")
	return command
}

func newDLQShow() *cobra.Command {
	var options app.ShowLettersOptions
	command := &cobra.Command{
		Use:   "show [flags] NUMBER|ID...",
		Short: "Show dead letters wholly, and what to do about them",
		Long: `Prints all that is known of letters, by number, by id of the event or alert, or by filter. With --document only the documents,
a line each, as they were to be written: for a file, or for another program, after which the letters can be dropped.`,
		Example: `  logboom dlq show 3-17
  logboom dlq show --id ------4k---------Zk3s
  logboom dlq show --document --output audit >> audit.ndjson
  logboom dlq show --json 3-17 3-18`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if options.Document && options.JSON {
				return &app.UsageError{Err: errors.New("--document and --json: which of the two is meant?")}
			}
			options.Filter.Letters = append(options.Filter.Letters, args...)
			return app.ShowLetters(options, streams())
		},
	}
	letterFlags(command, &options.Settings, &options.Filter)
	command.Flags().BoolVar(&options.Document, "document", false, "print only the documents")
	command.Flags().BoolVar(&options.JSON, "json", false, "print JSON lines")
	return command
}

func newDLQReplay() *cobra.Command {
	options := app.ReplayLettersOptions{}
	command := &cobra.Command{
		Use:   "replay [flags] [NUMBER|ID...]",
		Short: "Write what an output refused to it again, or to another one",
		Long: `Writes the very same events again, with the index or topic that was made of them at the time, to the output that refused them,
or with --to to another one of the configuration, whatever its where says. Without a number or a filter: all that there are.

What is taken is no letter any more. What is refused again stays, with the new reason. Each letter is written at least once: one
that was written when this command is killed, and not marked yet, is written again by the next replay. Elasticsearch knows the
event by its id and doubles nothing, unless its ids are its own.

Events that an output refused can be replayed, and alerts that Elasticsearch refused, to that: not events that could not be read,
nor alerts for other receivers, where an old one would be the last word. An output of type file takes none, since it accounts
for every byte; see logboom dlq show --document.

The exit code is 1 where letters that were to be replayed are left.`,
		Example: `  logboom dlq replay --dry-run
  logboom dlq replay --output elasticsearch
  logboom dlq replay --output elasticsearch --to archive 3-17`,
		Args: cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, args []string) error {
			options.Filter.Letters = append(options.Filter.Letters, args...)
			return app.ReplayLetters(command.Context(), options, streams())
		},
	}
	letterFlags(command, &options.Settings, &options.Filter)
	flags := command.Flags()
	flags.StringVar(&options.To, "to", "", "another `output` of the configuration")
	flags.BoolVar(&options.DryRun, "dry-run", false, "tell what would be written, and write nothing")
	flags.IntVar(&options.Attempts, "attempts", 3, "how many `times` an output that fails is tried before it is given up")
	flags.BoolVar(&options.JSON, "json", false, "print a JSON line for each letter")
	return command
}

func newDLQDrop() *cobra.Command {
	var options app.DropLettersOptions
	command := &cobra.Command{
		Use:   "drop [flags] [NUMBER|ID...]",
		Short: "Drop dead letters for ever",
		Long: `Drops letters by number, by id of the event or alert, by filter, or all, after asking on a terminal. Their room on disk is free
again when no letter is left in their segment, a sixteenth of what the store may take.`,
		Example: `  logboom dlq drop 3-17
  logboom dlq drop --source lumberjack --yes
  logboom dlq drop --all`,
		Args: cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, args []string) error {
			options.Filter.Letters = append(options.Filter.Letters, args...)
			return app.DropLetters(command.Context(), options, streams())
		},
	}
	letterFlags(command, &options.Settings, &options.Filter)
	command.Flags().BoolVar(&options.All, "all", false, "drop all letters")
	command.Flags().BoolVar(&options.Yes, "yes", false, "do not ask")
	return command
}
