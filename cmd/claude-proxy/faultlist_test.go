package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite host/FAULTS.md")

// faultCase is one thing that goes wrong: what it is, what is right then, and the tests that hold it. A case without tests
// says why there is none.
type faultCase struct {
	number, what, right string
	// tests are "folder TestName", in full or of this folder.
	tests []string
	why   string
}

func tested(number, what, right string, tests ...string) faultCase {
	return faultCase{number: number, what: what, right: right, tests: tests}
}

func untested(number, what, right, why string) faultCase {
	return faultCase{number: number, what: what, right: right, why: why}
}

// faultList is every fault of the catalogue of clients (C), upstreams (U), plugins (P) and operations (O). The faults of
// files (F) have their tests in host/config, named by number.
var faultList = []faultCase{
	tested("C01", "a body over the limit", "413 as soon as it is known, the connection closes", "TestClientFaults"),
	tested("C02", "headers that trickle in", "the connection closes after ten seconds, others are served", "TestSlowHeaders"),
	tested("C03", "a body that trickles in", "400, the connection closes, no slot is held meanwhile", "TestSlowBody"),
	tested("C04", "a body that is not JSON", "400 with the place, nothing of the body repeated", "TestClientFaults", "sdk/jsonindex TestIndexFaults"),
	tested("C05", "nesting without end", "400", "TestClientFaults", "sdk/jsonindex TestIndexFaults"),
	tested("C06", "a member that comes twice", "400, so that what is routed is what is sent", "TestClientFaults", "sdk/jsonindex TestIndexFaults"),
	tested("C07", "bytes that are no UTF-8", "400", "TestClientFaults", "sdk/jsonindex TestIndexFaults"),
	tested("C08", "lone surrogates, NUL and the like in text", "pass untouched", "TestClientOddities", "sdk/jsonindex TestStrings"),
	tested("C09", "numbers out of range or with a fraction", "400 naming the field", "TestClientFaults", "sdk/jsonindex TestNumbers"),
	tested("C10", "fields that nobody knows", "no error: they pass to Claude, others report them", "TestClientOddities", "TestRequestsAreRelayedByteForByte"),
	tested("C11", "another method, type or an empty body", "400 or 405 in Claude's shape", "TestClientFaults"),
	tested("C12", "another encoding, or gzip that inflates without end", "400, or 413 at the limit", "TestClientFaults"),
	tested("C13", "a length and chunks at once", "nothing of the client's framing goes upstream", "TestClientFraming"),
	tested("C14", "lengths, hosts or names that contradict", "the server refuses", "TestClientFraming"),
	tested("C15", "folded headers", "no harm; never as a key", "TestClientFraming", "host/auth TestAuthenticate"),
	tested("C16", "forged forwarding headers", "believed from trusted proxies only", "host/httpapi TestPeer", "TestGuessingIsSlowedDown"),
	tested("C17", "a flood of headers", "431", "TestClientFraming"),
	tested("C18", "guessed keys", "one answer for all, constant time, slowed down by address", "host/auth TestAuthenticate", "host/limits TestStrangers", "TestGuessingIsSlowedDown"),
	tested("C19", "a key in the query", "refused, never logged", "TestClientFaults"),
	tested("C20", "two keys", "one valid is enough, two of different owners are refused", "TestClientKeys"),
	tested("C21", "the client leaves in the middle", "the upstream is let go within a second, usage is recorded", "TestClientLeaves", "TestClientLeavesEarly"),
	tested("C22", "the client stops reading", "given up after thirty seconds, memory stays bounded", "TestClientStopsReading", "host/relay TestGone"),
	tested("C23", "the client closes its sending side", "counts as gone, nothing is left over", "TestClientHalfCloses"),
	tested("C24", "more requests than there are slots", "a short queue, then 529 with a time", "TestOverload", "host/admission TestQueue"),
	tested("C25", "a client in a tight loop", "429 with an honest time", "TestClientRequestsPerMinute", "host/limits TestRequestsPerMinute"),
	tested("C26", "a body that names another destination", "ignored: destinations come from the configuration", "TestClientOddities"),
	untested("C27", "a picture by an address inside", "never fetched", "nothing in the proxy fetches addresses that a client names; adapters have no network (TestArrows)"),
	tested("C28", "pages of other origins", "no CORS unless listed, never everyone with credentials", "host/httpapi TestCrossOrigin", "TestCrossOriginPages"),
	tested("C29", "a page that forges requests to the admin API", "refused", "host/admin TestGuard"),
	tested("C30", "a name that is made to point here", "unknown hosts are refused", "host/admin TestGuard", "host/admin TestHostAllowed"),
	untested("C31", "markup in names and messages", "text, and a policy that lets nothing else run", "a matter of the web UI, whose tests run in a browser"),
	tested("C32", "guessing at the sign-in", "one-time codes, then slower and slower", "host/admin TestCode", "host/admin TestThrottle"),
	tested("C33", "a first run that listens to the world", "refused without a key", "host/config TestMistakes", "host/admin TestGuard"),
	untested("C34", "paths that lead out of the web UI", "files come from the program alone", "a matter of the web UI, which serves an embedded folder"),
	tested("C35", "a stream of events for another origin", "refused", "host/admin TestGuard"),
	tested("C36", "headers with line breaks", "400, and never passed on", "TestClientFraming"),
	tested("C37", "something between that collects or times out streams", "told not to; never silent for long", "TestStreamHeaders", "host/relay TestSilence"),

	tested("U01", "429 with a time", "kept to, elsewhere meanwhile"),
	tested("U02", "429 without a time", "half a minute, growing; elsewhere meanwhile"),
	tested("U03", "overloaded", "the model of the channel rests, elsewhere meanwhile"),
	tested("U04", "an error of the upstream itself", "once more, then elsewhere"),
	tested("U05", "a refused key", "left alone for ten minutes, the client never hears of it", "TestNextKey"),
	tested("U06", "no quota left", "the key rests for half an hour, or until it is renewed"),
	tested("U07", "a request that the upstream refuses", "told to the client, nobody's health suffers", "TestClientFaultsBurnNoKeys"),
	tested("U08", "the model is missing there", "only that model of that channel rests"),
	tested("U09", "too large for the upstream", "told to the client"),
	tested("U10", "no connection", "elsewhere at once; what is wrong here is told apart", "TestUpstreamRefusesConnections", "host/upstream TestExplain"),
	tested("U11", "silence before the response head", "elsewhere, then 504", "TestRequestTimeout", "TestWholeTimeout"),
	tested("U12", "silence between head and content", "elsewhere; the client is kept waiting by comments"),
	tested("U13", "silence in the middle", "an error event, never another answer", "TestStall"),
	tested("U13b", "long but healthy thinking", "pings until the content", "host/relay TestSilence"),
	tested("U14", "a stream without its end", "an error event, never a false end", "TestKilledAtEveryEvent", "TestCutAtAnyByte"),
	tested("U15", "a connection that breaks", "as above; before content elsewhere", "TestKilledAtEveryEvent", "TestCutAtAnyByte"),
	tested("U16", "broken JSON in an event", "before content elsewhere, later an error event", "host/passthrough TestPeekBrokenBlockEvents"),
	tested("U17", "an event of endless length", "read to 16 MiB", "sdk/sse TestLimits"),
	tested("U18", "events without content, for ever", "ten thousand, then elsewhere"),
	tested("U19", "every legal framing", "the same answer", "TestFramings", "sdk/sse TestAnySlicingGivesTheSame"),
	tested("U20", "a web page", "elsewhere, never shown", "TestUpstreamFaults"),
	tested("U21", "JSON for a stream, a stream for JSON", "understood", "TestOtherFraming"),
	tested("U22", "an answer without content", "once more elsewhere, then believed"),
	tested("U23", "encodings not asked for, false or endless", "elsewhere", "host/upstream TestEncodings", "host/upstream TestBadGzip"),
	tested("U24", "a redirect", "not followed: keys would go along", "host/upstream TestRedirectTakesNoKeyAlong"),
	tested("U25", "a link-local or metadata address", "never dialled", "host/upstream TestGuardAtDialTime", "host/upstream TestForbidden"),
	tested("U26", "TLS that cannot be trusted", "no connection, and why", "host/upstream TestTLS"),
	tested("U27", "a kept connection that was closed meanwhile", "sent once more, on a new one", "host/upstream TestStaleConnection"),
	untested("U28", "an HTTP/2 connection that is stuck", "pinged, then replaced", "net/http does it; host/upstream sets the times"),
	tested("U29", "a key in the upstream's error", "cut out everywhere", "host/failure TestScrub"),
	tested("U30", "an error without end", "read to 64 KiB"),
	tested("U31", "a Retry-After that lies", "believed within one second and ten minutes", "host/balance TestHealthyKeysServeAgain"),
	tested("U32", "cookies and internal headers", "kept from the client"),
	tested("U33", "tool arguments that never become JSON", "never closed as if they were whole"),
	tested("U34", "usage that is missing or absurd", "estimated for the limits", "TestUsageIsEstimated", "host/relay TestSpent"),
	tested("U35", "a slow answer", "patience, as long as something comes"),
	tested("U36", "several upstreams that are all slow", "one limit for all attempts", "TestRequestTimeout"),
	tested("U37", "every key rests", "the least bad one at once; refused only while a named time runs", "host/balance TestNothingRefusedThatCouldBeServed", "host/balance TestLoneKeyThatFailsOnceWhenever", "TestAllKeysRest"),
	tested("U38", "token counts and probes that fail", "no health changes", "TestSideEndpointsPoisonNothing", "host/balance TestHealthIsNotPoisoned"),

	tested("P01", "a trap, a panic, an exit", "the instance is thrown away, others are replayed", "host/wasm TestFaultAtEachCall", "host/wasm TestTrapAmongMany"),
	tested("P02", "a loop without end", "stopped by its budget", "host/wasm TestFaultAtEachCall", "host/wasm/meter TestBombsStopAtTheBudget"),
	tested("P03", "memory without end", "a fixed limit", "host/wasm TestRefused", "host/wasm/meter TestGrowthIsBounded"),
	tested("P04", "tables without end", "limits are lowered at load", "host/wasm TestRefused", "host/wasm/meter TestLimitsAreLowered"),
	tested("P05", "recursion without end", "stopped by its depth", "host/wasm/meter TestRecursionStopsAtTheDepth"),
	tested("P06", "code that takes for ever to compile", "refused by size and depth before", "host/wasm TestCompileLimits", "host/wasm/meter TestLimits"),
	tested("P07", "a file that is being written", "waited for; the old version serves", "host/registry TestHalfWritten"),
	tested("P08", "another kind of module", "refused by name", "host/wasm TestRefused", "host/wasm/meter TestRefusedFiles"),
	tested("P09", "another ABI", "refused, naming what is missing", "host/wasm TestRefused"),
	tested("P10", "imports that are not on the list", "refused, naming them", "host/wasm TestRefused"),
	tested("P11", "answers that are garbage", "the adapter's fault, elsewhere", "host/wasm TestGarbage", "host/wasm TestGarbageBegin"),
	tested("P12", "events in an order that cannot be", "refused by the host's grammar", "TestEvilAdapters"),
	tested("P13", "replaced under load", "nobody notices", "host/registry TestDropReplaceDelete", "TestSoak"),
	tested("P14", "deleted under load", "the channel is unavailable, what runs ends well", "TestDropPlugin", "host/registry TestDropReplaceDelete"),
	tested("P15", "replaced by something broken", "the old version serves, loudly", "host/registry TestBrokenFilesKeepTheOldVersion"),
	tested("P16", "two of one name", "names are file names, and a built-in's is refused", "host/registry TestNames"),
	tested("P17", "links and devices", "refused", "host/registry TestLinks", "host/registry TestNamedPipe"),
	tested("P18", "another digest than the pin", "refused, the old version serves", "host/registry TestPinAndLimits"),
	tested("P19", "an adapter that names another host", "impossible: scheme and host are the channel's", "TestEvilRequests", "host/upstream TestAdapterMayNot"),
	tested("P20", "an adapter that reads or sets credentials", "it never sees one", "TestAdaptersSeeNoKey", "TestEvilRequests"),
	tested("P21", "an adapter that carries prompts away", "no network, no files, a bounded log", "host/wasm TestHostFunctions", "host/wasm TestLog"),
	tested("P22", "state between clients", "exchanges by handle, instances recycled", "host/wasm TestInstances", "host/wasm TestRecycling"),
	tested("P23", "time and chance inside", "fixed, so that a replay is exact", "host/wasm TestHostFunctions", "host/wasm TestReplayBegin"),
	tested("P24", "blocking in a host function", "there is none that can", "host/wasm TestHostFunctions", "host/wasm TestSleep"),
	tested("P25", "a call for each token", "several events in one call, no allocation", "host/wasm TestEventsAllocateNothing"),
	tested("P26", "one instance used at once by many", "one call at a time", "host/wasm TestHammer"),
	untested("P27", "a crash of the runtime itself", "the process dies and is restarted", "a service manager restarts it; the interpreter (host/wasm TestInterpreter) is the way out"),
	tested("P28", "sections, names and counts beyond all bounds", "refused before anything is compiled", "host/wasm/meter TestRefusedSections", "host/wasm/meter TestRefusedCode"),

	tested("O01", "SIGTERM with live streams", "they finish, or end with an error event when the time is up", "TestDrainLetsStreamsFinish", "TestDrainEndsWhatIsLeft"),
	tested("O02", "a restart", "what rested rests on, probes stay single", "TestHealthOutlivesTheProgram", "host/balance TestHealthOutlivesARestart"),
	tested("O03", "a panic in the proxy", "one request fails, the log tells all", "host/httpapi TestPanicIsContained"),
	tested("O04", "no files left", "warned of at the start; nobody's health suffers", "TestWarnsOfFewFiles", "host/balance TestHealthyKeysServeAgain", "host/upstream TestExplain"),
	tested("O05", "a port that is taken", "ends at once, saying what to do", "TestPortInUse"),
	tested("O06", "memory nearly used up", "connections are not kept, then new requests get 529; live ones go on", "TestMemoryPressure", "host/overload TestMonitor"),
	tested("O07", "a clock that jumps", "durations do not mind; a saved time is cut to what is possible", "host/balance TestRestoreDistrusts"),
	tested("O08", "a log that nobody reads", "lines are dropped and counted, requests never wait", "host/telemetry TestAsyncNeverBlocks"),
	tested("O09", "very many or very long log lines", "cut; bodies are off by default", "host/telemetry TestAsyncCutsLongLines", "host/telemetry TestLogBodies"),
	tested("O10", "secrets in what is printed", "their type prints the last characters only", "host/config TestSecretsDoNotPrint", "host/config TestNoSecretInProblems"),
	tested("O11", "folders that cannot be written", "a warning", "host/app TestHealthFileWithoutAFolder", "host/firstrun TestAccessKeyIsKeptNowhere"),
	tested("O12", "labels that clients choose", "configured names only", "host/telemetry TestMetricsValues"),
	tested("O13", "a file of another version", "refused, saying so", "host/config TestMistakes"),
	tested("O14", "two copies on one folder", "writes are atomic; the port tells", "host/config/store TestWritersTogether", "host/firstrun TestAccessKeyTogether"),
}

