// SPDX-License-Identifier: GPL-2.0-or-later
// The network as an SVG drawing, from back to front: sites, links, tunnels, networks, the ways of
// packets, nodes, names, the packet itself.  Text stands in boxes, or on a plate above the lines.

import {make, makeSvg, moveByArrows} from "./dom.js";
import {linksOf} from "./geometry.js";
import {layOutMap, LEVELS} from "./layout.js";
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

// The places of a map; `level` and `ratio` as in layout.js.
function placed(plain, secret, level, ratio) {
	const shown = secret ? {...plain, missing: []} : plain;
	return shown.nodes.length > NODES_MAX && typeof shown.width === "number"
		? shown
		: layOutMap(shown, level, ratio);
}

// The drawing without any control: for print.
export function drawMap(plain, choose = () => {}, secret = false) {
	return drawPlaced(placed(plain, secret), choose, secret);
}

function drawPlaced(map, choose = () => {}, secret = false) {
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
	return new ShownMap(plain, options);
}

class ShownMap {
	constructor(plain, options) {
		Object.assign(this, {plain, options, level: 0, ratio: null, marks: {}, shown: null});
		this.isFollowing = false;
		this.isAsked = false; // a view was chosen by hand
		this.wantsAll = false; // all is said, however small it gets
		this.drawn = drawPlaced(placed(plain, options.secret), options.choose, options.secret);
		this.svg = this.drawn.svg;
		this.view = new View(this.svg, this.drawn.map);
		handlePointer(this.svg, this.view, act => this.byHand(act));
		moveByArrows(this.drawn.nodes, "g.node");
		const control = (name, text, act, attributes = {}) =>
			make(
				"button",
				{type: "button", title: name, ...attributes, on: {click: act}},
				text,
			);
		this.followButton = options.follow
			? control("Follow the packet (o)", "Follow", () => this.toggleFollow(), {
					"aria-pressed": "false",
				})
			: null;
		this.detailButton = control(
			"Addresses and marks of every node (a)",
			"Details",
			() => this.toggleDetails(),
			{"aria-pressed": "false", hidden: ""},
		);
		const named = (name, text, act) => control(name, text, act, {"aria-label": name});
		this.controls = make(
			"div",
			{class: "zoom", role: "group", "aria-label": "Zoom"},
			this.detailButton,
			this.followButton,
			named("Zoom in (+)", "+", () => this.byHand(() => this.view.zoom(1.3))),
			named("Zoom out (−)", "−", () => this.byHand(() => this.view.zoom(1 / 1.3))),
			named("Whole map (0)", "⤢", () => this.byHand(() => this.view.fit())),
		);
		this.element = make("div", {class: "map-frame"}, this.svg, this.controls);
		this.watcher = new ResizeObserver(() => this.resized());
		this.watcher.observe(this.svg);
	}

	// As much is said as can be read of the whole map in this frame.  Where that is not even the
	// names, all is said, and the map follows the packet until another view is chosen; one that
	// can't follow says the names.
	resized() {
		const ratio = 1 / this.view.shape();
		const maps = Array.from({length: LEVELS}, (_, level) => level).map(level => () =>
			placed(this.plain, this.options.secret, level, level > 0 ? ratio : undefined),
		);
		const readable = maps.findIndex(map => this.view.isReadable(map()));
		const small = this.followButton ? 0 : LEVELS - 1;
		const level = this.wantsAll ? 0 : readable < 0 ? small : readable;
		this.detailButton.hidden = readable <= 0;
		if (level !== this.level || (level > 0 && Math.abs(ratio - this.ratio) > 0.02)) {
			Object.assign(this, {level, ratio});
			this.redraw(maps[level]());
		}
		this.view.resized();
		if (this.view.isWhole) {
			this.placeControls();
		}
		if (this.followButton && !this.isAsked && this.isFollowing === this.view.isReadable()) {
			this.follow(!this.view.isReadable());
		} else if (this.isFollowing) {
			this.frameStep(this.options.follow());
		}
	}

	// Where the buttons cover least of the whole map's nodes.
	placeControls() {
		const boxes = [...this.drawn.nodes.children].map(node => node.getBoundingClientRect());
		const covered = kind => {
			this.controls.setAttribute("class", `zoom ${kind}`);
			const own = this.controls.getBoundingClientRect();
			const share = (low, high, from, to) =>
				Math.max(0, Math.min(high, to) - Math.max(low, from));
			return boxes.reduce(
				(sum, box) =>
					sum +
					share(own.left, own.right, box.left, box.right) *
						share(own.top, own.bottom, box.top, box.bottom),
				0,
			);
		};
		const places = ["at-right", "upright", "at-middle", "at-left", "at-top"];
		const areas = places.map(covered);
		this.controls.setAttribute("class", `zoom ${places[areas.indexOf(Math.min(...areas))]}`);
	}

	redraw(map) {
		const hadFocus = this.drawn.nodes.contains(document.activeElement)
			? document.activeElement.dataset.node
			: null;
		this.drawn = drawPlaced(map, this.options.choose, this.options.secret);
		this.svg.replaceChildren(...this.drawn.svg.childNodes);
		moveByArrows(this.drawn.nodes, "g.node");
		this.view.map = map;
		this.mark(this.marks);
		if (this.shown) {
			this.drawn.ways.show(...this.shown);
		}
		if (hadFocus) {
			[...this.drawn.nodes.children].find(one => one.dataset.node === hadFocus)?.focus();
		}
	}

	toggleDetails() {
		if (this.detailButton.hidden) {
			return;
		}
		this.wantsAll = !this.wantsAll;
		this.detailButton.setAttribute("aria-pressed", String(this.wantsAll));
		this.isAsked = false;
		this.view.fit();
		this.resized();
	}

	follow(wanted) {
		this.isFollowing = wanted;
		this.followButton?.setAttribute("aria-pressed", String(wanted));
		if (wanted) {
			this.frameStep(this.options.follow());
		} else {
			this.view.fit();
		}
	}

	toggleFollow() {
		this.isAsked = true;
		this.follow(!this.isFollowing);
	}

	// The packet's place decides, when not all of its way can be shown.
	frameStep(steps) {
		const names = new Set(steps.flatMap(step => step?.hops ?? []).map(hop => hop.node));
		if (this.isFollowing) {
			this.view.frame(
				this.drawn.map.nodes.filter(node => names.has(node.name)),
				this.drawn.ways.at,
			);
		}
	}

	byHand(act) {
		this.isAsked = true;
		this.isFollowing = false;
		this.followButton?.setAttribute("aria-pressed", "false");
		act();
	}

	// What is shown of a packet: a step, a hop of it, how far to it, and the steps it answers.
	show(...shown) {
		this.shown = shown;
		return this.drawn.ways.show(...shown);
	}

	// marks: names of nodes by what they are just now, e.g. {at: ["edge"], dead: []}
	mark(marks) {
		this.marks = marks;
		for (const node of this.drawn.nodes.children) {
			for (const kind of ["end", "at", "dead", "chosen", "fresh"]) {
				node.classList.toggle(kind, (marks[kind] ?? []).includes(node.dataset.node));
			}
		}
	}

	close() {
		this.watcher.disconnect();
	}
}
