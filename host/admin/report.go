package admin

import (
	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
)

// withReport adds the mistakes of a configuration to a problem.
func withReport(p *problem, r config.Report) *problem {
	for _, x := range r.Problems {
		if x.Severity != config.Error {
			continue
		}
		p.Errors = append(p.Errors, contract.ProblemError{
			Path: x.Path, Code: string(x.Code), Detail: x.Message, Line: x.Line, Column: x.Col, Allowed: x.Allowed, Hint: x.Hint,
		})
	}
	return p
}

func configProblems(list []config.Problem) []contract.ConfigProblem {
	out := make([]contract.ConfigProblem, 0, len(list))
	for _, x := range list {
		out = append(out, contract.ConfigProblem{
			Severity: x.Severity.String(), Code: string(x.Code), File: x.File, Line: x.Line, Column: x.Col, Path: x.Path,
			Message: x.Message, Found: x.Found, Allowed: x.Allowed, Hint: x.Hint, Try: x.Try,
		})
	}
	return out
}

// allProblems are the problems and the notes of a report.
func allProblems(r config.Report) []contract.ConfigProblem {
	return append(configProblems(r.Problems), configProblems(r.Notes)...)
}

// ConfigProblems turns what was found about a configuration into the shape of the API.
func ConfigProblems(r config.Report) []contract.ConfigProblem { return allProblems(r) }
