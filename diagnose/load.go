package diagnose

import "math"

// growing sums up the functions of calm times that do more now.
func (c *diff) growing() (now, calm weight) {
	for id, was := range c.calm.of {
		if is := c.now.of[id]; is.value > c.scale*was.value {
			now, calm = now.plus(is), calm.plus(was)
		}
	}
	return now, calm
}

// minRising is the part of the others that must grow to show a load growth.
const minRising = 0.1

// loadGrowth is the ratio by which all functions but one grow, at least 1, and its
// relative variance. It is the larger ratio of two: of all others, and of the growing
// ones among them, since the work without clients does not grow with the load. sample
// is what one sample of calm times stands for now.
func (c *diff) loadGrowth(now, calm weight, sample float64) (rise, doubt float64) {
	others, before := c.now.total.minusExactly(now), c.calm.total.minusExactly(calm)
	rise, doubt = c.ratio(others, before, sample)
	risen, risenCalm := c.risen, c.risenCalm
	if calm.value > 0 && now.value > c.scale*calm.value {
		risen, risenCalm = risen.minusExactly(now), risenCalm.minusExactly(calm)
	}
	if risenCalm.value >= minRising*before.value {
		if r, d := c.ratio(risen, risenCalm, sample); r > rise {
			return r, d
		}
	}
	return rise, doubt
}

func (c *diff) ratio(now, calm weight, sample float64) (rise, doubt float64) {
	if now.value <= 0 {
		return 1, 0
	}
	if calm.value > 0 {
		doubt = now.relative() + calm.relative()
	}
	return max(1, now.value/max(c.scale*calm.value, sample, math.SmallestNonzeroFloat64)), doubt
}
