package rules

import "slices"

// schema is a JSON Schema.
type schema map[string]any

// says adds the text that an editor shows.
func (s schema) says(description string) schema {
	s["description"] = description
	return s
}

// with adds a keyword.
func (s schema) with(keyword string, value any) schema {
	s[keyword] = value
	return s
}

// object is a mapping of these keys and no others. A key without a value says
// nothing, save where must names it.
func object(keys map[string]schema, must ...string) schema {
	properties := schema{}
	for key, s := range keys {
		if !slices.Contains(must, key) {
			s = s.orNothing()
		}
		properties[key] = s
	}
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(must) > 0 {
		s["required"] = must
	}
	return s
}

func (s schema) orNothing() schema {
	switch t := s["type"].(type) {
	case string:
		s["type"] = []string{t, "null"}
	case []string:
		s["type"] = append(slices.Clone(t), "null")
	}
	if words, ok := s["enum"].([]any); ok {
		s["enum"] = append(slices.Clone(words), nil)
	}
	return s
}

func text() schema { return schema{"type": "string"} }

// some is a text that is not empty.
func some() schema { return text().with("minLength", 1) }

func form(pattern string) schema { return text().with("pattern", pattern) }

func yesNo() schema { return schema{"type": "boolean"} }

func listOf(item schema) schema { return schema{"type": "array", "items": item} }

func number(kind string, low, high int) schema {
	return schema{"type": kind, "minimum": low, "maximum": high}
}

func words(list ...string) schema {
	values := make([]any, len(list))
	for i, word := range list {
		values[i] = word
	}
	return text().with("enum", values)
}

// given requires one of the keys to have a value.
func given(keys map[string]schema) []schema {
	var any []schema
	for _, key := range sortedKeys(keys) {
		any = append(any, schema{"required": []string{key}, "properties": schema{key: keys[key]}})
	}
	return any
}
