// SPDX-License-Identifier: GPL-2.0-or-later
// The network as an SVG drawing, from back to front: sites, links, tunnels, networks, the ways of packets, nodes, names, the
// packet itself.  Text stands in boxes, or on a plate above the lines.

import {make, makeSvg, moveByArrows, reducedMotion, replaceContent} from "./dom.js";
import {layOutMap, widthOfText, wrapText} from "./layout.js";
import {beginningOf, centreOf, lengthOf, linksOf, pathData, placeAlong, toTheRight, wayBetween} from "./geometry.js";

const NAME_SIZE = 21;
const SMALL_SIZE = 17;
const LINE_HEIGHT = 21;
const TEXT_MIN = 14.5; // pixels that a text needs on a projector
const MOVE_MS = 300; // how long the view takes to another place
const ASIDE = 7; // a way runs this far to the right of its line
const BEFORE = 18; // a packet stands this far before its node, so that the name can be read
const NODES_MAX = 150; // a larger network is drawn where the report says

// Lines of text on a plate, whose middle is (x, y).
function plate(kind, lines, x, y, size = SMALL_SIZE) {
	const width = Math.max(...lines.map(line => widthOfText(line, size))) + 12;
	const height = lines.length * (size + 4) + 4;
	return makeSvg("g", {class: `plate ${kind}`},
		makeSvg("rect", {x: x - width / 2, y: y - height / 2, width, height, rx: 4}),
		lines.map((line, i) => makeSvg("text", {x, y: y - height / 2 + size + 1 + i * (size + 4), "text-anchor": "middle", "font-size": size}, line)));
}

// --- what stands still -----------------------------------------------------------------------------

function drawSite(site) {
	return makeSvg("g", {class: "site"}, makeSvg("rect", {x: site.x, y: site.y, width: site.w, height: site.h, rx: 14}),
		makeSvg("text", {x: site.x + 14, y: site.y + 26, "font-size": NAME_SIZE}, site.title ?? site.name));
}

const changeMark = change => ({added: "+ ", removed: "− ", changed: "± "})[change] ?? "";

function drawLinks(network) {
	const kind = ["link", network.kind, network.change];
	return makeSvg("g", {class: kind.filter(Boolean).join(" ")},
		(network.points ?? []).length > 1 && Array.isArray(network.points[0]) && network.kind === "tunnel" && !(network.links ?? []).some(link => link.points?.length > 1)
			? makeSvg("path", {d: pathData(network.points)}) : null,
		(network.links ?? []).filter(link => link.points?.length > 1).map(link => makeSvg("path", {d: pathData(link.points)})));
}

function networkWords(network) {
	const words = [changeMark(network.change) + network.name, network.subnet, network.backend];
	return words.filter(Boolean).join(" ");
}

function drawNetwork(network) {
	if (network.kind !== "lan" || typeof network.w !== "number") {
		return null;
	}
	return makeSvg("g", {class: ["network", network.change].filter(Boolean).join(" ")},
		makeSvg("rect", {x: network.x, y: network.y, width: network.w, height: network.h, rx: Math.min(18, network.h / 2, network.w / 2)}),
		network.impair && !network.lines ? plate("impair", [`⚠ ${network.impair}`], network.x + network.w / 2, network.y + network.h + 14) : null);
}

// Over the ways of packets, because it is text.
function drawNetworkName(network) {
	if (network.kind !== "lan" || typeof network.w !== "number") {
		return null;
	}
	const lines = network.lines ?? [networkWords(network)];
	const top = network.y + network.h / 2 - lines.length * LINE_HEIGHT / 2;
	const width = Math.max(...lines.map(line => widthOfText(line, SMALL_SIZE)));
	return makeSvg("g", {class: "network-name"}, makeSvg("rect", {x: network.x + (network.w - width) / 2 - 3, y: top, width: width + 6, height: lines.length * LINE_HEIGHT, rx: 5}), lines.map((line, i) => makeSvg("text", {
		class: i === 0 ? null : "small", x: network.x + network.w / 2, y: top + (i + 0.78) * LINE_HEIGHT, "text-anchor": "middle", "font-size": SMALL_SIZE,
	}, i === 0 ? changeMark(network.change) + line : line)));
}

