// Package units reads sizes, ages and times as people write them: 500MB, 30d,
// 2026-05-04T03:02.
package units

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Size is a number of bytes. Its text has a unit: 500MB, 10GiB, 0.
type Size int64

// suffixes are the units, the largest first. The first four are those that
// [Size.String] prints.
func suffixes() []struct {
	suffix string
	bytes  float64
} {
	return []struct {
		suffix string
		bytes  float64
	}{
		{"TiB", 1 << 40},
		{"GiB", 1 << 30},
		{"MiB", 1 << 20},
		{"KiB", 1 << 10},
		{"TB", 1e12},
		{"GB", 1e9},
		{"MB", 1e6},
		{"KB", 1e3},
		{"B", 1},
		{"", 1},
	}
}

func (s *Size) String() string {
	for _, u := range suffixes()[:4] {
		if n := int64(u.bytes); *s != 0 && int64(*s)%n == 0 {
			return strconv.FormatInt(int64(*s)/n, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Set reads the text of [Size.String], and of decimal units and fractions.
func (s *Size) Set(text string) error {
	for _, u := range suffixes() {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || n < 0 || n*u.bytes > 1<<60 {
			break
		}
		*s = Size(n * u.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a size like 500MB or 10GiB", text)
}

// Quotas are the sizes of services: "shop=2GiB,*=500MiB".
type Quotas map[string]Size

func (q *Quotas) String() string {
	var all []string
	for name, size := range *q {
		all = append(all, name+"="+size.String())
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

// Set reads the text of [Quotas.String].
func (q *Quotas) Set(text string) error {
	all := Quotas{}
	for pair := range strings.SplitSeq(text, ",") {
		if pair == "" {
			continue
		}
		at := strings.LastIndexByte(pair, '=')
		if at <= 0 {
			return fmt.Errorf("%q is not service=size", pair)
		}
		var size Size
		if err := size.Set(pair[at+1:]); err != nil {
			return err
		}
		all[strings.TrimSpace(pair[:at])] = size
	}
	*q = all
	return nil
}

// Bytes returns the quotas of the services that are named.
func (q *Quotas) Bytes() map[string]int64 {
	all := map[string]int64{}
	for name, size := range *q {
		if name != "*" {
			all[name] = int64(size)
		}
	}
	return all
}

// An Age is a duration whose text may be in days: 30d, 12h, 0.
type Age time.Duration

func (a *Age) String() string {
	const day = Age(24 * time.Hour)
	if *a != 0 && *a%day == 0 {
		return strconv.FormatInt(int64(*a/day), 10) + "d"
	}
	return time.Duration(*a).String()
}

// Set reads the text of [Age.String].
func (a *Age) Set(text string) error {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 && n < 100_000 {
			*a = Age(n * 24 * float64(time.Hour))
			return nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		*a = Age(d)
		return nil
	}
	return fmt.Errorf("%q is not an age like 30d or 12h", text)
}

// Moment reads a time: absolute, in UTC unless it says otherwise, or relative to now:
// now, now-1h, or an age like 24h, -24h or 7d.
func Moment(text string, now time.Time) (time.Time, bool) {
	if text == "now" {
		return now.UTC(), true
	}
	var a Age
	if a.Set(strings.TrimLeft(strings.TrimPrefix(text, "now"), "-+")) == nil {
		return now.Add(-time.Duration(a)).UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil && !at.IsZero() {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// Window reads the begin and the end of a search, which may be "". Both are inside,
// and a time in whole seconds means all of its second. It returns the first moment
// and the one after the last, as queries have them.
func Window(fromText, toText string, now time.Time) (from, to time.Time, err error) {
	for _, bound := range []struct {
		name, text string
		at         *time.Time
	}{{"from", fromText, &from}, {"to", toText, &to}} {
		if bound.text == "" {
			continue
		}
		var ok bool
		if *bound.at, ok = Moment(bound.text, now); !ok {
			return from, to, fmt.Errorf("%s %.40q is neither a time like 2026-05-04T03:02:01 nor an age like 24h", bound.name, bound.text)
		}
	}
	if to.IsZero() {
		return from, to, nil
	}
	if from.After(to) {
		return from, to, fmt.Errorf("from %.40q is after to %.40q", fromText, toText)
	}
	if to.Nanosecond() == 0 {
		return from, to.Add(time.Second), nil
	}
	return from, to.Add(1), nil
}

// FormatEnd returns the text of the end of a search that [Window] reads as the same.
func FormatEnd(to time.Time) string { return to.UTC().Add(-1).Format(time.RFC3339Nano) }
