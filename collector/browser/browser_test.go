package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// A browser is Chromium with one tab. Its errors are those of the console.
type browser struct {
	t     *testing.T
	world *world
	ctx   context.Context

	mu         sync.Mutex
	complaints []string
	hosts      []string
}

func newBrowser(t *testing.T, w *world) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("Chromium is not installed: apt-get install chromium")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	b := &browser{t: t, world: w, ctx: ctx}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the process, which writes to the directory above
		end()
	})
	require.NoError(t, chromedp.Listen(ctx, b.listen))
	limited, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	b.ctx = limited
	send(b, network.Enable, network.EnableParams{})
	send(b, runtime.Enable, cdp.Empty{})
	send(b, log.Enable, cdp.Empty{})
	send(b, page.Enable, page.EnableParams{})
	return b
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, fmt.Sprint("log: ", e.Entry.Text, " ", e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, fmt.Sprintf("exception: %+v", e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			b.complaints = append(b.complaints, fmt.Sprint("console: ", e.Args))
		}
	case *page.EventJavascriptDialogOpening:
		b.complaints = append(b.complaints, "dialog: "+e.Message)
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" {
			b.hosts = append(b.hosts, u.Host)
		}
	}
}

// run runs actions in the tab.
func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...))
}

// open opens a page of the collector.
func (b *browser) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.world.URL + path))
}

// shot keeps a screenshot of the whole page.
func (b *browser) shot(name string) {
	b.t.Helper()
	raw, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(b.t.ArtifactDir(), name+".png"), raw, 0o644))
}

func (b *browser) prefer(scheme string) {
	b.t.Helper()
	send(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// eval returns the value of an expression.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	require.NoError(b.t, err, expression)
	return value
}

// send sends a command of the protocol.
func send[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	b.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	}))
}

// calm checks that there were no errors, and that everything was loaded from the
// collector.
func (b *browser) calm() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(b.t, b.complaints)
	for _, host := range b.hosts {
		require.Equal(b.t, strings.TrimPrefix(b.world.URL, "http://"), host)
	}
}

// click clicks into the box of a function with the mouse.
func (b *browser) click(function string) {
	b.t.Helper()
	at := eval[[]float64](b, fmt.Sprintf(`(() => { for (const g of document.querySelectorAll(".boxes > g:not(.off)")) {
		if (g.querySelector("title").textContent.split("\n")[0] !== %q) continue;
		const r = g.querySelector("rect").getBoundingClientRect(); g.scrollIntoView({block: "center"});
		const s = g.querySelector("rect").getBoundingClientRect(); return [s.x + s.width / 2, s.y + s.height / 2]; } return []; })()`, function))
	require.Len(b.t, at, 2, "no box of %s", function)
	b.run(chromedp.MouseClickXY(at[0], at[1]))
}

// width is the width of a function's box, in the picture's units.
func (b *browser) width(function string) float64 {
	b.t.Helper()
	return eval[float64](b, fmt.Sprintf(`(() => { for (const g of document.querySelectorAll(".boxes > g:not(.off)")) {
		if (g.querySelector("title").textContent.split("\n")[0] === %q) return +g.querySelector("rect").getAttribute("width"); } return 0; })()`, function))
}

const guilty = "example.com/shop/cart.applyCoupons"

// From the list to an event to its flame graph, zoom, search.
func TestFromListToFlameGraph(t *testing.T) {
	w := newWorld(t)
	b := newBrowser(t, w)
	b.open("/")
	require.Contains(t, eval[string](b, `document.body.innerText`), "There are no uploads yet")
	b.shot("empty")
	w.furnish()

	b.open("/")
	b.shot("services")
	b.run(chromedp.Click(chromedp.CSS(`nav a[href="/events"]`)), chromedp.WaitVisible(chromedp.CSS(`article.row`)))
	b.shot("events")
	b.run(chromedp.Click(chromedp.CSS(`article.tone-cpu a.sentence`)), chromedp.WaitVisible(chromedp.CSS(`.picture svg`)))
	require.Contains(t, eval[string](b, `document.querySelector("h1").innerText`), "CPU 61 % for 15 s")
	require.Contains(t, eval[string](b, `document.body.innerText`), evil, "shown as text")
	b.shot("event")
	b.prefer("dark")
	b.shot("event-dark")
	b.prefer("light")

	b.run(chromedp.Click(chromedp.CSS(`a.button[href^="/flame?"]`)), chromedp.WaitVisible(chromedp.CSS(`[data-flame-reset]`)))
	b.shot("flame")
	before := b.width(guilty)
	require.Less(t, before, 1000.0)
	b.click(guilty)
	require.InDelta(t, 1200, b.width(guilty), 0.1, "zoomed")
	require.Zero(t, b.width("example.com/shop/search.Query"), "what is beside it is hidden")
	require.Equal(t, guilty, eval[string](b, `document.querySelector("svg.flame").dataset.zoomed`))
	b.shot("flame-zoomed")
	b.run(chromedp.Click(chromedp.CSS(`[data-flame-reset]`)))
	require.InDelta(t, before, b.width(guilty), 0.1, "back again")

	b.run(chromedp.SendKeys(chromedp.CSS(`[data-flame-search]`), "COUPON"))
	require.Equal(t, 2, eval[int](b, `document.querySelectorAll(".boxes .hit").length`))
	require.Contains(t, eval[string](b, `document.querySelector("svg.flame").textContent`), "“COUPON” is in ")
	b.shot("flame-search")
	b.run(chromedp.Click(chromedp.CSS(`form.tools .links a[href^="/top?"]`)), chromedp.WaitVisible(chromedp.CSS(`table.sortable`)))
	b.shot("functions")
	b.run(chromedp.Click(chromedp.CSS(`th:nth-child(4) button`)))
	require.True(t, eval[bool](b, `(() => { const n = [...document.querySelectorAll("tbody tr")].map(r => +r.cells[3].dataset.n);
		return n[0] > 0 && n.every((v, i) => i === 0 || v <= n[i - 1]); })()`), "sorted by the other column")
	b.calm()
}

