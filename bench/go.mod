module github.com/go-holmes/holmes/bench

go 1.26.0