function drawNode(node, choose) {
	const lines = node.lines ?? [...(node.role ? [node.role] : []), ...(node.marks ?? [])].map(text => ({kind: "mark", text}));
	const [x] = centreOf(node);
	const top = node.y + (node.h - lines.length * LINE_HEIGHT - 24) / 2;
	const open = () => choose(node.name);
	return makeSvg("g", {
		class: ["node", node.change, lines.some(line => line.kind === "mark") && "acts"].filter(Boolean).join(" "), "data-node": node.name, role: "button",
		"aria-label": [changeMark(node.change) + node.name, ...lines.map(line => line.text), node.change].filter(Boolean).join(" "),
		on: {
			click: open,
			keydown: event => {
				if (event.key === "Enter" || event.key === " ") {
					event.preventDefault();
					event.stopPropagation();
					open();
				}
			},
		},
	},
	makeSvg("rect", {x: node.x, y: node.y, width: node.w, height: node.h, rx: 9}),
	makeSvg("text", {class: "name", x, y: top + 18, "text-anchor": "middle", "font-size": NAME_SIZE}, changeMark(node.change) + node.name),
	lines.map((line, i) => makeSvg("text", {
		class: line.kind, x, y: top + 18 + (i + 1) * LINE_HEIGHT, "text-anchor": "middle", "font-size": SMALL_SIZE,
		...(widthOfText(line.text, SMALL_SIZE) > node.w - 8 ? {textLength: node.w - 12, lengthAdjust: "spacingAndGlyphs"} : {}),
	}, " ", line.text)));
}

// Boxes that labels must leave free; place() gives the first of some places that is free, or null.
class Room {
	constructor(map) {
		this.map = map;
		this.taken = map.nodes.map(({x, y, w, h}) => ({x, y, w, h}));
		for (const network of map.networks) {
			if (network.kind === "lan" && typeof network.w === "number") {
				this.taken.push({x: network.x, y: network.y, w: network.w, h: network.h});
			}
		}
		for (const site of map.sites ?? []) {
			this.taken.push({x: site.x, y: site.y, w: widthOfText(site.title ?? site.name, NAME_SIZE) + 20, h: 34});
		}
	}

	place(w, h, places) {
		for (const [x, y] of places) {
			const box = {x: x - w / 2, y: y - h / 2, w, h};
			const isInside = box.x >= 0 && box.y >= 0 && box.x + w <= this.map.width && box.y + h <= this.map.height;
			if (isInside && !this.taken.some(other => box.x < other.x + other.w && other.x < box.x + w && box.y < other.y + other.h && other.y < box.y + h)) {
				this.taken.push(box);
				return [x, y];
			}
		}
		return null;
	}

	plate(kind, lines, places) {
		const w = Math.max(...lines.map(line => widthOfText(line, SMALL_SIZE))) + 12;
		const h = lines.length * (SMALL_SIZE + 4) + 4;
		const at = this.place(w, h, places(w, h));
		return at ? plate(kind, lines, ...at) : null;
	}
}

function middleOf(network) {
	const ends = (network.links ?? []).map(link => link.points?.[link.points.length - 1]).filter(Boolean);
	return Array.isArray(network.points?.[0]) ? placeAlong(network.points, 0.5) : {x: ends[0]?.[0] ?? 0, y: ends[0]?.[1] ?? 0};
}

// Tunnels and impaired lines are named; an ordinary line between two routers has its addresses at its ends.
function drawLineLabels(map, room) {
	return map.networks.filter(network => network.kind === "tunnel" || (network.kind === "line" && (network.impair || network.change))).map(network => {
		const words = [changeMark(network.change) + network.name, network.backend ?? network.subnet, ...(network.impair ? [`⚠ ${network.impair}`] : [])].filter(Boolean);
		const {x, y} = middleOf(network);
		return room.plate(network.kind, words, (w, h) => [[x, y], [x, y - h / 2 - 8], [x, y + h / 2 + 8], [x + w / 2, y], [x - w / 2, y]]);
	});
}

