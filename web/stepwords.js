// SPDX-License-Identifier: GPL-2.0-or-later
// A step in words and tables, all steps as a strip, and the filter of protocols: what the player
// shows.

import {make, makeSvg, makeTable} from "./dom.js";
import {isLost} from "./playback.js";
import {protocolWord, socketWord} from "./words.js";

export function endsWord(step) {
	return `${step.from ?? "?"} → ${step.to ?? "nobody"}`;
}

export function lostSentence(lost) {
	return (
		`${lost.node}${lost.iface ? ` (interface ${lost.iface})` : ""}: ` +
		`${lost.text ?? "nobody saw it after this"}`
	);
}

// Where a packet ends, and by what; `secret` leaves out by what.
export function lostBox(lost, secret) {
	const by = secret
		? []
		: [
				lost.route && ["route", lost.route],
				lost.rule && ["rule", lost.rule],
				lost.code && ["cause", lost.code],
			].filter(Boolean);
	return make(
		"div",
		{class: "death-box"},
		make("strong", {}, `✗ It dies here: ${secret ? lost.node : lostSentence(lost)}`),
		by.map(([name, text]) =>
			make("span", {class: "by"}, make("b", {}, name), " ", make("code", {}, text)),
		),
	);
}

function addressWords(hop) {
	return `${socketWord(hop.src, hop.sport)} → ${socketWord(hop.dst, hop.dport)}`;
}

// The packet's headers where it is just now, in one line.
export function hopLine(step, current) {
	const hop = step.hops?.[current];
	if (!hop) {
		return make(
			"p",
			{class: "hop-line quiet"},
			"Nobody captured this packet; the step is known from what the programs said.",
		);
	}
	return make(
		"p",
		{class: "hop-line"},
		make("b", {}, `${hop.node} ${hop.out ? "out of" : "into"} ${hop.iface ?? "?"}`),
		make("code", {}, `${hop.proto ?? ""} ${addressWords(hop)}`),
		hop.nat || hop.relay
			? make("code", {class: "translated"}, [hop.nat, hop.relay].filter(Boolean).join("; "))
			: null,
		hop.outer
			? make(
					"code",
					{class: "outer"},
					`inside ${hop.outer.kind ?? "a tunnel"} ${addressWords(hop.outer)}`,
				)
			: null,
	);
}

// The packet's headers at every sighting.
export function hopTable(step, current, chooseHop) {
	const rows = (step.hops ?? []).map((hop, i) => [
		make(
			"button",
			{
				type: "button",
				class: "hop",
				"aria-current": i === current ? "step" : null,
				on: {click: () => chooseHop(i)},
			},
			String(i + 1),
		),
		make("span", {class: "whole"}, `${hop.node} ${hop.out ? "out of" : "into"} ${hop.iface}`),
		make(
			"div",
			{class: "stacked"},
			make("div", {}, `${hop.proto ?? ""} ${addressWords(hop)}`),
			[hop.nat, hop.relay]
				.filter(Boolean)
				.map(text => make("div", {class: "translated"}, text)),
			hop.outer
				? make(
						"div",
						{class: "outer"},
						`inside ${hop.outer.kind ?? "a tunnel"} ${addressWords(hop.outer)}`,
					)
				: null,
		),
	]);
	const table = makeTable(
		"The packet's headers at each hop",
		["hop", "where", "headers"],
		rows,
		"Nobody captured this packet; the step is known from what the programs said.",
	);
	[...table.querySelectorAll("tbody tr")].forEach((row, i) =>
		row.classList.toggle("current", i === current),
	);
	return table;
}

// --- the strip: all steps in one line ------------------------------------------------------------

export function makeStrip(playback) {
	const bars = playback.steps.map((step, i) =>
		makeSvg("rect", {
			class: ["tick", step.protocol, isLost(step) && "lost"].filter(Boolean).join(" "),
			x: i + 0.1,
			width: 0.8,
		}),
	);
	const cursor = makeSvg("rect", {class: "cursor", y: 0, height: 20, width: 1});
	const svg = makeSvg(
		"svg",
		{
			class: "strip",
			viewBox: `0 0 ${Math.max(1, bars.length)} 20`,
			preserveAspectRatio: "none",
			"aria-hidden": "true",
		},
		bars,
		cursor,
	);
	return {
		svg,
		update() {
			bars.forEach((bar, i) => {
				const isShown = playback.isShown(playback.steps[i]);
				bar.setAttribute("y", playback.steps[i].lost ? 2 : 7);
				bar.setAttribute("height", isShown ? (playback.steps[i].lost ? 16 : 6) : 0);
			});
			cursor.setAttribute("x", playback.index);
		},
	};
}

export function makeFilter(playback, change) {
	const hidden = new Set();
	return make(
		"details",
		{class: "filter"},
		make("summary", {}, "Protocols"),
		make(
			"fieldset",
			{},
			make("legend", {}, "Show steps of"),
			playback.protocols().map(protocol =>
				make(
					"label",
					{},
					make("input", {
						type: "checkbox",
						checked: true,
						value: protocol,
						on: {
							change: event => {
								hidden[event.target.checked ? "delete" : "add"](protocol);
								change(hidden);
							},
						},
					}),
					protocolWord(protocol),
				),
			),
		),
	);
}
