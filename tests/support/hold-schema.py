#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds JSON documents (with --lines each line of files, with --yaml YAML) against a JSON Schema.

usage: hold-schema.py [--closed] [--lines | --yaml] SCHEMA FILE...

Schemas are open: a reader passes over what it does not know.  With --closed members that the schema
does not name are wrong, so that nothing is written that no schema tells of.  Prints what is wrong, a
line each; exit status 0: nothing is.
"""
import json
import pathlib
import re
import sys

import jsonschema
import yaml


def closed(schema):
    """The same, with no members but those that are named."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    whole = {key: value if key in ("const", "enum", "default") else closed(value) for key, value in schema.items()}
    if "properties" in whole and whole.get("type") == "object":
        whole.setdefault("additionalProperties", False)
    return whole


class YamlLoader(yaml.SafeLoader):
    """Of YAML 1.2, as editors have it: 10:20 is a text, and so are "on" and dates."""


YamlLoader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in rows if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
YamlLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
YamlLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^[-+]?[0-9]+$"), list("-+0123456789"))
YamlLoader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]*\.[0-9]+$"), list("-+.0123456789"))


def validator(path, close):
    """Of that schema; others beside it are found by their file names."""
    folder = path.resolve().parent
    store = {}
    for file in folder.glob("*.schema.json"):
        schema = json.loads(file.read_text())
        store[file.as_uri()] = closed(schema) if close else schema
    uri = path.resolve().as_uri()
    schema = store.get(uri) or json.loads(path.read_text())
    dialect = jsonschema.validators.validator_for(schema)
    dialect.check_schema(schema)
    return dialect(schema, resolver=jsonschema.RefResolver(uri, schema, store))


def documents(file, options):
    text = pathlib.Path(file).read_text()
    if "--yaml" in options:
        return [yaml.load(text, Loader=YamlLoader)]
    return [json.loads(line) for line in text.splitlines()] if "--lines" in options else [json.loads(text)]


def deepest(error):
    """The part of the alternative that fits best: what is really wrong."""
    return jsonschema.exceptions.best_match([error]) if error.context else error


def main(words):
    options = {word for word in words if word.startswith("--")}
    schema, *files = [word for word in words if word not in options]
    judge = validator(pathlib.Path(schema), "--closed" in options)
    wrong = 0
    for file in files:
        try:
            read = documents(file, options)
        except (ValueError, yaml.YAMLError) as error:
            print(f"{file}:1: : {str(error).splitlines()[0]}")
            wrong += 1
            continue
        for number, document in enumerate(read, 1):
            for error in judge.iter_errors(document):
                error = deepest(error)
                where = "/".join(str(part) for part in error.absolute_path)
                print(f"{file}:{number}: {where}: {error.message[:300]}")
                wrong += 1
    return min(wrong, 1)


sys.exit(main(sys.argv[1:]))