// A route that another scenario has: a broken line to the next hop that it would name, crossed.
function drawMissing(map, links) {
	return (map.missing ?? []).map(missing => {
		const hop = map.nodes.flatMap(node => (node.interfaces ?? []).map(card => ({node: node.name, iface: card.name, card})))
			.find(one => (one.card.addresses ?? []).some(address => String(address).replace(/\/\d+$/, "") === missing.via));
		const own = (map.nodes.find(node => node.name === missing.node)?.interfaces ?? []).find(card => hop && card.network === hop.card.network);
		const way = own ? wayBetween(links, {node: missing.node, iface: own.name}, hop) : null;
		if (!way || way.length < 2) {
			return null;
		}
		const aside = toTheRight(way, ASIDE + 3);
		const {x, y} = placeAlong(aside, 0.18);
		return makeSvg("g", {class: "missing-way"}, makeSvg("path", {d: pathData(aside)}), makeSvg("path", {class: "cross", d: `M${x - 10} ${y - 10} l20 20 m0 -20 l-20 20`}));
	});
}

// --- what moves ------------------------------------------------------------------------------------

// The caller's packets are filled arrows on a full line, the callee's hollow diamonds on a broken one; a dead one is a
// crossed disc.
function packetShape(side, hop, isDead) {
	if (isDead) {
		return [makeSvg("circle", {class: "body", r: 17}), makeSvg("path", {class: "cross", d: "M-8 -8 L8 8 M8 -8 L-8 8"})];
	}
	const shape = side === "back" ? "M-16 0 L0 -13 L16 0 L0 13 Z" : "M-15 -12 L3 -12 L17 0 L3 12 L-15 12 Z";
	return [hop?.outer ? makeSvg("rect", {class: "envelope", x: -27, y: -21, width: 54, height: 42, rx: 12}) : null, makeSvg("path", {class: "body", d: shape})];
}

// Of several sentences the last: it says why.
function shortReason(text) {
	const sentences = text.split(/\. (?=[A-Z])/);
	return sentences[sentences.length - 1].replace(/ \([^()]*\)\.?$/, "").replace(/\.$/, "");
}

class Ways {
	constructor(map, links, isSecret) {
		Object.assign(this, {map, links, isSecret, at: null}); // at: where the packet stands
		this.trails = makeSvg("g", {class: "trails", "aria-hidden": "true"});
		this.packet = makeSvg("g", {class: "packet", "aria-hidden": "true"});
		this.callout = makeSvg("g", {class: "callout", "aria-hidden": "true"});
	}

	// The ways between the step's sightings, moved aside; null for those that nobody saw.
	between(step) {
		const hops = step.hops ?? [];
		return hops.slice(1).map((hop, i) => {
			const way = wayBetween(this.links, hops[i], hop);
			return way && hops[i].node !== hop.node ? toTheRight(way, ASIDE) : way;
		});
	}

	standing(step, hop, ways) {
		const at = step.hops[hop];
		if (hop > 0 && ways[hop - 1]?.length > 1) {
			const isInside = step.hops[hop - 1].node === at.node;
			return placeAlong(ways[hop - 1], isInside ? 1 : 1 - BEFORE / lengthOf(ways[hop - 1]));
		}
		if (ways[hop]?.length > 1) {
			return placeAlong(ways[hop], BEFORE / lengthOf(ways[hop]));
		}
		const points = this.links.get(`${at.node}\n${at.iface}`)?.points ?? [];
		const node = this.map.nodes.find(one => one.name === at.node);
		if (points.length > 1) {
			return placeAlong(points, BEFORE / lengthOf(points));
		}
		return node ? {x: centreOf(node)[0], y: centreOf(node)[1], angle: 0} : null;
	}

	trail(step, ways, upTo, share, kind) {
		return ways.slice(0, upTo + (share > 0 ? 1 : 0)).map((way, i) => {
			if (!way || way.length < 2) {
				return null;
			}
			const part = i === upTo ? beginningOf(way, share) : way;
			return makeSvg("path", {class: ["trail", step.side === "back" ? "back" : "there", step.hops[i + 1].outer && "wrapped", kind].filter(Boolean).join(" "), d: pathData(part)});
		});
	}

