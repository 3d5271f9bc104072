package storebench

import (
	"time"

	"github.com/limen-waf/limen/store"
)

// Case is a query and what it is an example of.
type Case struct {
	Name  string
	Query store.Query
}

// Cases are the queries, each of which is asked newest first and oldest first. span is
// that of the rows.
func Cases(span time.Duration) []Case {
	middle := start.Add(span / 2)
	return []Case{
		{"all", store.Query{}},
		{"time: common", store.Query{Since: middle, Until: middle.Add(span / 10)}},
		{"time: absent", store.Query{Since: start.Add(span + time.Hour)}},
		{"decision: common", store.Query{Decision: store.Allow}},
		{"decision: flagged", store.Query{Decision: store.Block}},
		{"class: common", store.Query{Class: "sqli"}},
		{"class: rare", store.Query{Class: rareClass}},
		{"host: common", store.Query{Host: "host-0.example.com"}},
		{"host: rare", store.Query{Host: rareHost}},
		{"host: absent", store.Query{Host: "host-x.example.com"}},
		{"client: common", store.Query{ClientIP: address(0)}},
		{"client: few", store.Query{ClientIP: address(250_000)}},
		{"client: rare", store.Query{ClientIP: rareClient}},
		{"client: absent", store.Query{ClientIP: "203.0.113.9"}},
		{"principal: common", store.Query{Principal: "user-0"}},
		{"principal: few", store.Query{Principal: "user-4900"}},
		{"principal: rare", store.Query{Principal: rarePrincipal}},
		{"principal: absent", store.Query{Principal: "user-x"}},
		{"model: common", store.Query{Model: busyModel}},
		{"model: old", store.Query{Model: oldModel}},
		{"model: rare", store.Query{Model: rareModel}},
		{"model: absent", store.Query{Model: absentModel}},
		{"path: common", store.Query{Path: "/shop/"}},
		{"path: one product", store.Query{Path: "/shop/product/12345"}},
		{"path: rare", store.Query{Path: rarePath}},
		{"path: rare beginning", store.Query{Path: "/shop/product/r"}},
		{"path: absent", store.Query{Path: "/shop/product/x"}},
		{"path: absent section", store.Query{Path: "/wp-admin/"}},
		{"score: high", store.Query{MinScore: 0.95}},
		{"score: low", store.Query{MaxScore: 0.001}},
		{"score: narrow", store.Query{MinScore: 0.00150, MaxScore: 0.00151}},
		{"score: very narrow", store.Query{MinScore: rareScore, MaxScore: rareScore}},
		{"score: few", store.Query{MinScore: 0.3, MaxScore: 0.31}},
		{"score: absent", store.Query{MinScore: 0.61, MaxScore: 0.62}},
		{"host and decision: common", store.Query{Host: "host-0.example.com", Decision: store.Block}},
		{"host and decision: absent", store.Query{Host: quietHost, Decision: store.Block}},
		{"host and class: absent", store.Query{Host: quietHost, Class: "sqli"}},
		{"host and path: common", store.Query{Host: "host-2.example.com", Path: quietPath}},
		{"host and path: absent", store.Query{Host: "host-0.example.com", Path: quietPath}},
		{"host and score: absent", store.Query{Host: quietHost, MinScore: 0.9}},
		{"host and client: few", store.Query{Host: "host-5.example.com", ClientIP: address(40)}},
		{"host, path, score: absent", store.Query{Host: "host-0.example.com", Path: "/wiki/1", MaxScore: 0.01}},
		{"decision and principal: absent", store.Query{Decision: store.Block, Principal: "user-0"}},
		{"model, class, score: few", store.Query{Model: oldModel, Class: "cmdi", MaxScore: 0.93}},
		{"model and time: absent", store.Query{Model: oldModel, Since: middle}},
		{"client and path: few", store.Query{ClientIP: address(0), Path: "/blog/2026/1"}},
		{"label: common", store.Query{Labels: store.Labelled}},
		{"label: attack, common", store.Query{Labels: store.LabelAttack}},
		{"label and host: rare", store.Query{Labels: store.Labelled, Host: rareHost}},
		{"label and decision: absent", store.Query{Labels: store.LabelNormal, Decision: store.Block}},
		{"label and path: absent", store.Query{Labels: store.Labelled, Path: "/shop/product/x"}},
		{"no label: common", store.Query{Labels: store.Unlabelled}},
		{"no label and class: common", store.Query{Labels: store.Unlabelled, Class: "sqli"}},
		{"no label and host: absent", store.Query{Labels: store.Unlabelled, Host: rareHost}},
		{"no label and path: absent", store.Query{Labels: store.Unlabelled, Path: "/shop/product/x"}},
		{"all nine: rare", store.Query{
			Since: start, Until: start.Add(span), Decision: store.Tag, Class: rareClass, Host: rareHost, ClientIP: rareClient,
			Principal: rarePrincipal, Path: "/shop/product/", Model: rareModel, MinScore: 0.0001, MaxScore: 0.5,
		}},
	}
}
