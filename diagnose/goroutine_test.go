package diagnose_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
)

// Leaves of stacks as the runtime writes them.
const (
	onMutex   = "runtime.gopark < runtime.semacquire1 < internal/sync.(*Mutex).lockSlow < sync.(*Mutex).Lock < "
	onRead    = "runtime.gopark < runtime.semacquire1 < sync.runtime_SemacquireRWMutexR < sync.(*RWMutex).RLock < "
	onSend    = "runtime.gopark < runtime.chansend < runtime.chansend1 < "
	onReceive = "runtime.gopark < runtime.chanrecv < runtime.chanrecv1 < "
	onSelect  = "runtime.gopark < runtime.selectgo < "
	onNetwork = "runtime.gopark < runtime.netpollblock < internal/poll.runtime_pollWait < net.(*conn).Read < "
	onCall    = "syscall.Syscall < syscall.flock < syscall.Flock < "
	asleep    = "runtime.gopark < time.Sleep < "
	request   = " < net/http.(*conn).serve"
	watching  = onNetwork + "net/http.(*connReader).backgroundRead"
	reading   = onSelect + "net/http.(*persistConn).readLoop"
	writing   = onSelect + "net/http.(*persistConn).writeLoop"
	dialled   = "net/http.(*Transport).roundTrip < net/http.(*Client).do < "
)

// service has the goroutines of calm times.
func calmService() builder {
	return goroutines().add("runtime.gopark < runtime.goexit0", 5).add(onNetwork+"net/http.(*conn).serve", 300).
		add(onSelect+"main.(*worker).run", 40).add(onNetwork+"main.query < main.list"+request, 3)
}

func diagnoseGoroutines(calm builder, event ...builder) diagnose.Verdict {
	c := diagnose.Case{Signal: "goroutine", Baseline: &diagnose.Baseline{}}
	c.Baseline.Goroutine = calm.parsed()
	for _, e := range event {
		c.Goroutines = append(c.Goroutines, e.parsed())
	}
	c.Event.Goroutine = c.Goroutines[len(c.Goroutines)-1]
	return diagnose.Diagnose(c, diagnose.Options{})
}