// The list is whole: each number once, each with a test that exists, a place in the matrix, or a reason.
func TestFaultList(t *testing.T) {
	seen := map[string]bool{}
	funcs := testFuncs(t)
	for _, f := range faultList {
		if seen[f.number] {
			t.Errorf("%s comes twice", f.number)
		}
		seen[f.number] = true
		if len(f.tests) == 0 && f.why == "" && inMatrix(f.number) == 0 {
			t.Errorf("%s has no test", f.number)
		}
		for _, name := range f.tests {
			if !funcs[fullName(name)] {
				t.Errorf("%s: there is no test %s", f.number, name)
			}
		}
	}
	for letter, last := range map[string]int{"C": 37, "U": 38, "P": 28, "O": 14} {
		for i := 1; i <= last; i++ {
			if number := fmt.Sprintf("%s%02d", letter, i); !seen[number] {
				t.Errorf("%s is missing", number)
			}
		}
	}
	for i := range matrix {
		if !seen[matrix[i].number] {
			t.Errorf("the matrix plays %s, which the list does not know", matrix[i].number)
		}
	}
}

// host/FAULTS.md is what the list and the matrix say.
func TestFaultsDocument(t *testing.T) {
	path := filepath.Join("..", "..", "host", "FAULTS.md")
	want := faultsDocument()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("host/FAULTS.md is stale (%v); run go test ./cmd/claude-proxy -run FaultsDocument -update", err)
	}
}

