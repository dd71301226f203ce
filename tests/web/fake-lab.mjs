// SPDX-License-Identifier: GPL-2.0-or-later
// usage: node tests/web/fake-lab.mjs STORY.json...
// A lab that only plays one: it serves the live page over recorded stories, for work on the page
// and for texts that no lab has.  The first story is how a call goes, the second how it goes when
// something was changed.

import {readFileSync} from "node:fs";
import {createServer} from "node:http";
import {createRequire} from "node:module";
import {join, resolve} from "node:path";
import {fileURLToPath} from "node:url";
import {joinPage} from "./join.mjs";
import {withHops} from "../../web/feed.js";

const fromModules = createRequire(
	join(resolve(process.env.WEB_MODULES ?? "build/web"), "package.json"),
);
const TOKEN = "token";

// A scene: what a call shows in one state of the lab.
const sceneOf = story => ({
	scenario: story.scenarios[0],
	cell: withHops(structuredClone(Object.values(story.cells)[0])),
	story,
});

export async function startFakeLab(stories, options = {}) {
	const {WebSocketServer} = fromModules("ws");
	const {stepMs = 20, port = 0, lessons = [], readOnly = false} = options;
	const scenes = stories.map(sceneOf);
	const made = []; // changes
	const past = [];
	let number = 0;
	let busy = null;
	let way = 0;
	const viewers = new Set();
	const tell = message => viewers.forEach(viewer => viewer.send(JSON.stringify(message)));
	const current = () => scenes[Math.min(way, scenes.length - 1)];
	const state = () => ({
		event: "state",
		busy,
		as: made.length > 0 ? null : current().scenario.name,
		scenario: {...current().scenario, cells: undefined, nodes: undefined},
		nodes: current().scenario.nodes,
		changes: made.map(text => ({text, undo: "undone"})),
		endpoints: current().story.topology.endpoints.map(end => ({
			name: end.name,
			state: "signed-in",
		})),
	});
	const working = words => {
		busy = words;
		tell({event: "busy", busy});
	};

	async function call({from, to, media}) {
		const {cell} = current();
		const id = ++number;
		const about = {
			...cell,
			a: from,
			b: to,
			media,
			steps: [],
			explanation: null,
			trial: null,
			verdict: undefined,
			quality: [],
			pairs: [],
		};
		working(`call ${from} to ${to}`);
		tell({event: "call-begins", call: id, cell: about});
		const steps = cell.steps.filter(step => step.phase !== "sign-in");
		for (let i = 0; i < steps.length; i += 3) {
			await new Promise(later => setTimeout(later, stepMs));
			tell({event: "steps", call: id, keep: i, steps: steps.slice(i, i + 3)});
		}
		busy = null;
		const ended = {
			event: "call-ends",
			call: id,
			cell: {...cell, steps, a: from, b: to, media, explanation: null, trial: null},
		};
		past.push({...ended, past: true, map: current().scenario.map, as: current().scenario.name});
		tell(ended);
		tell(state());
		if (cell.explanation) {
			const change = cell.explanation.fix?.change
				?.trim()
				.replace(/^- /, "")
				.replace(/\n\s*/g, " ");
			const explained = {
				event: "explained",
				call: id,
				explanation: cell.explanation,
				fixes: change ? [{text: change, changes: [change]}] : [],
			};
			past.push(explained);
			tell(explained);
		}
	}

	function change(act) {
		working("changing");
		act();
		busy = null;
		tell(state());
	}

	function take(order) {
		if (readOnly) {
			return "this page only watches";
		}
		if (busy) {
			return `busy: ${busy}`;
		}
		const acts = {
			call: () => void call(order),
			set: () =>
				order.changes.some(one => !/^[a-z-]+: ?\{.*\}$/.test(one))
					? "set:1:1: error: expected a change, as 'add-route: {...}'"
					: change(() => {
							made.push(...order.changes);
							way = 1;
						}),
			"hang-up": () => "no call goes on",
			try: () => {
				const {cell} = scenes[scenes.length - 1];
				const {explanation} = scenes[0].cell;
				const tried = {
					event: "tried",
					call: order.call,
					fix: order.fix,
					trial: {
						change: explanation?.fix?.change ?? "",
						verdict: cell.verdict,
						path: cell.path,
						mended: cell.verdict === "pass",
						story: {...cell, explanation: null, trial: null},
					},
				};
				past.push(tried);
				tell(tried);
			},
			unset: () =>
				made.includes(order.change)
					? change(() => {
							made.splice(made.indexOf(order.change), 1);
							way = made.length > 0 ? 1 : 0;
						})
					: "the scenario itself has this change",
			scenario: () =>
				scenes.some(scene => scene.scenario.name === order.name)
					? change(() => {
							made.length = 0;
							way = scenes.findIndex(scene => scene.scenario.name === order.name);
						})
					: `no scenario '${order.name}'`,
			reset: () =>
				change(() => {
					made.length = 0;
					way = 0;
				}),
		};
		return acts[order.do] ? (acts[order.do]() ?? null) : "no such order";
	}

	const first = stories[0];
	const server = createServer((request, response) => {
		if (!request.url.startsWith(`/${TOKEN}/`)) {
			response.writeHead(404).end();
			return;
		}
		const {cells, ...index} = first;
		const live = {
			...index,
			live: true,
			lab: "lab",
			read_only: readOnly,
			tries: !readOnly,
			lessons,
			scenarios: [{...first.scenarios[0], cells: []}],
			all_scenarios: scenes.map(scene => ({
				name: scene.scenario.name,
				title: scene.scenario.title,
				changes: scene.scenario.changes,
			})),
		};
		response
			.writeHead(200, {"content-type": "text/html; charset=utf-8"})
			.end(joinPage(live, `'self' ws://${request.headers.host}`));
	});
	const sockets = new WebSocketServer({server, path: `/${TOKEN}/socket`});
	sockets.on("connection", viewer => {
		past.forEach(message => viewer.send(JSON.stringify(message)));
		viewer.send(JSON.stringify(state()));
		viewers.add(viewer);
		viewer.on("close", () => viewers.delete(viewer));
		viewer.on("message", data => {
			const order = JSON.parse(String(data));
			const error = take(order);
			viewer.send(JSON.stringify({answer: order.id, ok: !error, error: error ?? undefined}));
		});
	});
	await new Promise(listening => server.listen(port, "127.0.0.1", listening));
	return {
		url: `http://127.0.0.1:${server.address().port}/${TOKEN}/`,
		tell,
		drop: () => viewers.forEach(viewer => viewer.terminate()),
		stop: () =>
			new Promise(stopped => {
				viewers.forEach(viewer => viewer.terminate());
				server.close(stopped);
				server.closeAllConnections();
			}),
	};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const lab = await startFakeLab(
		process.argv.slice(2).map(name => JSON.parse(readFileSync(name, "utf8"))),
		{stepMs: 60, port: 8123, lessons: JSON.parse(process.env.LESSONS ?? "[]")},
	);
	console.log(lab.url);
}
