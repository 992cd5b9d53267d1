package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// maxModels is the largest page, as https://docs.claude.com/en/api/models-list has it.
const maxModels = 1000

// models serves GET /v1/models in Claude's shape, with paging by after_id, before_id and limit.
func (a *api) models(w http.ResponseWriter, r *http.Request) {
	snap := a.Snapshot()
	p, refusal := a.authenticate(snap, r)
	if refusal != nil {
		a.refuse(w, r, refusal)
		return
	}
	var ids []string
	for _, id := range snap.Routes.Models() {
		if p.MayUse(id) {
			ids = append(ids, id)
		}
	}
	page, more, refusal := paginate(ids, r.URL.Query())
	if refusal != nil {
		a.refuse(w, r, refusal)
		return
	}
	var b jsonindex.Writer
	b.Lit(`{"data":[`)
	for i, id := range page {
		if i > 0 {
			b.Lit(",")
		}
		writeModel(&b, id, outputCap(snap.Routes.Candidates(id)))
	}
	b.Lit(`],"has_more":` + strconv.FormatBool(more))
	for i, name := range []string{`,"first_id":`, `,"last_id":`} {
		b.Lit(name)
		if len(page) == 0 {
			b.Lit("null")
			continue
		}
		b.Quote(page[i*(len(page)-1)])
	}
	b.Lit("}\n")
	a.json(w, r, &b)
}

// model serves GET /v1/models/{id}.
func (a *api) model(w http.ResponseWriter, r *http.Request) {
	snap := a.Snapshot()
	p, refusal := a.authenticate(snap, r)
	if refusal != nil {
		a.refuse(w, r, refusal)
		return
	}
	id := mux.Vars(r)["id"]
	if !slices.Contains(snap.Routes.Models(), id) || !p.MayUse(id) {
		a.refuse(w, r, failure.NotFound(fmt.Sprintf("model %q is not listed by any channel; GET /v1/models lists those that are", printable(id))))
		return
	}
	var b jsonindex.Writer
	writeModel(&b, id, outputCap(snap.Routes.Candidates(id)))
	b.Lit("\n")
	a.json(w, r, &b)
}

// outputCap is the most output that every channel of a model lets through; 0 where one has no cap.
func outputCap(candidates []routing.Candidate) (least int64) {
	for i, c := range candidates {
		if i == 0 || c.MaxOutputTokens < least {
			least = c.MaxOutputTokens
		}
	}
	return least
}

// writeModel writes one item with all members of https://docs.claude.com/en/api/models. Nobody told the proxy when the
// model was made, and clients want a date: the epoch.
func writeModel(b *jsonindex.Writer, id string, outputCap int64) {
	b.Lit(`{"type":"model","id":`)
	b.Quote(id)
	b.Lit(`,"display_name":`)
	b.Quote(id)
	b.Lit(`,"created_at":"1970-01-01T00:00:00Z","lifecycle":"active","line":null,"max_input_tokens":null,"max_tokens":`)
	if outputCap > 0 {
		b.Lit(strconv.FormatInt(outputCap, 10))
	} else {
		b.Lit("null")
	}
	b.Lit(`,"capabilities":null,"deprecated_at":null,"retires_at":null}`)
}

func (a *api) json(w http.ResponseWriter, r *http.Request, b *jsonindex.Writer) {
	w.Header().Set("request-id", requestID(r))
	w.Header().Set("content-type", "application/json")
	b.Finish()
	w.Write(b.AppendTo(nil, nil)) // a client that left does not hear of it
}

// paginate cuts one page out of ids.
func paginate(ids []string, q url.Values) (page []string, more bool, refusal *failure.Answer) {
	limit := 20
	if s := q.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxModels {
			return nil, false, failure.BadRequest("limit", fmt.Sprintf("must be a number from 1 to %d", maxModels))
		}
		limit = n
	}
	if after := q.Get("after_id"); after != "" {
		i := slices.Index(ids, after)
		if i < 0 {
			return nil, false, failure.BadRequest("after_id", "is not a listed model")
		}
		ids = ids[i+1:]
	}
	if before := q.Get("before_id"); before != "" {
		i := slices.Index(ids, before)
		if i < 0 {
			return nil, false, failure.BadRequest("before_id", "is not a listed model")
		}
		ids = ids[:i]
		return ids[max(0, len(ids)-limit):], len(ids) > limit, nil
	}
	return ids[:min(limit, len(ids))], len(ids) > limit, nil
}
