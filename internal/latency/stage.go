package latency

// Stage is a part of the data's way. The numbers are those of the API's LatencyStage.
type Stage uint8

// The stages.
const (
	VenueToGateway Stage = iota + 1 // the venue's timestamp to the gateway's ingest: two clocks, which may disagree
	Gateway                         // ingest until the last byte was copied out to the connection
	EndToEnd                        // as the client reports it
)

const stageCount = 3

// Stages returns all stages in the order of the data's way.
func Stages() [stageCount]Stage { return [stageCount]Stage{VenueToGateway, Gateway, EndToEnd} }

// String returns the stage's name as metric labels have it.
func (s Stage) String() string {
	switch s {
	case VenueToGateway:
		return "venue_to_gateway"
	case Gateway:
		return "gateway"
	case EndToEnd:
		return "end_to_end"
	default:
		return "unknown"
	}
}

// index returns the stage's place in an array of stages.
func (s Stage) index() int { return int(s) - 1 }
