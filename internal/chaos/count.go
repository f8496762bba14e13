package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// count reads all receivers.
func (w *world) count(ctx context.Context) (Report, error) {
	r := Report{Seed: w.options.Seed, Duration: w.options.Duration, Disk: w.disk.how, Faults: w.steps.counts()}
	kills, stops, crashes, excuses := w.logboom.snapshot()
	r.Kills, r.Stops, r.Crashes, r.Excused = len(kills)-stops, stops, crashes, excuses
	r.Failed = append(w.steps.failures, unnoticed(r.Faults)...)
	for _, a := range w.agents {
		r.Resent += int(a.resent.Load())
	}
	eventsErr := w.countEvents(ctx, &r, kills)
	alertsErr := w.countAlerts(ctx, &r)
	r.Dead = w.deadLetters()
	return r, errors.Join(eventsErr, alertsErr)
}

func (w *world) countEvents(ctx context.Context, r *Report, kills []time.Time) error {
	file := w.newLedger("file")
	if err := countFile(filepath.Join(w.folder, eventsFile), file); err != nil {
		return err
	}
	r.Events = append(r.Events, w.balance(file, 0, nil))
	if w.elasticsearch == nil {
		r.Events = append(r.Events, Count{Receiver: elasticsearchName, LeftOut: true})
	} else {
		l := w.newLedger(elasticsearchName)
		if err := countElasticsearch(ctx, "http://"+w.elasticsearch.address(), l); err != nil {
			return err
		}
		r.Events = append(r.Events, w.balance(l, 0, nil))
	}
	if w.kafka == nil {
		r.Events = append(r.Events, Count{Receiver: kafkaName, LeftOut: true})
	} else {
		l := w.newLedger(kafkaName)
		if err := countKafka(ctx, w.kafka.address(), l); err != nil {
			return err
		}
		r.Events = append(r.Events, w.balance(l, kafkaInFlight, append(w.kafka.snapshot(), kills...)))
	}
	r.Events = append(r.Events, w.balance(w.lumberjack.noted.ledger, lumberjackInFlight, kills))
	if slices.Contains(w.options.Without, httpName) {
		r.Events = append(r.Events, Count{Receiver: httpName, LeftOut: true})
	} else {
		r.Events = append(r.Events, w.balance(w.http.noted.ledger, httpInFlight, kills))
	}
	return nil
}

func (w *world) countAlerts(ctx context.Context, r *Report) error {
	model := modelOf(w.rules, w.streams)
	documents, err := alertsInFile(filepath.Join(w.folder, alertsFile))
	if err != nil {
		return err
	}
	counted, err := compareAlerts("file", w.rules, model, documents)
	if err != nil {
		return err
	}
	r.Alerts = append(r.Alerts, counted)
	if w.elasticsearch == nil {
		r.Alerts = append(r.Alerts, AlertCount{Receiver: elasticsearchName, LeftOut: true})
	} else {
		if documents, err = alertsInElasticsearch(ctx, "http://"+w.elasticsearch.address()); err != nil {
			return err
		}
		if counted, err = compareAlerts(elasticsearchName, w.rules, model, documents); err != nil {
			return err
		}
		r.Alerts = append(r.Alerts, counted)
	}
	episodes, err := episodesOf(model, documents)
	if err != nil {
		return err
	}
	r.Alerts = append(r.Alerts, judgeSlack(episodes, w.slack.Changes(), w.slack.Shown()))
	return nil
}

// deadLetters returns what logboom set aside, the first lines of it.
func (w *world) deadLetters() []string {
	var letters []string
	_ = filepath.WalkDir(filepath.Join(w.folder, dataFolder, "dead-letters"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // there is no such folder where nothing was set aside
		}
		text, err := os.ReadFile(path)
		if err == nil && len(text) > 0 && filepath.Ext(path) == ".ndjson" {
			letters = append(letters, fmt.Sprintf("%s: %.300s", path, text))
		}
		return nil
	})
	return letters
}

// keepData copies logboom's data and files from the disk that goes with the run.
func (w *world) keepData() error {
	if w.disk == nil || !w.disk.mounted {
		return nil
	}
	copied := filepath.Join(w.folder, "disk-at-the-end")
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(w.folder, diskFolder))); err != nil {
		return fmt.Errorf("keep the data: %w", err)
	}
	return nil
}
