package diagnose

import "math"

// risers sums up those who were there in calm times and do more now.
func (c *contrast) risers() (now, calm weight) {
	for id, was := range c.calm.of {
		if is := c.now.of[id]; is.value > c.scale*was.value {
			now, calm = now.plus(is), calm.plus(was)
		}
	}
	return now, calm
}

// enough is which part of the others must rise to tell what traffic does.
const enough = 0.1

// tide is how far all others but one function rise, at least 1, and the
// relative variance of that. Of all others and those of them that rise it is
// the larger: what a service does without visitors stays as it is when they
// come. sample is what one of calm times stands for now.
func (c *contrast) tide(now, calm weight, sample float64) (rise, doubt float64) {
	others, before := c.now.total.minusExactly(now), c.calm.total.minusExactly(calm)
	rise, doubt = c.ratio(others, before, sample)
	risen, risenCalm := c.risen, c.risenCalm
	if calm.value > 0 && now.value > c.scale*calm.value {
		risen, risenCalm = risen.minusExactly(now), risenCalm.minusExactly(calm)
	}
	if risenCalm.value >= enough*before.value {
		if r, d := c.ratio(risen, risenCalm, sample); r > rise {
			return r, d
		}
	}
	return rise, doubt
}

func (c *contrast) ratio(now, calm weight, sample float64) (rise, doubt float64) {
	if now.value <= 0 {
		return 1, 0
	}
	if calm.value > 0 {
		doubt = now.relative() + calm.relative()
	}
	return max(1, now.value/max(c.scale*calm.value, sample, math.SmallestNonzeroFloat64)), doubt
}
