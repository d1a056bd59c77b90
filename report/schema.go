package report

import (
	"encoding/json"
	"io"
	"net/netip"
	"reflect"
	"strings"

	"spanaudit/rules"
)

// WriteSchema writes a JSON Schema (draft 2020-12) of audits as JSON writes them.
// It is read off the types that JSON writes, so that it says what they say; a
// document may have more keys.
func WriteSchema(w io.Writer) error {
	s := schemaWriter{}
	root := s.structure(reflect.TypeFor[Audit]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "An audit of spanaudit"
	root["properties"].(jsonSchema)["schema"] = jsonSchema{"const": Schema, "description": schemaText("Audit", "schema")}
	root["$defs"] = s
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(root)
}

// jsonSchema is a JSON Schema, or a part of one.
type jsonSchema map[string]any

// schemaWriter keeps the schemas of the types that are parts of others, by name.
type schemaWriter map[string]jsonSchema

// structure returns the schema of a struct. A key that may be left out is not
// required.
func (s schemaWriter) structure(t reflect.Type) jsonSchema {
	properties, required := jsonSchema{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key == "" { // the embedded struct itself, whose fields follow
			continue
		}
		owner := t
		if len(f.Index) > 1 {
			owner = t.FieldByIndex(f.Index[:len(f.Index)-1]).Type
		}
		properties[key] = s.field(owner.Name(), key, f.Type)
		if options == "" {
			required = append(required, key)
		}
	}
	return jsonSchema{"type": "object", "properties": properties, "required": required, "additionalProperties": true}
}

// field returns the schema of a struct's field: that of its type, what the type
// does not say, and what it means.
func (s schemaWriter) field(owner, key string, t reflect.Type) jsonSchema {
	schema := s.value(t)
	for keyword, value := range schemaForm(owner, key) {
		schema[keyword] = value
	}
	schema["description"] = schemaText(owner, key)
	return schema
}

// value returns the schema of what a type is written as.
func (s schemaWriter) value(t reflect.Type) jsonSchema {
	switch t {
	case reflect.TypeFor[Instant]():
		return jsonSchema{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage](): // a flow record
		return jsonSchema{"type": "object", "additionalProperties": true}
	case reflect.TypeFor[netip.Addr]():
		return jsonSchema{"type": "string", "anyOf": []jsonSchema{{"format": "ipv4"}, {"format": "ipv6"}}}
	case reflect.TypeFor[rules.Severity]():
		return jsonSchema{"enum": severities()}
	case reflect.TypeFor[rules.Verdict]():
		return jsonSchema{"enum": mapped(verdicts(), func(v verdictWords) rules.Verdict { return v.verdict })}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.value(t.Elem())
	case reflect.Slice:
		return jsonSchema{"type": "array", "items": s.value(t.Elem())}
	case reflect.Map:
		m := jsonSchema{"type": "object", "additionalProperties": s.value(t.Elem())}
		if t.Key() == reflect.TypeFor[rules.Severity]() {
			m["propertyNames"] = s.value(t.Key())
		}
		return m
	case reflect.Struct:
		if _, known := s[t.Name()]; !known {
			s[t.Name()] = nil // it is being written
			s[t.Name()] = s.structure(t)
		}
		return jsonSchema{"$ref": "#/$defs/" + t.Name()}
	case reflect.Bool:
		return jsonSchema{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Uint16:
		whole := jsonSchema{"type": "integer", "minimum": 0}
		if t.Kind() == reflect.Uint16 {
			whole["maximum"] = 1<<16 - 1
		}
		return whole
	case reflect.String:
		return jsonSchema{"type": "string"}
	}
	panic("no schema of " + t.String()) // a test writes all of it
}

func severities() []rules.Severity {
	return []rules.Severity{rules.Info, rules.Low, rules.Medium, rules.High, rules.Critical}
}

// schemaForm returns what the value of a field is held to beyond its type.
func schemaForm(owner, key string) jsonSchema {
	words := func(list ...string) jsonSchema { return jsonSchema{"enum": list} }
	switch {
	case key == "sha256": // none is given of an interface, and of no policy
		return jsonSchema{"pattern": "^([0-9a-f]{64})?$"}
	case key == "created" || key == "expires" || key == "approved_on" || key == "review_by":
		return jsonSchema{"format": "date"}
	}
	switch owner + "." + key {
	case "Zone.trust":
		return words(rules.Local.String(), rules.External.String(), rules.Internet.String(), rules.Special.String())
	case "Device.known_by":
		return words("mac", "lease", "address")
	case "TLSUse.forward_secrecy":
		return words("yes", "no", "unknown")
	case "TLSUse.class":
		return words("unknown", "meta", "good", "legacy", "weak", "broken")
	case "Evidence.frame":
		return jsonSchema{"minimum": 1}
	}
	return nil
}
