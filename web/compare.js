// SPDX-License-Identifier: GPL-2.0-or-later
// Two calls side by side: how they came out, over which nodes media went, and at what price.

import {chooser, make, makeTable, outcomeBadge, replaceContent} from "./dom.js";
import {callName, countWord, mediumWord, outcomeOf} from "./words.js";

const MEASURES = [
	["delay_ms", "delay", "ms"],
	["delay_max_ms", "longest delay", "ms"],
	["rtt_ms", "round trip", "ms"],
	["jitter_ms", "jitter", "ms"],
	["loss_pct", "loss", "%"],
	["mos", "MOS", ""],
];

const isKnown = value => typeof value === "number" && Number.isFinite(value);
const shownFigure = (value, unit) =>
	isKnown(value)
		? `${value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)} ` +
			`${unit}`.trim()
		: "—";

export const callWords = call =>
	`${call.number}: ${callName(call.cell)}, ${mediumWord(call.cell.media)}`;

// The nodes that media went over, from the caller; the last packets, because the first ones may
// have gone before the best way was known.
export function mediaWay(cell) {
	const isSeen = one => one.protocol === "rtp" && one.hops?.length > 1 && !one.lost;
	const seen = (cell.steps ?? []).filter(isSeen);
	const step = seen.findLast(one => one.side !== "back") ?? seen[seen.length - 1];
	const nodes = (step?.hops ?? [])
		.map(hop => hop.node)
		.filter((node, i, all) => node !== all[i - 1]);
	const tunnel = (step?.hops ?? []).find(hop => hop.outer)?.outer;
	return {nodes, tunnel: tunnel ? (tunnel.tunnel ?? tunnel.kind ?? "a tunnel") : null};
}

// From the call's beginning to its first packet of media, in milliseconds.
function setUpTime(cell) {
	const step = (cell.steps ?? []).find(one => one.protocol === "rtp");
	return step ? step.t_us / 1000 : null;
}

function differenceWord(a, b, unit) {
	if (!isKnown(a) || !isKnown(b)) {
		return "";
	}
	const by = b - a;
	return `${by > 0 ? "+" : by < 0 ? "−" : "±"}${shownFigure(Math.abs(by), unit)}`;
}

// The network of a call: a scenario's, or one with changes, which stand below the table.
export function networkWord(call) {
	const count = call.as ? 0 : (call.changes ?? []).length;
	const scenario = call.as ?? call.cell.scenario ?? "";
	return count > 0 ? `${scenario}, ${countWord(count, "change")}` : scenario;
}

function changeNotes(calls) {
	return calls
		.filter(call => !call.as && (call.changes ?? []).length > 0)
		.map(call =>
			make(
				"div",
				{},
				make("p", {class: "quiet"}, `Changes in force at call ${call.number}:`),
				make(
					"ul",
					{class: "lines"},
					call.changes.map(text => make("li", {}, make("code", {}, text))),
				),
			),
		);
}

// What the call cost on the wire, by the interfaces' counters (docs/RESULTS.md).
function wirePrice(result) {
	const sum = (list, names) =>
		list?.length > 0
			? list.reduce((all, one) => all + names.reduce((n, name) => n + (one[name] ?? 0), 0), 0)
			: null;
	return {
		bytes: sum(result?.hops, ["rx_bytes", "tx_bytes"]),
		added: sum(result?.tunnels, ["overhead_bytes"]),
	};
}

function comparedRows(one, other) {
	const [a, b] = [one.cell, other.cell];
	const verdict = cell => {
		const outcome = outcomeOf(cell);
		return outcomeBadge(outcome);
	};
	const [wayA, wayB] = [mediaWay(a), mediaWay(b)];
	const way = ({nodes}) => (nodes.length > 0 ? nodes.join(" → ") : "no media seen");
	const measures = [
		...new Set(
			[...(a.quality ?? []), ...(b.quality ?? [])].map(one => `${one.end}\n${one.stream}`),
		),
	].flatMap(key => {
		const find = cell =>
			(cell.quality ?? []).find(one => `${one.end}\n${one.stream}` === key) ?? {};
		const [qa, qb] = [find(a), find(b)];
		return MEASURES.filter(([name]) => isKnown(qa[name]) || isKnown(qb[name])).map(
			([name, words, unit]) => [
				`${words} at ${key.replace("\n", ", ")}`,
				shownFigure(qa[name], unit),
				shownFigure(qb[name], unit),
				differenceWord(qa[name], qb[name], unit),
			],
		);
	});
	const [wireA, wireB] = [wirePrice(one.result), wirePrice(other.result)];
	const price = [
		["bytes at all interfaces", "bytes", "B"],
		["the tunnel adds", "added", "B"],
	].filter(([, name]) => isKnown(wireA[name]) || isKnown(wireB[name]));
	return [
		["result", verdict(a), verdict(b), ""],
		["network", networkWord(one), networkWord(other), ""],
		[
			"way of media",
			way(wayA),
			way(wayB),
			wayA.nodes.length > 0 && wayB.nodes.length > 0
				? differenceWord(wayA.nodes.length, wayB.nodes.length, "nodes").replace(".00", "")
				: "",
		],
		["in a tunnel", wayA.tunnel ?? "no", wayB.tunnel ?? "no", ""],
		[
			"first media after",
			shownFigure(setUpTime(a), "ms"),
			shownFigure(setUpTime(b), "ms"),
			differenceWord(setUpTime(a), setUpTime(b), "ms"),
		],
		...price.map(([words, name, unit]) => [
			words,
			shownFigure(wireA[name], unit),
			shownFigure(wireB[name], unit),
			differenceWord(wireA[name], wireB[name], unit),
		]),
		...measures,
	];
}

const isTwin = (one, other) =>
	callName(one.cell) === callName(other.cell) && one.cell.media === other.cell.media;

// The call that `call` is best held against: the last one of the same ends and medium before it,
// else the last one.
function otherCall(calls, call) {
	const before = calls.filter(one => one !== call && !one.isOn).reverse();
	return (
		before.find(one => isTwin(one, call) && one.number < call.number) ??
		before.find(one => isTwin(one, call)) ??
		before[0] ??
		null
	);
}

// `chosen`: the number of the other call, or null: the best one.
export function compareContent(calls, call, chosen = null) {
	const others = calls.filter(one => one !== call && !one.isOn);
	if (!call || call.isOn || others.length === 0) {
		return make(
			"section",
			{class: "part"},
			make("h3", {}, "Compare"),
			make(
				"p",
				{class: "quiet"},
				"When two calls have been placed, they stand here side by side.",
			),
		);
	}
	const element = make("section", {class: "part compare"});
	const draw = number => {
		const other = others.find(one => one.number === number) ?? otherCall(calls, call);
		const [first, second] = other.number < call.number ? [other, call] : [call, other];
		const table = makeTable(
			"Side by side",
			["what", `call ${first.number}`, `call ${second.number}`, "difference"],
			comparedRows(first, second),
		);
		replaceContent(
			element,
			make("h3", {}, "Compare"),
			chooser(
				`Call ${call.number} with`,
				others.map(one => [String(one.number), callWords(one)]),
				String(other.number),
				value => {
					draw(Number(value));
					element.querySelector("select")?.focus();
				},
			),
			table,
			changeNotes([first, second]),
		);
	};
	draw(chosen);
	return element;
}
