package historytest

import (
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"tickgate/internal/history"
)

// Drive has things happen to a stage whose sessions have the defect, nil for none, and returns what is wrong with what their clients were told.
type Drive func(t *rapid.T, defect func() Defect) []history.Violation

// Judge demands that nothing is wrong, whatever happens.
func Judge(t *testing.T, drive Drive) {
	t.Helper()
	bubble(t, func(tb rapid.TB) {
		rapid.Check(tb, func(t *rapid.T) {
			for _, v := range drive(t, nil) {
				t.Error(v)
			}
		})
	})
}

// CatchPlants plants each of Plants. It must be found, and soon.
func CatchPlants(t *testing.T, drive Drive) {
	t.Helper()
	const mostRuns = 100
	for _, plant := range Plants {
		t.Run(plant.Name, func(t *testing.T) {
			bubble(t, func(rapid.TB) {
				runs := rapid.Custom(func(t *rapid.T) []history.Violation { return drive(t, plant.New) })
				for seed := range mostRuns {
					if slices.ContainsFunc(runs.Example(seed), func(v history.Violation) bool { return v.Rule == plant.Breaks }) {
						return
					}
				}
				t.Errorf("%d runs of the model have not broken %q", mostRuns, plant.Breaks)
			})
		})
	}
}

// bubble runs test on a fake clock. What it is given has no Deadline, which no bubble allows.
func bubble(t *testing.T, test func(tb rapid.TB)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(struct{ rapid.TB }{t}) })
}
