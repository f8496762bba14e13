package journal

import (
	"fmt"
	"os"
)

// SalvageReport says what was damaged when the journal was opened, or when its small state was opened afresh.
type SalvageReport struct {
	// Directory is where the damaged files are kept, under their old names. Nothing reads them any more. It is empty
	// where files were missing and none was damaged.
	Directory string
	// Records counts the records of the log that can be read, Missing those that were acknowledged and cannot.
	Records, Missing uint64
	// Ranges are the missing records, at most 100 of them.
	Ranges []Range
	// Bytes counts the bytes of the log that belong to no record that can be read.
	Bytes int64
	// Format says that the file FORMAT was missing or damaged, and is written anew.
	Format bool
	// State is nil where the small state was not damaged.
	State *StateSalvage
}

const maxRanges = 100

// Salvage returns what was damaged when the journal was opened, or when its small state had to be opened afresh later;
// nil where nothing was. The caller must not change it.
func (j *Journal) Salvage() *SalvageReport {
	j.state.mu.Lock()
	defer j.state.mu.Unlock()
	if j.report == nil && j.state.salvaged == nil {
		return nil
	}
	var report SalvageReport
	if j.report != nil {
		report = *j.report
	}
	report.State, report.Directory = j.state.salvaged, j.keep.path
	return &report
}

// surveyLog reads all segments of a directory.
func surveyLog(files filesystem, directory string) ([]*surveyed, error) {
	names, err := listSegments(files, directory)
	if err != nil {
		return nil, err
	}
	segments := make([]*surveyed, 0, len(names))
	for _, name := range names {
		s, err := surveyFile(files, directory, name)
		if err != nil {
			return nil, fmt.Errorf("read segment %s: %w", name, err)
		}
		segments = append(segments, s)
	}
	return segments, nil
}

// surveyFile reads one segment, whatever is in it.
func surveyFile(files filesystem, directory, name string) (*surveyed, error) {
	s := &surveyed{path: directory + string(os.PathSeparator) + name}
	s.base, s.salt, _ = parseSegmentName(name)
	f, err := files.OpenFile(s.path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	if s.size, err = f.Size(); err != nil {
		return nil, err
	}
	scan := &scanner{file: f, limit: max(s.size, segmentHeaderBytes)}
	header, ok := decodeSegmentHeader(scan.at(0, segmentHeaderBytes))
	s.headless = !ok || header.base != s.base || header.salt != s.salt
	if ok && header.version > formatVersion {
		return nil, newerFormat(directory, int(header.version))
	}
	scan.seed = saltSum(s.salt)
	s.survey = surveySegment(scan, s.base)
	if !s.headless {
		s.durable = max(s.durable, header.durable)
	}
	return s, nil
}

// report returns what was damaged, or nil.
func (a *assessment) report() *SalvageReport {
	report := &SalvageReport{Ranges: a.missing[:min(len(a.missing), maxRanges)]}
	damaged := len(a.missing) > 0
	for _, r := range a.missing {
		report.Missing += r.Through - r.From + 1
	}
	for _, s := range a.segments {
		report.Records += s.records()
		if s.rewrite {
			damaged = true
			report.Bytes += s.damaged
		}
	}
	if !damaged {
		return nil
	}
	return report
}
