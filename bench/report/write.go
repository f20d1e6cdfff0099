package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tickgate/bench/figure"
)

// Write writes everything into a folder. One that exists is replaced once all is written, so that a folder never has files of two benchmarks.
func Write(folder string, meta Meta, results []figure.Result, scenarios []Scenario) error {
	unfinished := folder + ".unfinished"
	err := os.RemoveAll(unfinished)
	if err == nil {
		err = writeAll(unfinished, meta, results, scenarios)
	}
	if err == nil {
		err = os.RemoveAll(folder)
	}
	if err == nil {
		err = os.Rename(unfinished, folder)
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func writeAll(folder string, meta Meta, results []figure.Result, scenarios []Scenario) error {
	if err := WriteJSON(filepath.Join(folder, "results.json"), meta, results); err != nil {
		return err
	}
	cells := Group(results)
	if err := writeFile(filepath.Join(folder, "results.md"), func(out io.Writer) error {
		markdown(out, meta, cells, scenarios)
		return nil
	}); err != nil {
		return err
	}
	for i := range cells {
		if err := writePercentiles(folder, &cells[i]); err != nil {
			return err
		}
	}
	return writePlots(folder, cells, scenarios)
}

// WriteJSON writes the results as they are.
func WriteJSON(path string, meta Meta, results []figure.Result) error {
	return writeFile(path, func(out io.Writer) error {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(struct {
			Meta    Meta            `json:"meta"`
			Results []figure.Result `json:"results"`
		}{meta, results})
	})
}

func writeFile(path string, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	if err := write(out); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return out.Flush()
}

// writePercentiles writes the cell's distributions as HdrHistogram prints them, in milliseconds.
func writePercentiles(folder string, c *Cell) error {
	for suffix, take := range map[string]func(*figure.Result) figure.Histogram{"": latencyOf, "-staleness": stalenessOf} {
		h := c.merged(take)
		if h.Count() == 0 {
			continue
		}
		path := filepath.Join(folder, "percentiles", Slug(c.Scenario+" "+c.Case+" "+c.System)+suffix+".hgrm")
		if err := writeFile(path, func(out io.Writer) error {
			const ticksPerHalfDistance, microsPerMilli = 5, 1000
			_, err := h.HDR().PercentilesPrint(out, ticksPerHalfDistance, microsPerMilli)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
