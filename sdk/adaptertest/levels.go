package adaptertest

// Levels is the number of levels, counted from 0.
const Levels = 6

// levelTitles say what the levels are about, in the order in which an author reaches them.
var levelTitles = [Levels]string{
	"loads", "text", "streams", "tools", "media, thinking, caches, counting", "errors and garbage",
}

// Standing says how an adapter stands at a level.
type Standing string

// The standings.
const (
	// Passed: something of the level was shown, and nothing is wrong.
	Passed Standing = "pass"
	// Failed: something is wrong.
	Failed Standing = "fail"
	// Refused: nothing is wrong, and the adapter refuses what the level is about as it should.
	Refused Standing = "refused"
	// Open: nothing is wrong, but no case shows an answer of this level. A case of the adapter's own can.
	Open Standing = "open"
	// Skipped: nothing was tried, because of the choice of cases or because the adapter does not load.
	Skipped Standing = "skipped"
)

// LevelVerdict is how an adapter stands at one level.
type LevelVerdict struct {
	Level    int      `json:"level"`
	Title    string   `json:"title"`
	Standing Standing `json:"standing"`
	// Cases is how many cases were checked, Wrong in how many of them something is wrong, Exchanges how many exchanges
	// that took.
	Cases     int `json:"cases"`
	Wrong     int `json:"wrong"`
	Exchanges int `json:"exchanges"`
}

// Verdict is the judgement of a whole adapter.
type Verdict struct {
	Levels [Levels]LevelVerdict `json:"levels"`
	// Reached is the highest level up to which nothing failed and nothing is open; -1 when it does not even load.
	Reached int       `json:"reached"`
	Reports []*Report `json:"reports"`
}

// OK says that nothing is wrong; levels may be open.
func (v *Verdict) OK() bool {
	for _, l := range v.Levels {
		if l.Standing == Failed {
			return false
		}
	}
	return true
}

// Judge checks everything: the adapter as a whole, the kit's own cases and the suite's. only chooses cases by name and may
// be nil for all; each is told every report as it comes and may be nil.
func (s *Suite) Judge(only func(name string) bool, each func(*Report)) *Verdict {
	var reports []*Report
	take := func(r *Report) {
		reports = append(reports, r)
		if each != nil {
			each(r)
		}
	}
	if only == nil {
		take(s.CheckAdapter())
	}
	for _, c := range append(s.Generic(), s.Cases...) {
		if only == nil || only(c.Name) {
			take(s.Check(c))
		}
	}
	if only == nil {
		take(s.CheckErrors())
	}
	return Sum(reports)
}

// Sum makes the verdict of reports. Tools use it where there is no suite: for an adapter that does not load.
func Sum(reports []*Report) *Verdict {
	v := &Verdict{Reports: reports, Reached: -1}
	var shown, asked, refused [Levels]int
	for i := range v.Levels {
		v.Levels[i] = LevelVerdict{Level: i, Title: levelTitles[i], Standing: Skipped}
	}
	for _, r := range reports {
		l := &v.Levels[r.Level]
		l.Cases++
		l.Exchanges += r.Exchanges
		if !r.OK() {
			l.Wrong++
		}
		if r.Shown {
			shown[r.Level]++
		}
		if r.Generic {
			asked[r.Level]++
		}
		if r.Refused != "" {
			refused[r.Level]++
		}
	}
	unbroken := true
	for i := range v.Levels {
		l := &v.Levels[i]
		switch {
		case l.Cases == 0:
		case l.Wrong > 0:
			l.Standing = Failed
		case shown[i] > 0:
			l.Standing = Passed
		case refused[i] > 0 && refused[i] == asked[i]:
			l.Standing = Refused
		default:
			l.Standing = Open
		}
		unbroken = unbroken && (l.Standing == Passed || l.Standing == Refused)
		if unbroken {
			v.Reached = i
		}
	}
	return v
}