	// The packet at a hop, or a share of the way to the next one; `questions` are the steps that this one answers.
	show(step, hop, share, questions) {
		const hops = step?.hops ?? [];
		if (hops.length === 0) {
			replaceContent(this.trails, questions.map(question => this.trail(question, this.between(question), (question.hops ?? []).length, 0, "asked")));
			this.showUnseen(step);
			return;
		}
		const ways = this.between(step);
		const isEnd = hop === hops.length - 1 && share === 0;
		const isDead = isEnd && step.lost;
		replaceContent(this.trails, questions.map(question => {
			const asked = this.between(question);
			return this.trail(question, asked, asked.length, 0, "asked");
		}), this.trail(step, ways, hop, share, isDead ? "dead" : null));
		const at = share > 0 && ways[hop] ? placeAlong(ways[hop], share) : this.standing(step, hop, ways);
		this.at = at;
		if (!at) {
			replaceContent(this.packet);
			return;
		}
		this.packet.setAttribute("class", ["packet", step.side === "back" ? "back" : "there", isDead && "dead"].filter(Boolean).join(" "));
		this.packet.setAttribute("transform", `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)}) rotate(${isDead ? 0 : at.angle.toFixed(0)})`);
		replaceContent(this.packet, packetShape(step.side, hops[share > 0 ? hop + 1 : hop], isDead));
		replaceContent(this.callout, isDead && step.lost.text ? this.deathWords(step.lost, at) : null);

	}

	// A packet that nobody captured: at its node, when it was lost there; else nowhere.
	showUnseen(step) {
		const node = step?.lost ? this.map.nodes.find(one => one.name === step.lost.node) : null;
		const points = node && step.lost.iface ? this.links.get(`${node.name}\n${step.lost.iface}`)?.points ?? [] : [];
		const at = points.length > 1 ? placeAlong(points, BEFORE / lengthOf(points)) : node ? {x: node.x + node.w, y: node.y} : null;
		this.at = at;
		replaceContent(this.packet, at ? packetShape(step.side, null, true) : null);
		if (at) {
			this.packet.setAttribute("class", "packet dead");
			this.packet.setAttribute("transform", `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})`);
		}
		replaceContent(this.callout, at && step.lost.text ? this.deathWords(step.lost, at) : null);
	}

	// As near to the node where it dies as can be without covering another one.
	deathWords(lost, at) {
		const node = this.map.nodes.find(one => one.name === lost.node) ?? {x: at.x, y: at.y, w: 0, h: 0};
		const lines = wrapText(`✗ ${this.isSecret ? "It ends here" : shortReason(lost.text)}`, 34);
		const w = Math.max(...lines.map(line => widthOfText(line, NAME_SIZE))) + 12;
		const h = lines.length * (NAME_SIZE + 4) + 4;
		const [cx, cy] = centreOf(node);
		const places = [];
		for (let gap = 24; gap < 500; gap += 34) {
			for (const aside of [0, -0.35, 0.35, -0.7, 0.7]) {
				places.push([cx + aside * w, node.y + node.h + h / 2 + gap], [cx + aside * w, node.y - h / 2 - gap], [node.x + node.w + w / 2 + gap, cy + aside * h], [node.x - w / 2 - gap, cy + aside * h]);
			}
		}
		const lans = new Room(this.map).place(w, h, places.slice(0, 60));
		const [x, y] = lans ?? new Room({...this.map, networks: [], sites: []}).place(w, h, places) ?? [Math.max(w / 2 + 6, cx), node.y + node.h + h / 2 + 24];
		const from = Math.abs(y - cy) > node.h / 2 ? [cx, y > cy ? node.y + node.h : node.y] : [x > cx ? node.x + node.w : node.x, cy];
		return [makeSvg("path", {class: "pointer", d: `M${from[0]} ${from[1]} L${x} ${y}`}), plate("death", lines, x, y, NAME_SIZE)];
	}
}

// --- zoom ------------------------------------------------------------------------------------------

class View {
	constructor(svg, map) {
		Object.assign(this, {svg, map, frameRequest: null, isWhole: true});
		this.fit();
	}

	// Of the frame that the drawing fills; before it stands in the page, the drawing's own.
	shape() {
		const {clientWidth, clientHeight} = this.svg;
		return clientWidth > 0 && clientHeight > 0 ? clientHeight / clientWidth : this.map.height / this.map.width;
	}

