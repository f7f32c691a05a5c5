package holmes

import "fmt"

// Variables returns the names of the environment variables that FromEnv reads, in their order.
func Variables() (names []string) {
	for _, v := range variables() {
		names = append(names, v.name)
	}
	return names
}

// Settings returns all that options set, as text to compare.
func Settings(opts ...Option) (string, error) {
	c, err := defaultConfig().with(opts)
	timetable := "none"
	if t := c.continuous; t != nil {
		timetable = fmt.Sprintf("%+v", *t)
	}
	c.continuous, c.logger, c.env = nil, nil, environment{}
	return fmt.Sprintf("%+v %s", *c, timetable), err
}
