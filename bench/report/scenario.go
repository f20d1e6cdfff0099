package report

// Scenario is what the report says of one.
type Scenario struct {
	Name        string
	Title       string
	Description string
	Checks      []Check
}

// Check is one thing that a scenario must show.
type Check struct {
	Text     string
	Holds    bool
	Measured string
}
