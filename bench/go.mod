module github.com/limen-waf/limen/bench

go 1.26