// The form leads to a difference.
func TestDifference(t *testing.T) {
	w := newWorld(t)
	w.furnish()
	b := newBrowser(t, w)
	b.open("/compare?service=shop&type=cpu")
	b.shot("compare")
	b.run(chromedp.SendKeys(chromedp.CSS(`input[name="base_labels"]`), "version=1.4.1"), chromedp.SendKeys(chromedp.CSS(`input[name="labels"]`), "version=1.4.2"),
		chromedp.SetValue(chromedp.CSS(`input[name="to"]`), "-8h"), chromedp.Click(chromedp.CSS(`form.compare .tools button`)), chromedp.WaitVisible(chromedp.CSS(`.picture svg`)))
	require.Equal(t, "Difference", eval[string](b, `document.querySelector("h1").innerText`))
	require.True(t, eval[bool](b, `[...document.querySelectorAll(".boxes > g")].some(g => g.className.baseVal.startsWith("r5") && g.textContent.includes("applyCoupons"))`))
	b.shot("difference")
	b.prefer("dark")
	b.shot("difference-dark")
	b.prefer("light")
	b.run(chromedp.Click(chromedp.CSS(`form.tools .links a[href^="/top?"]`)), chromedp.WaitVisible(chromedp.CSS(`table.sortable`)))
	require.Contains(t, eval[string](b, `document.querySelector("tbody code").innerText`), "bytealg.IndexString")
	b.shot("difference-functions")
	b.calm()
}

// phone makes the screen that of a phone.
func (b *browser) phone() {
	b.t.Helper()
	send(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 390, Height: 844, DeviceScaleFactor: 2, Mobile: true})
}

// outside lists what is drawn beyond the right edge of the screen, or cannot be read
// without scrolling something sideways.
const outside = `(() => { const right = document.documentElement.clientWidth + 1, out = [];
	for (const e of document.querySelectorAll("main *, header *, svg text")) {
		const r = e.getBoundingClientRect();
		if (r.width > 0 && r.right > right) out.push(e.tagName + "." + (e.className.baseVal ?? e.className) + " " + e.textContent.slice(0, 40));
	}
	return out; })()`