	// How much of the drawing's width can be shown with its smallest text at TEXT_MIN pixels.
	readableWidth() {
		return this.svg.clientWidth > 0 ? this.svg.clientWidth * SMALL_SIZE / TEXT_MIN : this.map.width;
	}

	isReadable() {
		const {map} = this;
		return Math.max(map.width, map.height / this.shape()) <= this.readableWidth();
	}

	// The view's place; inside the drawing as far as the frame's shape lets it.
	apply() {
		const {map} = this;
		const shape = this.shape();
		const most = Math.max(map.width, map.height / shape);
		this.w = Math.min(most, Math.max(map.width / 12, this.w));
		this.h = this.w * shape;
		const inside = (at, size, all) => (size >= all ? (all - size) / 2 : Math.min(all - size, Math.max(0, at)));
		this.x = inside(this.x, this.w, map.width);
		this.y = inside(this.y, this.h, map.height);
		this.svg.setAttribute("viewBox", [this.x, this.y, this.w, this.h].map(number => number.toFixed(1)).join(" "));
	}

	fit() {
		this.stop();
		this.isWhole = true;
		Object.assign(this, {x: 0, y: 0, w: Infinity});
		this.apply();
	}

	resized() {
		if (this.isWhole) {
			this.fit();
		} else {
			this.apply();
		}
	}

	// Shares of the view say which place stays where it is.
	zoom(factor, shareX = 0.5, shareY = 0.5) {
		this.stop();
		this.isWhole = false;
		const [x, y] = [this.x + this.w * shareX, this.y + this.h * shareY];
		const most = Math.max(this.map.width, this.map.height / this.shape());
		this.w = Math.min(most, Math.max(this.map.width / 12, this.w / factor));
		this.x = x - this.w * shareX;
		this.y = y - this.w * this.shape() * shareY;
		this.apply();
	}

	// Shows some boxes, as near as their text needs to be read; when that is too near for all of them, the place `at` and
	// what is around it.
	frame(boxes, at, margin = 70) {
		if (boxes.length === 0) {
			return;
		}
		const left = Math.min(...boxes.map(box => box.x)) - margin;
		const top = Math.min(...boxes.map(box => box.y)) - margin;
		const right = Math.max(...boxes.map(box => box.x + box.w)) + margin;
		const bottom = Math.max(...boxes.map(box => box.y + box.h)) + margin;
		const shape = this.shape();
		const w = Math.min(Math.max(right - left, (bottom - top) / shape, this.map.width / 3), this.readableWidth());
		const between = (middle, low, high, size, point) => (high - low <= size ? middle
			: Math.min(high - size / 2, Math.max(low + size / 2, point)));
		const x = between((left + right) / 2, left, right, w, at?.x ?? (left + right) / 2) - w / 2;
		const y = between((top + bottom) / 2, top, bottom, w * shape, at?.y ?? (top + bottom) / 2) - w * shape / 2;
		this.moveTo({x, y, w});
	}

	// At once, or so that the eye can follow.
	moveTo(place) {
		this.stop();
		this.isWhole = false;
		if (reducedMotion()) {
			Object.assign(this, place);
			this.apply();
			return;
		}
		const from = {x: this.x, y: this.y, w: this.w};
		const began = performance.now();
		const tick = now => {
			const share = Math.min(1, Math.max(0, (now - began) / MOVE_MS));
			const eased = share * (2 - share);
			for (const name of ["x", "y", "w"]) {
				this[name] = from[name] + (place[name] - from[name]) * eased;
			}
			this.apply();
			this.frameRequest = share < 1 ? requestAnimationFrame(tick) : null;
		};
		this.frameRequest = requestAnimationFrame(tick);
	}

	stop() {
		if (this.frameRequest !== null) {
			cancelAnimationFrame(this.frameRequest);
		}
		this.frameRequest = null;
	}

	pan(byX, byY) {
		this.stop();
		this.isWhole = false;
		this.x += byX * this.w;
		this.y += byY * this.h;
		this.apply();
	}
}