func TestGoroutines(t *testing.T) {
	lockHeld := func(n int64) builder {
		return calmService().add(onMutex+"main.(*store).get:20 < main.show"+request, n).add(watching, n)
	}
	pool := func(waiters, holders int64) builder {
		return calmService().add(onSelect+"main.acquire:9 < main.show"+request, waiters).
			add(onSelect+"main.acquire:9 < main.list"+request, waiters).add(onSelect+dialled+"main.nightly:31 < sync.x", holders)
	}
	for _, tt := range []struct {
		name      string
		calm      builder
		event     []builder
		confident bool
		want      string
	}{
		{
			"a lock held asleep by a method of the same type", calmService(),
			[]builder{lockHeld(200).add(asleep+"main.(*store).sweep:44", 1), lockHeld(500).add(asleep+"main.(*store).sweep:44", 1)},
			true, "main.(*store).sweep (main.(*store).sweep.go:44) holds the lock that 500 of 501 extra goroutines wait for in main.(*store).get",
		},
		{
			"the holder asks others for help", calmService(),
			[]builder{lockHeld(500).add(onNetwork+"main.query < main.(*store).reload:50 < main.refresh:8", 1)},
			true, "main.(*store).reload (main.(*store).reload.go:50) holds the lock that 500 of 501 extra goroutines wait for in main.(*store).get",
		},
		{
			"a writer that computes", calmService(),
			[]builder{
				calmService().add(onRead+"main.(*index).find:7"+request, 300).add("sort.Slice < main.(*index).build:19", 1),
				calmService().add(onRead+"main.(*index).find:7"+request, 600).add("main.(*index).build:21", 1),
			},
			true, "main.(*index).build (main.(*index).build.go:19) holds the lock that 600 of 601 extra goroutines wait for in main.(*index).find",
		},
		{
			"a reader, with a writer in line", calmService(),
			[]builder{lockHeld(500).add(onSelect+"main.(*store).export:44", 1).add(onMutex+"main.(*store).put:60", 1)},
			true, "main.(*store).export (main.(*store).export.go:44) holds the lock that 501 of 502 extra goroutines wait for in main.(*store).get",
		},
		{
			"the first of many that loads for all", calmService(),
			[]builder{lockHeld(500).add(onNetwork+"main.fetch:8 < main.(*store).get.func1:21 < sync.(*Once).Do < main.(*store).get:20 < main.show"+request, 1)},
			true, "main.(*store).get (closure) (main.(*store).get.func1.go:21) holds the lock that 500 of 501 extra goroutines wait for in main.(*store).get",
		},
		{
			"all do it, one after the other", calmService(),
			[]builder{lockHeld(500).add("main.(*store).get:24 < main.show"+request, 1), lockHeld(700).add("main.(*store).get:24 < main.show"+request, 1)},
			true, "main.(*store).get (main.(*store).get.go:24) holds the lock that 700 of 701 extra goroutines wait for in main.(*store).get",
		},
		{
			"two that could hold it", calmService(),
			[]builder{lockHeld(500).add(asleep+"main.(*store).sweep:44", 1).add(asleep+"main.(*store).merge:60", 1)},
			false, "no clear culprit: 500 of 502 extra goroutines wait for a lock in main.(*store).get, possibly held by " +
				"main.(*store).merge (main.(*store).merge.go:60), main.(*store).sweep (main.(*store).sweep.go:44)",
		},
		{
			"no holder", calmService(),
			[]builder{lockHeld(500)},
			false, "no clear culprit: 500 of 500 extra goroutines wait for a lock in main.(*store).get, and the profiles show no holder",
		},
		{
			"a goroutine of calm times is no holder", calmService().add(asleep+"main.(*store).sweep:44", 1),
			[]builder{lockHeld(500).add(asleep+"main.(*store).sweep:44", 1)},
			false, "no clear culprit: 500 of 500 extra goroutines wait for a lock in main.(*store).get, and the profiles show no holder",
		},
		{
			"a pool that one has emptied", calmService(),
			[]builder{pool(50, 16), pool(150, 16)},
			true, "main.nightly (main.nightly.go:31) holds what 300 of 316 extra goroutines wait for in main.acquire",
		},
		{
			"a pool without a single holder", calmService(),
			[]builder{pool(50, 1), pool(150, 1)},
			false, "no clear culprit: 300 of 301 extra goroutines wait for a resource in main.acquire, possibly held by main.nightly (main.nightly.go:31)",
		},
		{
			"a leak on a channel", calmService(),
			[]builder{calmService().add(onSend+"main.hand:12 < main.push.gowrap1", 900)},
			true, "main.hand (main.hand.go:12) holds 100 % of the extra goroutines, in chan send",
		},
		{
			"a leak of requests", calmService(),
			[]builder{calmService().add(onReceive+"main.pay:12"+request, 900).add(watching, 900)},
			true, "main.pay (main.pay.go:12) holds 100 % of the extra goroutines, in chan receive",
		},
		{
			"requests that wait for another service", calmService(),
			[]builder{calmService().add(onSelect+dialled+"main.rates:5 < main.show"+request, 400).add(watching, 400).add(reading, 400).add(writing, 400)},
			true, "main.rates (main.rates.go:5) holds 100 % of the extra goroutines, in select",
		},
		{
			"a third more of everything", calmService(),
			[]builder{goroutines().add(onNetwork+"net/http.(*conn).serve", 400).add(onSelect+"main.(*worker).run:3", 53).add(onNetwork+"main.query:4 < main.list"+request, 5)},
			false, "no clear culprit: most of the extra goroutines is net/http.(*conn).serve (net_http.(*conn).serve.go:0, 91 %), " +
				"main.(*worker).run (main.(*worker).run.go:3, 12 %), main.query (main.query.go:4, 2 %)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := diagnoseGoroutines(tt.calm, tt.event...)
			requireVerdict(t, tt.confident, tt.want, v)
			require.Equal(t, "with a goroutine profile of calm times", v.Compared)
		})
	}
}

