package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A size is a number of bytes as people write it: 500MB, 10GiB, 0.
type size int64

func units() []struct {
	suffix string
	bytes  float64
} {
	return []struct {
		suffix string
		bytes  float64
	}{
		{"KiB", 1 << 10},
		{"MiB", 1 << 20},
		{"GiB", 1 << 30},
		{"TiB", 1 << 40},
		{"KB", 1e3},
		{"MB", 1e6},
		{"GB", 1e9},
		{"TB", 1e12},
		{"B", 1},
		{"", 1},
	}
}

func (s *size) String() string {
	for _, u := range [...]struct {
		suffix string
		bytes  size
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if *s != 0 && *s%u.bytes == 0 {
			return strconv.FormatInt(int64(*s/u.bytes), 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Set reads what String returns, and more.
func (s *size) Set(text string) error {
	for _, u := range units() {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || n < 0 || n*u.bytes > 1<<60 {
			break
		}
		*s = size(n * u.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a size like 500MB or 10GiB", text)
}

// An age is a duration that may be in days: 30d, 12h, 0.
type age time.Duration

func (a *age) String() string {
	const day = age(24 * time.Hour)
	if *a != 0 && *a%day == 0 {
		return strconv.FormatInt(int64(*a/day), 10) + "d"
	}
	return time.Duration(*a).String()
}

// Set reads what String returns.
func (a *age) Set(text string) error {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 && n < 100_000 {
			*a = age(n * 24 * float64(time.Hour))
			return nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		*a = age(d)
		return nil
	}
	return fmt.Errorf("%q is not an age like 30d or 12h", text)
}
