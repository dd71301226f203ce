// SPDX-License-Identifier: GPL-2.0-or-later
// The page's modules without a browser: what can be joined into one script, ways on the map, the
// player's places, words.

import assert from "node:assert/strict";
import {readdirSync, readFileSync} from "node:fs";
import {test} from "node:test";
import {Feed, listDifference, orderOf, splitWords, stateDifferences} from "../../web/feed.js";
import {beginningOf, lengthOf, linksOf, placeAlong} from "../../web/geometry.js";
import {toTheRight, wayBetween} from "../../web/geometry.js";
import {layOutMap} from "../../web/layout.js";
import {Playback, questionsOf} from "../../web/playback.js";
import {outcomeOf, socketWord, timeWord} from "../../web/words.js";

const web = new URL("../../web/", import.meta.url);
const names = readFileSync(new URL("modules.txt", web), "utf8").trim().split("\n");
const text = name => readFileSync(new URL(name, web), "utf8");

test("modules.txt names every module once, those that another one needs at load first", () => {
	assert.deepEqual(
		[...names].sort(),
		readdirSync(web)
			.filter(name => name.endsWith(".js"))
			.sort(),
	);
	assert.equal(names.at(-1), "main.js");
});

test("no two modules have a name of their top level in common", () => {
	const owners = new Map();
	for (const name of names) {
		for (const [, top] of text(name).matchAll(
			/^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)/gm,
		)) {
			assert.ok(!owners.has(top), `${top} is in ${owners.get(top)} and ${name}`);
			owners.set(top, name);
		}
	}
});

test("imports and exports are what the joiner can drop", () => {
	for (const name of names) {
		for (const line of text(name).split("\n")) {
			if (/^\s*import\b/.test(line)) {
				assert.match(line, /^import \{[\w, ]+\} from "\.\/\w+\.js";$/, `${name}: ${line}`);
				assert.doesNotMatch(line, / as /);
			} else if (/^\s*export\b/.test(line)) {
				assert.match(line, /^export (async )?(function|const|class) /, `${name}: ${line}`);
			}
		}
	}
});

