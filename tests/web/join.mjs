// SPDX-License-Identifier: GPL-2.0-or-later
// usage: node tests/web/join.mjs STORY.json PAGE.html
// Joins web/ and a whole document of testbed.story/1 into a page, as `testbed report --html` does
// (web/README.md).  For stories that no run makes: hostile texts, and what is worked on.

import {createHash} from "node:crypto";
import {readFileSync, writeFileSync} from "node:fs";
import {fileURLToPath} from "node:url";
import {gzipSync} from "node:zlib";

const web = name => readFileSync(new URL(`../../web/${name}`, import.meta.url), "utf8");
const hash = text => createHash("sha256").update(text).digest("base64");
const inScript = value => JSON.stringify(value).replaceAll("<", "\\u003c");
const inAttribute = text =>
	text
		.replaceAll("&", "&amp;")
		.replaceAll('"', "&quot;")
		.replaceAll("<", "&lt;")
		.replaceAll(">", "&gt;");

function packed(kind, name, value) {
	const text = gzipSync(JSON.stringify(value)).toString("base64");
	const head = `<script type="application/gzip;base64" data-${kind}="${inAttribute(name)}">`;
	return `${head}${text}</script>`;
}

export function joinModules() {
	return web("modules.txt")
		.trim()
		.split("\n")
		.map(name =>
			web(name)
				.split("\n")
				.filter(line => !line.startsWith("import "))
				.map(line => line.replace(/^export /, ""))
				.join("\n"),
		)
		.join("\n");
}

// server: a source of the content security policy that the page may connect to.
export function joinPage(story, server = null) {
	const {cells = {}, ...rest} = story;
	const index = {...rest, scenarios: story.scenarios.map(({nodes, ...scenario}) => scenario)};
	const script = joinModules();
	const style = `${web("style.css")}${web("print.css")}`;
	const parts = {
		"@STYLE@": style,
		"@SCRIPT@": script,
		"@STYLE_HASH@": hash(style),
		"@SCRIPT_HASH@": hash(script),
		"@INDEX@": inScript(index),
		"@CONNECT@": server ? `connect-src ${server}; ` : "",
		"@CELLS@": [
			...Object.entries(cells).map(([id, cell]) => packed("cell", id, cell)),
			...story.scenarios
				.filter(one => one.nodes)
				.map(one => packed("nodes", one.name, one.nodes)),
		].join("\n"),
	};
	return web("index.html").replace(/@[A-Z_]+@/g, mark => parts[mark] ?? mark);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	writeFileSync(process.argv[3], joinPage(JSON.parse(readFileSync(process.argv[2], "utf8"))));
}
