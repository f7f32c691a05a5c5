package cgroup

import (
	"bytes"
	"time"
)

// cpuLevel is one level of the CPU controller: its last figures, and the two numbers of the quota, which v1 keeps in
// two files.
type cpuLevel struct {
	CPULevel
	probes        []*probe // in the order of files
	quota, period uint64   // microseconds; a quota of 0 is none
}

// files is the table of the files of a CPU level. A kernel without quotas has no file for them, nor has the root group.
func (l *cpuLevel) files(v Version) []row {
	if v == V1 {
		return []row{
			{name: "cpu.cfs_quota_us", flag: UnseenCPULimit, optional: true, take: l.takeQuota},
			{name: "cpu.stat", flag: UnseenCPUStat, take: l.takeStat},
			{name: "cpu.cfs_period_us", flag: UnseenCPULimit, optional: true, take: l.takePeriod},
		}
	}
	return []row{
		{name: "cpu.max", flag: UnseenCPULimit, optional: true, take: l.takeMax},
		{name: "cpu.stat", flag: UnseenCPUStat, take: l.takeStat},
	}
}

// These are the positions of files in the tables, the last one in that of v1 only.
const (
	cpuQuota = iota
	cpuStat
	cpuPeriod
)

// acctFiles is the table of v1's cpuacct controller, which may have a hierarchy of its own.
func (l *cpuLevel) acctFiles() []row {
	return []row{{name: "cpuacct.usage", flag: UnseenCPUStat, take: l.takeUsed}}
}

// rotation returns the files that are read in rotation.
func (l *cpuLevel) rotation(v Version) []rotated {
	files := []rotated{{probe: l.probes[cpuQuota]}}
	if v == V1 {
		files = append(files, rotated{probe: l.probes[cpuPeriod]})
	}
	return files
}

// takeMax parses cpu.max: "max 100000" or "50000 100000".
func (l *cpuLevel) takeMax(text []byte) bool {
	quota, period, _ := bytes.Cut(single(text), []byte{' '})
	p, ok := number(period)
	if !ok || p == 0 {
		return false
	}
	if string(quota) == "max" {
		l.setQuota(0, p)
		return true
	}
	q, ok := number(quota)
	if ok = ok && q > 0; ok {
		l.setQuota(q, p)
	}
	return ok
}

func (l *cpuLevel) takeQuota(text []byte) bool {
	q, ok := limit(text)
	if ok {
		l.setQuota(q, l.period)
	}
	return ok
}

func (l *cpuLevel) takePeriod(text []byte) bool {
	p, ok := number(single(text))
	if ok = ok && p > 0; ok {
		l.setQuota(l.quota, p)
	}
	return ok
}

func (l *cpuLevel) setQuota(quota, period uint64) {
	l.quota, l.period, l.Quota = quota, period, 0
	if period > 0 {
		l.Quota = float64(quota) / float64(period)
	}
}

// takeStat parses cpu.stat. In v2 it has the CPU time too, and the rest only where the controller is active.
func (l *cpuLevel) takeStat(text []byte) bool {
	found := false
	for name, n := range pairs(text) {
		switch string(name) {
		case "usage_usec":
			l.Used, found = duration(n, time.Microsecond), true
		case "nr_periods":
			l.Periods, found = n, true
		case "nr_throttled":
			l.Throttled = n
		case "throttled_usec":
			l.ThrottledTime = duration(n, time.Microsecond)
		case "throttled_time":
			l.ThrottledTime = duration(n, time.Nanosecond)
		}
	}
	return found
}

func (l *cpuLevel) takeUsed(text []byte) bool {
	n, ok := number(single(text))
	if ok {
		l.Used = duration(n, time.Nanosecond)
	}
	return ok
}
