// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of one node: from the map what it is, and from its kernel's state how it was.

import {make, makeTable} from "./dom.js";

const textOf = value => (typeof value === "string" ? value : Object.entries(value).map(([name, one]) => `${name} ${one}`).join(", "));

function textList(name, lines) {
	return make("section", {class: "part"}, make("h3", {}, name),
		(lines ?? []).length === 0 ? make("p", {class: "quiet"}, "none") : make("ul", {class: "lines"}, lines.map(line => make("li", {}, make("code", {}, textOf(line))))));
}

function interfaceTable(node) {
	return makeTable("Interfaces", ["name", "network", "addresses", "state"], (node.interfaces ?? []).map(card => [
		card.name, card.network ?? "", (card.addresses ?? []).join(", "), [card.mtu ? `MTU ${card.mtu}` : null, card.up === false ? "down" : "up", card.impair].filter(Boolean).join(", "),
	]));
}

// node: of the map; state: of the nodes' part, or null where no evidence was kept.
export function nodeContent(node, state) {
	const about = [node.site ? `site ${node.site}` : null, node.role, ...(node.marks ?? [])].filter(Boolean).join("; ");
	const head = [make("h2", {}, node.name), make("p", {class: "quiet"}, about), interfaceTable(node)];
	if (!state) {
		return [...head, make("p", {class: "quiet"}, "The state of this node's kernel was not kept.")];
	}
	return [...head, textList("Routes", state.routes), textList("Rules that choose a table", state.rules), textList("NAT", state.nat),
		makeTable("Firewall", ["rule", "verdict", "packets", "bytes"], (state.firewall ?? []).map(rule => [rule.rule, rule.verdict, rule.packets ?? "", rule.bytes ?? ""])),
		makeTable("Listeners", ["protocol", "address", "port", "program"], (state.listeners ?? []).map(one => [one.proto, one.address, one.port, one.program ?? ""])),
		textList("Sessions", state.sessions),
		makeTable("Counters", ["interface", "received", "sent", "dropped"], (state.counters ?? []).map(one => [one.iface, one.rx_packets ?? "", one.tx_packets ?? "", one.dropped ?? ""]))];
}