// A leak of an HTTP client has no frame of the application.
func TestConnectionsOfAClient(t *testing.T) {
	leak := calmService().add(reading, 1000).add(writing, 1000)
	asks := dialled + "main.fetch:17 < main.main"
	v := diagnoseGoroutines(calmService(), leak)
	requireVerdict(t, false, "no clear culprit: 2000 of 2000 extra goroutines serve connections of the HTTP client, and the profiles do not show where they were opened", v)

	c := diagnose.Case{Signal: "goroutine", Baseline: &diagnose.Baseline{}}
	c.Event.Goroutine, c.Baseline.Goroutine = leak.parsed(), calmService().parsed()
	c.Baseline.Heap = heap().objects("main.cache", 60, 1<<20).parsed()
	c.Event.Heap = heap().objects("main.cache", 80, 1<<20).objects("context.WithCancel < "+asks, 30_000, 80).
		objects("net/http.Header.Set < "+asks, 2000, 352).parsed()
	v = diagnose.Diagnose(c, diagnose.Options{})
	requireVerdict(t, true, "main.fetch (main.fetch.go:17) keeps connections of the HTTP client open, which 2000 of 2000 extra goroutines serve", v)

	c.Event.Heap = heap().add("context.WithCancel < "+asks, 9, 9<<10, 0, 0).add("x.Y < "+dialled+"main.other:3", 9, 4<<10, 0, 0).parsed()
	v = diagnose.Diagnose(c, diagnose.Options{})
	require.False(t, v.Confident, "a requesting function need not be the leaking one")
	require.Equal(t, []string{"main.fetch", "main.other"}, names(v.Culprits))
}

// A mutex profile shows the holder, even if another function looks like it.
func TestMutexProfileNamesTheHolder(t *testing.T) {
	mutexes := build("contentions/count", "delay/nanoseconds").
		add("sync.(*Mutex).Unlock < main.report:12", 40, 9e9).add("sync.(*Mutex).Unlock < main.(*store).get < main.show", 400, 1e9)
	calm, event := calmService(), calmService().add(onMutex+"main.(*store).get:20 < main.show"+request, 400).
		add(asleep+"main.(*store).sweep:44", 1).add(asleep+"main.report:11", 1)
	c := diagnose.Case{Signal: "mutexwait", Baseline: &diagnose.Baseline{}}
	c.Event.Goroutine, c.Baseline.Goroutine, c.Event.Mutex = event.parsed(), calm.parsed(), mutexes.parsed()
	v := diagnose.Diagnose(c, diagnose.Options{})
	requireVerdict(t, true, "main.report (main.report.go:11) holds the lock that 400 of 402 extra goroutines wait for in main.(*store).get", v)
	require.Equal(t, "mutex", v.Culprits[0].Evidence)

	c.Event.Goroutine = calm.parsed()
	v = diagnose.Diagnose(c, diagnose.Options{})
	require.Equal(t, "main.report", v.Culprits[0].Function)
	require.False(t, v.Confident, "the holders of locks in calm times are not known")

	c.Baseline.Mutex = build("contentions/count", "delay/nanoseconds").add("sync.(*Mutex).Unlock < main.(*store).get < main.show", 400, 1e9).parsed()
	v = diagnose.Diagnose(c, diagnose.Options{})
	requireVerdict(t, true, "main.report (main.report.go:12) held the lock for 100 % of the extra lock wait", v)
}

