// SPDX-License-Identifier: GPL-2.0-or-later
// The ladder: a lane a node, time downwards, an arrow a step.  A message that is chosen moves the
// player there and shows its fields.

import {make, makeSvg, makeTable, moveFocusTo, replaceContent, rovingFocus} from "./dom.js";
import {phaseWord, protocolWord, timeWord} from "./words.js";

const LEFT = 80;
const ROW = 40;
const PHASE_ROW = 30;
const FONT = 14;
const SIDE = 52;

// The lanes of a cell: those of the story, and every node that a step names besides.
export function lanesOf(cell) {
	const lanes = [...(cell.lanes ?? [])];
	for (const step of cell.steps ?? []) {
		for (const name of [step.from, step.to]) {
			if (name && !lanes.includes(name)) {
				lanes.push(name);
			}
		}
	}
	return lanes;
}

// Where a lane stands; as wide as the panel beside the map lets it.
function placeLanes(lanes) {
	const panel = Math.min(620, Math.max(380, window.innerWidth * 0.32)) - 36;
	const gap = Math.max(
		96,
		Math.min(190, (panel - LEFT - 2 * SIDE) / Math.max(1, lanes.length - 1)),
	);
	return {
		gap,
		names: lanes,
		width: LEFT + 2 * SIDE + (lanes.length - 1) * gap,
		x: name => LEFT + SIDE + lanes.indexOf(name) * gap,
	};
}

