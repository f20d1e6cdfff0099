package replay

import (
	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/numbering"
	"tickgate/pkg/tick"
)

// holed tells of the holes in what was recorded, so that whoever receives the replay is told of them, too. Events that are not news by their numbers are passed over, as every consumer does.
type holed struct {
	feedsim.Source
	from   tick.Time // what comes before is not looked at: of files not all of it is read, and that is no hole of the recording
	judge  numbering.Judge
	report *datafile.Report
}

func withHoles(source feedsim.Source, from tick.Time, report *datafile.Report) feedsim.Source {
	return &holed{source, from, numbering.NewJudge(), report}
}

// Next returns the next event that is news.
func (h *holed) Next() (*feedsim.Item, error) {
	for {
		item, err := h.Source.Next()
		if err != nil {
			return nil, err
		}
		item.Missing = 0
		if item.At < h.from || item.Event.Epoch == 0 || item.Event.Sequence == 0 { // numbered by a venue, or by nobody
			return item, nil
		}
		verdict, gap, err := h.judge.Take(item.Symbol, &item.Event)
		if err != nil {
			return nil, err
		}
		switch verdict {
		case numbering.Repeated:
			h.report.Repeated++
			continue
		case numbering.AfterGap:
			item.Missing = gap.Missing()
			h.report.Missing += item.Missing
		}
		return item, nil
	}
}