func TestThreadsAreSystemCalls(t *testing.T) {
	calm := calmService().add(onCall+"main.save:9"+request, 2)
	event := calmService().add(onSelect+"main.(*worker).run:3", 400).add(onCall+"main.save:9"+request, 80)
	after := calmService().add(onSelect+"main.(*worker).run:3", 400)
	c := diagnose.Case{Signal: "thread", Baseline: &diagnose.Baseline{}, Goroutines: []*diagnose.Profile{event.parsed(), after.parsed()}}
	c.Event.Goroutine, c.Baseline.Goroutine = after.parsed(), calm.parsed()
	v := diagnose.Diagnose(c, diagnose.Options{})
	requireVerdict(t, true, "main.save (main.save.go:9) holds 100 % of the extra goroutines in system calls", v)
}

// Goroutines of calm times that do other work now are no holders.
func TestPoolIsNotHeldByWhoWasThere(t *testing.T) {
	calm := calmService().add(onSelect+"main.listen:7", 290).add(asleep+"main.tell:9 < main.listen:8", 1)
	event := calmService().add(onSelect+"main.listen:7", 190).add(asleep+"main.tell:9 < main.listen:8", 101).
		add(onSelect+"main.acquire:9 < main.show"+request, 300).add(onSelect+"main.acquire:9 < main.list"+request, 300).
		add(onNetwork+"main.nightly:31", 16)
	v := diagnoseGoroutines(calm, event, event)
	require.Equal(t, "main.nightly", v.Culprits[0].Function, v.Sentence)
	require.True(t, v.Confident)

	event = calmService().add(onSelect+"main.listen:7", 190).add(asleep+"main.tell:9 < main.listen:8", 101).
		add(onSelect+"main.acquire:9 < main.show"+request, 300).add(onSelect+"main.acquire:9 < main.list"+request, 300)
	v = diagnoseGoroutines(calm, event, event)
	requireVerdict(t, false, "no clear culprit: 600 of 600 extra goroutines wait for a resource in main.acquire, and the profiles show no holder", v)
	require.Equal(t, "main.acquire", v.Culprits[0].Function)
}

// In an overloaded service every request holds a connection of the database pool.
func TestPoolOfAnOverrunService(t *testing.T) {
	const conn = onSelect + "database/sql.(*DB).conn < "
	event := calmService()
	for i, handler := range []string{"main.order", "main.stock", "main.account"} {
		event = event.add(conn+"main.ask:9 < "+handler+request, 50).add(onNetwork+"main.exchange:4 < database/sql.x < main.ask:9 < "+handler+request, 5+int64(i))
	}
	v := diagnoseGoroutines(calmService(), event, event)
	require.False(t, v.Confident, v.Sentence)
	require.Contains(t, v.Sentence, "150 of 168 extra goroutines wait for a resource in database/sql.(*DB).conn, possibly held by ")

	held := calmService().add(conn+"main.ask:9 < main.order"+request, 100).add(conn+"main.ask:9 < main.stock"+request, 100).
		add(onSelect+dialled+"main.tell:7 < main.settle:5", 16)
	v = diagnoseGoroutines(calmService(), held, held)
	require.True(t, v.Confident, v.Sentence)
	require.Equal(t, []string{"main.tell", "main.settle"}, names(v.Culprits))
	require.Equal(t, "database/sql.(*DB).conn", v.Culprits[0].WaitedIn)

	held = calmService().add(conn+"main.ask:9 < main.order"+request, 100).add(conn+"main.ask:9 < main.stock"+request, 100).
		add(asleep+"main.backup:7", 1).add(asleep+"main.query < main.list"+request, 9)
	v = diagnoseGoroutines(calmService(), held, held)
	require.Equal(t, "main.backup", v.Culprits[0].Function, "the others are there every day")
	held = held.add(onSelect+dialled+"main.tell:7 < main.settle:5", 16)

	c := diagnose.Case{Signal: "goroutine", Baseline: &diagnose.Baseline{}, Event: diagnose.Snapshot{Goroutine: held.parsed()}}
	c.Baseline.Goroutine = calmService().parsed()
	c.Baseline.Heap = heap().objects("main.tell", 9, 1<<10).objects("main.settle", 9, 1<<10).parsed()
	require.False(t, diagnose.Diagnose(c, diagnose.Options{}).Confident, "what is at work every day is no proof")
}
