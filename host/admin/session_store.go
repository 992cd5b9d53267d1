package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
)

const (
	// idleEnd ends a session that nothing is asked with, lastEnd every one.
	idleEnd = 12 * time.Hour
	lastEnd = 7 * 24 * time.Hour
	// codeEnd is the life of a single-use code.
	codeEnd = 10 * time.Minute
	// maxSessions bounds the table; the one that was silent the longest goes.
	maxSessions = 64
	// maxStreams bounds the streams of events of one session.
	maxStreams = 4
)

// codeName is the name of a session that was opened with a single-use code.
const codeName = "one-time code"

// session is one signed-in browser.
type session struct {
	id, name       string
	key            [sha256.Size]byte // hash of the key that it was opened with; zero for a code
	created, used  time.Time
	address, agent string
	streams        int
	ended          chan struct{} // closed at its end
}

func (s *session) expires() time.Time     { return s.created.Add(lastEnd) }
func (s *session) idleExpires() time.Time { return s.used.Add(idleEnd) }

func (s *session) over(now time.Time) bool {
	return !now.Before(s.expires()) || !now.Before(s.idleExpires())
}

// sessions keeps the live sessions by the hash of their token, and the codes by theirs: what is in memory opens nothing.
// It is safe for concurrent use.
type sessions struct {
	now func() time.Time

	mu    sync.Mutex
	table map[[sha256.Size]byte]*session
	codes map[[sha256.Size]byte]time.Time // to the end of their life
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, table: make(map[[sha256.Size]byte]*session), codes: make(map[[sha256.Size]byte]time.Time)}
}

// code makes a single-use code.
func (s *sessions) code() string {
	text := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[sha256.Sum256([]byte(text))] = s.now().Add(codeEnd)
	return text
}

// redeem uses a code up; false when there is no such code any more. Codes are looked up by hash, so the time that it takes
// tells nothing of them.
func (s *sessions) redeem(code string) bool {
	hash := sha256.Sum256([]byte(code))
	s.mu.Lock()
	defer s.mu.Unlock()
	end, known := s.codes[hash]
	delete(s.codes, hash)
	return known && s.now().Before(end)
}

// open begins a session and returns its token, which only the browser keeps. A new one is made for every sign-in, so that
// nobody can have planted it.
func (s *sessions) open(x session) (token string, opened session) {
	token = rand.Text() + rand.Text()
	now := s.now()
	id := make([]byte, 6)
	rand.Read(id) // it never fails
	x.id, x.created, x.used, x.ended = "s-"+hex.EncodeToString(id), now, now, make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	if len(s.table) >= maxSessions {
		s.dropOldest()
	}
	s.table[sha256.Sum256([]byte(token))] = &x
	return token, x
}

// find returns the session of a token as it is now and notes that it was used; ok is false when there is none.
func (s *sessions) find(token string) (now session, at *session, ok bool) {
	hash := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.table[hash]
	switch {
	case x == nil:
		return session{}, nil, false
	case x.over(s.now()):
		s.drop(hash)
		return session{}, nil, false
	}
	x.used = s.now()
	return *x, x, true
}

// peek returns a session as it is now without its counting as used; ok is false when it is over.
func (s *sessions) peek(at *session) (now session, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(s.now())
	select {
	case <-at.ended:
		return session{}, false
	default:
		return *at, true
	}
}

// sweep ends what is over.
func (s *sessions) sweep(now time.Time) {
	for hash, x := range s.table {
		if x.over(now) {
			s.drop(hash)
		}
	}
	for hash, end := range s.codes {
		if !now.Before(end) {
			delete(s.codes, hash)
		}
	}
}

func (s *sessions) drop(hash [sha256.Size]byte) {
	close(s.table[hash].ended)
	delete(s.table, hash)
}

// dropOldest ends the session that was silent the longest.
func (s *sessions) dropOldest() {
	var oldest *session
	var at [sha256.Size]byte
	for hash, x := range s.table {
		if oldest == nil || x.used.Before(oldest.used) {
			oldest, at = x, hash
		}
	}
	s.drop(at)
}

// close ends a session by its id; false when there is none.
func (s *sessions) close(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, x := range s.table {
		if x.id == id {
			s.drop(hash)
			return true
		}
	}
	return false
}

// list returns all live sessions, the newest first.
func (s *sessions) list(current string) []contract.SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(s.now())
	list := make([]contract.SessionInfo, 0, len(s.table))
	for _, x := range s.table {
		list = append(list, contract.SessionInfo{
			ID: x.id, Name: x.name, Created: x.created, Used: x.used, Expires: x.expires(), Address: x.address, UserAgent: x.agent,
			Current: x.id == current,
		})
	}
	slices.SortFunc(list, func(a, b contract.SessionInfo) int { return b.Created.Compare(a.Created) })
	return list
}

// stream counts a stream of events of the session; false when it has too many. leave gives it back.
func (s *sessions) stream(x *session) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.streams >= maxStreams {
		return nil, false
	}
	x.streams++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		x.streams--
	}, true
}