// On a phone nothing is cut off or off the screen: not the picture, nor the tables of
// services and of evidence, and their sentences have room.
func TestPhone(t *testing.T) {
	w := newWorld(t)
	w.furnish()
	b := newBrowser(t, w)
	b.phone()
	const event = "20260504T110000.000000000Z-cpu-1"
	for name, path := range map[string]string{
		"services": "/", "events": "/events", "event": "/events/" + event, "profiles": "/profiles?type=cpu", "compare": "/compare?service=shop&type=cpu",
		"flame": "/flame?service=shop&type=cpu", "difference": "/flame?id=&type=cpu&event=" + event + "&base_service=shop&base_type=cpu",
	} {
		b.open(path)
		b.run(chromedp.WaitReady(chromedp.CSS(`footer`)))
		b.shot("phone-" + name)
		require.Equal(t, 390, eval[int](b, `document.documentElement.clientWidth`), name)
		require.Equal(t, 390, eval[int](b, `document.documentElement.scrollWidth`), name)
		require.Empty(t, eval[[]string](b, outside), name)
	}
	b.open("/")
	require.Greater(t, eval[float64](b, `document.querySelector(".cards td a[href^='/events/']").parentElement.getBoundingClientRect().width`), 300.0)
	require.Contains(t, eval[string](b, `document.querySelector("section h3").innerText`), "Monday, 4 May 2026")

	b.open("/top?type=cpu&event=" + event + "&base_service=shop&base_type=cpu")
	b.run(chromedp.WaitVisible(chromedp.CSS(`table.sortable`)))
	b.shot("phone-functions")
	require.Equal(t, 390, eval[int](b, `document.documentElement.scrollWidth`), "the table scrolls by itself")
	require.GreaterOrEqual(t, eval[float64](b, `document.querySelector("tbody td").getBoundingClientRect().width`), 150.0)

	b.open("/flame?service=shop&type=cpu")
	b.run(chromedp.WaitVisible(chromedp.CSS(`[data-flame-reset]`)))
	screen := `document.querySelector("svg.flame").getBoundingClientRect().width`
	all := eval[float64](b, screen)
	require.Less(t, all, 390.0)
	require.InDelta(t, all, b.width("all"), 0.1, "the letters are as large as elsewhere")
	b.click(guilty)
	require.InDelta(t, all, b.width(guilty), 0.1)
	b.shot("phone-flame-zoomed")
	send(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1280, Height: 900, DeviceScaleFactor: 1})
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool](`document.querySelector("svg.flame").viewBox.baseVal.width === 1200`))
	require.NoError(t, err)
	require.InDelta(t, 1200, b.width(guilty), 0.1, "turned to the side")
	b.calm()

	send(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.phone()
	b.open("/flame?service=shop&type=cpu")
	b.shot("phone-without-scripts")
	b.calm()
}

// Pages work without scripts.
func TestWithoutScripts(t *testing.T) {
	w := newWorld(t)
	w.furnish()
	b := newBrowser(t, w)
	send(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open("/flame?service=shop&type=cpu&event=20260504T110000.000000000Z-cpu-1")
	b.run(chromedp.WaitVisible(chromedp.CSS(`.picture svg`)), chromedp.SendKeys(chromedp.CSS(`input[type="search"]`), "coupon"), chromedp.Click(chromedp.CSS(`form.tools button`)),
		chromedp.WaitVisible(chromedp.CSS(`.boxes .hit`)))
	b.shot("without-scripts")
	b.calm()
}

// The page of a heap profile of more than a megabyte is bounded. The test logs how
// long it took.
func TestLargeProfile(t *testing.T) {
	w := newWorld(t)
	w.furnish()
	b := newBrowser(t, w)
	for _, path := range []string{"/flame?type=heap", "/events/20260504T110000.000000000Z-mem-0", "/top?type=heap", "/flame?type=heap&base_type=heap"} {
		b.open(path)
		b.run(chromedp.WaitReady(chromedp.CSS(`footer`)))
		size := eval[float64](b, `performance.getEntriesByType("navigation")[0].decodedBodySize`)
		took := eval[float64](b, `performance.getEntriesByType("navigation")[0].duration`)
		t.Logf("%s: %.0f KB in %.0f ms", path, size/1000, took)
		require.Less(t, size, 3e6)
		require.Positive(t, took)
	}
	b.shot("large-difference")
	b.calm()
}

// pprof's own pages work in their sandbox.
func TestDriverPages(t *testing.T) {
	w := newWorld(t)
	w.furnish()
	b := newBrowser(t, w)
	b.open("/events/20260504T110000.000000000Z-cpu-1")
	b.run(chromedp.Click(chromedp.CSS(`a.button[href^="/pprof/"]`)), chromedp.WaitVisible(chromedp.CSS(`#stack-chart .boxbg`)))
	b.shot("pprof")
	require.Equal(t, "null", eval[string](b, `self.origin`), "an origin of its own")
	b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("#topbtn").click()`), chromedp.WaitVisible(chromedp.CSS(`#rows tr`)))
	require.Contains(t, eval[string](b, `document.querySelector("#rows").innerText`), "example.com/shop/cart.applyCoupons")
	require.Contains(t, eval[string](b, `document.querySelector("#rows").innerText`), evil)
	b.shot("pprof-top")
	b.calm()
}

// The picture by itself zooms, and its names are text.
func TestPicture(t *testing.T) {
	w := newWorld(t)
	w.furnish()
	b := newBrowser(t, w)
	b.open("/flame.svg?script=1&type=cpu&event=20260504T110000.000000000Z-cpu-1")
	b.run(chromedp.WaitVisible(chromedp.CSS(`.tool`)))
	b.click(guilty)
	require.InDelta(t, 1200, b.width(guilty), 0.1)
	b.shot("picture")
	b.calm()
}