function handlePointer(svg, view, byHand) {
	let from = null;
	svg.addEventListener("wheel", event => {
		event.preventDefault();
		const box = svg.getBoundingClientRect();
		byHand(() => view.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, (event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height));
	}, {passive: false});
	svg.addEventListener("pointerdown", event => {
		from = {x: event.clientX, y: event.clientY};
	});
	svg.addEventListener("pointermove", event => {
		if (!from || event.buttons === 0) {
			from = null;
			return;
		}
		const box = svg.getBoundingClientRect();
		const [byX, byY] = [(from.x - event.clientX) / box.width, (from.y - event.clientY) / box.height];
		byHand(() => view.pan(byX, byY));
		from = {x: event.clientX, y: event.clientY};
	});
	svg.addEventListener("pointerup", () => {
		from = null;
	});
}

const LEGEND = [
	["there", "from the caller's side: filled, full line"], ["back", "from the callee's side: hollow, broken line"],
	["wrapped", "ring: inside a tunnel's packet"], ["dead", "✗: nobody saw it after this"],
];

export function makeLegend() {
	return make("ul", {class: "legend", "aria-label": "Legend of the map"}, LEGEND.map(([kind, words]) => make("li", {},
		makeSvg("svg", {class: `key ${kind}`, viewBox: "-30 -22 60 44", "aria-hidden": "true"},
			makeSvg("g", {class: `packet ${kind === "wrapped" ? "there" : kind}`}, packetShape(kind, {outer: kind === "wrapped"}, kind === "dead"))), words)));
}

// The drawing without any control: for print.
export function drawMap(plain, choose = () => {}, secret = false) {
	const shown = secret ? {...plain, missing: []} : plain;
	const map = shown.nodes.length > NODES_MAX && typeof shown.width === "number" ? shown : layOutMap(shown);
	const links = linksOf(map);
	const room = new Room(map);
	const lineLabels = drawLineLabels(map, room);
	const ways = new Ways(map, links, secret);
	const tunnels = map.networks.filter(network => network.kind === "tunnel");
	const others = map.networks.filter(network => network.kind !== "tunnel");
	const nodes = makeSvg("g", {class: "nodes"}, map.nodes.map(node => drawNode(node, choose)));
	const svg = makeSvg("svg", {class: "map", viewBox: `0 0 ${map.width} ${map.height}`, role: "group", "aria-label": "Map of the network"},
		makeSvg("g", {class: "sites"}, (map.sites ?? []).map(drawSite)), makeSvg("g", {class: "links"}, others.map(drawLinks), tunnels.map(drawLinks)),
		makeSvg("g", {class: "networks"}, map.networks.map(drawNetwork), drawMissing(map, links)), ways.trails, nodes,
		makeSvg("g", {class: "labels", "aria-hidden": "true"}, map.networks.map(drawNetworkName), lineLabels), ways.callout, ways.packet);
	return {svg, ways, nodes, map};
}

// options: choose(node) is called when a node is chosen; `secret` leaves out what is missing; follow() are the
// steps whose ways can be followed.
export function makeMap(plain, options = {}) {
	const {svg, ways, nodes, map} = drawMap(plain, options.choose, options.secret);
	const view = new View(svg, map);
	handlePointer(svg, view, act => byHand(act));
	moveByArrows(nodes, "g.node");
	const control = (name, text, act) => make("button", {type: "button", "aria-label": name, title: name, on: {click: act}}, text);
	let isFollowing = false;
	let isAsked = false; // a view was chosen by hand
	const followButton = options.follow ? make("button", {type: "button", "aria-pressed": "false", title: "Follow the packet (o)", on: {click: () => followByHand(!isFollowing)}}, "Follow") : null;
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
			view.frame(map.nodes.filter(node => names.has(node.name)), ways.at);
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
	const element = make("div", {class: "map-frame"}, svg, make("div", {class: "zoom", role: "group", "aria-label": "Zoom"}, followButton,
		control("Zoom in (+)", "+", () => byHand(() => view.zoom(1.3))), control("Zoom out (−)", "−", () => byHand(() => view.zoom(1 / 1.3))), control("Whole map (0)", "⤢", () => byHand(() => view.fit()))));
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
