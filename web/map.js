// SPDX-License-Identifier: GPL-2.0-or-later
// The network as an SVG drawing, from back to front: sites, links, tunnels, networks, the ways of
// packets, nodes, names, the packet itself.  Text stands in boxes, or on a plate above the lines.

import {make, makeSvg, moveByArrows} from "./dom.js";
import {linksOf} from "./geometry.js";
import {layOutMap} from "./layout.js";
import {drawLineLabels, drawLinks, drawMissing, drawNetwork} from "./mapdraw.js";
import {drawNetworkName, drawNode, drawSite, Room} from "./mapdraw.js";
import {handlePointer, View} from "./mapview.js";
import {packetShape, Ways} from "./mapways.js";

const NODES_MAX = 150; // a larger network is drawn where the report says

const LEGEND = [
	["there", "from the caller's side: filled, full line"],
	["back", "from the callee's side: hollow, broken line"],
	["wrapped", "ring: inside a tunnel's packet"],
	["dead", "✗: nobody saw it after this"],
];

export function makeLegend() {
	return make(
		"ul",
		{class: "legend", "aria-label": "Legend of the map"},
		LEGEND.map(([kind, words]) =>
			make(
				"li",
				{},
				makeSvg(
					"svg",
					{class: `key ${kind}`, viewBox: "-30 -22 60 44", "aria-hidden": "true"},
					makeSvg(
						"g",
						{class: `packet ${kind === "wrapped" ? "there" : kind}`},
						packetShape(kind, {outer: kind === "wrapped"}, kind === "dead"),
					),
				),
				words,
			),
		),
	);
}

// The drawing without any control: for print.
export function drawMap(plain, choose = () => {}, secret = false) {
	const shown = secret ? {...plain, missing: []} : plain;
	const map =
		shown.nodes.length > NODES_MAX && typeof shown.width === "number"
			? shown
			: layOutMap(shown);
	const links = linksOf(map);
	const room = new Room(map);
	const lineLabels = drawLineLabels(map, room);
	const ways = new Ways(map, links, secret);
	const tunnels = map.networks.filter(network => network.kind === "tunnel");
	const others = map.networks.filter(network => network.kind !== "tunnel");
	const nodes = makeSvg(
		"g",
		{class: "nodes"},
		map.nodes.map(node => drawNode(node, choose)),
	);
	const svg = makeSvg(
		"svg",
		{
			class: "map",
			viewBox: `0 0 ${map.width} ${map.height}`,
			role: "group",
			"aria-label": "Map of the network",
		},
		makeSvg("g", {class: "sites"}, (map.sites ?? []).map(drawSite)),
		makeSvg("g", {class: "links"}, others.map(drawLinks), tunnels.map(drawLinks)),
		makeSvg("g", {class: "networks"}, map.networks.map(drawNetwork), drawMissing(map, links)),
		ways.trails,
		nodes,
		makeSvg(
			"g",
			{class: "labels", "aria-hidden": "true"},
			map.networks.map(drawNetworkName),
			lineLabels,
		),
		ways.callout,
		ways.packet,
	);
	return {svg, ways, nodes, map};
}

// options: choose(node) is called when a node is chosen; `secret` leaves out what is missing;
// follow() are the steps whose ways can be followed.
export function makeMap(plain, options = {}) {
	const {svg, ways, nodes, map} = drawMap(plain, options.choose, options.secret);
	const view = new View(svg, map);
	handlePointer(svg, view, act => byHand(act));
	moveByArrows(nodes, "g.node");
	const control = (name, text, act) =>
		make("button", {type: "button", "aria-label": name, title: name, on: {click: act}}, text);
	let isFollowing = false;
	let isAsked = false; // a view was chosen by hand
	const followButton = options.follow
		? make(
				"button",
				{
					type: "button",
					"aria-pressed": "false",
					title: "Follow the packet (o)",
					on: {click: () => followByHand(!isFollowing)},
				},
				"Follow",
			)
		: null;
	function follow(wanted) {
		isFollowing = wanted;
		followButton?.setAttribute("aria-pressed", String(wanted));
		if (wanted) {
			frameStep(options.follow());
		} else {
			view.fit();
		}
	}
	function followByHand(wanted) {
		isAsked = true;
		follow(wanted);
	}
	// The packet's place decides, when not all of its way can be shown.
	function frameStep(steps) {
		const names = new Set(steps.flatMap(step => step?.hops ?? []).map(hop => hop.node));
		if (isFollowing) {
			view.frame(
				map.nodes.filter(node => names.has(node.name)),
				ways.at,
			);
		}
	}
	function byHand(act) {
		isAsked = true;
		isFollowing = false;
		followButton?.setAttribute("aria-pressed", "false");
		act();
	}
	// A map whose text is too small in its frame follows the packet, until another view is chosen.
	const watcher = new ResizeObserver(() => {
		view.resized();
		if (followButton && !isAsked && isFollowing === view.isReadable()) {
			follow(!view.isReadable());
		}
	});
	watcher.observe(svg);
	const element = make(
		"div",
		{class: "map-frame"},
		svg,
		make(
			"div",
			{class: "zoom", role: "group", "aria-label": "Zoom"},
			followButton,
			control("Zoom in (+)", "+", () => byHand(() => view.zoom(1.3))),
			control("Zoom out (−)", "−", () => byHand(() => view.zoom(1 / 1.3))),
			control("Whole map (0)", "⤢", () => byHand(() => view.fit())),
		),
	);
	return {
		element,
		view,
		show: (step, hop, share, questions) => ways.show(step, hop, share, questions),
		frameStep,
		byHand,
		close: () => watcher.disconnect(),
		toggleFollow: () => followByHand(!isFollowing),
		// marks: names of nodes by what they are just now, e.g. {at: ["edge"], dead: []}
		mark(marks) {
			for (const node of nodes.children) {
				for (const kind of ["end", "at", "dead", "chosen", "fresh"]) {
					node.classList.toggle(kind, (marks[kind] ?? []).includes(node.dataset.node));
				}
			}
		},
	};
}
