package rules

import (
	"crypto/sha256"
	"embed"
)

//go:generate go run profiles/generate.go ../../shared/reference/aws_endpoints.csv profiles/aws-panorama.yaml

//go:embed profiles/*.yaml
var profileFiles embed.FS

// defaultProfile needs no site data; it is what a policy extends that names no
// profile.
const defaultProfile = "edge-camera"

// Profiles returns the names of the built-in profiles, the default first.
func Profiles() []string { return []string{defaultProfile, "aws-panorama"} }

// Builtin returns a built-in profile; ok is false when there is none of the name.
func Builtin(name string) (p *Policy, ok bool) {
	switch name {
	case defaultProfile:
		return profile(name, nil), true
	case "aws-panorama":
		return profile(name, profile(defaultProfile, nil)), true
	}
	return nil, false
}

// profile parses an embedded profile over the one that it extends. It panics on
// an error: the files are the program's own and a test reads each.
func profile(name string, base *Policy) *Policy {
	data, err := profileFiles.ReadFile("profiles/" + name + ".yaml")
	if err != nil {
		panic(err)
	}
	root, problems := readTree(data, true)
	if base != nil {
		root = mergePolicy(base.tree, root)
	}
	p, more, unlisted := readPolicy("builtin:"+name, name, root)
	if err := newPolicyError(name, append(problems, more...), unlisted); err != nil {
		panic(err)
	}
	p.File += "@" + p.Version
	p.SHA256 = sha256.Sum256(data)
	if base != nil {
		p.Extends = []Base{{base.Name, base.Version, base.SHA256}}
	}
	return p
}
