package bench

import (
	"encoding/json"
	"fmt"
	"os"
)

// Ceilings are the most allocations that the proxy may make, by scenario. Unlike times they are the same on every machine,
// within about one per request: pools are emptied now and then.
type Ceilings map[string]Ceiling

// Ceiling is that of one scenario.
type Ceiling struct {
	Request float64 `json:"request"`
	// Event is per event of a stream, the whole divided; 0 where the answer is none.
	Event float64 `json:"event,omitempty"`
}

// LoadCeilings reads them from a JSON file.
func LoadCeilings(path string) (Ceilings, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c Ceilings
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for name := range c {
		if _, err := pick([]string{name}); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return c, nil
}

// Scenarios lists those that have a ceiling, in the order of the table.
func (c Ceilings) Scenarios() []string {
	var names []string
	for _, name := range Names() {
		if _, ok := c[name]; ok {
			names = append(names, name)
		}
	}
	return names
}

// Above lists what a report has above the ceilings.
func (c Ceilings) Above(r *Report) []string {
	var list []string
	for i := range r.Rows {
		row := &r.Rows[i]
		us, ceiling := row.of(ours), c[row.Name]
		if us == nil || ceiling.Request == 0 {
			continue
		}
		if us.Allocations > ceiling.Request {
			list = append(list, fmt.Sprintf("%s: %.1f allocations per request, the ceiling is %g", row.Name, us.Allocations, ceiling.Request))
		}
		if ceiling.Event > 0 && us.AllocationsEvent > ceiling.Event {
			list = append(list, fmt.Sprintf("%s: %.2f allocations per event, the ceiling is %g", row.Name, us.AllocationsEvent, ceiling.Event))
		}
	}
	return list
}