function shortened(text, width) {
	const most = Math.max(4, Math.floor(width / (FONT * 0.56)));
	return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

// One step: its arrow ends before the lane where it was lost, or in the air when nobody has that
// address.
function drawArrow(lanes, step, y) {
	const from = lanes.x(step.from);
	let to = step.to ? lanes.x(step.to) : from + lanes.gap * 0.7;
	const lostAt =
		step.lost && lanes.names.includes(step.lost.node) ? lanes.x(step.lost.node) : null;
	if (step.lost) {
		to =
			lostAt !== null && lostAt !== from
				? lostAt
				: from + (to - from) * (lostAt === from ? 0.25 : 0.7);
	}
	const kind = ["arrow", step.side === "back" ? "back" : "there", step.lost && "lost"]
		.filter(Boolean)
		.join(" ");
	const way = Math.sign(to - from) || 1;
	const count = step.count > 1 ? ` ×${step.count}` : "";
	const label = `${step.title ?? protocolWord(step.protocol)}${count}`;
	const room = Math.max(Math.abs(to - from), lanes.gap * 1.6);
	const middle = Math.min(
		Math.max((from + to) / 2, LEFT + room / 2 - 10),
		lanes.width - room / 2,
	);
	return makeSvg(
		"g",
		{class: kind},
		from === to
			? makeSvg("path", {class: "line", d: `M${from} ${y} h26 v10 h-22`})
			: makeSvg("path", {class: "line", d: `M${from} ${y} H${to - way * 4}`}),
		step.lost
			? makeSvg("path", {class: "cross", d: `M${to - 7} ${y - 7} l14 14 m0 -14 l-14 14`})
			: from === to
				? null
				: makeSvg("path", {class: "head", d: `M${to} ${y} l${-way * 11} -6 v12 Z`}),
		makeSvg(
			"text",
			{x: middle, y: y - 7, "text-anchor": "middle", "font-size": FONT},
			shortened(label, room),
		),
	);
}

function drawHeads(lanes) {
	return makeSvg(
		"svg",
		{
			class: "lanes",
			width: lanes.width,
			height: 34,
			viewBox: `0 0 ${lanes.width} 34`,
			"aria-hidden": "true",
		},
		lanes.names.map(name =>
			makeSvg(
				"g",
				{},
				makeSvg("rect", {
					x: lanes.x(name) - Math.min(62, lanes.gap / 2 - 3),
					y: 3,
					width: Math.min(124, lanes.gap - 6),
					height: 28,
					rx: 6,
				}),
				makeSvg(
					"text",
					{x: lanes.x(name), y: 23, "text-anchor": "middle", "font-size": 16},
					shortened(name, Math.min(124, lanes.gap - 6)),
				),
			),
		),
	);
}

function drawRow(lanes, step, y, choose) {
	const arrow = drawArrow(lanes, step, y);
	const words =
		`${timeWord(step.t_us)} ${arrow.textContent}, ${step.from ?? "?"} to ` +
		`${step.to ?? "nobody"}: ${step.title ?? ""}${step.lost ? ", lost" : ""}`;
	return makeSvg(
		"g",
		{
			class: "row",
			role: "button",
			"aria-label": words,
			on: {
				click: choose,
				keydown: event => {
					if (event.key === "Enter" || event.key === " ") {
						event.preventDefault();
						event.stopPropagation();
						choose();
					}
				},
			},
		},
		makeSvg("rect", {
			class: "back-plate",
			x: 0,
			y: y - ROW * 0.62,
			width: lanes.width,
			height: ROW,
		}),
		makeSvg("text", {class: "time", x: 6, y: y + 4, "font-size": FONT}, timeWord(step.t_us)),
		" ",
		arrow,
	);
}

function layOut(cell, lanes, choose) {
	const {width} = lanes;
	const rows = [];
	const phases = [];
	let y = 6;
	let phase = null;
	(cell.steps ?? []).forEach((step, i) => {
		if (step.phase !== phase) {
			phase = step.phase;
			phases.push(
				makeSvg(
					"g",
					{class: "phase"},
					makeSvg("path", {d: `M0 ${y + 20} H${width}`}),
					makeSvg("text", {x: 6, y: y + 16, "font-size": FONT}, phaseWord(phase)),
				),
			);
			y += PHASE_ROW;
		}
		y += ROW;
		rows.push(drawRow(lanes, step, y - ROW * 0.38, () => choose(i)));
	});
	const height = y + 14;
	const posts = lanes.names.map(name =>
		makeSvg("path", {class: "post", d: `M${lanes.x(name)} 0 V${height}`}),
	);
	return {
		rows,
		svg: makeSvg(
			"svg",
			{
				class: "ladder-svg",
				width,
				height,
				viewBox: `0 0 ${width} ${height}`,
				role: "group",
				"aria-label": "Ladder of messages",
			},
			posts,
			phases,
			rows,
		),
	};
}

// The fields of a step's message, and a SIP message's text.
export function messageDetails(step) {
	const message = step?.message;
	if (!message) {
		return [make("p", {class: "quiet"}, "No field of this message was kept.")];
	}
	return [
		(message.fields ?? []).length > 0
			? makeTable(
					"Fields",
					["field", "value"],
					message.fields.map(([name, value]) => [name, value]),
				)
			: null,
		message.sip
			? make(
					"div",
					{},
					make("h3", {}, "SIP message"),
					make(
						"pre",
						{class: "sip", tabindex: "0", role: "region", "aria-label": "SIP message"},
						message.sip,
					),
				)
			: null,
	];
}

// choose(index) is called when a message is chosen; mark(index) shows where the player is.
export function makeLadder(cell, choose) {
	const names = lanesOf(cell);
	if (names.length === 0) {
		return {element: make("p", {class: "quiet"}, "There is no message to show."), mark() {}};
	}
	const lanes = placeLanes(names);
	const {svg, rows} = layOut(cell, lanes, choose);
	const details = make("div", {class: "details"});
	const scroll = make("div", {class: "ladder-scroll"}, drawHeads(lanes), svg);
	scroll.addEventListener(
		"keydown",
		rovingFocus(
			rows,
			(from, key) =>
				({ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: rows.length - 1})[key] ??
				-1,
		),
	);
	return {
		element: make("div", {class: "ladder"}, scroll, details),
		mark(index) {
			rows.forEach((row, i) => {
				row.classList.toggle("current", i === index);
				row.setAttribute("tabindex", i === index ? "0" : "-1");
				if (i === index) {
					row.setAttribute("aria-current", "step");
				} else {
					row.removeAttribute("aria-current");
				}
			});
			const top = rows[index]?.getBBox?.().y ?? 0;
			if (
				scroll.clientHeight > 0 &&
				(top < scroll.scrollTop || top > scroll.scrollTop + scroll.clientHeight - 90)
			) {
				scroll.scrollTop = Math.max(0, top - scroll.clientHeight / 3);
			}
			replaceContent(
				details,
				make("h3", {}, cell.steps[index]?.title ?? ""),
				messageDetails(cell.steps[index]),
			);
		},
		focus: index => moveFocusTo(rows, index),
	};
}
