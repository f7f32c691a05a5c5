package holmes

import (
	"fmt"
	"maps"
	"slices"
)

// Variables returns the names of the environment variables that FromEnv reads.
func Variables() []string { return slices.Sorted(maps.Keys(variables())) }

// Settings returns all that options set, as text to compare.
func Settings(opts ...Option) (string, error) {
	c, err := defaultConfig().with(opts)
	timetable := "none"
	if t := c.continuous; t != nil {
		timetable = fmt.Sprintf("%+v", *t)
	}
	c.continuous, c.logger = nil, nil
	return fmt.Sprintf("%+v %s", *c, timetable), err
}