const FORBIDDEN = [
	/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment/,
	/\beval\b|new Function|setAttribute\("(style|on|href|src)/,
];

test("no module parses HTML, makes code from text, or sets a style by text", () => {
	for (const name of names) {
		FORBIDDEN.forEach(pattern => assert.doesNotMatch(text(name), pattern, name));
	}
});

test("no line has more than 100 columns (a tab is four)", () => {
	const tests = new URL("./", import.meta.url);
	const files = [
		...names.map(name => new URL(name, web)),
		...readdirSync(tests)
			.filter(name => name.endsWith(".mjs"))
			.map(name => new URL(name, tests)),
	];
	for (const file of files) {
		readFileSync(file, "utf8")
			.split("\n")
			.forEach((line, i) => {
				const width = [...line.replaceAll("\t", "    ")].length;
				assert.ok(width <= 100, `${file.pathname}:${i + 1}: ${width} columns`);
			});
	}
});

const box = (name, x, y) => ({name, x, y, w: 20, h: 20});
const map = {
	nodes: [box("a", 0, 0), box("b", 200, 0), box("c", 400, 0)],
	networks: [
		{
			name: "n",
			kind: "lan",
			links: [
				{
					node: "a",
					iface: "lan",
					points: [
						[20, 10],
						[100, 10],
					],
				},
				{
					node: "b",
					iface: "in",
					points: [
						[110, 10],
						[200, 10],
					],
				},
			],
		},
		{
			name: "m",
			kind: "line",
			links: [
				{
					node: "b",
					iface: "out",
					points: [
						[210, 10],
						[310, 10],
					],
				},
				{
					node: "c",
					iface: "wan",
					points: [
						[400, 10],
						[310, 10],
					],
				},
			],
		},
	],
};

test(
	"a way goes from a node to the network and on to the next node, however its points are " +
		"ordered",
	() => {
		const links = linksOf(map);
		assert.deepEqual(wayBetween(links, {node: "a", iface: "lan"}, {node: "b", iface: "in"}), [
			[20, 10],
			[100, 10],
			[110, 10],
			[200, 10],
		]);
		assert.deepEqual(
			wayBetween(links, {node: "b", iface: "in"}, {node: "b", iface: "out"}),
			[
				[200, 10],
				[220, 10],
			],
			"through a node from border to border",
		);
		assert.equal(
			wayBetween(links, {node: "a", iface: "lan"}, {node: "c", iface: "wan"}),
			null,
			"no network joins them: nobody saw the way",
		);
		assert.equal(wayBetween(links, {node: "a", iface: "lan"}, {node: "x", iface: "y"}), null);
	},
);

test("places along a way", () => {
	const way = [
		[0, 0],
		[10, 0],
		[10, 10],
	];
	assert.equal(lengthOf(way), 20);
	assert.deepEqual(placeAlong(way, 0.25), {x: 5, y: 0, angle: 0});
	assert.deepEqual(placeAlong(way, 1), {x: 10, y: 10, angle: 90});
	assert.deepEqual(beginningOf(way, 0.75), [
		[0, 0],
		[10, 0],
		[10, 5],
	]);
	assert.deepEqual(placeAlong([[3, 4]], 0.5), {x: 3, y: 4, angle: 0});
	assert.deepEqual(
		toTheRight(
			[
				[0, 0],
				[10, 0],
			],
			5,
		).map(point => point.map(Math.round)),
		[
			[0, 5],
			[10, 5],
		],
	);
	assert.deepEqual(
		toTheRight(
			[
				[10, 0],
				[0, 0],
			],
			5,
		).map(point => point.map(Math.round)),
		[
			[10, -5],
			[0, -5],
		],
		"the way back is on the other side",
	);
});

const step = (phase, protocol, hops, more = {}) => ({
	phase,
	protocol,
	hops: Array(hops).fill({}),
	...more,
});
const steps = [
	step("sign-in", "dns", 3),
	step("call", "sip", 2),
	step("call", "turn", 1, {lost: {node: "edge"}}),
	step("media", "rtp", 4),
];

test("the player begins at the call, at the end of its first packet", () => {
	const playback = new Playback(steps);
	assert.deepEqual([playback.index, playback.hop], [1, 1]);
	assert.deepEqual(new Playback([]).step, null);
});

test("steps and hops go on over the ends of packets, and stop at the ends of the call", () => {
	const playback = new Playback(steps);
	assert.ok(playback.moveHop(1));
	assert.deepEqual([playback.index, playback.hop], [2, 0]);
	assert.ok(playback.moveHop(-1));
	assert.deepEqual([playback.index, playback.hop], [1, 1]);
	assert.ok(playback.seek(3));
	assert.ok(!playback.moveStep(1));
	assert.ok(!playback.seek(4));
	assert.ok(playback.seek(0, 0));
	assert.ok(!playback.moveHop(-1));
});

test("hidden protocols are passed over, and the player leaves a step that is hidden", () => {
	const playback = new Playback(steps);
	playback.setHidden(["sip"]);
	assert.equal(playback.index, 2);
	playback.moveStep(-1);
	assert.equal(playback.index, 0);
	playback.setHidden(["sip", "turn"]);
	playback.moveStep(1);
	assert.equal(playback.index, 3);
	assert.deepEqual(playback.rank(), {at: 1, of: 2});
});

test("the next lost packet, and then again the first", () => {
	const playback = new Playback(steps);
	assert.equal(
		playback.findStep(one => one.lost),
		2,
	);
	playback.seek(3);
	assert.equal(
		playback.findStep(one => one.lost),
		2,
	);
});

test("an answer that nobody captured answers the last packet that came the other way", () => {
	const asked = {n: 0, from: "a", to: "b", protocol: "turn", hops: [{}]};
	const other = {n: 1, from: "a", to: "b", protocol: "sip", hops: [{}]};
	const lost = {n: 2, from: "b", to: "a", protocol: "turn", hops: [], lost: {node: "b"}};
	assert.deepEqual(questionsOf([asked, other, lost], lost), [asked]);
	assert.deepEqual(
		questionsOf([asked, other, lost], {...lost, related: [1]}),
		[other],
		"the story knows better",
	);
	assert.deepEqual(questionsOf([asked, other, lost], {...lost, lost: null}), []);
});

// --- the layout, over the fixture's network ---

const story = JSON.parse(readFileSync(new URL("fixtures/story.json", import.meta.url), "utf8"));
const plain = JSON.parse(JSON.stringify(story.scenarios[0].map), (key, value) =>
	["x", "y", "w", "h", "width", "height", "points"].includes(key) ? undefined : value,
);
const laid = layOutMap(plain);

test("the layout needs no coordinates, is 16:9, and always the same", () => {
	assert.deepEqual(layOutMap(plain), laid);
	assert.ok(Math.abs(laid.width / laid.height - 16 / 9) < 0.01);
});

test(
	"no box covers another one, each is inside its site, and every link begins at its " +
		"node's border",
	() => {
		const boxes = [
			...laid.nodes,
			...laid.networks.filter(network => typeof network.w === "number"),
		];
		boxes.forEach((one, i) =>
			boxes.slice(i + 1).forEach(other => {
				const isApart =
					one.x + one.w <= other.x ||
					other.x + other.w <= one.x ||
					one.y + one.h <= other.y ||
					other.y + other.h <= one.y;
				assert.ok(isApart, `${one.name} and ${other.name}`);
			}),
		);
		for (const node of laid.nodes) {
			const site = laid.sites.find(one => one.name === node.site) ?? {
				x: 0,
				y: 0,
				w: laid.width,
				h: laid.height,
			};
			assert.ok(
				node.x >= site.x &&
					node.y >= site.y &&
					node.x + node.w <= site.x + site.w &&
					node.y + node.h <= site.y + site.h,
				node.name,
			);
		}
		for (const link of laid.networks.flatMap(network => network.links)) {
			const node = laid.nodes.find(one => one.name === link.node);
			const [x, y] = link.points[0];
			assert.ok(
				x === node.x || x === node.x + node.w || y === node.y || y === node.y + node.h,
				`${link.node} ${link.iface}`,
			);
		}
	},
);

test("a node's box says its addresses, and what it lacks", () => {
	const edge = laid.nodes.find(node => node.name === "edge");
	assert.ok(edge.lines.some(line => line.text.includes("172.25.33.10")));
	assert.ok(
		edge.lines.some(line => line.kind === "missing" && line.text.includes("no route to")),
	);
});

test("words", () => {
	assert.deepEqual(
		["udp-relay", "udp-direct", "udp-nat", "tcp-relay", "mcu"].map(
			path => outcomeOf({verdict: "pass", path}).word,
		),
		["relay", "direct", "nat", "tcp-relay", "pass"],
	);
	assert.deepEqual(
		["fail", "error"].map(verdict => outcomeOf({verdict, path: "none"}).word),
		["FAIL", "ERROR"],
	);
	assert.equal(timeWord(-812000), "−0.812 s");
	assert.equal(timeWord(12345678), "+12.3 s");
	assert.equal(socketWord("2001:db8::1", 443), "[2001:db8::1]:443");
	assert.equal(socketWord("10.0.0.1", 0), "10.0.0.1");
});

// --- a lab that is up ---

const feed = () =>
	new Feed({
		scenarios: [{name: "s", map: {nodes: []}, changes: []}],
		all_scenarios: [{name: "fix", changes: [{text: "add-route: {node: edge}"}]}],
	});
const cellOf = more => ({id: "s/a-b/audio", a: "a", b: "b", media: "audio", ...more});

test("steps of a call: the first ones stay, the rest is replaced", () => {
	const one = feed();
	assert.equal(one.apply({event: "call-begins", call: 1, cell: cellOf()}), "begins");
	one.apply({event: "steps", call: 1, keep: 0, steps: [{n: 0}, {n: 1}]});
	one.apply({event: "steps", call: 1, keep: 1, steps: [{n: 1, count: 2}, {n: 2}]});
	assert.deepEqual(one.callOf(1).cell.steps, [{n: 0}, {n: 1, count: 2}, {n: 2}]);
	assert.equal(one.apply({event: "steps", call: 9, keep: 0, steps: []}), null);
	const cell = cellOf({
		verdict: "pass",
		ways: [[{node: "a"}]],
		steps: [{n: 0, way: 0, times: [7]}],
	});
	assert.equal(one.apply({event: "call-ends", call: 1, cell}), "ends");
	assert.deepEqual(one.callOf(1).cell.steps[0].hops, [{node: "a", t_us: 7}]);
	assert.equal(one.callOf(1).isOn, false);
});

test("earlier calls come first, and the why may come later", () => {
	const one = feed();
	const ended = {event: "call-ends", call: 3, cell: cellOf({verdict: "fail"})};
	assert.equal(one.apply({...ended, past: true, as: "fix", map: {nodes: [1]}}), "past");
	assert.deepEqual(one.callOf(3).map, {nodes: [1]});
	const fixes = [{text: "the fix", changes: ["add-route:  {node: edge}"]}];
	one.apply({event: "explained", call: 3, explanation: {what: "w"}, fixes});
	assert.equal(one.callOf(3).cell.explanation.what, "w");
	assert.deepEqual(
		one.switches.map(each => each.text),
		["the fix"],
	);
	assert.equal(one.isOnNow(fixes[0].changes), false);
	one.apply({event: "state", as: "fix", changes: [{text: "add-route: {node: edge}", undo: "x"}]});
	assert.equal(one.isOnNow(fixes[0].changes), true, "spaces don't matter");
	assert.equal(one.isMoved, true);
	assert.equal(one.switches.length, 1, "what a scenario changes is offered by the scenario");
	one.apply({event: "state", as: "fix", changes: [{text: "add-route: {node: edge}", undo: "x"}]});
	assert.equal(one.isMoved, false);
	assert.equal(one.apply({event: "unknown"}), null);
});

test("what is otherwise in the nodes since they were told before", () => {
	const before = {
		edge: {routes: ["r1", "r2"], sessions: ["s"], firewall: [{rule: "f", packets: 1}]},
	};
	const after = {edge: {routes: ["r2", "r3"], sessions: [], firewall: [{rule: "f", packets: 9}]}};
	assert.deepEqual(listDifference(before.edge.routes, after.edge.routes), {
		added: ["r3"],
		gone: ["r1"],
	});
	assert.deepEqual(stateDifferences(before, after), {
		edge: ["1 route new", "1 route gone", "1 session gone"],
	});
	assert.deepEqual(stateDifferences(before, after, false), {
		edge: ["1 route new", "1 route gone"],
	});
	assert.deepEqual(stateDifferences(null, after), {}, "the first time nothing is new");
});

test("of a lesson's commands those that a lab can be asked for", () => {
	assert.deepEqual(splitWords("a 'b c' \"d e\" f"), ["a", "b c", "d e", "f"]);
	const call = {do: "call", from: "branch1", to: "home1", media: "im"};
	assert.deepEqual(orderOf("testbed call -n lab branch1 home1 --media im"), call);
	const changes = ["add-route: {node: edge, to: 10.20.0.0/24}", "x"];
	assert.deepEqual(orderOf(`testbed set -n lab '${changes[0]}' x`), {do: "set", changes});
	assert.deepEqual(orderOf("testbed reset -n lab"), {do: "reset"});
	assert.deepEqual(orderOf("testbed reboot -n lab edge"), {do: "reboot", node: "edge"});
	const others = [
		"testbed trace -n lab a b --port 1",
		"rm -rf /",
		"testbed call a",
		"testbed down",
	];
	others.forEach(command => assert.equal(orderOf(command), null, command));
});
