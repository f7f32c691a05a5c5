module github.com/go-holmes/holmes/cgroup/differential

go 1.26.0

require (
	github.com/KimMachineGun/automemlimit v1.0.1
	github.com/go-holmes/holmes v0.0.0
	github.com/stretchr/testify v1.12.1
	golang.org/x/tools v0.52.0
)

require (
	github.com/pbnjay/memory v0.0.0-20210728143218-7b4eea64cf58 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/go-holmes/holmes => ../..