// fullName completes a name by this folder.
func fullName(name string) string {
	if !strings.Contains(name, " ") {
		return "cmd/claude-proxy " + name
	}
	return name
}

// inMatrix is how often the matrix plays faults of a number.
func inMatrix(number string) (n int) {
	for i := range matrix {
		if matrix[i].number == number {
			n += matrix[i].runs()
		}
	}
	return n
}

// testFuncs finds all tests of the tree, as "folder TestName".
func testFuncs(t *testing.T) map[string]bool {
	t.Helper()
	root := filepath.Join("..", "..")
	funcs := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				funcs[filepath.ToSlash(folder)+" "+f.Name.Name] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return funcs
}

func faultsDocument() string {
	var b strings.Builder
	total := 0
	for i := range matrix {
		total += matrix[i].runs()
	}
	fmt.Fprintf(&b, "# What goes wrong, and what is right then\n\n"+
		"Generated by `go test ./cmd/claude-proxy -run FaultsDocument -update`; a test fails when it is stale.\n\n"+
		"## The matrix of upstream faults\n\n"+
		"`TestMatrix` plays each of these %d faults with all %d adapters, built in and as `.wasm` plugin, streamed and whole, with one channel, with three\n"+
		"of which one fails and with three that all fail: %d runs, in simulated time. After each, the next request must be served (once the\n"+
		"time that an upstream named is over), and half an hour later the first channel must serve again. In every run: one end of the answer, no byte of\n"+
		"a failed attempt, no key in any output, an end in time, one record with every attempt, nothing left under way.\n\n"+
		"*Alone* is what a client sees with one channel; *moves on* says that with another one it never notices. \"served\" is the unbroken answer,\n"+
		"\"complete\" another whole one.\n\n"+
		"| number | fault | alone, streamed | alone, whole | moves on | runs |\n|---|---|---|---|---|---:|\n", len(matrix), len(adapters), total)
	for i := range matrix {
		c := &matrix[i]
		moves := "no"
		switch {
		case c.moves && c.stays:
			moves = "streams"
		case c.moves:
			moves = "yes"
		case c.stream == served:
			moves = "–"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d |\n", c.number, c.name, c.stream, c.whole, moves, c.runs())
	}
	kinds := []struct{ letter, title string }{{"C", "Clients"}, {"U", "Upstreams"}, {"P", "Plugins"}, {"O", "Operations"}}
	for _, k := range kinds {
		fmt.Fprintf(&b, "\n## %s\n\n| number | what | right | held by |\n|---|---|---|---|\n", k.title)
		for _, f := range faultList {
			if strings.HasPrefix(f.number, k.letter) {
				fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.number, f.what, f.right, f.heldBy())
			}
		}
	}
	return b.String()
}

// heldBy lists the tests of a case.
func (f *faultCase) heldBy() string {
	if f.why != "" {
		return f.why
	}
	var list []string
	if n := inMatrix(f.number); n > 0 {
		list = append(list, fmt.Sprintf("the matrix (%d runs)", n))
	}
	for _, name := range f.tests {
		folder, test, _ := strings.Cut(fullName(name), " ")
		list = append(list, fmt.Sprintf("`%s` in %s", test, folder))
	}
	return strings.Join(list, ", ")
}
