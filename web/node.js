// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of one node: from the map what it is, and from its kernel's state how it was.

import {make, makeTable} from "./dom.js";
import {listDifference} from "./feed.js";

const textOf = value =>
	typeof value === "string"
		? value
		: Object.entries(value)
				.map(([name, one]) => `${name} ${one}`)
				.join(", ");

// Lines of a list; of two states also what is new and what is gone.
function textList(name, lines, before) {
	const {added, gone} = before ? listDifference(before, lines ?? []) : {added: [], gone: []};
	const line = (value, kind, mark) =>
		make(
			"li",
			{class: kind},
			mark ? make("strong", {}, `${mark} `) : null,
			make("code", {}, textOf(value)),
		);
	const all = [
		...(lines ?? []).map(one => (added.includes(one) ? line(one, "new", "+ new:") : line(one))),
		...gone.map(one => line(one, "gone", "− gone:")),
	];
	return make(
		"section",
		{class: "part"},
		make("h3", {}, name),
		all.length === 0 ? make("p", {class: "quiet"}, "none") : make("ul", {class: "lines"}, all),
	);
}

// Tables mark what is new in the first column; what is gone comes last.
function stateTable(name, heads, lines, before, cells) {
	const {added, gone} = before ? listDifference(before, lines ?? []) : {added: [], gone: []};
	const marked = (one, mark) =>
		cells(one).map((text, i) => (i === 0 && mark ? `${mark} ${text}` : text));
	return makeTable(name, heads, [
		...(lines ?? []).map(one => marked(one, added.includes(one) ? "+" : null)),
		...gone.map(one => marked(one, "− gone:")),
	]);
}

function interfaceTable(node) {
	return makeTable(
		"Interfaces",
		["name", "network", "addresses", "state"],
		(node.interfaces ?? []).map(card => [
			card.name,
			card.network ?? "",
			(card.addresses ?? []).join(", "),
			[card.mtu ? `MTU ${card.mtu}` : null, card.up === false ? "down" : "up", card.impair]
				.filter(Boolean)
				.join(", "),
		]),
	);
}

const COUNTS = ["rx_packets", "tx_packets", "dropped"];

// A counter, and how much it has grown.
function countOf(counter, before, name) {
	const grown =
		before && typeof before[name] === "number" && typeof counter[name] === "number"
			? counter[name] - before[name]
			: 0;
	return grown > 0 ? `${counter[name]} (+${grown})` : (counter[name] ?? "");
}

// node: of the map; state: of the nodes' part, or null where no evidence was kept; before: an
// earlier state, to mark what has changed, or null.
export function nodeContent(node, state, before = null) {
	const about = [node.site ? `site ${node.site}` : null, node.role, ...(node.marks ?? [])]
		.filter(Boolean)
		.join("; ");
	const head = [
		make("h2", {}, node.name),
		make("p", {class: "quiet"}, about),
		interfaceTable(node),
	];
	if (!state) {
		return [
			...head,
			make("p", {class: "quiet"}, "The state of this node's kernel was not kept."),
		];
	}
	const was = name => (before ? (before[name] ?? []) : null);
	return [
		...head,
		textList("Routes", state.routes, was("routes")),
		textList("Rules that choose a table", state.rules, was("rules")),
		textList("NAT", state.nat, was("nat")),
		stateTable(
			"Firewall",
			["rule", "verdict", "packets", "bytes"],
			state.firewall,
			was("firewall"),
			rule => [rule.rule, rule.verdict, rule.packets ?? "", rule.bytes ?? ""],
		),
		stateTable(
			"Listeners",
			["protocol", "address", "port", "program"],
			state.listeners,
			was("listeners"),
			one => [one.proto, one.address, one.port, one.program ?? ""],
		),
		textList("Sessions", state.sessions, was("sessions")),
		makeTable(
			"Counters",
			["interface", "received", "sent", "dropped"],
			(state.counters ?? []).map(one => {
				const old = (before?.counters ?? []).find(other => other.iface === one.iface);
				return [one.iface, ...COUNTS.map(name => countOf(one, old, name))];
			}),
		),
	];
}
