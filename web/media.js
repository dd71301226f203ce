// SPDX-License-Identifier: GPL-2.0-or-later
// Candidate pairs, the nodes' sessions of a call, and the quality of each stream as small plots.

import {make, makeSvg, makeTable} from "./dom.js";
import {socketWord} from "./words.js";

const WIDTH = 250;
const HEIGHT = 84;

function candidateWord(candidate) {
	return candidate
		? `${candidate.type ?? "?"} ${socketWord(candidate.address, candidate.port)} ` +
				`${candidate.transport ?? ""}`
		: "none";
}

const VERDICT_MARKS = {selected: "★ ", succeeded: "✓ ", failed: "✗ "};
const stacked = (...lines) =>
	make(
		"div",
		{class: "stacked"},
		lines.filter(Boolean).map(line => make("div", {}, line)),
	);

// The pair that media took comes first.
function pairTable(pairs, isSecret) {
	const ordered = [...pairs].sort(
		(a, b) => (b.verdict === "selected") - (a.verdict === "selected"),
	);
	return makeTable(
		"Candidate pairs",
		["verdict", "end, stream", "from, to", "why"],
		ordered.map(pair => [
			make(
				"span",
				{class: `verdict ${pair.verdict in VERDICT_MARKS ? pair.verdict : "other"}`},
				(VERDICT_MARKS[pair.verdict] ?? "") + pair.verdict,
			),
			stacked(pair.end, pair.stream),
			stacked(candidateWord(pair.local), `→ ${candidateWord(pair.remote)}`),
			isSecret ? "" : (pair.why ?? ""),
		]),
		"No pair of candidates was reported.",
	);
}

function sessionTable(sessions) {
	return makeTable(
		"Sessions that the nodes tracked",
		["node", "there, back", "state"],
		sessions.map(session => [
			session.node,
			stacked(
				`${session.proto} ${socketWord(session.src, session.sport)} → ` +
					`${socketWord(session.dst, session.dport)}`,
				session.replied === false
					? make("span", {class: "verdict failed"}, "✗ no answer")
					: `back ${socketWord(session.reply_src, session.reply_sport)} → ` +
							`${socketWord(session.reply_dst, session.reply_dport)}`,
			),
			[session.state, session.assured ? "assured" : null].filter(Boolean).join(", "),
		]),
		"No session was kept.",
	);
}

const figure = value =>
	Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);

// One measure over time.  Samples that are null are gaps.  `floor`: where the axis begins, else at
// the lowest value; `whole`: the value of all of it, else the mean.
function drawPlot(name, unit, samples, {floor = null, whole = null} = {}) {
	const known = samples.filter(
		([t, value]) => typeof t === "number" && typeof value === "number",
	);
	if (known.length === 0) {
		return null;
	}
	const values = known.map(([, value]) => value);
	const [lowest, high] = [Math.min(...values), Math.max(...values)];
	const low = floor ?? lowest;
	const [first, last] = [known[0][0], known[known.length - 1][0]];
	const place = ([t, value]) => [
		8 + (WIDTH - 16) * (last > first ? (t - first) / (last - first) : 0.5),
		50 - 26 * (high > low ? (value - low) / (high - low) : floor === null ? 0.5 : 0),
	];
	const mean = whole ?? values.reduce((sum, value) => sum + value, 0) / values.length;
	const range = `${figure(lowest)} to ${figure(high)}`;
	const words = `${name}: ${figure(mean)} ${unit} on average, ${range}`;
	return makeSvg(
		"svg",
		{
			class: "plot",
			width: WIDTH,
			height: HEIGHT,
			viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
			role: "img",
			"aria-label": words,
		},
		makeSvg("text", {x: 8, y: 14, "font-size": 14}, `${name} ${figure(mean)} ${unit}`),
		makeSvg("path", {class: "axis", d: `M8 52 H${WIDTH - 8}`}),
		makeSvg("polyline", {
			class: "curve",
			points: known
				.map(sample =>
					place(sample)
						.map(number => number.toFixed(1))
						.join(","),
				)
				.join(" "),
		}),
		known.length === 1
			? makeSvg("circle", {
					class: "dot",
					cx: place(known[0])[0],
					cy: place(known[0])[1],
					r: 3,
				})
			: null,
		makeSvg(
			"text",
			{class: "range", x: 8, y: 72, "font-size": 14},
			`${figure(lowest)} – ${figure(high)}, ${((last - first) / 1000).toFixed(1)} s`,
		),
	);
}

// How much one packet took longer or shorter than the one before.
const variationOf = delays =>
	delays.slice(1).map(([t, delay], i) => [t, Math.abs(delay - delays[i][1])]);

const FIGURES = [
	["rtt_ms", "round trip", "ms"],
	["jitter_ms", "jitter", "ms"],
	["loss_pct", "loss", "%"],
	["mos", "MOS", ""],
	["delay_max_ms", "longest delay", "ms"],
];

// By the end's own figures of each part of the call, of all packets.
function coursePlots({begins_ms, every_ms, intervals}, lossPct) {
	const at = measure =>
		intervals.map((one, i) => [
			begins_ms + (i + 0.5) * every_ms,
			measure(Array.isArray(one) ? one : []),
		]);
	const lossOf = ([received, lost]) =>
		received + lost > 0 ? (100 * lost) / (received + lost) : null;
	return [
		drawPlot("loss", "%", at(lossOf), {floor: 0, whole: lossPct}),
		drawPlot("jitter", "ms", at(one => one[2])),
		drawPlot("delay", "ms", at(one => one[3])),
	];
}

// By the packets that were captured at both ends, one of 16.
const capturedPlots = delays =>
	delays.length < 2
		? []
		: [
				drawPlot("delay", "ms", delays),
				drawPlot("delay variation", "ms", variationOf(delays)),
			];

function qualityOf(quality) {
	const delays = (quality.delays ?? []).filter(sample => sample.every(Number.isFinite));
	const plots = (
		quality.course?.intervals?.length > 1
			? coursePlots(quality.course, quality.loss_pct)
			: capturedPlots(delays)
	).filter(Boolean);
	const figures = FIGURES.filter(([name]) => typeof quality[name] === "number").map(
		([name, words, unit]) => `${words} ${figure(quality[name])} ${unit}`.trim(),
	);
	return make(
		"section",
		{class: "part"},
		make("h3", {}, `Quality at ${quality.end}, ${quality.stream}`),
		make(
			"p",
			{},
			[
				`${quality.sent ?? 0} packets sent, ${quality.received ?? 0} received`,
				...figures,
			].join("; "),
		),
		plots.length > 0 ? make("div", {class: "plots"}, plots) : null,
	);
}

export function mediaContent(cell, isSecret = false) {
	return [
		(cell.quality ?? []).map(qualityOf),
		pairTable(cell.pairs ?? [], isSecret),
		sessionTable(cell.sessions ?? cell.explanation?.sessions ?? []),
	];
}
